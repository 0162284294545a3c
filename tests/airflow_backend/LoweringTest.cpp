// Each case in cases/*.jil lowers to the DAGs beside it. HOIST_REWRITE=1 rewrites them; a reviewer
// reads the difference.
#include "analysis/link/Link.h"
#include "backend/airflow/Build.h"
#include "frontend/jil/Jil.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace hoist;

namespace {

std::string const folder = HOIST_SOURCE_DIR "/tests/airflow_backend/cases/";

struct Built {
    ir::Estate estate;
    diag::Diagnostics diags;
    MemoryFileSystem files;
    airflow::BuildResult result;
};

void build(Built& built, std::string const& text, llvm::StringRef name = "case.jil") {
    FileId const file = *built.estate.sources.add(name.str(), text);
    jil::read(file, built.estate, built.diags);
    analysis::link(built.estate, built.diags);
    airflow::BuildOptions options;
    options.outDir = "out";
    built.result = airflow::build(built.estate, options, built.files, built.diags);
}

std::string dagsOf(Built const& built) {
    std::string all;
    for (auto const& [path, bytes] : built.files.files)
        if (llvm::StringRef(path).ends_with(".py"))
            all += "# ==> " + path + "\n" + bytes;
    return all;
}

class Lowering : public testing::TestWithParam<char const*> {};

} // namespace

TEST_P(Lowering, MatchesItsGolden) {
    std::string error;
    std::string const path = folder + GetParam();
    auto const text = realFileSystem().read(path + ".jil", error);
    ASSERT_TRUE(text) << error;
    Built built;
    build(built, *text, std::string(GetParam()) + ".jil");
    for (ir::ConstructId id : built.estate.constructs.ids())
        EXPECT_NE(built.estate.constructs[id].fate, diag::Fidelity::none)
            << built.estate.constructs.text(built.estate.constructs[id].kind).str()
            << " is not accounted for";
    std::string const dags = dagsOf(built);
    if (std::getenv("HOIST_REWRITE")) {
        ASSERT_TRUE(realFileSystem().write(path + ".dags", dags, error)) << error;
    }
    auto const golden = realFileSystem().read(path + ".dags", error);
    ASSERT_TRUE(golden) << error;
    EXPECT_EQ(dags, *golden);
    EXPECT_FALSE(dags.empty());
}

INSTANTIATE_TEST_SUITE_P(Cases, Lowering,
                         testing::Values("edges", "handlers", "outside", "boxes", "policies"),
                         [](auto const& testCase) { return std::string(testCase.param); });

// JIL-055: what a site says of files without a prefix must reach the task.
TEST(Build, StdFilesThatAreEmptiedFirstSaySo) {
    for (bool const appends : {true, false}) {
        Built built;
        built.estate.settings.stdFilesAppend = appends;
        build(built, "insert_job: A  job_type: c\ncommand: a\nmachine: m\n"
                     "std_out_file: /logs/a\nstd_err_file: >>/logs/b\n");
        std::string const dags = dagsOf(built);
        EXPECT_NE(dags.find(appends ? "std_out_file=\"/logs/a\"" : "std_out_file=\">/logs/a\""),
                  std::string::npos)
            << dags;
        EXPECT_NE(dags.find("std_err_file=\">>/logs/b\""), std::string::npos) << dags;
    }
}

TEST(Build, TwoRunsWriteTheSameBytesAndTheSecondWritesNothing) {
    std::string error;
    auto const text = *realFileSystem().read(folder + "boxes.jil", error);
    Built first, second;
    build(first, text);
    second.files = first.files;
    build(second, text);
    EXPECT_EQ(first.files.files, second.files.files);
    EXPECT_GT(first.result.written, 0u);
    EXPECT_EQ(second.result.written, 0u);
}

TEST(Build, AnEditedDagIsLeftAlone) {
    std::string const text = "insert_job: A job_type: c\ncommand: x\nmachine: m\n";
    Built first, second;
    build(first, text);
    second.files = first.files;
    second.files.files["out/A.py"] += "# tuned\n";
    build(second, "insert_job: A job_type: c\ncommand: y\nmachine: m\n");
    EXPECT_TRUE(second.result.isIncomplete);
    EXPECT_NE(second.files.files["out/A.py"].find("# tuned"), std::string::npos);
}

TEST(Build, ADagThatIsNoLongerDefinedIsRemovedUnlessEdited) {
    std::string const two = "insert_job: A job_type: c\ncommand: x\nmachine: m\ninsert_job: B "
                            "job_type: c\ncommand: x\nmachine: m\n";
    Built first, second;
    build(first, two);
    second.files = first.files;
    second.files.files["out/mine.py"] = "mine";
    build(second, "insert_job: A job_type: c\ncommand: x\nmachine: m\n");
    EXPECT_TRUE(second.files.exists("out/A.py"));
    EXPECT_FALSE(second.files.exists("out/B.py"));
    EXPECT_TRUE(second.files.exists("out/mine.py"));
}

TEST(Build, NoNameLeavesTheOutputFolder) {
    Built built;
    build(built, "insert_job: ../../x job_type: c\ncommand: x\nmachine: m\ninsert_job: \"..\" "
                 "job_type: c\ncommand: x\nmachine: m\n");
    for (auto const& [path, bytes] : built.files.files)
        EXPECT_EQ(llvm::StringRef(path).count('/'), 1u) << path;
}

TEST(Build, CollidingNamesAllGetAHash) {
    Built built;
    build(built, "insert_job: a#b job_type: c\ncommand: x\nmachine: m\ninsert_job: a:b job_type: "
                 "c\ncommand: x\nmachine: m\n"
                 "insert_job: A_B job_type: c\ncommand: x\nmachine: m\n");
    EXPECT_FALSE(built.files.exists("out/a_b.py"));
    size_t dags = 0;
    for (auto const& [path, bytes] : built.files.files)
        dags += llvm::StringRef(path).ends_with(".py");
    EXPECT_EQ(dags, 3u);
}

TEST(Build, ABrokenStatementRefusesItsWorkflowOnly) {
    Built built;
    build(built, "insert_job: A job_type: c\ncommand: x\nmachine: m\ncondition: s(B) "
                 "&\ninsert_job: B job_type: c\ncommand: x\nmachine: m\n");
    EXPECT_FALSE(built.files.exists("out/A.py"));
    EXPECT_TRUE(built.files.exists("out/B.py"));
    EXPECT_TRUE(built.result.isIncomplete);
    EXPECT_EQ(built.result.refused, 1u);
}

TEST(Build, ALongChainInOneBox) {
    std::string text = "insert_job: B job_type: b\n";
    size_t const count = 20000; // the recursion that this guards against overflows far earlier
    for (size_t i = 0; i < count; ++i) {
        text += "insert_job: J" + std::to_string(i) +
                " job_type: c\nbox_name: B\ncommand: x\nmachine: m\n";
        if (i)
            text += "condition: s(J" + std::to_string(i - 1) + ")\n";
    }
    Built built;
    build(built, text);
    EXPECT_EQ(built.result.dags, 1u);
}
