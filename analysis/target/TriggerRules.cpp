// The rules in the order of their names in Airflow; every line is one line of its TriggerRuleDep.
#include "analysis/target/TriggerRules.h"

#include <llvm/ADT/StringSwitch.h>

#include <algorithm>
#include <array>

namespace hoist::target {

namespace {
constexpr std::array<llvm::StringLiteral, 14> ruleNames = {
    "all_success",
    "all_failed",
    "all_done",
    "all_done_min_one_success",
    "all_done_setup_success",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_failed_min_one_success",
    "none_skipped",
    "all_skipped",
    "always",
    "unknown",
};
} // namespace

llvm::StringRef toString(TriggerRule rule) { return ruleNames[static_cast<size_t>(rule)]; }

TriggerRule triggerRuleOf(llvm::StringRef text) {
    auto const* const found = std::find(ruleNames.begin(), ruleNames.end(), text);
    return found == ruleNames.end() ? TriggerRule::unknown
                                    : static_cast<TriggerRule>(found - ruleNames.begin());
}

llvm::StringRef toString(Decision decision) {
    switch (decision) {
    case Decision::wait: return "wait";
    case Decision::run: return "run";
    case Decision::skip: return "skipped";
    case Decision::upstreamFailed: return "upstream_failed";
    }
    return "wait";
}

Decision decide(TriggerRule rule, UpstreamCounts const& c) {
    unsigned const total = c.total();
    bool const isDone = c.unfinished == 0;
    bool const anyBad = c.failed + c.upstreamFailed > 0;
    auto const when = [](bool holds, Decision then, Decision otherwise) {
        return holds ? then : otherwise;
    };
    if (total == 0)
        return Decision::run;
    switch (rule) {
    case TriggerRule::allSuccess:
        if (anyBad)
            return Decision::upstreamFailed;
        if (c.skipped > 0)
            return Decision::skip;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::allFailed:
        if (c.success + c.skipped > 0)
            return Decision::skip;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::allDone: return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::allDoneMinOneSuccess:
        if (c.skipped > 0)
            return Decision::skip;
        if (!isDone)
            return Decision::wait;
        return when(c.success > 0, Decision::run, Decision::upstreamFailed);
    case TriggerRule::allDoneSetupSuccess:
        if (!isDone)
            return Decision::wait;
        if (c.setups == 0 || c.setupSuccess > 0)
            return Decision::run;
        return when(c.setupSkipped >= c.setups, Decision::skip, Decision::upstreamFailed);
    case TriggerRule::oneSuccess:
        if (c.success > 0)
            return Decision::run;
        if (!isDone)
            return Decision::wait;
        return when(c.skipped == total, Decision::skip, Decision::upstreamFailed);
    case TriggerRule::oneFailed:
        if (anyBad)
            return Decision::run;
        return when(isDone, Decision::skip, Decision::wait);
    case TriggerRule::oneDone:
        if (c.success + c.failed > 0)
            return Decision::run;
        return when(isDone, Decision::skip, Decision::wait);
    case TriggerRule::noneFailed:
        if (anyBad)
            return Decision::upstreamFailed;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::noneFailedMinOneSuccess:
        if (anyBad)
            return Decision::upstreamFailed;
        if (c.skipped == total)
            return Decision::skip;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::noneSkipped:
        if (c.skipped > 0)
            return Decision::skip;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::allSkipped:
        if (c.success + c.failed + c.upstreamFailed > 0)
            return Decision::skip;
        return when(isDone, Decision::run, Decision::wait);
    case TriggerRule::always: return Decision::run;
    case TriggerRule::unknown: return Decision::wait;
    }
    return Decision::wait;
}

Decisions possibleDecisions(TriggerRule rule, UpstreamCounts const& counts) {
    // What a rule asks is whether there are any, and whether all are done: two of a kind are as
    // good as a thousand.
    constexpr unsigned most = 2;
    std::array<unsigned, 4> const end = {
        std::min(counts.success, most), std::min(counts.failed, most),
        std::min(counts.upstreamFailed, most), std::min(counts.skipped, most)};
    unsigned const open = std::min(counts.unfinished, most);
    Decisions found;
    // Depth first over what has finished so far; a decision ends the path.
    std::array<bool, 81> seen{};
    llvm::SmallVector<std::array<unsigned, 4>, 32> stack{{0, 0, 0, 0}};
    while (!stack.empty()) {
        std::array<unsigned, 4> const now = stack.pop_back_val();
        size_t const key = ((now[0] * 3 + now[1]) * 3 + now[2]) * 3 + now[3];
        if (seen[key])
            continue;
        seen[key] = true;
        unsigned const left = end[0] + end[1] + end[2] + end[3] - now[0] - now[1] - now[2] - now[3];
        Decision const decision =
            decide(rule, UpstreamCounts{now[0], now[1], now[2], now[3], left + open});
        if (decision != Decision::wait) {
            found.add(decision);
            continue;
        }
        if (left == 0)
            found.add(Decision::wait);
        for (size_t kind = 0; kind < now.size(); ++kind)
            if (now[kind] < end[kind]) {
                stack.push_back(now);
                ++stack.back()[kind];
            }
    }
    return found;
}

} // namespace hoist::target
