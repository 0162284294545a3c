// Assumptions by the definitions: what is on ice, what other instances and operators do.
#include "analysis/equivalence/Assumptions.h"

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

class Notes {
public:
    Notes(ir::Estate const& given, Findings& findings) : estate(given), out(findings) {}

    void assume(std::string name, std::string text, JobId about) {
        out.assumptions.push_back({std::move(name), std::move(text), about});
    }

    void noteCondition(ir::ConditionRef const& condition, JobId owner) {
        estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId id) {
            ir::Atom const& atom = estate.conditions[id];
            if (!atom.instance.empty())
                assume("instance-reports:" + atom.instance.str(),
                       fmt::format("the bridge reports the jobs of instance `{}` to the ledger",
                                   std::string_view(atom.instance)),
                       owner);
            else if (atom.kind == ir::Atom::Kind::variable)
                assume("ledger-holds-variables",
                       "global variables are set in the ledger, not elsewhere", owner);
            else if (!atom.job && atom.kind != ir::Atom::Kind::fact)
                assume("undefined-job:" + atom.name.str(),
                       fmt::format(
                           "`{}` is defined nowhere, so conditions on it are never true (JIL-066)",
                           std::string_view(atom.name)),
                       owner);
            else if (atom.job && estate.jobs[atom.job].begins(ir::InitialStatus::onIce))
                assume(
                    "stays-on-ice:" + atom.name.str(),
                    fmt::format(
                        "nobody takes `{}` off ice: conditions on it read as constants (JIL-074)",
                        std::string_view(atom.name)),
                    owner);
            if (atom.kind == ir::Atom::Kind::exitCode)
                assume("exit-code-of-this-cycle",
                       "an exit code counts for the cycle that set it: a box start clears it "
                       "(JIL-067)",
                       owner);
        });
    }

private:
    ir::Estate const& estate;
    Findings& out;
};

} // namespace

void noteAssumptions(ir::Estate const& estate, ir::WorkflowId workflowId, Findings& out) {
    ir::Workflow const& workflow = estate.workflows[workflowId];
    Notes notes(estate, out);
    for (JobId id : workflow.jobs) {
        ir::Job const& one = estate.jobs[id];
        std::string const name = one.name.str();
        if (one.begins(ir::InitialStatus::onIce))
            notes.assume("stays-on-ice:" + name,
                         fmt::format("nobody takes `{}` off ice: it has no task (JIL-088)", name),
                         id);
        if (one.condition)
            notes.noteCondition(one.condition, id);
        if (estate.isGroup(id)) {
            ir::Group const& group = estate.groups[one.group];
            for (auto const* fold : {&group.success, &group.failure})
                if (*fold)
                    notes.noteCondition(*fold, id);
        }
        if (id != workflow.root && one.schedule && estate.settings.memberTickWhileBoxIdleKept)
            notes.assume("member-tick-kept",
                         "a member's tick that comes while its box is idle starts it at the box's "
                         "next start "
                         "(JIL-112; switch `member-tick-while-box-idle`)",
                         id);
    }
    ir::Job const& root = estate.jobs[workflow.root];
    if (root.schedule && estate.schedules[root.schedule].excludeCalendar)
        notes.assume(
            "excluded-day-keeps-status",
            fmt::format("nobody reads the status of `{}` or its members on a day that its calendar "
                        "excludes: AutoSys makes it INACTIVE then (JIL-120)",
                        std::string_view(root.name)),
            workflow.root);
}

void noteStuckBox(ir::Estate const& estate, ir::WorkflowId workflow, Findings& out) {
    JobId const root = estate.workflows[workflow].root;
    Notes(estate, out)
        .assume(
            "stuck-box-ends",
            fmt::format("a run of `{}` in which a member can never start ends here, and hangs in "
                        "AutoSys until somebody ends it (JIL-114)",
                        std::string_view(estate.jobs[root].name)),
            root);
}

} // namespace hoist::equivalence
