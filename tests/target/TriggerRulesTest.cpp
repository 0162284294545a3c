// The model of the trigger rules against the decisions of Airflow's own TriggerRuleDep, and the
// race of AF-011.
#include "analysis/target/TriggerRules.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace hoist::target;

namespace {

nlohmann::json vectors() {
    return nlohmann::json::parse(
        std::ifstream(std::string(HOIST_SOURCE_DIR) + "/tests/vectors/trigger_rules.json"));
}

UpstreamCounts countsOf(std::string const& states) {
    UpstreamCounts counts;
    for (char state : states) {
        counts.success += state == 's';
        counts.failed += state == 'f';
        counts.upstreamFailed += state == 'u';
        counts.skipped += state == 'k';
        counts.unfinished += state == '.';
    }
    return counts;
}

Decisions setOf(std::initializer_list<Decision> decisions) {
    Decisions set;
    for (Decision decision : decisions)
        set.add(decision);
    return set;
}

} // namespace

TEST(TriggerRules, DecideAsAirflow) {
    nlohmann::json const told = vectors();
    size_t count = 0;
    for (auto const& [name, rows] : told["rules"].items()) {
        TriggerRule const rule = triggerRuleOf(name);
        ASSERT_NE(rule, TriggerRule::unknown) << name;
        EXPECT_EQ(toString(rule), name);
        for (auto const& [states, decision] : rows.items()) {
            EXPECT_EQ(static_cast<int>(decide(rule, countsOf(states))), decision.get<int>())
                << name << " of " << states;
            ++count;
        }
    }
    EXPECT_EQ(count, 13u * 56);
}

TEST(TriggerRules, SetupsDecideTheirTeardown) {
    nlohmann::json const told = vectors();
    for (auto const& [states, decision] : told["first_is_setup"].items()) {
        UpstreamCounts counts = countsOf(states);
        counts.setups = 1;
        counts.setupSuccess = states[0] == 's';
        counts.setupSkipped = states[0] == 'k';
        EXPECT_EQ(static_cast<int>(decide(TriggerRule::allDoneSetupSuccess, counts)),
                  decision.get<int>())
            << states;
    }
}

TEST(TriggerRules, OnlyAllSuccessRaces) {
    nlohmann::json const told = vectors();
    for (auto const& [name, rows] : told["rules"].items())
        for (auto const& [states, decision] : rows.items()) {
            UpstreamCounts const counts = countsOf(states);
            Decisions const found = possibleDecisions(triggerRuleOf(name), counts);
            bool const isRace = name == "all_success" && counts.skipped > 0 &&
                                counts.failed + counts.upstreamFailed > 0;
            EXPECT_EQ(!found.isOne(), isRace) << name << " of " << states;
            EXPECT_TRUE(found.contains(static_cast<Decision>(decision.get<int>())))
                << name << " of " << states;
        }
    EXPECT_EQ(possibleDecisions(TriggerRule::allSuccess, countsOf("fk")),
              setOf({Decision::skip, Decision::upstreamFailed}));
    // A thousand of each are no more than two.
    EXPECT_EQ(possibleDecisions(TriggerRule::allSuccess, {1000, 1000, 0, 1000, 0}),
              setOf({Decision::skip, Decision::upstreamFailed}));
}

TEST(TriggerRules, ARuleOfALaterAirflowWaits) {
    EXPECT_EQ(triggerRuleOf("most_success"), TriggerRule::unknown);
    EXPECT_EQ(decide(TriggerRule::unknown, countsOf("ss")), Decision::wait);
}
