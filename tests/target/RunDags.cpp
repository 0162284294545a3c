// `run_dags EXPORT < cases.json`: plays loaded DAGs, for the tests that compare the simulation with
// real Airflow (tests/airflow/test_target.py). One case a run of one DAG:
//   {"dag", "at", "jobs": {JOB: [{"duration", "exit_code", "terminated"}]}, "statuses": {JOB: {…}},
//    "globals": {…}, "files": [{"path", "at", "size"}], "events": [{"at", "event", "object", …}],
//    "starts": [AT, …] (without it one at `at`), "with": [{"dag", "starts": [AT, …], "timetable":
//    BOOL}], "choices": [BOOL, …]}
// Answer: a list of {"state", "tasks": {ID: state}, "statuses": {JOB: status}, "guesses", "runs":
// {DAG: how many}}.
#include "analysis/target/DagRun.h"

#include <llvm/ADT/StringSwitch.h>

#include <fstream>
#include <iostream>
#include <iterator>

using namespace hoist;
using nlohmann::json;
using Kind = semantics::Event::Kind;

static semantics::Status statusOf(std::string const& text) {
    for (int i = 0; i <= static_cast<int>(semantics::Status::suspended); ++i)
        if (semantics::toString(static_cast<semantics::Status>(i)) == text)
            return static_cast<semantics::Status>(i);
    return semantics::Status::inactive;
}

/// The value of a key, empty when it has none; it lives as long as the object.
static json const& partOf(json const& given, char const* key) {
    static json const none;
    auto const found = given.find(key);
    return found == given.end() ? none : *found;
}

static semantics::Scenario scenarioOf(json const& given, int64_t at) {
    semantics::Scenario scenario;
    scenario.start = at;
    scenario.end = at + 30 * 86400;
    scenario.defaultRun.duration = 1;
    for (auto const& [job, plans] : partOf(given, "jobs").items())
        for (json const& plan : plans)
            scenario.runs[job].push_back({plan.value("duration", int64_t(1)),
                                          plan.value("exit_code", int64_t(0)),
                                          plan.value("terminated", false)});
    for (auto const& [job, told] : partOf(given, "statuses").items()) {
        semantics::StoredStatus& row = scenario.statuses[job];
        row.status = statusOf(told.at("status"));
        row.statusAt = told.value("at", int64_t(-1));
        row.lastStart = told.value("last_start", int64_t(-1));
        row.lastEnd = told.value("last_end", int64_t(-1));
        if (told.contains("exit_code"))
            row.exitCode = told["exit_code"].get<int64_t>();
    }
    for (auto const& [name, value] : partOf(given, "globals").items())
        scenario.globals[name] = value;
    for (json const& file : partOf(given, "files"))
        scenario.files.push_back({file.at("path"), file.at("at"), file.value("size", int64_t(1))});
    for (json const& told : partOf(given, "events")) {
        semantics::Event event;
        event.at = told.at("at");
        event.object = told.at("object");
        event.value = told.value("value", "");
        event.kind = llvm::StringSwitch<Kind>(told.at("event").get<std::string>())
                         .Case("JOB_OFF_HOLD", Kind::jobOffHold)
                         .Case("JOB_ON_HOLD", Kind::jobOnHold)
                         .Case("JOB_ON_ICE", Kind::jobOnIce)
                         .Case("JOB_OFF_ICE", Kind::jobOffIce)
                         .Case("KILLJOB", Kind::killJob)
                         .Case("SET_GLOBAL", Kind::setGlobal)
                         .Case("FORCE_STARTJOB", Kind::forceStartJob)
                         .Default(Kind::changeStatus);
        event.status = statusOf(told.value("status", ""));
        scenario.events.push_back(event);
    }
    return scenario;
}

static target::DagToRun dagToRun(target::Bag const& bag, json const& id) {
    target::DagToRun dag;
    dag.dag = bag.dagById.lookup(id.get<std::string>());
    dag.usesTimetable = false;
    for (target::Task const& task : bag.dags[dag.dag].tasks) // plain jobs go by their task id
        dag.jobs.push_back(task.legacyJob.empty() ? task.id : "");
    return dag;
}

static json play(target::Bag const& bag, json const& given) {
    int64_t const at = given.at("at");
    std::vector<target::DagToRun> dags{dagToRun(bag, given.at("dag"))};
    dags.front().starts = given.value("starts", std::vector<int64_t>{at});
    target::Dag const& loaded = bag.dags[dags.front().dag];
    int64_t begin = at;
    for (json const& more : partOf(given, "with")) {
        dags.push_back(dagToRun(bag, more.at("dag")));
        dags.back().usesTimetable = more.value("timetable", false);
        dags.back().starts = more.value("starts", std::vector<int64_t>());
        for (int64_t const start : dags.back().starts)
            begin = std::min(begin, start);
    }
    auto const choices = given.value("choices", std::vector<bool>());
    target::DagTrace const trace = target::runDags(bag, dags, scenarioOf(given, begin), &choices);
    json answer = {{"guesses", trace.guesses}, {"tasks", json::object()}};
    for (target::RunOfDag const& run : trace.runs) {
        json& count = answer["runs"][bag.dags[run.dag].id];
        count = count.is_null() ? 1 : count.get<int>() + 1;
        if (run.dag != dags.front().dag)
            continue;
        answer["state"] = toString(run.state).str();
        for (target::TaskId const id : loaded.tasks.ids())
            answer["tasks"][loaded.tasks[id].id] = toString(run.tasks[id.value]).str();
    }
    for (auto const& [job, last] : trace.trace.finals)
        answer["statuses"][job] = semantics::toString(last.status).str();
    return answer;
}

int main(int count, char** arguments) {
    if (count != 2)
        return 2;
    std::ifstream file(arguments[1]);
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    std::string error;
    std::optional<target::Bag> const bag = target::readBag(text, error);
    if (!bag) {
        std::cerr << error << '\n';
        return 1;
    }
    json answers = json::array();
    for (json const& one : json::parse(std::cin))
        answers.push_back(play(*bag, one));
    std::cout << answers.dump(-1, ' ', true, json::error_handler_t::replace) << '\n';
}
