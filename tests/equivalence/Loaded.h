// Tasks and DAGs as an export would hold them, made by hand.
#pragma once

#include "analysis/target/Bag.h"

namespace hoist::test {

using nlohmann::json;

/// A shim of hoist_airflow, with Airflow's defaults.
inline json shim(std::string const& id, char const* type, json arguments) {
    char const* module = std::string_view(type) == "FileWatcher" ? "hoist_airflow.watcher"
                         : std::string_view(type) == "Command"   ? "hoist_airflow.command"
                                                                 : "hoist_airflow.opaque";
    return {{"task_id", id},
            {"type", type},
            {"module", module},
            {"pool", "default_pool"},
            {"pool_slots", 1},
            {"priority_weight", 1},
            {"weight_rule", "downstream"},
            {"queue", "default"},
            {"retries", 0},
            {"retry_delay", 10.0},
            {"execution_timeout", nullptr},
            {"hoist", {{"role", "job"}, {"job", id}}},
            {"arguments", std::move(arguments)}};
}
/// An operator of Airflow's providers.
inline json stock(std::string const& id, char const* type, json arguments) {
    json task = shim(id, type, std::move(arguments));
    task["module"] = "airflow.providers.standard.operators.any";
    task["hoist"] = nullptr;
    task["retry_delay"] = 300.0;
    return task;
}

inline target::Task loaded(json fields) {
    target::Task task;
    task.id = fields["task_id"];
    task.type = fields["type"];
    task.module = fields["module"];
    task.fields = std::move(fields);
    return task;
}

inline target::Dag dagOf(std::initializer_list<json> tasks) {
    target::Dag dag;
    dag.id = "D";
    dag.maxActiveRuns = 1;
    dag.timetable.kind = target::Timetable::Kind::none;
    dag.fields = json::object();
    for (json const& fields : tasks) {
        target::TaskId const id = dag.tasks.add(loaded(fields));
        dag.taskById[dag.tasks[id].id] = id;
    }
    return dag;
}

} // namespace hoist::test
