// Workflows of a dialect that hoist reads and checks, but has no lowering for: said by every
// command that reads them, so that none seems to know more than it does.
#include "analysis/Pass.h"

namespace hoist::analysis {

void reportUntranslated(PassContext& context) {
    for (ir::Workflow const& workflow : context.estate.workflows) {
        if (ir::isTranslated(workflow.dialect))
            continue;
        ir::Job const& root = context.estate.jobs[workflow.root];
        context.diags
            .report<Code::DialectNotTranslated>(root.nameSpan, root.name,
                                                llvm::StringRef("Control-M"))
            .object(root.name);
    }
}

} // namespace hoist::analysis
