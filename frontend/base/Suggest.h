// "Did you mean …?": the nearest known name by edit distance, in time linear in the names.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist {

/// Finds near misses among many names without comparing against each of them: names are indexed by
/// themselves with up to one character deleted (case folded), so a look-up costs the length of the
/// name. Finds every name at edit distance one (insert, delete, replace, swap of neighbours) or
/// that differs by case only.
class Suggestions {
public:
    Suggestions();
    ~Suggestions();
    void add(llvm::StringRef name);
    /// The best candidate, or empty. Among equals the first in byte order.
    llvm::StringRef nearest(llvm::StringRef name) const;

private:
    struct Impl;
    Impl* impl;
};

/// The nearest of a short list (options, keywords): at most a third of the length (rounded up)
/// apart. Empty if none is.
llvm::StringRef nearestOf(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace hoist
