// Patterns of rules on output (CTM-072): `*` stands for any characters, `?` and `$` for one. As the
// shims do it: byte by byte, and a part of the line is enough.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist::semantics {

/// Does a line of the output hold what the pattern describes?
bool isInOutput(llvm::StringRef pattern, llvm::StringRef output);

/// Lines that hold it: the shortest one, and one with `filler` wherever something may be.
std::vector<std::string> linesThatMatch(llvm::StringRef pattern, char filler);

} // namespace hoist::semantics
