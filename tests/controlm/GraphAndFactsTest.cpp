// What the analysis and the graph make of dated facts (CTM-013, CTM-017, CTM-019).
#include "analysis/Analysis.h"
#include "analysis/equivalence/IrHash.h"
#include "backend/report/Graph.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using hoist::controlm::folder;
using hoist::controlm::Read;

namespace {

std::string job(std::string const& name, std::string const& inside) {
    return "<JOB JOBNAME=\"" + name + "\" CMDLINE=\"x\" DAYS=\"ALL\">" + inside + "</JOB>";
}
std::string waits(std::string const& name, std::string const& more = "") {
    return "<INCOND NAME=\"" + name + "\" " + more + "/>";
}
std::string adds(std::string const& name, std::string const& more = "") {
    return "<OUTCOND NAME=\"" + name + "\" SIGN=\"+\" " + more + "/>";
}
std::string deletes(std::string const& name, std::string const& more = "") {
    return "<OUTCOND NAME=\"" + name + "\" SIGN=\"-\" " + more + "/>";
}

std::string codes(std::string const& text) {
    Read read(text);
    analysis::run(read.estate, read.diags, 0);
    read.diags.sort();
    std::string found;
    for (diag::Diagnostic const& finding : read.diags.all())
        if (std::string_view const id = diag::info(finding.code).id; id != "A0016") // no time zone
            found += std::string(id) + "@" + read.estate.sources.text(finding.span).str() + ";";
    return found;
}

} // namespace

TEST(Facts, WhoAddsWaitsAndDeletes) {
    EXPECT_EQ(codes(folder(job("A", adds("x")) + job("B", waits("x") + deletes("x")))), "");
    EXPECT_EQ(codes(folder(job("B", waits("x")))), "A0026@x;");
    EXPECT_EQ(codes(folder(job("B", waits("x")) + job("C", waits("x")))), "A0026@x;"); // once
    EXPECT_EQ(codes(folder(job("A", adds("x")))), "A0027@x;");
    EXPECT_EQ(codes(folder(job("A", adds("x")) + job("B", waits("x") + deletes("x")) +
                           job("C", waits("x")))),
              "A0028@x;");
    // A deletion of another date takes nothing away.
    EXPECT_EQ(
        codes(folder(job("A", adds("x")) + job("B", waits("x") + deletes("x", "ODATE=\"PREV\"")) +
                     job("C", waits("x")))),
        "");
    // Without a date and with one are two facts.
    EXPECT_EQ(codes(folder(job("A", adds("x", "ODATE=\"STAT\"")) + job("B", waits("x")))),
              "A0026@x;");
    EXPECT_EQ(codes(folder(job("A", adds("x")) + job("B", waits("x", "ODATE=\"****\"")))), "");
    // A rule that adds is one that adds.
    EXPECT_EQ(codes(folder(job("A", "<ON CODE=\"NOTOK\"><DOCOND NAME=\"x\" SIGN=\"+\"/></ON>") +
                           job("B", waits("x")))),
              "");
}

TEST(Facts, VariablesThatNobodySets_CTM104) {
    auto const reads = [](std::string const& name, std::string const& text,
                          std::string const& more = "") {
        return "<JOB JOBNAME=\"" + name + "\" TASKTYPE=\"Command\" CMDLINE=\"" + text +
               "\" DAYS=\"ALL\">" + more + "</JOB>";
    };
    EXPECT_EQ(codes(folder(reads("A", "a %%\\R"))), "A0032@CMDLINE=\"a %%\\R;");
    EXPECT_EQ(codes(folder(reads("A", "a %%\\\\P\\R"))), "A0032@CMDLINE=\"a %%\\\\P\\R;");
    EXPECT_EQ(codes(folder(reads("A", "a %%\\R") + reads("B", "b %%\\R"))),
              "A0032@CMDLINE=\"a %%\\R;"); // once
    EXPECT_EQ(codes(folder(reads("A", "a %%\\R") +
                           reads("B", "b", "<VARIABLE NAME=\"%%\\R\" VALUE=\"1\"/>"))),
              "");
    EXPECT_EQ(codes(folder(reads("A", "a %%\\R",
                                 "<ON CODE=\"OK\"><DOVARIABLE NAME=\"%%\\R\" VALUE=\"1\"/></ON>"))),
              "");
    EXPECT_EQ(codes(folder(reads("A", "a %%R"))), ""); // what of the definition it is, F says

    Read read(folder(reads("A", "a %%\\R") + reads("B", "b %%\\R")));
    analysis::run(read.estate, read.diags, 0);
    for (diag::Diagnostic const& finding : read.diags.all())
        if (diag::info(finding.code).id == std::string_view("A0032")) {
            ASSERT_EQ(finding.labels.size(), 1u);
            EXPECT_EQ(finding.labels.front().text, "`F/B` reads it, too");
        }
}

TEST(Facts, TablesBelongToServers) {
    auto const on = [](std::string const& server, std::string const& inside) {
        return "<FOLDER FOLDER_NAME=\"" + server + "F\" DATACENTER=\"" + server + "\">" + inside +
               "</FOLDER>";
    };
    auto const table = [](std::string const& inside) {
        return "<DEFTABLE>" + inside + "</DEFTABLE>";
    };
    EXPECT_EQ(codes(table(on("P", job("A", adds("x"))) + on("Q", job("B", waits("x"))))),
              "A0027@x;A0026@x;");
    EXPECT_EQ(codes(table(on("P", job("A", adds("x"))) + on("P", job("B", waits("x"))))),
              "P3016@PF;");
    EXPECT_EQ(codes(table(on("P", job("A", adds("x"))) + on("", job("B", waits("x"))))),
              "P3039@F;"); // the only server
}

TEST(Facts, WhomRulesOrder_CTM077) {
    auto const force = [](std::string const& target) {
        return "<ON CODE=\"NOTOK\"><DOFORCEJOB TABLE_NAME=\"" + target + "\"/></ON>";
    };
    EXPECT_EQ(codes(folder(job("A", force("F\" NAME=\"B")) + job("B", ""))), "");
    EXPECT_EQ(codes(folder(job("A", force("F\" NAME=\"C")) + job("B", ""))),
              "A0031@<DOFORCEJOB TABLE_NAME=\"F\" NAME=\"C\"/>;");
    EXPECT_EQ(codes(folder(job("A", force("G")))), "A0031@<DOFORCEJOB TABLE_NAME=\"G\"/>;");
    // What a rule orders does not start by hand only.
    Read read("<DEFTABLE><FOLDER FOLDER_NAME=\"F\">" + job("A", force("G\" NAME=\"B")) +
              "</FOLDER><FOLDER FOLDER_NAME=\"G\">" + job("B", "") + "</FOLDER></DEFTABLE>");
    analysis::run(read.estate, read.diags, 0);
    EXPECT_EQ(read.codes(), "A0016@F;");
}

TEST(Facts, NoWorkflowIsRefusedForItsDialect) {
    Read read("<DEFTABLE><FOLDER FOLDER_NAME=\"F\"/><SMART_FOLDER FOLDER_NAME=\"G\"/></DEFTABLE>");
    analysis::run(read.estate, read.diags, 0);
    EXPECT_EQ(read.codes(), "A0016@F;A0016@G;"); // no time zone: UTC
    for (ir::Workflow const& workflow : read.estate.workflows)
        EXPECT_FALSE(workflow.refused);
}

TEST(Facts, TheHashOfAWorkflowFollowsWhatItsOrdersDo) {
    auto const hash = [](std::string const& attributes, std::string const& inside = "") {
        Read read(
            folder("<JOB JOBNAME=\"A\" CMDLINE=\"x\" " + attributes + ">" + inside + "</JOB>"));
        analysis::run(read.estate, read.diags, 0);
        return equivalence::irHash(read.estate, read.find("F/A")->workflow);
    };
    std::string const one = hash("DAYS=\"1\"");
    EXPECT_EQ(hash("DAYS=\"1\" CREATED_BY=\"me\""), one);
    for (char const* const other :
         {"DAYS=\"2\"", "DAYS=\"1\" TIMEFROM=\"0800\"", "DAYS=\"1\" MAXWAIT=\"1\"",
          "DAYS=\"1\" CYCLIC=\"1\"", "DAYS=\"1\" CONFIRM=\"1\""})
        EXPECT_NE(hash(other), one) << other;
    std::string const rule = "<ON STMT=\"*\" CODE=\"COMPSTAT EQ 4\"><DOACTION ACTION=\"OK\"/></ON>";
    EXPECT_NE(hash("DAYS=\"1\"", rule), one);
    EXPECT_NE(hash("DAYS=\"1\"", "<CONTROL NAME=\"c\"/>"), one);
}

TEST(Facts, TheGraphDrawsThem) {
    Read read(folder(job("A", adds("x")) + job("B", waits("x", "ODATE=\"PREV\"") + adds("y")) +
                     job("C", adds("y")) + job("D", waits("y") + waits("z"))));
    analysis::run(read.estate, read.diags, 0);
    std::string const text = report::graph(read.estate, report::GraphFormat::mermaid);
    auto const has = [&](llvm::StringRef part) { return llvm::StringRef(text).contains(part); };
    EXPECT_TRUE(has("n1 -->|\"fact#40;x, previous order date#41;\"| n2")) << text;
    for (char const* const adder : {"n2", "n3"}) // each of them lets it start
        EXPECT_TRUE(has(std::string(adder) + " -->|\"fact#40;y#41;\"| n4")) << text;
    EXPECT_FALSE(has("([\"y\"])")) << text;
    EXPECT_TRUE(has("([\"z\"])")) << text; // nobody adds it
}
