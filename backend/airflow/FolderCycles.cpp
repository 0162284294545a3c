// Cycles of jobs and of folders (CTM-060…066, CTM-093): what has no exact form, and `cycle`.
#include "backend/airflow/LowerFolder.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;

/// CTM-093: each run of the folder is a DAG run, which begins with nothing of the one before it.
void FolderLowering::checkCyclicFolder(JobId id) {
    ir::Job const& job = estate.jobs[id];
    ir::OrderPolicy const& policy = policyOf(id);
    Span const where = estate.constructs.span(policy.cyclicFrom);
    auto const no = [&](char const* why) { refuse(id, where, policy.cyclicFrom, "CYCLIC", why); };
    if (policy.isCyclic && job.group) {
        if (id != workflow.root)
            return no("a folder inside another that runs again is not lowered yet (CTM-093)");
        if (llvm::is_contained(policy.cycle.minutes, 0) &&
            policy.cycle.kind != ir::Cycle::Kind::times)
            return no("without an interval it would run without end at one instant (CTM-061)");
    }
    if (!isCyclicFolder())
        return;
    char const* const why = "in a folder that runs again: whether it stays for the next run, "
                            "nobody says (CTM-093)";
    auto const isOfOrder = [](llvm::StringRef name) {
        auto const read = ir::readVariableName(name);
        return read && read->owner != ir::VariableName::Owner::global;
    };
    for (ir::OrderVariable const& variable : policy.variables)
        if (ir::isSetAtSubmission(variable) && isOfOrder(variable.name))
            refuse(id, variable.span, variable.construct, "VARIABLE", why);
    for (ir::EndRule const& rule : policy.rules) {
        using Kind = ir::EndTest::Kind;
        bool const counts = rule.test.kind == Kind::runs || rule.test.kind == Kind::reruns ||
                            rule.test.kind == Kind::failures;
        if (counts)
            refuse(id, rule.span, rule.construct, "ON", why);
        for (ir::EndAction const& action : rule.actions)
            if (action.kind == ir::EndAction::Kind::setVariable && isOfOrder(action.name))
                refuse(id, action.span, action.construct, "DOVARIABLE", why);
    }
    auto const countsRuns = [&](llvm::StringRef text, bool isValue) {
        return ir::countsRuns(isValue ? ir::variablesInValue(text) : ir::variablesIn(text));
    };
    bool isCounted = llvm::any_of(ir::submittedTexts(job),
                                  [&](llvm::StringRef text) { return countsRuns(text, false); });
    for (ir::OrderVariable const& variable : policy.variables)
        isCounted |= countsRuns(variable.value, true);
    forEachSetByRule(
        id, [&](ir::EndAction const& action) { isCounted |= countsRuns(action.text, true); });
    if (isCounted)
        refuse(id, job.nameSpan, {}, "%%RUNCOUNT", why);
}

/// CTM-060
void FolderLowering::checkRepetition(JobId id) {
    checkCyclicFolder(id);
    ir::OrderPolicy const& policy = policyOf(id);
    if (!policy.isCyclic || estate.isGroup(id))
        return;
    Span const where = estate.constructs.span(policy.cyclicFrom);
    ir::Job const& job = estate.jobs[id];
    auto const* const command = std::get_if<ir::CommandAction>(&job.action);
    bool const isEmpty =
        std::holds_alternative<ir::NoAction>(job.action) || (command && command->command->empty());
    // The site's operator would end OK after one run.
    if (isMapped(id))
        refuse(id, where, policy.cyclicFrom, "CYCLIC",
               "whether an operator of the site may run several times in one task, nobody says "
               "(CTM-060)");
    else if (isEmpty && policy.cycle.kind == ir::Cycle::Kind::interval &&
             policy.cycle.minutes.front() == 0)
        fail(id, where, policy.cyclicFrom, "CYCLIC",
             "what does nothing would run without end at one instant (CTM-061)");
    else if (policy.cycle.kind == ir::Cycle::Kind::interval && policy.cycle.minutes.front() == 0 &&
             mayLackValue(id))
        fail(id, where, policy.cyclicFrom, "CYCLIC",
             "a text without a value would fail without end at one instant (CTM-104)");
    else if (context.site.placementOf(estate, id).retries > 0)
        fail(id, where, policy.cyclicFrom, "CYCLIC",
             "a rule of the site gives it retries, and a cycle goes on after NOTOK (CTM-065)");
}

/// CTM-060…064: `cycle="every 15m from start"`.
void FolderLowering::lowerCycle(JobId id, Py::Keywords& arguments, EndRules const& rules) {
    using Kind = ir::Cycle::Kind;
    using From = ir::Cycle::From;
    ir::OrderPolicy const& policy = policyOf(id);
    ir::Cycle const& cycle = policy.cycle;
    bool const isFailing = failing.contains(id.value) || hasNoForm(estate.jobs[id]);
    std::string_view const form = isFailing ? "none: its task fails for good" : "cycle";
    exact(policy.cyclicFrom, form);
    exact(policy.interval.from, form);
    exact(policy.maxRerun.from, form);
    if (isFailing)
        return;
    auto const length = [](int32_t minutes) {
        bool const isSome = minutes > 0;
        return isSome && minutes % 1440 == 0 ? fmt::format(" {}d", minutes / 1440)
               : isSome && minutes % 60 == 0 ? fmt::format(" {}h", minutes / 60)
                                             : fmt::format(" {}m", minutes);
    };
    std::string text = cycle.kind == Kind::interval   ? "every"
                       : cycle.kind == Kind::sequence ? "after"
                                                      : "at";
    for (int32_t const minutes : cycle.minutes)
        text += cycle.kind == Kind::times ? " " + ir::clockText(minutes) : length(minutes);
    if (cycle.kind != Kind::times)
        text += cycle.from == From::end     ? " from end"
                : cycle.from == From::start ? " from start"
                                            : " from target";
    else if (cycle.tolerance > 0)
        text += fmt::format(" tolerance {}m", cycle.tolerance);
    arguments.emplace_back("cycle", Py(text));
    if (policy.maxRerun.value > 0)
        arguments.emplace_back("max_reruns", Py(policy.maxRerun.value));
    if (rules.stopsOnOk || rules.stopsOnNotOk)
        arguments.emplace_back("stop_on", Py(std::string(!rules.stopsOnOk      ? "notok"
                                                         : !rules.stopsOnNotOk ? "ok"
                                                                               : "any")));
}

} // namespace hoist::airflow
