// What the rules of an end come to, without a run.
#include "analysis/equivalence/orders/Effects.h"

#include "frontend/ir/AutoEdit.h"
#include "frontend/ir/ForcedOrders.h"
#include "frontend/ir/Messages.h"

#include <fmt/format.h>

namespace hoist::equivalence {

using Action = ir::EndAction::Kind;
using Test = ir::EndTest::Kind;

namespace {

/// Of what is ordered for its own order date nothing.
std::string dayText(ir::Scope const& date) {
    switch (date.kind) {
    case ir::Scope::Kind::previousOrderDate: return " for the order date before";
    case ir::Scope::Kind::nextOrderDate: return " for the next order date";
    case ir::Scope::Kind::shiftedOrderDate: return fmt::format(" for {:+} days", date.offset);
    case ir::Scope::Kind::literalDate: return fmt::format(" for {:04}", date.offset);
    default: return {};
    }
}

/// What an action does to what runs; nothing: it only tells somebody, or is said otherwise.
std::string otherText(ir::EndAction const& action) {
    switch (action.kind) {
    case Action::forceJob: return "orders " + ir::forcedPath(action) + dayText(action.date);
    case Action::setVariable: return "sets " + settingOf(action.name, action.text);
    default: return {};
    }
}

} // namespace

std::string settingOf(llvm::StringRef name, llvm::StringRef value) {
    auto const read = ir::readVariableName(name);
    return (read ? read->key : name.str()) + "=" + value.str();
}

/// Said once more a value is the same, unless it is made from what it was.
static void addSetting(std::vector<std::string>& settings, ir::EndAction const& action) {
    std::string text = settingOf(action.name, action.text);
    llvm::StringRef const name = action.name.substr(action.name.find_last_of("\\%") + 1);
    if (settings.empty() || settings.back() != text || action.text.contains(name))
        settings.push_back(std::move(text));
}

Effect effectOf(ir::Job const& job, ir::OrderPolicy const& policy, semantics::End const& end,
                IsTold isTold) {
    semantics::FiredRules const fired = semantics::firedRules(policy, end);
    Effect effect;
    auto const tell = [&](ir::Message const& message) {
        std::string text = ir::toText(message);
        bool const holdsVariables = text.find("%%") != std::string::npos;
        if (holdsVariables && !effect.settings.empty())
            text += fmt::format(" (after it has set {} variables)", effect.settings.size());
        effect.told.push_back(std::move(text));
    };
    effect.isOk = fired.isOk;
    if (effect.isOk) // CTM-014
        for (ir::FactChange const& change : job.factChanges)
            if (!change.isAction)
                effect.changes.push_back(&change);
    for (ir::EndRule const* rule : fired.rules)
        for (ir::EndAction const& action : rule->actions) {
            if (action.kind == Action::changeFact)
                effect.changes.push_back(&job.factChanges[action.fact]);
            else if (action.kind == Action::rerun)
                effect.reruns |= !effect.isOk; // what ended OK is not run again (CTM-067)
            else if (action.kind == Action::setVariable)
                addSetting(effect.settings, action);
            else if (action.kind == Action::stopCyclic)
                effect.stops |= policy.isCyclic;
            else if (ir::isMessage(action.kind) && isTold(rule->test))
                tell(ir::messageOf(action));
            else if (std::string text = otherText(action); !text.empty())
                effect.others.push_back(std::move(text));
        }
    for (ir::Shout const& shout : policy.shouts) // CTM-078
        if (shout.when == (effect.isOk ? ir::Shout::When::ok : ir::Shout::When::notOk))
            tell(ir::messageOf(shout));
    // After NOTOK a cycle goes on, whatever rules say (CTM-065).
    bool const goesOn = policy.isCyclic && !policy.isMainframe;
    effect.reruns = effect.reruns && policy.maxRerun.value > 0 && !goesOn;
    return effect;
}

void addBorders(ir::OrderPolicy const& policy, std::vector<int64_t>& codes) {
    for (ir::EndRule const& rule : policy.rules) {
        if (rule.test.kind != Test::exitCode)
            continue;
        // Two of each side, as one is even.
        for (int64_t around = -2; around <= 2; ++around)
            codes.push_back(rule.test.number + around);
    }
}

std::vector<std::string> unplayedRules(ir::OrderPolicy const& policy, ir::Job const& job,
                                       ir::Conditions const& conditions, IsTold isTold) {
    std::vector<std::string> found;
    for (ir::EndRule const& rule : policy.rules) {
        bool const isSubmission = rule.test.kind == Test::notSubmitted;
        if (!isSubmission && rule.test.kind != Test::noOutput)
            continue;
        std::string text = isSubmission ? "not submitted:" : "without an output:";
        bool doesSomething = false;
        for (ir::EndAction const& action : rule.actions) {
            std::string what = otherText(action);
            if (action.kind == Action::setOk)
                what = "is OK";
            else if (action.kind == Action::setNotOk)
                what = "is NOTOK";
            else if (action.kind == Action::rerun)
                what = "runs again";
            else if (action.kind == Action::changeFact)
                what = textOf(job.factChanges[action.fact], conditions);
            else if (action.kind == Action::stopCyclic && policy.isCyclic)
                what = "stops its cycle";
            else if (ir::isMessage(action.kind) && isTold(rule.test))
                what = ir::toText(ir::messageOf(action));
            doesSomething |= !what.empty();
            text += " " + what;
        }
        if (doesSomething)
            found.push_back(std::move(text));
    }
    return found;
}

std::string textOf(ir::FactChange const& change, ir::Conditions const& conditions) {
    ir::Atom fact;
    fact.kind = ir::Atom::Kind::fact;
    fact.name = change.name;
    fact.instance = change.server;
    fact.scope = change.date;
    return (change.adds ? "+" : "-") + conditions.print(fact);
}

} // namespace hoist::equivalence
