// What an order does, as the model holds it (CTM-004…093): from XML and from JSON, and what
// refuses.
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

namespace hoist::controlm {
namespace {

std::string daily(std::string const& attributes, std::string const& inside = "") {
    return "<DEFTABLE><FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\">"
           "<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"x\" DAYS=\"ALL\" " +
           attributes + ">" + inside + "</JOB></FOLDER></DEFTABLE>";
}

ir::OrderPolicy const& policyOf(Read const& read, llvm::StringRef name) {
    return read.estate.orderPolicies[read.find(name)->orders];
}

TEST(OrdersInTheModel, WindowsAndWaits) {
    Read read(
        daily("TIMEFROM=\"2230\" TIMETO=\"0500\" TIMEZONE=\"Europe/Zurich\" MAXWAIT=\"02\" "
              "CONFIRM=\"1\" CRITICAL=\"Y\" PRIORITY=\"B7\" NODEID=\"host\" TO_DAYSOFFSET=\"1\""));
    ir::OrderPolicy const& policy = policyOf(read, "F/A");
    EXPECT_EQ(read.codes(), "");
    EXPECT_FALSE(read.find("F/A")->refused);
    EXPECT_EQ(*policy.fromTime, 22 * 60 + 30);
    EXPECT_EQ(*policy.toTime, 5 * 60);
    EXPECT_EQ(*policy.toDays, 1);
    EXPECT_FALSE(policy.isOpenEnded);
    EXPECT_EQ(*policy.timezone, "Europe/Zurich");
    EXPECT_EQ(*policy.maxWait, 2);
    EXPECT_TRUE(*policy.confirm);
    EXPECT_TRUE(*policy.critical);
    EXPECT_EQ(*policy.priority, "B7");
    EXPECT_EQ(read.find("F/A")->machines->front(), "host");
    Read open(daily("TIMETO=\"&gt;\""));
    EXPECT_TRUE(*policyOf(open, "F/A").isOpenEnded);
    EXPECT_FALSE(policyOf(open, "F/A").toTime);
}

TEST(OrdersInTheModel, WhoOrders) {
    auto const method = [](std::string const& attribute) {
        Read read("<DEFTABLE><FOLDER FOLDER_NAME=\"F\" " + attribute +
                  "><JOB JOBNAME=\"A\" CMDLINE=\"x\"/></FOLDER></DEFTABLE>");
        return policyOf(read, "F/A").method;
    };
    using Method = ir::OrderPolicy::Method;
    EXPECT_EQ(method("FOLDER_ORDER_METHOD=\"SYSTEM\""), Method::newDay);
    EXPECT_EQ(method("FOLDER_ORDER_METHOD=\"NIGHT\""), Method::userDaily);
    EXPECT_EQ(method("FOLDER_ORDER_METHOD=\"\""), Method::manual);
    EXPECT_EQ(method(""), Method::manual);
}

TEST(OrdersInTheModel, Cycles) {
    using Cycle = ir::Cycle;
    Read read(daily("CYCLIC=\"1\" INTERVAL=\"00002H\" IND_CYCLIC=\"E\" MAXRERUN=\"3\""));
    ir::OrderPolicy const& every = policyOf(read, "F/A");
    EXPECT_TRUE(every.isCyclic);
    EXPECT_EQ(every.cycle.kind, Cycle::Kind::interval);
    EXPECT_EQ(every.cycle.from, Cycle::From::end);
    EXPECT_EQ(every.cycle.minutes, std::vector<int32_t>{120});
    EXPECT_EQ(*every.maxRerun, 3);
    Read sequence(daily("CYCLIC=\"1\" CYCLIC_TYPE=\"V\" "
                        "CYCLIC_INTERVAL_SEQUENCE=\"+30M,+4H,+7D\""));
    EXPECT_EQ(policyOf(sequence, "F/A").cycle.kind, Cycle::Kind::sequence);
    EXPECT_EQ(policyOf(sequence, "F/A").cycle.minutes, (std::vector<int32_t>{30, 240, 10080}));
    Read times(daily("CYCLIC=\"1\" CYCLIC_TYPE=\"S\" CYCLIC_TIMES_SEQUENCE=\"0900,1430\" "
                     "CYCLIC_TOLERANCE=\"5\""));
    EXPECT_EQ(policyOf(times, "F/A").cycle.minutes, (std::vector<int32_t>{540, 870}));
    EXPECT_EQ(policyOf(times, "F/A").cycle.tolerance, 5);
    Read plain(daily("CYCLIC=\"0\" INTERVAL=\"00005M\""));
    EXPECT_FALSE(policyOf(plain, "F/A").isCyclic);
    EXPECT_EQ(*policyOf(plain, "F/A").interval, 5);
}

TEST(OrdersInTheModel, RulesInOrder) {
    Read read(
        daily("MAXRERUN=\"2\"",
              "<OUTCOND NAME=\"done\" SIGN=\"+\"/>"
              "<ON STMT=\"*\" CODE=\"NOTOK\"><DOCOND NAME=\"bad\" ODATE=\"ODAT\" SIGN=\"+\"/>"
              "<DOFORCEJOB TABLE_NAME=\"G\" NAME=\"FIX\" ODATE=\"+1\"/>"
              "<DOACTION ACTION=\"RERUN\"/></ON>"
              "<ON STMT=\"*\" CODE=\"COMPSTAT EQ 4\"><DOACTION ACTION=\"OK\"/></ON>"
              "<ON STMT=\"*\" CODE=\"COMPSTAT=ODD\"/><ON STMT=\"*\" CODE=\"RUNCOUNT GT 2\"/>"
              "<ON STMT=\"*\" CODE=\"*disk full*\"><DOSHOUT DEST=\"ops\" MESSAGE=\"m\"/></ON>"));
    EXPECT_EQ(read.codes(), "");
    auto const& rules = policyOf(read, "F/A").rules;
    ASSERT_EQ(rules.size(), 5u);
    using Asks = ir::EndTest::Kind;
    using Action = ir::EndAction::Kind;
    EXPECT_EQ(rules[0].test.kind, Asks::notOk);
    EXPECT_EQ(rules[0].round(), 3);
    ASSERT_EQ(rules[0].actions.size(), 3u);
    EXPECT_EQ(rules[0].actions[0].kind, Action::changeFact);
    EXPECT_EQ(read.find("F/A")->factChanges[rules[0].actions[0].fact].name, "bad");
    EXPECT_EQ(rules[0].actions[1].kind, Action::forceJob);
    EXPECT_EQ(rules[0].actions[1].folder, "G");
    EXPECT_EQ(rules[0].actions[1].date.offset, 1);
    EXPECT_EQ(rules[0].actions[2].kind, Action::rerun);
    EXPECT_EQ(rules[1].test.kind, Asks::exitCode);
    EXPECT_EQ(rules[1].test.number, 4);
    EXPECT_EQ(rules[1].round(), 1);
    EXPECT_EQ(rules[2].test.relation, ir::EndTest::Relation::odd);
    EXPECT_EQ(rules[3].test.op, ir::Compare::greater);
    EXPECT_EQ(rules[4].test.kind, Asks::output);
    EXPECT_EQ(rules[4].round(), 2);
    EXPECT_EQ(rules[4].actions[0].destination, "ops");
}

TEST(OrdersInTheModel, LocksVariablesAndEnds) {
    Read read(daily("END_FOLDER=\"Y\"",
                    "<CONTROL NAME=\"db\" TYPE=\"S\" ONFAIL=\"KEEP\"/><CONTROL NAME=\"tape\"/>"
                    "<VARIABLE NAME=\"%%PARM1\" VALUE=\"a b\"/><AUTOEDIT EXP=\"%%X=1=2\"/>"
                    "<SHOUT WHEN=\"LATESUB\" TIME=\"0900\" DEST=\"ops\" MESSAGE=\"late\"/>"));
    ir::OrderPolicy const& policy = policyOf(read, "F/A");
    EXPECT_TRUE(*policy.endsFolder);
    ASSERT_EQ(policy.locks.size(), 2u);
    EXPECT_FALSE(policy.locks[0].isExclusive);
    EXPECT_TRUE(policy.locks[0].keepsOnFailure);
    EXPECT_TRUE(policy.locks[1].isExclusive);
    ASSERT_EQ(policy.variables.size(), 2u);
    EXPECT_EQ(policy.variables[0].value, "a b");
    EXPECT_EQ(policy.variables[1].name, "%%X");
    EXPECT_EQ(policy.variables[1].value, "1=2");
    ASSERT_EQ(policy.shouts.size(), 1u);
    EXPECT_EQ(policy.shouts[0].when, ir::Shout::When::notStartedBy);
}

TEST(OrdersInTheModel, Actions) { // CTM-021, CTM-105
    auto const action = [](std::string const& attributes, std::string const& inside = "") {
        Read read(folder("<JOB JOBNAME=\"A\" " + attributes + ">" + inside + "</JOB>"));
        ir::Action const& made = read.find("F/A")->action;
        if (std::holds_alternative<ir::NoAction>(made))
            return std::string("nothing");
        if (auto const* script = std::get_if<ir::ScriptAction>(&made)) {
            std::string text = (*script->folder + "|" + *script->file + "|" + *script->text).str();
            for (auto const& argument : script->arguments)
                text += " " + argument->str();
            return text;
        }
        return std::to_string(made.index());
    };
    EXPECT_EQ(action("TASKTYPE=\"Dummy\" CMDLINE=\"x\""), "nothing");
    EXPECT_EQ(action("TASKTYPE=\"Dummy\" APPL_TYPE=\"FILE_TRANS\""), "nothing");
    EXPECT_EQ(action("TASKTYPE=\"Job\" MEMLIB=\"/opt\" MEMNAME=\"a.sh\"",
                     "<VARIABLE NAME=\"%%PARM2\" VALUE=\"2\"/><VARIABLE NAME=\"%%PARM1\" "
                     "VALUE=\"1\"/><VARIABLE NAME=\"%%PARM4\" VALUE=\"4\"/>"),
              "/opt|a.sh| 1 2");
    EXPECT_EQ(action("TASKTYPE=\"Job\" FILE_PATH=\"/opt\" FILE_NAME=\"a.sh\""), "/opt|a.sh|");
    EXPECT_EQ(action("TASKTYPE=\"Job\" INSTREAM_JCL=\"echo\" USE_INSTREAM_JCL=\"Y\""), "||echo");
}

TEST(OrdersInTheModel, WhatHasNoModelRefusesAndIsNamed) { // CTM-093
    auto const refused = [](std::string const& attributes, std::string const& inside = "") {
        Read read(daily(attributes, inside));
        EXPECT_TRUE(read.find("F/A")->refused) << attributes << inside;
        EXPECT_EQ(read.lost(), 0u);
        return read.codes() + policyOf(read, "F/A").unmodelled.str();
    };
    EXPECT_EQ(refused("MULTY_AGENT=\"Y\""), "F0016@MULTY_AGENT=\"Y;MULTY_AGENT");
    EXPECT_EQ(refused("PRECMD=\"x\""), "F0016@PRECMD=\"x;PRECMD");
    EXPECT_EQ(refused("", "<CAPTURE VARIABLE=\"V\"/>"), "F0016@CAPTURE;CAPTURE");
    EXPECT_EQ(refused("", "<ON STMT=\"*\" CODE=\"COMPSTAT FOO\"/>"),
              "F0016@ON;ON CODE COMPSTAT FOO");
    EXPECT_EQ(refused("", "<ON STMT=\"*\" CODE=\"OK\"><DOIFRERUN/></ON>"),
              "F0016@DOIFRERUN;DOIFRERUN");
    EXPECT_EQ(refused("TIMEZONE=\"XYZ\""), "F0016@XYZ;TIMEZONE XYZ");
    Read nothing("<DEFTABLE><FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\">"
                 "<JOB JOBNAME=\"A\" CMDLINE=\"x\"/></FOLDER></DEFTABLE>");
    EXPECT_EQ(nothing.codes(), ""); // "None (Manual Order)": only a hand orders it (CTM-006)
    EXPECT_FALSE(nothing.find("F/A")->refused);
    // A value that cannot be read refuses as well; it is reported as such.
    EXPECT_TRUE(Read(daily("TIMEFROM=\"25:99\"")).find("F/A")->refused);
}

TEST(OrdersInTheModel, VariablesWithoutANameOrAValueRefuse) {
    struct {
        std::string inside, codes;
    } const bad[] = {
        {R"(<AUTOEDIT EXP="garbage"/>)", "P3013@garbage;"},
        {R"(<AUTOEDIT EXP="=x"/>)", "P3013@=x;"},
        {R"(<VARIABLE VALUE="x"/>)", "P3014@VARIABLE;"},
        {R"(<VARIABLE NAME="%%X"/>)", "P3014@VARIABLE;"},
        {R"(<VARIABLE NAME="%%X" VALUE="1" EXP="%%Y=2"/>)", "F0016@EXP=\"%%Y=2;"},
        {R"(<ON CODE="OK"><DOVARIABLE NAME="%%X"/></ON>)", "P3014@DOVARIABLE;"},
        {R"(<ON CODE="OK"><DOVARIABLE VALUE="x"/></ON>)", "P3014@DOVARIABLE;"},
        {R"(<ON CODE="OK"><DOAUTOEDIT EXP="garbage"/></ON>)", "P3013@garbage;"},
    };
    for (auto const& one : bad) {
        Read const read(folder("<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"c\">" +
                               one.inside + "</JOB>"));
        EXPECT_EQ(read.codes(), one.codes) << one.inside;
        EXPECT_TRUE(read.find("F/A")->refused) << one.inside;
        EXPECT_EQ(read.lost(), 0u) << one.inside;
    }
    Read const good(folder(R"(<JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="c">
      <VARIABLE NAME="%%X" VALUE=""/><AUTOEDIT EXP="%%Y="/></JOB>)"));
    EXPECT_EQ(good.codes(), "");
    EXPECT_FALSE(good.find("F/A")->refused);
}

TEST(OrdersInTheModel, JsonSaysTheSame) { // CTM-113…116
    Read read(R"({"F": {"Type": "Folder", "OrderMethod": "Automatic",
      "When": {"WeekDays": ["MON"]},
      "A": {"Type": "Job:Command", "Command": "x", "Host": "h", "RunAs": "u",
        "When": {"WeekDays": ["MON"], "FromTime": "0700", "ToTime": ">"},
        "Rerun": {"Every": "2", "Units": "Hours", "From": "End", "Times": "4"},
        "lock": {"Type": "Resource:Mutex", "MutexType": "Shared"},
        "if": {"Type": "If", "CompletionStatus": ">4",
               "force": {"Type": "Run", "Folder": "G", "Job": "B", "Date": "PreviousOrderDate"},
               "mail": {"Type": "Mail", "To": "a@b", "Message": "m", "Attach": true,
                        "Urgency": "VeryUrgent"},
               "add": {"Type": "Event:Add", "Event": "bad"}},
        "if2": {"Type": "If:NumberOfReruns", "NumberOfReruns": ">2",
               "stop": {"Type": "Action:StopCyclicRun"}}},
      "B": {"Type": "Job:Command", "Command": "x", "When": {"WeekDays": ["MON"]},
        "RerunSpecificTimes": {"At": ["0900", "1000"], "Tolerance": "10"}},
      "C": {"Type": "Job:Command", "Command": "x", "When": {"WeekDays": ["MON"]},
        "RerunIntervals": {"Intervals": ["12m", "1h"]}},
      "D": {"Type": "Job:FileTransfer", "ConnectionProfileSrc": "S", "When": {"WeekDays": ["MON"]}}
      }})",
              "a.json");
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.lost(), 0u);
    for (char const* const name : {"F", "F/A", "F/B", "F/C", "F/D"})
        EXPECT_FALSE(read.find(name)->refused) << name;
    ir::OrderPolicy const& a = policyOf(read, "F/A");
    EXPECT_TRUE(*a.isOpenEnded);
    EXPECT_EQ(a.cycle.from, ir::Cycle::From::end);
    EXPECT_EQ(a.cycle.minutes, std::vector<int32_t>{120});
    EXPECT_EQ(*a.maxRerun, 4);
    EXPECT_FALSE(a.locks[0].isExclusive);
    ASSERT_EQ(a.rules.size(), 2u);
    EXPECT_EQ(a.rules[0].test.op, ir::Compare::greater);
    EXPECT_EQ(a.rules[0].test.number, 4);
    EXPECT_EQ(a.rules[0].actions[0].date.kind, ir::Scope::Kind::previousOrderDate);
    EXPECT_EQ(a.rules[0].actions[1].destination, "a@b");
    EXPECT_EQ(a.rules[0].actions[1].urgency, "VeryUrgent");
    EXPECT_EQ(a.rules[0].actions[2].kind, ir::EndAction::Kind::changeFact);
    EXPECT_EQ(a.rules[1].test.kind, ir::EndTest::Kind::reruns);
    EXPECT_EQ(policyOf(read, "F/B").cycle.minutes, (std::vector<int32_t>{540, 600}));
    EXPECT_EQ(policyOf(read, "F/B").cycle.tolerance, 10);
    EXPECT_EQ(policyOf(read, "F/C").cycle.minutes, (std::vector<int32_t>{12, 60}));
    ASSERT_EQ(read.find("F/D")->kept.size(), 1u);
    EXPECT_EQ(read.find("F/D")->kept[0].key, "ConnectionProfileSrc");
}

} // namespace
} // namespace hoist::controlm
