// Events from outside: operators (JIL-080…JIL-095), other instances (JIL-075).
#include "analysis/semantics/Play.h"

namespace hoist::semantics {

using Kind = Event::Kind;

void Play::onOutside(Event const& event) {
    switch (event.kind) {
    case Kind::setGlobal: // JIL-068: an event that wakes the conditions that mention it
        store.setGlobal(event.object, event.value);
        return wakeDependents(event.object, variableDependents[event.object]);
    case Kind::releaseResource: return releaseResource(event.object);
    case Kind::machOffline: offline[event.object] = true; return;
    case Kind::machOnline: offline[event.object] = false; return wakeMachine(event.object);
    default: break;
    }
    llvm::StringRef object = event.object;
    for (ir::BridgeRule const& row : estate.settings.bridges)
        if (!row.as.empty() && row.as == object)
            object = row.controlm;
    if (auto const it = estate.jobByName.find(object); it != estate.jobByName.end()) {
        ir::JobId const job = it->second;
        if (estate.jobs[job].dialect != ir::Dialect::controlm)
            return onJobEvent(event, job);
        if (event.kind != Kind::externalStatus || !estate.jobs[job].isWatched)
            return; // its own scheduler's
        std::optional<int64_t> const code =
            isEnded(event.status) ? std::optional(event.exitCode) : std::nullopt;
        trace.events.push_back(
            {now, object.str(), event.status, code, 0, {"JIL-075", "reported from outside", {}}});
        return hear(job, event.status, code, now);
    }
    if (event.kind == Kind::externalStatus || event.kind == Kind::changeStatus) {
        store.record(llvm::StringRef(event.object), event.status, now,
                     isEnded(event.status) ? std::optional(event.exitCode) : std::nullopt);
        trace.events.push_back(
            {now,
             event.object,
             event.status,
             isEnded(event.status) ? std::optional(event.exitCode) : std::nullopt,
             0,
             {"JIL-075", "reported from outside", {}}});
        if (auto const it = externalDependents.find(event.object); it != externalDependents.end())
            wakeDependents(event.object, it->second);
    }
}

void Play::onJobEvent(Event const& event, ir::JobId job) {
    switch (event.kind) {
    case Kind::startJob: return consider(job, {Trigger::Kind::startJob, {}});
    case Kind::forceStartJob: return consider(job, {Trigger::Kind::force, {}});
    case Kind::killJob: return kill(job, {"JIL-083", "KILLJOB", {}});
    case Kind::jobOnHold: return onHold(job);
    case Kind::jobOffHold: return offHold(job);
    case Kind::jobOnIce: return onIce(job);
    case Kind::jobOffIce: return offIce(job);
    case Kind::jobOnNoExec: return onNoExec(job);
    case Kind::jobOffNoExec:
        if (!states[job].isNoExec)
            return notStarted(job, "JIL-092", "JOB_OFF_NOEXEC: it is not on NOEXEC");
        states[job].isNoExec = false;
        if (isUnderWay(store[job].status))
            return;
        setStatus(job, Status::inactive, {"JIL-092", "JOB_OFF_NOEXEC", {}});
        return propagate(job);
    case Kind::changeStatus: return changeStatus(job, event.status, {}, "JIL-082", "CHANGE_STATUS");
    case Kind::externalStatus:
        return changeStatus(job, event.status,
                            isEnded(event.status) ? std::optional(event.exitCode) : std::nullopt,
                            "JIL-075", "reported from outside");
    default: return;
    }
}

void Play::onHold(ir::JobId job) {
    Status const status = store[job].status;
    if (isUnderWay(status)) // JIL-090
        return notStarted(job, "JIL-090", "JOB_ON_HOLD is ignored: it is running");
    if (isQueued(status))
        leaveQueue(job);
    states[job].waitsForWindow = false;
    setStatus(job, Status::onHold, {"JIL-085", "JOB_ON_HOLD", {}});
    propagate(job);
}

/// JIL-086: it does not wait for its condition to become true again.
void Play::offHold(ir::JobId job) {
    if (store[job].status != Status::onHold)
        return notStarted(job, "JIL-086", "JOB_OFF_HOLD: it is not on hold");
    bool const isActivated = isInRunningBox(job) && !states[job].hasRunInBox;
    setStatus(job, isActivated ? Status::activated : Status::inactive,
              {"JIL-086", "JOB_OFF_HOLD", {}});
    propagate(job);
    if (isActivated || !estate.jobs[job].box)
        pending.push_front({job, {Trigger::Kind::offHold, {}}});
}

void Play::onIce(ir::JobId job) {
    Status const status = store[job].status;
    if (isUnderWay(status))
        return notStarted(job, "JIL-090", "JOB_ON_ICE is ignored: it is running");
    if (isQueued(status))
        leaveQueue(job);
    states[job].waitsForWindow = false;
    setStatus(job, Status::onIce, {"JIL-088", "JOB_ON_ICE", {}});
    propagate(job);
}

/// JIL-089: not started on conditions that already hold; in a running box not before its next run.
void Play::offIce(ir::JobId job) {
    if (store[job].status != Status::onIce)
        return notStarted(job, "JIL-089", "JOB_OFF_ICE: it is not on ice");
    bool const isInBox = isInRunningBox(job);
    bool const waits = estate.settings.offIceWaitsForNextBoxRun;
    if (isInBox && waits)
        states[job].hasRunInBox = true;
    setStatus(job, isInBox && !waits ? Status::activated : Status::inactive,
              {"JIL-089", "JOB_OFF_ICE", {}});
    propagate(job);
}

void Play::onNoExec(ir::JobId job) {
    Status const status = store[job].status;
    states[job].isNoExec = true;
    if (isUnderWay(status))
        return notStarted(job, "JIL-092", "JOB_ON_NOEXEC: holds from its next run on");
    if (isQueued(status))
        leaveQueue(job);
    setStatus(job, Status::onNoExec, {"JIL-092", "JOB_ON_NOEXEC", {}});
    propagate(job);
}

/// JIL-082: dependents react as if it had happened.
void Play::changeStatus(ir::JobId job, Status status, std::optional<int64_t> exitCode,
                        llvm::StringRef rule, llvm::StringRef what) {
    JobState& state = states[job];
    if (rule == "JIL-082" && state.isNoExec)
        return notStarted(job, rule, "CHANGE_STATUS does not work on a job that is ON_NOEXEC");
    switch (status) {
    case Status::onHold: return onHold(job);
    case Status::onIce: return onIce(job);
    case Status::onNoExec: return onNoExec(job);
    default: break;
    }
    Status const before = store[job].status;
    if (isQueued(before))
        leaveQueue(job);
    state.waitsForWindow = false;
    if (isEnded(status) || status == Status::inactive)
        state.hasRunInBox = state.hasRunInBox || isInRunningBox(job);
    if (estate.isGroup(job) && isUnderWay(before) && !isUnderWay(status))
        completeBox(job, {status, rule, what.str()}, {});
    else
        setStatus(job, status, {rule, what.str(), {}}, exitCode);
    propagate(job);
}

} // namespace hoist::semantics
