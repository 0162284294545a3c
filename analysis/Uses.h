// Walking the conditions of a job: its start condition and, of a box, what completes it.
#pragma once

#include "frontend/ir/Estate.h"

namespace hoist::analysis {

enum class ConditionRole : uint8_t { start, success, failure };

template <class Visit>
void forEachCondition(ir::Estate const& estate, ir::JobId id, Visit visit) {
    ir::Job const& job = estate.jobs[id];
    if (job.condition)
        visit(job.condition, ConditionRole::start);
    if (!job.group)
        return;
    ir::Group const& group = estate.groups[job.group];
    if (group.success)
        visit(group.success, ConditionRole::success);
    if (group.failure)
        visit(group.failure, ConditionRole::failure);
}

} // namespace hoist::analysis
