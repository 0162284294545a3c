// Names that become one id in Airflow: where the ids come from and why they carry a hash.
#include "analysis/Pass.h"

#include "frontend/ir/TargetName.h"

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
        ir::Job const& last = estate.jobs[group.back()];
        auto builder = context.diags.report<Code::IdCollision>(last.nameSpan, text);
        builder.object(last.name).evidence(text).primary(
            fmt::format("becomes `{}` without it", ir::airflowId(last.name)));
        for (size_t i = 0; i + 1 < group.size() && i < 8; ++i)
            builder.label(estate.jobs[group[i]].nameSpan,
                          "the same id, upper and lower case apart");
    }
}

} // namespace hoist::analysis
