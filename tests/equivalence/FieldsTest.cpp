// Breaking one field of a faithful task is reported, and nothing else; other spellings of the same
// are not.
#include "analysis/equivalence/Fields.h"
#include "tests/equivalence/Loaded.h"
#include "tests/support/EstateBuilder.h"

#include <gtest/gtest.h>

using namespace hoist;
using namespace hoist::equivalence;
using namespace hoist::test;
using Aspect = Difference::Aspect;
using Text = llvm::StringRef;

namespace {

/// A job that says something about everything, and the task that is true to it.
struct Faithful {
    EstateBuilder builder;
    ir::JobId a;
    json task;

    Faithful() {
        a = builder.job("A");
        ir::Job& job = builder[a];
        auto& action = std::get<ir::CommandAction>(job.action);
        builder.set(action.command, Text("load $$DAY {{ x }}"));
        builder.set(action.stdinText, Text("in\n"));
        builder.set(action.profile, Text("/p"));
        builder.set(action.shell, Text("/bin/ksh"));
        builder.set(action.stdinFile, Text("/in"));
        builder.set(action.stdoutFile, Text("> /out"));
        builder.set(action.stderrFile, Text("/err"));
        action.environment.emplace_back();
        builder.set(action.environment.back(), std::pair(Text("K"), Text("v")));
        builder.set(job.machines, llvm::SmallVector<Text, 1>{"m1", "m2"});
        builder.set(job.owner, Text("batch@m1"));
        job.exitRule.max = 4;
        builder.set(job.retries, 2);
        builder.set(job.termRunTime, 30);
        builder.set(job.alarms.maxRun, 20);
        builder.set(job.alarms.minRun, 1);
        builder.set(job.alarms.ifFail, false);
        builder.set(job.alarms.notify, true);
        builder.set(job.alarms.message, Text("hello"));
        job.alarms.addresses.emplace_back();
        builder.set(job.alarms.addresses.back(), Text("x@y"));
        job.resources.push_back({"R", {}, 2, 'Y', true, builder.construct("resource")});
        job.resourcesFrom = builder.construct("resources");
        task = shim("A", "Command",
                    {{"command", "load $$DAY {{ x }}"},
                     {"stdin", "in\n"},
                     {"profile", "/p"},
                     {"shell", "/bin/ksh"},
                     {"std_in_file", "/in"},
                     {"std_out_file", ">/out"},
                     {"std_err_file", ">> /err"},
                     {"environment", {{"K", "v"}}},
                     {"machine", {"m2", "m1"}},
                     {"owner_user", "batch"},
                     {"exit_rule", "max: 4"},
                     {"term_run_time", 30},
                     {"resources", "(R, QUANTITY=2, FREE=Y)"},
                     {"alarms",
                      {{"max_run", 20},
                       {"min_run", 1},
                       {"if_fail", false},
                       {"notify", {"x@y"}},
                       {"notify_on", "completion"},
                       {"message", "hello"}}}});
        task["retries"] = 2;
    }

    Findings compare(ManifestAlarms const* manifest = nullptr) {
        Findings findings;
        target::Dag const dag = dagOf({task});
        FieldComparison comparison(builder.estate, manifest);
        comparison.compareTask(a, dag, dag.tasks[target::TaskId(0)], findings);
        comparison.compareShared(findings);
        return findings;
    }
};

std::string told(Findings const& findings) {
    std::string text;
    for (Difference const& difference : findings.differences)
        text += toString(difference.aspect).str() + ": " + difference.legacySide + " | " +
                difference.airflowSide + " | " + difference.consequence + "\n";
    for (Unknown const& unknown : findings.unknowns)
        text += "unknown: " + unknown.reason + "\n";
    return text;
}

void expectOne(Findings const& findings, Aspect aspect, Text consequence) {
    ASSERT_EQ(findings.differences.size(), 1u) << told(findings);
    EXPECT_TRUE(findings.unknowns.empty()) << told(findings);
    EXPECT_EQ(toString(findings.differences[0].aspect), toString(aspect)) << told(findings);
    EXPECT_NE(findings.differences[0].consequence.find(consequence.str()), std::string::npos)
        << told(findings);
    EXPECT_TRUE(findings.differences[0].definition.isValid());
}

bool assumes(Findings const& findings, Text name) {
    return llvm::any_of(findings.assumptions,
                        [&](Assumption const& assumption) { return assumption.name == name; });
}

struct Break {
    char const* path; ///< JSON pointer into the task
    json value;
    Aspect aspect;
    char const* consequence;
};
std::ostream& operator<<(std::ostream& out, Break const& one) {
    return out << one.path << " = " << one.value.dump();
}
class Fields : public testing::TestWithParam<Break> {};

} // namespace

TEST(FieldsTest, AFaithfulTaskHasNoDifference) {
    Findings const findings = Faithful().compare();
    EXPECT_EQ(told(findings), "");
    EXPECT_TRUE(assumes(findings, "std-files-append"));
    EXPECT_TRUE(assumes(findings, "connection:m1"));
    EXPECT_TRUE(assumes(findings, "intermediate-failures-hidden"));
}

TEST_P(Fields, OneBrokenFieldIsReportedAndNothingElse) {
    Faithful faithful;
    faithful.task[json::json_pointer(GetParam().path)] = GetParam().value;
    expectOne(faithful.compare(), GetParam().aspect, GetParam().consequence);
}

INSTANTIATE_TEST_SUITE_P(
    Broken, Fields,
    testing::Values(
        Break{"/arguments/command", "load $$DAY {{ x }} ", Aspect::action, "another command"},
        Break{"/arguments/expand_globals", false, Aspect::action, "TR-47"},
        Break{"/arguments/stdin", "in", Aspect::action, "CRON-006"},
        Break{"/arguments/profile", nullptr, Aspect::action, "another profile"},
        Break{"/arguments/shell", "/bin/sh", Aspect::action, "another shell"},
        Break{"/arguments/std_in_file", "/other", Aspect::action, "standard input"},
        Break{"/arguments/std_out_file", "/out", Aspect::action, "TR-49"},
        Break{"/arguments/std_err_file", "/dev/null", Aspect::action, "TR-49"},
        Break{"/arguments/environment/K", "w", Aspect::action, "value of K"},
        Break{"/arguments/environment/MORE", "w", Aspect::action, "MORE"},
        Break{"/arguments/machine", "m1", Aspect::action, "another host"},
        Break{"/arguments/owner_user", "root", Aspect::action, "another user"},
        Break{"/run_as_user", "root", Aspect::action, "another user"},
        Break{"/arguments/exit_rule", "max: 5", Aspect::verdict, "exit code 5"},
        Break{"/arguments/exit_rule", "fail: 5-9", Aspect::verdict, "exit code 10"},
        Break{"/arguments/via", "local", Aspect::action, "another way"},
        Break{"/arguments/connection", "c", Aspect::action, "another host"},
        Break{"/queue", "q", Aspect::action, "other workers"},
        Break{"/retries", 3, Aspect::retry, "4 times instead of 3"},
        Break{"/arguments/term_run_time", nullptr, Aspect::limit, "run on after 30 minutes"},
        Break{"/execution_timeout", 60.0, Aspect::limit, "killed after 1 minute"},
        Break{"/arguments/noexec", true, Aspect::action, "JIL-092"},
        Break{"/arguments/resources", "(R, QUANTITY=1, FREE=Y)", Aspect::resource, "JIL-160"},
        Break{"/arguments/resources", "(R, QUANTITY=2, FREE=A)", Aspect::resource, "JIL-160"},
        Break{"/pool", "p", Aspect::resource, "wait for a slot"},
        Break{"/arguments/alarms/max_run", 21, Aspect::alarm, "told about"},
        Break{"/arguments/alarms/min_run", nullptr, Aspect::alarm, "told about"},
        Break{"/arguments/alarms/if_fail", true, Aspect::alarm, "told about"},
        Break{"/arguments/alarms/if_terminated", false, Aspect::alarm, "not told today"},
        Break{"/arguments/alarms/notify", json::array({"z@y"}), Aspect::alarm, "told about"},
        Break{"/arguments/alarms/notify_on", "failure", Aspect::alarm, "told about"},
        Break{"/arguments/alarms/message", "bye", Aspect::alarm, "told about"},
        Break{"/depends_on_past", true, Aspect::limit, "never start again"},
        Break{"/wait_for_downstream", true, Aspect::limit, "run before"},
        Break{"/is_teardown", true, Aspect::verdict, "AF-015"},
        Break{"/on_failure_fail_dagrun", true, Aspect::verdict, "whenever A fails"}));

TEST(FieldsTest, OtherWordsForTheSameAreNoDifference) {
    for (auto const& [path, value] : std::initializer_list<std::pair<char const*, json>>{
             {"/arguments/exit_rule", "success: 0-2,3,4"},
             {"/arguments/exit_rule", "fail: 5-255"},
             {"/arguments/std_err_file", "/err"},
             {"/arguments/resources", "( R , FREE=Y, QUANTITY=2 )"},
             {"/arguments/alarms/if_terminated", true},
             {"/execution_timeout", 1800.0},
             {"/arguments/term_run_time", 30.0}}) {
        Faithful faithful;
        faithful.task[json::json_pointer(path)] = value;
        EXPECT_EQ(told(faithful.compare()), "") << path << " = " << value;
    }
}

TEST(FieldsTest, BytesThatAreNoUtf8AreFoundAgain) {
    Faithful faithful;
    auto& action = std::get<ir::CommandAction>(faithful.builder[faithful.a].action);
    action.command.value = "echo \xe9 \xc3\xa9";
    faithful.task["arguments"]["command"] = "echo \xc3\xa9 \xc3\xa9";
    EXPECT_EQ(told(faithful.compare()), "");
    faithful.task["arguments"]["command"] = "echo \xc3\xa8 \xc3\xa9";
    expectOne(faithful.compare(), Aspect::action, "another command");
}

TEST(FieldsTest, TruncatingBySettingIsWhatTheShimMustBeTold) {
    Faithful faithful;
    faithful.builder.estate.settings.stdFilesAppend = false;
    faithful.task["arguments"]["std_err_file"] = "/err"; // the shim appends
    expectOne(faithful.compare(), Aspect::action, "TR-49");
    faithful.task["arguments"]["std_err_file"] = ">/err";
    EXPECT_EQ(told(faithful.compare()), "");
}

TEST(FieldsTest, WhatARuleOfTheSiteSaysIsAnAssumption) {
    Faithful faithful;
    ir::SiteRule rule;
    rule.machine = "m*";
    rule.executor = "local";
    rule.connection = "c";
    rule.queue = "q";
    rule.pool = "p";
    rule.retries = 7;
    faithful.builder.estate.settings.rules.push_back(rule);
    faithful.task["arguments"]["via"] = "local";
    faithful.task["arguments"]["connection"] = "c";
    faithful.task["queue"] = "q";
    faithful.task["pool"] = "p";
    faithful.task["retries"] = 7;
    Findings const findings = faithful.compare();
    EXPECT_EQ(told(findings), "");
    EXPECT_TRUE(assumes(findings, "site-rule:1"));
    faithful.task["queue"] = "default";
    expectOne(faithful.compare(), Aspect::action, "other workers");
}

TEST(FieldsTest, AnOperatorOfTheSiteMustBeTheOneThatTheRuleNames) {
    Faithful faithful;
    ir::SiteRule rule;
    rule.job = "A";
    rule.operatorClass = "my.site.SqlOperator";
    rule.arguments = {{"sql", "{command}"}};
    faithful.builder.estate.settings.rules.push_back(rule);
    faithful.task["type"] = "LegacySqlOperator";
    faithful.task["module"] = "hoist_airflow.job";
    faithful.task["arguments"]["sql"] = "load $$DAY {{ x }}";
    EXPECT_EQ(told(faithful.compare()), "");
    faithful.task["arguments"]["sql"] = "load";
    expectOne(faithful.compare(), Aspect::action, "another `sql`");
    faithful.task["arguments"]["sql"] = "load $$DAY {{ x }}";
    faithful.task["type"] = "LegacyOtherOperator";
    expectOne(faithful.compare(), Aspect::shape, "another operator");
}

TEST(FieldsTest, ARefusalAndForeignCodeAreUnknown) {
    for (char const* type : {"Unsupported", "Opaque", "PythonOperator"}) {
        EstateBuilder builder;
        ir::JobId const a = builder.job("A");
        target::Dag const dag =
            dagOf({std::string_view(type) == "PythonOperator"
                       ? stock("A", type, json::object())
                       : shim("A", type, {{"reason", "why"}, {"kind", "SQL"}})});
        Findings findings;
        FieldComparison(builder.estate, nullptr)
            .compareTask(a, dag, dag.tasks[target::TaskId(0)], findings);
        EXPECT_TRUE(findings.differences.empty()) << told(findings);
        ASSERT_EQ(findings.unknowns.size(), 1u);
        EXPECT_NE(findings.unknowns[0].reason.find(type), std::string::npos);
    }
}

namespace {

/// A plain JIL job against one task.
Findings compareOne(EstateBuilder& builder, ir::JobId job, json const& task) {
    target::Dag const dag = dagOf({task});
    Findings findings;
    FieldComparison(builder.estate, nullptr)
        .compareTask(job, dag, dag.tasks[target::TaskId(0)], findings);
    return findings;
}

Findings compareBash(Text command, char const* bash, json const& more = json::object(),
                     ir::Dialect dialect = ir::Dialect::jil) {
    EstateBuilder builder;
    ir::JobId const a = builder.job("A");
    builder[a].dialect = dialect;
    builder.set(std::get<ir::CommandAction>(builder[a].action).command,
                builder.estate.save(command));
    json arguments = {{"bash_command", bash}, {"skip_on_exit_code", nullptr}};
    arguments.update(more);
    return compareOne(builder, a, stock("A", "BashOperator", arguments));
}

} // namespace

TEST(BashOperator, ThePlainCommandIsTheSame) {
    Findings const findings = compareBash("load 'x' $HOME", "load 'x' $HOME");
    EXPECT_EQ(told(findings), "");
    EXPECT_TRUE(assumes(findings, "worker-environment"));
}

TEST(BashOperator, ExitCode99SkipsByDefault) {
    EXPECT_EQ(told(compareBash("x", "x", {{"skip_on_exit_code", json::array()}})), "");
    expectOne(compareBash("x", "x", {{"skip_on_exit_code", {99}}}), Aspect::verdict, "AF-030");
}

TEST(BashOperator, TheCommandIsATemplate) {
    expectOne(compareBash("echo {{ x }}", "echo {{ x }}"), Aspect::action, "AF-031");
    expectOne(compareBash("awk '{# x'", "awk '{# x'"), Aspect::action, "AF-031");
    expectOne(compareBash("run.sh", "run.sh"), Aspect::action, "TemplateNotFound");
    EXPECT_EQ(told(compareBash("run.sh", "run.sh ")), "");
    EXPECT_EQ(told(compareBash("echo {{ x }}", "{% raw %}echo {{ x }}{% endraw %}")), "");
    EXPECT_EQ(told(compareBash("echo {{ x", "echo {{ '{{' }} x")), "");
    expectOne(compareBash("a", "b"), Aspect::action, "another command");
}

TEST(BashOperator, GlobalVariablesAreNotTheShells) {
    expectOne(compareBash("echo $$G", "echo $$G"), Aspect::action, "TR-47");
    EXPECT_EQ(
        told(compareBash("echo $$", "echo $$", json::object(), ir::Dialect::cron)).find("TR-47"),
        std::string::npos);
    Findings const findings = compareBash("echo $$G $${H}", "echo {{ var.value.G }} {{ "
                                                            "var.value.get('H', '') }}");
    EXPECT_EQ(told(findings), "");
    EXPECT_TRUE(assumes(findings, "variable-is-global:G"));
    EXPECT_TRUE(assumes(findings, "variable-is-global:H"));
}

TEST(BashOperator, WhatItCannotDoIsToldOneByOne) {
    struct Case {
        std::function<void(EstateBuilder&, ir::Job&, ir::CommandAction&)> change;
        Aspect aspect;
        char const* consequence;
    };
    std::vector<Case> const cases = {
        {[](auto& b, auto& job, auto&) { b.set(job.machines, llvm::SmallVector<Text, 1>{"m"}); },
         Aspect::action, "another host"},
        {[](auto& b, auto& job, auto&) { b.set(job.owner, Text("batch")); }, Aspect::action,
         "another user"},
        {[](auto& b, auto&, auto& action) { b.set(action.stdinText, Text("x")); }, Aspect::action,
         "standard input"},
        {[](auto& b, auto&, auto& action) { b.set(action.profile, Text("/p")); }, Aspect::action,
         "profile"},
        {[](auto& b, auto&, auto& action) { b.set(action.stdoutFile, Text(">/o")); },
         Aspect::action, "TR-49"},
        {[](auto& b, auto&, auto& action) { b.set(action.shell, Text("/bin/ksh")); },
         Aspect::action, "another shell"},
        {[](auto&, auto& job, auto&) { job.exitRule.max = 4; }, Aspect::verdict, "exit code 1 "},
        {[](auto& b, auto& job, auto&) { b.set(job.retries, 1); }, Aspect::retry, "JIL-054"},
        {[](auto& b, auto& job, auto&) { b.set(job.termRunTime, 5); }, Aspect::limit, "JIL-153"},
        {[](auto& b, auto& job, auto&) { b.set(job.alarms.maxRun, 5); }, Aspect::alarm, "TR-50"},
        {[](auto& b, auto& job, auto&) {
             job.resources.push_back({"R", {}, 1, 'A', true, b.construct("resource")});
             job.resourcesFrom = b.construct("resources");
         },
         Aspect::resource, ""},
    };
    for (size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(i);
        EstateBuilder builder;
        ir::JobId const a = builder.job("A");
        cases[i].change(builder, builder[a], std::get<ir::CommandAction>(builder[a].action));
        json task =
            stock("A", "BashOperator", {{"bash_command", "true"}, {"skip_on_exit_code", nullptr}});
        Findings const findings = compareOne(builder, a, task);
        if (cases[i].aspect == Aspect::resource) {
            // Not in the default pool: nothing counts the units.
            ASSERT_EQ(findings.differences.size(), 1u) << told(findings);
            continue;
        }
        expectOne(findings, cases[i].aspect, cases[i].consequence);
    }
}

TEST(BashOperator, ATimeOutIsRetriedByAirflowOnly) {
    EstateBuilder builder;
    ir::JobId const a = builder.job("A");
    builder.set(builder[a].retries, 2);
    builder.set(builder[a].termRunTime, 5);
    json task =
        stock("A", "BashOperator", {{"bash_command", "true"}, {"skip_on_exit_code", nullptr}});
    task["retries"] = 2;
    task["execution_timeout"] = 300.0;
    expectOne(compareOne(builder, a, task), Aspect::retry, "TR-45");
    // The shims record TERMINATED and do not try again.
    json faithful = shim("A", "Command", {{"command", "true"}, {"term_run_time", 5}});
    faithful["retries"] = 2;
    EXPECT_EQ(told(compareOne(builder, a, faithful)), "");
}

TEST(Operators, AnEmptyOneIsRightForNoExecOnly) {
    EstateBuilder builder;
    ir::JobId const a = builder.job("A");
    json const task = stock("A", "EmptyOperator", json::object());
    expectOne(compareOne(builder, a, task), Aspect::action, "without having done anything");
    builder.set(builder[a].initialStatus, ir::InitialStatus::onNoExec);
    EXPECT_EQ(told(compareOne(builder, a, task)), "");
    expectOne(compareOne(builder, a, shim("A", "Command", {{"command", "true"}})), Aspect::action,
              "JIL-092");
}

TEST(FileWatchers, TheShimIsExactAndTheSensorGivesUp) {
    EstateBuilder builder;
    ir::JobId const a = builder.job("A");
    ir::FileWatchAction action;
    builder.set(action.path, Text("/in/x"));
    builder.set(action.minSize, 10);
    builder.set(action.interval, 30);
    builder[a].action = action;
    json const faithful =
        shim("A", "FileWatcher", {{"path", "/in/x"}, {"min_size", 10}, {"interval", 30}});
    EXPECT_EQ(told(compareOne(builder, a, faithful)), "");
    for (auto const& [key, value] : std::initializer_list<std::pair<char const*, json>>{
             {"path", "/in/y"}, {"min_size", 9}, {"interval", 60}, {"machine", "m"}}) {
        json task = faithful;
        task["arguments"][key] = value;
        expectOne(compareOne(builder, a, task), Aspect::action, "");
    }
    Findings const sensor = compareOne(
        builder, a, stock("A", "FileSensor", {{"filepath", "/in/x"}, {"timeout", 3600}}));
    ASSERT_EQ(sensor.differences.size(), 2u) << told(sensor);
    EXPECT_NE(sensor.differences[0].consequence.find("still being written"), std::string::npos);
    EXPECT_EQ(sensor.differences[1].airflowSide, "gives up after 60 minutes");
}

TEST(Pools, OneAlwaysFreedResourceIsAPool) {
    for (auto const& [free, slots, kind, count] :
         {std::tuple{'A', 2, ir::Resource::Kind::renewable, 0},
          std::tuple{'Y', 2, ir::Resource::Kind::renewable, 1},
          std::tuple{'A', 1, ir::Resource::Kind::renewable, 1},
          std::tuple{'A', 2, ir::Resource::Kind::depletable, 1}}) {
        EstateBuilder builder;
        ir::JobId const a = builder.job("A");
        ir::ResourceId const id = builder.estate.resources.add();
        builder.estate.resources[id].name = "R";
        builder.estate.resources[id].kind = kind;
        builder.set(builder.estate.resources[id].amount, 5);
        builder.estate.resourceByName["R"] = id;
        builder[a].resources.push_back({"R", {}, 2, free, true, builder.construct("resource")});
        builder[a].resourcesFrom = builder.construct("resources");
        json task = shim("A", "Command", {{"command", "true"}});
        task["pool"] = "R";
        task["pool_slots"] = slots;
        Findings const findings = compareOne(builder, a, task);
        EXPECT_EQ(findings.differences.size(), static_cast<size_t>(count)) << told(findings);
        if (count == 0)
            EXPECT_TRUE(assumes(findings, "pool:R:slots=5"));
        else
            EXPECT_NE(told(findings).find("TR-46"), std::string::npos);
    }
}

TEST(Pools, OneResourceIsCountedInOnePlaceAndLowPrioritiesGoFirst) {
    EstateBuilder builder;
    ir::ResourceId const resource = builder.estate.resources.add();
    builder.estate.resources[resource].name = "R";
    builder.set(builder.estate.resources[resource].amount, 5);
    builder.estate.resourceByName["R"] = resource;
    std::vector<ir::JobId> jobs;
    for (auto const& [name, priority] : {std::pair{"A", 1}, {"B", 7}}) {
        ir::JobId const job = builder.job(name);
        builder[job].resources.push_back({"R", {}, 1, 'A', true, builder.construct("resource")});
        builder.set(builder[job].priority, priority);
        jobs.push_back(job);
    }
    auto const compare = [&](json first, json second) {
        target::Dag const dag = dagOf({std::move(first), std::move(second)});
        Findings findings;
        FieldComparison comparison(builder.estate, nullptr);
        for (uint32_t i = 0; i < 2; ++i)
            comparison.compareTask(jobs[i], dag, dag.tasks[target::TaskId(i)], findings);
        comparison.compareShared(findings);
        return findings;
    };
    auto const pooled = [](char const* name, int weight) {
        json task = shim(name, "Command", {{"command", "true"}});
        task["pool"] = "R";
        task["priority_weight"] = weight;
        task["weight_rule"] = "absolute";
        return task;
    };
    EXPECT_EQ(told(compare(pooled("A", 9), pooled("B", 3))), "");
    expectOne(compare(pooled("A", 3), pooled("B", 9)), Aspect::resource, "another order");
    json sums = pooled("B", 3);
    sums["weight_rule"] = "downstream";
    expectOne(compare(pooled("A", 9), sums), Aspect::resource, "what follows it");
    json const claims =
        shim("B", "Command", {{"command", "true"}, {"resources", "(R, QUANTITY=1, FREE=A)"}});
    expectOne(compare(pooled("A", 9), claims), Aspect::resource, "run at once");
}

TEST(Alarms, ClocksMustStandInTheManifestToo) {
    EstateBuilder builder;
    ir::JobId const a = builder.job("A");
    ir::Schedule& schedule = builder.daily(a, {60});
    builder.set(schedule.mustStart, std::vector<ir::ClockOrOffset>{{true, 5}});
    json const task =
        shim("A", "Command", {{"command", "true"}, {"alarms", {{"must_start", {"+5"}}}}});
    Findings const without = compareOne(builder, a, task);
    EXPECT_EQ(told(without), "");
    EXPECT_TRUE(assumes(without, "manifest-alarms:A"));
    std::string error;
    target::Dag const dag = dagOf({task});
    for (auto const& [manifest, count] :
         {std::pair{R"({"alarms": [{"job": "A", "must_start": ["+5"]}]})", 0u},
          {R"({"alarms": []})", 1u}}) {
        auto const alarms = readManifestAlarms(json::parse(manifest), error);
        ASSERT_TRUE(alarms) << error;
        Findings findings;
        FieldComparison(builder.estate, &*alarms)
            .compareTask(a, dag, dag.tasks[target::TaskId(0)], findings);
        EXPECT_EQ(findings.differences.size(), count) << told(findings);
    }
    EXPECT_FALSE(readManifestAlarms(json::array(), error));
}

namespace {

struct BoxRun {
    EstateBuilder builder;
    ir::JobId box, a, b;
    ir::WorkflowId workflow;
    target::Dag dag = dagOf(
        {shim("A", "Command", {{"command", "true"}}), shim("B", "Command", {{"command", "true"}})});
    BoxRun() {
        box = builder.box("BOX");
        a = builder.job("A", "BOX");
        b = builder.job("B", "BOX");
        builder.daily(box, {60});
        dag.timetable.kind = target::Timetable::Kind::ticks;
        workflow = builder.estate.workflows.add();
        builder.estate.workflows[workflow].root = box;
        builder.estate.workflows[workflow].jobs = {box, a, b};
    }
    Findings compare(char const* manifest = nullptr) {
        std::string error;
        auto const alarms = manifest ? readManifestAlarms(json::parse(manifest), error)
                                     : std::optional<ManifestAlarms>();
        Findings findings;
        FieldComparison(builder.estate, alarms ? &*alarms : nullptr)
            .compareDag(workflow, dag, findings);
        return findings;
    }
};

} // namespace

TEST(Dags, EachLimitOfARunIsReportedAlone) {
    EXPECT_EQ(told(BoxRun().compare()), "");
    struct Case {
        std::function<void(BoxRun&)> change;
        Aspect aspect;
        char const* consequence;
    };
    std::vector<Case> const cases = {
        {[](BoxRun& run) { run.dag.maxActiveRuns = 16; }, Aspect::limit, "TR-51"},
        {[](BoxRun& run) { run.dag.catchup = true; }, Aspect::schedule, "missed tick"},
        {[](BoxRun& run) { run.dag.dagrunTimeout = 60; }, Aspect::limit, "1 minute"},
        {[](BoxRun& run) { run.dag.failFast = true; }, Aspect::start, "TAF-8"},
        {[](BoxRun& run) { run.dag.pausedUponCreation = true; }, Aspect::start, "unpauses"},
        {[](BoxRun& run) { run.dag.fields["max_consecutive_failed_dag_runs"] = 3; }, Aspect::start,
         "pause BOX"},
        {[](BoxRun& run) {
             run.builder.set(run.builder[run.box].initialStatus, ir::InitialStatus::onIce);
         },
         Aspect::start, "JIL-088"},
        {[](BoxRun& run) { run.builder.set(run.builder[run.box].termRunTime, 9); }, Aspect::limit,
         "hangs"},
        {[](BoxRun& run) {
             run.builder.set(run.builder[run.box].alarms.notify, true);
             run.dag.tasks = {}; // a DAG without shims
         },
         Aspect::alarm, "how box BOX ended"},
        {[](BoxRun& run) {
             run.builder.estate.schedules[ir::ScheduleId(0)].whileRunning =
                 ir::TickWhileRunning::overlap;
         },
         Aspect::limit, "CRON-009"}};
    for (size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(i);
        BoxRun run;
        cases[i].change(run);
        expectOne(run.compare(), cases[i].aspect, cases[i].consequence);
    }
}

TEST(Dags, TheEndsOfABoxAreToldThroughTheManifest) {
    EXPECT_EQ(told(BoxRun().compare(R"({"alarms": [{"job": "BOX", "outcomes": {}}]})")), "");
    expectOne(BoxRun().compare(R"({"alarms": []})"), Aspect::alarm, "how box BOX ended");
    expectOne(BoxRun().compare(R"({"alarms": [{"job": "BOX", "outcomes": {"if_fail": false}}]})"),
              Aspect::alarm, "told");
    BoxRun notified;
    notified.builder.set(notified.builder[notified.box].alarms.notify, true);
    EXPECT_TRUE(assumes(notified.compare(), "manifest-alarms:BOX"));
    EXPECT_EQ(told(notified.compare(R"({"alarms": [{"job": "BOX", "outcomes":
                      {"notify": [], "notify_on": "completion"}}]})")),
              "");
    expectOne(notified.compare(R"({"alarms": [{"job": "BOX", "outcomes": {"notify": []}}]})"),
              Aspect::alarm, "other people");
    BoxRun slow;
    slow.builder.set(slow.builder[slow.box].alarms.maxRun, 30);
    EXPECT_EQ(told(slow.compare(R"({"alarms": [{"job": "BOX", "max_run": 30, "outcomes": {}}]})")),
              "");
    expectOne(slow.compare(R"({"alarms": [{"job": "BOX", "outcomes": {}}]})"), Aspect::alarm,
              "other people");
}

TEST(Dags, WithoutTheShimsATickIsQueuedAndThatIsNamed) {
    BoxRun run;
    run.dag = dagOf({stock("A", "BashOperator", json::object())});
    run.dag.timetable.kind = target::Timetable::Kind::ticks;
    Findings const findings = run.compare();
    EXPECT_EQ(told(findings), "");
    EXPECT_TRUE(assumes(findings, "no-tick-while-running:BOX"));
}
