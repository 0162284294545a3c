// Paths as text.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// Without `.`, `..` and doubled slashes; a `..` that leads above the start stays.
std::string normalPath(llvm::StringRef path);

/// A path as seen from a folder, which counts only where the path is relative; normal.
std::string absolutePath(llvm::StringRef path, llvm::StringRef folder);

/// The folder of a path; empty for one without a slash.
std::string parentOf(llvm::StringRef path);

} // namespace hoist
