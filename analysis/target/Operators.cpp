// What the tasks do when they run: gates, holds, verdicts, jobs of the shims with the ledger, stock
// operators without. Each follows the operator of its name in hoist_airflow, or Airflow's.
#include "analysis/target/Simulation.h"
#include "analysis/target/Window.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <algorithm>

namespace hoist::target {

using nlohmann::json;

namespace {

std::optional<int64_t> integerOf(json const& value) {
    if (value.is_number_integer())
        return value.get<int64_t>();
    if (value.is_number_float() && value.get<double>() < 1e15 && value.get<double>() > -1e15)
        return static_cast<int64_t>(value.get<double>());
    return std::nullopt;
}

std::string textOf(json const& value) { return value.is_string() ? value.get<std::string>() : ""; }

json const& fieldOf(Task const& task, std::string_view key) {
    static json const none;
    auto const found = task.fields.find(key);
    return found == task.fields.end() ? none : *found;
}

bool isTrue(json const& value) { return value.is_boolean() && value.get<bool>(); }

bool isA(Task const& task, std::string_view base) { return llvm::is_contained(task.bases, base); }

/// "max: 4", "success: 0,3,10-20", "fail: 2", "any" (docs/runtime.md, Command).
bool isSuccess(llvm::StringRef rule, int64_t code) {
    auto const [kind, rest] = rule.split(':');
    if (kind.trim() == "any")
        return true;
    int64_t most = 0;
    if (kind.trim() == "max")
        return !rest.trim().getAsInteger(10, most) && code <= most;
    llvm::SmallVector<llvm::StringRef, 4> items;
    rest.split(items, ',');
    bool const isListed = llvm::any_of(items, [&](llvm::StringRef item) {
        auto const [from, to] = item.trim().split('-');
        int64_t low = 0, high = 0;
        if (from.getAsInteger(10, low))
            return false;
        if (to.empty())
            high = low;
        else if (to.getAsInteger(10, high))
            return false;
        return low <= code && code <= high;
    });
    return isListed == (kind.trim() == "success");
}

/// Exit codes that a stock operator takes for "skipped" (AF-030).
bool isSkipCode(Task const& task, int64_t code) {
    json const& codes = task.argument("skip_on_exit_code");
    if (codes.is_array())
        return llvm::any_of(codes, [&](json const& one) { return integerOf(one) == code; });
    return integerOf(codes) == code;
}

} // namespace

std::string Simulation::jobNameOf(LiveRun const& run, TaskId id) const {
    std::vector<std::string> const& names = dags[run.dag].jobs;
    if (id.value < names.size() && !names[id.value].empty())
        return names[id.value];
    return taskOf(run, id).legacyJob;
}

void Simulation::tell(std::string const& job, Status status, std::optional<int64_t> exitCode,
                      unsigned attempt, std::string text) {
    if (job.empty())
        return;
    // No shim: the ledger hears nothing of it, so only the trace does.
    made.trace.events.push_back(
        {now, job, status, exitCode, attempt, {"AF-010", std::move(text), {}}});
}

void Simulation::execute(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    bool const isShim = !task.legacyJob.empty();
    switch (task.role) {
    case Role::junction: finish(run, id, TaskState::success); return;
    case Role::gate:
        if (enter(run, id))
            askGate(run, id);
        else
            finish(run, id, TaskState::skipped);
        return;
    case Role::hold:
        if (!enter(run, id)) {
            finish(run, id, TaskState::skipped);
            return;
        }
        if (run.startEvent != "FORCE_STARTJOB" || task.legacyJob != facts[run.dag].topology.top) {
            json const& isAuto = task.argument("auto");
            ledger.hold(ledger.jobOf(task.legacyJob), run.id, isTrue(isAuto));
            askHold(run, id);
        } else {
            finish(run, id, TaskState::success);
        }
        return;
    case Role::verdict: judge(run, id); return;
    case Role::opaque:
        if (startSensor(run, id) || decideBranch(run, id))
            return;
        guess(fmt::format("task {} of {}: {}", task.id, dagOf(run).id, task.type));
        break;
    case Role::job: break;
    }
    if (isShim)
        startShim(run, id);
    else
        startStock(run, id);
}

/// `ensure_started`: the run start, and the boxes around the task's job. False: the run is dropped.
bool Simulation::enter(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    if (!run.isOpened) {
        run.isOpened = true;
        run.told.isDropped =
            !ledger.openRun(run.told.dag, run.id, run.told.tick, dagOf(run).maxActiveRuns != 1,
                            facts[run.dag].topology.top, run.isClock);
        if (run.told.isDropped)
            made.trace.notStarted.push_back(
                {run.told.tick,
                 facts[run.dag].topology.top,
                 {"JIL-144", "its tick fell while an earlier run was active", {}}});
    }
    if (run.told.isDropped)
        return false;
    ir::JobId const job = ledger.jobOf(task.legacyJob);
    if (run.startEvent == "FORCE_STARTJOB" && task.legacyJob == facts[run.dag].topology.top)
        ledger.lift(job);
    // A verdict that waits as a member would is what starts a box without tasks (JIL-122).
    bool const startsBox = task.role == Role::verdict && task.rule == TriggerRule::allSuccess;
    if (task.role == Role::verdict && !startsBox)
        return true;
    if (isKeptOut(run, id))
        return false;
    ledger.startBoxes(job, run.id);
    if (startsBox)
        ledger.startLate(job, run.id);
    return true;
}

/// `_kept_out`: a task that also runs when what is above it was skipped must not start a box whose
/// own condition kept it from starting. Had it started, a task above in the box would have run.
bool Simulation::isKeptOut(LiveRun const& run, TaskId id) const {
    Dag const& dag = dagOf(run);
    auto const isPlain = [&](TaskId at) { return dag.tasks[at].legacyJob.empty(); };
    llvm::SmallVector<TaskId, 4> junctions{id};
    bool runsAfterSkipped = false;
    for (size_t i = 0; i < junctions.size() && !runsAfterSkipped; ++i) {
        Task const& each = dag.tasks[junctions[i]];
        runsAfterSkipped = each.rule != TriggerRule::allSuccess;
        llvm::copy_if(each.upstream, std::back_inserter(junctions), isPlain);
    }
    if (!runsAfterSkipped)
        return false;
    ir::JobId const own = ledger.jobOf(dag.tasks[id].legacyJob);
    llvm::SmallVector<ir::JobId, 8> above;
    llvm::DenseSet<uint32_t> seen;
    llvm::SmallVector<TaskId, 8> pending(llvm::ArrayRef<TaskId>(dag.tasks[id].upstream));
    while (!pending.empty()) {
        TaskId const at = pending.pop_back_val();
        if (!seen.insert(at.value).second)
            continue;
        Task const& task = dag.tasks[at];
        bool const isStart =
            task.role == Role::job || task.role == Role::gate || task.role == Role::hold;
        if (isStart && !isPlain(at) && ledger.jobOf(task.legacyJob) != own)
            above.push_back(ledger.jobOf(task.legacyJob));
        pending.append(task.upstream.begin(), task.upstream.end());
    }
    return ledger.keepsOut(own, run.id, above);
}

// --- control nodes
// --------------------------------------------------------------------------------

bool Simulation::isSettled(LiveRun const& run, llvm::StringRef job, Task const& gate) const {
    Dag const& dag = dagOf(run);
    if (job == gate.legacyJob)
        return false;
    for (GroupId group = gate.group; group; group = dag.groups[group].parent)
        if (dag.groups[group].isBox && dag.groups[group].legacyJob == job)
            return false; // a box around the gate is not settled while the gate waits
    auto const found = facts[run.dag].settledBy.find(job);
    return found != facts[run.dag].settledBy.end() && llvm::all_of(found->second, [&](TaskId id) {
               return isFinished(run.slots[id.value].state);
           });
}

std::optional<int64_t> Simulation::tickToWaitFor(LiveRun const& run, Task const& gate,
                                                 ir::JobId job) {
    json const& times = gate.argument("ticks");
    if (!times.is_object())
        return std::nullopt;
    auto const name = times.find("ticks");
    auto const set = name != times.end() && name->is_string()
                         ? bag.tickSetByName.find(name->get_ref<std::string const&>())
                         : bag.tickSetByName.end();
    if (set == bag.tickSetByName.end()) {
        guess(fmt::format("task {} of {}: its times", gate.id, dagOf(run).id));
        return std::nullopt;
    }
    std::vector<int64_t> const& ticks = bag.tickSets[set->second].ticks;
    auto const next = std::upper_bound(ticks.begin(), ticks.end(), now);
    if (next != ticks.begin()) {
        int64_t const last = *std::prev(next);
        // A tick that fell while the job ran never existed (JIL-144).
        int64_t const over = std::max(ledger[job].lastStart, ledger[job].lastEnd);
        auto const missed = missedAt.find(job.value);
        bool const isGone = missed != missedAt.end() && last <= missed->second; // JIL-151
        if (!isGone && (ledger[job].lastStart >= 0 ? last > over : last >= run.told.tick))
            return std::nullopt; // a tick is pending (JIL-112)
    }
    return next == ticks.end() ? INT64_MAX : *next;
}

/// JIL-151: a tick that waits inside the window misses it when it closes. One before the opening
/// waits for that only, but the next one may lie in the window: Airflow drops the ticks of a DAG
/// while its run waits.
Simulation::Waiting Simulation::waitingTick(LiveRun const& run, bool isTop, llvm::StringRef window,
                                            llvm::StringRef zone) const {
    auto const closingOf = [&](int64_t tick) {
        auto const answer = askWindow(window, zone, tick);
        return answer && answer->kind == WindowAnswer::Kind::runNow ? std::optional(answer->at)
                                                                    : std::nullopt;
    };
    if (auto const closing = closingOf(run.told.tick))
        return {closing, std::nullopt};
    Dag const& dag = dagOf(run);
    if (!isTop || dag.timetable.kind != Timetable::Kind::ticks)
        return {};
    std::vector<int64_t> const& ticks = bag.tickSets[dag.timetable.ticks].ticks;
    auto next = std::upper_bound(ticks.begin(), ticks.end(), run.told.tick);
    for (; next != ticks.end() && *next <= now; ++next)
        if (auto const closing = closingOf(*next))
            return {closing, std::nullopt};
    return {std::nullopt, next == ticks.end() ? std::nullopt : std::optional(*next)};
}

void Simulation::askGate(LiveRun& run, TaskId id) {
    Task const& gate = taskOf(run, id);
    ir::JobId const job = ledger.jobOf(gate.legacyJob);
    bool const isTop = gate.legacyJob == facts[run.dag].topology.top;
    bool const isForced = isTop && run.startEvent == "FORCE_STARTJOB";
    bool const ignoresTime = isTop && run.startEvent == "STARTJOB"; // JIL-144
    auto const pass = [&] { finish(run, id, TaskState::success); };
    auto const skip = [&](llvm::StringRef rule, std::string why) {
        made.trace.notStarted.push_back({now, gate.legacyJob, {rule, std::move(why), {}}});
        finish(run, id, TaskState::skipped);
    };
    auto const waitUntil = [&](int64_t wake) {
        wait(run, id, Slot::Waits::gate);
        if (wake > now && wake < scenario.end)
            plan({wake, 0, Instant::Kind::wake, 0, 0, {}, 0});
    };
    std::string when = textOf(gate.argument("when"));
    if (when.empty())
        when = "true";
    std::string const window = ignoresTime ? std::string() : textOf(gate.argument("window"));
    // A gate that asks for nothing says when a box starts of which each member waits for more.
    bool const isOpen = when == "true" && textOf(gate.argument("window")).empty() &&
                        !gate.argument("ticks").is_object();
    if (isForced && !isOpen)
        return pass();
    ir::ExprId const condition = ledger.condition(when);
    if (!condition)
        return finish(run, id, TaskState::failed);
    llvm::StringSet<> undefined;
    if (json const& names = gate.argument("undefined"); names.is_array())
        for (json const& name : names)
            undefined.insert(textOf(name));
    bool const isNow = gate.argument("mode") == "now";
    bool const excludes = ledger.excludes(condition);
    Status const status = ledger[job].status;
    bool const underWay = semantics::isUnderWay(status);
    bool const isMine = ledger.isMine(job, run.id) && (underWay || semantics::isEnded(status));
    if (excludes && isMine && underWay && (ledger.isBox(job) || ledger.startedByGate(job)))
        return pass();
    if (isTrue(gate.argument("race")) && isMine)
        return skip("JIL-060", "it has started by another way");
    if (ledger.isBoxOver(job, run.id))
        return skip("JIL-003", "its box completed without it");
    std::string zone = textOf(gate.argument("timezone"));
    if (zone.empty())
        zone = "UTC";
    auto const miss = [&] {
        missedAt[job.value] = now;
        if (ledger[job].status != Status::inactive)
            ledger.record(job, Status::inactive, run.id,
                          {"JIL-151", "missed the run window " + window, {}});
        skip("JIL-151", "missed the run window " + window);
    };
    // JIL-151: whether its window lets a member run in a box run is decided when the box starts.
    if (auto const started = ledger.boxStart(job, run.id); started && !window.empty())
        if (auto const answer = askWindow(window, zone, *started);
            answer && answer->kind == WindowAnswer::Kind::notToday)
            return miss();
    if (!ignoresTime)
        if (auto const tick = tickToWaitFor(run, gate, job))
            return waitUntil(*tick);
    auto const holds = [&] { return ledger.evaluate(condition, gate.legacyJob, undefined); };
    if (!holds()) {
        if (isNow)
            return skip("JIL-005", "its condition is false: " + when);
        Waiting const inside = window.empty() || gate.argument("ticks").is_object()
                                   ? Waiting{}
                                   : waitingTick(run, isTop, window, zone);
        if (inside.closing)
            return now < *inside.closing ? waitUntil(*inside.closing) : miss();
        bool isLocal = false;
        bool const isHopeless =
            !ledger.canBecomeTrue(condition, gate.legacyJob, undefined, [&](llvm::StringRef name) {
                isLocal = isLocal || facts[run.dag].settledBy.contains(name);
                return isSettled(run, name, gate);
            });
        if (isHopeless)
            return skip("JIL-144",
                        "its condition cannot become true any more in this run: " + when);
        if (inside.upcoming)
            waitUntil(*inside.upcoming);
        return waitUntil(isLocal ? ledger.nextExpiry(condition) : 0);
    }
    if (!window.empty()) {
        auto const answer = askWindow(window, zone, now);
        if (!answer)
            guess(fmt::format("task {} of {}: window {}", gate.id, dagOf(run).id, window));
        else if (answer->kind == WindowAnswer::Kind::waitUntil)
            return waitUntil(answer->at);
        else if (answer->kind == WindowAnswer::Kind::notToday)
            return miss();
    }
    if (!excludes && !(isOpen && ledger.isBox(job)))
        return pass();
    switch (ledger.tryStart(job, run.id, 1, holds, true)) { // JIL-076
    case Ledger::Answer::closed: return skip("JIL-003", "its box completed without it");
    case Ledger::Answer::isFalse:
        return isNow ? skip("JIL-005", "its condition is false: " + when) : waitUntil(0);
    case Ledger::Answer::held: return waitUntil(0);
    default: return pass();
    }
}

void Simulation::askHold(LiveRun& run, TaskId id) {
    ir::JobId const job = ledger.jobOf(taskOf(run, id).legacyJob);
    if (ledger.isBoxOver(job, run.id))
        finish(run, id, TaskState::skipped);
    else if (ledger[job].status == Status::onHold)
        wait(run, id, Slot::Waits::hold);
    else
        finish(run, id, TaskState::success);
}

void Simulation::judge(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    if (!enter(run, id)) {
        finish(run, id, TaskState::skipped);
        return;
    }
    auto const status = ledger.closeBox(ledger.jobOf(task.legacyJob), run.id);
    if (!status || !semantics::isEnded(*status))
        finish(run, id, TaskState::skipped); // its own condition kept the box from starting
    else
        finish(run, id, *status == Status::success ? TaskState::success : TaskState::failed);
}

// --- jobs
// -----------------------------------------------------------------------------------------

semantics::RunPlan Simulation::planOf(std::string const& job) {
    size_t const n = starts[job]++;
    auto const found = scenario.runs.find(job);
    if (found == scenario.runs.end() || found->second.empty())
        return scenario.defaultRun;
    return found->second[std::min(n, found->second.size() - 1)];
}

/// JIL-061: it polls once an interval, and two polls in a row must see the file; INT64_MAX: never.
int64_t Simulation::watchedUntil(Task const& task) const {
    std::string const path = textOf(task.argument("path"));
    int64_t const least = integerOf(task.argument("min_size")).value_or(0);
    int64_t const interval =
        std::max<int64_t>(1, integerOf(task.argument("interval")).value_or(60));
    int64_t arrival = INT64_MAX;
    for (semantics::FileArrival const& file : scenario.files)
        if (file.path == path && file.size >= least)
            arrival = std::min(arrival, file.at);
    if (arrival == INT64_MAX)
        return arrival;
    int64_t const wait = std::max<int64_t>(0, arrival - now);
    return now + (wait + interval - 1) / interval * interval + interval;
}

Ending Simulation::endingOf(Task const& task, semantics::RunPlan const& plan, bool isShim) const {
    Ending ending;
    ending.exitCode = plan.exitCode;
    if (isShim && (isA(task, "Unsupported") || isA(task, "Opaque")))
        return {Status::failure, {}, false, "an action that is not translated"};
    if (plan.terminated) {
        // A shim never retries it (JIL-054); of a stock operator it is a failure like any other.
        return {isShim ? Status::terminated : Status::failure, {}, !isShim, "died by a signal"};
    }
    bool const isCommand = isShim && isA(task, "Command");
    if (isCommand) {
        std::string rule = textOf(task.argument("exit_rule"));
        bool const isGood = isSuccess(rule.empty() ? "max: 0" : rule, plan.exitCode);
        ending.status = isGood ? Status::success : Status::failure;
    } else if (plan.exitCode != 0 && isSkipCode(task, plan.exitCode)) {
        ending.status = Status::inactive;
    } else {
        ending.status = plan.exitCode == 0 ? Status::success : Status::failure;
    }
    ending.text = fmt::format("exit code {}", plan.exitCode);
    return ending;
}

void Simulation::startShim(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    if (!enter(run, id)) {
        finish(run, id, TaskState::skipped);
        return;
    }
    Slot& slot = run.slots[id.value];
    waiting.erase({run.id, id.value});
    slot.waits = Slot::Waits::nothing;
    slot.state = TaskState::running;
    if (task.argument("resources").is_string() && !scenario.hasEndlessCapacity)
        guess(fmt::format("task {} of {}: resources", task.id, dagOf(run).id));
    ir::JobId const job = ledger.jobOf(task.legacyJob);
    switch (ledger.tryStart(job, run.id, slot.attempt + 1)) {
    case Ledger::Answer::closed:
        made.trace.notStarted.push_back(
            {now, task.legacyJob, {"JIL-003", "its box completed without it", {}}});
        finish(run, id, TaskState::skipped);
        return;
    case Ledger::Answer::held: wait(run, id, Slot::Waits::start); return;
    case Ledger::Answer::iced: finish(run, id, TaskState::success); return;
    case Ledger::Answer::noexec:
        ledger.record(job, Status::running, run.id, {"JIL-092", "ON_NOEXEC", {}});
        ledger.record(job, Status::success, run.id, {"JIL-092", "ON_NOEXEC", {}}, 0);
        finish(run, id, TaskState::success);
        return;
    default: break;
    }
    ledger.record(job, Status::running, run.id, {"JIL-003", "its task runs", {}}, {},
                  slot.attempt + 1);
    begin(run, id, task.legacyJob, true);
}

void Simulation::startStock(LiveRun& run, TaskId id) {
    std::string const job = jobNameOf(run, id);
    Slot& slot = run.slots[id.value];
    slot.state = TaskState::running;
    tell(job, Status::starting, {}, slot.attempt + 1, "its task starts");
    tell(job, Status::running, {}, slot.attempt + 1, "its task runs");
    begin(run, id, job, false);
}

/// Plans the end of the attempt that starts now.
void Simulation::begin(LiveRun& run, TaskId id, std::string const& job, bool isShim) {
    Task const& task = taskOf(run, id);
    Slot& slot = run.slots[id.value];
    ++slot.attempt;
    bool const isEmpty = isA(task, "EmptyOperator"); // with callbacks or outlets (AF-016)
    semantics::RunPlan const plan_ =
        isEmpty ? semantics::RunPlan{0, 0, false} : planOf(job.empty() ? task.id : job);
    slot.ending = endingOf(task, plan_, isShim);
    int64_t end = now + std::max<int64_t>(0, plan_.duration);
    // As in the reference interpreter: a watcher whose run is told does not look for its file.
    if (isShim && isA(task, "FileWatcher") && !scenario.runs.contains(job)) {
        slot.ending = {Status::success, 0, true, "the file is there"};
        end = watchedUntil(task);
    }
    if (isShim && (isA(task, "Unsupported") || isA(task, "Opaque")))
        end = now;
    std::optional<int64_t> limit = integerOf(fieldOf(task, "execution_timeout"));
    if (isShim)
        if (auto const minutes = integerOf(task.argument("term_run_time")))
            limit = std::min(limit.value_or(INT64_MAX), *minutes * 60);
    if (limit && end - now > *limit) {
        end = now + *limit;
        // TAF-3, TAF-4: Airflow retries a stock operator's time-out; a shim's is TERMINATED.
        slot.ending = {isShim ? Status::terminated : Status::failure, {}, !isShim, "time-out"};
    }
    if (end < scenario.end)
        plan({end, 0, Instant::Kind::taskEnd, 0, run.id, id, ++slot.token});
}

void Simulation::endAttempt(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    Slot& slot = run.slots[id.value];
    bool const isShim = !task.legacyJob.empty();
    std::string const name = jobNameOf(run, id);
    Ending const ending = slot.ending;
    auto const say = [&](Status status) {
        if (isShim)
            ledger.record(ledger.jobOf(task.legacyJob), status, run.id,
                          {"JIL-057", ending.text, {}}, ending.exitCode, slot.attempt);
        else
            tell(name, status, ending.exitCode, slot.attempt, ending.text);
    };
    int64_t const retries = integerOf(fieldOf(task, "retries")).value_or(0);
    bool const isAgain = ending.status == Status::failure && ending.mayRetry &&
                         static_cast<int64_t>(slot.attempt) <= retries;
    if (isAgain) {
        say(Status::restart);
        if (isTrue(fieldOf(task, "retry_exponential_backoff")))
            guess(fmt::format("task {} of {}: the delays of its retries", task.id, dagOf(run).id));
        int64_t const delay = integerOf(fieldOf(task, "retry_delay")).value_or(300);
        wait(run, id, Slot::Waits::retry);
        plan({now + delay, 0, Instant::Kind::retry, 0, run.id, id, ++slot.token});
        return;
    }
    say(ending.status);
    switch (ending.status) {
    case Status::success: finish(run, id, TaskState::success); break;
    case Status::inactive: finish(run, id, TaskState::skipped); break;
    default: finish(run, id, TaskState::failed); break;
    }
}

/// KILLJOB and `kill`: the operator kills its command and records TERMINATED; between two attempts
/// the ledger does, and the next one ends before it runs.
void Simulation::honourKills() {
    std::vector<ir::JobId> const asked = std::move(ledger.kills);
    ledger.kills.clear();
    for (ir::JobId const job : asked)
        for (std::unique_ptr<LiveRun> const& run : runs)
            for (TaskId const id : dagOf(*run).tasks.ids()) {
                Slot& slot = run->slots[id.value];
                Task const& task = taskOf(*run, id);
                if (task.role != Role::job || task.legacyJob != ledger.nameOf(job))
                    continue;
                if (slot.waits == Slot::Waits::retry && !slot.isKilled) {
                    slot.isKilled = true;
                    ledger.record(job, Status::terminated, run->id, {"JIL-083", "KILLJOB", {}});
                    continue;
                }
                if (slot.state != TaskState::running)
                    continue;
                slot.ending = {Status::terminated, {}, false, "KILLJOB"};
                endAttempt(*run, id);
            }
}

} // namespace hoist::target
