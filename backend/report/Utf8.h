// Bytes of a source made safe to show: valid UTF-8, nothing that moves the cursor or hides text.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist::report {

/// One character of a source line as a terminal shows it.
struct Glyph {
    std::string text;   ///< UTF-8
    unsigned width = 1; ///< columns: 0 combining, 2 wide
    size_t bytes = 1;   ///< of the source
};

/// The character at `at`. A tab is four blanks; a byte that is no UTF-8 is shown as its Latin-1
/// character; control characters become their pictures, and characters that reorder or hide text
/// become U+FFFD.
Glyph glyphAt(llvm::StringRef text, size_t at);

/// A name or message as one printable line of UTF-8.
std::string printable(llvm::StringRef text);

/// Valid UTF-8 with the same content: bytes that are no UTF-8 are read as Latin-1, NUL becomes
/// U+FFFD.
std::string toUtf8(llvm::StringRef text);

} // namespace hoist::report
