// What a workflow says about its jobs: who is absent, who runs always, which boxes turn early, what
// must not be an edge.
//
// Edges of a DAG must not form a cycle, but conditions may: `a` waits for `s(b) | s(x)` and `b` for
// `s(a)`. So each job has two events, its start and its end (one and the same for a plain job's
// purposes, two for a box), and an arrow says "waits for": a start waits for the ends its condition
// names and for the start of its box; the end of a box waits for the ends of its members. Inside a
// strongly connected component no condition becomes an edge; it is read from the ledger instead,
// where waiting in a circle means what it meant before. Linear in jobs and atoms.
#include "backend/airflow/LowerWorkflow.h"

#include "frontend/base/Components.h"

#include <algorithm>

namespace hoist::airflow {
namespace {

bool hasOwnTimes(ir::Estate const& estate, ir::Job const& job) {
    return job.schedule && job.box && !estate.schedules.empty();
}

} // namespace

WorkflowFacts::WorkflowFacts(ir::Estate& estate, ir::WorkflowId id) {
    ir::Workflow const& workflow = estate.workflows[id];
    for (size_t i = 0; i < workflow.jobs.size(); ++i)
        indexOf[workflow.jobs[i].value] = static_cast<uint32_t>(i);
    findAbsent(estate, workflow);
    findComponents(estate, workflow);
    findCertain(estate, workflow);
    findJudged(estate, workflow);
}

void WorkflowFacts::findAbsent(ir::Estate const& estate, ir::Workflow const& workflow) {
    for (ir::JobId id : workflow.jobs) { // boxes come before their members
        ir::Job const& job = estate.jobs[id];
        bool const iced = job.begins(ir::InitialStatus::onIce);
        if (id != workflow.root && (iced || absent.contains(job.box.value)))
            absent.insert(id.value);
        if (job.group) {
            ir::Group const& group = estate.groups[job.group];
            if (group.success || group.failure)
                early.insert(id.value);
        }
        if (job.boxTerminator && *job.boxTerminator && job.box)
            early.insert(job.box.value);
        if (job.jobTerminator && *job.jobTerminator && job.box)
            early.insert(job.box.value);
        if (id != workflow.root && job.group &&
            (job.condition || job.isHeld() || hasOwnTimes(estate, job)))
            entered.insert(id.value);
    }
}

void WorkflowFacts::findComponents(ir::Estate const& estate, ir::Workflow const& workflow) {
    auto const count = static_cast<uint32_t>(workflow.jobs.size());
    auto const startOf = [](uint32_t i) { return 2 * i; };
    auto const endOf = [](uint32_t i) { return 2 * i + 1; };
    std::vector<llvm::SmallVector<uint32_t, 2>> waitsFor(2 * static_cast<size_t>(count));
    for (uint32_t i = 0; i < count; ++i) {
        ir::Job const& job = estate.jobs[workflow.jobs[i]];
        waitsFor[endOf(i)].push_back(startOf(i));
        if (i > 0) {
            uint32_t const box = indexOf.lookup(job.box.value);
            waitsFor[startOf(i)].push_back(startOf(box));
            waitsFor[endOf(box)].push_back(endOf(i));
        }
        if (job.condition)
            estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId atom) {
                ir::JobId const other = estate.conditions[atom].job;
                if (isMember(other))
                    waitsFor[startOf(i)].push_back(endOf(indexOf.lookup(other.value)));
            });
    }

    component.assign(waitsFor.size(), ir::JobId::noValue);
    uint32_t components = 0;
    auto const next = [&](uint32_t node, size_t i) {
        return i < waitsFor[node].size() ? std::optional(waitsFor[node][i]) : std::nullopt;
    };
    // Components come out in the order "what is waited for first".
    forEachComponent(static_cast<uint32_t>(waitsFor.size()), next,
                     [&](std::vector<uint32_t> const& members) {
                         for (uint32_t const member : members) {
                             component[member] = components;
                             if (member % 2 == 0)
                                 topological.push_back(member / 2);
                         }
                         ++components;
                     });
}

bool WorkflowFacts::isCyclic(ir::JobId dependent, ir::JobId other) const {
    auto const a = indexOf.find(dependent.value), b = indexOf.find(other.value);
    return a != indexOf.end() && b != indexOf.end() &&
           component[size_t(2) * a->second] == component[size_t(2) * b->second + 1];
}

void WorkflowFacts::findCertain(ir::Estate& estate, ir::Workflow const& workflow) {
    for (ir::JobId id : workflow.jobs)
        if (estate.jobs[id].boxTerminator && *estate.jobs[id].boxTerminator)
            return;                  // a member may stop the others from starting
    llvm::DenseSet<uint32_t> starts; // boxes that start in every run
    for (uint32_t position : topological) {
        ir::JobId const id = workflow.jobs[position];
        ir::Job const& job = estate.jobs[id];
        if (absent.contains(id.value))
            continue;
        bool runs = position == 0;
        if (!runs && starts.contains(job.box.value) && !job.isHeld() && !hasOwnTimes(estate, job)) {
            runs = true;
            if (job.condition) {
                // Only `d(x) & d(y)` over jobs that always run is sure to come true.
                auto const sure = [&](ir::ExprId expr) {
                    if (estate.conditions[expr].kind != ir::Expr::Kind::atom)
                        return false;
                    ir::Atom const& atom = estate.conditions.atomOf(expr);
                    return atom.kind == ir::Atom::Kind::status && atom.outcomes == ir::done &&
                           atom.instance.empty() && atom.scope.kind != ir::Scope::Kind::window &&
                           atom.job && certain.contains(atom.job.value);
                };
                ir::Expr const& e = estate.conditions[job.condition.expr];
                if (e.kind == ir::Expr::Kind::all) {
                    auto const operands = estate.conditions.operands(job.condition.expr);
                    runs = std::all_of(operands.begin(), operands.end(), sure);
                } else {
                    runs = sure(job.condition.expr);
                }
            }
        }
        if (!runs)
            continue;
        if (job.group)
            starts.insert(id.value);
        else
            certain.insert(id.value);
    }
}

void WorkflowFacts::findJudged(ir::Estate const& estate, ir::Workflow const& workflow) {
    // A box is simple when its leaves tell its status: every member starts on plain successes only.
    llvm::DenseSet<uint32_t> complicated = early;
    for (size_t i = workflow.jobs.size(); i-- > 1;) {
        ir::JobId const id = workflow.jobs[i];
        ir::Job const& job = estate.jobs[id];
        bool plain = !complicated.contains(id.value) && !job.isHeld() && !hasOwnTimes(estate, job);
        if (job.condition && plain) {
            auto const isSuccess = [&](ir::ExprId expr) {
                if (estate.conditions[expr].kind != ir::Expr::Kind::atom)
                    return false;
                ir::Atom const& atom = estate.conditions.atomOf(expr);
                return atom.kind == ir::Atom::Kind::status && atom.outcomes == ir::succeeded &&
                       isMember(atom.job);
            };
            auto const operands = estate.conditions.operands(job.condition.expr);
            plain = estate.conditions[job.condition.expr].kind == ir::Expr::Kind::all
                        ? std::all_of(operands.begin(), operands.end(), isSuccess)
                        : isSuccess(job.condition.expr);
        }
        if (!plain && job.box)
            complicated.insert(job.box.value);
    }
    for (ir::JobId id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        if (job.group && !job.factChanges.empty())
            judged.insert(id.value); // the verdict says what the box's end changes
        if (!job.condition)
            continue;
        estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId atomId) {
            ir::Atom const& atom = estate.conditions[atomId];
            if (!atom.job || !isMember(atom.job) || !estate.isGroup(atom.job) ||
                atom.job == workflow.root)
                return;
            if (complicated.contains(atom.job.value) || atom.outcomes != ir::succeeded)
                judged.insert(atom.job.value);
        });
    }
}

} // namespace hoist::airflow
