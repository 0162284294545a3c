// The reader of exports: what it takes over, which roles tasks have, and that damage is an error.
#include "analysis/target/Bag.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ctime>

using namespace hoist::target;
using nlohmann::json;

namespace {

json task(std::string const& id, std::vector<std::string> bases, json const& more = {}) {
    json made = {{"task_id", id},
                 {"type", bases.front()},
                 {"module", "m"},
                 {"bases", bases},
                 {"trigger_rule", "all_success"},
                 {"downstream", json::array()},
                 {"group", nullptr},
                 {"mapped", false},
                 {"callbacks", json::array()},
                 {"outlets", json::array()},
                 {"inlets", json::array()},
                 {"is_empty", false},
                 {"is_sensor", false},
                 {"is_branch", false},
                 {"can_skip_downstream", false},
                 {"hoist", nullptr},
                 {"arguments", json::object()}};
    if (more.is_object())
        made.update(more);
    return made;
}

json shim(std::string const& role, std::string const& job) {
    return {{"hoist", {{"role", role}, {"job", job}, {"box", nullptr}}}};
}

json document() {
    json a = task("a", {"Command", "Job", "BaseOperator"}, shim("job", "A 1"));
    a["downstream"] = {"b", "end"};
    a["hoist"]["box"] = "";
    a["arguments"] = {{"command", "true"}};
    json b = task("b", {"EmptyOperator", "BaseOperator"}, {{"is_empty", true}});
    b["trigger_rule"] = "one_success";
    b["downstream"] = {"end"};
    b["group"] = "INNER";
    json dag = {
        {"dag_id", "EOD"},
        {"file", "eod.py"},
        {"sha256", "ab"},
        {"serialized_sha256", "cd"},
        {"timetable",
         {{"type", "CronTriggerTimetable"},
          {"module", "m"},
          {"summary", "0 6 * * *"},
          {"kind", "ticks"},
          {"ticks", "t0"},
          {"later", 1}}},
        {"max_active_runs", 1},
        {"catchup", true},
        {"fail_fast", false},
        {"dagrun_timeout", 7200.5},
        {"is_paused_upon_creation", false},
        {"tags", {"x"}},
        {"a later key", {1, 2}},
        {"groups",
         {{{"id", "OUTER"}, {"parent", nullptr}, {"children", {"INNER"}}, {"hoist", nullptr}},
          {{"id", "INNER"},
           {"parent", "OUTER"},
           {"children", {"b"}},
           {"hoist",
            {{"job", "I"},
             {"success", "s(B)"},
             {"failure", nullptr},
             {"terminators", {"B"}},
             {"kill", json::array()}}}}}},
        {"tasks", {a, b, task("end", {"Verdict", "BaseOperator"}, shim("verdict", "EOD"))}}};
    return {{"format", 1},
            {"exporter", "hoist-airflow 0.1.0"},
            {"airflow", "3.3.2"},
            {"horizon", {{"from", 100}, {"to", 500}}},
            {"import_errors", {{"x.py", "KeyError: 'a'"}}},
            {"tick_sets", {{"t0", {{"ticks", {100, 200, 300}}, {"until", 500}}}}},
            {"dags", {dag}}};
}

std::optional<Bag> read(json const& value, std::string* error = nullptr) {
    std::string text;
    std::optional<Bag> found = readBag(value.dump(), text);
    if (error != nullptr)
        *error = text;
    return found;
}

std::string errorOf(json const& value) {
    std::string error;
    EXPECT_FALSE(read(value, &error)) << value.dump();
    return error;
}

Role roleOf(json const& value) {
    json whole = document();
    whole["dags"][0]["tasks"] = json::array({value});
    std::optional<Bag> const bag = read(whole);
    EXPECT_TRUE(bag);
    return bag->dags[DagId(0)].tasks[TaskId(0)].role;
}

} // namespace

TEST(ReadBag, TakesEverythingOver) {
    std::optional<Bag> const bag = read(document());
    ASSERT_TRUE(bag);
    EXPECT_EQ(bag->airflowVersion, "3.3.2");
    EXPECT_EQ(bag->from, 100);
    EXPECT_EQ(bag->to, 500);
    ASSERT_EQ(bag->importErrors.size(), 1u);
    EXPECT_EQ(bag->importErrors[0].first, "x.py");
    Dag const& dag = bag->dags[bag->dagById.lookup("EOD")];
    EXPECT_EQ(dag.timetable.kind, Timetable::Kind::ticks);
    EXPECT_EQ(bag->tickSets[dag.timetable.ticks].ticks, (std::vector<int64_t>{100, 200, 300}));
    EXPECT_EQ(dag.maxActiveRuns, 1);
    EXPECT_TRUE(dag.catchup);
    EXPECT_EQ(dag.dagrunTimeout, 7200);
    EXPECT_EQ(dag.pausedUponCreation, false);
    EXPECT_FALSE(dag.fields.contains("tasks"));
    EXPECT_EQ(dag.fields["tags"][0], "x");
    Task const& a = dag.tasks[dag.taskById.lookup("a")];
    EXPECT_EQ(a.role, Role::job);
    EXPECT_EQ(a.legacyJob, "A 1");
    EXPECT_EQ(a.legacyBox, "");
    EXPECT_EQ(a.argument("command"), "true");
    EXPECT_TRUE(a.argument("machine").is_null());
    EXPECT_FALSE(a.group.isValid());
    Task const& end = dag.tasks[dag.taskById.lookup("end")];
    EXPECT_EQ(end.upstream.size(), 2u);
    EXPECT_EQ(end.role, Role::verdict);
    EXPECT_FALSE(end.legacyBox);
    Task const& b = dag.tasks[dag.taskById.lookup("b")];
    EXPECT_EQ(b.rule, TriggerRule::oneSuccess);
    Group const& inner = dag.groups[b.group];
    EXPECT_TRUE(inner.isBox);
    EXPECT_EQ(inner.legacyJob, "I");
    EXPECT_EQ(inner.success, "s(B)");
    EXPECT_FALSE(inner.failure);
    EXPECT_EQ(inner.terminators, std::vector<std::string>{"B"});
    EXPECT_EQ(dag.groups[inner.parent].id, "OUTER");
    EXPECT_FALSE(dag.groups[inner.parent].isBox);
}

TEST(ReadBag, Roles) {
    EXPECT_EQ(roleOf(task("t", {"Gate", "BaseOperator"}, shim("gate", "T"))), Role::gate);
    EXPECT_EQ(roleOf(task("t", {"Hold", "BaseOperator"}, shim("hold", "T"))), Role::hold);
    EXPECT_EQ(roleOf(task("t", {"X", "BaseOperator"}, shim("later", "T"))), Role::opaque);
    EXPECT_EQ(roleOf(task("t", {"BashOperator", "BaseOperator"})), Role::job);
    EXPECT_EQ(roleOf(task("t", {"Mine", "SSHOperator", "BaseOperator"})), Role::job);
    EXPECT_EQ(roleOf(task("t", {"BashOperator", "BaseOperator"}, {{"mapped", true}})),
              Role::opaque);
    EXPECT_EQ(roleOf(task("t", {"PythonOperator", "BaseOperator"})), Role::opaque);
    EXPECT_EQ(roleOf(task("t", {"FileSensor", "BaseSensorOperator", "BaseOperator"},
                          {{"is_sensor", true}})),
              Role::opaque);
    EXPECT_EQ(roleOf(task("t", {"TriggerDagRunOperator", "BaseOperator"})), Role::opaque);
    json const empty = task("t", {"EmptyOperator", "BaseOperator"}, {{"is_empty", true}});
    EXPECT_EQ(roleOf(empty), Role::junction);
    for (char const* const key : {"callbacks", "outlets", "inlets"}) { // AF-016
        json busy = empty;
        busy[key] = {"x"};
        EXPECT_EQ(roleOf(busy), Role::job) << key;
    }
}

TEST(ReadBag, WrongTypesAreErrorsThatSayWhere) {
    using Change = void (*)(json&);
    struct Case {
        Change change;
        char const* error;
    };
    Case const cases[] = {
        {[](json& d) { d = json::array(); }, "export: not an object"},
        {[](json& d) { d.erase("format"); },
         "export: no number `format`: this is not an export of hoistctl export-dags"},
        {[](json& d) { d["format"] = 2; }, "export: format 2; this version knows format 1"},
        {[](json& d) { d["dags"] = 1; }, "export.dags: not a list"},
        {[](json& d) { d["dags"][0]["dag_id"] = 1; }, "export.dags[0].dag_id: not a text"},
        {[](json& d) { d["dags"].push_back(d["dags"][0]); }, "export.dags[1]: a second DAG `EOD`"},
        {[](json& d) { d["dags"][0]["max_active_runs"] = 1.5; },
         "export.dags[0].max_active_runs: not an integer"},
        {[](json& d) { d["dags"][0]["catchup"] = "no"; },
         "export.dags[0].catchup: not true or false"},
        {[](json& d) { d["dags"][0]["timetable"]["ticks"] = "t9"; },
         "export.dags[0].timetable: no tick set `t9`"},
        {[](json& d) { d["tick_sets"]["t0"]["ticks"] = {3, 1}; },
         "export.tick_sets.t0.ticks: not sorted"},
        {[](json& d) { d["tick_sets"]["t0"]["ticks"] = {"1"}; },
         "export.tick_sets.t0.ticks: not a list of integers"},
        {[](json& d) { d["dags"][0]["tasks"][1]["downstream"] = {"nobody"}; },
         "export.dags[0].tasks[1]: no task `nobody`"},
        {[](json& d) { d["dags"][0]["tasks"][1]["downstream"] = {{1}}; },
         "export.dags[0].tasks[1].downstream: not a list of texts"},
        {[](json& d) { d["dags"][0]["tasks"][1]["group"] = "nowhere"; },
         "export.dags[0].tasks[1]: no group `nowhere`"},
        {[](json& d) { d["dags"][0]["tasks"][2]["task_id"] = "a"; },
         "export.dags[0].tasks[2]: a second task `a`"},
        {[](json& d) { d["dags"][0]["tasks"][0]["hoist"]["job"] = nullptr; },
         "export.dags[0].tasks[0].hoist.job: not a text"},
        {[](json& d) { d["dags"][0]["tasks"][0]["arguments"] = 7; },
         "export.dags[0].tasks[0].arguments: not an object"},
        {[](json& d) { d["dags"][0]["groups"][0]["parent"] = "INNER"; },
         "export.dags[0].groups: group `OUTER` lies in itself"},
        {[](json& d) { d["import_errors"]["x.py"] = 1; }, "export.import_errors.x.py: not a text"},
    };
    for (Case const& one : cases) {
        json changed = document();
        one.change(changed);
        EXPECT_EQ(errorOf(changed), one.error);
    }
}

TEST(ReadBag, NoValueOfAnyTypeCrashes) {
    // Every value of the document, replaced by values of every other type.
    json const whole = document().flatten();
    json const others[] = {nullptr,         true, -1, 1.5, uint64_t(-1), "x", json::array({1}),
                           json{{"k", "v"}}};
    for (auto const& [path, value] : whole.items())
        for (json const& other : others) {
            json changed = document();
            changed[json::json_pointer(path)] = other;
            std::string error;
            bool const isRead = read(changed, &error).has_value();
            EXPECT_EQ(isRead, error.empty()) << path << " = " << other << ": " << error;
        }
}

TEST(ReadBag, EveryTruncationIsAnError) {
    std::string const text = document().dump();
    for (size_t length = 0; length < text.size(); ++length) {
        std::string error;
        EXPECT_FALSE(readBag(llvm::StringRef(text).take_front(length), error)) << length;
        EXPECT_FALSE(error.empty());
    }
    std::string error;
    std::string const deep = std::string(1000000, '[');
    EXPECT_FALSE(readBag(deep, error));
}

TEST(ReadBag, BytesThatAreNoText) {
    // What Python's json module writes for the byte 0xFF, PEP 383.
    std::string text = document().dump();
    size_t const at = text.find("\"true\"");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 6, R"("a\udcff\u00e4\ud83d\ude00\\udc80\uDC80")");
    std::string error;
    std::optional<Bag> const bag = readBag(text, error);
    ASSERT_TRUE(bag) << error;
    Dag const& dag = bag->dags[DagId(0)];
    EXPECT_EQ(dag.tasks[dag.taskById.lookup("a")].argument("command").get_ref<std::string const&>(),
              "a\xFF\xC3\xA4\xF0\x9F\x98\x80\\udc80\x80");
}

TEST(ReadBag, TenThousandTasksAreQuick) {
    json whole = document();
    json one = whole["dags"][0]["tasks"][0];
    json many = json::array();
    for (int n = 0; n < 10000; ++n) {
        one["task_id"] = "task_" + std::to_string(n);
        one["downstream"] = json::array({"task_" + std::to_string((n + 1) % 10000)});
        for (char const* const key : {"pool", "queue", "weight_rule", "retries", "retry_delay",
                                      "execution_timeout", "depends_on_past", "run_as_user"})
            one[key] = "some value";
        many.push_back(one);
    }
    whole["dags"][0]["tasks"] = many;
    std::string const text = whole.dump();
    std::clock_t const before = std::clock(); // of the processor: the host may be busy
    std::string error;
    std::optional<Bag> const bag = readBag(text, error);
    double const took = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    ASSERT_TRUE(bag) << error;
    EXPECT_EQ(bag->dags[DagId(0)].tasks.size(), 10000u);
    EXPECT_LT(took, 5.0); // 0.1 to 0.2 s in a release build; generous for sanitizers
}
