// The state of lowering one workflow, shared by the files that lower its parts.
#pragma once

#include "backend/airflow/DagLowering.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <set>
#include <string>
#include <vector>

namespace hoist::airflow {

/// How a job or box starts: after `upstream`, under `rule`; then, if `when` is not constantly true,
/// a gate reads the ledger.
struct Start {
    Nodes upstream;
    TriggerRule rule = TriggerRule::allSuccess;
    ir::ExprId when;
};

/// What the whole workflow says about its jobs, before any of them is lowered.
struct WorkflowFacts {
    WorkflowFacts(ir::Estate& estate, ir::WorkflowId workflow);

    /// Jobs that are defined ON_ICE, or sit in a box that is: they get no task.
    llvm::DenseSet<uint32_t> absent;
    /// Jobs that run in every run of the DAG (that is not dropped), whatever the outcomes.
    llvm::DenseSet<uint32_t> certain;
    /// Nested boxes that wait for more than the start of the box around them.
    llvm::DenseSet<uint32_t> entered;
    /// Boxes whose status may turn before their last member has ended, or that a member can
    /// terminate (JIL-115, 116).
    llvm::DenseSet<uint32_t> early;
    /// Nested boxes that need a verdict task: a condition of this DAG reads their status and their
    /// leaves do not tell it; or whose end changes facts.
    llvm::DenseSet<uint32_t> judged;

    /// True when starting `dependent` is part of what the end of `other` waits for: no edge may
    /// join them.
    bool isCyclic(ir::JobId dependent, ir::JobId other) const;
    bool isMember(ir::JobId job) const { return job && indexOf.contains(job.value); }

private:
    void findAbsent(ir::Estate const& estate, ir::Workflow const& workflow);
    void findComponents(ir::Estate const& estate, ir::Workflow const& workflow);
    void findCertain(ir::Estate& estate, ir::Workflow const& workflow);
    void findJudged(ir::Estate const& estate, ir::Workflow const& workflow);

    llvm::DenseMap<uint32_t, uint32_t> indexOf; ///< job → position in the workflow
    std::vector<uint32_t> component;            ///< of start(i) at 2i, of end(i) at 2i+1
    std::vector<uint32_t> topological;          ///< positions, each after what it waits for
};

class WorkflowLowering : DagLowering {
public:
    WorkflowLowering(ir::WorkflowId givenWorkflow, LowerContext& givenContext);
    Dag run();

private:
    // LowerWorkflow.cpp: boxes, order, verdicts
    void createNodes();
    void lowerStarts();
    void enterFromRootGate();
    void startLateRoot();
    void startLateBoxes();
    bool tellsAtOnce(TaskId id) const;
    llvm::DenseSet<uint32_t> promptlyStarted() const;
    void addVerdicts();
    bool hasNoTasks(ir::JobId box) const;
    void startWithVerdict(TaskId verdict);
    void finish();
    bool isEmitted(ir::JobId job) const {
        return taskOf.contains(job.value) || boxOf.contains(job.value);
    }
    BoxId enclosing(ir::JobId job) const;
    /// A control task of a job: `<task id>.<suffix>`, printed before the job.
    TaskId addControl(ir::JobId job, llvm::StringRef suffix, std::string operatorClass,
                      Py::Keywords arguments, BoxId box);
    void settleBoxAttributes(ir::JobId job, bool isRoot);
    Py::Keywords foldArguments(ir::JobId box);
    void nameJob(ir::JobId job, llvm::StringRef id, Py::Keywords& arguments) const;
    Nodes leavesOf(BoxId box) const;

    // LowerCondition.cpp
    /// Lowers condition, hold, own times and window of a job or nested box into its start.
    Start lowerStart(ir::JobId job, BoxId box);
    Start lowerCondition(ir::JobId job, ir::ExprId expr, BoxId box);
    Start lowerAll(ir::JobId job, ir::ExprId expr, BoxId box);
    Start lowerAny(ir::JobId job, ir::ExprId expr, BoxId box);
    /// The node that succeeds exactly when a stable expression comes true.
    Node signalOf(ir::JobId job, ir::ExprId expr, BoxId box);
    Node disjunct(ir::JobId job, ir::ExprId expr, BoxId box);
    Node junction(ir::JobId job, llvm::StringRef suffix, Nodes upstream, TriggerRule rule,
                  BoxId box);
    Node gate(ir::JobId job, ir::ExprId when, Nodes upstream, TriggerRule rule, BoxId box,
              Py::Keywords more = {});
    ir::ExprId icedConstant(ir::ExprId expr);
    ir::ExprId withIcedAsConstants(ir::ExprId expr);
    ir::ExprId withoutIced(ir::ExprId expr);
    /// Changes of what the condition reads start this DAG (JIL-005).
    void subscribe(ir::ExprId when);
    /// Names in a condition that nothing defines, as the shims' argument `undefined` (JIL-066).
    Py::List undefinedNames(ir::ExprId when) const;
    /// What of a job's condition may have turned false since its gate let it pass.
    ir::ExprId unstablePart(ir::JobId job);
    /// Truth is decided by one run of a job of this DAG, and stays as decided.
    bool isStable(ir::JobId dependent, ir::AtomId atom) const;
    bool isStable(ir::JobId dependent, ir::ExprId expr) const;
    bool isSuccessAtom(ir::ExprId expr) const;
    Node nodeOf(ir::ExprId atom) const;
    bool hasEntryBetween(ir::JobId dependent, ir::ExprId expr) const;
    void settleCondition(ir::ConditionRef const& condition, llvm::StringRef form);
    void noteLedgerReads(ir::ExprId expr);
    llvm::StringRef formOf(Start const& start, bool hasGate) const;

    // LowerJob.cpp
    void lowerJob(ir::JobId job);
    void lowerCommand(ir::Job const& job, Py::Keywords& arguments);
    void lowerLoad(ir::Job const& job, Placement const& placement, Py::Keywords& arguments);
    void lowerPolicies(ir::Job const& job, Placement const& placement, Py::Keywords& arguments);
    void lowerResources(ir::Job const& job, Placement const& placement, Py::Keywords& arguments);
    void lowerQueue(ir::JobId job, Py::Keywords& arguments);
    void addMachines(ir::Job const& job, Py::Keywords& arguments);
    Py::Dict alarmsOf(ir::Job const& job, bool withTimes);
    std::vector<std::string> commentsOf(ir::Job const& job) const;
    void settleText(ir::Job const& job);

    // LowerSchedule.cpp
    void lowerRootSchedule(ir::Job const& root);
    Py scheduleExpression(ir::Schedule const& schedule);
    std::string zoneOf(ir::Schedule const& schedule);
    void addWindow(ir::Schedule const& schedule, Py::Keywords& arguments);
    static bool hasTicks(ir::Schedule const& schedule);
    void settleSchedule(ir::Schedule const& schedule, llvm::StringRef form);
    void settleDeadSchedule(ir::Job const& job);

    void settle(ir::ConstructId id, diag::Fidelity fate, llvm::StringRef form) {
        estate.constructs.settle(id, fate, form);
    }

    WorkflowFacts facts;
    llvm::DenseMap<uint32_t, TaskId> taskOf; ///< job → its own task
    llvm::DenseMap<uint32_t, BoxId> boxOf;   ///< nested box → its group
    llvm::DenseMap<uint32_t, TaskId> verdictOf;
    llvm::DenseSet<uint32_t> startingVerdicts;                ///< of boxes without tasks
    llvm::DenseMap<uint32_t, std::vector<TaskId>> controlsOf; ///< by job
    llvm::DenseMap<uint32_t, ir::ExprId> icedMemo;
    std::set<std::string> subscribedJobs, subscribedVariables;
    bool leavesTell = true; ///< the leaves of the DAG tell the legacy verdict (AF-015)
    TaskId rootGate;
};

} // namespace hoist::airflow
