// What a wave changes in AutoSys: those who still wait there see what they saw before, and the undo
// gives the estate back.
#include "analysis/migration/Bridges.h"
#include "analysis/equivalence/Diff.h"
#include "analysis/semantics/Interpreter.h"
#include "frontend/base/FileSystem.h"
#include "tests/migration/ReadEstate.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>

using namespace hoist;
using namespace hoist::migration;
using namespace hoist::test;

namespace {

constexpr int64_t monday = 1772409600; // 2026-03-02
constexpr int64_t day = 86400;

/// An estate and its bridges; workflows that no wave names stay for the last one.
struct Moved {
    ReadEstate read;
    std::string text;
    Plan plan;
    std::vector<Dependency> all;
    std::vector<WaveBridges> waves;

    Moved(std::string const& jil, std::vector<std::vector<llvm::StringRef>> const& names,
          std::string crontab = "")
        : read(jil, std::move(crontab)), text(jil) {
        plan.waves.resize(names.size() + 1);
        for (size_t i = 0; i < plan.waves.size(); ++i)
            plan.waves[i].name = "W" + std::to_string(i + 1);
        for (ir::WorkflowId const id : read.estate.workflows.ids()) {
            Placement placement;
            placement.workflow = id;
            placement.wave = static_cast<uint32_t>(names.size());
            for (size_t i = 0; i < names.size(); ++i)
                if (llvm::is_contained(names[i],
                                       read.estate.jobs[read.estate.workflows[id].root].name))
                    placement.wave = static_cast<uint32_t>(i);
            plan.waves[placement.wave].workflows.push_back(id);
            plan.placements.push_back(placement);
        }
        all = dependencies(read.estate);
        waves = bridges(read.estate, plan, all);
    }
    WaveBridges const& first() const { return waves.front(); }
    std::string changed() const { return text + "\n" + first().apply; }
};

std::vector<std::string> changesBetween(ir::Estate const& before, ir::Estate const& after) {
    equivalence::DiffOptions options;
    options.horizon = {monday, monday + 100 * day};
    std::vector<std::string> found;
    for (equivalence::Change const& change : equivalence::diff(before, after, options).changes)
        found.push_back(change.job + ": " + change.consequence);
    return found;
}

void expectUndone(Moved const& moved) {
    for (WaveBridges const& wave : moved.waves) {
        ReadEstate const changed(moved.text + "\n" + wave.apply);
        ReadEstate const undone(moved.text + "\n" + wave.apply + "\n" + wave.undo);
        EXPECT_EQ(changesBetween(moved.read.estate, undone.estate), std::vector<std::string>());
        // Nothing new is to be said of statements or names, and only what the wave lists changes.
        size_t known = 0, errors = 0;
        for (diag::Diagnostic const& finding : moved.read.diags.all())
            known += finding.severity != diag::Severity::note;
        for (diag::Diagnostic const& finding : changed.diags.all())
            errors += finding.severity != diag::Severity::note;
        EXPECT_EQ(errors, known) << wave.apply;
        std::set<std::string> listed;
        for (JobChange const& change : wave.changes)
            listed.insert(moved.read.estate.jobs[change.job].name.str());
        for (ir::Job const& job : changed.estate.jobs)
            if (auto const it = moved.read.estate.jobByName.find(job.name);
                it != moved.read.estate.jobByName.end() && !listed.contains(job.name.str())) {
                ir::Job const& old = moved.read.estate.jobs[it->second];
                EXPECT_EQ(job.condition.isSet(), old.condition.isSet()) << job.name.str();
                if (job.condition.isSet() && old.condition.isSet()) {
                    EXPECT_EQ(changed.estate.conditions.print(job.condition.expr),
                              moved.read.estate.conditions.print(old.condition.expr));
                }
            }
    }
}

constexpr char const* night = R"(
insert_job: EOD  job_type: b
date_conditions: 1
days_of_week: all
start_times: "22:00"
timezone: UTC
insert_job: LOAD  job_type: c  box_name: EOD  machine: m1  owner: svc@m1
command: load.sh /data/*  > "out: 1"
std_out_file: >/logs/load.log
n_retrys: 2
term_run_time: 30
max_exit_success: 4
insert_job: CHECK  job_type: c  box_name: EOD  machine: m1
command: check.sh
condition: s(LOAD)
insert_job: REPORT  job_type: c  machine: m1
command: report.sh
condition: s(LOAD) & n(CHECK)
insert_job: RESCUE  job_type: c  machine: m1
command: rescue.sh
condition: f(LOAD) | e(LOAD) = 3
insert_job: DONE  job_type: c  machine: m1
command: done.sh
condition: s(EOD,0)
)";

/// When each of these jobs starts, and how it ends, on one day.
std::vector<std::string> storyOf(ir::Estate const& estate, semantics::Scenario const& scenario,
                                 std::vector<llvm::StringRef> const& jobs) {
    schedule::Ticks ticks(estate);
    std::vector<std::string> story;
    for (semantics::TraceEvent const& event : semantics::run(estate, ticks, scenario).events)
        if (llvm::is_contained(jobs, event.job) && event.status != semantics::Status::running)
            story.push_back(std::to_string(event.at - monday) + " " + event.job + " " +
                            semantics::toString(event.status).str());
    std::sort(story.begin(), story.end()); // of one instant no order is promised (TR-52)
    return story;
}

/// What `hoistctl mirror` sends for what a trace tells of moved jobs (bridge.py).
std::vector<semantics::Event>
mirrored(ir::Estate const& estate, semantics::Scenario const& scenario, WaveBridges const& wave) {
    using semantics::Status;
    schedule::Ticks ticks(estate);
    std::vector<semantics::Event> sent;
    for (semantics::TraceEvent const& event : semantics::run(estate, ticks, scenario).events) {
        bool const isStandIn = llvm::is_contained(wave.standIns, event.job);
        if (!isStandIn && !llvm::is_contained(wave.mirrored, event.job))
            continue;
        semantics::Event order;
        order.at = event.at;
        order.object = event.job;
        order.kind = semantics::Event::Kind::changeStatus;
        bool const isEnd = event.status == Status::success || event.status == Status::failure ||
                           event.status == Status::terminated;
        if (isStandIn && event.status == Status::starting)
            order.kind = semantics::Event::Kind::forceStartJob;
        else if (event.status == Status::starting)
            order.status = Status::starting;
        else if (isEnd && !isStandIn)
            order.status = event.status;
        else if (event.status == Status::activated)
            order.status = Status::inactive;
        else
            continue;
        sent.push_back(order);
    }
    return sent;
}

} // namespace

TEST(Bridges, AStandInWaitsForTheLedgerAndKeepsItsRuleAndMachine) {
    Moved const moved(night, {{"EOD"}});
    EXPECT_EQ(moved.first().standIns, (std::vector<std::string>{"LOAD", "CHECK"}));
    EXPECT_EQ(moved.first().mirrored, std::vector<std::string>{"EOD"});
    ReadEstate const changed(moved.changed());
    ir::Job const& load = changed.estate.jobs[changed.estate.jobByName.lookup("LOAD")];
    auto const& action = std::get<ir::CommandAction>(load.action);
    EXPECT_EQ(*action.command, "exec hoistctl wait -J LOAD --failure 5");
    EXPECT_EQ(load.exitRule.max, 4);
    EXPECT_FALSE(action.stdoutFile); // `>` would truncate what the job wrote
    EXPECT_FALSE(load.retries);
    EXPECT_FALSE(load.termRunTime);
    EXPECT_FALSE(load.boxName);
    EXPECT_EQ(load.machines->front(), "m1");
    EXPECT_EQ(*load.owner, "svc@m1");
    expectUndone(moved);
}

TEST(Bridges, NothingIsIcedOrHeld) {
    Moved const moved(night, {{"EOD"}, {"REPORT"}});
    for (WaveBridges const& wave : moved.waves) {
        EXPECT_EQ(wave.apply.find("ON_ICE"), std::string::npos);
        EXPECT_EQ(wave.apply.find("ON_HOLD"), std::string::npos);
        EXPECT_EQ(wave.apply.find("delete_"), std::string::npos);
    }
}

// The box and its members moved; three jobs in AutoSys still wait for them, by every kind of atom.
TEST(Bridges, ThoseWhoStayStartWhenTheyStartedBefore) {
    Moved const moved(night, {{"EOD"}});
    ReadEstate const changed(moved.changed());
    ASSERT_EQ(moved.first().notBridged.size(), 1u);
    EXPECT_EQ(moved.first().notBridged[0].object, "LOAD");
    EXPECT_EQ(moved.first().notBridged[0].to, "RESCUE");
    for (int64_t const code : {0, 3, 7}) {
        semantics::Scenario scenario;
        scenario.start = monday;
        scenario.end = monday + 2 * day;
        scenario.runs["LOAD"] = {{600, code, false}, {600, 0, false}};
        if (code == 7) // three attempts, then the end; the stand-in has one
            scenario.runs["LOAD"] = {{600, 7, false}};
        scenario.runs["CHECK"] = {{300, 0, false}};
        std::vector<llvm::StringRef> const stayed{"REPORT", "RESCUE", "DONE"};
        auto const before = storyOf(moved.read.estate, scenario, stayed);
        semantics::Scenario after = scenario;
        after.events = mirrored(moved.read.estate, scenario, moved.first());
        if (code == 7) { // one start of the stand-in for all attempts; it lasts until their end
            schedule::Ticks ticks(moved.read.estate);
            std::vector<semantics::RunPlan> runs;
            int64_t start = -1;
            for (auto const& event : semantics::run(moved.read.estate, ticks, scenario).events) {
                if (event.job != "LOAD")
                    continue;
                if (event.status == semantics::Status::starting && event.attempt == 1)
                    start = event.at;
                if (event.status == semantics::Status::failure)
                    runs.push_back({event.at - start, 7, false});
            }
            after.runs["LOAD"] = runs;
            int64_t until = 0;
            std::erase_if(after.events, [&](semantics::Event const& event) {
                if (event.object != "LOAD" || event.kind != semantics::Event::Kind::forceStartJob)
                    return false;
                bool const isRetry = event.at < until;
                if (!isRetry)
                    until = event.at + runs.front().duration;
                return isRetry;
            });
        }
        auto expected = before;
        if (code == 3) { // the code counts until the stand-in starts, and is said to be not bridged
            expected.insert(expected.end(), {"165600 RESCUE STARTING", "165660 RESCUE SUCCESS"});
            std::sort(expected.begin(), expected.end());
        }
        EXPECT_EQ(storyOf(changed.estate, after, stayed), expected) << code;
        EXPECT_FALSE(before.empty());
        // Nothing that moved runs in AutoSys by itself.
        semantics::Scenario quiet = scenario;
        EXPECT_EQ(storyOf(changed.estate, quiet, {"EOD", "LOAD", "CHECK"}),
                  std::vector<std::string>());
    }
}

// M0204 says: join `d()` to the condition. What the mirror tells of the box's start then ends it.
TEST(Bridges, AStatusBesideTheExitCodeEndsWithTheStartOfTheBox) {
    std::string text = night;
    std::string const asks = "e(LOAD) = 3";
    text.replace(text.find(asks), asks.size(), "(d(LOAD) & e(LOAD) = 3)");
    Moved const moved(text, {{"EOD"}});
    ReadEstate const changed(moved.changed());
    ASSERT_EQ(moved.first().notBridged.size(), 1u);
    EXPECT_EQ(moved.first().notBridged[0].code, diag::Code::ExitCodeKeptTooLong);
    semantics::Scenario scenario;
    scenario.start = monday;
    scenario.end = monday + 2 * day;
    scenario.runs["LOAD"] = {{600, 3, false}, {600, 0, false}};
    scenario.runs["CHECK"] = {{300, 0, false}};
    std::vector<llvm::StringRef> const stayed{"REPORT", "RESCUE", "DONE"};
    auto const before = storyOf(moved.read.estate, scenario, stayed);
    EXPECT_NE(std::count_if(before.begin(), before.end(),
                            [](std::string const& line) {
                                return llvm::StringRef(line).contains("RESCUE STARTING");
                            }),
              0);
    semantics::Scenario after = scenario;
    after.events = mirrored(moved.read.estate, scenario, moved.first());
    EXPECT_EQ(storyOf(changed.estate, after, stayed), before);
}

TEST(Bridges, OnlyWhatCrossesIsCarriedAndEndsWithItsConsumer) {
    Moved const moved(night, {{"EOD"}, {"REPORT", "RESCUE"}});
    EXPECT_EQ(moved.waves[1].standIns, std::vector<std::string>());
    EXPECT_EQ(moved.waves[1].mirrored, std::vector<std::string>{"EOD"}); // for DONE
    EXPECT_EQ(moved.waves[2].mirrored, std::vector<std::string>());
    ASSERT_EQ(moved.waves[1].changes.size(), 2u); // only what moves in this wave is changed
    EXPECT_EQ(moved.waves[1].changes[0].role, JobChange::Role::retired);
    expectUndone(moved);
}

TEST(Bridges, TheOtherDirectionIsFedFromTheLog) {
    Moved const moved(night, {{"REPORT", "DONE"}});
    EXPECT_EQ(moved.first().jobsIn, (std::vector<std::string>{"CHECK", "EOD", "LOAD"}));
    EXPECT_TRUE(moved.first().standIns.empty());
    expectUndone(moved);
    auto const files = filesOf(moved.first(), "W1");
    ASSERT_EQ(files.back().first, "bridges.json");
    auto const list = nlohmann::json::parse(files.back().second);
    EXPECT_EQ(list["to_ledger"]["jobs"].size(), 3u);
    EXPECT_EQ(list["format"], 1);
}

TEST(Bridges, AJobTypeIsNeverChangedAndItsExitCodeIsSaidToBeMissing) {
    Moved const moved(R"(
insert_job_type: 4
command: /bin/odd
insert_job: WATCH  job_type: f  machine: m1
watch_file: /in/x
date_conditions: 1
days_of_week: all
start_times: "05:00"
insert_job: ODD  job_type: 4  machine: m1
condition: s(WATCH)
insert_job: USE  job_type: c  machine: m1
command: use
condition: t(WATCH) | e(ODD) = 2
)",
                      {{"WATCH", "ODD"}});
    EXPECT_TRUE(moved.first().standIns.empty());
    EXPECT_EQ(moved.first().mirrored, (std::vector<std::string>{"WATCH", "ODD"}));
    EXPECT_EQ(moved.first().apply.find("job_type"), std::string::npos);
    ASSERT_EQ(moved.first().notBridged.size(), 1u);
    EXPECT_EQ(moved.first().notBridged[0].code, diag::Code::ExitCodeNotBridged);
    EXPECT_TRUE(moved.first().notBridged[0].where.isValid());
    expectUndone(moved);
}

TEST(Bridges, ResourcesVariablesAndEventsThatCross) {
    Moved const moved(R"(
insert_resource: DB
res_type: R
amount: 2
insert_global: GATE
value: shut
insert_job: A  job_type: c  machine: m1
command: sendevent -E SET_GLOBAL -G "GATE=open"
resources: (DB, QUANTITY=1)
insert_job: B  job_type: c  machine: m1
command: sendevent -E FORCE_STARTJOB -J A
condition: v(GATE) = "open"
resources: (DB, QUANTITY=1)
insert_job: C  job_type: c  machine: m1
command: c
condition: v(GATE) = "open" & s(OTHER^PRD)
)",
                      {{"A", "C"}});
    EXPECT_EQ(moved.first().variablesIn, std::vector<std::string>{"GATE"});
    EXPECT_EQ(moved.first().variablesOut, std::vector<std::string>{"GATE"});
    std::string all;
    for (NotBridged const& each : moved.first().notBridged)
        all += each.sentence() + "\n";
    EXPECT_NE(all.find("`DB` crosses to `B`"), std::string::npos) << all;
    EXPECT_NE(all.find("`B` crosses to `A`, and no bridge carries it: its sendevent"),
              std::string::npos)
        << all;
    EXPECT_NE(all.find("another instance"), std::string::npos) << all;
    EXPECT_LT(moved.waves[1].notBridged.size(), moved.first().notBridged.size()); // told once
    expectUndone(moved);
}

TEST(Bridges, NamesAndValuesStayData) {
    Moved const moved(R"jil(
insert_job: "x:y#1"  job_type: c  machine: m1
command: echo "a: b" /* kept */ ; rm /tmp/*
condition: s(OTHER)
envvars: A="condition: s(z)"
insert_job: -dash  job_type: c  machine: m1  success_codes: 3,5  command: d
insert_job: Z$(reboot)  job_type: c  machine: m1
command: e
condition: s(OTHER)
insert_job: OTHER  job_type: c  machine: m1
command: f
insert_job: USE  job_type: c  machine: m1
command: g
condition: s("x\:y#1") & s(-dash)
)jil",
                      {{"x:y#1", "-dash", "Z$(reboot)"}});
    std::string const& apply = moved.first().apply;
    EXPECT_NE(apply.find("update_job: x\\:y#1\n"), std::string::npos) << apply;
    EXPECT_NE(apply.find("exec hoistctl wait -J 'x:y#1'\n"), std::string::npos) << apply;
    EXPECT_NE(apply.find("exec hoistctl wait -J-dash --success 3\n"), std::string::npos) << apply;
    EXPECT_EQ(apply.find("reboot"), std::string::npos) << apply;
    ASSERT_FALSE(moved.first().notBridged.empty());
    ReadEstate const changed(moved.changed());
    auto const command = [&](llvm::StringRef name) {
        return std::get<ir::CommandAction>(
                   changed.estate.jobs[changed.estate.jobByName.lookup(name)].action)
            .command->str();
    };
    EXPECT_EQ(command("x:y#1"), "exec hoistctl wait -J 'x:y#1'");
    expectUndone(moved);
}

TEST(Bridges, WindowsHasNoExec) {
    Moved const moved(R"(
insert_machine: win  type: n
insert_job: A  job_type: c  machine: win
command: a.bat
insert_job: B  job_type: c  machine: win
command: b.bat
condition: s(A)
)",
                      {{"A"}});
    EXPECT_NE(moved.first().apply.find("command: hoistctl wait -J A\n"), std::string::npos);
}

TEST(Bridges, ACrontabEntryIsTakenOutByAPatch) {
    Moved const moved("", {{"*"}}, "MAILTO=ops\n5 4 * * * /bin/one\n6 4 * * * /bin/two\n");
    WaveBridges const& last = moved.waves.back();
    EXPECT_EQ(last.entries.size(), 2u);
    EXPECT_NE(last.crontabs.find("-5 4 * * * /bin/one\n"), std::string::npos) << last.crontabs;
    EXPECT_NE(last.crontabs.find("+# moved to Airflow: 5 4 * * * /bin/one\n"), std::string::npos);
    EXPECT_NE(last.crontabs.find(" MAILTO=ops\n"), std::string::npos);
    EXPECT_TRUE(last.apply.empty());
}

TEST(Bridges, FoldersAreSafeWhateverAWaveIsCalled) {
    Plan plan;
    plan.waves.resize(2);
    plan.waves[0].name = "../../etc";
    plan.waves[1].name = "W 2";
    EXPECT_EQ(folderOf(plan, 0), "01-_.._.._etc");
    EXPECT_EQ(folderOf(plan, 1), "02-W_2");
}

// Every workflow of the sample estate, half of them first: the undo is exact with every habit of
// writing JIL that there is.
TEST(Bridges, TheSampleEstateComesBack) {
    std::string text, error;
    for (std::string const& name :
         realFileSystem().list(HOIST_SOURCE_DIR "/corpus/bank_night", error))
        if (llvm::StringRef(name).ends_with(".jil") || llvm::StringRef(name).ends_with(".cal"))
            text += realFileSystem()
                        .read(llvm::StringRef(name).contains('/')
                                  ? name
                                  : HOIST_SOURCE_DIR "/corpus/bank_night/" + name,
                              error)
                        .value_or("") +
                    "\n";
    ASSERT_GT(text.size(), 10000u);
    ReadEstate const estate(text);
    for (size_t const half : {size_t(0), size_t(1)}) {
        std::vector<llvm::StringRef> names;
        for (ir::WorkflowId const id : estate.estate.workflows.ids())
            if (id.value % 2 == half)
                names.push_back(estate.estate.jobs[estate.estate.workflows[id].root].name);
        Moved const moved(text, {names});
        EXPECT_FALSE(moved.first().standIns.empty());
        expectUndone(moved);
    }
}
