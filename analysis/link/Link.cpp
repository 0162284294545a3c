// The order of linking, and what a refusal spreads to.
#include "analysis/link/Link.h"

#include "analysis/link/Steps.h"

#include <llvm/ADT/DenseSet.h>

namespace hoist::analysis {

void link(ir::Estate& estate, diag::Diagnostics& diags) {
    indexDefinitions(estate, diags);
    linkBoxes(estate, diags);
    buildWorkflows(estate, diags);
    linkBridges(estate, diags);
    linkReferences(estate, diags);
    spreadRefusals(estate);
}

void spreadRefusals(ir::Estate& estate) {
    llvm::DenseSet<uint32_t>
        files; // whose workflows are refused: nobody knows which job the bad statement is about
    for (ir::Refusal const& refusal : estate.refusals) {
        auto it =
            refusal.owner.empty() ? estate.jobByName.end() : estate.jobByName.find(refusal.owner);
        if (it != estate.jobByName.end())
            estate.jobs[it->second].refused = true;
        else if (refusal.span.isValid())
            files.insert(estate.sources.fileOf(refusal.span).value);
    }
    for (ir::Job& job : estate.jobs) {
        if (!files.empty() && job.origin.isValid() &&
            files.contains(estate.sources.fileOf(job.origin).value))
            job.refused = true;
        if (job.refused)
            estate.workflows[job.workflow].refused = true;
    }
}

} // namespace hoist::analysis
