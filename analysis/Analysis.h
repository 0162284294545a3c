// The whole analysis: link, then every pass of Passes.def in its order.
#pragma once

#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

#include <vector>

namespace hoist::analysis {

/// What the passes found out, for those who count rather than report.
struct Known {
    std::vector<bool> neverStarts; ///< by job id: can never start, whatever happens
};

/// Links the estate and reports what is wrong or doubtful about it. Called once, after all files
/// have been read. Findings are in pass order; `Diagnostics::sort` orders them for users. Linear in
/// the estate. `now` (seconds since 1970-01-01T00:00Z) is what "the calendar ends within a year"
/// and "the next clock change" are measured from.
Known run(ir::Estate& estate, diag::Diagnostics& diags, int64_t now);
/// With the computer's clock.
Known run(ir::Estate& estate, diag::Diagnostics& diags);

} // namespace hoist::analysis
