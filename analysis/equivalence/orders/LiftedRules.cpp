// `rules=[{"on": "code >= 4", "do": ["ok", "+fact(X)"]}]` of the shims, as ON rules (CTM-070).
#include "analysis/equivalence/orders/Lifting.h"

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
                          .Case("notify", Action::mail)
                          .Default(std::nullopt);
    if (word) {
        made = action(*word);
        return true;
    }
    return readEffect(job, text, true, made);
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
