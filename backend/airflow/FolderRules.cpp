// ON rules (CTM-070…078): which come to an exit rule, retries, facts and messages of an end; the
// others are listed as they are, and the shims ask them as CTM-070 says. An action kind more needs
// its text in `actionText`, its reader in Lifting::readEffect and hoist_airflow/ending.py, and its
// effect in ledger/effects.py.
#include "backend/airflow/LowerFolder.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <limits>
#include <optional>

namespace hoist::airflow {

using ir::JobId;

namespace {

using Test = ir::EndTest::Kind;
using Action = ir::EndAction::Kind;

/// Side effects alone: where they have no form people are told, and nothing is refused.
bool canBeDropped(ir::EndTest const& test, ir::EndAction const& action, bool hasCodes) {
    return action.kind == Action::ticket || action.kind == Action::output ||
           (ir::isMessage(action.kind) && !ir::canTell(test, hasCodes));
}

/// Success by code, as intervals from 0 on: verdicts change at the numbers of the rules only.
std::string exitRuleOf(std::vector<std::pair<ir::EndTest, bool>> const& verdicts) {
    std::set<int64_t> borders{0, 1};
    for (auto const& [test, isOk] : verdicts)
        for (int64_t const code : {test.number, test.number + 1})
            if (code >= 0)
                borders.insert(code);
    constexpr int64_t highest = std::numeric_limits<uint32_t>::max(); // of Windows
    auto const isOk = [&](int64_t code) {
        std::optional<bool> verdict;
        for (auto const& [test, setsOk] : verdicts)
            if (test.holds(code))
                verdict = verdict.value_or(true) && setsOk; // NOTOK wins (CTM-074)
        return verdict.value_or(code == 0);
    };
    std::string text;
    std::optional<int64_t> from;
    auto const close = [&](int64_t last) {
        if (!from)
            return;
        text += fmt::format("{}{}", text.empty() ? "" : ",", *from);
        if (last != *from)
            text += fmt::format("-{}", last);
        from.reset();
    };
    for (int64_t const border : borders) {
        if (isOk(border) && !from)
            from = border;
        else if (!isOk(border))
            close(border - 1);
    }
    close(highest);
    if (text.empty())
        return fmt::format("fail: 0-{}", highest);
    return text == "0" ? std::string() : "success: " + text;
}

/// What is not cyclic cannot stop, and a cycle goes on after NOTOK, asked or not (CTM-065).
bool isIdle(ir::EndAction const& action, ir::OrderPolicy const& policy) {
    return (action.kind == Action::stopCyclic && !policy.isCyclic) ||
           (action.kind == Action::rerun && policy.isCyclic);
}

} // namespace

EndRules readEndRules(ir::OrderPolicy const& policy, bool hasExitRule, bool hasCodes) {
    EndRules result;
    std::vector<std::pair<ir::EndTest, bool>> verdicts;
    bool neverFails = false, changesOnFailure = false, changesOnOk = false, hasReruns = false;
    auto const fail = [&](Span at, ir::ConstructId of, std::string what, llvm::StringRef why) {
        if (result.problem.empty()) {
            result.problem = std::move(what);
            result.problemAt = at;
            result.problemOf = of;
            result.problemWhy = why;
        }
    };
    for (ir::EndRule const& rule : policy.rules) {
        bool const isStatus = rule.test.kind == Test::any || rule.test.kind == Test::ok ||
                              rule.test.kind == Test::notOk;
        bool const onOk = rule.test.kind != Test::notOk;
        bool const onNotOk = rule.test.kind != Test::ok;
        for (ir::EndAction const& action : rule.actions) {
            if (canBeDropped(rule.test, action, hasCodes)) {
                result.dropped.push_back(&action);
                continue;
            }
            if (llvm::StringRef const why = ir::whyUnsure(rule.test); !why.empty()) {
                fail(rule.span, rule.construct, "ON", why);
                continue;
            }
            hasReruns |= action.kind == Action::rerun;
            if (rule.test.kind == Test::exitCode &&
                rule.test.relation == ir::EndTest::Relation::compared &&
                (action.kind == Action::setOk || action.kind == Action::setNotOk)) {
                verdicts.emplace_back(rule.test, action.kind == Action::setOk);
                continue;
            }
            if (!isStatus) {
                result.areListed |= !isIdle(action, policy);
                continue;
            }
            switch (action.kind) {
            case Action::changeFact:
            case Action::forceJob:
            case Action::setVariable:
            case Action::mail:
            case Action::shout:
                if (onOk)
                    result.onOk.push_back(&action);
                if (onNotOk)
                    result.onNotOk.push_back(&action);
                changesOnFailure |= onNotOk;
                changesOnOk |= !onNotOk;
                break;
            case Action::rerun: // what ended OK does not run again (CTM-067)
                result.areListed |= !onNotOk;
                break;
            case Action::stopCyclic: // of what is not cyclic it changes nothing
                result.stopsOnOk |= onOk && policy.isCyclic;
                result.stopsOnNotOk |= onNotOk && policy.isCyclic;
                break;
            case Action::setOk: // of what is OK it changes nothing
                neverFails |= onNotOk;
                break;
            default: result.areListed = true;
            }
        }
    }
    result.reruns = hasReruns;
    result.areListed |= neverFails && (changesOnFailure || hasReruns);
    // A rule on OK asks what was before the rules on the status (CTM-070), not what they make of
    // it. As does a rule that stops a cycle.
    result.areListed |= neverFails && (changesOnOk || result.stopsOnOk != result.stopsOnNotOk);
    // A code that is NOTOK stays so (CTM-074), a signal does not: no exit rule says both.
    result.areListed |=
        neverFails && llvm::any_of(verdicts, [](auto const& one) { return !one.second; });
    result.exitRule = neverFails ? "any" : verdicts.empty() ? "" : exitRuleOf(verdicts);
    result.areListed |= !hasExitRule && (!verdicts.empty() || neverFails);
    if (result.areListed) {
        result.exitRule.clear();
        result.onOk.clear();
        result.onNotOk.clear();
        result.stopsOnOk = result.stopsOnNotOk = false;
    }
    return result;
}

EndRules FolderLowering::endRulesOf(JobId id) const {
    ir::Action const& action = estate.jobs[id].action;
    bool const isPlugIn = std::holds_alternative<ir::FileWatchAction>(action) ||
                          std::holds_alternative<ir::QueryAction>(action);
    return readEndRules(policyOf(id),
                        std::holds_alternative<ir::CommandAction>(action) ||
                            std::holds_alternative<ir::ScriptAction>(action),
                        !isPlugIn && !estate.isGroup(id) && !isMapped(id));
}

std::string FolderLowering::actionText(ir::Job const& job, ir::EndAction const& action) const {
    switch (action.kind) {
    case Action::setOk: return "ok";
    case Action::setNotOk: return "notok";
    case Action::rerun: return "rerun";
    case Action::stopCyclic: return "stop";
    case Action::changeFact: return changeText(job.factChanges[action.fact]);
    case Action::forceJob: return forceText(action);
    case Action::setVariable: return settingText(action.name, action.text);
    case Action::mail:
    case Action::shout: return ir::toText(ir::messageOf(action));
    default: return {};
    }
}

Py FolderLowering::listedRules(JobId id, EndRules const& rules) const {
    ir::OrderPolicy const& policy = policyOf(id);
    Py::List list;
    auto const add = [&](std::string test, Py::List actions) {
        if (actions.empty())
            return;
        Py::Dict one;
        one.emplace_back("on", Py(std::move(test)));
        one.emplace_back("do", Py(std::move(actions)));
        list.emplace_back(std::move(one));
    };
    for (ir::EndRule const& rule : policy.rules) {
        Py::List actions;
        for (ir::EndAction const& action : rule.actions) {
            if (isIdle(action, policy) || llvm::is_contained(rules.dropped, &action))
                continue;
            std::string text = actionText(estate.jobs[id], action);
            if (!text.empty())
                actions.emplace_back(std::move(text));
        }
        add(ir::toText(rule.test), std::move(actions));
    }
    for (ir::Shout::When const when : {ir::Shout::When::ok, ir::Shout::When::notOk}) {
        Py::List told;
        for (ir::Shout const& shout : policy.shouts)
            if (shout.when == when)
                told.emplace_back(ir::toText(ir::messageOf(shout)));
        add(ir::endOf(when).str(), std::move(told));
    }
    return Py(std::move(list));
}

} // namespace hoist::airflow
