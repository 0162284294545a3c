// The dominoes: a first-in first-out queue, so that many falls are looked at once.
#include "analysis/Blocked.h"

#include "analysis/Truth.h"

#include <deque>

namespace hoist::analysis {

static bool readsRun(ir::Atom const& atom) {
    return atom.job && (atom.kind == ir::Atom::Kind::exitCode ||
                        (atom.kind == ir::Atom::Kind::status && !(atom.outcomes & ir::notRunning)));
}

Blocked findBlocked(ir::Estate const& estate,
                    llvm::function_ref<bool(ir::JobId, ir::AtomId)> canBeTrue,
                    llvm::function_ref<bool(ir::JobId)> startsBlocked,
                    llvm::function_ref<bool(ir::JobId, ir::JobId)> spreads) {
    Blocked blocked(estate.jobs.size());
    std::vector<llvm::SmallVector<ir::JobId, 2>> dependents(estate.jobs.size());
    std::deque<ir::JobId> falling, doubtful;
    for (ir::JobId id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        bool isDoubtful = false;
        if (job.condition)
            estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId atom) {
                isDoubtful |= !canBeTrue(id, atom);
                if (readsRun(estate.conditions[atom]))
                    dependents[estate.conditions[atom].job.value].push_back(id);
            });
        if (startsBlocked(id) ||
            (isDoubtful && !evaluate(estate.conditions, job.condition.expr,
                                     [&](ir::AtomId atom) { return canBeTrue(id, atom); }))) {
            blocked[id.value] = id;
            falling.push_back(id);
        }
    }
    std::vector<bool> isQueued(estate.jobs.size());
    while (!falling.empty() || !doubtful.empty()) {
        while (!falling.empty()) {
            ir::JobId const id = falling.front();
            falling.pop_front();
            if (estate.jobs[id].group)
                for (ir::JobId member : estate.groups[estate.jobs[id].group].members)
                    if (!blocked[member.value]) {
                        blocked[member.value] = blocked[id.value];
                        falling.push_back(member);
                    }
            if (estate.jobs[id].begins(ir::InitialStatus::onIce))
                continue; // conditions on it read as constants (JIL-074)
            for (ir::JobId dependent : dependents[id.value])
                if (!blocked[dependent.value] && spreads(id, dependent) &&
                    !isQueued[dependent.value]) {
                    isQueued[dependent.value] = true;
                    doubtful.push_back(dependent);
                }
        }
        if (doubtful.empty())
            break;
        ir::JobId const id = doubtful.front();
        doubtful.pop_front();
        isQueued[id.value] = false;
        if (blocked[id.value])
            continue;
        ir::JobId because;
        bool const canStart =
            evaluate(estate.conditions, estate.jobs[id].condition.expr, [&](ir::AtomId atomId) {
                ir::Atom const& atom = estate.conditions[atomId];
                if (readsRun(atom) && blocked[atom.job.value] &&
                    !estate.jobs[atom.job].begins(ir::InitialStatus::onIce) &&
                    spreads(atom.job, id)) {
                    because = blocked[atom.job.value];
                    return false;
                }
                return canBeTrue(id, atomId);
            });
        if (!canStart) {
            blocked[id.value] = because ? because : id;
            falling.push_back(id);
        }
    }
    return blocked;
}

} // namespace hoist::analysis
