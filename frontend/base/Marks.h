// What each byte of a file may give away, for `hoist redact`.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// In rising order of what is left of it.
enum class Mark : char {
    prose, ///< nothing depends on it: every letter becomes an x
    name,  ///< every word is replaced, the same word everywhere by the same
    text,  ///< the same, but words of the operating system stay
    kept,  ///< known to be safe
};

/// One mark per byte of a file. What nobody marked is prose, so what a dialect forgets is no leak.
class Marks {
public:
    explicit Marks(llvm::StringRef file) : bytes(file), marks(file.size(), Mark::prose) {}

    /// A piece of the file's own bytes.
    void set(llvm::StringRef piece, Mark mark) {
        if (piece.begin() >= bytes.begin() && piece.end() <= bytes.end())
            marks.replace(static_cast<size_t>(piece.begin() - bytes.begin()), piece.size(),
                          piece.size(), mark);
    }
    Mark at(size_t offset) const { return marks[offset]; }
    llvm::StringRef text() const { return bytes; }

private:
    llvm::StringRef bytes;
    std::basic_string<Mark> marks;
};

/// Bytes that words are made of. `_` stands between words, so that families of names stay visible.
constexpr bool isWordByte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Calls `each` with every word of a text.
template <class Each>
void forEachWord(llvm::StringRef text, Each each) {
    for (size_t i = 0; i < text.size();) {
        llvm::StringRef const word = text.substr(i).take_while(isWordByte);
        if (!word.empty())
            each(word);
        i += word.empty() ? 1 : word.size();
    }
}

} // namespace hoist
