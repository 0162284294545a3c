// Automation API JSON: places, what real files hold beside JSON, events, flows, rules, defaults.
#include "frontend/controlm/Json.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using Read = hoist::controlm::Read;

namespace {

Read json(std::string text) { return Read(std::move(text), "a.json"); }
std::string inFolder(std::string const& inside) {
    return "{ \"F\": { \"Type\": \"Folder\", \"OrderMethod\": \"Manual\", " + inside + " } }";
}

} // namespace

TEST(ControlmJson, AFolderOfJobs) { // CTM-110
    Read const read =
        json(R"({ "F": { "Type": "Folder", "ControlmServer": "p", "OrderMethod": "Manual",
        "A": { "Type": "Job:Command", "Command": "echo \"a\"", "Host": "h", "RunAs": "u" },
        "S": { "Type": "SubFolder", "B": { "Type": "Job:Dummy" } },
        "Jobs": [ { "Type": "Job:Command", "Name": "C", "Command": "c" } ] },
        "G": { "Type": "SimpleFolder", "OrderMethod": "Manual", "A": { "Type": "Job:FileTransfer", "X": [ { "Y": 1 } ] } } })");
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.lost(), 0u);
    std::vector<std::string> names;
    for (ir::Job const& job : read.estate.jobs)
        names.push_back(job.name.str());
    EXPECT_EQ(names, (std::vector<std::string>{"F", "F/A", "F/S", "F/S/B", "F/C", "G", "G/A"}));
    auto const& action = std::get<ir::CommandAction>(read.find("F/A")->action);
    EXPECT_EQ(*action.command, "echo \"a\"");
    EXPECT_EQ(read.estate.sources.text(read.estate.constructs.span(action.command.from)),
              "Command\": \"echo \\\"a\\\"");
    EXPECT_EQ(read.estate.sources.text(read.find("F/C")->nameSpan), "C");
    EXPECT_EQ(std::get<ir::TransferAction>(read.find("G/A")->action).kind, "FileTransfer");
    EXPECT_EQ(read.texts("parameter of a plug-in").size(), 2u); // X and Y
}

TEST(ControlmJson, EventsAndTheirOperators) { // CTM-111
    auto const waits = [](std::string const& events) {
        return json(inFolder("\"A\": { \"Type\": \"Job:Dummy\", \"W\": { \"Type\": "
                             "\"WaitForEvents\", \"Events\": [" +
                             events + "] } }"))
            .condition("F/A");
    };
    auto const e = [](char name) { return std::string("{\"Event\": \"") + name + "\"}"; };
    EXPECT_EQ(waits(e('a') + "," + e('b')), "fact(a) & fact(b)");
    EXPECT_EQ(waits(e('a') + ", \"OR\"," + e('b')), "fact(a) | fact(b)");
    EXPECT_EQ(waits("\"(\"," + e('a') + "," + e('b') + ",\")\",\"OR\",\"(\"," + e('c') + "," +
                    e('d') + ",\")\""),
              "(fact(a) & fact(b)) | (fact(c) & fact(d))");
    EXPECT_EQ(waits("{\"Event\": \"a\", \"Date\": \"PreviousOrderDate\"}"),
              "fact(a, previous order date)");
    EXPECT_EQ(waits("{\"Event\": \"a\", \"OrderDate\": \"AnyDate\"}"), "fact(a, any date)");
    Read const read = json(inFolder(
        R"("A": { "Type": "Job:Dummy",
             "V": { "Type": "WaitForEvents", "Events": [ {"Event": "a"}, "OR", {"Event": "b"} ] },
             "W": { "Type": "WaitForEvents", "Events": [ {"Event": "c"}, "OR", {"Event": "d"} ] },
             "X": { "Type": "AddEvents", "Events": [ {"Event": "e", "Date": "NoDate"} ] },
             "Y": { "Type": "DeleteEvents", "Events": [ {"Event": "a"} ] } })"));
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.condition("F/A"), "(fact(a) | fact(b)) & (fact(c) | fact(d))");
    auto const& changes = read.find("F/A")->factChanges;
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_TRUE(changes[0].adds);
    EXPECT_EQ(changes[0].date.kind, ir::Scope::Kind::noDate);
    EXPECT_FALSE(changes[1].adds);
}

TEST(ControlmJson, FlowsAddWaitAndDelete) { // CTM-112
    Read const read = json(inFolder(R"("A": { "Type": "Job:Dummy" }, "B": { "Type": "Job:Dummy" },
        "C": { "Type": "Job:Dummy" }, "L": { "Type": "Flow", "Sequence": ["A", "B"] },
        "M": { "Type": "Flow", "Sequence": ["C", "B", "X"] })"));
    EXPECT_EQ(read.codes(), "P3036@X;");
    EXPECT_EQ(read.condition("F/B"), "fact(A-TO-B) & fact(C-TO-B)");
    EXPECT_EQ(read.find("F/A")->factChanges.size(), 1u);
    ASSERT_EQ(read.find("F/B")->factChanges.size(), 2u);
    EXPECT_FALSE(read.find("F/B")->factChanges[0].adds);
    EXPECT_EQ(read.lost(), 0u);
}

TEST(ControlmJson, RulesDefaultsAndRepetition) { // CTM-113, CTM-114, CTM-115
    Read const read = json(R"({ "Defaults": { "Application": "app", "Job": { "RunAs": "batch" } },
      "F": { "Type": "Folder", "When": { "RuleBasedCalendars": { "Included": [ "D", "E" ],
          "D": { "Type": "Calendar:RuleBased", "When": { "MonthDays": ["ALL"] } } } },
        "A": { "Type": "Job:Command", "Command": "a", "RunAs": "own",
          "When": { "WeekDays": ["MON", "FRY"], "MonthDays": ["NONE"], "FromTime": "0800" },
          "RerunLimit": { "Times": "3" },
          "If": { "Type": "If", "CompletionStatus": "NOTOK",
                  "Again": { "Type": "Action:Rerun" }, "Tell": { "Type": "Event:Add", "Event": "bad" } } },
        "B": { "Type": "Job:Command", "Command": "b", "When": { "MonthDays": ["ALL"] }, "Rerun": { "Every": "5", "Units": "Minutes" } } } })");
    EXPECT_EQ(read.codes(), "P3022@E;P3013@[\"MON\", \"FRY\"];");
    EXPECT_EQ(*read.find("F/A")->owner, "own");
    EXPECT_EQ(*read.find("F/B")->owner, "batch");
    EXPECT_EQ(*read.find("F/B")->application, "app");
    ASSERT_EQ(read.find("F/A")->factChanges.size(), 1u);
    EXPECT_TRUE(read.find("F/A")->factChanges[0].isAction);
    EXPECT_EQ(read.lost(), 0u);
}

TEST(ControlmJson, ReRunsThatCannotBeReadRefuseTheJob_CTM115) {
    auto const job = [](std::string const& properties) {
        return json(inFolder("\"A\": { \"Type\": \"Job:Command\", \"Command\": \"c\", " +
                             properties + " }"));
    };
    struct {
        std::string properties, codes;
    } const bad[] = {
        {R"("RerunIntervals": ["30M", "2H"])", "P3013@RerunIntervals\": [\"30M\", \"2H\"];"},
        {R"("RerunSpecificTimes": ["0800"])", "P3013@RerunSpecificTimes\": [\"0800\"];"},
        {R"("Rerun": "5M")", "P3013@Rerun\": \"5M;"},
        {R"("Rerun": null)", "P3013@Rerun\": null;"},
        {R"("Rerun": {})", "P3013@Rerun\": {};"},
        {R"("Rerun": {"Units": "Minutes"})", "P3013@Rerun\": {\"Units\": \"Minutes\"};"},
        {R"("Rerun": {"Every": "2", "Units": "Dozens"})", "P3013@Units\": \"Dozens;"},
        {R"("Rerun": {"Every": "2", "Units": "Months"})", "P3013@Units\": \"Months;"},
        {R"("Rerun": {"Every": "2", "Units": 7})", "P3013@Units\": 7;"},
        {R"("Rerun": {"Every": "2H"})", "P3013@Every\": \"2H;"},
        {R"("Rerun": {"Every": ["2"]})", "P3013@Every\": [\"2\"];"},
        {R"("Rerun": {"Every": "2", "From": "Middle"})", "P3013@From\": \"Middle;"},
        {R"("Rerun": {"Every": "2", "Times": {}})", "P3013@Times\": {};"},
        {R"("Rerun": {"Every": "2", "Times": "many"})", "P3013@many;"},
        {R"("Rerun": {"Every": "2", "At": ["0800"]})", "F0016@At\": [\"0800\"];"},
        {R"("RerunIntervals": {"Intervals": "30M"})", "P3013@Intervals\": \"30M;"},
        {R"("RerunIntervals": {"Intervals": ["1h", {}]})", "P3013@Intervals\": [\"1h\", {}];"},
        {R"("RerunIntervals": {"Intervals": ["1h", "2w"]})", "P3013@[\"1h\", \"2w\"];"},
        {R"("RerunSpecificTimes": {"At": ["2500"]})", "P3013@[\"2500\"];"},
        {R"("RerunSpecificTimes": {"At": ["0800"], "Every": "5"})", "F0016@Every\": \"5;"},
        {R"("RerunLimit": "5")", "P3013@RerunLimit\": \"5;"},
        {R"("RerunLimit": {"Times": "5", "RerunMember": "m"})",
         "P3026@5;F0016@RerunMember\": \"m;"},
        {R"("Rerun": {"Every": "2"}, "RerunSpecificTimes": {"At": ["0800"]})",
         "F0016@RerunSpecificTimes\": {\"At\": [\"0800\"]};"},
        {R"("Rerun": {"Every": "2", "Times": "2"}, "RerunLimit": {"Times": "3"})",
         "F0016@Times\": \"3;"},
        {R"("Variables": [{"X": "1"}, "Y"])", "P3013@Y;"},
        {R"("Variables": [{"X": {"Z": "1"}}])", "P3013@X\": {\"Z\": \"1\"};"},
        {R"("Variables": [{"X": null}])", "P3013@X\": null;"},
        {R"("Variables": "X=1")", "P3013@Variables\": \"X=1;"},
        {R"("RunAs": {"User": "u"})", "P3013@RunAs\": {\"User\": \"u\"};"},
        {R"("Host": ["a", "b"])", "P3013@Host\": [\"a\", \"b\"];"},
        {R"("RunAsDummy": "perhaps")", "P3013@RunAsDummy\": \"perhaps;"},
        {R"("AdjustEvents": "perhaps")", "P3013@perhaps;"},
        {R"("W": {"Type": "WaitForEvents", "Events": "e"})", "P3013@Events\": \"e;"},
        {R"("W": {"Type": "WaitForEvents", "Events": [{"Event": "e"}, "XOR", {"Event": "f"}]})",
         "P3013@XOR;"},
        {R"("W": {"Type": "AddEvents", "Events": ["e"]})", "P3013@e;"},
        {R"("I": {"Type": "If", "CompletionStatus": "OK", "S": {"Type": "Action:Set", "Variable": "X"}})",
         "P3014@S;"},
    };
    for (auto const& one : bad) {
        Read const read = job(one.properties);
        EXPECT_EQ(read.codes(), one.codes) << one.properties;
        ASSERT_TRUE(read.find("F/A")) << one.properties;
        EXPECT_TRUE(read.find("F/A")->refused) << one.properties;
        EXPECT_EQ(read.lost(), 0u) << one.properties;
    }
    std::string const good[] = {
        R"("Rerun": {"Every": "0"})",
        R"("Rerun": {"Every": 5, "Units": "minutes", "From": "RunStart", "Times": 3})",
        R"("Rerun": {"Every": "5", "From": "Target"}, "RerunLimit": {"Times": "3"})",
        R"("RerunIntervals": {"Intervals": ["30M", "+2h", "1d"], "From": "End", "Times": "0"})",
        R"("RerunSpecificTimes": {"At": ["0800", "08:30"], "Tolerance": 10, "Times": "2"})",
        R"("Variables": {"X": "1"})",
        R"("Variables": [])",
        R"("When": {"WeekDays": [], "MonthDays": ["ALL"]})",
        R"("Variables": [{"X": "", "Y": 2}])",
        R"("RunAsDummy": false, "AdjustEvents": "Bridge")",
        R"("DocumentationFile": {"Path": "p", "FileName": "f"})",
    };
    for (std::string const& one : good) {
        Read const read = job(one);
        EXPECT_EQ(read.codes(), "") << one;
        EXPECT_FALSE(read.find("F/A")->refused) << one;
    }
    // A limit of an export (Every and Units without a cycle) changes nothing.
    Read const limit = job(R"("RerunLimit": {"Units": "Minutes", "Every": "0"})");
    EXPECT_EQ(limit.codes(), "");
    EXPECT_FALSE(limit.estate.orderPolicies[limit.find("F/A")->orders].isCyclic);
    // In the words of the file.
    Read const told = job(R"("Rerun": {"Every": "2", "Times": "many"})");
    EXPECT_EQ(told.diags.all().front().message,
              "`many` is no value for `Times`: expected a number from 0 to 9999");
}

TEST(ControlmJson, WhatRealFilesHold) {
    EXPECT_EQ(json("\xEF\xBB\xBF\"F\": { \"Type\": \"Folder\", \"OrderMethod\": \"Manual\",\r\n // "
                   "c\r\n /* d */ \"A\": { "
                   "\"Type\": \"Job:Dummy\", }, },")
                  .codes(),
              "P3031@\";P3031@// c\r;P3031@,;");
    Read const twice = json(
        inFolder("\"A\": { \"Type\": \"Job:Command\", \"Command\": \"x\", \"Command\": \"y\" }"));
    EXPECT_EQ(twice.codes(), "P3032@Command;");
    EXPECT_EQ(*std::get<ir::CommandAction>(twice.find("F/A")->action).command, "y");
    EXPECT_EQ(twice.lost(), 0u);
    EXPECT_EQ(json(inFolder("\"A\": { \"Type\": \"Job:Command\", \"Comand\": \"x\" }")).codes(),
              "P3033@Comand;");
    EXPECT_EQ(json(inFolder("\"A\": { \"Type\": \"Flov\" }")).codes(), "P3034@A;");
    EXPECT_EQ(json("{ \"C\": { \"Type\": \"ConnectionProfile:X\", \"Password\": \"p\" } }").codes(),
              "P3035@C;");
}

TEST(ControlmJson, TextIsUnescaped) {
    auto const command = [](std::string const& text) {
        Read const read =
            json(inFolder("\"A\": { \"Type\": \"Job:Command\", \"Command\": \"" + text + "\" }"));
        return std::get<ir::CommandAction>(read.find("F/A")->action).command->str();
    };
    EXPECT_EQ(command("a\\n\\t\\/\\\\"), "a\n\t/\\");
    EXPECT_EQ(command("\\u00e9\\ud83d\\ude00"), "\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(command("\\ud83dx"), "\xEF\xBF\xBDx");
    EXPECT_EQ(command("\\u12"), "\\u12");
}

TEST(ControlmJson, CutAndBrokenFilesLoseNothing) {
    std::string const text = inFolder(
        "\"A\": { \"Type\": \"Job:Command\", \"Command\": \"x\", \"W\": { \"Type\": "
        "\"WaitForEvents\", \"Events\": [ \"(\", {\"Event\": \"e\"}, \")\" ] } }, \"B\": 1.5e3");
    for (size_t length = 1; length < text.size(); ++length) {
        Read const read = json(text.substr(0, length));
        EXPECT_GE(read.diags.count(diag::Severity::error), 1u) << length;
        EXPECT_EQ(read.lost(), 0u) << length;
        EXPECT_EQ(read.estate.refusals.size(), 1u) << length;
    }
    for (char const hostile : {'\0', '{', '}', '[', '"', ',', ':', '\\', '\xFF', '/', '('})
        for (size_t i = 1; i < text.size(); ++i) {
            std::string broken = text;
            broken[i] = hostile;
            EXPECT_EQ(json(broken).lost(), 0u) << broken;
        }
    EXPECT_EQ(json("{ \"F\": " + std::string(100'000, '[')).codes(), "P3033@F;P3008@[;");
    EXPECT_EQ(json("{ \"F\": tru }").codes(), "P3033@F;P3030@t;");
}

TEST(ControlmJson, IsToldFromOtherJson) {
    auto const sniff = [](llvm::StringRef text, llvm::StringRef path = "a.json") {
        return controlm::sniff(path, text);
    };
    EXPECT_EQ(sniff("{ \"F\": { \"Type\" : \"Folder\""), Likelihood::certain);
    EXPECT_EQ(sniff("// c\n\"F\": { \"Type\": \"Job:Command\""), Likelihood::certain);
    EXPECT_EQ(sniff("{ \"F\": { \"Type\" : \"Folder\"", "x.txt"), Likelihood::possible);
    EXPECT_EQ(sniff("{ \"type\": \"Folder\" }"), Likelihood::no);
    EXPECT_EQ(sniff("[1, 2]"), Likelihood::no);
    EXPECT_EQ(sniff("<html>"), Likelihood::no);
    EXPECT_EQ(sniff(""), Likelihood::no);
    EXPECT_EQ(sniff("<?xml version=\"1.0\"?><!-- a --><DEFCAL >", "x"), Likelihood::certain);
}
