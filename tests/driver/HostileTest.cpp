// The whole tool on input that nobody meant: it ends with a code for the input's fault (1, 5) or
// none (0), never with 70, which is a construct without a fate or a broken invariant.
#include "tests/driver/Tool.h"

#include <gtest/gtest.h>

#include <random>

using hoist::test::Tool;

namespace {

std::string const jil = R"(/* ----- BOX ----- */
insert_job: BOX   job_type: b
date_conditions: 1
run_calendar: E
start_times: "10:00, 11\:30"
timezone: UTC
insert_job: A   job_type: c   box_name: BOX
command: run "x" /tmp/*/x $$G
machine: m1, m2
condition: (s(X, 01.30) | f(Y^PRD)) & v(G) = "z" & e(Q) >= 3
resources: (R, QUANTITY=1, FREE=A) AND (S)
envvars: A=1,B="2"
update_job: A   description: "d"
override_job: A
n_retrys: 2
insert_machine: v   type: v
machine: m1   max_load: 3
insert_blob: T
blob_input: <auto_blobt> text </auto_blobt>
insert_glob: G   value: 1
calendar: C
01/02/2090 10:00
extended_calendar: E
holcal: C
condition: WORKD#1 & (MON, TUE)
cycle: Y
start_date: 01/01/2090   end_date: 02/01/2090
rename_job: A new_name: Z
sendevent -E STARTJOB -J A
)";

std::string const crontab = R"(SHELL=/bin/bash
CRON_TZ=Europe/Berlin
MAILTO=""
*/5 1-3,5 * jan-mar MON /opt/run --all 100\% %input%more
@daily /opt/other
)";

/// Compiles one file and everything about it; true when the tool ends as a tool should.
bool endsWell(std::string const& path, std::string const& text) {
    for (llvm::StringRef command : {"build", "coverage"}) {
        Tool tool;
        tool.files.files[path] = text;
        std::vector<llvm::StringRef> arguments{command, path, "--cron-flavour", "cronie"};
        if (command == "build")
            arguments.insert(arguments.end(), {"-o", "out"});
        int const code = tool.run(arguments);
        if (code != 0 && code != 1 && code != 5) {
            ADD_FAILURE() << command.str() << " exits " << code << " on:\n"
                          << text << "\n"
                          << tool.console.errors;
            return false;
        }
        for (auto const& [written, bytes] : tool.files.files)
            if (written != path && !llvm::StringRef(written).starts_with("out/")) {
                ADD_FAILURE() << "wrote " << written;
                return false;
            }
    }
    return true;
}

/// The DAG files that a text becomes.
std::map<std::string, std::string> dagsOf(std::string const& path, std::string const& text) {
    Tool tool;
    tool.files.files[path] = text;
    tool.run({"build", path, "-o", "out"});
    std::map<std::string, std::string> dags;
    for (auto const& [written, bytes] : tool.files.files)
        if (llvm::StringRef(written).ends_with(".py"))
            dags[written] = bytes;
    return dags;
}

std::string replaced(llvm::StringRef text, llvm::StringRef from, llvm::StringRef to) {
    std::string out;
    while (!text.empty()) {
        auto const [head, tail] = text.split(from);
        out += head;
        if (head.size() != text.size())
            out += to;
        text = tail;
    }
    return out;
}

} // namespace

TEST(Hostile, TruncatedAtEveryByte) {
    for (size_t length = 0; length <= jil.size(); ++length)
        ASSERT_TRUE(endsWell("a.jil", jil.substr(0, length))) << length;
    for (size_t length = 0; length <= crontab.size(); ++length)
        ASSERT_TRUE(endsWell("a.cron", crontab.substr(0, length))) << length;
}

TEST(Hostile, RandomBytesAndDamagedFiles) {
    std::mt19937 random(1);
    for (int round = 0; round < 400; ++round) {
        std::string noise;
        for (int i = 0; i < 300; ++i)
            noise += static_cast<char>(random() & 0xFF);
        std::string damaged = round % 2 ? jil : crontab;
        for (int i = 0; i < 4; ++i)
            damaged[random() % damaged.size()] = static_cast<char>(random() & 0xFF);
        std::string const path = round % 2 ? "a.jil" : "a.cron";
        ASSERT_TRUE(endsWell(path, noise)) << round;
        ASSERT_TRUE(endsWell(path, damaged)) << round;
    }
}

TEST(Hostile, LineEndsAndByteOrderMarkChangeNoDag) {
    std::string const plain = "insert_job: A   job_type: c\nmachine: m\ncommand: echo \"a\"  b\n"
                              "description: two words\ndate_conditions: 1\ndays_of_week: mo,\n tu\n"
                              "start_times: \"10:00\"\ntimezone: UTC\n";
    auto const wanted = dagsOf("a.jil", plain);
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(dagsOf("a.jil", replaced(plain, "\n", "\r\n")), wanted);
    EXPECT_EQ(dagsOf("a.jil", "\xEF\xBB\xBF" + plain), wanted);
    EXPECT_EQ(dagsOf("a.jil", llvm::StringRef(plain).rtrim('\n').str()), wanted);
    EXPECT_EQ(dagsOf("a.jil", replaced(plain, "\n", "  \t\r\n")), wanted);
}

TEST(Hostile, Latin1IsCarriedByteForByte) {
    auto const dags = dagsOf("a.jil", "insert_job: A   job_type: c\nmachine: m\ncommand: echo "
                                      "caf\xE9\ndescription: caf\xE9\n");
    ASSERT_EQ(dags.size(), 1u);
    EXPECT_NE(dags.begin()->second.find("echo caf\\udce9"), std::string::npos)
        << dags.begin()->second;
    EXPECT_EQ(dags.begin()->second.find('\xE9'), std::string::npos); // the file itself is UTF-8
}
