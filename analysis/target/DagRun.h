// What Airflow does with loaded DAGs on a day to play: which runs its timetables make, which tasks
// run, skip or fail upstream, and what the shims then say to their ledger. The counterpart of
// semantics::run: the two traces are what `hoist verify` compares.
#pragma once

#include "analysis/semantics/Trace.h"
#include "analysis/target/Bag.h"

#include <llvm/ADT/ArrayRef.h>

#include <string>
#include <vector>

namespace hoist::target {

enum class TaskState : uint8_t {
    none,    ///< not looked at, or waiting for upstream tasks
    waiting, ///< deferred: a gate, a hold, a job that waits for a release or for its retry
    running,
    success,
    failed,
    skipped,
    upstreamFailed,
};
llvm::StringRef toString(TaskState state); ///< Airflow's spelling: "upstream_failed", "deferred"
constexpr bool isFinished(TaskState state) { return state >= TaskState::success; }

enum class RunState : uint8_t { running, success, failed };
llvm::StringRef toString(RunState state);

/// A DAG to take part.
struct DagToRun {
    DagId dag;
    /// By TaskId: the legacy job that the task runs; where it is empty (or the vector short) a
    /// shim's own name, and no job for a task that is no shim.
    std::vector<std::string> jobs;
    /// The legacy name of a run of a DAG without shims: RUNNING at its start, then as it ends.
    std::string box;
    bool usesTimetable = true;
    /// Further runs, as if triggered at these instants, which are their logical dates.
    std::vector<int64_t> starts;
    /// Of a DAG that no clock starts: the jobs and variables whose events `hoistctl dispatch`
    /// follows for it.
    std::vector<std::string> wokenByJobs, wokenByVariables;
};

struct RunOfDag {
    DagId dag;
    int64_t tick = 0;  ///< the instant it is for
    int64_t start = 0; ///< when Airflow made it; later than the tick when earlier runs were active
    int64_t end = -1;  ///< -1: still running at the scenario's end
    bool isDropped = false; ///< the ledger answered `dropped` (JIL-144)
    RunState state = RunState::running;
    std::vector<TaskState> tasks; ///< by TaskId
};

/// What an operator decided whose Python function is not known: a ShortCircuitOperator.
struct Branching {
    DagId dag;
    TaskId task;
    int64_t at = 0;
    bool goesOn = true; ///< false: it skips what comes after it
};

struct DagTrace {
    semantics::Trace trace;
    std::vector<RunOfDag> runs;       ///< in the order of their starts
    std::vector<Branching> decisions; ///< in the order of time; empty without `choices`
    /// What the simulation does not know and took for harmless, each once: "task X: …". When it is
    /// not empty, a difference is a guess.
    std::vector<std::string> guesses;
    int64_t guessedAt = 0; ///< the instant of the first; what came before it is known
};

/// Plays the scenario. Deterministic: ties are processed in the order of insertion, unless `order`
/// says otherwise. Scheduling
/// takes no time; a task is looked at whenever something changed.
///
/// `choices`: how decisions go that the export does not tell, in the order in which they come up;
/// beyond its end they go on. Without it such a decision is a guess.
///
/// `order`: which of the orders that nobody promises (TR-52) the tasks of one instant take; another
/// number, another permutation of a DAG's tasks.
DagTrace runDags(Bag const& bag, llvm::ArrayRef<DagToRun> dags, semantics::Scenario const& scenario,
                 std::vector<bool> const* choices = nullptr, unsigned order = 0);

} // namespace hoist::target
