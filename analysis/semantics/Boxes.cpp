// Box runs: members become ACTIVATED, the box completes, members that never started are settled.
#include "analysis/semantics/Play.h"

#include <algorithm>

namespace hoist::semantics {

/// JIL-110: every member, at any depth, becomes ACTIVATED; what is iced, held or still running
/// stays.
void Play::activateMembers(ir::JobId box) {
    llvm::SmallVector<ir::JobId, 16> stack{box};
    llvm::StringRef const name = estate.jobs[box].name;
    while (!stack.empty()) {
        ir::JobId const at = stack.pop_back_val();
        for (ir::JobId const member : estate.groups[estate.jobs[at].group].members) {
            JobState& state = states[member];
            if (state.isSilent)
                continue;
            Status const status = store[member].status;
            // A member that still runs from an earlier run of the box has its run of this one.
            state.hasRunInBox = isUnderWay(status);
            if (status == Status::onIce || isUnderWay(status) || isQueued(status))
                continue; // JIL-088, JIL-089: an iced box keeps its members, too
            bool const isHeld =
                at == box && estate.jobs[member].autoHold && *estate.jobs[member].autoHold;
            store.forgetCode(member);
            if (isHeld && status != Status::onHold)
                setStatus(member, Status::onHold,
                          {"JIL-094", "auto_hold: its box has started", name.str()});
            else if (status != Status::onHold && status != Status::activated)
                setStatus(member, Status::activated,
                          {"JIL-110", (name + " has started").str(), name.str()});
            if (estate.isGroup(member))
                stack.push_back(member);
        }
    }
}

void Play::startBox(ir::JobId box) {
    activateMembers(box);
    ir::Job const& job = estate.jobs[box];
    // JIL-151: whether a member's window lets it run in this box run is decided now.
    for (ir::JobId const member : estate.groups[job.group].members) {
        ir::Job const& each = estate.jobs[member];
        if (!each.schedule || !estate.schedules[each.schedule].window ||
            store[member].status != Status::activated)
            continue;
        ir::Schedule const& schedule = estate.schedules[each.schedule];
        ir::TimeZone const* const zone = ticks.zoneOf(schedule);
        if (zone &&
            decideWindow(*schedule.window, *zone, now).kind == WindowDecision::Kind::notToday) {
            states[member].hasRunInBox = true;
            if (estate.settings.missedWindowClearsArm)
                states[member].isArmed = false;
            setStatus(member, Status::inactive,
                      {"JIL-151", "its run_window has closed, and the next opening is further away",
                       job.name.str()});
        }
    }
    // Its end is an event of its own: who is being told of the same change finds it RUNNING.
    if (fold->deriveAtStart(box, now)) {
        pending.insert(scenario.startsInnerBoxesFirst ? pending.begin() : pending.end(),
                       {box, {Trigger::Kind::emptyBox, {}}});
        return;
    }
    offerMembers(box);
}

void Play::offerMembers(ir::JobId box) {
    ir::Job const& job = estate.jobs[box];
    llvm::SmallVector<Pending, 16> offered;
    for (ir::JobId const member : estate.groups[job.group].members)
        offered.push_back({member, {Trigger::Kind::boxStart, job.name.str()}});
    if (scenario.startsInnerBoxesFirst)
        std::stable_partition(offered.begin(), offered.end(),
                              [&](Pending const& each) { return estate.isGroup(each.job); });
    pending.insert(scenario.startsInnerBoxesFirst ? pending.begin() : pending.end(),
                   offered.begin(), offered.end());
}

void Play::completeEmptyBox(ir::JobId box) {
    if (!isUnderWay(store[box].status))
        return; // killed meanwhile
    std::optional<Derived> const derived = fold->deriveAtStart(box, now);
    if (!derived)
        return offerMembers(box); // a member has come to life
    completeBox(box, *derived, {});
    propagate(box);
}

/// JIL-114 (pin): what never started becomes INACTIVE with its box; holds and ice stay.
void Play::settleUnstarted(ir::JobId box) {
    llvm::SmallVector<ir::JobId, 16> stack{box};
    llvm::StringRef const name = estate.jobs[box].name;
    while (!stack.empty()) {
        ir::JobId const at = stack.pop_back_val();
        for (ir::JobId const member : estate.groups[estate.jobs[at].group].members) {
            Status const status = store[member].status;
            if (status == Status::onHold && estate.isGroup(member))
                stack.push_back(member);
            if (status != Status::activated && !isQueued(status) && !states[member].waitsForWindow)
                continue;
            if (isQueued(status))
                leaveQueue(member);
            states[member].waitsForWindow = false;
            setStatus(member, Status::inactive,
                      {"JIL-114", (name + " has completed before it started").str(), name.str()});
            wakeDependents(estate.jobs[member].name, dependents[member]);
            if (estate.isGroup(member))
                stack.push_back(member);
        }
    }
}

void Play::completeBox(ir::JobId box, Derived const& derived, llvm::StringRef cause) {
    bool const wasRunning = isUnderWay(store[box].status);
    if (wasRunning) {
        finish(box, derived.status, {derived.rule, derived.text, cause.str()}, {}, 0);
    } else { // JIL-118: derived again; nothing of a run is left to settle
        setStatus(box, derived.status, {derived.rule, derived.text, cause.str()});
        return;
    }
    settleUnstarted(box);
    if (derived.status != Status::success) // JIL-117
        for (ir::JobId const member : estate.groups[estate.jobs[box].group].members) {
            ir::Job const& each = estate.jobs[member];
            if (each.jobTerminator && *each.jobTerminator && isUnderWay(store[member].status))
                kill(member, {"JIL-117",
                              ("job_terminator: " + estate.jobs[box].name + " has ended " +
                               toString(derived.status))
                                  .str(),
                              estate.jobs[box].name.str()});
        }
}

/// The boxes around a changed job: the direct one, and those whose box_success or box_failure names
/// it (JIL-115(a)). A box that changes is itself a change: it is appended.
void Play::foldUpwards(ir::JobId job, llvm::SmallVectorImpl<ir::JobId>& changed) {
    auto const derive = [&](ir::JobId box, bool isDirect) {
        if (states[box].isSilent)
            return;
        if (auto const derived = fold->derive(box, job, isDirect, now)) {
            completeBox(box, *derived, estate.jobs[job].name);
            changed.push_back(box);
        }
    };
    ir::JobId const direct = estate.jobs[job].box;
    if (direct)
        derive(direct, true);
    if (fold->namedBy(job).empty() || !direct)
        return;
    for (ir::JobId box = estate.jobs[direct].box; box; box = estate.jobs[box].box)
        if (llvm::is_contained(fold->namedBy(job), box))
            derive(box, false);
}

} // namespace hoist::semantics
