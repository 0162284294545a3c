// One run of a workflow as a propositional formula: the definition on one side, the DAG on the
// other.
//
// The formula describes a *snapshot* of a run: each job has not started, is running, or has ended
// in one way; each Airflow task is waiting, running, or in one final state. Every decision of
// Airflow's trigger rules (TAF-1) is stable: what a rule has decided on part of the upstream states
// it would decide again on more of them, but for the race of `all_success` (AF-011), for which the
// formula admits both outcomes. So a snapshot needs no history: a task has started exactly if its
// rule says run, and a job may start now exactly if its condition holds now. If no snapshot
// separates the two, for each job, then by induction over the events of a run both sides start the
// same jobs at the same points (design.md "Equivalence", local proof).
//
// Both sides share one variable for each fact: the state of a job (by the induction), of jobs of
// other workflows, of global variables, of look-back windows, of holds and own times. That both
// sides read the *same* status is the contract of the ledger (docs/runtime.md), and is part of what
// is trusted.
//
// A gate that has passed stays passed, while what it read may become false again before the job
// starts, if the job waits for more than the gate. Such a gate also has a *past*: a second copy of
// the unstable facts. Snapshots are an over-approximation of what can be reached, so a model is
// only a suspicion until it has been played (Counterexample.h).
#pragma once

#include "analysis/equivalence/Matching.h"
#include "analysis/equivalence/Truth.h"

#include <map>
#include <optional>

namespace hoist::equivalence {

/// What gates and boxes of a bag say, in the estate's own pool; and what all conditions compare
/// with.
class Expressions {
public:
    /// Parses every expression of the bag. Linear in both.
    Expressions(ir::Estate& estate, target::Bag const& bag);
    /// Nothing for a text that does not parse, or that stands nowhere in the bag.
    std::optional<ir::ExprId> of(llvm::StringRef text) const { return known.lookup(text); }
    Comparisons comparisons;

private:
    llvm::StringMap<std::optional<ir::ExprId>> known;
};

class RunModel : private Members {
public:
    RunModel(ir::Estate const& estate, Pair const& pair, target::Dag const& dag,
             Expressions const& expressions);

    /// Something that may start differently: a job, or a nested box with a gate of its own.
    struct Question {
        ir::JobId job;
        target::TaskId task; ///< the job's task; for a box or the root its last control
    };
    /// Whether a snapshot exists in which the two sides disagree about starting the job now.
    Solver::Answer disagree(Question question, int conflicts);
    /// Whether a finished run exists whose state in Airflow is not the legacy status.
    Solver::Answer verdictsDisagree(int conflicts);
    /// The next answers are about other models than the last one, in what jobs are and what is
    /// outside; until `startOver`. A snapshot may be out of reach where the next one is not.
    void excludeModel();
    void startOver() { isNew = Lit::yes(); }
    /// Whether a run exists in which the legacy box, or one inside it, still hangs when everything
    /// that can end has ended (JIL-114).
    Solver::Answer canHang(int conflicts);

    /// What the last satisfiable answer says.
    JobState stateOf(ir::JobId job) const;
    /// Jobs and variables outside the workflow, exit codes, ages.
    Facts const& known() const { return facts; }
    /// The copy of the facts on which a gate passed, where they may be over by now; 0: there is
    /// none.
    uint32_t pastInUse() const;
    /// Two expressions of a box's completion say the same in every snapshot.
    bool areAlike(ir::ExprId a, ir::ExprId b, ir::JobId box, int conflicts);
    /// Whether the root's verdict can be given while a member still runs.
    Solver::Answer judgesTooEarly(int conflicts);
    /// Somebody has released a job that is held by definition.
    bool isReleased(ir::JobId job) const;

    /// Tasks whose effect on the flow is unknown and that a start depends on.
    std::optional<target::TaskId> opaqueAncestor(target::TaskId task) const;

private:
    struct States { ///< of a task; exactly one holds
        Lit waiting, running, success, failed, skipped, upstreamFailed;
        Lit done() const { return doneLit; }
        Lit doneLit;
    };
    struct Job { ///< legacy status of a plain job
        Lit waiting, running, succeeded, failed, terminated;
        Lit never; ///< Airflow has decided that it does not run
        Lit free;  ///< true: not bound to its start function (asked about)
    };
    struct Box {
        Lit started;
        Lit mayBegin; ///< no box around it was over when it was to begin
        Lit over;     ///< it has completed: members that did not start never do
        Lit running, succeeded, failed, terminated;
        bool isEarly; ///< it may complete before its last member has ended (JIL-115, 116)
    };
    struct Decision {
        Lit run, skip, fail;
    };
    void createJobs();
    void createBoxes();
    void encodeTasks();
    void encodeBoxes();
    void encodeTask(target::TaskId id);
    Decision decide(target::Task const& task);
    Lit runOf(ir::JobId job, target::TaskId task, Decision const& decision);
    Lit legacyStart(ir::JobId job);
    /// The box around a job is over for those who ask the ledger.
    Lit overInLedger(ir::JobId job);
    /// Nobody has released it yet, and the ledger knows that it is held.
    Lit heldInLedger(ir::JobId job);
    Solver::Answer ask(std::vector<Lit> assumptions, int conflicts);
    Box const* boxAround(ir::JobId job) const;
    bool mayEndEarly(ir::JobId box) const;
    Lit hangs(ir::JobId box, Decision const& verdict);
    bool isLocal(ir::JobId job) const override { return inWorkflow.contains(job.value); }
    std::optional<StatusLits> statusOf(ir::JobId job) const override;
    Lit isNever(ir::JobId job) const override;
    bool isIced(ir::JobId job) const { return truth.isIced(job); }
    bool mayPassEarly(target::TaskId gate) const;
    Lit closing(ir::JobId box, bool success);
    std::vector<Lit> cone(ir::JobId job);

    ir::Estate const& estate;
    Pair const& pair;
    target::Dag const& dag;
    Expressions const& expressions;
    Solver solver;
    ir::Workflow const& workflow;
    Facts facts;
    Truth truth;
    llvm::DenseMap<uint32_t, uint32_t> inWorkflow; ///< job → position
    std::vector<target::TaskId> order;             ///< topological
    IdVector<target::TaskId, States> states;
    llvm::DenseMap<uint32_t, Job> jobs;
    llvm::DenseMap<uint32_t, Box> boxes;
    llvm::DenseMap<uint32_t, target::TaskId> lastControl; ///< of a job or box: guards it last
    /// That a gate passed on facts that may be over by now.
    struct Past {
        target::TaskId gate;
        ir::JobId dependent;
        Lit passed;
        bool beforeTheRest; ///< its job may start later than the gate passed
    };
    std::vector<Past> pasts;
    /// An inner box that would hang for ever has been closed by its verdict (JIL-114): what follows
    /// from that is the assumption `stuck-box-ends`, not a difference.
    std::vector<Lit> innerHangs;
    llvm::DenseMap<uint32_t, Lit> passNow; ///< gates and holds: they pass at this snapshot
    Lit lastLegacy = Lit::no();
    Lit isNew = Lit::yes(); ///< assumed: the model is none that was excluded
};

} // namespace hoist::equivalence
