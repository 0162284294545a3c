// Questions to the formula of a run, and what a model says.
#include "analysis/equivalence/RunModel.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {

using target::Role;
using target::TaskId;

std::vector<Lit> RunModel::cone(ir::JobId job) {
    // Every job but the one asked about starts as its start function says.
    std::vector<Lit> bound;
    for (ir::JobId id : workflow.jobs)
        if (auto it = jobs.find(id.value); it != jobs.end())
            bound.push_back(id == job ? it->second.free : !it->second.free);
    return bound;
}

Solver::Answer RunModel::ask(std::vector<Lit> assumptions, int conflicts) {
    assumptions.push_back(isNew);
    Solver::Answer const answer = solver.solve(assumptions, conflicts);
    if (answer != Solver::Answer::satisfiable)
        return answer;
    // A night on which nobody is killed is the likelier story.
    std::vector<Lit> likely = assumptions;
    for (ir::JobId id : workflow.jobs)
        if (auto it = jobs.find(id.value); it != jobs.end())
            likely.push_back(!it->second.terminated);
    if (solver.solve(likely, conflicts) == Solver::Answer::satisfiable)
        return answer;
    return solver.solve(assumptions, conflicts);
}

void RunModel::excludeModel() {
    if (isNew.isYes())
        isNew = solver.fresh();
    std::vector<Lit> other{!isNew};
    auto const add = [&](Lit literal) {
        if (solver.isTrue(literal))
            other.push_back(!literal);
    };
    for (ir::JobId id : workflow.jobs)
        if (auto it = jobs.find(id.value); it != jobs.end())
            for (Lit state : {it->second.waiting, it->second.running, it->second.succeeded,
                              it->second.failed, it->second.terminated})
                add(state);
    for (Lit literal : facts.statesOfOthers())
        add(literal);
    solver.require(other);
}

Solver::Answer RunModel::disagree(Question question, int conflicts) {
    std::vector<Lit> assumptions = cone(question.job);
    Lit airflow;
    if (auto it = jobs.find(question.job.value); it != jobs.end()) {
        assumptions.push_back(it->second.waiting);
        assumptions.push_back(states[question.task].waiting);
        airflow = runOf(question.job, question.task, decide(dag.tasks[question.task]));
    } else {
        airflow = passNow.lookup(question.task.value); // the last control of a box
    }
    lastLegacy = legacyStart(question.job);
    Lit const differ = !solver.equal(airflow, lastLegacy);
    if (differ.isNo())
        return Solver::Answer::unsatisfiable;
    assumptions.push_back(differ);
    for (Lit hang : innerHangs)
        assumptions.push_back(!hang);
    // A gate right before its job passes at the instant at which the job starts. First without any
    // memories at all: such a counterexample is the shorter story.
    std::vector<Lit> withoutPast = assumptions;
    for (Past const& past : pasts) {
        if (past.dependent == question.job && !past.beforeTheRest)
            assumptions.push_back(!past.passed);
        withoutPast.push_back(!past.passed);
    }
    Solver::Answer const simple = ask(withoutPast, conflicts);
    if (simple != Solver::Answer::unsatisfiable || pasts.empty())
        return simple;
    return ask(std::move(assumptions), conflicts);
}

Solver::Answer RunModel::verdictsDisagree(int conflicts) {
    std::vector<Lit> assumptions = cone({});
    for (Lit hang : innerHangs)
        assumptions.push_back(!hang);
    for (TaskId id : dag.tasks.ids()) {
        assumptions.push_back(!states[id].waiting);
        assumptions.push_back(!states[id].running);
    }
    llvm::SmallVector<Lit, 8> badLeaves;
    for (TaskId id : dag.tasks.ids())
        if (dag.tasks[id].downstream.empty())
            badLeaves.push_back(solver.any({states[id].failed, states[id].upstreamFailed}));
    Lit const runFailed = solver.any(badLeaves);
    ir::JobId const root = workflow.root;
    if (auto it = boxes.find(root.value); it != boxes.end()) {
        assumptions.push_back(it->second.started); // a run that its own gate ends is no run
        // A box that hangs because a member never starts, while nothing failed: how its run ends is
        // not compared (the assumption `stuck-box-ends`). One in which something failed must be
        // red.
        Lit const hangs = it->second.running;
        llvm::SmallVector<Lit, 8> bad;
        for (auto const& [id, job] : jobs) {
            bad.push_back(job.failed);
            bad.push_back(job.terminated);
        }
        assumptions.push_back(solver.any({!hangs, solver.any(bad)}));
        lastLegacy = solver.all({!hangs, closing(root, true)});
    } else if (auto job = jobs.find(root.value); job != jobs.end()) {
        assumptions.push_back(!job->second.waiting);
        lastLegacy = job->second.succeeded;
    } else {
        return Solver::Answer::unsatisfiable;
    }
    assumptions.push_back(!solver.equal(runFailed, !lastLegacy));
    return ask(std::move(assumptions), conflicts);
}

Solver::Answer RunModel::canHang(int conflicts) {
    auto it = boxes.find(workflow.root.value);
    if (it == boxes.end())
        return Solver::Answer::unsatisfiable;
    if (!innerHangs.empty()) {
        std::vector<Lit> inner = cone({});
        inner.push_back(solver.any(innerHangs));
        if (Solver::Answer const answer = solver.solve(inner, conflicts);
            answer != Solver::Answer::unsatisfiable)
            return answer;
    }
    std::vector<Lit> assumptions = cone({});
    for (TaskId id : dag.tasks.ids()) {
        assumptions.push_back(!states[id].waiting);
        assumptions.push_back(!states[id].running);
    }
    assumptions.push_back(it->second.started);
    assumptions.push_back(it->second.running);
    return ask(std::move(assumptions), conflicts);
}

JobState RunModel::stateOf(ir::JobId id) const {
    auto it = jobs.find(id.value);
    if (it == jobs.end())
        return JobState::waiting;
    Job const& job = it->second;
    JobState const state =
        stateIn(solver, {job.running, job.succeeded, job.failed, job.terminated});
    if (state != JobState::waiting)
        return state;
    if (auto task = pair.taskOf.find(id.value); task != pair.taskOf.end())
        if (solver.isTrue(states[task->second].skipped) ||
            solver.isTrue(states[task->second].upstreamFailed))
            return JobState::skipped;
    return JobState::waiting;
}

bool RunModel::areAlike(ir::ExprId a, ir::ExprId b, ir::JobId box, int conflicts) {
    Lit const differ = !solver.equal(truth.of(a, {.dependent = box, .isFold = true}),
                                     truth.of(b, {.dependent = box, .isFold = true}));
    return differ.isNo() || solver.solve(differ, conflicts) == Solver::Answer::unsatisfiable;
}

Solver::Answer RunModel::judgesTooEarly(int conflicts) {
    llvm::SmallVector<Lit, 8> running, verdicts;
    for (auto const& [id, job] : jobs)
        running.push_back(job.running);
    for (TaskId id : dag.tasks.ids()) {
        auto it = pair.guardedBy.find(id.value);
        if (dag.tasks[id].role == Role::verdict && it != pair.guardedBy.end() &&
            it->second == workflow.root) // one that is skipped or upstream_failed judges nothing
            verdicts.push_back(solver.any({states[id].success, states[id].failed}));
    }
    auto const root = boxes.find(workflow.root.value);
    if (verdicts.empty() || root == boxes.end())
        return Solver::Answer::unsatisfiable;
    std::vector<Lit> assumptions = cone({});
    assumptions.push_back(root->second.started);
    assumptions.push_back(!root->second.over); // box_success may come early by design (JIL-115)
    assumptions.push_back(solver.any(running));
    assumptions.push_back(solver.any(verdicts));
    lastLegacy = Lit::no();
    return ask(std::move(assumptions), conflicts);
}

bool RunModel::isReleased(ir::JobId job) const {
    auto it = facts.all().find(fmt::format("held {}", job.value));
    return it != facts.all().end() && !solver.isTrue(it->second);
}

uint32_t RunModel::pastInUse() const {
    for (Past const& past : pasts)
        if (solver.isTrue(past.passed))
            return past.gate.value + 1;
    return 0;
}

std::optional<TaskId> RunModel::opaqueAncestor(TaskId task) const {
    llvm::DenseSet<uint32_t> seen;
    llvm::SmallVector<TaskId, 8> open{task};
    while (!open.empty()) {
        TaskId const id = open.pop_back_val();
        for (TaskId up : dag.tasks[id].upstream) {
            if (!seen.insert(up.value).second)
                continue;
            target::Task const& other = dag.tasks[up];
            bool const isJob = pair.jobOf.contains(up.value);
            if (!isJob && (other.role == Role::opaque || other.role == Role::job ||
                           other.rule == target::TriggerRule::unknown))
                return up;
            open.push_back(up);
        }
    }
    return std::nullopt;
}

} // namespace hoist::equivalence
