// How a start goes: attempts, exit codes, time limits, file watchers, kills.
#include "analysis/semantics/Play.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::semantics {

namespace {

/// JIL-057; CRON-010: `any` succeeds whatever the code.
bool succeeds(ir::ExitRule const& rule, int64_t code) {
    auto const isListed = [&] {
        for (ir::CodeRange const& range : rule.codes)
            if (range.from <= code && code <= range.to)
                return true;
        return false;
    };
    switch (rule.kind) {
    case ir::ExitRule::Kind::max: return code <= rule.max;
    case ir::ExitRule::Kind::success: return isListed();
    case ir::ExitRule::Kind::fail: return !isListed();
    case ir::ExitRule::Kind::any: return true;
    }
    return false;
}

} // namespace

/// JIL-092, JIL-093: the job itself or a box around it is on NOEXEC.
bool Play::isBypassed(ir::JobId job) const {
    for (; job; job = estate.jobs[job].box)
        if (states[job].isNoExec)
            return true;
    return false;
}

/// JIL-162: `$$NAME` and `$${NAME}` as they are at the start; a missing global is empty text. A
/// name goes on as long as names may, as in the shims: `$$DAY.txt` is the global `DAY.txt`.
Play::Text Play::expandGlobals(llvm::StringRef text) const {
    Text expanded;
    while (!text.empty()) {
        size_t const at = text.find("$$");
        expanded += text.take_front(at).str();
        if (at == llvm::StringRef::npos)
            break;
        text = text.drop_front(at + 2);
        bool const isBraced = text.starts_with("{");
        llvm::StringRef const name =
            isBraced ? text.drop_front().take_until([](char c) { return c == '}'; })
                     : text.take_while([](char c) {
                           return llvm::isAlnum(c) || llvm::StringRef("_.#-").contains(c);
                       });
        if (auto const value = store.global(name))
            expanded += value->str();
        text = text.drop_front(std::min(text.size(), name.size() + (isBraced ? 2 : 0)));
    }
    return expanded;
}

RunPlan Play::nextPlan(ir::JobId job) {
    unsigned const n = states[job].starts++;
    auto const it = scenario.runs.find(estate.jobs[job].name.str());
    if (it == scenario.runs.end() || it->second.empty())
        return scenario.defaultRun;
    return it->second[std::min<size_t>(n, it->second.size() - 1)];
}

void Play::start(ir::JobId job, Reason reason) {
    JobState& state = states[job];
    ir::Job const& self = estate.jobs[job];
    bool const overlaps = self.schedule && estate.schedules[self.schedule].whileRunning ==
                                               ir::TickWhileRunning::overlap;
    if (state.run != JobState::noRun && !overlaps)
        runs[state.run].isAlive = false; // of a run whose status an operator has changed
    state.isArmed = false;               // JIL-144: a start consumes the arm
    state.hasRunInBox = true;
    state.waitsForWindow = false;
    ++state.runs;
    auto const run = static_cast<uint32_t>(runs.size());
    ActiveRun made;
    made.job = job;
    made.startedAt = now;
    made.machine = std::exchange(state.pendingMachine, {});
    runs.push_back(made);
    state.run = run;
    setStatus(job, Status::starting, std::move(reason), {}, 1);
    if (self.alarms.maxRun && *self.alarms.maxRun > 0)
        queue.push(now + *self.alarms.maxRun * 60, Planned::maxRun, run);
    if (!estate.isGroup(job))
        return beginAttempt(run);
    setStatus(job, Status::running, {"JIL-110", "its members may start", {}});
    if (self.termRunTime && *self.termRunTime > 0) // JIL-121
        queue.push(now + *self.termRunTime * 60, Planned::timeLimit, run);
    startBox(job);
}

void Play::beginAttempt(uint32_t run) {
    ir::JobId const job = runs[run].job;
    ir::Job const& self = estate.jobs[job];
    if (isBypassed(job)) {
        setStatus(job, Status::running, {"JIL-092", "on NOEXEC: nothing is executed", {}});
        finish(job, Status::success, {"JIL-092", "on NOEXEC: bypassed", {}}, 0, 0);
        return propagate(job);
    }
    auto const* const watch = std::get_if<ir::FileWatchAction>(&self.action);
    bool const isScripted = scenario.runs.contains(self.name.str());
    setStatus(job, Status::running,
              {watch ? "JIL-061" : "JIL-060", watch ? "watches its file" : "executes", {}});
    if (watch && !isScripted) {
        planWatch(run, *watch);
    } else {
        runs[run].plan = nextPlan(job);
        queue.push(now + runs[run].plan.duration, Planned::runEnds, run);
    }
    // JIL-054, JIL-153: each execution has its limit.
    if (self.termRunTime && *self.termRunTime > 0)
        queue.push(now + *self.termRunTime * 60, Planned::timeLimit, run, runs[run].attempt);
}

/// JIL-061: polls once an interval; the file is there when two polls in a row see it large enough
/// and unchanged.
void Play::planWatch(uint32_t run, ir::FileWatchAction const& watch) {
    int64_t const interval = watch.interval ? *watch.interval : 60;
    int64_t const minSize = watch.minSize ? *watch.minSize : 0;
    auto const it = arrivals.find(expandGlobals(*watch.path));
    if (it == arrivals.end())
        return; // never: only term_run_time or a kill ends it
    std::vector<FileArrival> const& seen = it->second;
    for (size_t i = 0; i < seen.size(); ++i) {
        // What counts is the file as it is at the first poll after the arrival.
        int64_t const wait = std::max<int64_t>(0, seen[i].at - now);
        int64_t const poll = now + (wait + interval - 1) / interval * interval;
        bool const isReplaced = i + 1 < seen.size() && seen[i + 1].at <= poll + interval;
        if (seen[i].size >= minSize && !isReplaced) {
            queue.push(poll + interval, Planned::runEnds, run);
            return;
        }
    }
}

void Play::tryAgain(uint32_t run) {
    if (!runs[run].isAlive || store[runs[run].job].status != Status::restart)
        return;
    setStatus(runs[run].job, Status::starting,
              {"JIL-054", fmt::format("attempt {}", runs[run].attempt), {}}, {}, runs[run].attempt);
    beginAttempt(run);
}

void Play::endRun(uint32_t run) {
    if (!runs[run].isAlive)
        return;
    ir::JobId const job = runs[run].job;
    ir::Job const& self = estate.jobs[job];
    RunPlan const plan = runs[run].plan;
    if (plan.terminated) { // JIL-058; never retried (JIL-054)
        finish(job, Status::terminated, {"JIL-058", "killed by a signal", {}}, {}, run + 1);
        return propagate(job);
    }
    auto const* const watch = std::get_if<ir::FileWatchAction>(&self.action);
    bool const isScripted = scenario.runs.contains(self.name.str());
    if (watch && !isScripted) {
        finish(job, Status::success,
               {"JIL-061", (*watch->path + " is there and has not changed").str(), {}}, 0, run + 1);
        return propagate(job);
    }
    bool const isGood = succeeds(self.exitRule, plan.exitCode);
    unsigned const retries = self.retries ? static_cast<unsigned>(*self.retries) : 0;
    if (!isGood && runs[run].attempt <= retries) {
        // Not in the store: dependents do not see the codes of attempts that are tried again.
        trace.events.push_back({now,
                                self.name.str(),
                                Status::restart,
                                plan.exitCode,
                                runs[run].attempt,
                                {"JIL-054",
                                 fmt::format("exit code {}; {} of {} retries left", plan.exitCode,
                                             retries - runs[run].attempt + 1, retries),
                                 {}}});
        Status const before = store[job].status;
        store.record(job, Status::restart, now);
        fold->moved(job, before, Status::restart);
        ++runs[run].attempt;
        queue.push(now + estate.settings.retryDelay, Planned::attempt, run);
        return;
    }
    llvm::StringRef const rule =
        self.exitRule.kind == ir::ExitRule::Kind::any ? "CRON-010" : "JIL-057";
    if (!isGood && retries > 0)
        alarm(job, "MAX_RETRYS"); // JIL-054
    finish(job, isGood ? Status::success : Status::failure,
           {rule, fmt::format("exit code {}", plan.exitCode), {}}, plan.exitCode, run + 1);
    propagate(job);
}

/// The end of a run by whatever way: status, units, alarms. `runPlusOne` is 0 for the job's latest
/// run. Does not propagate: the caller may have more to settle.
void Play::finish(ir::JobId job, Status status, Reason reason, std::optional<int64_t> exitCode,
                  unsigned runPlusOne) {
    ir::Job const& self = estate.jobs[job];
    JobState& state = states[job];
    uint32_t const run = runPlusOne ? runPlusOne - 1 : state.run;
    if (run != JobState::noRun) {
        ActiveRun& ended = runs[run];
        ended.isAlive = false;
        if (self.alarms.minRun && now - ended.startedAt < *self.alarms.minRun * 60)
            alarm(job, "MINRUNALARM"); // JIL-153
        releaseRun(ended);
    }
    setStatus(job, status, std::move(reason), exitCode);
    auto const wants = [](ir::Sourced<bool> const& flag) { return !flag || *flag; };
    if (status == Status::failure && wants(self.alarms.ifFail))
        alarm(job, "JOBFAILURE");
    if (status == Status::terminated && wants(self.alarms.ifTerminated))
        alarm(job, "JOBTERMINATED");
    giveBack(job, status);
}

void Play::reachTimeLimit(uint32_t run, unsigned attempt) {
    ir::JobId const job = runs[run].job;
    if (!runs[run].isAlive || (attempt != 0 && runs[run].attempt != attempt))
        return;
    kill(job, {estate.isGroup(job) ? "JIL-121" : "JIL-153",
               fmt::format("term_run_time of {} minutes is over", *estate.jobs[job].termRunTime),
               {}});
}

/// JIL-083: a job becomes TERMINATED; of a box what runs goes on (JIL-117 aside), the rest never
/// starts.
void Play::kill(ir::JobId job, Reason reason) {
    Status const status = store[job].status;
    if (!isUnderWay(status) && !isQueued(status))
        return notStarted(job, reason.rule, reason.text + ": it is not running", reason.cause);
    if (isQueued(status))
        leaveQueue(job);
    if (estate.isGroup(job))
        completeBox(job, {Status::terminated, reason.rule, reason.text}, reason.cause);
    else
        finish(job, Status::terminated, std::move(reason), {}, 0);
    propagate(job);
}

} // namespace hoist::semantics
