// Folders of Control-M as DAGs. Each case in cases/*.xml lowers to the DAGs beside it
// (HOIST_REWRITE=1 rewrites them; a reviewer reads the difference); what has no exact form is told.
#include "analysis/link/Link.h"
#include "backend/airflow/Build.h"
#include "frontend/controlm/Controlm.h"
#include "frontend/ir/AutoEdit.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace hoist;

namespace {

std::string const folder = HOIST_SOURCE_DIR "/tests/airflow_backend/cases/";

struct Built {
    ir::Estate estate;
    diag::Diagnostics diags;
    MemoryFileSystem files;
    airflow::BuildResult result;

    using Pairs = std::vector<std::pair<std::string, std::string>>;
    /// `operators`: jobs that the site maps to one of its own.
    explicit Built(Pairs const& sources, Pairs const& operators = {},
                   llvm::function_ref<void(ir::Settings&)> site = nullptr) {
        estate.settings.timezone = "Europe/Berlin";
        for (auto const& [name, dotted] : operators) {
            ir::SiteRule rule;
            rule.job = name;
            rule.operatorClass = dotted;
            estate.settings.rules.push_back(rule);
        }
        estate.settings.quantitativeResources["SLOTS"] = 2;
        if (site)
            site(estate.settings);
        std::vector<FileId> ids;
        for (auto const& [name, text] : sources)
            ids.push_back(*estate.sources.add(name, text));
        controlm::read(ids, estate, diags);
        analysis::link(estate, diags);
        airflow::BuildOptions options;
        options.outDir = "out";
        result = airflow::build(estate, options, files, diags);
        diags.sort();
    }
    std::string dags() const {
        std::string all;
        for (auto const& [path, bytes] : files.files)
            if (llvm::StringRef(path).ends_with(".py"))
                all += "# ==> " + path + "\n" + bytes;
        return all;
    }
    /// "A0026 …": code and evidence of what stops the build.
    std::string refusals() const {
        std::string all;
        for (diag::Diagnostic const& finding : diags.all())
            if (diag::info(finding.code).fidelity == diag::Fidelity::refused)
                all += finding.evidence + ";";
        return all;
    }
    size_t count(diag::Fidelity fate) const {
        size_t count = 0;
        for (ir::ConstructId id : estate.constructs.ids())
            count += estate.constructs[id].fate == fate;
        return count;
    }
    size_t unsettled() const { return count(diag::Fidelity::none); }
    size_t dropped() const { return count(diag::Fidelity::dropped); }
};

std::string inFolder(std::string const& jobs, std::string const& attributes = "") {
    return "<DEFTABLE><FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\" DATACENTER=\"S\"" +
           attributes + ">" + jobs + "</FOLDER></DEFTABLE>";
}

std::string job(std::string const& name, std::string const& attributes,
                std::string const& children = "") {
    return "<JOB JOBNAME=\"" + name +
           "\" TASKTYPE=\"Command\" CMDLINE=\"run.sh\" NODEID=\"h\" RUN_AS=\"u\" DAYS=\"ALL\" " +
           attributes + ">" + children + "</JOB>";
}

std::string readFile(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A rule of one job, as arguments of its task.
std::string ruled(std::string const& rules) {
    Built const built({{"a.xml", inFolder(job("A", "MAXRERUN=\"2\" INTERVAL=\"5M\"", rules))}});
    std::string const dags = built.dags();
    std::string found;
    for (char const* key :
         {"exit_rule=", "on_ok=", "on_notok=", "rules=", "late=", "retries=", "retry_delay="})
        if (size_t const at = dags.find(key); at != std::string::npos) {
            size_t end = dags.find('\n', at);
            if (dags[end - 1] == '[') // a list over several lines
                end = dags.find("\n        ],", at) + 11;
            else if (dags[end - 1] == '{')
                end = dags.find("\n        },", at) + 11;
            found += dags.substr(at, end - at);
        }
    return built.result.refused > 0 ? "refused: " + built.refusals() : found;
}

} // namespace

class FolderCases : public testing::TestWithParam<char const*> {};

TEST_P(FolderCases, LowerToTheDagsBesideThem) {
    std::string const name = GetParam();
    Built const built({{name + ".xml", readFile(folder + name + ".xml")},
                       {name + ".cal.xml", readFile(folder + "calendar.xml")}});
    EXPECT_EQ(built.refusals(), "");
    EXPECT_EQ(built.unsettled(), 0u);
    if (std::getenv("HOIST_REWRITE"))
        std::ofstream(folder + name + ".dags", std::ios::binary) << built.dags();
    EXPECT_EQ(built.dags(), readFile(folder + name + ".dags"));
}

INSTANTIATE_TEST_SUITE_P(All, FolderCases, testing::Values("folder", "smart_folder", "order_days"),
                         [](auto const& one) { return std::string(one.param); });

TEST(Folders, WhatHasNoExactFormIsNamed) {
    for (auto const& [attributes, children, expected] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"CONFIRM=\"1\"", "", ""},
             {"CONFIRM=\"0\" RETRO=\"0\" PRIORITY=\"AA\" CRITICAL=\"1\"", "", ""},
             {"RETRO=\"1\"", "", ""},
             {"TIMEZONE=\"Asia/Tokyo\" FROM_DAYSOFFSET=\"1\"", "", ""},
             {"MAXWAIT=\"1\" TIMEFROM=\"2200\"", "", ""},
             {"MAXWAIT=\"1\" TIMEFROM=\"2200\"", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>", ""},
             {"MAXWAIT=\"99\" TIMEFROM=\"2200\"", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>", ""},
             {"MAXWAIT=\"99\" TIMEFROM=\"2200\" TIMETO=\">\"",
              "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>", ""},
             {"", "<INCOND NAME=\"X\" ODATE=\"0301\"/>", "ODATE 0301;"},
             {"END_FOLDER=\"1\"", "", "END_FOLDER;"},
             {"", "<CONTROL NAME=\"L\" TYPE=\"E\"/>", ""},
             {"", "<CONTROL NAME=\"L\" TYPE=\"E\" ONFAIL=\"K\"/>", ""},
             {"", "<CONTROL NAME=\"L\"/><QUANTITATIVE NAME=\"SLOTS\" QUANT=\"1\"/>", ""},
             {"", "<CONTROL NAME=\"L\"/><CONTROL NAME=\"L\" TYPE=\"S\"/>", "CONTROL L;"},
             {"", "<CONTROL NAME=\"L,(\"/>", ""},
             {"", "<CONTROL NAME=\"L,(\"/><CONTROL NAME=\"M\"/>", "CONTROL L,(;"},
             {"", "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"1\"/>", ""},
             {"", "<QUANTITATIVE NAME=\"OTHER\" QUANT=\"1\"/>", "QUANTITATIVE OTHER;"},
             {"", "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"3\"/>", "QUANTITATIVE SLOTS;"},
             {"", "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"1\" ONFAIL=\"K\"/>", ""},
             {"CYCLIC=\"1\" INTERVAL=\"5M\"",
              "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"1\" ONFAIL=\"K\"/>", "QUANTITATIVE SLOTS;"},
             {"", "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"1\" ONOK=\"D\" ONFAIL=\"K\"/>",
              "QUANTITATIVE SLOTS;"},
         }) {
        Built const built({{"a.xml", inFolder(job("A", attributes, children))}});
        EXPECT_EQ(built.refusals(), expected) << attributes << children;
        EXPECT_EQ(built.result.dags, expected.empty() ? 1u : 0u) << attributes << children;
        EXPECT_EQ(built.unsettled(), 0u) << attributes << children;
    }
}

TEST(Folders, WhatAJobExecutesStopsTheJobAlone) {
    auto const of = [](std::string const& attributes, std::string const& children = "") {
        return "<JOB JOBNAME=\"A\" NODEID=\"h\" DAYS=\"ALL\" " + attributes + ">" + children +
               "</JOB>";
    };
    std::string const command = "TASKTYPE=\"Command\" CMDLINE=\"run.sh\" ";
    for (auto const& [one, expected] : std::vector<std::pair<std::string, std::string>>{
             {of(command + "CYCLIC=\"1\" INTERVAL=\"15M\""), ""},
             {of("TASKTYPE=\"Dummy\" CYCLIC=\"1\" INTERVAL=\"0M\""), "CYCLIC;"}, // CTM-061
             {of("TASKTYPE=\"Dummy\" CYCLIC=\"1\" INTERVAL=\"1M\""), ""},
             {of("APPL_TYPE=\"SAP\" CYCLIC=\"1\" INTERVAL=\"1M\" MAXRERUN=\"2\""), "SAP;"},
             {of(command, "<VARIABLE NAME=\"%%\\G\" VALUE=\"x\"/>"), ""},
             {of(command, "<VARIABLE NAME=\"%%LIBMEMSYM\" VALUE=\"/x\"/>"),
              "VARIABLE %%LIBMEMSYM;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"%%NOBODY\""), "%%NOBODY;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"%%\\SOMEBODY\""), ""}, // CTM-104: NOTOK if not
             {of("TASKTYPE=\"Command\" CMDLINE=\"%%A\"",
                 "<VARIABLE NAME=\"%%A\" VALUE=\"%%NOBODY\"/>"),
              "%%NOBODY;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"%%A\"",
                 "<VARIABLE NAME=\"%%A\" VALUE=\"%%B\"/><VARIABLE NAME=\"%%B\" VALUE=\"x "
                 "%%A\"/>"),
              "%%B;"}, // it stands for itself
             {of(command, "<VARIABLE NAME=\"%%JOBNAME\" VALUE=\"x\"/>"), "VARIABLE %%JOBNAME;"},
             {"<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"x\" NODEID=\"%%H\" "
              "DAYS=\"ALL\"/>",
              "NODEID %%H;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"x\" RUN_AS=\"%%U\""), "RUN_AS %%U;"},
             {of(command, "<VARIABLE NAME=\"%%A\" VALUE=\"%%SUBSTR x 1 2\"/>"), ""},
             {of(command, "<VARIABLE NAME=\"%%A\" VALUE=\"%%SUBSTR x 1\"/>"), "%%SUBSTR x 1;"},
             {of(command, "<VARIABLE NAME=\"%%A\" VALUE=\"%%GETENV HOME\"/>"), "%%GETENV;"},
             {of(command, "<VARIABLE NAME=\"%%A\" VALUE=\"%%A.%%A\"/>"), "%%A;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"%%A.txt\""), "%%A.txt;"},
             {of("TASKTYPE=\"Job\" MEMNAME=\"a.sh\""), "MEMNAME;"},
             {of("TASKTYPE=\"Job\" MEMNAME=\"a.sh\" MEMLIB=\"C:\\x\""), "MEMLIB;"},
             {of("TASKTYPE=\"Job\" MEMNAME=\"a\" USE_INSTREAM_JCL=\"Y\" INSTREAM_JCL=\"echo\""),
              ""},
             {of("TASKTYPE=\"Job\" MEMNAME=\"a\" USE_INSTREAM_JCL=\"Y\" "
                 "INSTREAM_JCL=\"#!/usr/bin/python3&#10;print\""),
              "INSTREAM_JCL;"},
             {of("APPL_TYPE=\"SAP\"", "<VARIABLE NAME=\"%%SAP-X\" VALUE=\"y\"/>"), "SAP;"},
             {of("TASKTYPE=\"Command\" CMDLINE=\"\""), ""},
         }) {
        Built const built({{"a.xml", inFolder(one + job("B", ""))}});
        EXPECT_EQ(built.refusals(), expected) << one;
        EXPECT_EQ(built.result.dags, 1u) << one;
        EXPECT_EQ(built.unsettled(), 0u) << one;
    }
    // Whether the site's operator may run twice in a task nobody says: that stops the folder.
    Built site({{"a.xml", inFolder(of(command + "CYCLIC=\"1\" INTERVAL=\"15M\""))}},
               {{"F/A", "site.Operator"}});
    EXPECT_EQ(site.refusals(), "CYCLIC;");
    EXPECT_EQ(site.result.dags, 0u);
    Built const mapped({{"a.xml", inFolder(of("APPL_TYPE=\"SAP\""))}}, {{"F/A", "site.Operator"}});
    EXPECT_EQ(mapped.refusals(), "");
    EXPECT_EQ(mapped.result.dags, 1u);
}

TEST(Folders, WhatAnOperatorOfTheSiteDoesNotGetIsTold) { // CTM-104, CTM-105
    auto const told = [](std::string const& one, std::string const& pattern) {
        Built const built(
            {{"a.xml", inFolder(one)}}, {{"F/A", "site.Operator"}},
            [&](ir::Settings& settings) { settings.rules.front().arguments["text"] = pattern; });
        EXPECT_EQ(built.result.dags, 1u);
        EXPECT_EQ(built.unsettled(), 0u);
        std::string all;
        for (diag::Diagnostic const& finding : built.diags.all())
            if (finding.code == diag::Code::KeptOnly ||
                finding.code == diag::Code::SiteTextUnresolved)
                all += finding.message + ";";
        return all;
    };
    std::string const kept =
        " of `F/A` is kept in the task's documentation and has no effect there;";
    std::string const variable = "<VARIABLE NAME=\"%%G\" VALUE=\"1\"/>";
    EXPECT_EQ(told(job("A", ""), "{command}"), "");
    std::string one = job("A", "", variable);
    EXPECT_EQ(told(one, "{command}"), "`%%G`" + kept);
    one.replace(one.find("run.sh"), 6, "run.sh %%ODATE");
    EXPECT_EQ(told(one, "{job}"), "`%%G`" + kept);
    EXPECT_EQ(
        told(one, "x {command}"),
        "the operator of the site that runs `F/A` gets `%%ODATE` as it stands: nobody gives it "
        "a value;`%%G`" +
            kept);
    EXPECT_EQ(
        told("<JOB JOBNAME=\"A\" TASKTYPE=\"Job\" MEMNAME=\"a.sh\" MEMLIB=\"/s\" NODEID=\"h\" "
             "DAYS=\"ALL\"><VARIABLE NAME=\"%%PARM1\" VALUE=\"x\"/></JOB>",
             "{command}"),
        "`%%PARM1`" + kept);
}

TEST(Folders, ACycleIsSaidInWords) { // CTM-060…064
    std::string const rule = "<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION ACTION=\"SPCYC\"/></ON>";
    for (auto const& [attributes, children, expected] : std::vector<std::array<std::string, 3>>{
             {"INTERVAL=\"00015M\" IND_CYCLIC=\"E\"", "", "cycle=\"every 15m from end\","},
             {"INTERVAL=\"00002H\" MAXRERUN=\"3\"", rule,
              "cycle=\"every 2h from start\",max_reruns=3,stop_on=\"notok\","},
             {"CYCLIC_TYPE=\"V\" CYCLIC_INTERVAL_SEQUENCE=\"+30M,+4H,+7D\" IND_CYCLIC=\"T\"", "",
              "cycle=\"after 30m 4h 7d from target\","},
             {"CYCLIC_TYPE=\"S\" CYCLIC_TIMES_SEQUENCE=\"0800,1000\" CYCLIC_TOLERANCE=\"5\"", "",
              "cycle=\"at 08:00 10:00 tolerance 5m\","},
             // After NOTOK it goes on, whether a rule reruns it or not (CTM-065).
             {"INTERVAL=\"00000M\" MAXRERUN=\"1\"",
              "<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION ACTION=\"RERUN\"/></ON>",
              "cycle=\"every 0m from start\",max_reruns=1,"},
         }) {
        Built const built({{"a.xml", inFolder(job("A", "CYCLIC=\"1\" " + attributes, children))}});
        std::string dags = built.dags();
        llvm::erase_if(dags, [](char c) { return c == '\n'; });
        for (size_t at = dags.find(",  "); at != std::string::npos; at = dags.find(",  "))
            dags.erase(at + 1, 1);
        for (size_t at = dags.find(", "); at != std::string::npos; at = dags.find(", "))
            dags.erase(at + 1, 1);
        EXPECT_NE(dags.find(expected), std::string::npos) << dags;
        EXPECT_EQ(dags.find("retries"), std::string::npos);
        EXPECT_EQ(built.refusals(), "");
        EXPECT_EQ(built.unsettled(), 0U) << attributes;
    }
}

TEST(Folders, AFolderThatRunsAgain) { // CTM-093
    auto const cyclic = [](std::string const& attributes, std::string const& children) {
        return "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\" DATACENTER=\"S\" "
               "FOLDER_ORDER_METHOD=\"SYSTEM\" DAYS=\"ALL\" CYCLIC=\"1\" " +
               attributes + ">" + children + "</SMART_FOLDER></DEFTABLE>";
    };
    std::string const every = "INTERVAL=\"00030M\"";
    std::string const pair = job("A", "", "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/>") +
                             job("B", "", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>");
    Built const built({{"a.xml", cyclic(every + " MAXRERUN=\"4\"",
                                        pair + "<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION "
                                               "ACTION=\"SPCYC\"/></ON>")}});
    std::string const dags = built.dags();
    for (char const* each : {"cycle=\"every 30m from start\"", "max_reruns=4", "stop_on=\"notok\"",
                             "FolderEnd(", "when=\"fact(X^S)\""}) // the fact stays: no edge
        EXPECT_NE(dags.find(each), std::string::npos) << each << "\n" << dags;
    EXPECT_EQ(built.refusals(), "");
    EXPECT_EQ(built.unsettled(), 0U);
    auto const ruled = [](std::string const& code, std::string const& what) {
        return "<ON STMT=\"*\" CODE=\"" + code + "\">" + what + "</ON>";
    };
    std::string const sets = "<DOVARIABLE NAME=\"%%V\" VALUE=\"1\"/>";
    for (auto const& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {cyclic("INTERVAL=\"00000M\"", pair), "CYCLIC;"},
             {cyclic(every, "<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\" CYCLIC=\"1\" "
                            "INTERVAL=\"1M\">" +
                                pair + "</SUB_FOLDER>"),
              "CYCLIC;"},
             {cyclic(every, job("A", "", ruled("OK", sets))), "DOVARIABLE;"},
             {cyclic(every, job("A", "", ruled("OK", "<DOVARIABLE NAME=\"%%\\V\" VALUE=\"1\"/>"))),
              ""},
             {cyclic(every, job("A", "", ruled("RUNCOUNT GE 2", "<DOACTION ACTION=\"OK\"/>"))),
              "ON;"},
             {cyclic(every, "<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"x %%RUNCOUNT\" "
                            "NODEID=\"h\" DAYS=\"ALL\"/>"),
              "%%RUNCOUNT;"},
         }) {
        Built const one({{"a.xml", text}});
        EXPECT_EQ(one.refusals(), expected) << text;
        EXPECT_EQ(one.unsettled(), 0U) << text;
    }
}

TEST(Folders, ACyclesFactIsNoEdge) { // CTM-066
    std::string const produces = "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/>";
    std::string const waits = "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>";
    std::string const cyclic = "CYCLIC=\"1\" INTERVAL=\"15M\"";
    Built const first({{"a.xml", inFolder(job("A", cyclic, produces) + job("B", "", waits))}});
    Built const second({{"a.xml", inFolder(job("A", "", produces) + job("B", cyclic, waits))}});
    for (Built const* built : {&first, &second})
        EXPECT_NE(built->dags().find("when=\"fact(X^S)\""), std::string::npos) << built->dags();
}

TEST(Folders, WhoseConditionsAreMeantMustBeSaid) {
    std::string const produces = job("A", "", "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/>");
    std::string const waits = job("B", "", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>");
    auto const folderOf = [](std::string const& name, std::string const& server,
                             std::string const& jobs) {
        std::string text = inFolder(jobs);
        text.replace(text.find(" DATACENTER=\"S\""), 15,
                     server.empty() ? "" : " DATACENTER=\"" + server + "\"");
        text.replace(text.find("\"F\""), 3, "\"" + name + "\"");
        return text;
    };
    // The only one that is named is that of all.
    Built const one(
        {{"a.xml", folderOf("F", "S", produces + waits)}, {"b.xml", folderOf("G", "", produces)}});
    EXPECT_EQ(one.refusals(), "");
    EXPECT_EQ(one.result.dags, 2u);
    EXPECT_EQ(one.dags().find("fact(X)"), std::string::npos) << one.dags();
    // Somebody else adds it, too: no edge.
    EXPECT_NE(one.dags().find("when=\"fact(X^S)\""), std::string::npos) << one.dags();
    Built const several({{"a.xml", folderOf("F", "S", produces + waits)},
                         {"b.xml", folderOf("G", "", produces)},
                         {"c.xml", folderOf("H", "T", produces)}});
    EXPECT_EQ(several.refusals(), "DATACENTER;");
    EXPECT_EQ(several.result.dags, 2u);
}

TEST(Folders, MessagesOfAFolderAreNamed) {
    Built const built(
        {{"a.xml", "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\" "
                   "DAYS=\"ALL\"><SHOUT WHEN=\"NOTOK\" DEST=\"OPS\" MESSAGE=\"bad\"/>"
                   "<SHOUT WHEN=\"OK\" DEST=\"OPS\" MESSAGE=\"good\"/>"
                   "<SHOUT WHEN=\"LATESUB\" TIME=\"0900\" DEST=\"OPS\" MESSAGE=\"late\"/>"
                   "<SHOUT WHEN=\"LATETIME\" TIME=\"2300\" DEST=\"OPS\" MESSAGE=\"late\"/>" +
                       job("A", "") + "</SMART_FOLDER></DEFTABLE>"}});
    EXPECT_EQ(built.result.dags, 1u) << built.refusals();
    EXPECT_EQ(built.dropped(), 1u); // nobody submits a folder
    EXPECT_NE(built.dags().find("    doc_md='```\\nF\\nSHOUT: <SHOUT WHEN=\"LATESUB"),
              std::string::npos)
        << built.dags();
    EXPECT_NE(
        built.dags().find("on_ok=[\"tell OPS: good\"],\n        on_notok=[\"tell OPS: bad\"],\n"
                          "        late={\"not ended by 23:00\": [\"tell OPS: late\"]}"),
        std::string::npos)
        << built.dags();
}

TEST(Folders, CTM078_MessagesAtATime) {
    auto const shout = [](std::string const& when, std::string const& time,
                          std::string const& text = "m", std::string const& more = "") {
        return "<SHOUT WHEN=\"" + when + "\" TIME=\"" + time + "\" DEST=\"a\" MESSAGE=\"" + text +
               "\" " + more + "/>";
    };
    EXPECT_EQ(
        ruled(shout("LATESUB", "0900") + shout("LATETIME", "23:30", "%%JOBNAME of %%ODATE") +
              shout("LATESUB", "0900", "n", "URGENCY=\"V\"") + shout("EXECTIME", "&gt;030") +
              shout("EXECTIME", "&lt;5")),
        "late={\n"
        "            \"not submitted by 09:00\": [\"tell a: m\", \"tell a (very urgent): n\"],\n"
        "            \"not ended by 23:30\": [\"tell a: %%JOBNAME of %%ODATE\"],\n"
        "            \"runs over 30 minutes\": [\"tell a: m\"],\n"
        "            \"ran under 5 minutes\": [\"tell a: m\"],\n"
        "        },");
    // What hoist cannot know, or what would be another text at another moment, is named.
    for (std::string const& kept :
         {shout("EXECTIME", "+010"), shout("EXECTIME", "-10%"), shout("EXECTIME", ">0"),
          shout("LATESUB", "*"), shout("LATESUB", "2460"), shout("LATESUB", "-100"),
          shout("LATETIME", "-1:00"), shout("LATESUB", "-059"),
          shout("EXECTIME", ">5", "m", "DAYSOFFSET=\"3\""), shout("LATETIME", "3000"),
          shout("LATETIME", "0900", "%%TIME"), shout("LATETIME", "0900", "%%\\G"),
          shout("LATETIME", "0900", "m", "DAYSOFFSET=\"1\""), shout("RERUN", "")}) {
        Built const built({{"a.xml", inFolder(job("A", "", kept))}});
        EXPECT_EQ(built.refusals() + std::to_string(built.dropped()), "1") << kept;
        EXPECT_EQ(built.dags().find("late="), std::string::npos) << kept;
        EXPECT_NE(built.dags().find("F/A\\nSHOUT: <SHOUT WHEN=\"" + kept.substr(13, 4)),
                  std::string::npos)
            << built.dags(); // as F0010 says
        EXPECT_EQ(built.unsettled(), 0u) << kept;
    }
    // What an END_FOLDER may end has left, or not, by then.
    Built const ended({{"a.xml", "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"S\" "
                                 "FOLDER_ORDER_METHOD=\"SYSTEM\" DAYS=\"ALL\">" +
                                     job("A", "", shout("LATESUB", "0900")) +
                                     job("B", "END_FOLDER=\"Y\"") + "</SMART_FOLDER></DEFTABLE>"}});
    EXPECT_EQ(ended.refusals() + std::to_string(ended.dropped()), "1");
    Built const cyclic(
        {{"a.xml", inFolder(job("A", "CYCLIC=\"1\" INTERVAL=\"00060M\"",
                                shout("LATESUB", "0900") + shout("EXECTIME", "&gt;030")))}});
    EXPECT_EQ(cyclic.dropped(), 1u);
    EXPECT_NE(cyclic.dags().find("late={\"runs over 30 minutes\": [\"tell a: m\"]}"),
              std::string::npos);
}

TEST(Folders, CTM078_MessagesFollowTheEnd) {
    auto const on = [](std::string const& code, std::string const& actions) {
        return "<ON STMT=\"*\" CODE=\"" + code + "\">" + actions + "</ON>";
    };
    auto const to = [](std::string const& whom) {
        return "<DOMAIL DEST=\"" + whom + "\" MESSAGE=\"m\"/>";
    };
    std::string const fact = "<DOCOND NAME=\"X\" ODATE=\"ODAT\"/>";
    EXPECT_EQ(ruled(on("OK", to("a") + fact) + on("*", to("b")) +
                    "<SHOUT WHEN=\"NOTOK\" DEST=\"c\" URGENCY=\"U\" MESSAGE=\"m\"/>"),
              "on_ok=[\"tell a: m\", \"+fact(X^S)\", \"tell b: m\"],"
              "on_notok=[\"tell b: m\", \"tell c (urgent): m\"],");
    // Behind an exit rule the last verdict alone is there.
    EXPECT_EQ(ruled(on("NOTOK", "<DOACTION ACTION=\"OK\"/>") +
                    "<SHOUT WHEN=\"OK\" DEST=\"c\" MESSAGE=\"m\"/>"),
              "exit_rule=\"any\",on_ok=[\"tell c: m\"],");
    Built const output({{"a.xml", inFolder(job("A", "", on("*no star", to("a"))))}});
    EXPECT_EQ(output.refusals() + std::to_string(output.dropped()), "1"); // CTM-072
    // What asks a code of what has none tells nobody, and refuses nothing.
    for (auto const& [code, dropped] :
         {std::pair("COMPSTAT EQ 4", 1U), {"*E*", 1U}, {"RUNCOUNT GT 1", 1U}, {"NOTOK", 0U}}) {
        Built const mapped({{"a.xml", inFolder(job("A", "", on(code, to("a"))))}},
                           {{"F/A", "site.Operator"}});
        EXPECT_EQ(mapped.refusals(), "") << code;
        EXPECT_EQ(mapped.dropped(), dropped) << code;
        EXPECT_EQ(mapped.dags().find("tell a: m") == std::string::npos, dropped == 1) << code;
        EXPECT_EQ(mapped.unsettled(), 0u);
    }
    EXPECT_EQ(ruled(on("OK", "<DOMAIL DEST=\"a\" CC_DEST=\"b;c\" ATTACH_SYSOUT=\"Y\" "
                             "SUBJECT=\"s\" MESSAGE=\"m\"/>")),
              "on_ok=[\"tell a; b;c: s\\nm\"],");
    std::string const notify = R"({"F": {"Type": "SimpleFolder", "OrderMethod": "Automatic",
      "A": {"Type": "Job:Command", "Command": "x", "Host": "h", "When": {"WeekDays": ["ALL"]},
        "N": {"Type": "Notify:NotCompleted", "Message": "}\"{", "Time": ["0900"]}, "O": 1}}})";
    Built const json({{"a.json", notify}});
    EXPECT_NE(json.dags().find(R"(SHOUT: "N": {"Type": "Notify:NotCompleted", "Message": "}\\"{", )"
                               R"("Time": ["0900"]}\n)"),
              std::string::npos)
        << json.dags();
    Built const unknown({{"a.xml", inFolder(job("A", "", "<SHOUT DEST=\"a\" MESSAGE=\"m\"/>"))}});
    EXPECT_EQ(unknown.dropped(), 1u); // when, nobody says
    // A variable that nobody gives a value is told as it is written.
    for (auto const& [text, fate] : {std::pair("%%NOBODY", diag::Fidelity::approximated),
                                     {"%%JOBNAME of %%\\G", diag::Fidelity::exact}}) {
        Built const told({{"a.xml", inFolder(job("A", "", on("OK", to(text))))}});
        size_t found = 0;
        for (ir::ConstructId id : told.estate.constructs.ids()) {
            ir::Construct const& one = told.estate.constructs[id];
            if (told.estate.sources.text(one.span).starts_with("<DOMAIL")) {
                EXPECT_EQ(one.fate, fate) << text;
                ++found;
            }
        }
        EXPECT_EQ(found, 1u);
    }
}

TEST(Folders, MessagesOfAPlainFolderAreNamed_CTM094) {
    Built const built(
        {{"a.xml", inFolder("<SHOUT WHEN=\"NOTOK\" DEST=\"OPS\" MESSAGE=\"bad\"/>"
                            "<ON STMT=\"*\" CODE=\"NOTOK\"><DOMAIL DEST=\"o@x\"/></ON>" +
                            job("A", ""))}});
    for (ir::ConstructId id : built.estate.constructs.ids()) {
        llvm::StringRef const text = built.estate.sources.text(built.estate.constructs[id].span);
        if (text.starts_with("<SHOUT") || text.starts_with("<DOMAIL")) {
            EXPECT_NE(built.estate.constructs[id].fate, diag::Fidelity::exact) << text.str();
        }
    }
}

TEST(Folders, WhatEndsAFolderBesideSubFoldersIsRefused_CTM091) {
    std::string const ender = job("A", "END_FOLDER=\"1\"");
    auto const of = [](std::string const& inside) {
        return "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"S\" FOLDER_ORDER_METHOD=\"SYSTEM\" "
               "DAYS=\"ALL\">" +
               inside + "</SMART_FOLDER></DEFTABLE>";
    };
    auto const inner = [](std::string const& inside) {
        return "<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\">" + inside + "</SUB_FOLDER>";
    };
    EXPECT_EQ(Built({{"a.xml", of(ender + inner(job("B", "")))}}).refusals(), "END_FOLDER;");
    EXPECT_EQ(Built({{"a.xml", of(job("B", "") + inner(ender))}}).refusals(), "");
}

TEST(Folders, AnEmptyFolderIsNoDag) {
    Built const built({{"a.xml", inFolder("")}});
    EXPECT_EQ(built.refusals(), "an empty folder;");
}

/// `order_days()` is no criteria: a DAG with it is not imported.
TEST(Folders, WhatHasNoDaysIsOrderedWithItsFolderByHand) {
    std::string const bare = "<JOB JOBNAME=\"A\" TASKTYPE=\"Dummy\"/>";
    Built const built(
        {{"a.xml", "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"S\" DAYS=\"ALL\">" + bare +
                       "<SUB_FOLDER JOBNAME=\"U\">" + bare + "</SUB_FOLDER></SMART_FOLDER>" +
                       "<FOLDER FOLDER_NAME=\"F\">" + bare + job("B", "") +
                       "<JOB JOBNAME=\"C\" TASKTYPE=\"Dummy\" DAYS=\"1\"/></FOLDER></DEFTABLE>"}});
    EXPECT_EQ(built.refusals(), "");
    EXPECT_EQ(built.dags().find("order_days()"), std::string::npos) << built.dags();
}

TEST(Folders, TR36_RulesOnExitCodesAreAnExitRule) {
    auto const on = [](std::string const& code, std::string const& action) {
        return "<ON STMT=\"*\" CODE=\"" + code + "\"><DOACTION ACTION=\"" + action + "\"/></ON>";
    };
    EXPECT_EQ(ruled(on("COMPSTAT EQ 4", "OK")), "exit_rule=\"success: 0,4\",");
    EXPECT_EQ(ruled(on("COMPSTAT &lt; 8", "OK")), "exit_rule=\"success: 0-7\",");
    EXPECT_EQ(ruled(on("COMPSTAT &gt; 8", "NOTOK")), "");
    EXPECT_EQ(ruled(on("COMPSTAT EQ 0", "NOTOK") + on("COMPSTAT &gt;= 4", "OK")),
              "exit_rule=\"success: 4-4294967295\",");
    // CTM-074: NOTOK wins.
    EXPECT_EQ(ruled(on("COMPSTAT &gt; 0", "OK") + on("COMPSTAT EQ 9", "NOTOK")),
              "exit_rule=\"success: 0-8,10-4294967295\",");
    EXPECT_EQ(ruled(on("COMPSTAT &gt;= 0", "NOTOK")), "exit_rule=\"fail: 0-4294967295\",");
    EXPECT_EQ(ruled(on("NOTOK", "OK")), "exit_rule=\"any\",");
    std::string const fact = "<ON STMT=\"*\" CODE=\"OK\"><DOCOND NAME=\"X\" ODATE=\"ODAT\"/></ON>";
    EXPECT_EQ(ruled(fact + on("COMPSTAT EQ 4", "OK")),
              "exit_rule=\"success: 0,4\",on_ok=[\"+fact(X^S)\"],");
}

TEST(Folders, CTM070_RulesThatDependOnTheirOrderAreListed) {
    auto const on = [](std::string const& code, std::string const& actions) {
        return "<ON STMT=\"*\" CODE=\"" + code + "\">" + actions + "</ON>";
    };
    auto const act = [](std::string const& word) { return "<DOACTION ACTION=\"" + word + "\"/>"; };
    std::string const fact = "<DOCOND NAME=\"X\" ODATE=\"ODAT\"/>";
    std::string const tells = "<DOSHOUT DEST=\"ops\" MESSAGE=\"bad\"/>";
    auto const listed = [](std::string const& list) { return "rules=[" + list + "],"; };
    auto const rule = [](std::string const& test, std::string const& actions) {
        return "{\"on\":\"" + test + "\",\"do\":[" + actions + "]}";
    };
    auto const spaceless = [](std::string const& rules) {
        std::string text = ruled(rules);
        if (text.rfind("refused", 0) == 0)
            return text;
        std::string told;
        for (size_t at = 0; at < text.size(); ++at) {
            bool const isBreak =
                text[at] == '\n' ||
                (text[at] == ' ' && at > 0 && (std::strchr(":,\n ", text[at - 1]) != nullptr));
            if (!isBreak)
                told += text[at];
        }
        if (size_t const at = told.find("},]"); at != std::string::npos)
            told.erase(at + 1, 1);
        return told;
    };
    // A code that is NOTOK stays so, a signal does not (CTM-074).
    EXPECT_EQ(spaceless(on("COMPSTAT EQ 9", act("NOTOK")) + on("NOTOK", act("OK"))),
              listed(rule("code = 9", "\"notok\"") + "," + rule("notok", "\"ok\"")));
    EXPECT_EQ(spaceless(on("OK", fact) + on("NOTOK", act("OK"))),
              listed(rule("ok", "\"+fact(X^S)\"") + "," + rule("notok", "\"ok\"")));
    EXPECT_EQ(spaceless(on("NOTOK", act("RERUN") + act("OK") + tells)),
              listed(rule("notok", "\"rerun\",\"ok\",\"tell ops:bad\"")) +
                  "retries=2,retry_delay=300,");
    EXPECT_EQ(
        spaceless(on("COMPSTAT EQ 4", tells) +
                  "<SHOUT WHEN=\"OK\" DEST=\"ops\" MESSAGE=\"good\"/>"),
        listed(rule("code = 4", "\"tell ops:bad\"") + "," + rule("ended ok", "\"tell ops:good\"")));
    EXPECT_EQ(spaceless(on("COMPSTAT EQ 4", act("OK") + fact)),
              listed(rule("code = 4", "\"ok\",\"+fact(X^S)\"")));
    EXPECT_EQ(spaceless(on("COMPSTAT ODD", act("OK"))), listed(rule("code odd", "\"ok\"")));
    EXPECT_EQ(
        spaceless(on("RUNCOUNT &gt; 2", fact) + on("FAILCOUNT EQ 2", fact)),
        listed(rule("runs > 2", "\"+fact(X^S)\"") + "," + rule("failures = 2", "\"+fact(X^S)\"")));
    EXPECT_EQ(spaceless(on("*ORA-?*", act("NOTOK"))), listed(rule("output *ORA-?*", "\"notok\"")));
    // What is not cyclic stops nothing.
    EXPECT_EQ(spaceless(on("COMPSTAT EQ 4", act("SPCYC"))), "");
    // Which lines these match nobody says for sure.
    for (char const* pattern : {"ORA-", "*ORA-", "*\xC3\xA9*"})
        EXPECT_EQ(spaceless(on(pattern, act("NOTOK"))), "refused: ON;") << pattern;
    EXPECT_EQ(spaceless(on("JOBNOTSUBMITTED", act("OK"))), "refused: ON;");
    std::string const ofStatement = "<ON STMT=\"cp *\" CODE=\"*not found*\">" + act("OK") + "</ON>";
    EXPECT_TRUE(llvm::StringRef(ruled(ofStatement)).starts_with("refused")) << ruled(ofStatement);
}

TEST(Folders, TR33_RerunsNeedARule) {
    EXPECT_EQ(ruled(""), "");
    EXPECT_EQ(ruled("<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION ACTION=\"RERUN\"/></ON>"),
              "retries=2,retry_delay=300,");
}

TEST(Folders, CTM076_FactsOfAFailure) {
    EXPECT_EQ(ruled("<OUTCOND NAME=\"DONE\" ODATE=\"ODAT\" SIGN=\"+\"/>"
                    "<ON STMT=\"*\" CODE=\"NOTOK\"><DOCOND NAME=\"BAD\" ODATE=\"ODAT\" "
                    "SIGN=\"+\"/></ON>"),
              "on_ok=[\"+fact(DONE^S)\"],on_notok=[\"+fact(BAD^S)\"],");
}

TEST(Folders, CTM077_ForcedOrders) {
    auto const force = [](std::string const& target, std::string const& code = "NOTOK") {
        return "<ON STMT=\"*\" CODE=\"" + code + "\"><DOFORCEJOB TABLE_NAME=\"" + target +
               "\"/></ON>";
    };
    EXPECT_EQ(ruled(force("G\" NAME=\"X")), "refused: DOFORCEJOB G/X;");
    // F is the folder of the job itself.
    EXPECT_EQ(ruled(force("F")), "on_notok=[\"force(F)\"],");
    EXPECT_EQ(ruled(force("F\" NAME=\"A\" ODATE=\"PREV", "*")),
              "on_ok=[\"force(F/A, previous order date)\"],on_notok=[\"force(F/A, previous order "
              "date)\"],");
    EXPECT_EQ(ruled(force("F\" ODATE=\"0102")), "refused: DOFORCEJOB F;");

    std::string const two = job("B", "", "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/>") +
                            job("C", "", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>");
    auto const built = [&](std::string const& rule, std::string const& kind,
                           std::string const& more = "", std::string const& attributes = "") {
        return Built({{"a.xml", inFolder(job("A", "", rule))},
                      {"b.xml", "<DEFTABLE><" + kind + " FOLDER_NAME=\"G\" DATACENTER=\"S\" " +
                                    attributes + ">" + two + more + "</" + kind + "></DEFTABLE>"}});
    };
    // What is forced stands beside the order of New Day: a fact of the day is nobody's end.
    Built const alone = built(force("G\" NAME=\"C"), "FOLDER");
    EXPECT_EQ(alone.refusals(), "");
    EXPECT_NE(alone.dags().find("when=\"fact(X^S)\""), std::string::npos) << alone.dags();
    EXPECT_NE(alone.dags().find("max_active_runs=1000"), std::string::npos) << alone.dags();
    nlohmann::json const manifest =
        nlohmann::json::parse(alone.files.files.at("out/hoist.manifest.json"));
    EXPECT_EQ(manifest["forced"].dump(), R"([{"dag_id":"G","jobs":["G/C"],"name":"G/C"}])");
    EXPECT_EQ(built("", "FOLDER").dags().find("when="), std::string::npos);
    EXPECT_EQ(built(force("G"), "SMART_FOLDER").refusals(), "");
    // A job of a SMART folder is ordered alone, without what it has of its folder.
    std::string const one = force("G\" NAME=\"C");
    EXPECT_EQ(built(one, "SMART_FOLDER").refusals(), "");
    EXPECT_EQ(built(one, "SMART_FOLDER", "<VARIABLE NAME=\"%%V\" VALUE=\"1\"/>").refusals(),
              "DOFORCEJOB G/C;");
    EXPECT_EQ(built(one, "SMART_FOLDER", "", "TIMEZONE=\"EST\"").refusals(), "DOFORCEJOB G/C;");
    std::string const inner =
        "<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\">" + job("C", "") + "</SUB_FOLDER>";
    EXPECT_EQ(built(one, "SMART_FOLDER", inner).refusals(), "DOFORCEJOB G/C;"); // which of them?
    EXPECT_EQ(built(force("G\" NAME=\"U"), "SMART_FOLDER", inner).refusals(), "DOFORCEJOB G/U;");
    auto const into = [&](std::string const& where) {
        return built(force("G\" NAME=\"C\" INTO_TABLE_ORDERID=\"" + where), "SMART_FOLDER");
    };
    EXPECT_EQ(into("ALONE").refusals(), "");
    EXPECT_EQ(into("LAST").result.dags, 1U); // F0016: that of the rule is refused
}

TEST(Folders, TR31_AnEdgeOnlyWhereItIsAllThatIsWaitedFor) {
    auto const in = [](std::string const& date) {
        return "<INCOND NAME=\"X\" ODATE=\"" + date + "\" AND_OR=\"A\"/>";
    };
    auto const out = [](std::string const& sign, std::string const& date = "ODAT") {
        return "<OUTCOND NAME=\"X\" ODATE=\"" + date + "\" SIGN=\"" + sign + "\"/>";
    };
    auto const isEdge = [&](std::string const& jobs) {
        Built const built({{"a.xml", inFolder(jobs)}});
        EXPECT_EQ(built.result.dags, 1u) << built.refusals();
        std::string const dags = built.dags();
        bool const waits = dags.find("when=\"fact(X") != std::string::npos;
        bool const hasEdge = dags.find("a >> b") != std::string::npos;
        EXPECT_NE(waits, hasEdge) << dags;
        return hasEdge;
    };
    EXPECT_TRUE(isEdge(job("A", "", out("+")) + job("B", "", in("ODAT"))));
    EXPECT_TRUE(isEdge(job("A", "", out("+")) + job("B", "", in("ODAT") + out("-"))));
    // Two producers; another date; a third job that deletes; other days; several who take it away.
    EXPECT_FALSE(
        isEdge(job("A", "", out("+")) + job("C", "", out("+")) + job("B", "", in("ODAT"))));
    EXPECT_FALSE(isEdge(job("A", "", out("+")) + job("B", "", in("PREV"))));
    EXPECT_FALSE(isEdge(job("A", "", out("+", "STAT")) + job("B", "", in("STAT"))));
    EXPECT_FALSE(
        isEdge(job("A", "", out("+")) + job("C", "", out("-")) + job("B", "", in("ODAT"))));
    EXPECT_FALSE(isEdge(job("A", "", out("+")) + job("B", "", in("ODAT") + out("-")) +
                        job("C", "", in("ODAT"))));
    std::string mondays = job("B", "", in("ODAT"));
    mondays.replace(mondays.find("DAYS=\"ALL\""), 10, "WEEKDAYS=\"1\"");
    EXPECT_FALSE(isEdge(job("A", "", out("+")) + mondays));
    EXPECT_FALSE(isEdge(
        job("A", "",
            "<ON STMT=\"*\" CODE=\"OK\"><DOCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/></ON>") +
        job("B", "", in("ODAT"))));
}

TEST(Folders, ARunFailsWithWhatNoLastTaskTells_AF015) {
    auto const built = [](std::string const& early, std::string const& late) {
        return Built({{"f.xml", fmt::format(R"(<DEFTABLE>
  <FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="A" DAYS="ALL" TASKTYPE="Command" CMDLINE="a" NODEID="h" {}>
      <OUTCOND NAME="A" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="B" DAYS="ALL" TASKTYPE="Command" CMDLINE="b" NODEID="h">{}
      <OUTCOND NAME="B" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="C" DAYS="ALL" TASKTYPE="Command" CMDLINE="c" NODEID="h">
      <INCOND NAME="A" ODATE="ODAT" AND_OR="A"/><INCOND NAME="B" ODATE="ODAT" AND_OR="A"/>
    </JOB>
  </FOLDER>
</DEFTABLE>)",
                                            early, late)}})
            .dags();
    };
    std::string const window = R"(TIMETO="1000")";
    std::string const told = built(window, "");
    EXPECT_NE(told.find("b >> f_verdict"), std::string::npos) << told;
    EXPECT_EQ(told.find("a >> f_verdict"), std::string::npos) << told;
    // All that the other one waits for is there at once, or it waits for the very same job.
    EXPECT_EQ(built("", "").find("verdict"), std::string::npos);
    std::string const behind = R"(<INCOND NAME="A" ODATE="ODAT" AND_OR="A"/>)";
    EXPECT_EQ(built(window, behind).find("verdict"), std::string::npos);
}

TEST(Folders, AUserDailyRunsWhenTheSiteSaysSo_CTM006) {
    auto const source = [](std::string const& more) {
        return fmt::format(R"(<DEFTABLE>
  <FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="NIGHT">
    <JOB JOBNAME="A" DAYS="ALL" TASKTYPE="Command" CMDLINE="a" NODEID="h" {}/>
  </FOLDER>
</DEFTABLE>)",
                           more);
    };
    Built const unknown({{"f.xml", source("")}});
    EXPECT_EQ(unknown.refusals(), "FOLDER_ORDER_METHOD NIGHT;");
    auto const known = [](ir::Settings& settings) { settings.userDailies["NIGHT"] = 18 * 60; };
    Built const built({{"f.xml", source("TIMEZONE=\"Asia/Tokyo\"")}}, {}, known);
    EXPECT_EQ(built.refusals(), "");
    EXPECT_NE(built.dags().find("at=\"18:00\""), std::string::npos) << built.dags();
    EXPECT_EQ(built.dags().find("early"), std::string::npos) << built.dags();
    EXPECT_EQ(built.unsettled(), 0u);
    Built const retro({{"f.xml", source("RETRO=\"1\"")}}, {}, known);
    EXPECT_EQ(retro.refusals(), "FOLDER_ORDER_METHOD NIGHT;");
}

TEST(Folders, RetroIsOfEachJobOfAPlainFolder_CTM047) {
    auto const source = [](std::string const& zone) {
        return fmt::format(R"(<DEFTABLE>
  <FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="A" DAYS="ALL" TASKTYPE="Command" CMDLINE="a" NODEID="h" RETRO="1"/>
    <JOB JOBNAME="B" DAYS="ALL" TASKTYPE="Command" CMDLINE="b" NODEID="h" {}/>
  </FOLDER>
</DEFTABLE>)",
                           zone);
    };
    Built const built({{"f.xml", source("")}});
    EXPECT_EQ(built.refusals(), "");
    std::string const dags = built.dags();
    EXPECT_NE(dags.find("retro=True"), std::string::npos) << dags;
    EXPECT_LT(dags.find("task_id=\"B\""), dags.find("retro=False")) << dags;
    EXPECT_EQ(Built({{"f.xml", source("TIMEZONE=\"Asia/Tokyo\"")}}).refusals(), "RETRO;");
}

TEST(Folders, CirclesOfConditionsStayFacts) {
    Built const built(
        {{"a.xml", inFolder(job("A", "",
                                "<INCOND NAME=\"Y\" ODATE=\"ODAT\"/>"
                                "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/>") +
                            job("B", "",
                                "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>"
                                "<OUTCOND NAME=\"Y\" ODATE=\"ODAT\" SIGN=\"+\"/>"))}});
    std::string const dags = built.dags();
    EXPECT_NE(dags.find("when="), std::string::npos) << dags;
    EXPECT_EQ(dags.find("a >> b") == std::string::npos, dags.find("b >> a") != std::string::npos);
}

TEST(Folders, UnitsAreAPoolThatWaitingTasksLeave) {
    Built const built(
        {{"a.xml", inFolder(job("A", "", "<QUANTITATIVE NAME=\"SLOTS\" QUANT=\"2\"/>"))}});
    std::string const pools = built.files.files.at("out/pools.json");
    EXPECT_NE(pools.find("\"controlm_SLOTS\""), std::string::npos) << pools;
    EXPECT_NE(pools.find("\"include_deferred\": false"), std::string::npos) << pools;
    EXPECT_NE(built.dags().find("pool_slots=2"), std::string::npos);
}

TEST(Folders, WhoSetsWhatOthersSee_CTM100) {
    auto const ruled = [](std::string const& setting, std::string const& attributes = "") {
        return "<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"run.sh\" NODEID=\"h\" "
               "DAYS=\"ALL\" " +
               attributes + ">" + setting + "</JOB>";
    };
    auto const rule = [](std::string const& name, std::string const& value) {
        return "<ON STMT=\"*\" CODE=\"OK\"><DOVARIABLE NAME=\"" + name + "\" VALUE=\"" + value +
               "\"/></ON>";
    };
    std::string const atFirst = "<VARIABLE NAME=\"%%\\G\" VALUE=\"x\"/>";
    for (auto const& [one, expected] : std::vector<std::pair<std::string, std::string>>{
             {ruled(rule("%%A", "1") + rule("\\G", "%%A %%PLUS 1") + rule("%%\\\\P\\G", "x")), ""},
             {ruled(rule("%%A-B", "1")), "DOVARIABLE %%A-B;"},
             {ruled(rule("%%ODATE", "1")), "DOVARIABLE %%ODATE;"}, // CTM-101
             {ruled(rule("%%PARM1", "1")), "DOVARIABLE %%PARM1;"}, // CTM-105
             {ruled(rule("%%A", "%%NOBODY")), "DOVARIABLE %%A;"},
             {ruled(rule("%%A", "%%@TIME")), "DOVARIABLE %%A;"},
             {ruled(rule("%%A", "%%$WCALC %%$ODATE +1 CAL")), "DOVARIABLE %%A;"},
             // Which of the two values is meant, the order of the statements says.
             {ruled("<VARIABLE NAME=\"%%N\" VALUE=\"%%\\G %%PLUS 1\"/><VARIABLE NAME=\"%%\\G\" "
                    "VALUE=\"%%N\"/>"),
              "VARIABLE %%N;"},
             {ruled(rule("%%\\G", "%%N") + "<VARIABLE NAME=\"%%N\" VALUE=\"%%TIME\"/>"),
              "VARIABLE %%N;"},
             {ruled(rule("%%\\G", "%%N") + "<VARIABLE NAME=\"%%N\" VALUE=\"%%ODATE\"/>"), ""},
             {ruled("<OUTCOND NAME=\"C-%%ODATE\" ODATE=\"ODAT\" SIGN=\"+\"/>"), "C-%%ODATE;"},
             {ruled(rule("%%\\\\F", "1")),
              "DOVARIABLE %%\\\\F;"}, // a plain folder has none (CTM-094)
             {ruled(atFirst), ""},
             {ruled("<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION ACTION=\"OK\"/></ON>"
                    "<VARIABLE NAME=\"%%\\G\" VALUE=\"%%\\H\"/>"),
              "DOACTION OK on NOTOK;"}, // CTM-104
             {ruled("<ON STMT=\"*\" CODE=\"COMPSTAT GE 0\"><DOACTION ACTION=\"OK\"/><DOCOND "
                    "NAME=\"X\"/></ON><VARIABLE NAME=\"%%\\G\" VALUE=\"%%\\H\"/>"),
              "DOACTION OK on NOTOK;"},
             {ruled("<VARIABLE NAME=\"%%\\G\" VALUE=\"%%ODATE\"/>", "CYCLIC=\"1\" INTERVAL=\"0M\""),
              ""},
             {"<JOB JOBNAME=\"A\" TASKTYPE=\"Dummy\" DAYS=\"ALL\">" + atFirst + "</JOB>",
              "VARIABLE %%\\G;"},
         }) {
        Built const built({{"a.xml", inFolder(one + job("B", ""))}});
        EXPECT_EQ(built.refusals(), expected) << one;
        EXPECT_EQ(built.result.dags, expected.empty() ? 1u : 0u) << one;
        EXPECT_EQ(built.unsettled(), 0u) << one;
    }
}

TEST(AutoEdit, WhatStandsForOthersTwiceIsReadOnce) { // CTM-104
    unsigned asked = 0;
    auto const lookup = [&](llvm::StringRef name) -> std::optional<ir::VariableText> {
        ++asked;
        unsigned number = 0;
        if (name.drop_front().getAsInteger(10, number))
            return std::nullopt;
        std::string const next = "%%V" + std::to_string(number - 1);
        return ir::VariableText{number == 0 ? "" : next + "." + next + "." + next, false};
    };
    ir::ResolvedText const found = ir::resolveText("<%%V18>", {}, lookup);
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.text, "<>");
    EXPECT_LT(asked, 100U); // of 3^18
}

/// What both sides give names in tests/vectors/autoedit.json.
static std::optional<ir::VariableText> ofVectors(llvm::StringRef name) {
    if (name == "A" || name == "B")
        return ir::VariableText{name.lower() + "1", false};
    return std::nullopt;
}

TEST(AutoEdit, TextsAreReadAndResolvedAsByTheShims_CTM102_CTM103) {
    nlohmann::json const vectors =
        nlohmann::json::parse(readFile(HOIST_SOURCE_DIR "/tests/vectors/autoedit.json"));
    std::vector<nlohmann::json> all = vectors["cases"];
    all.insert(all.end(), vectors["values"].begin(), vectors["values"].end());
    ir::TextMoment moment;
    moment.orderDate = moment.workingDay = ir::toDayNumber({2026, 3, 2});
    moment.local = int64_t{moment.orderDate} * 86'400 + 7 * 3600;
    moment.runs = 2;
    moment.orderId = ir::orderIdText(36'005);
    for (size_t i = 0; i < all.size(); ++i) {
        nlohmann::json const& one = all[i];
        std::string const text = one["text"];
        bool const isValue = i >= vectors["cases"].size();
        ir::VariablesUsed const found =
            isValue ? ir::variablesInValue(text) : ir::variablesIn(text);
        std::string names;
        for (llvm::StringRef name : found.names)
            names += (names.empty() ? "" : " ") + name.str();
        EXPECT_EQ(!found.unclear.empty(), one.value("unclear", false)) << text;
        if (found.unclear.empty()) {
            EXPECT_EQ(names, one["names"].get<std::string>()) << text;
        }
        if (!isValue)
            continue;
        ir::ResolvedText const resolved = ir::resolveValue(text, moment, ofVectors);
        EXPECT_EQ(resolved.isUnclear, one.value("unclear", false)) << text;
        EXPECT_EQ(!resolved.problem.empty(),
                  one.value("unclear", false) || one.value("none", false))
            << text << ": " << resolved.problem;
        if (one.contains("value")) {
            EXPECT_EQ(resolved.text, one["value"].get<std::string>()) << text;
        }
    }
}
