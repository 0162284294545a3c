// Numbers in sentences.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// "1 file", "2 files": of a noun whose plural has an s.
inline std::string counted(size_t number, llvm::StringRef noun) {
    return std::to_string(number) + " " + noun.str() + (number == 1 ? "" : "s");
}

} // namespace hoist
