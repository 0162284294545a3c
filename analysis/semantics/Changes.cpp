// One change of a status: recorded, told, folded into the boxes, seen by whoever refers to the job.
#include "analysis/semantics/Play.h"

namespace hoist::semantics {

void Play::setStatus(ir::JobId job, Status status, Reason reason, std::optional<int64_t> exitCode,
                     unsigned attempt) {
    Status const before = store[job].status;
    store.record(job, status, now, exitCode);
    fold->moved(job, before, status);
    trace.events.push_back(
        {now, estate.jobs[job].name.str(), status, exitCode, attempt, std::move(reason)});
}

void Play::notStarted(ir::JobId job, llvm::StringRef rule, Text text, llvm::StringRef cause) {
    trace.notStarted.push_back(
        {now, estate.jobs[job].name.str(), {rule, std::move(text), cause.str()}});
}

void Play::alarm(ir::JobId job, llvm::StringRef name) {
    trace.alarms.push_back({now, estate.jobs[job].name.str(), name.str(), {}});
}

void Play::wakeDependents(llvm::StringRef name, llvm::ArrayRef<ir::JobId> who) {
    for (ir::JobId const job : who)
        pending.push_back({job, {Trigger::Kind::change, name.str()}});
}

/// JIL-002 and §1.1: first the boxes around the job, as far up as they change, then the conditions
/// that mention any of what has changed. ACTIVATED, STARTING, RUNNING and RESTART make no atom
/// true, so nobody is woken by them (docs/runtime.md, "Runs that no clock starts").
void Play::propagate(ir::JobId job) {
    llvm::SmallVector<ir::JobId, 8> changed{job};
    for (size_t i = 0; i < changed.size(); ++i) {
        ir::JobId const each = changed[i]; // `changed` grows
        foldUpwards(each, changed);
    }
    for (ir::JobId const each : changed) {
        Status const status = store[each].status;
        if (status != Status::activated && status != Status::starting &&
            status != Status::running && status != Status::restart)
            wakeDependents(estate.jobs[each].name, dependents[each]);
    }
}

void Play::drain() {
    while (!pending.empty()) {
        Pending const next = std::move(pending.front());
        pending.pop_front();
        consider(next.job, next.trigger);
    }
}

} // namespace hoist::semantics
