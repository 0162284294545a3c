// `rules=[{"on": "code >= 4", "do": ["ok", "+fact(X)"]}]` of the shims, as ON rules (CTM-070).
#include "analysis/equivalence/orders/Lifting.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/StringSwitch.h>

#include <fmt/format.h>

namespace hoist::equivalence {

using Action = ir::EndAction::Kind;

bool Lifting::readRuleAction(ir::JobId job, llvm::StringRef text, ir::EndAction& made) {
    auto const word = llvm::StringSwitch<std::optional<Action>>(text)
                          .Case("ok", Action::setOk)
                          .Case("notok", Action::setNotOk)
                          .Case("rerun", Action::rerun)
                          .Case("stop", Action::stopCyclic)
                          .Default(std::nullopt);
    if (word) {
        made = action(*word);
        return true;
    }
    return readEffect(job, text, true, made);
}

/// `tell ops@example.com: it failed`
bool Lifting::readMessage(llvm::StringRef text, ir::EndAction& made) {
    auto const found = ir::parseMessage(text);
    if (!found)
        return false;
    made = action(Action::mail);
    made.destination = into.save(found->destination);
    made.urgency = ir::letterOf(found->urgency);
    made.text = into.save(found->text);
    return true;
}

/// What is asked behind all rules does nothing but tell people (CTM-078). False: it is a rule, or
/// nothing known.
bool Lifting::readShouts(ir::JobId job, llvm::StringRef on, json const& actions) {
    for (ir::Shout::When const when : {ir::Shout::When::ok, ir::Shout::When::notOk}) {
        if (on != ir::endOf(when))
            continue;
        for (json const& text : actions) {
            ir::EndAction made;
            if (!readMessage(textOf(text), made))
                return false;
            policyOf(job).shouts.push_back(
                {when, {}, made.destination, made.urgency, made.text, {}, {}, {}});
        }
        return true;
    }
    return false;
}

void Lifting::readLate(ir::JobId job, target::Task const& task) {
    json const& late = task.argument("late");
    if (late.is_null())
        return;
    auto const cannot = [&] {
        unknown(fmt::format("what `{}` tells when it is late cannot be read", task.id));
    };
    if (!late.is_object())
        return cannot();
    for (auto const& [on, messages] : late.items()) {
        auto const test = ir::parseLateTest(on);
        if (!test || !messages.is_array()) {
            cannot();
            continue;
        }
        using Kind = ir::LateTest::Kind;
        ir::Shout made;
        made.when = test->kind == Kind::notSubmitted ? ir::Shout::When::notStartedBy
                    : test->kind == Kind::notEnded   ? ir::Shout::When::notEndedBy
                                                     : ir::Shout::When::runsFor;
        made.time = into.save(
            test->isByClock()
                ? fmt::format("{:02}{:02}", test->minutes / 60, test->minutes % 60)
                : fmt::format("{}{}", test->kind == Kind::runsOver ? '>' : '<', test->minutes));
        for (json const& text : messages) {
            ir::EndAction told;
            if (!readMessage(textOf(text), told)) {
                cannot();
                continue;
            }
            made.destination = told.destination;
            made.urgency = told.urgency;
            made.text = told.text;
            policyOf(job).shouts.push_back(made);
        }
    }
}

/// False: it has none.
bool Lifting::readRules(ir::JobId job, target::Task const& task) {
    json const& rules = task.argument("rules");
    if (!isOfOrder(task) || rules.is_null())
        return false;
    auto const cannot = [&] { unknown(fmt::format("the rules of `{}` cannot be read", task.id)); };
    if (!rules.is_array()) {
        cannot();
        return true;
    }
    for (json const& one : rules) {
        if (!one.is_object() || !one.contains("on") || !one.contains("do") ||
            !one["do"].is_array()) {
            cannot();
            continue;
        }
        if (readShouts(job, textOf(one["on"]), one["do"]))
            continue;
        auto const test = ir::parseEndTest(into.save(textOf(one["on"])));
        if (!test) {
            cannot();
            continue;
        }
        ir::EndRule rule;
        rule.test = *test;
        for (json const& text : one["do"]) {
            ir::EndAction made;
            if (readRuleAction(job, textOf(text), made))
                rule.actions.push_back(made);
            else
                cannot();
        }
        policyOf(job).rules.push_back(std::move(rule));
    }
    return true;
}

} // namespace hoist::equivalence
