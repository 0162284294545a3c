// Which findings a run reports: selected codes, severities, what may not be hidden, the baseline of
// an old estate, and what is allowed for a time.
#include "tests/driver/Tool.h"

#include <gtest/gtest.h>

using hoist::test::Tool;

namespace {

/// A warning P2002 at the first entry.
constexpr char const* odd = "CRON_TZ=Europe/Berlin\n*/5x 5 * * * /opt/bin/report\n";
/// An error P2001 that refuses the entry.
constexpr char const* bad = "CRON_TZ=Europe/Berlin\n0 24 * * * /opt/bin/report\n";

class FindingsOf : public ::testing::Test {
protected:
    Tool tool;

    int check(std::vector<llvm::StringRef> options) {
        options.insert(options.begin(), {"check", "jobs.cron", "--cron-flavour", "cronie"});
        return tool.run(options);
    }
    bool says(llvm::StringRef text) const {
        return llvm::StringRef(tool.console.errors).contains(text);
    }
};

/// A condition on a job that is not there: an error about A.
std::string jilJob(std::string const& name, std::string const& more = "condition: s(NOBODY)\n") {
    return "insert_job: " + name + " job_type: c\nmachine: m\ncommand: x\n" + more;
}

class Baselines : public ::testing::Test {
protected:
    Tool tool;
    int run(std::vector<llvm::StringRef> args) {
        args.insert(args.end(), {"--ignore", "A"}); // what follows from it is not the point here
        return tool.run(args);
    }
    std::string& baseline() { return tool.files.files["hoist-baseline.json"]; }
    bool says(llvm::StringRef text) const {
        return llvm::StringRef(tool.console.errors).contains(text);
    }
    void SetUp() override {
        tool.files.files["e.jil"] = "insert_machine: m\n" + jilJob("A");
        ASSERT_EQ(run({"baseline", "write", "e.jil"}), 0) << tool.console.errors;
    }
};

} // namespace

TEST_F(FindingsOf, IgnoredCodesAreCounted) {
    tool.files.files["jobs.cron"] = odd;
    EXPECT_EQ(check({"--ignore", "P2002"}), 0);
    EXPECT_EQ(tool.console.errors, "hoist: no findings in 1 file (1 ignored)\n");
    EXPECT_EQ(check({"--select", "A"}), 0);
    EXPECT_EQ(tool.console.errors, "hoist: no findings in 1 file (1 ignored)\n");
}

TEST_F(FindingsOf, TheLongestBeginningDecides) {
    tool.files.files["jobs.cron"] = odd;
    check({"--ignore", "P2", "--select", "p2002"});
    EXPECT_TRUE(says("warning[P2002]")) << tool.console.errors;
    check({"--ignore", "ALL", "--select", "A,P20"});
    EXPECT_TRUE(says("warning[P2002]")) << tool.console.errors;
    check({"--select", "P2", "--ignore", "P2"}); // among equals: ignored
    EXPECT_FALSE(says("[P2002]")) << tool.console.errors;
}

TEST_F(FindingsOf, SeveritiesAndWhatFails) {
    tool.files.files["jobs.cron"] = odd;
    EXPECT_EQ(check({"--severity", "P20=error"}), 1);
    EXPECT_TRUE(says("error[P2002]")) << tool.console.errors;
    EXPECT_EQ(check({"--severity", "P20=error", "--severity", "P2002=note"}), 0);
    EXPECT_TRUE(says("note[P2002]")) << tool.console.errors;
    EXPECT_EQ(check({"--fail-on", "warning"}), 1);
    EXPECT_EQ(check({"--fail-on", "note", "--severity", "P2002=note"}), 1);
    tool.files.files["jobs.cron"] = bad;
    EXPECT_EQ(check({"--fail-on", "never"}), 0);
    EXPECT_TRUE(says("error[P2001]")) << tool.console.errors;
}

TEST_F(FindingsOf, UnknownCodesAreUsageErrors) {
    tool.files.files["jobs.cron"] = odd;
    for (char const* option : {"--select", "--ignore"}) {
        EXPECT_EQ(check({option, "P2O02"}), 2);
        EXPECT_TRUE(says("bad value `P2O02` of `")) << tool.console.errors;
        EXPECT_TRUE(says("did you mean `P2002`?")) << tool.console.errors;
    }
    EXPECT_EQ(check({"--severity", "P2002=off"}), 2);
    EXPECT_TRUE(says("`--ignore P2002` hides them")) << tool.console.errors;
    EXPECT_EQ(check({"--severity", "Q=error"}), 2);
    EXPECT_EQ(check({"--select", ""}), 2);
    EXPECT_EQ(check({"--fail-on", "warnings"}), 2);
    EXPECT_TRUE(says("did you mean `warning`?")) << tool.console.errors;
}

// `check` may be told to be silent; `build` says what it does not write, whatever it is told.
TEST_F(FindingsOf, ARefusalCannotBeIgnoredWhereItCounts) {
    tool.files.files["jobs.cron"] = bad;
    EXPECT_EQ(check({"--ignore", "ALL"}), 0);
    std::vector<llvm::StringRef> build{"build",    "jobs.cron", "-o",         "out",
                                       "--ignore", "ALL",       "--severity", "ALL=note"};
    EXPECT_EQ(tool.run(build), 5);
    EXPECT_TRUE(says("error[P2001]")) << tool.console.errors;
    tool.files.files["jobs.cron"] =
        "CRON_TZ=UTC\n# hoist: allow(P2001) known\n0 24 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"build", "jobs.cron", "-o", "out"}), 5);
    EXPECT_TRUE(says("error[P2001]")) << tool.console.errors;
    EXPECT_FALSE(says("[P0007]")) << tool.console.errors; // it covers something, all the same
}

// A comment of XML covers the folder, job or calendar behind it, with all that is in it.
TEST_F(FindingsOf, XmlCommentsCoverADefinition) {
    auto const folder = [](std::string const& comment) {
        return "<DEFTABLE>\n<FOLDER FOLDER_NAME=\"F\">\n" + comment +
               "<JOB JOBNAME=\"A\"\n     TASKTYPE=\"Command\">\n<INCOND NAME=\"X\"\n"
               "        ODATE=\"never\"/>\n</JOB>\n<JOB JOBNAME=\"B\">\n"
               "<INCOND NAME=\"Y\" ODATE=\"never\"/>\n</JOB>\n</FOLDER>\n</DEFTABLE>\n";
    };
    auto const placesWith = [&](std::string const& comment) {
        tool.files.files["a.xml"] = folder(comment);
        tool.console.output.clear();
        tool.console.errors.clear();
        tool.run({"check", "a.xml", "--select", "P3013,P0007,P0008", "--output", "concise"});
        return llvm::StringRef(tool.console.errors + tool.console.output).count("[P3013]") * 10 +
               llvm::StringRef(tool.console.errors + tool.console.output).count("[P00");
    };
    EXPECT_EQ(placesWith(""), 20u);
    EXPECT_EQ(placesWith("<!-- hoist: allow(P3013) known to us -->\n"), 10u);
    EXPECT_EQ(placesWith("<!-- hoist: allow(P3013) -->\n"), 11u) << "it gives no reason";
    EXPECT_EQ(placesWith("<!-- hoist: allow(P3012) nothing of that here -->\n"), 21u);
    EXPECT_EQ(placesWith("<!-- a comment --> hoist: allow(P3013) is text\n"), 20u);
}

TEST_F(FindingsOf, WhatCannotBeReadIsAlwaysSaid) {
    EXPECT_EQ(check({"--ignore", "ALL", "--severity", "ALL=note"}), 1);
    EXPECT_TRUE(says("error[P0001]")) << tool.console.errors;
}

TEST_F(FindingsOf, SettingsAndOptionsAreLayers) {
    tool.files.files["jobs.cron"] = odd;
    tool.files.files["hoist.toml"] = "[findings]\nignore = [\"P2002\"]\nfail_on = \"warning\"\n"
                                     "[findings.severity]\nP2 = \"error\"\n";
    EXPECT_EQ(check({}), 0);
    EXPECT_TRUE(says("1 ignored"));
    EXPECT_EQ(check({"--select", "P2002"}), 1); // the command line has the last word
    EXPECT_TRUE(says("error[P2002]")) << tool.console.errors;
    EXPECT_EQ(check({"--select", "P2002", "--severity", "P2=warning"}), 1);
    EXPECT_EQ(check({"--select", "P2002", "--severity", "P2=warning", "--fail-on", "error"}), 0);
    tool.files.files["hoist.toml"] = "[findings]\nselect = [\"A\"]\n";
    check({"--select", "P"});
    EXPECT_TRUE(says("warning[P2002]")) << tool.console.errors;
}

TEST_F(FindingsOf, SettingsAreCheckedAtTheirPlace) {
    tool.files.files["jobs.cron"] = odd;
    tool.files.files["hoist.toml"] = "[findings]\nignore = [\"P2002\", \"P2O02\"]\n";
    EXPECT_EQ(check({}), 2);
    EXPECT_EQ(tool.console.errors,
              "error[C0007]: bad value of `findings.ignore`: no code begins with `P2O02`; did you "
              "mean `P2002`?\n --> hoist.toml:2:20\n  |\n2 | ignore = [\"P2002\", \"P2O02\"]\n"
              "  |                    ^^^^^^^\n\n");
    for (char const* wrong :
         {"select = \"A\"", "severity = \"error\"", "severity = {A = \"fatal\"}",
          "fail_on = \"warnings\"", "severity = {Q = \"error\"}", "baseline = 1"}) {
        tool.files.files["hoist.toml"] = std::string("[findings]\n") + wrong + "\n";
        EXPECT_EQ(check({}), 2) << wrong;
        EXPECT_TRUE(says("[C0007]")) << wrong;
    }
}

TEST_F(Baselines, OnlyWhatIsNewIsReported) {
    EXPECT_EQ(run({"check", "e.jil"}), 1); // without `--baseline` nothing is known
    EXPECT_EQ(run({"check", "e.jil", "--baseline", "hoist-baseline.json"}), 0);
    EXPECT_TRUE(says("hoist: no findings in 1 file (1 in the baseline, 1 ignored)"))
        << tool.console.errors;
    tool.files.files["moved.jil"] = "/* moved */\n\n" + tool.files.files["e.jil"] + jilJob("B");
    EXPECT_EQ(run({"check", "moved.jil", "--baseline", "hoist-baseline.json"}), 1);
    EXPECT_TRUE(says("hoist: 1 error in 1 file (1 in the baseline, 2 ignored)"))
        << tool.console.errors;
    EXPECT_TRUE(says("moved.jil:11:")) << tool.console.errors;
}

TEST_F(Baselines, WhatIsGoneIsAFindingUntilItIsPruned) {
    tool.files.files["e.jil"] = "insert_machine: m\n" + jilJob("A", "");
    EXPECT_EQ(run({"check", "e.jil", "--baseline", "hoist-baseline.json"}), 0);
    EXPECT_TRUE(says("warning[C0013]: the baseline lists `L0001` of `A`, which no longer occurs\n"
                     " --> hoist-baseline.json:5:"))
        << tool.console.errors;
    EXPECT_EQ(run({"baseline", "check", "e.jil"}), 1);
    EXPECT_EQ(run({"baseline", "prune", "e.jil"}), 0);
    EXPECT_TRUE(says("1 gone findings removed from `hoist-baseline.json`, 0 left"))
        << tool.console.errors;
    EXPECT_EQ(run({"baseline", "check", "e.jil"}), 0) << tool.console.errors;
}

TEST_F(Baselines, PruningAddsNothing) {
    tool.files.files["e.jil"] += jilJob("B");
    std::string const before = baseline();
    EXPECT_EQ(run({"baseline", "check", "e.jil"}), 1);
    EXPECT_EQ(run({"baseline", "prune", "e.jil"}), 0);
    EXPECT_EQ(baseline(), before);
    EXPECT_EQ(run({"baseline", "write", "e.jil"}), 0);
    EXPECT_NE(baseline(), before);
    EXPECT_EQ(run({"baseline", "check", "e.jil"}), 0) << tool.console.errors;
}

// The same condition twice in two jobs of one name: as many as there were, and no more.
TEST_F(Baselines, EqualFindingsAreCounted) {
    std::string const line = "*/5x 5 * * * /opt/bin/report\n";
    std::string const head = "CRON_TZ=Europe/Berlin\n";
    tool.files.files["c.cron"] = head + line;
    std::vector<llvm::StringRef> const more{"c.cron", "--cron-flavour", "cronie", "--select",
                                            "P2002",  "--baseline",     "b.json"};
    auto const with = [&](std::vector<llvm::StringRef> words) {
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    };
    ASSERT_EQ(with({"baseline", "write"}), 0);
    tool.files.files["c.cron"] = head + line + "0 5 * * * /opt/bin/other\n" + line;
    EXPECT_EQ(with({"baseline", "check"}), 1);
    EXPECT_TRUE(says("1 warning in 1 file (1 in the baseline")) << tool.console.errors;
    ASSERT_EQ(with({"baseline", "write"}), 0);
    EXPECT_TRUE(says("hoist: 2 findings in `b.json`")) << tool.console.errors;
    EXPECT_EQ(with({"baseline", "check"}), 0) << tool.console.errors;
}

TEST_F(Baselines, AnEstateThatWasNotReadWholeChangesNothing) {
    std::string const before = baseline();
    tool.files.files["e.jil"] = "insert_machine: m\n" + jilJob("A", "");
    for (char const* verb : {"write", "prune"}) {
        EXPECT_EQ(run({"baseline", verb, "e.jil", "nowhere.jil"}), 5);
        EXPECT_TRUE(says("error[P0001]")) << tool.console.errors;
        EXPECT_TRUE(says("error[F0011]")) << tool.console.errors;
        EXPECT_EQ(baseline(), before);
    }
}

TEST_F(Baselines, ABuildSaysWhatItRefuses) {
    tool.files.files["e.jil"] =
        "insert_job: A job_type: c\nmachine: m\ncommand: x\ncondition: s(\n";
    ASSERT_EQ(run({"baseline", "write", "e.jil"}), 0);
    std::vector<llvm::StringRef> const known{"--baseline", "hoist-baseline.json"};
    EXPECT_EQ(run({"check", "e.jil", known[0], known[1]}), 0) << tool.console.errors;
    EXPECT_EQ(run({"build", "e.jil", "-o", "out", known[0], known[1]}), 5);
    EXPECT_TRUE(says("error[P1040]")) << tool.console.errors;
    EXPECT_FALSE(says("[C0013]")) << tool.console.errors;
}

TEST_F(Baselines, IsNamedInTheSettings) {
    tool.files.files["estate/hoist.toml"] = "[findings]\nbaseline = \"known.json\"\n";
    tool.files.files["estate/e.jil"] = "insert_machine: m\n" + jilJob("A");
    EXPECT_EQ(run({"check", "estate"}), 2);
    EXPECT_TRUE(says("error[C0014]: `estate/known.json` is no baseline")) << tool.console.errors;
    EXPECT_EQ(run({"baseline", "write", "estate"}), 0);
    EXPECT_EQ(run({"check", "estate"}), 0) << tool.console.errors;
}

TEST_F(Baselines, OtherFilesAreRefused) {
    for (char const* wrong :
         {"", "[]", "{}", R"({"format": "hoist-baseline", "version": 2, "findings": []})",
          R"({"format": "hoist-baseline", "version": 1})",
          R"({"format": "hoist-baseline", "version": 1, "findings": [1]})",
          R"({"format": 3, "version": 1, "findings": []})"}) {
        baseline() = wrong;
        EXPECT_EQ(run({"baseline", "check", "e.jil"}), 2) << wrong;
        EXPECT_TRUE(says("[C0014]")) << wrong;
    }
    EXPECT_EQ(run({"baseline", "wirte", "e.jil"}), 2);
    EXPECT_TRUE(says("did you mean `write`?")) << tool.console.errors;
    EXPECT_EQ(run({"baseline", "check"}), 2);
}

TEST(Allowed, ByObjectWithReasonAndDay) {
    Tool tool;
    auto const says = [&](llvm::StringRef text) {
        return llvm::StringRef(tool.console.errors).contains(text);
    };
    tool.files.files["e.jil"] = "insert_machine: m\n" + jilJob("NIGHT_A") + jilJob("DAY_A");
    std::string const row =
        "[[allow]]\ncode = \"l0001\"\nobject = \"NIGHT_*\"\nreason = \"gone\"\n";
    tool.files.files["hoist.toml"] = row;
    EXPECT_EQ(tool.run({"check", "e.jil"}), 1);
    EXPECT_TRUE(says("hoist: 3 errors in 1 file (1 suppressed)")) << tool.console.errors;
    EXPECT_TRUE(says("DAY_A"));
    tool.files.files["hoist.toml"] = row + "until = 2020-12-31\n";
    EXPECT_EQ(tool.run({"check", "e.jil"}), 1);
    EXPECT_TRUE(says("warning[P0010]: this suppression ended on 2020-12-31, and suppresses nothing "
                     "any more\n --> hoist.toml:1:1"))
        << tool.console.errors;
    EXPECT_TRUE(says("4 errors, 1 warning")) << tool.console.errors;
    tool.files.files["hoist.toml"] = row + "until = 2999-12-31\n";
    tool.files.files["e.jil"] = "insert_machine: m\n" + jilJob("DAY_A", "");
    EXPECT_EQ(tool.run({"check", "e.jil"}), 0);
    EXPECT_TRUE(says("warning[P0009]")) << tool.console.errors;
    // Only where all is said that there is to say.
    EXPECT_EQ(tool.run({"graph", "e.jil"}), 0);
    EXPECT_FALSE(says("[P0009]")) << tool.console.errors;
}

TEST(Allowed, RowsAreChecked) {
    Tool tool;
    tool.files.files["e.jil"] = jilJob("A");
    std::string const good = "[[allow]]\ncode = \"L0001\"\nobject = \"A\"\nreason = \"x\"\n";
    for (std::pair<std::string, char const*> const& wrong :
         {std::pair(good + "until = \"2027-01-31\"\n", "a day is needed"),
          {good + "untill = 2027-01-31\n", "did you mean `until`?"},
          {"[[allow]]\ncode = \"L0001\"\nobject = \"A\"\n", "`reason` is needed"},
          {"[[allow]]\ncode = \"L0001\"\nreason = \"x\"\n", "`object` is needed"},
          {"[[allow]]\nobject = \"A\"\nreason = \"x\"\n", "`code` is needed"},
          {"[[allow]]\ncode = \"L0001\"\nobject = \"A\"\nreason = \"\"\n", "must not be empty"},
          {"[[allow]]\ncode = \"LO001\"\nobject = \"A\"\nreason = \"x\"\n",
           "did you mean `L0001`?"},
          {"[allow]\ncode = \"L0001\"\n", "write `[[allow]]`"}}) {
        tool.files.files["hoist.toml"] = wrong.first;
        EXPECT_EQ(tool.run({"check", "e.jil"}), 2) << wrong.first;
        EXPECT_NE(tool.console.errors.find(wrong.second), std::string::npos)
            << wrong.first << tool.console.errors;
    }
}

TEST(Allowed, CommentsEndOnTheirDay) {
    Tool tool;
    auto const check = [&](std::string const& comment) {
        tool.files.files["c.cron"] =
            "CRON_TZ=Europe/Berlin\n# hoist: allow(" + comment + "\n*/5x 5 * * * /opt/bin/report\n";
        tool.run({"check", "c.cron", "--cron-flavour", "cronie"});
        return llvm::StringRef(tool.console.errors);
    };
    EXPECT_EQ(check("P2002, until 2999-12-31) known"),
              "hoist: no findings in 1 file (1 suppressed)\n");
    EXPECT_TRUE(check("P2002, until 2020-12-31) known").contains("warning[P0010]"));
    EXPECT_TRUE(check("P2002, until 2020-12-31) known").contains("warning[P2002]"));
    EXPECT_TRUE(check("P2002, until 2020-02-30) known").contains("which is no day"));
    // Without a reason it holds, and is reported.
    EXPECT_TRUE(check("P2002)").contains("warning[P0008]: `hoist: allow` gives no reason"));
    EXPECT_TRUE(check("P2002)").contains("(1 suppressed)"));
}
