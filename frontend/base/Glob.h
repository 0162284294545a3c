// Patterns for whole names.
#pragma once

#include <llvm/ADT/StringRef.h>

namespace hoist {

/// `*` and `?`, as in the site's rules.
bool matchesGlob(llvm::StringRef pattern, llvm::StringRef text);

} // namespace hoist
