// Names that become one id in Airflow: where the ids come from and why they carry a hash.
#include "analysis/Pass.h"

#include "frontend/ir/TargetName.h"

#include <llvm/ADT/StringSet.h>

namespace hoist::analysis {

void checkNames(PassContext& context) {
    ir::Estate const& estate = context.estate;
    ir::TargetNames const names(estate);
    for (std::vector<ir::JobId> const& group : names.collisions) {
        if (group.size() < 2)
            continue;
        std::string text;
        for (size_t i = 0; i < group.size() && i < 4; ++i)
            text += fmt::format("{}`{}`", i ? ", " : "", shown(estate.jobs[group[i]].name));
        if (group.size() > 4)
            text += fmt::format(" and {} more", group.size() - 4);
        // Airflow tells `LOAD` from `load`; the files of their DAGs may not (a file system that
        // folds case), so these get a hash as well.
        std::string const id = ir::plainId(estate, group.back());
        llvm::StringSet<> ids;
        for (ir::JobId job : group)
            ids.insert(ir::plainId(estate, job));
        bool const differByCaseOnly = ids.size() == group.size();
        ir::Job const& last = estate.jobs[group.back()];
        auto builder = context.diags.report<Code::IdCollision>(
            last.nameSpan, text,
            llvm::StringRef(differByCaseOnly ? "ids that differ in upper and lower case only"
                                             : "the same id"));
        builder.object(last.name).evidence(text).primary(
            fmt::format("becomes `{}` without a hash", id));
        for (size_t i = 0; i + 1 < group.size() && i < 8; ++i) {
            std::string const other = ir::plainId(estate, group[i]);
            builder.label(estate.jobs[group[i]].nameSpan,
                          other == id ? std::string("the same id")
                                      : fmt::format("becomes `{}` without a hash", other));
        }
    }
}

} // namespace hoist::analysis
