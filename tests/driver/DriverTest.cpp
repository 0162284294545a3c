// The whole tool in memory: what it prints, byte for byte, and how it exits.
#include "tests/driver/Tool.h"

#include "backend/driver/CommandLine.h"
#include "frontend/diag/Catalog.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

using hoist::test::Tool;

TEST(Driver, CleanCrontabExitsZero) {
    Tool tool;
    tool.files.files["jobs.cron"] = "CRON_TZ=Europe/Berlin\n0 5 * * * /opt/bin/report --all\n";
    EXPECT_EQ(tool.run({"check", "jobs.cron", "--cron-flavour", "cronie"}), 0);
    EXPECT_EQ(tool.console.output, "");
    EXPECT_EQ(tool.console.errors, "hoist: no findings in 1 file\n");
}

// CRON-001: the caret stands under the wrong number, and the good entry is read all the same.
TEST(Driver, BadFieldIsShownWithItsCaret) {
    Tool tool;
    tool.files.files["jobs.cron"] =
        "CRON_TZ=Europe/Berlin\n0 5 * * * /opt/bin/report\n0 24 * * * /opt/bin/late\n";
    EXPECT_EQ(tool.run({"check", "jobs.cron", "--cron-flavour", "cronie"}), 1);
    EXPECT_NE(
        tool.console.errors.find("error[P2001]: bad hour field: `24` is not between 0 and 23\n"
                                 " --> jobs.cron:3:3\n"
                                 "  |\n"
                                 "3 | 0 24 * * * /opt/bin/late\n"
                                 "  |   ^^\n\n"),
        std::string::npos)
        << tool.console.errors;
}

TEST(Driver, TheSixthColumnIsNotGuessed) {
    Tool tool;
    tool.files.files["jobs.cron"] = "0 5 * * * deploy report --all\n";
    EXPECT_EQ(tool.run({"check", "jobs.cron"}), 1);
    EXPECT_EQ(
        tool.console.errors,
        "error[P0004]: `jobs.cron` could be cron or cron-system; say which with `--dialect`\n\n"
        "hoist: 1 error in 0 files\n");
    EXPECT_EQ(tool.run({"check", "jobs.cron", "--dialect", "cron-system", "--timezone", "UTC"}), 0)
        << tool.console.errors;
}

TEST(Driver, UsageErrorsExitTwo) {
    Tool tool;
    EXPECT_EQ(tool.run({"chek", "x"}), 2);
    EXPECT_EQ(tool.console.errors,
              "error[C0003]: unknown command `chek`\n  = help: did you mean `hoist check`?\n\n");
    EXPECT_EQ(tool.run({"check", "--colr", "never", "x"}), 2);
    EXPECT_EQ(tool.console.errors, "error[C0002]: unknown option `--colr` of `hoist check`\n  = "
                                   "help: did you mean `--color`?\n\n");
    EXPECT_EQ(tool.run({"check"}), 2);
    EXPECT_EQ(tool.run({"build", "x"}), 2);
    EXPECT_EQ(tool.run({"check", "x", "--output", "srif"}), 2);
    EXPECT_NE(tool.console.errors.find("did you mean `sarif`?"), std::string::npos);
}

TEST(Driver, AMissingFileIsAFinding) {
    Tool tool;
    EXPECT_EQ(tool.run({"check", "nowhere.cron"}), 1);
    EXPECT_EQ(tool.console.errors, "error[P0001]: cannot read `nowhere.cron`: No such file or "
                                   "directory\n\nhoist: 1 error in 0 files\n");
}

TEST(Driver, SettingsAreCheckedAtTheirPlace) {
    Tool tool;
    tool.files.files["estate/jobs.cron"] = "0 5 * * * /opt/bin/report\n";
    tool.files.files["hoist.toml"] = "[cron]\nflavor = \"cronie\"\n";
    EXPECT_EQ(tool.run({"check", "estate"}), 2);
    EXPECT_EQ(tool.console.errors, "error[C0006]: unknown key `cron.flavor`\n"
                                   " --> hoist.toml:2:1\n"
                                   "  |\n"
                                   "2 | flavor = \"cronie\"\n"
                                   "  | ^^^^^^\n"
                                   "  = help: did you mean `flavour`?\n\n");
}

// The comment covers the next line; a comment that covers nothing is told.
TEST(Driver, SuppressionsInTheSource) {
    Tool tool;
    tool.files.files["jobs.cron"] =
        "CRON_TZ=Europe/Berlin\n# hoist: allow(P2002) known\n*/5x 5 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"check", "jobs.cron", "--cron-flavour", "cronie"}), 0);
    EXPECT_EQ(tool.console.errors, "hoist: no findings in 1 file (1 suppressed)\n");
    tool.files.files["jobs.cron"] =
        "CRON_TZ=Europe/Berlin\n# hoist: allow(P2002) known\n*/5 5 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"check", "jobs.cron", "--cron-flavour", "cronie"}), 0);
    EXPECT_NE(
        tool.console.errors.find("warning[P0007]: `hoist: allow(P2002)` suppresses nothing here"),
        std::string::npos);
}

TEST(Driver, NoColorIsHonoured) {
    Tool tool;
    tool.console.isTerminal = true;
    EXPECT_EQ(tool.run({"check", "nowhere.cron"}), 1);
    EXPECT_NE(tool.console.errors.find("\x1b[1;31m"), std::string::npos);
    tool.console.variables["NO_COLOR"] = "1";
    EXPECT_EQ(tool.run({"check", "nowhere.cron"}), 1);
    EXPECT_EQ(tool.console.errors.find('\x1b'), std::string::npos);
}

TEST(Driver, ExplainPrintsThePage) {
    Tool tool;
    EXPECT_EQ(tool.run({"explain", "p2001"}), 0);
    EXPECT_EQ(tool.console.output.substr(0, 25), "# P2001: A bad time field");
    EXPECT_EQ(tool.run({"explain", "P2O01"}), 2);
    EXPECT_NE(tool.console.errors.find("did you mean `P2001`?"), std::string::npos);
    EXPECT_EQ(tool.run({"explain"}), 0);
    EXPECT_NE(tool.console.output.find("P: schedule\n"), std::string::npos);
}

// Every construct of a crontab has a fate, and nothing is counted twice.
TEST(Driver, CoverageOfACrontab) {
    Tool tool;
    tool.files.files["jobs.cron"] =
        "MAILTO=\"\"\n0 5 * * * /opt/bin/report%input\n@daily /opt/bin/other\n";
    EXPECT_EQ(tool.run({"coverage", "jobs.cron", "--cron-flavour", "cronie"}), 0)
        << tool.console.output << tool.console.errors;
}

// A setting that only refused entries use is refused with them.
TEST(Driver, CoverageOfARefusedCrontab) {
    Tool tool;
    tool.files.files["jobs.cron"] = "CRON_TZ=UTC\nSHELL=/bin/bash\nA=1\nB=\"2\" 3\n"
                                    "0 5 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"coverage", "jobs.cron", "--cron-flavour", "cronie"}), 1)
        << tool.console.output << tool.console.errors;
}

// The name of an entry is made up, so a job of another dialect that has it keeps it, and the entry
// is no duplicate of that job.
TEST(Driver, AnEntryWhoseNameAJobHasIsNumbered) {
    Tool tool;
    tool.files.files["e/a.cron"] = "0 5 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"graph", "e", "--dialect", "cron", "--format", "json"}), 0);
    size_t const at = tool.console.output.find("report.");
    ASSERT_NE(at, std::string::npos) << tool.console.output;
    std::string const name = tool.console.output.substr(at, tool.console.output.find('"', at) - at);
    tool.files.files["e/z.jil"] =
        "insert_job: " + name + "   job_type: c\nmachine: m\ncommand: x\n";
    tool.files.files["e/a.cron"] += "0 5 * * * /opt/bin/report\n";
    EXPECT_EQ(tool.run({"build", "e", "-o", "out", "--cron-flavour", "cronie"}), 0)
        << tool.console.errors;
    EXPECT_EQ(tool.console.errors.find("z.jil:1:1\n"), std::string::npos) << tool.console.errors;
    EXPECT_NE(tool.console.errors.find("warning[P2017]"), std::string::npos);
    for (llvm::StringRef file : {"", ".2", ".3"})
        EXPECT_TRUE(tool.files.files.contains("out/" + name + file.str() + ".py")) << file.str();
}

TEST(Driver, BuildWritesInsideItsFolderOnly) {
    Tool tool;
    tool.files.files["jobs.cron"] = "0 5 * * * /opt/bin/../../x\n";
    EXPECT_EQ(tool.run({"build", "jobs.cron", "-o", "out", "--timezone", "UTC"}), 0)
        << tool.console.errors;
    for (auto const& [path, bytes] : tool.files.files)
        EXPECT_TRUE(path == "jobs.cron" || path.starts_with("out/")) << path;
    auto const first = tool.files.files;
    EXPECT_EQ(tool.run({"build", "jobs.cron", "-o", "out", "--timezone", "UTC"}), 0);
    EXPECT_EQ(tool.files.files, first);
}

TEST(Driver, MachineFormatsGoToFilesAndStandardOutput) {
    Tool tool;
    tool.files.files["a b.cron"] = "0 24 * * * /opt/bin/late\xE9\n";
    EXPECT_EQ(tool.run({"check", "a b.cron", "--output", "json", "--output", "sarif=out.sarif"}),
              1);
    EXPECT_NE(tool.console.output.find("\"format\": \"hoist-findings\""), std::string::npos);
    EXPECT_EQ(tool.console.errors, "");
    EXPECT_NE(tool.files.files["out.sarif"].find("\"uri\": \"a%20b.cron\""), std::string::npos);
}

// docs/cli.md is made from the tables; HOIST_REWRITE=1 rewrites it.
TEST(Driver, TheCommandLinePageIsCurrent) {
    std::string const path = HOIST_SOURCE_DIR "/docs/cli.md";
    if (std::getenv("HOIST_REWRITE"))
        std::ofstream(path, std::ios::binary) << hoist::cliPage();
    std::ifstream in(path, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), hoist::cliPage());
}

// The codes of the files and of the command line each have a page.
TEST(Driver, EveryOwnCodeHasAPage) {
    for (hoist::diag::CodeInfo const& info : hoist::diag::catalog) {
        if (!info.id.starts_with("P0") && !info.id.starts_with("P2") && !info.id.starts_with("C"))
            continue;
        std::ifstream page(HOIST_SOURCE_DIR "/docs/diagnostics/" + std::string(info.id) + ".md");
        EXPECT_TRUE(page.good()) << info.id;
    }
}
