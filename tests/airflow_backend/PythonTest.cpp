// Legacy bytes in Python source: literals, comments and layout.
#include "backend/airflow/Python.h"

#include <gtest/gtest.h>

using namespace hoist::airflow;

static std::string show(Py const& value, unsigned indent = 0) {
    std::string out;
    appendPython(out, value, indent, indent, 0);
    return out;
}

TEST(Python, StringsChooseTheQuoteWithFewerEscapes) {
    EXPECT_EQ(pythonString("plain"), "\"plain\"");
    EXPECT_EQ(pythonString("say \"hi\""), "'say \"hi\"'");
    EXPECT_EQ(pythonString("it's \"so\""), "'it\\'s \"so\"'");
    EXPECT_EQ(pythonString("'\""), "\"'\\\"\"") << "a tie takes double quotes";
}

TEST(Python, NothingLeavesTheLiteral) {
    EXPECT_EQ(pythonString("\"\"\"\n'''\\"), "\"\\\"\\\"\\\"\\n'''\\\\\"");
    EXPECT_EQ(pythonString(llvm::StringRef("a\0b", 3)), "\"a\\x00b\"");
    EXPECT_EQ(pythonString("{{ x }} {% raw %} ${Y} $$Z %D%"), "\"{{ x }} {% raw %} ${Y} $$Z %D%\"");
}

TEST(Python, BytesThatAreNoUtf8BecomeLoneSurrogates) {
    EXPECT_EQ(pythonString("caf\xE9"), "\"caf\\udce9\"");
    EXPECT_EQ(pythonString("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
    EXPECT_EQ(pythonString("\xE2\x80\xAE"
                           "x"),
              "\"\\u202ex\"")
        << "a bidirectional override stays visible";
}

TEST(Python, CommentsAreOneLineOfPlainText) {
    EXPECT_EQ(plainLine("a\nimport os\r\x0c\x01z"), "a import os ??z");
    EXPECT_EQ(plainLine("  x \xFF"), "x ?");
}

TEST(Python, CallsBreakWhereRuffWouldBreakThem) {
    Py const fits = Py::call("Command", {}, {{"task_id", Py("a")}, {"retries", Py(2)}});
    EXPECT_EQ(show(fits), "Command(task_id=\"a\", retries=2)");
    Py const wide = Py::call("Command", {},
                             {{"task_id", Py("a")},
                              {"command", Py(std::string(80, 'x'))},
                              {"machine", Py(Py::Tuple{{Py("m")}})},
                              {"alarms", Py(Py::Dict{{"max_run", Py(5)}})}});
    EXPECT_EQ(show(wide, 4),
              "Command(\n        task_id=\"a\",\n        command=\"" + std::string(80, 'x') +
                  "\",\n        machine=(\"m\",),\n        alarms={\"max_run\": 5},\n    )");
}
