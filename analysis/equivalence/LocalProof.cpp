// Starts and verdicts that are equal by their shape alone.
#include "analysis/equivalence/LocalProof.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>

namespace hoist::equivalence {

using target::Role;
using target::TaskId;

LocalProof::LocalProof(ir::Estate const& model, Pair const& given, target::Dag const& loaded)
    : estate(model), pair(given), dag(loaded), workflow(model.workflows[given.workflow]) {
    for (TaskId id : dag.tasks.ids()) {
        auto it = pair.guardedBy.find(id.value);
        if (it == pair.guardedBy.end() || it->second != workflow.root ||
            dag.tasks[id].role == Role::verdict)
            continue;
        hasEntry = true;
        bool const isLast = llvm::all_of(dag.tasks[id].downstream, [&](TaskId next) {
            auto other = pair.guardedBy.find(next.value);
            return other == pair.guardedBy.end() || other->second != workflow.root ||
                   dag.tasks[next].role == Role::verdict;
        });
        if (isLast)
            entry = id;
    }
}

/// A box that starts with the one around it, and ends only when all of its members have ended.
bool LocalProof::isPlainBox(ir::JobId id) const {
    ir::Job const& box = estate.jobs[id];
    if (!box.group || (id != workflow.root &&
                       (box.condition || box.schedule || box.autoHold || box.initialStatus)))
        return false;
    ir::Group const& group = estate.groups[box.group];
    if (group.success || group.failure)
        return false;
    return llvm::none_of(group.members, [&](ir::JobId member) {
        auto const& terminator = estate.jobs[member].boxTerminator;
        return terminator && *terminator;
    });
}

bool LocalProof::startsAlike(ir::JobId id) const {
    ir::Job const& job = estate.jobs[id];
    auto const found = pair.taskOf.find(id.value);
    if (found == pair.taskOf.end() || job.autoHold || job.initialStatus || id == workflow.root)
        return false;
    if (job.schedule)
        return false;
    for (ir::JobId box = job.box; box; box = estate.jobs[box].box)
        if (!isPlainBox(box))
            return false;
    target::Task const& task = dag.tasks[found->second];
    llvm::SmallDenseSet<uint32_t, 8> wanted;
    if (job.condition) {
        ir::Conditions const& pool = estate.conditions;
        llvm::SmallVector<ir::ExprId, 8> operands{job.condition.expr};
        if (pool[job.condition.expr].kind == ir::Expr::Kind::all)
            operands.assign(pool.operands(job.condition.expr).begin(),
                            pool.operands(job.condition.expr).end());
        for (ir::ExprId operand : operands) {
            if (pool[operand].kind != ir::Expr::Kind::atom)
                return false;
            ir::Atom const& atom = pool.atomOf(operand);
            if (atom.kind != ir::Atom::Kind::status || atom.outcomes != ir::succeeded ||
                atom.scope.kind != ir::Scope::Kind::latched || !atom.job ||
                !atom.instance.empty() || estate.jobs[atom.job].workflow != pair.workflow ||
                atom.job == id)
                return false;
            auto const other = pair.taskOf.find(atom.job.value);
            if (other == pair.taskOf.end() || estate.jobs[atom.job].initialStatus)
                return false; // a box, or a job whose status is not simply its run's
            wanted.insert(other->second.value);
        }
    }
    bool const needsEntry = wanted.empty() && hasEntry;
    bool sawEntry = false;
    size_t matched = 0;
    for (TaskId up : task.upstream) {
        if (wanted.contains(up.value))
            ++matched;
        else if (hasEntry && up == entry)
            sawEntry = true;
        else
            return false;
    }
    if (matched != wanted.size() || (needsEntry && !sawEntry))
        return false;
    return task.upstream.empty() || task.rule == target::TriggerRule::allSuccess;
}

/// Nothing else decides the state of a run (AF-015).
bool LocalProof::isOnlyLeaf(TaskId leaf) const {
    for (TaskId id : dag.tasks.ids())
        if (id != leaf && dag.tasks[id].downstream.empty())
            return false;
    return true;
}

bool LocalProof::endsAlike() const {
    ir::JobId const root = workflow.root;
    if (!estate.isGroup(root)) { // its task is the only leaf, so the run ends as it ends
        auto it = pair.taskOf.find(root.value);
        return it != pair.taskOf.end() && isOnlyLeaf(it->second);
    }
    // A verdict that judges this box and comes after everything: it folds by contract. What it says
    // of the box is compared field by field.
    for (TaskId id : dag.tasks.ids()) {
        auto it = pair.guardedBy.find(id.value);
        if (dag.tasks[id].role == Role::verdict && it != pair.guardedBy.end() &&
            it->second == root && dag.tasks[id].rule == target::TriggerRule::allDone &&
            isOnlyLeaf(id)) {
            // Only `all_done` waits for all its upstreams: `one_success` is done before the others,
            // and `all_success` is decided at the first failure (AF-010). What it did not wait for
            // may still run when the verdict comes, unless the verdict waits for it as well.
            llvm::SmallDenseSet<uint32_t, 16> settled;
            llvm::SmallVector<TaskId, 16> open{id};
            while (!open.empty()) {
                TaskId const at = open.pop_back_val();
                bool const waits = dag.tasks[at].rule == target::TriggerRule::allDone;
                if (!waits && dag.tasks[at].upstream.size() > 1)
                    continue;
                for (TaskId up : dag.tasks[at].upstream)
                    if (settled.insert(up.value).second)
                        open.push_back(up);
            }
            return settled.size() + 1 == dag.tasks.size();
        }
    }
    // A verdict that comes before the end would close the box too early: not decided by shape.
    for (TaskId id : dag.tasks.ids())
        if (dag.tasks[id].role == Role::verdict)
            return false;
    // Only plain successes: a failure leaves every task behind it, and so some leaf,
    // upstream_failed.
    if (!isPlainBox(root))
        return false;
    for (ir::JobId job : workflow.jobs) {
        if (estate.isGroup(job) ? !isPlainBox(job) : !startsAlike(job))
            return false;
    }
    return pair.strangers.empty();
}

} // namespace hoist::equivalence
