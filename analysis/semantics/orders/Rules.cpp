// The three rounds. A NOTOK that a rule sets stays.
#include "analysis/semantics/orders/Rules.h"

#include "analysis/semantics/orders/OutputPattern.h"

#include <llvm/ADT/STLExtras.h>

namespace hoist::semantics {

/// `isOk`: the verdict before its round.
static bool applies(ir::EndTest const& test, End const& end, bool isOk) {
    using Test = ir::EndTest::Kind;
    switch (test.kind) {
    case Test::any: return true;
    case Test::ok: return isOk;
    case Test::notOk: return !isOk;
    case Test::exitCode: return end.exitCode && test.holds(*end.exitCode);
    case Test::runs: return test.holds(end.runs);
    case Test::reruns: return test.holds(end.reruns);
    case Test::failures: return test.holds(end.failures + (isOk ? 0 : 1));
    case Test::output: return isInOutput(test.text, end.output);
    case Test::notSubmitted: // a played job is submitted, and leaves an output
    case Test::noOutput: return false;
    }
    return false;
}

FiredRules firedRules(ir::OrderPolicy const& policy, End const& end) {
    using Action = ir::EndAction::Kind;
    FiredRules fired;
    fired.isOk = end.isOk;
    bool isNotOkForGood = false;
    for (int round = 1; round <= 3; ++round) {
        bool const before = fired.isOk;
        bool setsOk = false;
        for (ir::EndRule const& rule : policy.rules) {
            if (rule.round() != round || !applies(rule.test, end, before))
                continue;
            fired.rules.push_back(&rule);
            for (ir::EndAction const& action : rule.actions) {
                setsOk |= action.kind == Action::setOk;
                isNotOkForGood |= action.kind == Action::setNotOk;
            }
        }
        fired.isOk = !isNotOkForGood && (before || setsOk);
        if (fired.isOk != before)
            fired.turns.push_back(fired.isOk);
    }
    return fired;
}

bool FiredRules::ask(ir::EndAction::Kind kind) const {
    return llvm::any_of(rules, [&](ir::EndRule const* rule) { return rule->does(kind); });
}

} // namespace hoist::semantics
