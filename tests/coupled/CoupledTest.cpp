// AutoSys and Control-M as one estate, through `[[bridge]]`: linked, mapped, played, lowered and
// compared.
#include "analysis/equivalence/Fields.h"
#include "analysis/link/Link.h"
#include "analysis/migration/Bridges.h"
#include "analysis/schedule/Ticks.h"
#include "analysis/semantics/Interpreter.h"
#include "analysis/semantics/ReadScenario.h"
#include "backend/airflow/Build.h"
#include "frontend/controlm/Controlm.h"
#include "frontend/jil/Jil.h"
#include "tests/equivalence/Loaded.h"
#include "tests/support/Findings.h"

#include <gtest/gtest.h>

using namespace hoist;
using diag::Code;
using semantics::RunPlan;
using semantics::Status;

namespace {

ir::BridgeRule changes(std::string job, std::string condition, ir::Outcomes on = ir::succeeded,
                       bool adds = true) {
    ir::BridgeRule row;
    row.job = std::move(job);
    row.condition = std::move(condition);
    row.on = on;
    row.adds = adds;
    return row;
}

ir::BridgeRule knows(std::string controlm, std::string as) {
    ir::BridgeRule row;
    row.controlm = std::move(controlm);
    row.as = std::move(as);
    return row;
}

std::string waits(std::string const& name) {
    return "<INCOND NAME=\"" + name + "\" ODATE=\"ODAT\" AND_OR=\"A\"/>";
}

std::string order(std::string const& name, std::string const& inside = "") {
    return "<JOB JOBNAME=\"" + name +
           "\" TASKTYPE=\"Command\" CMDLINE=\"run.sh\" NODEID=\"h\" DAYS=\"ALL\">" + inside +
           "</JOB>";
}

std::string folder(std::string const& inside, std::string const& kind = "FOLDER") {
    return "<DEFTABLE><" + kind + " FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\"" +
           (kind == "FOLDER" ? "" : " DAYS=\"ALL\"") + ">" + inside + "</" + kind + "></DEFTABLE>";
}

std::string job(std::string const& name, std::string const& more = "") {
    return "insert_job: " + name + " job_type: c\ncommand: x\nmachine: m\n" + more;
}

std::string const atTen = "date_conditions: 1\ndays_of_week: all\nstart_times: \"10:00\"\n";

/// New Day is at 07:00 UTC; the scenario begins on Monday, 2 March 2026, at midnight.
struct Coupled {
    ir::Estate estate;
    diag::Diagnostics diags;
    semantics::Scenario scenario;
    FileId config;

    Coupled(std::string const& jil, std::string const& xml, std::vector<ir::BridgeRule> rows) {
        FileId const first = *estate.sources.add("a.jil", jil);
        FileId const second = *estate.sources.add("a.xml", xml);
        config = *estate.sources.add("hoist.toml", std::string(400, ' '));
        size_t at = 0;
        for (ir::BridgeRule& row : rows) {
            row.span = estate.sources.span(config, at, at + 30);
            row.endSpan = estate.sources.span(config, at + 5, at + 6);
            row.otherSpan = estate.sources.span(config, at + 8, at + 9);
            at += 40;
        }
        estate.settings.bridges = std::move(rows);
        jil::read(first, estate, diags);
        controlm::read(second, estate, diags);
        analysis::link(estate, diags);
        scenario.start = *semantics::parseIso("2026-03-02T00:00Z");
        scenario.end = scenario.start + 86'400;
    }

    ir::JobId id(llvm::StringRef name) const { return estate.jobByName.lookup(name); }
    ir::Job const& operator[](llvm::StringRef name) const { return estate.jobs[id(name)]; }

    semantics::Trace play() {
        schedule::Ticks ticks(estate);
        return semantics::run(estate, ticks, scenario);
    }
    /// "EXTRACT 10:00, F/LOAD 10:01": starts, in the order of the trace
    std::string starts() {
        std::string text;
        for (auto const& event : play().events)
            if (event.status == Status::starting)
                text += (text.empty() ? "" : ", ") + event.job + " " +
                        semantics::isoText(event.at).substr(11, 5);
        return text;
    }
    std::string facts() {
        std::string text;
        for (auto const& fact : play().facts)
            text += (text.empty() ? "" : ", ") + std::string(fact.isAdded ? "+" : "-") + fact.name +
                    " " + fact.date + " by " + fact.job;
        return text;
    }
    std::string told() const {
        std::string text;
        for (diag::Diagnostic const& finding : diags.all())
            text += std::string(diag::info(finding.code).id) + " " + finding.message + "\n";
        return text;
    }
    std::string built() {
        MemoryFileSystem files;
        airflow::BuildOptions options;
        options.outDir = "out";
        airflow::build(estate, options, files, diags);
        std::string all;
        for (auto const& [path, bytes] : files.files)
            if (llvm::StringRef(path).ends_with(".py") ||
                llvm::StringRef(path).ends_with("manifest.json"))
                all += bytes;
        return all;
    }
};

/// From AutoSys to Control-M and back, and to Control-M again.
Coupled there() {
    return Coupled(
        job("EXTRACT", atTen) + job("PUBLISH", "condition: s(REPORT^CTM)\n"),
        folder(order("LOAD", waits("EXTRACT-OK") +
                                 "<OUTCOND NAME=\"LOAD-OK\" ODATE=\"ODAT\" SIGN=\"+\"/>") +
               order("REPORT", waits("LOAD-OK")) + order("TELL", waits("PUBLISHED"))),
        {changes("EXTRACT", "EXTRACT-OK"), knows("F/REPORT", "REPORT^CTM"),
         changes("PUBLISH", "PUBLISHED", ir::done)});
}

} // namespace

TEST(Coupled, LinkMakesThemOneEstate) {
    Coupled const estate = there();
    EXPECT_EQ(estate.told(), "");
    auto const& made = estate["EXTRACT"].factChanges;
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].name, "EXTRACT-OK");
    EXPECT_EQ(made[0].on, ir::succeeded);
    EXPECT_EQ(made[0].date.kind, ir::Scope::Kind::sameCycle);
    EXPECT_EQ(estate["PUBLISH"].factChanges[0].on, ir::done);
    ir::ConditionRef const& condition = estate["PUBLISH"].condition;
    EXPECT_EQ(estate.estate.conditions.print(condition.expr), "s(F\\/REPORT)");
    EXPECT_EQ(estate.estate.conditions.atomOf(condition.expr).job, estate.id("F/REPORT"));
    EXPECT_TRUE(estate["F/REPORT"].isWatched);
    EXPECT_FALSE(estate["F/LOAD"].isWatched);
}

TEST(Coupled, WhatARowNamesWronglyIsToldAtItsPlace) {
    Coupled const wrong("insert_xinst: CTM\nxtype: a\nxmachine: h\n" + job("EXTRACT") +
                            job("USES", "condition: s(A^CTM) & s(B^CTM)\n"),
                        folder(order("LOAD", waits("X"))),
                        {changes("EXTRCT", "X"), changes("F/LOAD", "X"), knows("F/LAOD", "A^CTM"),
                         knows("EXTRACT", "A^CTM"), knows("F", "A^CTM"), knows("F/LOAD", "EXTRACT"),
                         knows("F/LOAD", "A^CTN")});
    EXPECT_EQ(
        wrong.told(),
        "C0017 `[[bridge]]` names job `EXTRCT`, which this estate does not define\n"
        "C0017 `[[bridge]]` names job `F/LOAD`, which is one of Control-M\n"
        "C0017 `[[bridge]]` names job of Control-M `F/LAOD`, which this estate does not "
        "define\n"
        "C0017 `[[bridge]]` names job of Control-M `EXTRACT`, which is none of Control-M\n"
        "C0017 `[[bridge]]` names the folder `F`, which has no status: it is no SMART folder\n"
        "C0017 `[[bridge]]` names the external job `EXTRACT`, which is a job of this estate\n"
        "C0017 `[[bridge]]` names the instance `CTN`, which no `insert_xinst` declares\n");
    std::vector<std::string> helps;
    for (diag::Diagnostic const& finding : wrong.diags.all()) {
        EXPECT_EQ(wrong.estate.sources.fileOf(finding.span), wrong.config);
        helps.insert(helps.end(), finding.helps.begin(), finding.helps.end());
    }
    EXPECT_EQ(helps, (std::vector<std::string>{"did you mean `EXTRACT`?", "did you mean `F/LOAD`?",
                                               "did you mean `CTM`?"}));
}

TEST(Coupled, ARowThatChangesNothingIsTold) {
    auto elsewhere = changes("A", "X");
    elsewhere.server = "OTHER";
    std::string xml = folder(order("LOAD", waits("X")));
    xml.replace(xml.find("FOLDER_NAME"), 0, "DATACENTER=\"ONE\" ");
    Coupled const idle(job("A") + job("B", "condition: s(L^CTM)\n"), xml,
                       {changes("A", "NOBODY"), elsewhere, knows("F/LOAD", "L2^CTM"),
                        changes("A", "X"), knows("F/LOAD", "L^CTM")});
    EXPECT_EQ(idle.told(),
              "C0018 this `[[bridge]]` changes nothing: nothing of this estate waits for the "
              "condition `NOBODY`\n"
              "C0018 this `[[bridge]]` changes nothing: nothing of this estate waits for the "
              "condition `X`\n"
              "C0018 this `[[bridge]]` changes nothing: no condition names `L2^CTM`\n");
}

TEST(Coupled, TheMapHasEdgesAcross) {
    Coupled const estate = there();
    std::string edges;
    for (migration::Dependency const& each : migration::dependencies(estate.estate))
        edges += (each.producer ? estate.estate.jobs[each.producer].name.str() : "?") + " -> " +
                 estate.estate.jobs[each.consumer].name.str() + " " +
                 migration::toString(each.kind).str() + " " + each.text + "\n";
    EXPECT_EQ(edges, "F/REPORT -> PUBLISH status s(F\\/REPORT)\n"
                     "EXTRACT -> F/LOAD fact fact(EXTRACT-OK)\n"
                     "F/LOAD -> F/REPORT fact fact(LOAD-OK)\n"
                     "PUBLISH -> F/TELL fact fact(PUBLISHED)\n");
}

TEST(Coupled, WavesThatPartThemHaveNoBridge) {
    Coupled const estate = there();
    for (bool const controlmFirst : {false, true}) {
        migration::Plan plan;
        plan.waves.resize(2);
        for (ir::WorkflowId const id : estate.estate.workflows.ids()) {
            bool const isFolder = estate.estate.workflows[id].dialect == ir::Dialect::controlm;
            migration::Placement placement;
            placement.workflow = id;
            placement.wave = isFolder == controlmFirst ? 0 : 1;
            plan.waves[placement.wave].workflows.push_back(id);
            plan.placements.push_back(placement);
        }
        auto const all = migration::dependencies(estate.estate);
        migration::WaveBridges const first = migration::bridges(estate.estate, plan, all).front();
        std::string told;
        for (migration::NotBridged const& each : first.notBridged)
            told += std::string(diag::info(each.code).id) + " " + each.sentence() + "\n";
        EXPECT_EQ(told,
                  "M0209 `F/REPORT` crosses to `PUBLISH`, and no bridge carries it: the two "
                  "schedulers tell each other, not the ledger\n"
                  "M0208 `EXTRACT-OK` crosses to `F/LOAD`, and no bridge carries it: the table of "
                  "events is that of the old scheduler\n"
                  "M0208 `PUBLISHED` crosses to `F/TELL`, and no bridge carries it: the table of "
                  "events is that of the old scheduler\n");
        EXPECT_TRUE(first.jobsIn.empty());
        EXPECT_TRUE(first.standIns.empty());
        EXPECT_TRUE(first.mirrored.empty());
    }
}

TEST(Coupled, ADayIsPlayedThereAndBack) {
    Coupled estate = there();
    EXPECT_EQ(estate.starts(), "EXTRACT 10:00, F/LOAD 10:01, F/REPORT 10:02, PUBLISH 10:03, "
                               "F/TELL 10:04");
    EXPECT_EQ(estate.facts(), "+EXTRACT-OK 0302 by EXTRACT, +LOAD-OK 0302 by F/LOAD, "
                              "+PUBLISHED 0302 by PUBLISH");
    std::string why;
    for (auto const& event : estate.play().events)
        if (event.job == "PUBLISH" && event.status == Status::starting)
            why = event.reason.cause + ": " + event.reason.text;
    EXPECT_EQ(why, "F/REPORT: s(F\\/REPORT) is true");
}

/// CTM-002: the order date of an end is its business day, which begins at New Day.
TEST(Coupled, AnEndBeforeNewDayIsOfTheDayBefore) {
    Coupled estate = there();
    estate.scenario.runs["EXTRACT"] = {RunPlan{20 * 3600}}; // until 06:00
    estate.scenario.end += 86'400;
    EXPECT_EQ(estate.facts().substr(0, 31), "+EXTRACT-OK 0302 by EXTRACT, +L");
    estate.scenario.runs["EXTRACT"] = {RunPlan{22 * 3600}}; // until 08:00: LOAD of the 2nd has gone
    EXPECT_EQ(estate.facts().substr(0, 31), "+EXTRACT-OK 0303 by EXTRACT, +L");
    EXPECT_EQ(estate.starts().substr(0, 30), "EXTRACT 10:00, F/LOAD 08:00, F");
}

TEST(Coupled, EachEndTellsItsOwn) {
    std::string const controlm =
        folder(order("GOOD", waits("OK")) + order("BAD", waits("NOT-OK")) +
               order("KILLED", waits("TERM")) + order("ALL", waits("END") + waits("OLD")));
    auto deletes = changes("J", "OLD", ir::failed, false);
    deletes.date.kind = ir::Scope::Kind::anyOrderDate;
    auto always = changes("J", "END", ir::done);
    always.date.kind = ir::Scope::Kind::noDate;
    auto const day = [&](RunPlan const& plan, std::string const& more = "") {
        Coupled estate(job("J", atTen + more), controlm,
                       {changes("J", "OK"), changes("J", "NOT-OK", ir::failed),
                        changes("J", "TERM", ir::terminated), deletes, always});
        EXPECT_EQ(estate.told(), "");
        estate.scenario.facts.push_back({"OLD", "0301"});
        estate.scenario.runs["J"] = {plan};
        return estate.facts();
    };
    EXPECT_EQ(day({}), "+OK 0302 by J, +END STAT by J");
    EXPECT_EQ(day({60, 1}), "+NOT-OK 0302 by J, -OLD **** by J, +END STAT by J");
    EXPECT_EQ(day({60, 0, true}), "+TERM 0302 by J, +END STAT by J");
    // An attempt that is tried again is no end (JIL-054).
    EXPECT_EQ(day({60, 1}, "n_retrys: 2\n"), "+NOT-OK 0302 by J, -OLD **** by J, +END STAT by J");
}

TEST(Coupled, ABoxTellsItsEnd) {
    Coupled estate("insert_job: BX job_type: b\n" + atTen + job("A", "box_name: BX\n") +
                       job("C", "box_name: BX\ncondition: s(A)\n"),
                   folder(order("LOAD", waits("BX-OK"))), {changes("BX", "BX-OK")});
    EXPECT_EQ(estate.starts(), "BX 10:00, A 10:00, C 10:01, F/LOAD 10:02");
}

/// JIL-065: as with any job, what counts is the status now; while it runs again it has none.
TEST(Coupled, AutoSysHearsThatAnOrderRunsAgain) {
    Coupled estate(job("LATE", "date_conditions: 1\ndays_of_week: all\nstart_times: \"12:00\"\n"
                               "condition: s(R^CTM)\n") +
                       job("BAD", "condition: e(R^CTM) = 3\n"),
                   folder(order("R")), {knows("F/R", "R^CTM")});
    estate.scenario.runs["F/R"] = {RunPlan{60}, RunPlan{120}, RunPlan{60, 3}};
    auto const event = [&](std::string const& time, semantics::Event::Kind kind) {
        semantics::Event made;
        made.at = *semantics::parseIso("2026-03-02T" + time + "Z");
        made.kind = kind;
        made.object = "F/R";
        estate.scenario.events.push_back(made);
    };
    event("11:59", semantics::Event::Kind::rerun);
    event("13:00", semantics::Event::Kind::rerun);
    EXPECT_EQ(estate.starts(), "F/R 07:00, F/R 11:59, LATE 12:01, F/R 13:00, BAD 13:01");
}

TEST(Coupled, AScenarioMayReportTheJobByItsExternalName) {
    Coupled estate = there();
    semantics::Event made;
    made.at = *semantics::parseIso("2026-03-02T03:00Z");
    made.kind = semantics::Event::Kind::externalStatus;
    made.object = "REPORT^CTM";
    made.status = Status::success;
    estate.scenario.events.push_back(made);
    EXPECT_EQ(estate.starts().substr(0, 13), "PUBLISH 03:00");
}

TEST(Coupled, BothSidesAreLowered) {
    Coupled estate = there();
    std::string const dags = estate.built();
    EXPECT_EQ(estate.told().find("F0"), estate.told().find("F0008")) << estate.told();
    auto const has = [&](char const* text) {
        EXPECT_NE(dags.find(text), std::string::npos) << text << " is not in\n" << dags;
    };
    has("facts={\"SUCCESS\": [\"+fact(EXTRACT-OK)\"]}");
    has("business_day=\"07:00 UTC\"");
    has("\"TERMINATED\": [\"+fact(PUBLISHED)\"]");
    has("when=\"s(F\\\\/REPORT)\"");
    has("when=\"fact(EXTRACT-OK)\"");
    has("\"F/REPORT\""); // a subscription of PUBLISH
}

TEST(Coupled, ABoxHasAVerdictThatTells) {
    Coupled estate("insert_job: BX job_type: b\n" + atTen +
                       "insert_job: IN job_type: b\nbox_name: BX\n" + job("A", "box_name: IN\n"),
                   folder(order("LOAD", waits("BX-BAD") + waits("IN-OK"))),
                   {changes("BX", "BX-BAD", ir::failed), changes("IN", "IN-OK")});
    std::string const dags = estate.built();
    size_t const inner = dags.find("of=\"IN\""), outer = dags.find("of=\"BX\"");
    ASSERT_NE(inner, std::string::npos) << dags;
    ASSERT_NE(outer, std::string::npos) << dags;
    EXPECT_NE(dags.find("facts={\"SUCCESS\": [\"+fact(IN-OK)\"]}"), std::string::npos) << dags;
    EXPECT_NE(dags.find("facts={\"FAILURE\": [\"+fact(BX-BAD)\"]}"), std::string::npos) << dags;
}

TEST(Coupled, AWatchedFolderTellsItsStartAndEnd) {
    Coupled estate(job("NEXT", "condition: s(F^CTM)\n"), folder(order("A"), "SMART_FOLDER"),
                   {knows("F", "F^CTM")});
    EXPECT_EQ(estate.starts(), "F 07:00, F/A 07:00, NEXT 07:01");
    std::string const dags = estate.built();
    EXPECT_NE(dags.find("FolderStart("), std::string::npos) << dags;
    EXPECT_NE(dags.find("FolderEnd("), std::string::npos) << dags;
}

TEST(Coupled, WhoWaitsForWhatIsNotWrittenIsTold) {
    std::string xml = folder(order("R") + order("LOAD", waits("X")));
    xml.replace(xml.find("SYSTEM"), 6, "EVENING"); // a User Daily: nobody says when it runs
    Coupled estate(job("NEXT", "condition: s(R^CTM)\n") +
                       job("BAD", atTen + "run_calendar: GONE\n"),
                   xml, {knows("F/R", "R^CTM"), changes("BAD", "X")});
    estate.built();
    diag::Diagnostic const* const found = test::find(estate.diags, Code::OtherEndRefused);
    ASSERT_TRUE(found) << estate.told();
    EXPECT_EQ(found->message,
              "`NEXT` waits for `F/R`, which is not written: the ledger hears nothing of it");
}

TEST(Coupled, VerifyComparesWhatEndsTell) {
    Coupled estate(job("J", atTen), folder(order("A", waits("OK") + waits("BAD"))),
                   {changes("J", "OK"), changes("J", "BAD", ir::failed)});
    using test::json;
    auto const differences = [&](json facts, json day) {
        json arguments{{"command", "x"}, {"machine", "m"}};
        if (!facts.is_null())
            arguments["facts"] = std::move(facts);
        if (!day.is_null())
            arguments["business_day"] = std::move(day);
        equivalence::Findings findings;
        target::Dag const dag = test::dagOf({test::shim("J", "Command", arguments)});
        equivalence::FieldComparison comparison(estate.estate, nullptr);
        comparison.compareTask(estate.id("J"), dag, dag.tasks[target::TaskId(0)], findings);
        std::string told;
        for (auto const& one : findings.differences)
            told += one.legacySide + " | " + one.airflowSide + "\n";
        return told;
    };
    json const right{{"SUCCESS", {"+fact(OK)"}}, {"FAILURE", {"+fact(BAD)"}}};
    EXPECT_EQ(differences(right, "07:00 UTC"), "");
    EXPECT_EQ(differences(right, "06:00 UTC"), "New Day: 07:00 UTC | New Day: 06:00 UTC\n");
    EXPECT_EQ(differences({{"SUCCESS", {"+fact(OK)"}}}, "07:00 UTC"),
              "at FAILURE: +fact(BAD) | at FAILURE: no condition\n");
    EXPECT_EQ(differences({{"SUCCESS", {"+fact(OK, no date)"}}, {"FAILURE", {"+fact(BAD)"}}},
                          "07:00 UTC"),
              "at SUCCESS: +fact(OK) | at SUCCESS: +fact(OK, no date)\n");
    json more = right;
    more["TERMINATED"] = {"-fact(OK)"};
    EXPECT_EQ(differences(more, "07:00 UTC"),
              "at TERMINATED: no condition | at TERMINATED: -fact(OK)\n");
    EXPECT_EQ(differences({}, {}), "at SUCCESS: +fact(OK) | at SUCCESS: no condition\n"
                                   "at FAILURE: +fact(BAD) | at FAILURE: no condition\n"
                                   "New Day: 07:00 UTC | New Day: none\n");
}
