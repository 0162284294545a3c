// May a job start now? The seven requirements of JIL-003, in an order in which the first one that
// is missing is what an operator would name.
#include "analysis/semantics/Play.h"

#include <fmt/format.h>

namespace hoist::semantics {

Play::Text Play::describe(ir::JobId job, Trigger const& trigger) const {
    switch (trigger.kind) {
    case Trigger::Kind::tick: return "tick " + clockText(job, now);
    case Trigger::Kind::change: return trigger.cause + " has changed";
    case Trigger::Kind::boxStart: return trigger.cause + " has started";
    case Trigger::Kind::startJob: return "STARTJOB";
    case Trigger::Kind::force: return "FORCE_STARTJOB";
    case Trigger::Kind::offHold: return "JOB_OFF_HOLD";
    case Trigger::Kind::window: return "its run_window opens";
    case Trigger::Kind::queue: return "what it waited for is free";
    case Trigger::Kind::emptyBox: return "it is empty";
    }
    return {};
}

bool Play::isConditionTrue(ir::JobId job) const {
    ir::Job const& self = estate.jobs[job];
    return !self.condition.isSet() || store.evaluate(self.condition.expr, now, self.name);
}

/// The first few atoms that are false: what the job waits for.
Play::Text Play::whyFalse(ir::JobId job) const {
    ir::Job const& self = estate.jobs[job];
    Text text;
    unsigned found = 0;
    estate.conditions.forEachAtom(self.condition.expr, [&](ir::AtomId id) {
        ir::Atom const& atom = estate.conditions[id];
        if (found > 3 || store.truth(atom, now, self.name))
            return;
        if (++found > 3) {
            text += ", …";
            return;
        }
        text += (found == 1 ? "" : ", ") + estate.conditions.print(atom);
        if (atom.kind != ir::Atom::Kind::variable && !atom.job && atom.instance.empty())
            text += " (not defined)";
    });
    return found == 0 ? "its condition is false" : "waits for " + text;
}

/// What a tick means to a job that cannot take it now; false: it ends here.
bool Play::admitsTick(ir::JobId job) {
    ir::Job const& self = estate.jobs[job];
    JobState& state = states[job];
    Status const status = store[job].status;
    ir::Schedule const& schedule = estate.schedules[self.schedule];
    Text const tick = "tick " + clockText(job, now);
    if (isUnderWay(status) || isQueued(status) || state.waitsForWindow) {
        if (schedule.whileRunning == ir::TickWhileRunning::overlap)
            return true; // CRON-009
        notStarted(job, "JIL-144", tick + " never exists: the job has not completed");
        return false;
    }
    if (status == Status::onIce) {
        notStarted(job, "JIL-088", tick + ": the job is on ice, the tick does not arm it");
        return false;
    }
    bool const isBoxIdle = self.box && !isInRunningBox(job);
    if (self.box && (isBoxIdle || state.hasRunInBox)) {
        bool const isKept = estate.settings.memberTickWhileBoxIdleKept || !isBoxIdle;
        state.isArmed = state.isArmed || isKept;
        Text const why = isBoxIdle ? "its box is not running" : "it has run in this box run";
        notStarted(job, "JIL-112",
                   tick + ": " + why +
                       (isKept ? "; kept for the next box run" : "; the tick is lost"));
        return false;
    }
    state.isArmed = true;
    return true;
}

bool Play::isBoxReady(ir::JobId job, Trigger const& trigger) {
    ir::Job const& self = estate.jobs[job];
    if (!self.box)
        return true;
    Text const what = describe(job, trigger);
    if (!isInRunningBox(job)) {
        notStarted(job, "JIL-003", what + ": its box is not running", trigger.cause);
        return false;
    }
    if (states[job].hasRunInBox) {
        notStarted(job, "JIL-111", what + ": it has had its run in this box run", trigger.cause);
        return false;
    }
    return true;
}

/// JIL-150, JIL-151: the gate, judged at the time at which the start is processed.
bool Play::admitsWindow(ir::JobId job, Trigger const& trigger) {
    ir::Job const& self = estate.jobs[job];
    if (!self.schedule || !estate.schedules[self.schedule].window)
        return true;
    ir::Schedule const& schedule = estate.schedules[self.schedule];
    ir::TimeZone const* const zone = ticks.zoneOf(schedule);
    if (!zone)
        return true;
    WindowDecision const decision = decideWindow(*schedule.window, *zone, now);
    JobState& state = states[job];
    if (decision.kind == WindowDecision::Kind::runNow)
        return true;
    if (decision.kind == WindowDecision::Kind::waitUntil) {
        state.waitsForWindow = true;
        queue.push(decision.opening, Planned::windowOpens, job.value, ++state.windowTurn);
        notStarted(job, "JIL-151",
                   fmt::format("{}: outside run_window, queued for its opening at {}",
                               describe(job, trigger), clockText(job, decision.opening)),
                   trigger.cause);
        return false;
    }
    if (estate.settings.missedWindowClearsArm)
        state.isArmed = false;
    state.hasRunInBox = self.box.isValid();
    notStarted(job, "JIL-151",
               describe(job, trigger) + ": outside run_window, nearer to its last end",
               trigger.cause);
    if (store[job].status != Status::inactive) {
        setStatus(job, Status::inactive,
                  {"JIL-151", "ready after its run_window has closed", trigger.cause});
        propagate(job);
    }
    return false;
}

/// Jobs that take no time and wait for each other in a circle would start for ever at one instant.
bool Play::startsWithoutEnd(ir::JobId job) {
    JobState& state = states[job];
    if (state.startedAt != now) {
        state.startedAt = now;
        state.startsThen = 0;
    }
    if (++state.startsThen <= 100)
        return false;
    notStarted(job, "JIL-005",
               "it has started 100 times at this instant: its condition is a circle");
    return true;
}

/// A tick that its condition keeps waiting inside the window misses it when the window closes
/// (JIL-151).
void Play::planClosing(ir::JobId job, Trigger const& trigger) {
    ir::Job const& self = estate.jobs[job];
    if (trigger.kind != Trigger::Kind::tick || !self.schedule)
        return;
    ir::Schedule const& schedule = estate.schedules[self.schedule];
    ir::TimeZone const* const zone = schedule.window ? ticks.zoneOf(schedule) : nullptr;
    if (!zone)
        return;
    WindowDecision const decision = decideWindow(*schedule.window, *zone, now);
    if (decision.kind == WindowDecision::Kind::runNow)
        queue.push(decision.closed, Planned::windowCloses, job.value, states[job].runs);
}

void Play::consider(ir::JobId job, Trigger const& trigger) {
    ir::Job const& self = estate.jobs[job];
    JobState& state = states[job];
    using Kind = Trigger::Kind;
    if (trigger.kind == Kind::emptyBox)
        return completeEmptyBox(job);
    bool const byOperator = trigger.kind == Kind::startJob || trigger.kind == Kind::force;
    if (state.isSilent && !byOperator)
        return;
    if (self.refused && !byOperator) // it may wait for what could not be read
        return notStarted(job, "JIL-003", "there are errors in its definition");
    ir::Schedule const* const schedule =
        self.schedule && estate.schedules[self.schedule].kind != ir::Schedule::Kind::atBoot
            ? &estate.schedules[self.schedule]
            : nullptr;
    Status const status = store[job].status;
    if (trigger.kind == Kind::force) { // JIL-081: conditions, dates, hold, ice and box do not count
        if (status == Status::resWait)
            return notStarted(job, "JIL-081", "FORCE_STARTJOB is ignored: it waits for a resource");
        if (isUnderWay(status))
            return notStarted(job, "JIL-003", "FORCE_STARTJOB: it is running");
        if (isQueued(status))
            leaveQueue(job);
        state.waitsForWindow = false;
        if (!startsWithoutEnd(job) && acquire(job, true))
            start(job, {"JIL-081", "FORCE_STARTJOB", {}});
        return;
    }
    if (trigger.kind == Kind::queue)
        return resume(job, trigger);
    if (trigger.kind == Kind::tick && !admitsTick(job))
        return;
    bool const overlaps = trigger.kind == Kind::tick && schedule &&
                          schedule->whileRunning == ir::TickWhileRunning::overlap;
    Text const what = describe(job, trigger);
    if (isUnderWay(status) && !overlaps)
        return notStarted(job, "JIL-003", what + ": it is running", trigger.cause);
    if (isQueued(status))
        return notStarted(job, "JIL-003",
                          (what + ": it is in the queue already, " + toString(status)).str(),
                          trigger.cause);
    if (state.waitsForWindow && trigger.kind != Kind::window)
        return notStarted(job, "JIL-151", what + ": it waits for its run_window", trigger.cause);
    if (status == Status::onIce)
        return notStarted(job, "JIL-088", what + ": it is on ice", trigger.cause);
    if (status == Status::onHold)
        return notStarted(job, "JIL-085", what + ": it is on hold", trigger.cause);
    if (!isBoxReady(job, trigger))
        return;
    if (schedule && !state.isArmed && trigger.kind != Kind::startJob &&
        trigger.kind != Kind::window && !overlaps)
        return notStarted(job, "JIL-144", what + ": no tick has come since its last start",
                          trigger.cause);
    if (!self.condition.isSet() && !self.box && !schedule && trigger.kind != Kind::startJob)
        return notStarted(job, "JIL-004", what + ": nothing but an operator starts it",
                          trigger.cause);
    if (!isConditionTrue(job)) {
        notStarted(job, schedule && state.isArmed ? "JIL-144" : "JIL-003",
                   what + ": " + whyFalse(job) +
                       (trigger.kind == Kind::tick ? "; the tick stays armed" : ""),
                   trigger.cause);
        if (trigger.kind == Kind::tick && schedule->whileFalse == ir::TickWhileFalse::lose)
            state.isArmed = false;
        planClosing(job, trigger);
        return;
    }
    if (!admitsWindow(job, trigger) || startsWithoutEnd(job) || !acquire(job, false))
        return;
    llvm::StringRef rule = "JIL-003";
    Text text = what;
    switch (trigger.kind) {
    case Kind::tick: rule = overlaps && isUnderWay(status) ? "CRON-009" : "JIL-143"; break;
    case Kind::change:
        rule = schedule ? "JIL-144" : "JIL-005";
        text = estate.conditions.print(self.condition.expr) + " is true" +
               (schedule ? ", armed by an earlier tick" : "");
        break;
    case Kind::boxStart:
        rule = schedule ? "JIL-112" : "JIL-110";
        if (self.condition.isSet())
            text += ", " + estate.conditions.print(self.condition.expr) + " is true";
        break;
    case Kind::startJob: rule = "JIL-144"; break;
    case Kind::offHold: rule = "JIL-086"; break;
    case Kind::window: rule = "JIL-151"; break;
    case Kind::queue:
    case Kind::force:
    case Kind::emptyBox: break;
    }
    if (trigger.kind == Kind::tick && self.condition.isSet())
        text += ", " + estate.conditions.print(self.condition.expr) + " is true";
    if (self.dialect == ir::Dialect::cron && rule == "JIL-143")
        rule = "CRON-002";
    start(job, {rule, std::move(text), trigger.cause});
}

} // namespace hoist::semantics
