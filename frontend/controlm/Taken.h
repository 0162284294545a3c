// A file of Control-M's as `hoist redact` and `hoist reduce` take it apart: whatever its bytes are,
// so by scanners that know tags and tokens only, and stop at nothing.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <utility>
#include <vector>

namespace hoist::controlm {

/// Is it read as XML? Of a file's first bytes.
bool isXml(llvm::StringRef head);

/// 16-bit characters: neither scanner reads those.
bool isWide(llvm::StringRef head);

/// Pieces of the file's own bytes.
struct TagText {
    enum class Kind : unsigned char { open, close, empty, comment, declaration } kind = Kind::open;
    llvm::StringRef whole; ///< from `<` to behind `>`
    llvm::StringRef name;
    llvm::SmallVector<std::pair<llvm::StringRef, llvm::StringRef>, 8> attributes;
};
std::vector<TagText> tagsOf(llvm::StringRef bytes);

struct JsonPiece {
    enum class Kind : unsigned char { string, word, open, close, comma, colon, comment } kind;
    llvm::StringRef text; ///< of a string: without quotes
    llvm::StringRef whole;
};
std::vector<JsonPiece> jsonPieces(llvm::StringRef bytes);

} // namespace hoist::controlm
