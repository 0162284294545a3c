// Order dates, and who adds, deletes and waits for which fact.
#include "analysis/equivalence/orders/OrderedEstate.h"

#include <llvm/ADT/STLExtras.h>

namespace hoist::equivalence {

namespace {
constexpr int64_t secondsADay = 86'400;
/// As far as the export of Airflow's side goes beyond the horizon.
constexpr int32_t daysBefore = 400, daysBehind = 40;
} // namespace

std::string OrderedEstate::keyOf(llvm::StringRef server, llvm::StringRef name) {
    return server.str() + '\0' + name.str();
}

OrderedEstate::OrderedEstate(ir::Estate const& model, Horizon horizon)
    : estate(model), forced(model), dates(model),
      first(static_cast<int32_t>(horizon.from / secondsADay) - daysBefore),
      last(static_cast<int32_t>(horizon.to / secondsADay) + daysBehind) {
    auto const note = [&](llvm::StringRef server, llvm::StringRef name) {
        if (!isHelper(name))
            (server.empty() ? hasUnnamedServer : hasNamedServer) = true;
    };
    for (JobId id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        for (ir::FactChange const& change : job.factChanges) {
            facts[keyOf(change.server, change.name)].changes.emplace_back(id, &change);
            note(change.server, change.name);
        }
        if (!job.condition)
            continue;
        estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId at) {
            ir::Atom const& atom = estate.conditions[at];
            if (atom.kind != ir::Atom::Kind::fact)
                return;
            facts[keyOf(atom.instance, atom.name)].waits.emplace_back(id, &atom);
            note(atom.instance, atom.name);
        });
    }
}

void OrderedEstate::addOutsiders(OrderedEstate const& other) {
    auto const isOutsider = [&](JobId job) {
        return job && !estate.jobByName.contains(other.estate.jobs[job].name);
    };
    for (auto const& [key, fact] : other.facts) {
        for (auto const& [job, change] : fact.changes)
            if (isOutsider(job))
                facts[key].changes.emplace_back(JobId(), change);
        for (auto const& [job, atom] : fact.waits)
            if (isOutsider(job))
                facts[key].waits.emplace_back(JobId(), atom);
    }
    hasNamedServer |= other.hasNamedServer;
    hasUnnamedServer |= other.hasUnnamedServer;
}

bool OrderedEstate::hasCriteria(JobId job) const {
    ir::Workflow const& folder = estate.workflows[estate.jobs[job].workflow];
    if (policyOf(folder.root).method != ir::OrderPolicy::Method::manual)
        return true; // what has none is never ordered
    for (; job; job = estate.jobs[job].box) {
        if (estate.isContainer(job) || !estate.jobs[job].ordering)
            continue;
        ir::Ordering const& ordering = estate.orderings[estate.jobs[job].ordering];
        if (ordering.own.hasDays() || !ordering.included.empty())
            return true;
    }
    return false;
}

std::vector<int32_t> const& OrderedEstate::daysOf(JobId job) {
    auto const [it, isNew] = days.try_emplace(job.value);
    if (isNew && hasCriteria(job))
        it->second = dates.between(job, first, last);
    return it->second;
}

/// Is each order of the consumer beside one of the producer, of the same date?
bool OrderedEstate::isCertain(JobId producer, JobId consumer) {
    return producer && producer != consumer && !estate.jobs[producer].group &&
           estate.jobs[producer].workflow == estate.jobs[consumer].workflow &&
           !policyOf(producer).isCyclic && !policyOf(consumer).isCyclic &&
           !policyOf(estate.workflows[estate.jobs[producer].workflow].root).isCyclic &&
           !forced.isForced(producer) && !forced.isForced(consumer) &&
           hasCriteria(producer) == hasCriteria(consumer) && daysOf(producer) == daysOf(consumer);
}

JobId OrderedEstate::producerOf(JobId consumer, ir::Atom const& atom) {
    using Kind = ir::Scope::Kind;
    // Where a table is not named it may be any: nobody knows who else adds or deletes.
    bool const isUnclear = hasNamedServer && hasUnnamedServer && !isHelper(atom.name);
    if (atom.scope.kind != Kind::sameCycle || isUnclear)
        return {};
    auto const it = facts.find(keyOf(atom.instance, atom.name));
    if (it == facts.end())
        return {};
    JobId producer;
    for (auto const& [job, change] : it->second.changes) {
        if (!job || change->isAction || change->date.kind != Kind::sameCycle)
            return {};
        if (!change->adds) {
            bool const isAlone = llvm::all_of(
                it->second.waits, [&, job = job](auto const& wait) { return wait.first == job; });
            if (job != consumer || !isAlone)
                return {};
        } else if (producer) {
            return {};
        } else {
            producer = job;
        }
    }
    return isCertain(producer, consumer) ? producer : JobId();
}

bool OrderedEstate::isInternal(ir::FactChange const& change) {
    auto const it = facts.find(keyOf(change.server, change.name));
    return it == facts.end() || llvm::all_of(it->second.waits, [&](auto const& wait) {
               return wait.first && producerOf(wait.first, *wait.second).isValid();
           });
}

std::vector<JobId> OrderedEstate::addersOf(ir::Atom const& atom) const {
    std::vector<JobId> found;
    if (auto const it = facts.find(keyOf(atom.instance, atom.name)); it != facts.end())
        for (auto const& [job, change] : it->second.changes)
            if (job && change->adds && !llvm::is_contained(found, job))
                found.push_back(job);
    return found;
}

} // namespace hoist::equivalence
