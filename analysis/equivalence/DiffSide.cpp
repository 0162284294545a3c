// One version of a definition as start functions.
#include "analysis/equivalence/DiffSide.h"

#include <llvm/ADT/SmallVector.h>

namespace hoist::equivalence {

DiffSide::DiffSide(ir::Estate const& model, ir::WorkflowId given, Names const& names, Facts& known,
                   Solver& sat)
    : estate(model), workflow(model.workflows[given]), id(given), shared(names), facts(known),
      solver(sat), truth(model, workflow.root, *this, known, sat) {}

std::string DiffSide::sharedName(llvm::StringRef job) const {
    auto it = shared.find(job.str());
    return it == shared.end() ? job.str() : it->second;
}

bool DiffSide::isLocal(ir::JobId job) const { return estate.jobs[job].workflow == id; }

bool DiffSide::isAbsent(ir::JobId job) const {
    for (ir::JobId at = job; at && at != workflow.root; at = estate.jobs[at].box)
        if (truth.isIced(at))
            return true;
    return false;
}

StatusLits const& DiffSide::factsOf(ir::JobId job) {
    return facts.job(sharedName(estate.jobs[job].name), 0);
}

std::optional<StatusLits> DiffSide::statusOf(ir::JobId job) const {
    if (isAbsent(job))
        return std::nullopt;
    ir::Job const& definition = estate.jobs[job];
    if (!definition.group)
        return facts.job(sharedName(definition.name), 0);
    // A box, unfolded (JIL-114). One that may be over early is a fact of its own.
    auto& self = const_cast<DiffSide&>(*this); // memo tables only
    Lit const isOver = self.over(job);
    if (!isOver.isNo())
        return facts.job(sharedName(definition.name), 0);
    llvm::SmallVector<Lit, 8> ended, bad;
    for (ir::JobId member : estate.groups[definition.group].members)
        if (auto status = statusOf(member)) {
            ended.push_back(solver.any({status->succeeded, status->failed, status->terminated}));
            bad.push_back(solver.any({status->failed, status->terminated}));
        }
    Lit const begun = self.started(job), all = solver.all(ended), someBad = solver.any(bad);
    return StatusLits{solver.all({begun, !all}), solver.all({begun, all, !someBad}),
                      solver.all({begun, all, someBad}), Lit::no()};
}

Lit DiffSide::started(ir::JobId box) {
    if (auto it = startedMemo.find(box.value); it != startedMemo.end())
        return it->second;
    startedMemo[box.value] = Lit::no(); // a circle of boxes is an error of link
    ir::Job const& job = estate.jobs[box];
    Lit begun = Lit::yes();
    if (box != workflow.root) {
        // A box that runs goes on when the one around it has ended, but none begins then (JIL-003).
        Lit around = started(job.box);
        if (!over(job.box).isNo())
            around = solver.all({around, facts.named("begins " + sharedName(job.name))});
        begun = around;
        bool const isPlain = !job.condition && !job.isHeld() && !job.schedule;
        if (!isPlain) {
            Lit const condition = job.condition ? truth.of(job.condition.expr, {box}) : Lit::yes();
            begun = solver.all({around, condition});
            if (job.isHeld())
                begun = solver.all({begun, !facts.named("held " + sharedName(job.name))});
            if (job.schedule)
                begun = solver.all({begun, facts.named("tick " + sharedName(job.name))});
            if (job.condition && truth.isUnstable(job.condition.expr, box))
                begun = solver.any(
                    {begun, solver.all({around, facts.named("begun " + sharedName(job.name))})});
        }
    }
    startedMemo[box.value] = begun;
    return begun;
}

Lit DiffSide::over(ir::JobId box) {
    if (auto it = overMemo.find(box.value); it != overMemo.end())
        return it->second;
    overMemo[box.value] = Lit::no();
    ir::Group const& group = estate.groups[estate.jobs[box].group];
    llvm::SmallVector<Lit, 4> ends;
    for (ir::ConditionRef const* fold : {&group.success, &group.failure})
        if (*fold)
            ends.push_back(truth.of(fold->expr, {.dependent = box, .isFold = true}));
    for (ir::JobId member : group.members) {
        ir::Job const& job = estate.jobs[member];
        if (job.boxTerminator && *job.boxTerminator)
            if (auto status = statusOf(member))
                ends.push_back(solver.any({status->failed, status->terminated}));
    }
    return overMemo[box.value] = solver.any(ends);
}

Lit DiffSide::start(ir::JobId job) {
    ir::Job const& definition = estate.jobs[job];
    if (isAbsent(job))
        return Lit::no();
    llvm::SmallVector<Lit, 6> parts;
    if (definition.box && job != workflow.root) {
        parts.push_back(started(definition.box));
        parts.push_back(!over(definition.box));
    }
    if (definition.condition)
        parts.push_back(truth.of(definition.condition.expr, {job}));
    std::string const name = sharedName(definition.name);
    if (definition.isHeld())
        parts.push_back(!facts.named("held " + name));
    if (job != workflow.root && definition.schedule)
        parts.push_back(facts.named("tick " + name));
    return solver.all(parts);
}

Lit DiffSide::succeeds() {
    ir::Job const& root = estate.jobs[workflow.root];
    if (!root.group)
        return facts.job(sharedName(root.name), 0).succeeded;
    ir::Group const& group = estate.groups[root.group];
    if (group.success)
        return truth.of(group.success.expr, {.dependent = workflow.root, .isFold = true});
    llvm::SmallVector<Lit, 8> good;
    for (ir::JobId member : group.members)
        if (auto status = statusOf(member))
            good.push_back(status->succeeded);
    if (group.failure)
        good.push_back(!truth.of(group.failure.expr, {.dependent = workflow.root, .isFold = true}));
    return solver.all(good);
}

void DiffSide::bind(ir::JobId job) {
    ir::Job const& definition = estate.jobs[job];
    if (definition.group || isAbsent(job))
        return;
    StatusLits const& status = factsOf(job);
    Lit const begun =
        solver.any({status.running, status.succeeded, status.failed, status.terminated});
    if (definition.box)
        solver.require({!begun, started(definition.box)});
    if (definition.condition && !truth.isUnstable(definition.condition.expr, job))
        solver.require({!begun, truth.of(definition.condition.expr, {job})});
    bool const cannotFail = definition.exitRule.kind == ir::ExitRule::Kind::any ||
                            std::holds_alternative<ir::FileWatchAction>(definition.action);
    if (cannotFail)
        solver.require({!status.failed});
}

} // namespace hoist::equivalence
