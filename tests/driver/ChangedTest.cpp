// `hoist check --changed`: the estate is read as a whole, the names only bound what is reported.
#include "tests/driver/Tool.h"

#include <gtest/gtest.h>

using hoist::test::Tool;

namespace {

char const* const cleanJob = "insert_job: CLEAN  job_type: c\nmachine: m\ncommand: echo\n"
                             "condition: s(OTHER)\n";
char const* const otherJob = "insert_job: OTHER  job_type: c\nmachine: m\ncommand: echo\n";
char const* const oldSin = "insert_job: OLD  job_type: c\nmachine: m\ncommand: echo\n"
                           "condition: s(GONE) &\n";

/// An estate of three files, one of which has been wrong for years.
Tool oldEstate() {
    Tool tool;
    tool.files.files["hoist.toml"] = "timezone = \"UTC\"\n";
    tool.files.files["a/clean.jil"] = cleanJob;
    tool.files.files["b/other.jil"] = otherJob;
    tool.files.files["b/old.jil"] = oldSin;
    return tool;
}

bool says(Tool const& tool, std::string const& text) {
    return (tool.console.output + tool.console.errors).find(text) != std::string::npos;
}

} // namespace

TEST(Changed, WhatWasWrongElsewhereIsCountedAndStopsNobody) {
    Tool tool = oldEstate();
    EXPECT_EQ(tool.run({"check", "."}), 1);
    EXPECT_TRUE(says(tool, " --> b/old.jil:4:")) << tool.console.errors;
    EXPECT_EQ(tool.run({"check", "--changed", "a/clean.jil"}), 0);
    EXPECT_EQ(tool.console.errors,
              "hoist: no findings in 3 files\n"
              "hoist: 2 errors elsewhere in the estate; `hoist check .` shows them\n");
}

TEST(Changed, AFindingInAChangedFileFailsAtItsPlace) {
    Tool tool = oldEstate();
    tool.files.files["a/clean.jil"] = std::string(cleanJob) + "max_run_alarm: soon\n";
    EXPECT_EQ(tool.run({"check", "--changed", "a/clean.jil", "b/other.jil"}), 1);
    EXPECT_TRUE(says(tool, " --> a/clean.jil:5:16")) << tool.console.errors;
    EXPECT_FALSE(says(tool, " --> b/old.jil"));
}

// The second definition of a job is reported where it stands, in a file that nobody touched.
TEST(Changed, AFindingElsewhereThatPointsIntoAChangedFileIsShown) {
    Tool tool = oldEstate();
    tool.files.files["a/clean.jil"] = std::string(cleanJob) + otherJob;
    EXPECT_EQ(tool.run({"check", "--changed", "a/clean.jil"}), 1);
    EXPECT_TRUE(says(tool, " --> b/other.jil:1:13")) << tool.console.errors;
    EXPECT_TRUE(says(tool, " ::: a/clean.jil:5:13")) << tool.console.errors;
}

TEST(Changed, ANewNameOfTheJobBreaksTheFileThatWaitsForIt) {
    Tool tool = oldEstate();
    tool.files.files["b/other.jil"] = "insert_job: RENAMED  job_type: c\nmachine: m\ncommand: e\n";
    tool.run({"check", "--changed", "b/other.jil"});
    EXPECT_TRUE(says(tool, "elsewhere in the estate; `hoist check .` shows them"))
        << tool.console.errors;
}

// What comes of a changed setting, or of a file that is gone, can show anywhere.
TEST(Changed, SettingsAndMissingFilesBoundNothing) {
    Tool tool = oldEstate();
    EXPECT_EQ(tool.run({"check", "--changed", "hoist.toml"}), 1);
    EXPECT_TRUE(says(tool, " --> b/old.jil:4:")) << tool.console.errors;
    EXPECT_EQ(tool.run({"check", "--changed", "b/removed.jil"}), 1);
    EXPECT_TRUE(says(tool, " --> b/old.jil:4:")) << tool.console.errors;
}

TEST(Changed, ADefinitionInNoEstateIsAnErrorAndOtherFilesAreNone) {
    Tool tool;
    tool.files.files["a.jil"] = cleanJob;
    tool.files.files["main.py"] = "print()\n";
    EXPECT_EQ(tool.run({"check", "--changed", "main.py"}), 0);
    EXPECT_EQ(tool.console.errors, "");
    EXPECT_EQ(tool.run({"check", "--changed", "main.py", "a.jil"}), 2);
    EXPECT_TRUE(says(tool, "`a.jil` lies in no estate: there is no hoist.toml above it"));
    EXPECT_EQ(tool.run({"check", "--changed", "-"}), 2);
}

TEST(Changed, EachEstateIsReadByItself) {
    Tool tool;
    tool.files.files["east/hoist.toml"] = "";
    tool.files.files["east/other.jil"] = otherJob;
    tool.files.files["west/hoist.toml"] = "";
    tool.files.files["west/other.jil"] = otherJob; // no second definition: another estate
    tool.files.files["west/old.jil"] = oldSin;
    EXPECT_EQ(tool.run({"check", "--changed", "east/other.jil", "west/other.jil"}), 0)
        << tool.console.errors;
    EXPECT_TRUE(says(tool, "hoist: 1 note in 1 file\n"));
    EXPECT_TRUE(says(tool, "hoist: 1 note in 2 files\n"
                           "hoist: 2 errors elsewhere in the estate; `hoist check west` shows "
                           "them\n"));
    EXPECT_EQ(tool.run({"check", "--changed", "east/other.jil", "west/old.jil"}), 1);
    EXPECT_EQ(
        tool.run({"check", "--changed", "--output", "json", "east/other.jil", "west/other.jil"}),
        2);
}

TEST(Changed, AnEstateCanBeNamed) {
    Tool tool;
    tool.files.files["jobs/clean.jil"] = cleanJob;
    tool.files.files["jobs/other.jil"] = otherJob;
    tool.files.files["jobs2/old.jil"] = oldSin;
    EXPECT_EQ(
        tool.run({"check", "--changed", "--estate", "jobs/", "jobs/clean.jil", "jobs2/old.jil"}), 0)
        << tool.console.errors;
    EXPECT_TRUE(says(tool, "no findings in 2 files")) << tool.console.errors;
    EXPECT_EQ(tool.run({"check", "--estate", "jobs", "jobs/clean.jil"}), 2);
}
