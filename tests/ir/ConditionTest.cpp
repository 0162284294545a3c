// Conditions are hash-consed, flattened and printed without ambiguity.
#include "frontend/ir/Estate.h"

#include <gtest/gtest.h>

using namespace hoist::ir;

static ExprId success(Conditions& conditions, llvm::StringRef job) {
    Atom atom;
    atom.outcomes = succeeded;
    atom.name = job;
    return conditions.atom(atom);
}

TEST(Condition, EqualExpressionsHaveEqualIds) {
    Conditions c;
    ExprId const a = success(c, "a"), b = success(c, "b");
    EXPECT_EQ(c.all({a, b}), c.all({success(c, "a"), success(c, "b")}));
    EXPECT_NE(c.all({a, b}), c.any({a, b}));
    EXPECT_EQ(c.all({c.all({a, b}), a}), c.all({a, b, a}));
}

TEST(Condition, PrintsParenthesesWhereKindsMixAndEscapesNames) {
    Conditions c;
    ExprId const a = success(c, "a"), b = success(c, "b:1");
    EXPECT_EQ(c.print(c.all({c.any({a, b}), a})), "(s(a) | s(b\\:1)) & s(a)");
    Atom variable;
    variable.kind = Atom::Kind::variable;
    variable.name = "GO";
    variable.text = "Y\"";
    EXPECT_EQ(c.print(variable), "v(GO) = \"Y\\\"\"");
    Atom lookback;
    lookback.outcomes = done;
    lookback.name = "x";
    lookback.instance = "PRD";
    lookback.scope = {Scope::Kind::window, 90, 0};
    EXPECT_EQ(c.print(lookback), "d(x^PRD, 01.30)");
}

TEST(Condition, DeepNestingPrintsWithoutRecursion) {
    Conditions c;
    ExprId expr = success(c, "a");
    for (int i = 0; i < 100000; ++i)
        expr = i % 2 ? c.all({expr, success(c, "b")}) : c.any({expr, success(c, "c")});
    EXPECT_GT(c.print(expr).size(), 100000u);
}

TEST(Condition, CivilDatesRoundTrip) {
    for (int32_t day = -200000; day < 200000; day += 37)
        EXPECT_EQ(toDayNumber(fromDayNumber(day)), day);
    EXPECT_EQ(weekdayOf(toDayNumber({2026, 11, 24})), 2);
}
