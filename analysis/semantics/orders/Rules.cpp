// The three rounds. A NOTOK that a rule sets stays.
#include "analysis/semantics/orders/Rules.h"

namespace hoist::semantics {

FiredRules firedRules(ir::OrderPolicy const& policy, bool isOk,
                      llvm::function_ref<bool(ir::EndTest const& test, bool isOk)> applies) {
    using Action = ir::EndAction::Kind;
    FiredRules fired;
    bool isNotOkForGood = false;
    for (int round = 1; round <= 3; ++round) {
        bool const before = isOk;
        bool setsOk = false;
        for (ir::EndRule const& rule : policy.rules) {
            if (rule.round() != round || !applies(rule.test, before))
                continue;
            fired.rules.push_back(&rule);
            for (ir::EndAction const& action : rule.actions) {
                setsOk |= action.kind == Action::setOk;
                isNotOkForGood |= action.kind == Action::setNotOk;
            }
        }
        isOk = !isNotOkForGood && (isOk || setsOk);
        if (isOk != before)
            fired.turns.push_back(isOk);
    }
    fired.isOk = isOk;
    return fired;
}

} // namespace hoist::semantics
