// Runs of loaded DAGs: timetables and max_active_runs, retries, shims and their ledger. What real
// Airflow says to the same questions: tests/airflow/test_target.py.
#include "analysis/target/DagRun.h"
#include "analysis/target/Window.h"

#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

using namespace hoist;
using namespace hoist::target;
using nlohmann::json;

namespace {

struct World {
    json dag;
    semantics::Scenario scenario;

    explicit World(std::string const& id) {
        dag = {{"dag_id", id},
               {"timetable",
                {{"type", "T"},
                 {"module", "hoist_airflow.schedule.timetables"},
                 {"kind", "none"},
                 {"ticks", nullptr}}},
               {"max_active_runs", 1},
               {"groups", json::array()},
               {"tasks", json::array()}};
        scenario.end = 100000;
    }
    void ticks(std::vector<int64_t> at) {
        dag["timetable"]["kind"] = "ticks";
        dag["timetable"]["ticks"] = "t0";
        tickSets["t0"] = {{"ticks", std::move(at)}, {"until", 1000000}};
    }
    json& task(std::string const& id, std::vector<std::string> const& bases,
               std::vector<std::string> const& downstream, std::string const& role = "",
               std::string const& job = "") {
        json made = {{"task_id", id},
                     {"type", bases.front()},
                     {"bases", bases},
                     {"trigger_rule", "all_success"},
                     {"downstream", downstream},
                     {"retries", 0},
                     {"retry_delay", 10.0},
                     {"arguments", json::object()}};
        if (!role.empty())
            made["hoist"] = {{"role", role}, {"job", job.empty() ? id : job}, {"box", nullptr}};
        dag["tasks"].push_back(made);
        return dag["tasks"].back();
    }
    json& command(std::string const& id, std::vector<std::string> const& downstream = {}) {
        return task(id, {"Command", "Job", "BaseOperator"}, downstream, "job");
    }
    json& bash(std::string const& id, std::vector<std::string> const& downstream = {}) {
        json& made = task(id, {"BashOperator", "BaseOperator"}, downstream);
        made["arguments"]["skip_on_exit_code"] = {99};
        return made;
    }
    DagTrace play(DagToRun run = {}) {
        json const document = {{"format", 1},
                               {"airflow", "3.3.2"},
                               {"horizon", {{"from", 0}, {"to", 1000000}}},
                               {"tick_sets", tickSets},
                               {"dags", {dag}}};
        std::string error;
        std::optional<Bag> const bag = readBag(document.dump(), error);
        EXPECT_TRUE(bag) << error;
        run.dag = DagId(0);
        if (run.starts.empty() && dag["timetable"]["kind"] == "none" && run.wokenByJobs.empty())
            run.starts = {0};
        return runDags(*bag, run, scenario);
    }

private:
    json tickSets = json::object();
};

/// "0 A STARTING, 0 A RUNNING, 60 A SUCCESS"
std::string told(DagTrace const& trace, std::string const& job = "") {
    std::string text;
    for (semantics::TraceEvent const& event : trace.trace.events)
        if (job.empty() || event.job == job)
            text += (text.empty() ? "" : ", ") + std::to_string(event.at) + " " + event.job + " " +
                    semantics::toString(event.status).str();
    return text;
}

std::string states(RunOfDag const& run) {
    std::string text;
    for (TaskState const state : run.tasks)
        text += (text.empty() ? "" : " ") + toString(state).str();
    return text;
}

} // namespace

TEST(DagRun, StockOperatorsRetryTimeOutsToo) { // TAF-3, TAF-4
    World world("D");
    json& a = world.bash("a", {"b"});
    a["retries"] = 1;
    a["execution_timeout"] = 30.0;
    world.bash("b");
    world.scenario.runs["A"] = {{100, 0, false}, {20, 0, false}};
    DagToRun run;
    run.jobs = {"A", ""};
    run.box = "BOX";
    DagTrace const trace = world.play(run);
    EXPECT_EQ(told(trace), "0 BOX RUNNING, 0 A STARTING, 0 A RUNNING, 30 A RESTART, 40 A STARTING, "
                           "40 A RUNNING, 60 A SUCCESS, 120 BOX SUCCESS");
    EXPECT_EQ(trace.runs[0].state, RunState::success);
    EXPECT_TRUE(trace.guesses.empty());
}

TEST(DagRun, Exit99OfABashOperatorSkips) { // AF-030, TR-44
    World world("D");
    world.bash("a", {"b"});
    world.bash("b");
    world.scenario.defaultRun.exitCode = 99;
    EXPECT_EQ(states(world.play().runs[0]), "skipped skipped");
    world.dag["tasks"][0]["arguments"]["skip_on_exit_code"] = json::array();
    EXPECT_EQ(states(world.play().runs[0]), "failed upstream_failed");
}

TEST(DagRun, TheLeavesDecideTheRun) { // AF-015
    World world("D");
    world.bash("a", {"b"});
    world.bash("b")["trigger_rule"] = "all_done";
    world.scenario.runs["a"] = {{1, 1, false}};
    DagTrace const trace = world.play();
    EXPECT_EQ(states(trace.runs[0]), "failed success");
    EXPECT_EQ(trace.runs[0].state, RunState::success);
}

TEST(DagRun, ATickWhileARunIsActiveIsDropped) { // JIL-144, TR-51
    World world("A");
    world.command("A");
    world.ticks({100, 200, 300, 1000});
    world.scenario.defaultRun.duration = 250;
    DagTrace const trace = world.play();
    // The run for 300 comes when the first has ended, and the ledger drops it.
    ASSERT_EQ(trace.runs.size(), 4u);
    EXPECT_EQ(told(trace), "100 A STARTING, 100 A RUNNING, 350 A SUCCESS, 1000 A STARTING, "
                           "1000 A RUNNING, 1250 A SUCCESS");
    EXPECT_TRUE(trace.runs[1].isDropped);
    EXPECT_EQ(states(trace.runs[1]), "skipped");
    EXPECT_EQ(trace.trace.finals.at("A").runs, 2u);
}

TEST(DagRun, WithoutALedgerALateRunRuns) {
    World world("D");
    world.dag["timetable"]["module"] = "airflow.timetables.trigger";
    world.bash("a");
    world.ticks({100, 200, 300});
    world.scenario.defaultRun.duration = 250;
    DagTrace const trace = world.play();
    ASSERT_EQ(trace.runs.size(), 2u);
    EXPECT_EQ(trace.runs[1].tick, 300); // without catch-up the latest one makes up for all
    EXPECT_EQ(trace.runs[1].start, 350);
    world.dag["catchup"] = true;
    EXPECT_EQ(world.play().runs.size(), 3u);
}

TEST(DagRun, OneAfterTheOtherInABox) {
    World world("BOX");
    world.command("A", {"B"});
    world.command("B", {"BOX"});
    world.task("BOX", {"Verdict", "BaseOperator"}, {}, "verdict")["trigger_rule"] = "all_done";
    EXPECT_EQ(told(world.play()),
              "0 BOX STARTING, 0 BOX RUNNING, 0 A ACTIVATED, 0 B ACTIVATED, 0 A STARTING, "
              "0 A RUNNING, 60 A SUCCESS, 60 B STARTING, 60 B RUNNING, 120 B SUCCESS, "
              "120 BOX SUCCESS");
    world.scenario.runs["A"] = {{60, 0, true}};
    DagTrace const killed = world.play();
    EXPECT_EQ(told(killed), "0 BOX STARTING, 0 BOX RUNNING, 0 A ACTIVATED, 0 B ACTIVATED, "
                            "0 A STARTING, 0 A RUNNING, 60 A TERMINATED, 60 B INACTIVE, "
                            "60 BOX FAILURE");
    EXPECT_EQ(states(killed.runs[0]), "failed upstream_failed failed");
}

TEST(DagRun, ATerminatedShimIsNotRetried) { // JIL-054
    World world("A");
    world.command("A")["retries"] = 2;
    world.scenario.runs["A"] = {{5, 3, false}, {5, 0, true}};
    EXPECT_EQ(told(world.play()), "0 A STARTING, 0 A RUNNING, 5 A RESTART, 15 A STARTING, "
                                  "15 A RUNNING, 20 A TERMINATED");
    world.dag["tasks"][0]["arguments"]["term_run_time"] = 1;
    world.scenario.runs["A"] = {{61, 0, false}};
    EXPECT_EQ(told(world.play()), "0 A STARTING, 0 A RUNNING, 60 A TERMINATED");
}

TEST(DagRun, ExitRules) {
    auto const status = [](char const* rule, int64_t code) {
        World world("A");
        world.command("A")["arguments"]["exit_rule"] = rule;
        world.scenario.defaultRun.exitCode = code;
        return semantics::toString(world.play().trace.finals.at("A").status).str();
    };
    EXPECT_EQ(status("max: 4", 4), "SUCCESS");
    EXPECT_EQ(status("max: 4", 5), "FAILURE");
    EXPECT_EQ(status("success: 0,3,10-20", 15), "SUCCESS");
    EXPECT_EQ(status("success: 3", 0), "FAILURE");
    EXPECT_EQ(status("fail: 2,5", 5), "FAILURE");
    EXPECT_EQ(status("fail: 2,5", 9), "SUCCESS");
    EXPECT_EQ(status("any", 9), "SUCCESS");
    EXPECT_EQ(status("max: 0", 99), "FAILURE"); // 99 is not special
}

TEST(DagRun, AGateWaitsForWhatIsOutside) {
    World world("A");
    json& gate = world.task("A.when", {"Gate", "BaseOperator"}, {"A"}, "gate", "A");
    gate["arguments"] = {{"when", "s(X) & v(GO) = Y"}};
    world.command("A");
    semantics::Event done;
    done.at = 500;
    done.kind = semantics::Event::Kind::externalStatus;
    done.object = "X";
    done.status = semantics::Status::success;
    semantics::Event go;
    go.at = 700;
    go.kind = semantics::Event::Kind::setGlobal;
    go.object = "GO";
    go.value = "Y";
    world.scenario.events = {go, done};
    EXPECT_EQ(told(world.play(), "A"), "700 A STARTING, 700 A RUNNING, 760 A SUCCESS");
    world.dag["tasks"][0]["arguments"]["mode"] = "now";
    EXPECT_EQ(states(world.play().runs[0]), "skipped skipped");
    world.dag["tasks"][0]["arguments"] = {{"when", "s(X)"}, {"undefined", {"X"}}};
    EXPECT_EQ(states(world.play().runs[0]), "skipped skipped"); // JIL-066
}

TEST(DagRun, AWatcherSeesTheFileTwice) { // JIL-061
    World world("W");
    world.task("W", {"FileWatcher", "Job", "BaseOperator"}, {},
               "job")["arguments"] = {{"path", "/in/x"}, {"min_size", 10}, {"interval", 30}};
    world.scenario.files = {{"/in/x", 10, 5}, {"/in/x", 70, 50}};
    EXPECT_EQ(told(world.play()), "0 W STARTING, 0 W RUNNING, 120 W SUCCESS");
    world.scenario.files = {};
    EXPECT_EQ(world.play().runs[0].state, RunState::running);
}

TEST(DagRun, AGateThatCannotBecomeTrueSkips) {
    World world("BOX");
    world.command("A", {"B.when"});
    json& gate = world.task("B.when", {"Gate", "BaseOperator"}, {"B"}, "gate", "B");
    gate["trigger_rule"] = "all_done";
    gate["arguments"] = {{"when", "f(A)"}};
    world.command("B", {"BOX"});
    world.task("BOX", {"Verdict", "BaseOperator"}, {}, "verdict")["trigger_rule"] = "all_done";
    DagTrace const trace = world.play();
    EXPECT_EQ(states(trace.runs[0]), "success skipped skipped success");
    EXPECT_EQ(trace.trace.finals.at("B").status, semantics::Status::inactive);
    EXPECT_EQ(trace.trace.finals.at("BOX").status, semantics::Status::success);
}

TEST(DagRun, ADroppedTickInsideTheWindowIsMissedAtItsClosing) { // JIL-151
    constexpr int64_t hour = 3600;
    World world("W");
    json& gate = world.task("W.when", {"Gate", "BaseOperator"}, {"W"}, "gate", "W");
    gate["arguments"] = {{"when", "s(X)"}, {"window", "02:00-04:00"}, {"timezone", "UTC"}};
    world.command("W");
    world.scenario.end = 24 * hour;
    semantics::Event event; // while the window of the next day would be waited for
    event.at = 20 * hour;
    event.kind = semantics::Event::Kind::externalStatus;
    event.object = "X";
    event.status = semantics::Status::success;
    world.scenario.events.push_back(event);

    world.ticks({hour});
    EXPECT_EQ(states(world.play().runs.at(0)), "deferred none") << "till the opening";
    world.ticks({hour, 3 * hour});
    DagTrace const trace = world.play();
    EXPECT_EQ(states(trace.runs.at(0)), "skipped skipped");
    EXPECT_EQ(trace.trace.notStarted.at(0).at, 4 * hour + 60);
    EXPECT_EQ(told(trace), "72000 X SUCCESS");
}

TEST(DagRun, EventsStartWhatNoClockStarts) { // JIL-005
    World world("A");
    json& gate = world.task("A.when", {"Gate", "BaseOperator"}, {"A"}, "gate", "A");
    gate["arguments"] = {{"when", "s(X)"}, {"mode", "now"}};
    world.command("A");
    for (auto const& [at, status] :
         {std::pair(100, semantics::Status::running), std::pair(200, semantics::Status::failure),
          std::pair(300, semantics::Status::success)}) {
        semantics::Event event;
        event.at = at;
        event.kind = semantics::Event::Kind::externalStatus;
        event.object = "X";
        event.status = status;
        world.scenario.events.push_back(event);
    }
    DagToRun run;
    run.wokenByJobs = {"X"};
    DagTrace const trace = world.play(run);
    ASSERT_EQ(trace.runs.size(), 2u); // RUNNING starts nothing
    EXPECT_EQ(states(trace.runs[0]), "skipped skipped");
    EXPECT_EQ(told(trace, "A"), "300 A STARTING, 300 A RUNNING, 360 A SUCCESS");
}

TEST(DagRun, WhatIsNotKnownIsSaid) {
    World world("D");
    world.task("p", {"PythonOperator", "BaseOperator"}, {});
    EXPECT_EQ(world.play().guesses, std::vector<std::string>{"task p of D: PythonOperator"});
}

TEST(DagRun, WindowsAreThoseOfTheShims) {
    json const vectors =
        json::parse(std::ifstream(std::string(HOIST_SOURCE_DIR) + "/tests/vectors/windows.json"));
    auto const instant = [](std::string const& year, std::string const& text) { // "03-07T18:00" UTC
        std::tm parts{};
        EXPECT_NE(strptime((year + "-" + text).c_str(), "%Y-%m-%dT%H:%M", &parts), nullptr);
        return static_cast<int64_t>(timegm(&parts));
    };
    size_t count = 0;
    for (json const& one : vectors["cases"]) {
        std::string const year = one["day"].get<std::string>().substr(0, 4);
        for (json const& row : one["from_then_on"]) {
            int64_t const now = instant(year, row[0]);
            auto const answer = askWindow(one["window"].get<std::string>(),
                                          one["timezone"].get<std::string>(), now);
            ASSERT_TRUE(answer);
            using Kind = WindowAnswer::Kind;
            std::string const kind = row[1];
            EXPECT_EQ(answer->kind, kind == "run_now"      ? Kind::runNow
                                    : kind == "wait_until" ? Kind::waitUntil
                                                           : Kind::notToday)
                << one["window"] << " " << row;
            if (answer->kind == Kind::waitUntil) {
                EXPECT_EQ(answer->at, instant(year, row[2])) << one["window"] << " " << row;
            }
            ++count;
        }
    }
    EXPECT_GT(count, 30u);
}
