// The parts of the wave solver: sets of waves, the books of the search, proofs and conflicts.
#include "analysis/migration/PlanConflict.h"
#include "analysis/migration/PlanConstraints.h"
#include "analysis/migration/PlanModel.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace hoist::migration;

namespace {

Rule windowOf(std::vector<uint32_t> nodes, uint32_t first, uint32_t last) {
    Rule rule;
    rule.kind = Rule::Kind::window;
    rule.nodes = std::move(nodes);
    rule.first = first;
    rule.last = last;
    return rule;
}

Rule capacityOf(uint32_t nodes, int64_t limit) {
    Rule rule;
    rule.kind = Rule::Kind::capacity;
    rule.nodes.resize(nodes);
    std::iota(rule.nodes.begin(), rule.nodes.end(), 0);
    rule.amounts.assign(nodes, 1);
    rule.limit = limit;
    return rule;
}

Rule wavesOf(int64_t limit) {
    Rule rule;
    rule.kind = Rule::Kind::waves;
    rule.limit = limit;
    return rule;
}

Rule orderOf(std::vector<uint32_t> first, std::vector<uint32_t> later, bool isStrict) {
    Rule rule;
    rule.kind = Rule::Kind::order;
    rule.nodes = std::move(first);
    rule.later = std::move(later);
    rule.isStrict = isStrict;
    return rule;
}

} // namespace

TEST(WaveSet, KeepsARangeAcrossWords) {
    WaveSet set(130);
    EXPECT_EQ(set.count(), 130u);
    set.keepRange(60, 128);
    EXPECT_EQ(set.lowest(), 60u);
    EXPECT_EQ(set.highest(), 128u);
    EXPECT_EQ(set.count(), 69u);
    set.keepRange(64, 64);
    EXPECT_EQ(set.count(), 1u);
    EXPECT_TRUE(set.has(64));
    set.keepRange(65, noWave);
    EXPECT_TRUE(set.empty());
}

TEST(WaveModel, OrdersNarrowTheWaves) {
    Problem problem;
    problem.nodes = 3;
    problem.rules = {orderOf({0}, {1}, true), orderOf({1}, {2}, true), wavesOf(4)};
    Model model = Model::of(problem, {}, 9);
    ASSERT_TRUE(model.propagate());
    EXPECT_EQ(model.allowed[0].highest(), 1u);
    EXPECT_EQ(model.allowed[1].lowest(), 1u);
    EXPECT_EQ(model.allowed[2].lowest(), 2u);
    problem.rules.back().limit = 2;
    EXPECT_FALSE(Model::of(problem, {}, 9).propagate());
}

// What is booked while units move is what a count from scratch gives.
TEST(WaveState, BooksAgreeWithACountFromScratch) {
    Problem problem;
    problem.nodes = 8;
    problem.nets = {{{0, 1}, 2}, {{1, 2}, 1}, {{2, 3, 4}, 3}, {{4, 5}, 1}, {{5, 6, 7, 0}, 2}};
    problem.rules = {capacityOf(8, 3), orderOf({0, 1}, {6, 7}, true)};
    Rule owners;
    owners.kind = Rule::Kind::variety;
    owners.nodes = {0, 1, 2, 3, 4, 5, 6, 7};
    owners.labels = {0, 0, 0, 1, 1, 1, 2, 2};
    owners.limit = 1;
    problem.rules.push_back(owners);
    Model const model = Model::of(problem, {}, 4);
    State state(model);
    for (uint32_t unit = 0; unit < 8; ++unit)
        state.place(unit, unit % 4);
    uint32_t random = 1;
    for (int step = 0; step < 500; ++step) {
        random = random * 1664525 + 1013904223;
        uint32_t const unit = random >> 8 & 7, to = random >> 16 & 3;
        int64_t const expected = state.cost + state.costOf(unit, to);
        bool const wasWhole = state.excess == 0, fits = state.fits(unit, to);
        uint32_t const from = state.wave[unit];
        state.move(unit, to);
        ASSERT_EQ(state.cost, expected);
        ASSERT_EQ(state.cost, cutOf(problem, state.wave));
        ASSERT_EQ(state.excess == 0, !brokenRule(problem, state.wave)) << step;
        if (wasWhole && from != to && fits) {
            ASSERT_EQ(state.excess, 0) << step;
        }
        size_t cut = 0;
        for (auto const& [a, b] : model.ties)
            cut += state.wave[a] != state.wave[b];
        ASSERT_EQ(state.cut.size(), cut);
    }
}

TEST(WaveConflict, NamesOnlyWhatConflicts) {
    Problem problem;
    problem.nodes = 6;
    problem.rules = {capacityOf(6, 2), windowOf({0, 1, 2}, 1, 1), windowOf({3}, 0, 0), wavesOf(9)};
    EXPECT_EQ(conflictOf(problem).rules, (std::vector<uint32_t>{0, 1}));
    EXPECT_EQ(solve(problem).outcome, Solution::Outcome::infeasible);
    problem.rules[0].limit = 3;
    EXPECT_TRUE(conflictOf(problem).rules.empty());
    EXPECT_EQ(solve(problem).outcome, Solution::Outcome::planned);
}

TEST(WaveConflict, CountsWhatMustLieInAStretchOfWaves) {
    Problem problem;
    problem.nodes = 5;
    problem.rules = {windowOf({0, 1, 2, 3, 4}, 2, 3), capacityOf(5, 2)};
    EXPECT_EQ(conflictOf(problem).rules, (std::vector<uint32_t>{0, 1}));
    problem.rules[0].closed = {3};
    problem.rules[1].limit = 4;
    EXPECT_EQ(conflictOf(problem).rules, (std::vector<uint32_t>{0, 1}));
    problem.rules[1].limit = 5;
    EXPECT_TRUE(conflictOf(problem).rules.empty());
}

// Whoever deletes from either end keeps one of the circles of three.
TEST(WaveConflict, IsTheSmallestAndNotOnlyMinimal) {
    Problem problem;
    problem.nodes = 7;
    auto const circle = [&](uint32_t a) {
        for (uint32_t i = 0; i < 3; ++i)
            problem.rules.push_back(orderOf({a + i}, {a + (i + 1) % 3}, true));
    };
    circle(0);
    problem.rules.push_back(windowOf({3}, 0, 0));
    problem.rules.push_back(windowOf({3}, 1, 1));
    circle(4);
    Conflict const conflict = conflictOf(problem);
    EXPECT_EQ(conflict.rules, (std::vector<uint32_t>{3, 4}));
    EXPECT_TRUE(conflict.isSmallest);
}

TEST(WaveConflict, SaysWhenItWasNotProvedTheSmallest) {
    Problem problem;
    problem.nodes = 60;
    problem.rules = {capacityOf(60, 30)};
    for (uint32_t node = 0; node < 60; ++node)
        problem.rules.push_back(windowOf({node}, 0, 0));
    Conflict const conflict = conflictOf(problem); // any 31 of 60: too many sets to try
    EXPECT_EQ(conflict.rules.size(), 32u);
    EXPECT_EQ(conflict.rules.front(), 0u);
    EXPECT_FALSE(conflict.isSmallest);
    problem.rules.resize(6);
    problem.rules[0] = capacityOf(60, 3);
    EXPECT_TRUE(conflictOf(problem).isSmallest);
    EXPECT_EQ(conflictOf(problem).rules.size(), 5u);
}

TEST(WaveSolver, FindsThePackingThatOnlyFitsOneWay) {
    Problem problem;
    problem.nodes = 6;
    Rule jobs = capacityOf(6, 10);
    jobs.amounts = {6, 6, 4, 4, 7, 3};
    problem.rules = {jobs, wavesOf(3)};
    Solution const solution = solve(problem);
    ASSERT_EQ(solution.outcome, Solution::Outcome::planned);
    EXPECT_EQ(solution.wave[4], solution.wave[5]);
    EXPECT_FALSE(brokenRule(problem, solution.wave));
    problem.rules[0].amounts = {6, 6, 4, 4, 8, 3};
    EXPECT_EQ(solve(problem).outcome, Solution::Outcome::infeasible);
}

TEST(PlanDays, CountAndPrint) {
    EXPECT_EQ(dayText(dayNumber("2028-02-29")), "2028-02-29");
    EXPECT_EQ(dayText(dayNumber("2027-12-31") + 1), "2028-01-01");
    EXPECT_EQ(dayNumber("2027-02-30"), 0);
    EXPECT_EQ(dayNumber("soon"), 0);
}
