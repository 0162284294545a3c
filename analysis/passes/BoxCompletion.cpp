// Boxes that stay RUNNING although all went well (JIL-114).
//
// A box without box_success completes when *all* members have completed. A handler `condition:
// f(X)` in the box never starts when X succeeds, so in the night in which nothing fails the box
// never ends, its dependents never start, and its next start is lost (TR-12). This pass plays the
// good night: members succeed, `f` and `t` of jobs of the same workflow are false, whatever lies
// outside may hold. Who cannot start then, and who cannot start without those, hangs the box.
//
// The box_success that mends it names the ends of the good night: members that run then, and that
// no other such member waits for.
#include "analysis/Blocked.h"
#include "analysis/Pass.h"
#include "analysis/Truth.h"

#include <llvm/ADT/DenseSet.h>

namespace hoist::analysis {
namespace {

bool isIced(ir::Job const& job) {
    return job.initialStatus && *job.initialStatus == ir::InitialStatus::onIce;
}

/// `s(Y) & s(Z)`; empty when no member runs in the good night.
std::string successOf(ir::Estate& estate, ir::Group const& group, Blocked const& blocked) {
    auto const runs = [&](ir::JobId id) { return !blocked[id.value] && !isIced(estate.jobs[id]); };
    llvm::DenseSet<uint32_t> awaited;
    for (ir::JobId id : group.members)
        if (runs(id) && estate.jobs[id].condition)
            for (ir::AtomId atomId :
                 necessaryAtoms(estate.conditions, estate.jobs[id].condition.expr)) {
                ir::Atom const& atom = estate.conditions[atomId];
                if (atom.job && atom.kind == ir::Atom::Kind::status &&
                    atom.outcomes == ir::succeeded)
                    awaited.insert(atom.job.value);
            }
    std::vector<ir::ExprId> ends;
    for (ir::JobId id : group.members) {
        if (!runs(id) || awaited.contains(id.value))
            continue;
        ir::Atom atom;
        atom.outcomes = ir::succeeded;
        atom.name = estate.jobs[id].name;
        ends.push_back(estate.conditions.atom(atom));
    }
    return ends.empty() ? std::string() : estate.conditions.print(estate.conditions.all(ends));
}

void report(PassContext& context, ir::Group const& group, std::vector<ir::JobId> const& hanging,
            std::string const& mend) {
    ir::Estate& estate = context.estate;
    ir::Job const& box = estate.jobs[group.self];
    auto builder = context.diags.report<Code::BoxNeverCompletes>(box.nameSpan, box.name);
    builder.object(box.name).evidence(mend).primary(
        "waits for every member, also for those that have nothing to do");
    size_t labels = 0;
    for (ir::JobId member : hanging)
        if (++labels <= 8)
            builder.label(estate.jobs[member].condition ? estate.jobs[member].condition.span
                                                        : estate.jobs[member].nameSpan,
                          fmt::format("`{}` does not start when nothing fails",
                                      shown(estate.jobs[member].name)));
    builder.note(
        "rule JIL-114; jobs that wait for the box never start, and its next start is lost");
    if (mend.empty())
        return;
    builder.help(fmt::format("`box_success: {}` ends it when the work is done", mend));
    if (!box.origin.isValid())
        return;
    // After the statement, on a line of its own.
    llvm::StringRef const text = estate.sources.text(box.origin);
    bool const endsLine = text.ends_with("\n");
    builder.fix(
        {{box.origin.end, box.origin.end},
         endsLine ? fmt::format("box_success: {}\n", mend) : fmt::format("\nbox_success: {}", mend),
         "add the box_success of the good night",
         diag::Applicability::unsafe});
}

} // namespace

void checkBoxCompletion(PassContext& context) {
    ir::Estate& estate = context.estate;
    auto const inSame = [&](ir::JobId a, ir::JobId b) {
        return estate.jobs[a].workflow == estate.jobs[b].workflow;
    };
    Blocked const blocked = findBlocked(
        estate,
        [&](ir::JobId id, ir::AtomId atomId) {
            ir::Atom const& atom = estate.conditions[atomId];
            if (atom.kind != ir::Atom::Kind::status || !atom.job || !inSame(id, atom.job) ||
                atom.job == estate.workflows[estate.jobs[id].workflow].root)
                return true;
            ir::Outcomes const good = ir::succeeded | ir::notRunning;
            return (atom.outcomes & good) != 0;
        },
        [](ir::JobId) { return false; }, inSame);

    for (ir::Group const& group : estate.groups) {
        if (group.success || blocked[group.self.value] || context.neverStarts[group.self.value])
            continue;
        std::vector<ir::JobId> hanging;
        for (ir::JobId member : group.members)
            if (blocked[member.value] && !context.neverStarts[member.value] &&
                !isIced(estate.jobs[member]))
                hanging.push_back(member);
        if (!hanging.empty())
            report(context, group, hanging, successOf(estate, group, blocked));
    }
}

} // namespace hoist::analysis
