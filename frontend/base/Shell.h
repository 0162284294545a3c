// Words of a POSIX shell's command line.
#pragma once

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// Text as one word that the shell takes as it is; in quotes where it holds anything but letters,
/// digits and `_./=@%+,-`. A word may still look like an option: that is the command's business.
inline std::string shellWord(llvm::StringRef text) {
    bool const isPlain = !text.empty() && llvm::all_of(text, [](char c) {
        return llvm::isAlnum(c) || llvm::StringRef("_./=@%+,-").contains(c);
    });
    if (isPlain)
        return text.str();
    std::string out = "'";
    for (char const c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// A value of a short option, `-J NAME`: joined to it where it would look like an option itself.
inline std::string shellOption(llvm::StringRef flag, llvm::StringRef value) {
    return flag.str() + (value.starts_with("-") ? "" : " ") + shellWord(value);
}

} // namespace hoist
