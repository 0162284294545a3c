// Small formulas and small runs whose answers are known: what can be reached together, what
// excludes each other, and that work beyond the budget is said to be that.
#include "analysis/equivalence/RunModel.h"
#include "analysis/equivalence/Verify.h"
#include "analysis/link/Link.h"
#include "frontend/jil/Jil.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

using namespace hoist;
using namespace hoist::equivalence;
using Answer = Solver::Answer;
using target::Role;
using target::TaskId;
using target::TriggerRule;

namespace {

constexpr int budget = 20000;

/// A definition and a DAG for it, made by hand.
struct Played {
    ir::Estate estate;
    diag::Diagnostics diags;
    target::Bag bag;
    target::Dag* dag = nullptr;
    std::vector<Pair> pairs;
    std::optional<Expressions> expressions;
    std::optional<RunModel> made;

    explicit Played(std::string const& jil) {
        jil::read(*estate.sources.add("x.jil", jil), estate, diags);
        analysis::link(estate, diags);
        target::DagId const id = bag.dags.add();
        bag.dagById["BOX"] = id;
        dag = &bag.dags[id];
        dag->id = "BOX";
        dag->maxActiveRuns = 1;
        dag->timetable.kind = target::Timetable::Kind::none;
        dag->fields = nlohmann::json::object();
    }
    TaskId task(std::string const& id, Role role, std::string const& job, TriggerRule rule,
                std::initializer_list<TaskId> upstream, nlohmann::json arguments = {}) {
        TaskId const added = dag->tasks.add();
        target::Task& task = dag->tasks[added];
        task.id = id;
        task.type = role == Role::job ? "Command" : role == Role::gate ? "Gate" : "Verdict";
        task.role = role;
        task.rule = rule;
        task.legacyJob = job;
        task.fields = {{"task_id", id}, {"arguments", std::move(arguments)}};
        for (TaskId up : upstream) {
            task.upstream.push_back(up);
            dag->tasks[up].downstream.push_back(added);
        }
        dag->taskById[id] = added;
        return added;
    }
    TaskId job(std::string const& name, TriggerRule rule, std::initializer_list<TaskId> upstream) {
        return task(name, Role::job, name, rule, upstream);
    }
    TaskId gate(std::string const& name, std::string const& when,
                std::initializer_list<TaskId> upstream) {
        return task(name + ".when", Role::gate, name, TriggerRule::allDone, upstream,
                    {{"when", when}});
    }
    RunModel& model() {
        if (!made) {
            pairs = matchWorkflows(estate, bag, {}, {});
            expressions.emplace(estate, bag);
            made.emplace(estate, pairs.front(), *dag, *expressions);
        }
        return *made;
    }
    ir::JobId operator[](char const* name) const { return estate.jobByName.lookup(name); }
    Answer asks(char const* name, int conflicts = budget) {
        RunModel& run = model(); // matches the tasks
        return run.disagree({(*this)[name], pairs.front().taskOf.lookup((*this)[name].value)},
                            conflicts);
    }
};

std::string member(std::string const& name, std::string const& more) {
    return "insert_job: " + name + "\njob_type: c\nbox_name: BOX\ncommand: x\nmachine: m\n" + more;
}
std::string const box = "insert_job: BOX\njob_type: b\n";

} // namespace

TEST(Solver, ConnectivesAreWhatTheySay) {
    Solver solver;
    Lit const a = solver.fresh(), b = solver.fresh(), c = solver.fresh();
    Lit const all = solver.all({a, b, c}), any = solver.any({a, b, c}), same = solver.equal(a, b);
    for (int bits = 0; bits < 8; ++bits) {
        bool const x = bits & 1, y = bits & 2, z = bits & 4;
        ASSERT_EQ(solver.solve({x ? a : !a, y ? b : !b, z ? c : !c}, 0), Answer::satisfiable);
        EXPECT_EQ(solver.isTrue(all), x && y && z) << bits;
        EXPECT_EQ(solver.isTrue(any), x || y || z) << bits;
        EXPECT_EQ(solver.isTrue(same), x == y) << bits;
        EXPECT_EQ(solver.isTrue(!same), x != y) << bits;
    }
    EXPECT_EQ(solver.all({c, b, a, a}), all) << "equal conjunctions share their variable";
    EXPECT_TRUE(solver.all({a, !a}).isNo());
    EXPECT_TRUE(solver.any({a, Lit::yes()}).isYes());
}

TEST(Solver, ExactlyOneExcludesTheOthers) {
    Solver solver;
    Lit const a = solver.fresh(), b = solver.fresh(), c = solver.fresh();
    solver.requireExactlyOne({a, b, c});
    EXPECT_EQ(solver.solve({a, b}, 0), Answer::unsatisfiable);
    EXPECT_EQ(solver.solve({!a, !b, !c}, 0), Answer::unsatisfiable);
    ASSERT_EQ(solver.solve({!a, !b}, 0), Answer::satisfiable);
    EXPECT_TRUE(solver.isTrue(c));
}

/// Seven pigeons in six holes: small, and hard for resolution.
TEST(Solver, SaysWhenTheBudgetIsSpent) {
    constexpr int holes = 6;
    Solver solver;
    std::vector<std::vector<Lit>> sits(holes + 1);
    for (auto& pigeon : sits) {
        for (int i = 0; i < holes; ++i)
            pigeon.push_back(solver.fresh());
        solver.require(pigeon);
    }
    for (int hole = 0; hole < holes; ++hole)
        for (size_t a = 0; a < sits.size(); ++a)
            for (size_t b = a + 1; b < sits.size(); ++b)
                solver.require(
                    {!sits[a][static_cast<size_t>(hole)], !sits[b][static_cast<size_t>(hole)]});
    EXPECT_EQ(solver.solve({}, 3), Answer::outOfBudget);
    EXPECT_EQ(solver.solve({}, 0), Answer::unsatisfiable);
}

TEST(RunModel, AnEdgeIsSuccess) {
    std::string const jil = box + member("A", "") + member("B", "condition: s(A)\n");
    Played equal(jil);
    TaskId const a = equal.job("A", TriggerRule::allSuccess, {});
    equal.job("B", TriggerRule::allSuccess, {a});
    EXPECT_EQ(equal.asks("B"), Answer::unsatisfiable);

    Played eager(jil);
    TaskId const first = eager.job("A", TriggerRule::allSuccess, {});
    eager.job("B", TriggerRule::allDone, {first});
    ASSERT_EQ(eager.asks("B"), Answer::satisfiable);
    EXPECT_EQ(eager.model().stateOf(eager["A"]), JobState::failed);
    EXPECT_EQ(eager.model().stateOf(eager["B"]), JobState::waiting);
}

TEST(RunModel, TheNextModelIsAnotherOne) {
    Played run(box + member("A", "") + member("B", "condition: s(A)\n"));
    TaskId const a = run.job("A", TriggerRule::allSuccess, {});
    run.job("B", TriggerRule::allDone, {a});
    std::set<JobState> seen;
    while (run.asks("B") == Answer::satisfiable) {
        ASSERT_TRUE(seen.insert(run.model().stateOf(run["A"])).second);
        run.model().excludeModel();
    }
    EXPECT_EQ(seen, (std::set{JobState::failed, JobState::terminated}));
    run.model().startOver();
    EXPECT_EQ(run.asks("B"), Answer::satisfiable);
}

/// No state of A makes both true, so that the two sides would differ there is no difference.
TEST(RunModel, WhatExcludesEachOtherIsNotReached) {
    Played run(box + member("A", "") + member("B", "condition: s(A) & f(A)\n"));
    TaskId const a = run.job("A", TriggerRule::allSuccess, {});
    TaskId const gate = run.gate("B", "false", {a});
    run.job("B", TriggerRule::allSuccess, {gate});
    EXPECT_EQ(run.asks("B"), Answer::unsatisfiable);
}

/// A job that cannot fail is not looked at as failed.
TEST(RunModel, ExitRulesBoundWhatCanHappen) {
    std::string const jil = box + member("A", "") + member("B", "condition: e(A) = 3 & s(A)\n");
    Played strict(jil);
    TaskId const a = strict.job("A", TriggerRule::allSuccess, {});
    TaskId const gate = strict.gate("B", "false", {a});
    strict.job("B", TriggerRule::allSuccess, {gate});
    EXPECT_EQ(strict.asks("B"), Answer::unsatisfiable) << "exit code 3 is a failure (JIL-057)";

    Played lenient(box + member("A", "max_exit_success: 4\n") +
                   member("B", "condition: e(A) = 3 & s(A)\n"));
    TaskId const x = lenient.job("A", TriggerRule::allSuccess, {});
    TaskId const y = lenient.gate("B", "false", {x});
    lenient.job("B", TriggerRule::allSuccess, {y});
    ASSERT_EQ(lenient.asks("B"), Answer::satisfiable);
    EXPECT_EQ(lenient.model().known().codeOf("A"), 3);
}

/// What is younger than an hour is younger than a day; so only one order of the two separates them.
TEST(RunModel, LookBacksImplyEachOther) {
    std::string const jil = "insert_job: X\njob_type: c\ncommand: x\nmachine: m\n" + box +
                            member("A", "condition: s(X, 24.00)\n");
    Played run(jil);
    TaskId const gate = run.gate("A", "s(X, 01.00)", {});
    run.job("A", TriggerRule::allSuccess, {gate});
    run.pairs = matchWorkflows(run.estate, run.bag, {}, {});
    std::swap(run.pairs.front(), run.pairs.back()); // X is a workflow of its own
    run.expressions.emplace(run.estate, run.bag);
    run.made.emplace(run.estate, run.pairs.front(), *run.dag, *run.expressions);
    ASSERT_EQ(run.asks("A"), Answer::satisfiable);
    std::map<uint32_t, bool> within;
    for (Facts::Age const& age : run.model().known().ages())
        if (age.job == "X")
            within[age.minutes] = age.isWithin;
    EXPECT_EQ(within, (std::map<uint32_t, bool>{{60, false}, {1440, true}}));
}

/// JIL-116: the job whose end ends its box has run, and what has not started never does.
TEST(RunModel, ABoxIsOverByTheEndOfAMember) {
    std::string const jil =
        box + member("X", "box_terminator: 1\n") + member("Y", "condition: d(X)\n");
    Played untold(jil);
    TaskId const x = untold.job("X", TriggerRule::allSuccess, {});
    TaskId const gate = untold.gate("Y", "d(X)", {x});
    untold.job("Y", TriggerRule::allSuccess, {gate});
    ASSERT_EQ(untold.asks("Y"), Answer::satisfiable) << "no Verdict tells that X ends its box";
    EXPECT_EQ(untold.model().stateOf(untold["X"]), JobState::failed);

    Played told(jil);
    TaskId const a = told.job("X", TriggerRule::allSuccess, {});
    TaskId const b = told.gate("Y", "d(X)", {a});
    TaskId const c = told.job("Y", TriggerRule::allSuccess, {b});
    told.task("BOX.verdict", Role::verdict, "BOX", TriggerRule::allDone, {c},
              {{"of", "BOX"}, {"terminators", {"X"}}});
    EXPECT_EQ(told.asks("Y"), Answer::unsatisfiable);
    EXPECT_EQ(told.model().verdictsDisagree(budget), Answer::unsatisfiable);
}

/// A disjunction of conjunctions, and the same multiplied out: equal, but not at a glance.
TEST(Verify, BeyondTheBudgetIsUnknown) {
    constexpr int pairs = 4;
    std::string either, all;
    for (int i = 0; i < pairs; ++i)
        either += fmt::format("{}(s(A{}) & s(B{}))", i ? " | " : "", i, i);
    for (int choice = 0; choice < 1 << pairs; ++choice) {
        std::string one;
        for (int i = 0; i < pairs; ++i)
            one += fmt::format("{}s({}{})", i ? " | " : "", choice >> i & 1 ? "A" : "B", i);
        all += (choice ? " & (" : "(") + one + ")";
    }
    std::string jil = box + member("Z", "condition: " + either + "\n");
    for (int i = 0; i < pairs; ++i)
        jil += member(fmt::format("A{}", i), "") + member(fmt::format("B{}", i), "");
    Played run(jil);
    TaskId const gate = run.gate("Z", all, {});
    run.dag->tasks[gate].rule = TriggerRule::allSuccess;
    run.job("Z", TriggerRule::allSuccess, {gate});
    for (int i = 0; i < pairs; ++i)
        for (char const* side : {"A", "B"})
            run.job(fmt::format("{}{}", side, i), TriggerRule::allSuccess, {});
    EXPECT_EQ(run.asks("Z", 1), Answer::outOfBudget);
    EXPECT_EQ(run.asks("Z"), Answer::unsatisfiable);

    Options options;
    options.horizon = {1'767'225'600, 1'767'312'000};
    options.budget = 1;
    Result const hasty = verify(run.estate, run.bag, options);
    std::string reasons;
    for (Unknown const& one : hasty.workflows.front().findings.unknowns)
        reasons += one.reason;
    EXPECT_NE(reasons.find("the start of `Z` was not decided within 1 conflicts"),
              std::string::npos)
        << reasons;
}
