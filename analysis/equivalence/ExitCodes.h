// Which exit codes count as success: as sets, so that two ways to say it can be compared (JIL-057).
#pragma once

#include "frontend/ir/Job.h"

#include <optional>

namespace hoist::equivalence {

/// A set of exit codes.
class ExitCodes {
public:
    static ExitCodes of(ir::ExitRule const& rule);
    /// The words of the shims: `max: 4`, `success: 0,3,10-20`, `fail: 2`, `any`.
    static std::optional<ExitCodes> parse(llvm::StringRef text);
    static ExitCodes only(int64_t code);

    bool contains(int64_t code) const;
    /// The smallest code from 0 on that only one of them holds. Below 0 and above 255 only where
    /// `wide` (Windows) knows such codes.
    std::optional<int64_t> firstDifference(ExitCodes const& other, bool wide) const;
    std::string text() const;                                    ///< "0-4,7"
    llvm::ArrayRef<ir::CodeRange> all() const { return ranges; } ///< sorted, disjoint

private:
    void add(int64_t from, int64_t to);
    void normalize();
    ExitCodes complement() const;
    std::vector<ir::CodeRange> ranges; ///< sorted, disjoint, not adjacent
};

} // namespace hoist::equivalence
