// The scheduler: runs by timetable, trigger rules, the end of a run.
#include "analysis/target/Simulation.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

namespace hoist::target {

llvm::StringRef toString(TaskState state) {
    switch (state) {
    case TaskState::none: return "none";
    case TaskState::waiting: return "deferred";
    case TaskState::running: return "running";
    case TaskState::success: return "success";
    case TaskState::failed: return "failed";
    case TaskState::skipped: return "skipped";
    case TaskState::upstreamFailed: return "upstream_failed";
    }
    return "none";
}

llvm::StringRef toString(RunState state) {
    switch (state) {
    case RunState::running: return "running";
    case RunState::success: return "success";
    case RunState::failed: return "failed";
    }
    return "running";
}

namespace {

constexpr int64_t late = 300; ///< hoist's timetables: no tick of the last five minutes is skipped

bool isTrue(nlohmann::json const& fields, char const* key) {
    auto const found = fields.find(key);
    return found != fields.end() && found->is_boolean() && found->get<bool>();
}

std::vector<DagId> idsOf(llvm::ArrayRef<DagToRun> dags) {
    std::vector<DagId> ids;
    for (DagToRun const& dag : dags)
        ids.push_back(dag.dag);
    return ids;
}

} // namespace

Simulation::Simulation(Bag const& loaded, llvm::ArrayRef<DagToRun> taking,
                       semantics::Scenario const& played, std::vector<bool> const* decided,
                       unsigned orderOfTasks)
    : bag(loaded), dags(taking), scenario(played), choices(decided), permutation(orderOfTasks),
      ids(idsOf(taking)), ledger(loaded, ids, played, made.trace) {}

void Simulation::guess(std::string text) {
    if (made.guesses.empty())
        made.guessedAt = now;
    if (guessed.insert(text).second)
        made.guesses.push_back(std::move(text));
}

void Simulation::plan(Instant instant) {
    instant.order = order++;
    instants.push(instant);
}

void Simulation::prepare(size_t index) {
    DagToRun const& taking = dags[index];
    Dag const& dag = bag.dags[taking.dag];
    // A task's place is the same at each instant and in each run, as a tie in reality tends to
    // fall.
    for (auto task = static_cast<uint32_t>(rankOf.size());
         permutation != 0 && task < dag.tasks.size(); ++task) {
        std::seed_seq seed{permutation, task};
        std::array<uint32_t, 1> rank{};
        seed.generate(rank.begin(), rank.end());
        rankOf.push_back(rank.front());
    }
    DagFacts& fact = facts[index];
    fact.topology = topologyOf(dag);
    for (TaskId const id : dag.tasks.ids()) {
        Task const& task = dag.tasks[id];
        fact.hasShims = fact.hasShims || !task.legacyJob.empty();
        if (task.role == Role::job && !task.legacyJob.empty())
            fact.settledBy[task.legacyJob].push_back(id);
        for (GroupId group = task.group; group; group = dag.groups[group].parent)
            if (dag.groups[group].isBox)
                fact.settledBy[dag.groups[group].legacyJob].push_back(id);
        for (char const* const key : {"wait_for_downstream", "is_setup", "is_teardown"})
            if (isTrue(task.fields, key))
                guess(fmt::format("task {} of {}: {}", task.id, dag.id, key));
        if (task.rule == TriggerRule::unknown)
            guess(fmt::format("task {} of {}: trigger rule {}", task.id, dag.id, task.ruleText));
    }
    using Kind = Timetable::Kind;
    if (taking.usesTimetable && dag.timetable.kind == Kind::ticks) {
        TickSet const& set = bag.tickSets[dag.timetable.ticks];
        for (int64_t const tick : set.ticks)
            if (tick >= scenario.start && tick < scenario.end)
                plan({tick, 0, Instant::Kind::tick, index, 0, {}, 0});
        if (scenario.end > set.until || scenario.start < bag.from)
            guess(fmt::format("DAG {}: its ticks are not listed for the whole scenario", dag.id));
    } else if (taking.usesTimetable && dag.timetable.kind == Kind::assets) {
        readAssets(index);
    } else if (taking.usesTimetable && dag.timetable.kind != Kind::none) {
        guess(fmt::format("DAG {}: schedule {}", dag.id, dag.timetable.type));
    }
    for (int64_t const at : taking.starts)
        plan({at, 0, Instant::Kind::manual, index, 0, {}, 0});
}

DagTrace Simulation::play() {
    made.trace.start = scenario.start;
    made.trace.end = scenario.end;
    made.trace.globals = scenario.globals;
    now = ledger.now = scenario.start;
    facts.resize(dags.size());
    for (size_t i = 0; i < scenario.events.size(); ++i)
        plan({scenario.events[i].at, 0, Instant::Kind::outside, i, 0, {}, 0});
    for (size_t i = 0; i < dags.size(); ++i)
        prepare(i);
    for (semantics::FileArrival const& file : scenario.files)
        plan({file.at, 0, Instant::Kind::wake, 0, 0, {}, 0});
    while (!instants.empty() && instants.top().at < scenario.end) {
        Instant const instant = instants.top();
        instants.pop();
        now = ledger.now = std::max(now, instant.at);
        happen(instant);
        settle();
    }
    return result();
}

void Simulation::happen(Instant const& instant) {
    using Kind = Instant::Kind;
    auto const isVoid = [&] {
        Slot const& slot = runs[static_cast<size_t>(instant.run)]->slots[instant.task.value];
        return slot.token != instant.token;
    };
    switch (instant.kind) {
    case Kind::tick:
        request(instant.index,
                {instant.at, true, "", dateOf(bag.dags[dags[instant.index].dag], instant.at)});
        break;
    case Kind::manual: request(instant.index, {instant.at, false, "", instant.at}); break;
    case Kind::outside: outside(scenario.events[instant.index]); break;
    case Kind::taskEnd:
        if (!isVoid())
            endAttempt(*runs[static_cast<size_t>(instant.run)], instant.task);
        break;
    case Kind::retry:
        if (!isVoid()) {
            LiveRun& run = *runs[static_cast<size_t>(instant.run)];
            Slot& slot = run.slots[instant.task.value];
            slot.waits = Slot::Waits::nothing;
            if (std::exchange(slot.isKilled, false))
                finish(run, instant.task, TaskState::failed);
            else
                execute(run, instant.task);
        }
        break;
    case Kind::timeout: {
        LiveRun& run = *runs[static_cast<size_t>(instant.run)];
        if (!run.isOver()) {
            stopRest(run);
            end(run, RunState::failed);
        }
        break;
    }
    case Kind::gaveUp: // a sensor's time-out is never retried (AF-032)
        if (!isVoid()) {
            LiveRun& run = *runs[static_cast<size_t>(instant.run)];
            bool const isSoft = taskOf(run, instant.task).argument("soft_fail") == true;
            finish(run, instant.task, isSoft ? TaskState::skipped : TaskState::failed);
        }
        break;
    case Kind::wake: ++changes; break;
    }
}

// --- runs
// -----------------------------------------------------------------------------------------

void Simulation::request(size_t dag, PendingRun pending) {
    facts[dag].pending.push_back(std::move(pending));
    release(dag);
}

/// Makes the runs that max_active_runs allows.
void Simulation::release(size_t index) {
    DagFacts& fact = facts[index];
    Dag const& dag = bag.dags[dags[index].dag];
    while (!fact.pending.empty() && static_cast<int64_t>(fact.active) < dag.maxActiveRuns) {
        // Without catch-up one run makes up for all ticks that were missed (JIL-006): of hoist's
        // timetables the oldest of the last five minutes, else the latest.
        if (!dag.catchup && fact.pending.front().isClock) {
            bool const isOurs = llvm::StringRef(dag.timetable.module).starts_with("hoist_airflow.");
            auto const isLost = [&](size_t i) {
                return isOurs && fact.pending[i].tick >= now - late;
            };
            while (fact.pending.size() > 1 && fact.pending[1].isClock && !isLost(0)) {
                made.trace.notStarted.push_back({fact.pending.front().tick,
                                                 fact.topology.top,
                                                 {"JIL-006", "a later tick makes up for it", {}}});
                fact.pending.pop_front();
            }
        }
        PendingRun const pending = fact.pending.front();
        fact.pending.pop_front();
        start(index, pending);
    }
}

void Simulation::start(size_t index, PendingRun const& pending) {
    Dag const& dag = bag.dags[dags[index].dag];
    auto made_ = std::make_unique<LiveRun>();
    LiveRun& run = *made_;
    run.dag = index;
    run.id = static_cast<int>(runs.size());
    run.told.dag = dags[index].dag;
    run.told.tick = pending.tick;
    run.told.start = now;
    run.startEvent = pending.startEvent;
    run.logicalDate = pending.logicalDate;
    run.isClock = pending.isClock;
    run.slots.resize(dag.tasks.size());
    run.unfinished = static_cast<unsigned>(dag.tasks.size());
    for (TaskId const id : dag.tasks.ids()) {
        UpstreamCounts& counts = run.slots[id.value].counts;
        for (TaskId const up : dag.tasks[id].upstream)
            counts.setups += isTrue(dag.tasks[up].fields, "is_setup") ? 1 : 0;
        counts.unfinished = static_cast<unsigned>(dag.tasks[id].upstream.size());
        toConsider.emplace_back(run.id, id);
    }
    ++facts[index].active;
    runs.push_back(std::move(made_));
    if (dag.dagrunTimeout)
        plan({now + *dag.dagrunTimeout, 0, Instant::Kind::timeout, 0, run.id, {}, 0});
    if (!facts[index].hasShims && !dags[index].box.empty())
        tell(dags[index].box, Status::running, {}, 0, "the DAG run starts");
}

bool Simulation::pastAllows(LiveRun const& run, TaskId id) const {
    if (!isTrue(taskOf(run, id).fields, "depends_on_past"))
        return true;
    for (size_t i = static_cast<size_t>(run.id); i-- > 0;)
        if (runs[i]->dag == run.dag) {
            TaskState const before = runs[i]->slots[id.value].state;
            return before == TaskState::success || before == TaskState::skipped;
        }
    return true;
}

/// What the scheduler does when it looks at a task that nothing was decided about.
void Simulation::consider(LiveRun& run, TaskId id) {
    Slot& slot = run.slots[id.value];
    if (run.isOver() || slot.state != TaskState::none)
        return;
    switch (decide(taskOf(run, id).rule, slot.counts)) {
    case Decision::wait: return;
    case Decision::skip: finish(run, id, TaskState::skipped); return;
    case Decision::upstreamFailed: finish(run, id, TaskState::upstreamFailed); return;
    case Decision::run: break;
    }
    if (!pastAllows(run, id)) {
        waiting.insert({run.id, id.value});
        return;
    }
    waiting.erase({run.id, id.value});
    ++run.busy;
    slot.state = TaskState::running;
    execute(run, id);
}

void Simulation::wait(LiveRun& run, TaskId id, Slot::Waits why) {
    Slot& slot = run.slots[id.value];
    slot.state = TaskState::waiting;
    slot.waits = why;
    if (why != Slot::Waits::retry)
        waiting.insert({run.id, id.value});
}

void Simulation::finish(LiveRun& run, TaskId id, TaskState state) {
    Slot& slot = run.slots[id.value];
    if (slot.state == TaskState::running || slot.state == TaskState::waiting)
        --run.busy;
    slot.state = state;
    slot.waits = Slot::Waits::nothing;
    ++slot.token;
    waiting.erase({run.id, id.value});
    --run.unfinished;
    ++changes;
    bool const isSetup = isTrue(taskOf(run, id).fields, "is_setup");
    for (TaskId const down : taskOf(run, id).downstream) {
        UpstreamCounts& counts = run.slots[down.value].counts;
        --counts.unfinished;
        switch (state) {
        case TaskState::success:
            ++counts.success;
            counts.setupSuccess += isSetup ? 1 : 0;
            break;
        case TaskState::failed: ++counts.failed; break;
        case TaskState::skipped:
            ++counts.skipped;
            counts.setupSkipped += isSetup ? 1 : 0;
            break;
        default: ++counts.upstreamFailed; break;
        }
        toConsider.emplace_back(run.id, down);
    }
    if (state == TaskState::success)
        updateAssets(run, id);
    if (state == TaskState::failed && dagOf(run).failFast)
        stopRest(run);
}

/// fail_fast, dagrun_timeout: nothing of the run goes on.
void Simulation::stopRest(LiveRun& run) {
    for (TaskId const id : dagOf(run).tasks.ids()) {
        TaskState const state = run.slots[id.value].state;
        if (isFinished(state))
            continue;
        bool const isBusy = state != TaskState::none;
        if (isBusy && !taskOf(run, id).legacyJob.empty())
            guess(fmt::format("task {} of {}: it is stopped with its run", taskOf(run, id).id,
                              dagOf(run).id));
        finish(run, id, isBusy ? TaskState::failed : TaskState::skipped);
    }
}

/// AF-015: the effective leaves alone decide.
RunState Simulation::stateByLeaves(LiveRun const& run) const {
    Dag const& dag = dagOf(run);
    auto const isLeaf = [&](Task const& task) {
        for (TaskId const down : task.downstream)
            if (!isTrue(dag.tasks[down].fields, "is_teardown") ||
                isTrue(dag.tasks[down].fields, "on_failure_fail_dagrun"))
                return false;
        return !isTrue(task.fields, "is_teardown") || isTrue(task.fields, "on_failure_fail_dagrun");
    };
    auto const isBad = [&](TaskId id) {
        TaskState const state = run.slots[id.value].state;
        return state == TaskState::failed || state == TaskState::upstreamFailed;
    };
    bool any = false, bad = false, badPlain = false;
    for (TaskId const id : dag.tasks.ids()) {
        Task const& task = dag.tasks[id];
        if (isLeaf(task)) {
            any = true;
            bad = bad || isBad(id);
        }
        badPlain = badPlain || (task.downstream.empty() && isBad(id));
    }
    return (any ? bad : badPlain) ? RunState::failed : RunState::success;
}

void Simulation::endIfOver(LiveRun& run) {
    if (run.isOver())
        return;
    if (run.unfinished == 0)
        end(run, stateByLeaves(run));
    else if (run.busy == 0 &&
             llvm::none_of(waiting, [&](auto const& item) { return item.first == run.id; }))
        end(run, RunState::failed); // a deadlock: nothing can start any more
}

void Simulation::end(LiveRun& run, RunState state) {
    run.told.state = state;
    run.told.end = now;
    if (run.isOpened)
        ledger.closeRun(run.id, state == RunState::failed);
    if (!facts[run.dag].hasShims && !dags[run.dag].box.empty())
        tell(dags[run.dag].box, state == RunState::failed ? Status::failure : Status::success, {},
             0, "the DAG run ends");
    ++changes;
    --facts[run.dag].active;
    release(run.dag);
    offerAssets(run.dag);
}

// --- everything that follows at this instant
// ------------------------------------------------------

void Simulation::settle() {
    while (settleOnce()) {
    }
}

bool Simulation::settleOnce() {
    bool any = false;
    while (!toConsider.empty()) {
        auto const next =
            std::min_element(toConsider.begin(),
                             toConsider.begin() + (permutation == 0 ? 1 : std::ssize(toConsider)),
                             [&](auto const& a, auto const& b) {
                                 return rankOf[a.second.value] < rankOf[b.second.value];
                             });
        auto const [run, task] = *next;
        toConsider.erase(next);
        consider(*runs[static_cast<size_t>(run)], task);
        any = true;
    }
    honourKills();
    dispatch();
    uint64_t const seen = ledger.version + changes;
    if (seen != askedAt) {
        askedAt = seen;
        std::vector<std::pair<int, uint32_t>> asked(waiting.begin(), waiting.end());
        if (permutation != 0)
            llvm::sort(asked, [&](auto const& a, auto const& b) {
                return rankOf[a.second] < rankOf[b.second];
            });
        for (auto const& [run, task] : asked)
            if (waiting.contains({run, task}))
                ask(*runs[static_cast<size_t>(run)], TaskId(task));
        any = true;
    }
    if (!toConsider.empty())
        return true;
    // The end of a run may make another, whose tasks are to be looked at first.
    for (size_t i = 0; i < runs.size() && toConsider.empty(); ++i)
        endIfOver(*runs[i]);
    return any || !toConsider.empty() || ledger.version + changes != askedAt;
}

void Simulation::ask(LiveRun& run, TaskId id) {
    switch (run.slots[id.value].waits) {
    case Slot::Waits::gate: askGate(run, id); break;
    case Slot::Waits::hold: askHold(run, id); break;
    case Slot::Waits::sensor: askSensor(run, id); break;
    case Slot::Waits::start: {
        ir::JobId const job = ledger.jobOf(taskOf(run, id).legacyJob);
        if (ledger.isBoxOver(job, run.id) || ledger.mayStart(job))
            startShim(run, id);
        break;
    }
    case Slot::Waits::nothing: // depends_on_past
        consider(run, id);
        break;
    case Slot::Waits::retry: break;
    }
}

/// `hoistctl dispatch`: what happened starts the DAGs that no clock starts.
void Simulation::dispatch() {
    std::vector<Ledger::News> const news = std::move(ledger.news);
    ledger.news.clear();
    for (Ledger::News const& one : news) {
        if (!one.isVariable && (one.status == Status::activated || one.status == Status::starting ||
                                one.status == Status::running || one.status == Status::restart))
            continue; // no atom becomes true by these
        for (size_t i = 0; i < dags.size(); ++i)
            if (llvm::is_contained(one.isVariable ? dags[i].wokenByVariables : dags[i].wokenByJobs,
                                   one.name))
                request(i, {now, false, ""});
    }
}

void Simulation::outside(semantics::Event const& event) {
    using Kind = semantics::Event::Kind;
    if (event.kind == Kind::startJob || event.kind == Kind::forceStartJob) {
        for (size_t i = 0; i < dags.size(); ++i)
            if (facts[i].topology.top == event.object) {
                request(i,
                        {now, false, event.kind == Kind::startJob ? "STARTJOB" : "FORCE_STARTJOB"});
                return;
            }
        guess(fmt::format("a start of {} by an operator", event.object));
        return;
    }
    if (event.kind == Kind::releaseResource || event.kind == Kind::machOffline ||
        event.kind == Kind::machOnline) {
        guess(fmt::format("an event on {}", event.object));
        return;
    }
    if (event.kind == Kind::setGlobal)
        made.trace.globals[event.object] = event.value;
    if (!ledger.send(event))
        made.trace.notStarted.push_back(
            {now, event.object, {"JIL-080", "the event has no effect", {}}});
}

DagTrace Simulation::result() {
    for (std::unique_ptr<LiveRun> const& run : runs) {
        for (Slot const& slot : run->slots)
            run->told.tasks.push_back(slot.state);
        made.runs.push_back(std::move(run->told));
    }
    for (semantics::TraceEvent const& event : made.trace.events) {
        semantics::FinalStatus& last = made.trace.finals[event.job];
        last.status = event.status;
        if (event.status == Status::starting) {
            last.lastStart = event.at;
            last.runs += event.attempt <= 1 ? 1 : 0;
        }
        if (semantics::isEnded(event.status)) {
            last.lastEnd = event.at;
            last.exitCode = event.exitCode;
        }
    }
    if (!ledger.problems.empty()) // of conditions: nobody knows since when they matter
        made.guessedAt = now = scenario.start;
    for (std::string& problem : ledger.problems)
        guess(std::move(problem));
    return std::move(made);
}

DagTrace runDags(Bag const& bag, llvm::ArrayRef<DagToRun> dags, semantics::Scenario const& scenario,
                 std::vector<bool> const* choices, unsigned order) {
    return Simulation(bag, dags, scenario, choices, order).play();
}

} // namespace hoist::target
