// What the clock does: ticks, excluded ticks, closing windows, must_start and must_complete.
#include "analysis/semantics/Play.h"

#include <fmt/format.h>

namespace hoist::semantics {

namespace {

constexpr int64_t day = 86'400;

/// A clock that the day's plan is made by.
struct Civil {
    int64_t day = 0; ///< local
    int minute = 0;
};
Civil civilOf(ir::TimeZone const& zone, int64_t instant) {
    int64_t const local = instant + zone.offsetAt(instant);
    int64_t const number = local >= 0 ? local / day : (local - day + 1) / day;
    return {number, static_cast<int>((local - number * day) / 60)};
}

} // namespace

Play::Text Play::clockText(ir::JobId job, int64_t instant) const {
    ir::Job const& self = estate.jobs[job];
    ir::TimeZone const* const zone =
        self.schedule ? ticks.zoneOf(estate.schedules[self.schedule]) : nullptr;
    Civil const local =
        zone ? civilOf(*zone, instant) : Civil{0, static_cast<int>(instant % day / 60)};
    return fmt::format("{:02}:{:02}", local.minute / 60, local.minute % 60);
}

/// The ticks of one day from `from` on, in the order of definition.
void Play::planDay(int64_t from) {
    if (scenario.isWithoutClock)
        return;
    int64_t const to = std::min(from + day, scenario.end);
    for (ir::JobId const job : scheduled) {
        if (states[job].isSilent)
            continue;
        ir::Job const& self = estate.jobs[job];
        ir::Schedule const& schedule = estate.schedules[self.schedule];
        std::vector<int64_t> const own = ticks.between(schedule, from, to);
        for (int64_t const tick : own) {
            queue.push(tick, Planned::tick, job.value);
            planChecks(job, schedule, tick);
        }
        // JIL-120: the ticks that a member would have without its calendars; outside boxes only an
        // excluded day counts (TR-43), a day that is not on the run calendar is no tick at all.
        if (!schedule.exclude && !(self.box && schedule.run))
            continue;
        ir::Schedule open = schedule;
        open.exclude = {};
        open.excludeCalendar = {};
        if (self.box && schedule.run) {
            open.run = {};
            open.runCalendar = {};
            open.weekdays.set(0x7f, schedule.master);
        }
        for (int64_t const tick : ticks.between(open, from, to))
            if (!std::binary_search(own.begin(), own.end(), tick))
                queue.push(tick, Planned::excludedTick, job.value);
    }
    if (to < scenario.end)
        queue.push(to, Planned::nextDay, 0);
}

/// JIL-152: one must_start and must_complete for each of the start times.
void Play::planChecks(ir::JobId job, ir::Schedule const& schedule, int64_t tick) {
    if (!schedule.mustStart && !schedule.mustComplete)
        return;
    ir::TimeZone const* const zone = ticks.zoneOf(schedule);
    if (!zone)
        return;
    Civil const local = civilOf(*zone, tick);
    size_t which = 0;
    for (size_t i = 0; i < schedule.times->size(); ++i)
        if ((*schedule.times)[i] == local.minute)
            which = i;
    auto const plan = [&](ir::Sourced<std::vector<ir::ClockOrOffset>> const& list, Planned kind) {
        if (!list || list->empty())
            return;
        ir::ClockOrOffset const each = (*list)[std::min(which, list->size() - 1)];
        int64_t due = tick + int64_t(each.minutes) * 60;
        if (!each.isOffset) {
            due = zone->at(local.day * day + int64_t(each.minutes) * 60).first;
            if (due < tick)
                due = zone->at((local.day + 1) * day + int64_t(each.minutes) * 60).first;
        }
        checks.push_back({job, tick});
        queue.push(due, kind, job.value, static_cast<uint32_t>(checks.size() - 1));
    };
    plan(schedule.mustStart, Planned::mustStart);
    plan(schedule.mustComplete, Planned::mustComplete);
}

void Play::onCheck(ir::JobId job, uint32_t check, bool isStart) {
    StoredStatus const& row = store[job];
    int64_t const done = isStart ? row.lastStart : row.lastEnd;
    if (done < checks[check].tick)
        alarm(job, isStart ? "MUST_START_ALARM" : "MUST_COMPLETE_ALARM");
}

/// JIL-120, TR-43: off its calendars a job becomes INACTIVE, and so do the members of a box.
void Play::onExcludedTick(ir::JobId job) {
    Status const status = store[job].status;
    if (isUnderWay(status) || isQueued(status) || status == Status::onIce ||
        status == Status::onHold || states[job].isSilent)
        return;
    notStarted(job, "JIL-120", "tick " + clockText(job, now) + " is not on its calendars");
    if (status == Status::inactive)
        return;
    setStatus(job, Status::inactive, {"JIL-120", "a tick that is not on its calendars", {}});
    if (estate.isGroup(job)) {
        llvm::SmallVector<ir::JobId, 16> stack{job};
        while (!stack.empty()) {
            ir::JobId const at = stack.pop_back_val();
            for (ir::JobId const member : estate.groups[estate.jobs[at].group].members) {
                Status const each = store[member].status;
                if (each == Status::inactive || isUnderWay(each) || each == Status::onIce ||
                    each == Status::onHold)
                    continue;
                setStatus(member, Status::inactive,
                          {"JIL-120", "its box has a tick that is not on its calendars",
                           estate.jobs[job].name.str()});
                wakeDependents(estate.jobs[member].name, dependents[member]);
                if (estate.isGroup(member))
                    stack.push_back(member);
            }
        }
    }
    if (isInRunningBox(job))
        return propagate(job);
    wakeDependents(estate.jobs[job].name, dependents[job]); // nothing for JIL-118 to derive
}

/// JIL-151: one minute after the window has closed, a tick that was not taken has missed it.
void Play::onWindowCloses(ir::JobId job, uint32_t runsAtTick) {
    JobState& state = states[job];
    Status const status = store[job].status;
    if (!state.isArmed || state.runs != runsAtTick || isUnderWay(status) || isQueued(status) ||
        status == Status::onHold || status == Status::onIce)
        return;
    if (estate.settings.missedWindowClearsArm)
        state.isArmed = false;
    if (status == Status::inactive)
        return notStarted(job, "JIL-151", "it has missed its run_window");
    setStatus(job, Status::inactive, {"JIL-151", "it has missed its run_window", {}});
    propagate(job);
}

} // namespace hoist::semantics
