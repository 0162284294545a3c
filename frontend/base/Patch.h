// A unified diff of two texts, as `diff -u` and `git diff` print it.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// The patch that makes `after` of `before`, with three lines of context; empty when they are
/// equal. Bytes are printed as they are, line ends included, so that `patch` reads it back. Time
/// grows as n log n, whatever the texts: where the shortest patch would cost more, a longer one is
/// given.
std::string unifiedDiff(llvm::StringRef oldName, llvm::StringRef newName, llvm::StringRef before,
                        llvm::StringRef after);

} // namespace hoist
