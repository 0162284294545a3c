// ON rules (CTM-070…077): which come to an exit rule, retries and facts of a failure, and which
// have no exact form.
#include "backend/airflow/LowerFolder.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <limits>
#include <optional>

namespace hoist::airflow {

namespace {

using Test = ir::EndTest::Kind;
using Action = ir::EndAction::Kind;

/// Side effects alone: they change nothing that runs.
bool onlyTells(Action kind) {
    return kind == Action::mail || kind == Action::shout || kind == Action::ticket ||
           kind == Action::output;
}

llvm::StringRef nameOf(Action kind) {
    switch (kind) {
    case Action::setOk: return "DOACTION OK";
    case Action::setNotOk: return "DOACTION NOTOK";
    case Action::rerun: return "DOACTION RERUN";
    case Action::stopCyclic: return "DOACTION SPCYC";
    case Action::changeFact: return "DOCOND";
    case Action::forceJob: return "DOFORCEJOB";
    case Action::setVariable: return "DOVARIABLE";
    case Action::mail: return "DOMAIL";
    case Action::shout: return "DOSHOUT";
    case Action::ticket: return "DOREMEDY";
    case Action::output: return "DOOUTPUT";
    }
    return "ON";
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

} // namespace

EndRules readEndRules(ir::OrderPolicy const& policy) {
    EndRules result;
    std::vector<std::pair<ir::EndTest, bool>> verdicts;
    bool neverFails = false, changesOnFailure = false, changesOnOk = false;
    auto const fail = [&](Span at, ir::ConstructId of, std::string what) {
        if (result.problem.empty()) {
            result.problem = std::move(what);
            result.problemAt = at;
            result.problemOf = of;
        }
    };
    for (ir::EndRule const& rule : policy.rules) {
        bool const isStatus = rule.test.kind == Test::any || rule.test.kind == Test::ok ||
                              rule.test.kind == Test::notOk;
        bool const onOk = rule.test.kind != Test::notOk;
        bool const onNotOk = rule.test.kind != Test::ok;
        for (ir::EndAction const& action : rule.actions) {
            auto const unknown = [&] {
                fail(action.span, action.construct, nameOf(action.kind).str());
            };
            if (onlyTells(action.kind)) {
                bool const isNotice = rule.test.kind == Test::notOk && !result.notice &&
                                      (action.kind == Action::mail || action.kind == Action::shout);
                if (isNotice)
                    result.notice = &action;
                else
                    result.dropped.push_back(&action);
                continue;
            }
            if (rule.test.kind == Test::exitCode &&
                rule.test.relation == ir::EndTest::Relation::compared &&
                (action.kind == Action::setOk || action.kind == Action::setNotOk)) {
                verdicts.emplace_back(rule.test, action.kind == Action::setOk);
                continue;
            }
            if (!isStatus) {
                unknown();
                continue;
            }
            switch (action.kind) {
            case Action::changeFact:
            case Action::forceJob:
                if (onOk)
                    result.onOk.push_back(&action);
                if (onNotOk)
                    result.onNotOk.push_back(&action);
                changesOnFailure |= onNotOk;
                changesOnOk |= !onNotOk;
                break;
            case Action::rerun: // on OK it would run again after a success
                rule.test.kind == Test::notOk ? void(result.reruns = true) : unknown();
                break;
            case Action::stopCyclic: // of what is not cyclic it changes nothing
                result.stopsOnOk |= onOk && policy.isCyclic;
                result.stopsOnNotOk |= onNotOk && policy.isCyclic;
                break;
            case Action::setOk: // of what is OK it changes nothing
                neverFails |= onNotOk;
                break;
            default: unknown();
            }
        }
    }
    if (neverFails && (changesOnFailure || result.reruns || result.notice))
        fail(policy.rules.front().span, policy.rules.front().construct,
             "DOACTION OK beside other actions on NOTOK");
    // A rule on OK asks what was before the rules on the status (CTM-070), not what they make of
    // it.
    if (neverFails && changesOnOk)
        fail(policy.rules.front().span, policy.rules.front().construct,
             "DOACTION OK on NOTOK beside DOCOND on OK");
    // As does a rule that stops a cycle.
    if (neverFails && result.stopsOnOk != result.stopsOnNotOk)
        fail(policy.rules.front().span, policy.rules.front().construct,
             "DOACTION OK on NOTOK beside DOACTION SPCYC");
    // A code that is NOTOK stays so (CTM-074), a signal does not: no exit rule says both.
    bool const isNotOkByCode = llvm::any_of(verdicts, [](auto const& one) { return !one.second; });
    if (neverFails && isNotOkByCode)
        fail(policy.rules.front().span, policy.rules.front().construct,
             "DOACTION OK beside DOACTION NOTOK");
    result.exitRule = neverFails ? "any" : verdicts.empty() ? "" : exitRuleOf(verdicts);
    return result;
}

} // namespace hoist::airflow
