// What the passes must not say, what they compute, and that their work grows with the estate and no
// faster.
#include "analysis/Analysis.h"
#include "analysis/Truth.h"
#include "tests/support/EstateBuilder.h"
#include "tests/support/Findings.h"

#include <gtest/gtest.h>

using namespace hoist;
using diag::Code;
using test::EstateBuilder;
using test::find;

namespace {

constexpr int64_t now = 1795478400; // 2026-11-24

diag::Diagnostics run(EstateBuilder& b) {
    diag::Diagnostics diags;
    analysis::run(b.estate, diags, now);
    return diags;
}

size_t secrets(llvm::StringRef command) {
    EstateBuilder b;
    std::get<ir::CommandAction>(b[b.job("J")].action).command.value = command;
    auto const diags = run(b);
    diag::Diagnostic const* found = find(diags, Code::SecretInCommand);
    if (!found)
        return 0;
    for (std::string const& text : {found->message, found->primaryText, found->evidence})
        EXPECT_EQ(text.find("tiger"), std::string::npos);
    return 1;
}

} // namespace

TEST(Truth, JIL063_AtomsOfOneJobExcludeEachOther) {
    EstateBuilder b;
    auto const isImpossible = [&](ir::ExprId expr) {
        return analysis::findContradiction(b.estate.conditions, expr).has_value();
    };
    EXPECT_TRUE(isImpossible(b.all({b.s("A"), b.f("A")})));
    EXPECT_TRUE(isImpossible(b.all({b.s("A"), b.t("A"), b.s("B")})));
    EXPECT_FALSE(isImpossible(b.all({b.s("A"), b.d("A")})));
    EXPECT_FALSE(isImpossible(b.all({b.s("A"), b.n("A")})));
    EXPECT_FALSE(isImpossible(b.all({b.s("A"), b.f("B")})));
    EXPECT_FALSE(isImpossible(b.any({b.s("A"), b.f("A")})));
    EXPECT_FALSE(isImpossible(b.all({b.any({b.s("A"), b.s("B")}), b.f("A")})));
    EXPECT_TRUE(
        isImpossible(b.all({b.e("A", ir::Compare::less, 4), b.e("A", ir::Compare::greater, 3)})));
    EXPECT_FALSE(
        isImpossible(b.all({b.e("A", ir::Compare::less, 5), b.e("A", ir::Compare::greater, 3)})));
    EXPECT_TRUE(isImpossible(
        b.all({b.v("G", ir::Compare::equal, "Y"), b.v("G", ir::Compare::equal, "N")})));
    EXPECT_FALSE(isImpossible(
        b.all({b.v("G", ir::Compare::notEqual, "Y"), b.v("G", ir::Compare::notEqual, "N")})));
    // Several jobs together: neither alone is contradictory.
    EXPECT_TRUE(isImpossible(
        b.all({b.any({b.s("A"), b.s("B")}), b.any({b.s("A"), b.f("B")}), b.f("A"), b.t("B")})));
}

TEST(Truth, NecessaryAtomsOfDisjunctionsStandInEveryBranch) {
    EstateBuilder b;
    ir::ExprId const expr =
        b.all({b.s("A"), b.any({b.all({b.s("B"), b.s("C")}), b.all({b.s("B"), b.s("D")})})});
    auto const atoms = analysis::necessaryAtoms(b.estate.conditions, expr);
    ASSERT_EQ(atoms.size(), 2u);
    EXPECT_EQ(b.estate.conditions[atoms[0]].name, "A");
    EXPECT_EQ(b.estate.conditions[atoms[1]].name, "B");
}

TEST(Truth, JIL063_EqualInEveryStateOfTheirJobs) {
    EstateBuilder b;
    auto const areEqual = [&](ir::ExprId x, ir::ExprId y) {
        return analysis::areEqual(b.estate.conditions, x, y);
    };
    ir::Scope sinceOwn;
    sinceOwn.kind = ir::Scope::Kind::sinceOwnLastRun;
    ir::ExprId const f0 = b.status(ir::failed, "A", sinceOwn);
    EXPECT_TRUE(areEqual(b.all({b.s("A"), b.d("A")}), b.s("A")));
    EXPECT_TRUE(areEqual(b.d("A"), b.any({b.s("A"), b.f("A"), b.t("A")})));
    EXPECT_TRUE(areEqual(b.any({f0, b.f("A")}), b.f("A")));
    EXPECT_FALSE(areEqual(f0, b.f("A"))); // it failed too long ago
    EXPECT_FALSE(areEqual(b.s("A"), b.d("A")));
    EXPECT_FALSE(areEqual(b.s("A"), b.s("B")));
    EXPECT_TRUE(areEqual(b.e("A", ir::Compare::less, 4), b.e("A", ir::Compare::lessEqual, 3)));
    EXPECT_FALSE(
        areEqual(b.any({b.e("A", ir::Compare::less, 4), b.e("A", ir::Compare::greater, 3)}),
                 b.any({b.s("B"), b.f("B")})));
    ir::ExprId const anyCode =
        b.any({b.e("A", ir::Compare::less, 4), b.e("A", ir::Compare::greater, 3)});
    EXPECT_FALSE(areEqual(b.all({anyCode, b.s("B")}), b.s("B"))); // JIL-067: no code yet
}

TEST(Passes, JIL110_AWayOutOfACircleIsNoCircle) {
    EstateBuilder b;
    b.box("BOX");
    ir::JobId const x = b.job("X", "BOX"), y = b.job("Y", "BOX");
    b.job("Z", "BOX");
    b.condition(x, b.any({b.s("Y"), b.s("Z")}));
    b.condition(y, b.s("X"));
    EXPECT_FALSE(find(run(b), Code::DependencyCycle));
}

TEST(Passes, OneFindingForACircleWithALabelAtEachLink) {
    EstateBuilder b;
    b.box("BOX");
    for (int i = 0; i < 5; ++i)
        b.condition(b.job("J" + std::to_string(i), "BOX"), b.s("J" + std::to_string((i + 1) % 5)));
    auto const diags = run(b);
    EXPECT_EQ(test::count(diags, Code::DependencyCycle), 1u);
    EXPECT_EQ(find(diags, Code::DependencyCycle)->labels.size(),
              4u); // the fifth is the finding's own place
    EXPECT_FALSE(find(diags, Code::CycleAcrossRuns));
}

TEST(Passes, JIL066_WhatWaitsForAJobThatNeverStartsIsNamedOnce) {
    EstateBuilder b;
    b.condition(b.job("A"), b.s("NOWHERE"));
    b.condition(b.job("B"), b.s("A"));
    b.condition(b.job("C"), b.any({b.s("A"), b.n("B")})); // n() of a job that never runs is true
    auto const diags = run(b);
    ASSERT_EQ(test::count(diags, Code::NeverStarts), 1u);
    EXPECT_EQ(find(diags, Code::NeverStarts)->notes[0], "so `B` cannot start either");
}

TEST(Passes, JIL114_TheBoxSuccessNamesTheEndsOfTheGoodNight) {
    EstateBuilder b;
    b.box("BOX");
    b.job("X", "BOX");
    b.condition(b.job("Y", "BOX"), b.s("X"));
    b.job("Z", "BOX");
    b.condition(b.job("H", "BOX"), b.f("X"));
    b.condition(b.job("AFTER_H", "BOX"), b.s("H"));
    auto const diags = run(b);
    ASSERT_TRUE(find(diags, Code::BoxNeverCompletes));
    EXPECT_EQ(find(diags, Code::BoxNeverCompletes)->labels.size(), 2u);
    EXPECT_EQ(find(diags, Code::BoxNeverCompletes)->helps[0],
              "`box_success: s(Y) & s(Z)` ends it when the work is done");
}

TEST(Passes, JIL115_ABoxWithItsOwnRuleOrWithoutHandlersCompletes) {
    EstateBuilder b;
    ir::JobId const box = b.box("BOX");
    b.job("X", "BOX");
    b.condition(b.job("H", "BOX"), b.f("X"));
    b.group(box).success = b.written(b.s("X"));
    b.box("PLAIN");
    b.job("P", "PLAIN");
    b.condition(b.job("Q", "PLAIN"), b.all({b.d("P"), b.f("X")})); // X lies outside: it may hold
    EXPECT_FALSE(find(run(b), Code::BoxNeverCompletes));
}

TEST(Passes, JIL115_ABoxFailureThatHoldsInTheGoodNightEndsTheBox) {
    EstateBuilder b;
    ir::JobId const box = b.box("BOX");
    b.job("X", "BOX");
    b.condition(b.job("H", "BOX"), b.f("X"));
    b.group(box).failure = b.written(b.d("X"));
    EXPECT_FALSE(find(run(b), Code::BoxNeverCompletes));

    b.group(box).failure = b.written(b.f("X"));
    EXPECT_TRUE(find(run(b), Code::BoxNeverCompletes));
    b.job("OUT");
    b.group(box).failure = b.written(b.s("OUT")); // nobody knows
    EXPECT_TRUE(find(run(b), Code::BoxNeverCompletes));
}

// JIL-161: without a positive priority a load waits for nobody, but those who wait count it.
TEST(Passes, JIL161_ALoadThatOthersWaitForHasAnEffect) {
    for (char const* const machine : {"m", "other"}) {
        EstateBuilder b;
        ir::JobId const waits = b.job("WAITS"), free = b.job("FREE");
        for (auto const& [id, name] : {std::pair(waits, "m"), std::pair(free, machine)}) {
            b.set(b[id].load, 10);
            b.set(b[id].machines, llvm::SmallVector<llvm::StringRef, 1>{name});
        }
        b.set(b[waits].priority, 5);
        EXPECT_EQ(find(run(b), Code::NoEffect) == nullptr, machine == llvm::StringRef("m"));
    }
}

// One side of an exclusion says something wrong only where the other job may start beside it.
TEST(Passes, JIL076_OneSideOfAnExclusionIsEnoughForThoseWhoCannotMeet) {
    auto const isReported = [](auto const& build) {
        EstateBuilder b;
        b.box("BOX");
        b.job("FIRST", "BOX");
        build(b, b.job("X", "BOX"), b.job("Y", "BOX"));
        return find(run(b), Code::NotRunningAsOrder) != nullptr;
    };
    // Both start with the box, in whichever order.
    EXPECT_TRUE(
        isReported([](EstateBuilder& b, ir::JobId, ir::JobId y) { b.condition(y, b.n("X")); }));
    // X starts with the box, Y later.
    EXPECT_FALSE(isReported([](EstateBuilder& b, ir::JobId, ir::JobId y) {
        b.condition(y, b.all({b.n("X"), b.s("FIRST")}));
    }));
    // … unless X may be in a queue then (JIL-063), is held, or waits itself.
    EXPECT_TRUE(isReported([](EstateBuilder& b, ir::JobId x, ir::JobId y) {
        b.condition(y, b.all({b.n("X"), b.s("FIRST")}));
        b.set(b[x].load, 5);
    }));
    EXPECT_TRUE(isReported([](EstateBuilder& b, ir::JobId x, ir::JobId y) {
        b.condition(y, b.all({b.n("X"), b.s("FIRST")}));
        b.condition(x, b.d("FIRST"));
    }));
    // One waits for the other by way of a third.
    EXPECT_FALSE(isReported([](EstateBuilder& b, ir::JobId x, ir::JobId y) {
        b.condition(x, b.s("FIRST"));
        b.condition(b.job("THIRD", "BOX"), b.s("X"));
        b.condition(y, b.all({b.n("X"), b.s("THIRD")}));
    }));
    EXPECT_FALSE(isReported([](EstateBuilder& b, ir::JobId x, ir::JobId y) {
        b.condition(y, b.all({b.n("X"), b.v("G", ir::Compare::equal, "Y")}));
        b.condition(b.job("THIRD", "BOX"), b.s("Y"));
        b.condition(x, b.s("THIRD"));
    }));
    // … which is not sure where there is another way.
    EXPECT_TRUE(isReported([](EstateBuilder& b, ir::JobId x, ir::JobId y) {
        b.condition(x, b.s("FIRST"));
        b.condition(b.job("THIRD", "BOX"), b.s("X"));
        b.condition(y, b.all({b.n("X"), b.any({b.s("THIRD"), b.s("FIRST")})}));
    }));
}

// A member that only a bad exit code starts is no end of the good night: a box_success that named
// it would hang as well.
TEST(Passes, JIL114_AnExitCodeOfTheGoodNightIsPinned) {
    auto const helpFor = [](auto rule, ir::Compare op, int64_t code) {
        EstateBuilder b;
        b.box("BOX");
        rule(b[b.job("X", "BOX")].exitRule);
        b.condition(b.job("H", "BOX"), b.f("X"));
        b.condition(b.job("E", "BOX"), b.e("X", op, code));
        auto const diags = run(b);
        diag::Diagnostic const* found = find(diags, Code::BoxNeverCompletes);
        return found ? found->helps[0] : std::string();
    };
    std::string const onlyX = "`box_success: s(X)` ends it when the work is done";
    std::string const withE = "`box_success: s(X) & s(E)` ends it when the work is done";
    std::string const several =
        "a `box_success` that is true whichever way the work ends would end it";
    auto const plain = [](ir::ExitRule&) {};
    auto const upTo4 = [](ir::ExitRule& rule) { rule.max = 4; };
    auto const only3 = [](ir::ExitRule& rule) {
        rule.kind = ir::ExitRule::Kind::success;
        rule.codes = {{3, 3}};
    };
    auto const zeroFails = [](ir::ExitRule& rule) {
        rule.kind = ir::ExitRule::Kind::fail;
        rule.codes = {{0, 0}, {2, 255}};
    };
    EXPECT_EQ(helpFor(plain, ir::Compare::equal, 4), onlyX);
    EXPECT_EQ(helpFor(plain, ir::Compare::greater, 0), onlyX);
    EXPECT_EQ(helpFor(plain, ir::Compare::equal, 0), withE);
    EXPECT_EQ(helpFor(upTo4, ir::Compare::lessEqual, 4), withE);
    EXPECT_EQ(helpFor(upTo4, ir::Compare::greater, 4), onlyX);
    EXPECT_EQ(helpFor(upTo4, ir::Compare::equal, 4), several);
    EXPECT_EQ(helpFor(upTo4, ir::Compare::equal, 0), several);
    EXPECT_EQ(helpFor(only3, ir::Compare::equal, 3), withE);
    EXPECT_EQ(helpFor(only3, ir::Compare::equal, 0), onlyX);
    EXPECT_EQ(helpFor(zeroFails, ir::Compare::equal, 1), withE);
    EXPECT_EQ(helpFor(zeroFails, ir::Compare::equal, 0), onlyX);
}

TEST(Passes, JIL114_AHandlerOfABadExitCodeHangsTheBoxByItself) {
    EstateBuilder b;
    b.box("BOX");
    b.job("X", "BOX");
    b.condition(b.job("E", "BOX"), b.e("X", ir::Compare::notEqual, 0));
    auto const diags = run(b);
    EXPECT_TRUE(find(diags, Code::BoxNeverCompletes));
}

TEST(Passes, JIL112_ALaterTimeOfTheSameNightIsInOrder) {
    auto const found = [](int16_t box, std::initializer_list<int16_t> member) {
        EstateBuilder b;
        b.daily(b.box("BOX"), {box});
        b.daily(b.job("X", "BOX"), member);
        return find(run(b), Code::TickWhileBoxIdle) != nullptr;
    };
    EXPECT_FALSE(found(360, {480}));      // 06:00, 08:00
    EXPECT_FALSE(found(360, {1200}));     // the box waits for 20:00
    EXPECT_FALSE(found(1320, {120}));     // 22:00, 02:00 in the same night
    EXPECT_TRUE(found(360, {330}));       // 05:30: just before
    EXPECT_TRUE(found(360, {480, 1200})); // the second finds the member done
}

TEST(Passes, SecretsAndWhatOnlyLooksLikeOne) {
    EXPECT_TRUE(secrets("sqlplus scott/tiger@ORCL @run.sql"));
    EXPECT_TRUE(secrets("load --password=tiger"));
    EXPECT_TRUE(secrets("load --db-password tiger"));
    EXPECT_TRUE(secrets("curl https://app:tiger@host/x"));
    EXPECT_TRUE(secrets("curl -u app:tiger https://host/x"));
    EXPECT_TRUE(secrets("sshpass -p tiger ssh host"));
    EXPECT_TRUE(secrets("mysql -ptiger -e x"));
    EXPECT_TRUE(secrets("export AWS_KEY=AKIAABCDEFGHIJKLMNOP"));
    for (llvm::StringRef harmless :
         {"sqlplus /@ORCL @run.sql", "sqlplus $DBUSER/$DBPASS@ORCL", "load --password $PW",
          "load --password-file /etc/pw", "load --password", "mysql -p -e x",
          "cd $PWD; PWD=/tmp ls", "cp a/b@c d", "curl https://host/a@b:c", "mkdir -p secret",
          "load --token-ttl 300", "rsync user@host:/a /b", "curl -u $U:$P https://host",
          "scp -p secret host:/x", "reset_password.sh", "load --password=%PW%",
          "load password=$$PW"})
        EXPECT_FALSE(secrets(harmless)) << harmless.str();
}

TEST(Passes, LongChainsAndWideBoxesWithoutRecursion) {
    EstateBuilder b;
    b.box("BOX");
    constexpr int count = 100000;
    for (int i = 0; i < count; ++i) {
        ir::JobId const job = b.job("J" + std::to_string(i), "BOX");
        if (i > 0)
            b.condition(job, b.s("J" + std::to_string(i - 1)));
    }
    auto const diags = run(b);
    EXPECT_FALSE(diags.hasErrors());
    EXPECT_FALSE(find(diags, Code::DependencyCycle));
    EXPECT_EQ(b.estate.workflows.size(), 1u);
}

TEST(Passes, AChainBehindAJobThatNeverStartsIsOneFinding) {
    EstateBuilder b;
    b.condition(b.job("J0"), b.s("NOWHERE"));
    for (int i = 1; i < 50000; ++i)
        b.condition(b.job("J" + std::to_string(i)), b.s("J" + std::to_string(i - 1)));
    auto const diags = run(b);
    EXPECT_EQ(test::count(diags, Code::NeverStarts), 1u);
    EXPECT_EQ(find(diags, Code::NeverStarts)->notes[0],
              "so `J1`, `J2`, `J3` and 49996 more cannot start either");
}
