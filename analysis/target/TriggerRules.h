// What Airflow's scheduler makes of a task when it looks at the states of its direct upstream
// tasks: AF-010…AF-012, measured on Airflow 3.3 and tested against its own TriggerRuleDep.
#pragma once

#include "analysis/target/Bag.h"

#include <cstdint>

namespace hoist::target {

/// How many of a task's direct upstream tasks are in which state.
struct UpstreamCounts {
    unsigned success = 0, failed = 0, upstreamFailed = 0, skipped = 0, unfinished = 0;
    /// Of them: the setup tasks; only all_done_setup_success asks.
    unsigned setups = 0, setupSuccess = 0, setupSkipped = 0;

    unsigned total() const { return success + failed + upstreamFailed + skipped + unfinished; }
};

enum class Decision : uint8_t { wait, run, skip, upstreamFailed };
llvm::StringRef toString(Decision decision);

/// What happens when the scheduler looks at these counts now. A task without upstream runs.
Decision decide(TriggerRule rule, UpstreamCounts const& counts);

/// A set of decisions: bit `1 << Decision`.
class Decisions {
public:
    void add(Decision decision) { bits |= bit(decision); }
    bool contains(Decision decision) const { return (bits & bit(decision)) != 0; }
    bool isOne() const { return (bits & (bits - 1)) == 0; }
    friend bool operator==(Decisions, Decisions) = default;

private:
    static uint8_t bit(Decision decision) {
        return static_cast<uint8_t>(1u << static_cast<unsigned>(decision));
    }
    uint8_t bits = 0;
};

/// Every decision that can come first while the upstream tasks finish one by one, in any order, up
/// to these counts; `wait` when none need come. More than one is a race (AF-011). Setups are not
/// told apart.
Decisions possibleDecisions(TriggerRule rule, UpstreamCounts const& counts);

} // namespace hoist::target
