// The state of a simulation of loaded DAGs: runs and task instances as Airflow has them, the
// ledger, and the instants still to come. Scheduling is in DagRun.cpp, what tasks do in
// Operators.cpp, what goes on between DAGs and what operators decide in Between.cpp.
#pragma once

#include "analysis/target/DagRun.h"
#include "analysis/target/Ledger.h"
#include "analysis/target/TriggerRules.h"

#include <llvm/ADT/DenseMap.h>

#include <deque>
#include <queue>
#include <set>

namespace hoist::target {

/// How an attempt of a job ends.
struct Ending {
    Status status = Status::success; ///< inactive: the operator skips
    std::optional<int64_t> exitCode;
    bool mayRetry = true;
    std::string text;
};

/// A task instance.
struct Slot {
    enum class Waits : uint8_t { nothing, gate, hold, start, retry, sensor };
    UpstreamCounts counts; ///< of its upstream tasks
    TaskState state = TaskState::none;
    Waits waits = Waits::nothing;
    unsigned attempt = 0;
    uint32_t token = 0;    ///< an instant planned with another token is void
    Ending ending;         ///< of the attempt that runs
    bool isKilled = false; ///< while it waited for its next attempt, which does not run then
};

struct LiveRun {
    size_t dag = 0; ///< index of the DagToRun
    int id = 0;
    RunOfDag told;
    std::string startEvent; ///< FORCE_STARTJOB, STARTJOB or none
    std::optional<int64_t> logicalDate;
    bool isClock = false;
    bool isOpened = false; ///< a shim has made the run start
    std::vector<Slot> slots;
    unsigned unfinished = 0, busy = 0; ///< busy: running or waiting
    bool isOver() const { return told.state != RunState::running; }
};

class Simulation {
public:
    Simulation(Bag const& loaded, llvm::ArrayRef<DagToRun> taking,
               semantics::Scenario const& played, std::vector<bool> const* decided,
               unsigned orderOfTasks);
    DagTrace play();

private:
    struct Instant {
        enum class Kind : uint8_t { tick, manual, outside, taskEnd, retry, timeout, gaveUp, wake };
        int64_t at = 0;
        uint64_t order = 0;
        Kind kind = Kind::wake;
        size_t index = 0; ///< of a DagToRun, or of an event
        int run = 0;
        TaskId task;
        uint32_t token = 0;
        bool operator>(Instant const& other) const {
            return std::tie(at, order) > std::tie(other.at, other.order);
        }
    };
    struct PendingRun {
        int64_t tick = 0;
        bool isClock = false;
        std::string startEvent;
        std::optional<int64_t> logicalDate = {};
    };
    /// What does not change during the simulation.
    struct DagFacts {
        Topology topology;
        bool hasShims = false;
        llvm::StringMap<std::vector<TaskId>> settledBy; ///< job or box → its tasks
        std::deque<PendingRun> pending;
        nlohmann::json const* wantedAssets = nullptr; ///< of a schedule by assets
        std::set<std::string> newAssets;              ///< with an event since its last run
        unsigned active = 0;
    };

    // --- DagRun.cpp: what the scheduler does ---
    void prepare(size_t index);
    void plan(Instant instant);
    void happen(Instant const& instant);
    void settle();
    bool settleOnce();
    void ask(LiveRun& run, TaskId id);
    void request(size_t dag, PendingRun pending);
    void release(size_t dag);
    void start(size_t dag, PendingRun const& pending);
    void consider(LiveRun& run, TaskId id);
    bool pastAllows(LiveRun const& run, TaskId id) const;
    void finish(LiveRun& run, TaskId id, TaskState state);
    void wait(LiveRun& run, TaskId id, Slot::Waits why);
    void stopRest(LiveRun& run);
    void endIfOver(LiveRun& run);
    void end(LiveRun& run, RunState state);
    RunState stateByLeaves(LiveRun const& run) const;
    void dispatch();
    void outside(semantics::Event const& event);
    void guess(std::string text);
    DagTrace result();

    // --- Operators.cpp: what the tasks do ---
    void execute(LiveRun& run, TaskId id);
    bool enter(LiveRun& run, TaskId id);
    bool isKeptOut(LiveRun const& run, TaskId id) const;
    void askGate(LiveRun& run, TaskId id);
    void askHold(LiveRun& run, TaskId id);
    void judge(LiveRun& run, TaskId id);
    void startShim(LiveRun& run, TaskId id);
    void startStock(LiveRun& run, TaskId id);
    void begin(LiveRun& run, TaskId id, std::string const& job, bool isShim);
    void endAttempt(LiveRun& run, TaskId id);
    void honourKills();
    void tell(std::string const& job, Status status, std::optional<int64_t> exitCode,
              unsigned attempt, std::string text);
    semantics::RunPlan planOf(std::string const& job);
    Ending endingOf(Task const& task, semantics::RunPlan const& plan, bool isShim) const;
    int64_t watchedUntil(Task const& task) const;
    bool isSettled(LiveRun const& run, llvm::StringRef job, Task const& gate) const;
    /// The instant to wait for before a gate's own times let it pass; nothing: they do now.
    std::optional<int64_t> tickToWaitFor(LiveRun const& run, Task const& gate, ir::JobId job);
    /// Of a gate whose condition is false: when the window closes in which a tick waits, else the
    /// tick to come that may lie in one.
    struct Waiting {
        std::optional<int64_t> closing, upcoming;
    };
    Waiting waitingTick(LiveRun const& run, bool isTop, llvm::StringRef window,
                        llvm::StringRef zone) const;

    // --- Between.cpp: sensors on other DAGs, asset events, decisions ---
    /// A run of another DAG that a sensor looks for.
    struct Sought {
        size_t dag = 0; ///< index of the DagToRun
        int64_t date = 0;
        bool isRun = false; ///< the run itself, not tasks of it
        std::vector<std::string> tasks;
    };
    std::optional<Sought> soughtBy(LiveRun const& run, Task const& sensor) const;
    bool isPlayable(LiveRun const& run, Task const& sensor, Sought const& sought) const;
    unsigned countIn(Sought const& sought, nlohmann::json const& states) const;
    bool startSensor(LiveRun& run, TaskId id);
    void askSensor(LiveRun& run, TaskId id);
    bool decideBranch(LiveRun& run, TaskId id);
    void skipAfter(LiveRun& run, TaskId id, bool all);
    void readAssets(size_t index);
    void updateAssets(LiveRun const& run, TaskId id);
    void offerAssets(size_t index);
    std::optional<int64_t> dateOf(Dag const& dag, int64_t tick) const;

    Dag const& dagOf(LiveRun const& run) const { return bag.dags[run.told.dag]; }
    Task const& taskOf(LiveRun const& run, TaskId id) const { return dagOf(run).tasks[id]; }
    std::string jobNameOf(LiveRun const& run, TaskId id) const;

    Bag const& bag;
    llvm::ArrayRef<DagToRun> dags;
    semantics::Scenario const& scenario;
    llvm::DenseMap<uint32_t, int64_t> missedAt; ///< job → when a gate last missed its window
    std::vector<bool> const* choices;
    unsigned permutation;         ///< of simultaneous tasks; 0: the order of insertion
    std::vector<uint32_t> rankOf; ///< of a task of any DAG, in the permutation
    DagTrace made;
    std::vector<DagId> ids;
    Ledger ledger;
    std::vector<DagFacts> facts;
    std::vector<std::unique_ptr<LiveRun>> runs;
    std::priority_queue<Instant, std::vector<Instant>, std::greater<>> instants;
    std::deque<std::pair<int, TaskId>> toConsider;
    std::set<std::pair<int, uint32_t>> waiting; ///< run, task: asked again when something changed
    std::map<std::string, size_t> starts;       ///< how often a job has started
    std::map<std::string, int64_t> ownEnds;
    uint64_t changes = 0; ///< task instances that finished, wakes
    uint64_t order = 0;
    uint64_t askedAt = ~uint64_t(0);
    int64_t now = 0;
    std::set<std::string> guessed;
};

} // namespace hoist::target
