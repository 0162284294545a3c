// One scenario being played on one estate: the state beside the status store, and the steps that
// change it. The steps live in files by concern: Starts.cpp (may it start?), Runs.cpp (how a start
// goes), Boxes.cpp, Clock.cpp (ticks, windows, alarms of the clock), Capacity.cpp (machines, load,
// resources), Operators.cpp (events from outside), Changes.cpp (one change of a status and what
// follows), Interpreter.cpp (the loop).
//
// Everything that follows from one event is done before the next one (JIL-002). What follows waits
// in `pending`, first in first out, so that no chain of jobs becomes a chain of calls.
#pragma once

#include "analysis/semantics/Fold.h"
#include "analysis/semantics/Interpreter.h"
#include "analysis/semantics/Queue.h"
#include "analysis/semantics/Window.h"

#include <deque>
#include <set>

namespace hoist::semantics {

/// Why a job is considered for a start now.
struct Trigger {
    enum class Kind : uint8_t {
        tick,
        change,   ///< of `cause`
        boxStart, ///< of the box `cause`
        startJob, ///< an operator's STARTJOB: dates are ignored, everything else holds (JIL-144)
        force,    ///< an operator's FORCE_STARTJOB (JIL-081)
        offHold,
        window,   ///< the opening it waited for
        queue,    ///< what it waited for has become free
        emptyBox, ///< it has started, and there is nothing to wait for (JIL-091, JIL-122)
    };
    Kind kind = Kind::tick;
    std::string cause; ///< the job or variable
};

/// Units of a resource that a job has (JIL-160).
struct HeldUnits {
    llvm::StringRef resource;
    int64_t quantity = 0;
    char free = 'Y';
};

/// One execution with its attempts.
struct ActiveRun {
    ir::JobId job;
    RunPlan plan;
    int64_t startedAt = 0;
    unsigned attempt = 1;
    bool isAlive = true;
    llvm::StringRef machine; ///< whose load units it has
};

/// What the interpreter knows of a job beside its row in the status store.
struct JobState {
    bool isArmed = false; ///< JIL-144
    bool isNoExec = false;
    bool hasRunInBox = false; ///< in this box run (JIL-111)
    bool isSilent = false;    ///< outside `only`: never starts by itself
    bool waitsForWindow = false;
    uint32_t windowTurn = 0; ///< tells an opening that nobody waits for any more
    uint32_t run = noRun;    ///< the latest run
    unsigned starts = 0;     ///< attempts so far: index into the scenario's plans
    unsigned runs = 0;
    llvm::StringRef pendingMachine; ///< acquired for the run that starts now
    std::vector<HeldUnits> units;
    std::string blocker; ///< the key of Play::waiters under which it waits; empty: in no queue
    int64_t queuedAt = -1;
    int64_t startedAt = -1; ///< the last instant at which it started, and how often
    unsigned startsThen = 0;
    bool isForced = false; ///< what it waits for is a forced start

    static constexpr uint32_t noRun = ~uint32_t(0);
};

class Play {
public:
    Play(ir::Estate const& model, schedule::Ticks& tickSource, Scenario const& script,
         llvm::ArrayRef<ir::WorkflowId> only);
    void begin();
    /// The instant of what comes next; nothing: all has been played.
    std::optional<int64_t> nextAt() const;
    void playNext();
    /// How a job of Control-M ended, or that it runs: another scheduler's statuses (JIL-075).
    void hear(ir::JobId job, Status status, std::optional<int64_t> exitCode, int64_t at);
    Trace const& soFar() const { return trace; }
    Trace finish();

private:
    using Text = std::string;

    // Changes.cpp
    void setStatus(ir::JobId job, Status status, Reason reason,
                   std::optional<int64_t> exitCode = {}, unsigned attempt = 0);
    void notStarted(ir::JobId job, llvm::StringRef rule, Text text, llvm::StringRef cause = {});
    void alarm(ir::JobId job, llvm::StringRef name);
    /// The status of a job has changed and is recorded: its boxes, then whoever refers to it.
    void propagate(ir::JobId job);
    void wakeDependents(llvm::StringRef name, llvm::ArrayRef<ir::JobId> dependents);
    void drain();

    // Starts.cpp
    void consider(ir::JobId job, Trigger const& trigger);
    bool admitsTick(ir::JobId job);
    bool isBoxReady(ir::JobId job, Trigger const& trigger);
    bool admitsWindow(ir::JobId job, Trigger const& trigger);
    bool startsWithoutEnd(ir::JobId job);
    void planClosing(ir::JobId job, Trigger const& trigger);
    Text whyFalse(ir::JobId job) const;
    Text describe(ir::JobId job, Trigger const& trigger) const;
    bool isConditionTrue(ir::JobId job) const;

    // Runs.cpp
    void start(ir::JobId job, Reason reason);
    void beginAttempt(uint32_t run);
    void tryAgain(uint32_t run);
    void endRun(uint32_t run);
    void finish(ir::JobId job, Status status, Reason reason, std::optional<int64_t> exitCode,
                unsigned runPlusOne);
    void reachTimeLimit(uint32_t run, unsigned attempt);
    void kill(ir::JobId job, Reason reason);
    void planWatch(uint32_t run, ir::FileWatchAction const& watch);
    bool isBypassed(ir::JobId job) const;
    Text expandGlobals(llvm::StringRef text) const;
    RunPlan nextPlan(ir::JobId job);

    // Boxes.cpp
    void startBox(ir::JobId box);
    void offerMembers(ir::JobId box);
    void completeEmptyBox(ir::JobId box);
    void activateMembers(ir::JobId box);
    void completeBox(ir::JobId box, Derived const& derived, llvm::StringRef cause);
    void settleUnstarted(ir::JobId box);
    void foldUpwards(ir::JobId job, llvm::SmallVectorImpl<ir::JobId>& changed);

    // Clock.cpp
    void planDay(int64_t from);
    void planChecks(ir::JobId job, ir::Schedule const& schedule, int64_t tick);
    void onExcludedTick(ir::JobId job);
    void onWindowCloses(ir::JobId job, uint32_t runsAtTick);
    void onCheck(ir::JobId job, uint32_t check, bool isStart);
    Text clockText(ir::JobId job, int64_t instant) const;

    // Capacity.cpp
    /// Takes machine, load and resources, or puts the job into the queue of what is missing.
    bool acquire(ir::JobId job, bool isForced);
    void resume(ir::JobId job, Trigger const& trigger);
    void releaseRun(ActiveRun& run);
    void giveBack(ir::JobId job, Status status);
    void wake(Text const& blocker);
    std::optional<int64_t> freeLoad(llvm::StringRef machine) const;
    std::optional<int64_t> freeUnitsOf(llvm::StringRef resource) const;
    void leaveQueue(ir::JobId job);
    void queueUp(ir::JobId job, Status status, Text blocker, llvm::StringRef rule, Text text);
    llvm::SmallVector<llvm::StringRef, 2> machinesOf(ir::JobId job) const;
    void wakeMachine(llvm::StringRef machine);

    // Operators.cpp
    void onOutside(Event const& event);
    void onJobEvent(Event const& event, ir::JobId job);
    void onHold(ir::JobId job);
    void offHold(ir::JobId job);
    void onIce(ir::JobId job);
    void offIce(ir::JobId job);
    void onNoExec(ir::JobId job);
    void changeStatus(ir::JobId job, Status status, std::optional<int64_t> exitCode,
                      llvm::StringRef rule, llvm::StringRef what);
    void releaseResource(llvm::StringRef object);

    void setUp();
    void index();
    void step(PlannedEvent const& event);
    bool isInRunningBox(ir::JobId job) const {
        ir::JobId const box = estate.jobs[job].box;
        return box && store[box].status == Status::running;
    }

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    Scenario const& scenario;
    Store store;
    std::optional<Fold> fold; ///< once the statuses before the start are in the store
    Queue queue;
    Trace trace;
    int64_t now = 0;

    IdVector<ir::JobId, JobState> states;
    std::vector<ActiveRun> runs;
    IdVector<ir::JobId, std::vector<ir::JobId>> dependents; ///< by the job they refer to
    llvm::StringMap<std::vector<ir::JobId>> externalDependents;
    llvm::StringMap<std::vector<ir::JobId>> variableDependents;
    llvm::StringMap<std::vector<FileArrival>> arrivals; ///< by path, in time order
    std::vector<ir::JobId> scheduled;                   ///< jobs with ticks, in definition order

    struct Pending {
        ir::JobId job;
        Trigger trigger;
    };
    std::deque<Pending> pending;

    struct Check { ///< must_start, must_complete
        ir::JobId job;
        int64_t tick = 0;
    };
    std::vector<Check> checks;

    using Waiter = std::tuple<int64_t, int64_t, uint32_t>; ///< priority, since, job
    std::map<std::string, std::set<Waiter>> waiters;       ///< by what they wait for
    llvm::StringMap<int64_t> unitsInUse;                   ///< by resource; depleted units stay
    llvm::StringMap<int64_t> loadInUse;                    ///< by machine
    llvm::StringMap<bool> offline;
};

} // namespace hoist::semantics
