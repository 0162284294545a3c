// Runs the table of passes.
#include "analysis/Analysis.h"

#include "analysis/Pass.h"
#include "analysis/link/Link.h"

#include <ctime>
#include <utility>

namespace hoist::analysis {

Known run(ir::Estate& estate, diag::Diagnostics& diags, int64_t now) {
    link(estate, diags);
    schedule::Ticks ticks(estate);
    PassContext context{estate, diags, ticks, std::vector<bool>(estate.jobs.size()), now};
#define PASS(name, what) name(context);
#include "analysis/Passes.def"
#undef PASS
    return {std::move(context.neverStarts)};
}

Known run(ir::Estate& estate, diag::Diagnostics& diags) {
    return run(estate, diags, static_cast<int64_t>(std::time(nullptr)));
}

} // namespace hoist::analysis
