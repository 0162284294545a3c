// Jobs that can never start, whatever happens and however often: each cause once, with what falls
// with it.
//
// Causes: a condition that contradicts itself (Truth.h), one that cannot do without a job that does
// not exist (JIL-066), and one of a member that waits for the end of its own box: the box is
// RUNNING as long as the member may start (JIL-110), or for its own end, which the box's start has
// erased. A job without any start condition is not among them: it starts by hand (JIL-004), and so
// does everything behind it.
#include "analysis/Blocked.h"
#include "analysis/Pass.h"
#include "analysis/Truth.h"

#include <optional>
#include <utility>

namespace hoist::analysis {
namespace {

bool isEnclosing(ir::Estate const& estate, ir::JobId job, ir::JobId box) {
    for (ir::JobId at = estate.jobs[job].box; at; at = estate.jobs[at].box)
        if (at == box)
            return true;
    return false;
}

/// Why an atom can never be true for this job; empty when it can.
std::string whyImpossible(ir::Estate const& estate, ir::JobId id, ir::AtomId atomId) {
    ir::Atom const& atom = estate.conditions[atomId];
    bool const namesJob =
        atom.kind == ir::Atom::Kind::status || atom.kind == ir::Atom::Kind::exitCode;
    if (!namesJob || !atom.instance.empty())
        return {};
    if (!atom.job) {
        if (atom.name.find_first_of("$`%~{") != llvm::StringRef::npos)
            return {}; // a placeholder that the site fills in
        return fmt::format("`{}` is not defined, so this is never true", shown(atom.name));
    }
    if (atom.kind != ir::Atom::Kind::status)
        return {};
    if (estate.isGroup(atom.job) && isEnclosing(estate, id, atom.job))
        return fmt::format("box `{}` is RUNNING whenever `{}` may start", shown(atom.name),
                           shown(estate.jobs[id].name));
    if (atom.job == id && estate.jobs[id].box && !(atom.outcomes & ir::notRunning))
        return "the start of its box erases its own last status";
    return {};
}

void report(PassContext& context, ir::JobId id, std::optional<Contradiction> const& contradiction,
            std::vector<ir::JobId> const& followers) {
    ir::Estate& estate = context.estate;
    ir::Job const& job = estate.jobs[id];
    auto builder = context.diags.report<Code::NeverStarts>(job.condition.span, job.name);
    builder.object(job.name).evidence(estate.conditions.print(job.condition.expr));
    if (contradiction) {
        std::string needs;
        for (ir::AtomId atom : contradiction->atoms)
            needs += fmt::format("{}`{}`", needs.empty() ? "" : " and ",
                                 estate.conditions.print(estate.conditions[atom]));
        builder.primary(needs.empty() ? std::string("its parts exclude each other")
                                      : fmt::format("{} exclude each other", needs));
        if (!contradiction->atoms.empty())
            if (ir::JobId const other = estate.conditions[contradiction->atoms.front()].job)
                builder.label(estate.jobs[other].nameSpan,
                              fmt::format("`{}` is defined here", shown(contradiction->subject)));
    } else {
        bool isFirst = true;
        for (ir::AtomUse const& use : job.condition.uses)
            if (std::string why = whyImpossible(estate, id, use.atom); !why.empty()) {
                if (std::exchange(isFirst, false))
                    builder.primary(why);
                else
                    builder.label(use.span, std::move(why));
            }
    }
    if (followers.empty())
        return;
    std::string names;
    for (size_t i = 0; i < followers.size() && i < 3; ++i)
        names += fmt::format("{}`{}`", i ? ", " : "", shown(estate.jobs[followers[i]].name));
    if (followers.size() > 3)
        names += fmt::format(" and {} more", followers.size() - 3);
    builder.note(fmt::format("so {} cannot start either", names));
}

} // namespace

void findNeverStarting(PassContext& context) {
    ir::Estate& estate = context.estate;
    std::vector<std::optional<Contradiction>> contradictions(estate.jobs.size());
    for (ir::JobId id : estate.jobs.ids())
        if (ir::ConditionRef const& condition = estate.jobs[id].condition;
            condition && condition.uses.size() > 1)
            contradictions[id.value] = findContradiction(estate.conditions, condition.expr);
    Blocked const blocked = findBlocked(
        estate,
        [&](ir::JobId id, ir::AtomId atom) { return whyImpossible(estate, id, atom).empty(); },
        [&](ir::JobId id) { return contradictions[id.value].has_value(); },
        [](ir::JobId, ir::JobId) { return true; });

    std::vector<std::vector<ir::JobId>> followers(estate.jobs.size());
    for (ir::JobId id : estate.jobs.ids())
        if (ir::JobId const root = blocked[id.value]) {
            context.neverStarts[id.value] = true;
            if (root != id)
                followers[root.value].push_back(id);
        }
    for (ir::JobId id : estate.jobs.ids())
        if (blocked[id.value] == id)
            report(context, id, contradictions[id.value], followers[id.value]);
}

} // namespace hoist::analysis
