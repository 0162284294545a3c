// `hoist fmt`: what the layout looks like, and that hostile text keeps its meaning. `format` reads
// its own result again and tells in `problem` where it says something else.
#include "frontend/jil/Format.h"

#include <gtest/gtest.h>

#include <random>

using namespace hoist;

namespace {

Layout layoutOf(std::string const& text) {
    SourceMap sources;
    return jil::format(*sources.add("a.jil", text), sources);
}

std::string laidOut(std::string const& text) {
    Layout const layout = layoutOf(text);
    EXPECT_EQ(layout.problem, "") << text << "\n--- became\n" << layout.text;
    EXPECT_EQ(layoutOf(layout.text).text, layout.text) << "twice is once";
    return layout.text;
}

std::string const sample = R"(/* ----- A ----- */
INSERT_JOB : A   JOB_TYPE: c   box_name: B  /* night */
command: "run \"x\"" /tmp/*/x
machine:m1, m2
# by the clock

date_conditions: 1
days_of_week: mo,tu,
 we
start_times:
   "10:00, 11\:30"
condition: (s(X, 01.30) | /* or */ f(Y^PRD)) & v(G) = "z"
description: "over
 two lines"
insert_machine: v   type: v
machine: m1   max_load: 3
insert_blob: T
blob_input: <auto_blobt> text
   : more </auto_blobt>
calendar: C
   01/02/2026 10:00
extended_calendar: E
condition: WORKD#1 & (MON, TUE)
update_job: A   condition:
rename_job: A new_name: Z /* a comment
   over lines */
stray words here
sendevent -E STARTJOB -J A
  insert_job: LAST  job_type: c  command: C:\dir\  machine: m  )";

} // namespace

TEST(Format, LooksLikeAutorep) {
    EXPECT_EQ(laidOut("\n\n  /* ---- A ---- */\n\n\nINSERT_JOB:A \njob_type : CMD  \n"
                      "  command:   ls   -l  /* all */   \n machine: m\n\n\n"
                      "/* why */ description:\n   owner: x@y\t\n"
                      "insert_job: B\njob_type: b"),
              "/* ---- A ---- */\n\n"
              "insert_job: A   job_type: CMD\n"
              "command: ls   -l /* all */\n"
              "machine: m\n"
              "/* why */\n"
              "description:\n"
              "owner: x@y\n\n"
              "insert_job: B   job_type: b\n");
}

TEST(Format, ValuesStayByteForByte) {
    for (std::string const& attribute :
         {std::string("days_of_week: mo,tu,  \n     we"), std::string("condition: s(A)  |   f(B)"),
          std::string("start_times:\n   10:00, 11:00"), std::string("command: a  'b   c'\t\\"),
          std::string("condition: /* first */ s(A)"), std::string("envvars: A=1,  B=\"2\"")}) {
        std::string const text = "insert_job: A   job_type: c\n" + attribute + "\nmachine: m\n";
        EXPECT_EQ(laidOut(text), text);
    }
}

TEST(Format, CommentsStayWhereTheyAre) {
    std::string const text = "# the file\n\n# the first\ninsert_job: A   job_type: c\n"
                             "/* the command */\n# twice\ncommand: a /* b */ /* c */\n"
                             "machine: m /* over\n   lines */\n\n"
                             "/* ---- B ---- */\n\ninsert_job: B   job_type: c\n"
                             "command: b\n# old: c\n\n# the end\n";
    EXPECT_EQ(laidOut(text), text);
    EXPECT_EQ(laidOut("insert_job: A   job_type: c\ncommand: a\n/* of B */\ninsert_job: B\n"),
              "insert_job: A   job_type: c\ncommand: a\n\n/* of B */\ninsert_job: B\n");
}

TEST(Format, WhatIsDoubtfulIsLeftAlone) {
    std::string const broken = "  insert_job:   A\n   command: \"open\n  machine:   m\n\n\n\n";
    Layout const layout = layoutOf(broken + "insert_job:B\ncommand:   b\nmachine:m");
    EXPECT_EQ(layout.text, broken + "insert_job: B\ncommand: b\nmachine: m\n");
    EXPECT_EQ(layout.kept, 1u);
    for (char const* text : {"insert_job:  A\ncommand: run  job_type: c\n", // text or a keyword?
                             "insert_jobs:   A\n  machine:m\n", "insert_job:   A\nwhat   is this\n",
                             "  machine:   m\n", "insert_job:   A\n\n\ncommand: x /* y\n"}) {
        Layout const one = layoutOf(text);
        EXPECT_EQ(one.text, text);
        EXPECT_EQ(one.kept, 1u) << text;
    }
    // An indented `#` may be text for `jil` (JIL-014): the gap it stands in stays, the rest does
    // not.
    EXPECT_EQ(laidOut("insert_job:A\n  # hash\n\n\n\ninsert_job:B\n  machine:m\n"),
              "insert_job: A\n  # hash\n\n\n\ninsert_job: B\nmachine: m\n");
}

TEST(Format, ABlankThatWouldMakeAKeywordIsNotAdded) {
    EXPECT_EQ(laidOut("insert_job:A\nmachine:a:b\nowner:x\n"),
              "insert_job: A\nmachine:a:b\nowner: x\n");
}

TEST(Format, UnknownKeywordsKeepTheirCase) {
    EXPECT_EQ(laidOut("insert_job: A\nMy_Own:x\nMACHINE:m\n"),
              "insert_job: A\nMy_Own: x\nmachine: m\n");
}

// Joined with the line before, the `*/` would end a comment that its own line leaves open.
TEST(Format, ACommentLeftOpenIsNotClosedByTheNextLine) {
    laidOut("insert_job: X\njob_type: c /* open insert_job:B\n  job_type: /* b */ machine: m\n");
    std::string const text =
        "insert_job: X job_type: /* open insert_job:B\n   job_type:/* b */ insert_job: C\n";
    EXPECT_EQ(layoutOf(text).problem, "");
    laidOut("nothing: x job_type: c insert_job:B\n job_type:/* a delete_job:D insert_job:B\n"
            " job_type:/* b */ insert_job : C job_type :c machine:m");
}

// On a line of its own the `=` would be one of a report, and no part of the condition.
TEST(Format, TheEndOfAValueDoesNotBecomeALineOfAReport) {
    laidOut("insert_job: A\ncondition: s(B) &\n  v(GO)\n =  success_codes: 0\nmachine: m\n");
    laidOut("insert_job: A\ncondition: s(B) &\n  v(GO)\n ==\tmachine: m\n");
}

// A line with `hoist: allow` speaks about all that stands on it.
// The same in front of the next statement.
TEST(Format, TheEndOfAValueDoesNotBecomeALineOfAReportBeforeAStatement) {
    std::string const text = "insert_job: A job_type: c\ncondition: v(HO)\n = delete_blob:elete\n";
    EXPECT_EQ(laidOut(text), text);
}

TEST(Format, LinesThatHoistIsToldAboutStayWhole) {
    std::string const text =
        "insert_job:  A  job_type: c  machine: m /* hoist: allow(A0003) by hand */\n";
    EXPECT_EQ(laidOut(text), text);
    EXPECT_EQ(laidOut("insert_job: A\njob_type:c /* hoist: allow(P1021) old */\n"),
              "insert_job: A\njob_type: c /* hoist: allow(P1021) old */\n");
}

TEST(Format, LineEndsEncodingAndMarkStay) {
    EXPECT_EQ(laidOut("\xEF\xBB\xBFinsert_job:A\r\ncommand:\xE4  \r\n\r\n\r\ninsert_job:B"),
              "\xEF\xBB\xBFinsert_job: A\r\ncommand: \xE4\r\n\r\ninsert_job: B\r\n");
    EXPECT_EQ(laidOut("insert_job:A\r\ncommand:a\nmachine:m\n"),
              "insert_job: A\ncommand: a\nmachine: m\n");
    // The comment's own line ends are its text, and do not count.
    EXPECT_EQ(laidOut("insert_job:A\n\n\n\n/* a\r\nb\r\nc\r\n*/\ncommand:a\n"),
              "insert_job: A\n/* a\r\nb\r\nc\r\n*/\ncommand: a\n");
}

TEST(Format, WholeFilesThatAreNoTextStay) {
    for (std::string const& text :
         {std::string(), std::string("\n\n# only\n"), std::string("insert_job:  A\0x", 16),
          std::string("\xFF\xFEi\0n\0", 6)})
        EXPECT_EQ(layoutOf(text).text, text);
}

// What the check is worth: it sees what a wrong layout would do.
TEST(Format, DifferencesBeyondLayoutAreSeen) {
    std::string const text = "insert_job: A\ncommand: a  b\n# c\nmachine: m\n";
    EXPECT_EQ(
        jil::differenceBeyondLayout(text, "INSERT_JOB:A command:a  b\n#  c\nmachine: m").empty(),
        false);
    for (char const* other :
         {"insert_job: A\ncommand: a b\n# c\nmachine: m\n",
          "insert_job: A\ncommand: a  b\nmachine: m\n",
          "insert_job: A\n# c\ncommand: a  b\nmachine: m\n",
          "insert_job: A\nmachine: m\n# c\ncommand: a  b\n",
          "insert_job: a\ncommand: a  b\n# c\nmachine: m\n", "insert_job: A\ncommand: a  b\n# c\n",
          "update_job: A\ncommand: a  b\n# c\nmachine: m\n"})
        EXPECT_NE(jil::differenceBeyondLayout(text, other), "") << other;
    EXPECT_EQ(jil::differenceBeyondLayout(text, "INSERT_JOB:A\n\n  command:a  b\n# c\nMachine:m"),
              "");
}

TEST(Format, TruncatedAtEveryByte) {
    for (size_t length = 0; length <= sample.size(); ++length)
        laidOut(sample.substr(0, length));
}

TEST(Format, EveryByteReplaced) {
    for (char const hostile : {'\n', '"', '\\', ':', '/', '*', '#', '\xFF', '\t', '\r', ' '})
        for (size_t i = 0; i < sample.size(); ++i) {
            std::string text = sample;
            text[i] = hostile;
            laidOut(text);
        }
}

TEST(Format, RandomWords) {
    std::mt19937 random(7);
    llvm::StringRef const words[] = {"insert_job:",
                                     "update_job:",
                                     " A ",
                                     "\n",
                                     "\n",
                                     "command:",
                                     "condition:",
                                     "s(",
                                     ")",
                                     "&",
                                     "\"",
                                     "/*",
                                     "*/",
                                     "#",
                                     "\\",
                                     ",",
                                     "0",
                                     ":",
                                     "\r\n",
                                     "\t",
                                     "job_type: b",
                                     "calendar:",
                                     "01/02/2026",
                                     "machine:",
                                     " machine: m ",
                                     "start_times:",
                                     "10:00",
                                     "<auto_blobt>",
                                     "</auto_blobt>",
                                     "blob_input:",
                                     " ",
                                     "  ",
                                     "x",
                                     "/* c */",
                                     "# h\n",
                                     "foo:",
                                     "cycle:",
                                     "\nextended_calendar: E\n",
                                     "hoist: allow(A0001) x",
                                     "\n\n",
                                     "\x0b"};
    for (int round = 0; round < 6000; ++round) {
        std::string text;
        for (int i = 0, size = 5 + round % 60; i < size; ++i)
            text += words[random() % std::size(words)].str();
        laidOut(text);
        if (HasFailure())
            return;
    }
}
