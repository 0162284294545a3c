// Hostile input: cut at every byte, random bytes, huge, deep. No crash, no silence, linear time by
// construction.
#include "tests/jil/Read.h"

#include <gtest/gtest.h>

#include <random>

using namespace hoist;
using hoist::jil::Read;

// Sizes shrink where the build is slow (debug, sanitizers), so that the suite stays quick.
#ifdef NDEBUG
static constexpr size_t scale = 10;
#else
static constexpr size_t scale = 1;
#endif

static std::string const sample = R"(/* ----- A ----- */
insert_job: A   job_type: c   box_name: B
command: "run \"x\"" /tmp/*/x
machine: m1, m2
date_conditions: 1
days_of_week: mo,tu,
 we
start_times: "10:00, 11\:30"
condition: (s(X, 01.30) | f(Y^PRD)) & v(G) = "z" & e(Q) >= 3
resources: (R, QUANTITY=1, FREE=A) AND (S)
envvars: A=1,B="2"
update_job: A   condition:
override_job: A delete
insert_machine: v   type: v
machine: m1   max_load: 3
insert_blob: T
blob_input: <auto_blobt> text </auto_blobt>
calendar: C
01/02/2026 10:00
extended_calendar: E
condition: WORKD#1 & (MON, TUE)
cycle: Y
start_date: 01/01/2026   end_date: 02/01/2026
rename_job: A new_name: Z
delete_box: B
sendevent -E STARTJOB -J A
)";

TEST(JilRobustness, TruncatedAtEveryByte) {
    for (size_t length = 0; length <= sample.size(); ++length)
        Read(sample.substr(0, length));
}

TEST(JilRobustness, EveryByteReplaced) {
    for (char const hostile :
         {'\0', '\n', '"', '\\', ':', '/', '*', '(', ')', '\xFF', '#', '%', '$'})
        for (size_t i = 0; i < sample.size(); ++i) {
            std::string text = sample;
            text[i] = hostile;
            Read read(text);
            EXPECT_TRUE(read.everyTokenIsInAConstruct()) << text;
        }
}

TEST(JilRobustness, RandomBytesAndRandomWords) {
    std::mt19937 random(1);
    llvm::StringRef const words[] = {"insert_job:",
                                     "update_job:",
                                     "delete_box:",
                                     " A ",
                                     "\n",
                                     "command:",
                                     "condition:",
                                     "s(",
                                     ")",
                                     "&",
                                     "|",
                                     "\"",
                                     "/*",
                                     "*/",
                                     "#",
                                     "\\",
                                     ",",
                                     "0",
                                     ":",
                                     "calendar:",
                                     "01/02/2026",
                                     "<auto_blobt>",
                                     "</auto_blobt>",
                                     "machine:",
                                     "\r\n",
                                     "\t",
                                     "job_type: b",
                                     "start_times:",
                                     "10:00",
                                     "v(",
                                     "=",
                                     "^",
                                     "${X}",
                                     "~{$Y}~",
                                     "%Z%",
                                     "x"};
    for (int round = 0; round < static_cast<int>(300 * scale); ++round) {
        std::string text;
        for (int i = 0; i < 200; ++i)
            text += round % 2 ? std::string(1, static_cast<char>(random() & 0xFF))
                              : words[random() % std::size(words)].str();
        Read read(text);
        EXPECT_TRUE(read.everyTokenIsInAConstruct()) << text;
    }
}

TEST(JilRobustness, FiftyBrokenStatementsGiveFiftyErrorsAndTheRestCompiles) {
    std::string text;
    for (int i = 0; i < 50; ++i)
        text += "insert_job: GOOD" + std::to_string(i) +
                "\ncommand: x\nmachine: m\ninsert_job: BAD" + std::to_string(i) +
                "\ncommand: x\nmachine: m\ncondition: s(A\n";
    Read read(text);
    EXPECT_EQ(read.diags.count(diag::Severity::error), 50u);
    size_t refused = 0;
    for (ir::Job const& job : read.estate.jobs)
        refused += job.refused;
    EXPECT_EQ(read.estate.jobs.size(), 100u);
    EXPECT_EQ(refused, 50u);
}

TEST(JilRobustness, ALongChainOfMixedOperatorsAndDeepParenthesesStopAtTheLimit) {
    std::string chain = "insert_job: A\ncommand: x\nmachine: m\ncondition: s(a)";
    for (int i = 0; i < 100000; ++i)
        chain += i % 2 ? " & s(a)" : " | s(b)";
    Read mixed(chain + "\n");
    EXPECT_EQ(mixed.codes(), "P1041@&;");
    std::string deep = "insert_job: A\ncommand: x\nmachine: m\ncondition: ";
    Read nested(deep + std::string(100000, '(') + "s(a)\n");
    EXPECT_EQ(nested.codes(), "P1041@(;");
    Read fits(deep + std::string(998, '(') + "s(a)" + std::string(998, ')') + "\n");
    EXPECT_EQ(fits.codes(), "");
}

TEST(JilRobustness, ALongConditionOfOneOperatorIsFlat) {
    std::string text = "insert_job: A\ncommand: x\nmachine: m\ncondition: s(j0)";
    for (size_t i = 1; i < 20000 * scale; ++i)
        text += " & s(j" + std::to_string(i) + ")";
    Read read(text);
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.estate.jobs[ir::JobId(0)].condition.uses.size(), 20000 * scale);
}

TEST(JilRobustness, AHundredThousandJobsInOneBoxAndDeletedAgain) {
    size_t const count = 10000 * scale;
    std::string text = "insert_job: BOX   job_type: b\n";
    for (size_t i = 0; i < count; ++i)
        text +=
            "insert_job: J" + std::to_string(i) + "   box_name: BOX   command: x   machine: m\n";
    EXPECT_EQ(Read(text).estate.jobs.size(), count + 1);
    EXPECT_EQ(Read(text + "delete_box: BOX\n").estate.jobs.size(), 0u);
}

TEST(JilRobustness, BoxesNestedTenThousandDeep) {
    size_t const depth = 1000 * scale;
    std::string text = "insert_job: B0   job_type: b\n";
    for (size_t i = 1; i < depth; ++i)
        text += "insert_job: B" + std::to_string(i) + "   job_type: b   box_name: B" +
                std::to_string(i - 1) + "\n";
    EXPECT_EQ(Read(text).estate.jobs.size(), depth);
    EXPECT_EQ(Read(text + "delete_box: B0\n").estate.jobs.size(), 0u);
}

TEST(JilRobustness, AHundredMegabytesInOneValueCommentsAndJunk) {
    size_t const size = 10'000'000 * scale;
    EXPECT_EQ(
        Read("insert_job: A\nmachine: m\ncommand: " + std::string(size, 'x')).estate.jobs.size(),
        1u);
    std::string comments;
    while (comments.size() < size)
        comments += "/* x */ # y\n";
    (void)Read(comments + "\n");
    std::string quotes = "insert_job: A\nmachine: m\ncommand: ";
    while (quotes.size() < size / 50)
        quotes += "\" /* ";
    (void)Read(quotes + "\n");
    std::string open = "insert_job: A\nmachine: m\n";
    while (open.size() < size / 50)
        open += "command: a /* b \"\n";
    Read read(open + "\n");
    EXPECT_GT(read.diags.all().size(), 0u);
}

TEST(JilRobustness, LineEndsMarksAndEncodings) {
    Read read("\xEF\xBB\xBFinsert_job: A\r\ncommand: x\t\r\nmachine:\tm\r\ndescription: "
              "caf\xE9\r\ncondition: s(B) &\r\n  s(C)\r\n");
    EXPECT_EQ(read.codes(), "");
    ir::Job const& job = read.estate.jobs[ir::JobId(0)];
    EXPECT_EQ(*std::get<ir::CommandAction>(job.action).command, "x");
    EXPECT_EQ(*job.description, "caf\xE9");
    EXPECT_EQ(read.estate.conditions.print(job.condition.expr), "s(B) & s(C)");
    EXPECT_EQ(Read(std::string("insert_job: A\nmachine: m\ncommand: a\0b\n", 38)).codes(),
              std::string("P1015@\0;", 8));
    EXPECT_EQ(Read(std::string("\xFF\xFEi\0", 4)).diags.all().front().code, diag::Code::Utf16File);
}
