// What goes on between DAGs: sensors on the runs of another DAG and schedules by assets; and the
// decisions of operators whose function the export does not tell. Only stock operators as their
// providers have them, and only arguments whose meaning is known: everything else stays a guess.
#include "analysis/target/Simulation.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <algorithm>

namespace hoist::target {

using nlohmann::json;

namespace {

bool isEmptyValue(json const& value) {
    return value.is_null() || value == false ||
           (value.is_string() && value.get_ref<std::string const&>().empty()) ||
           (value.is_structured() && value.empty());
}

/// Nothing of the task's own changes what its operator does.
bool isPlain(Task const& task) {
    for (char const* const key : {"mapped", "callbacks"})
        if (auto const found = task.fields.find(key);
            found != task.fields.end() && !isEmptyValue(*found))
            return false;
    auto const limit = task.fields.find("execution_timeout");
    return limit == task.fields.end() || limit->is_null();
}

bool hasRetries(Task const& task) {
    auto const found = task.fields.find("retries");
    return found != task.fields.end() && *found != 0 && !found->is_null();
}

bool isTemplate(llvm::StringRef text) { return text.contains("{{") || text.contains("{%"); }

/// Only ends are known to the moment: a sensor that wants `running` depends on when it looks.
bool areEnds(json const& states, bool isRun) {
    return states.is_null() ||
           (states.is_array() && llvm::all_of(states, [&](json const& one) {
                return one == "success" || one == "failed" ||
                       (!isRun && (one == "skipped" || one == "upstream_failed"));
            }));
}

/// Every asset that an expression of assets names; false: it holds something else (an alias).
bool collectAssets(json const& wanted, std::set<std::string>& names) {
    std::string const type = wanted.is_object() ? wanted.value("__type", "") : "";
    if (type == "asset" && wanted.contains("name") && wanted["name"].is_string()) {
        names.insert(wanted["name"].get<std::string>());
        return true;
    }
    return (type == "asset_all" || type == "asset_any") && wanted.contains("objects") &&
           llvm::all_of(wanted["objects"],
                        [&](json const& one) { return collectAssets(one, names); });
}

bool isMet(json const& wanted, std::set<std::string> const& arrived) {
    std::string const type = wanted.value("__type", "");
    if (type == "asset")
        return arrived.contains(wanted["name"].get<std::string>());
    auto const one = [&](json const& part) { return isMet(part, arrived); };
    return type == "asset_all" ? llvm::all_of(wanted["objects"], one)
                               : llvm::any_of(wanted["objects"], one);
}

/// The assets that a task's success updates; `isKnown`: there is nothing else in its outlets.
std::vector<std::string> outletsOf(Task const& task, bool& isKnown) {
    std::vector<std::string> names;
    auto const outlets = task.fields.find("outlets");
    if (outlets != task.fields.end() && outlets->is_array())
        for (json const& one : *outlets) {
            bool const isAsset = one.is_object() && one.contains("name") &&
                                 llvm::StringRef(one.value("class", "")).ends_with(".Asset");
            isKnown = isKnown && isAsset;
            if (isAsset)
                names.push_back(one["name"].get<std::string>());
        }
    return names;
}

} // namespace

/// The logical date of the run that a timetable makes at a tick, where that is the tick itself.
std::optional<int64_t> Simulation::dateOf(Dag const& dag, int64_t tick) const {
    llvm::StringRef const module = dag.timetable.module;
    if (module.starts_with("hoist_airflow."))
        return tick;
    if (module != "airflow.timetables.trigger" || !dag.fields.contains("timetable"))
        return std::nullopt;
    json const& arguments = dag.fields["timetable"].value("arguments", json::object());
    auto const interval = arguments.find("interval");
    // With an interval the date is its begin.
    bool const isInstant = interval == arguments.end() || *interval == 0;
    return isInstant ? std::optional(tick) : std::nullopt;
}

// --- ExternalTaskSensor (AF-042)
// ------------------------------------------------------------------------

std::optional<Simulation::Sought> Simulation::soughtBy(LiveRun const& run,
                                                       Task const& sensor) const {
    json const& other = sensor.argument("external_dag_id");
    json const& delta = sensor.argument("execution_delta");
    if (!other.is_string() || !run.logicalDate || !(delta.is_null() || delta.is_number()))
        return std::nullopt;
    Sought sought;
    for (; sought.dag < dags.size(); ++sought.dag)
        if (bag.dags[dags[sought.dag].dag].id == other.get_ref<std::string const&>())
            break;
    if (sought.dag == dags.size())
        return std::nullopt;
    sought.date =
        *run.logicalDate - (delta.is_null() ? 0 : static_cast<int64_t>(delta.get<double>()));
    sought.tasks = textsOf(sensor.argument("external_task_ids"));
    if (json const& one = sensor.argument("external_task_id");
        sought.tasks.empty() && one.is_string())
        sought.tasks.push_back(one.get<std::string>());
    sought.isRun = sought.tasks.empty();
    return sought;
}

/// Whether what the sensor will read is known: its arguments, and the run that it looks for.
bool Simulation::isPlayable(LiveRun const& run, Task const& sensor, Sought const& sought) const {
    static constexpr std::array<char const*, 7> unknown = {
        "external_task_group_id", "execution_date_fn", "deferrable",
        "exponential_backoff",    "never_fail",        "silent_fail",
        "check_existence",
    };
    if (!isPlain(sensor) || hasRetries(sensor) || !sensor.argument("timeout").is_number() ||
        llvm::any_of(unknown, [&](char const* key) { return !isEmptyValue(sensor.argument(key)); }))
        return false;
    for (char const* const states : {"allowed_states", "skipped_states", "failed_states"})
        if (!areEnds(sensor.argument(states), sought.isRun))
            return false;
    if (llvm::any_of(sought.tasks, [](std::string const& one) { return isTemplate(one); }))
        return false;
    // What happened before the scenario is not told.
    Timetable const& theirs = bag.dags[dags[sought.dag].dag].timetable;
    if (sought.date >= scenario.start)
        return !dags[run.dag].usesTimetable || theirs.kind == Timetable::Kind::ticks;
    if (theirs.kind != Timetable::Kind::ticks || sought.date < bag.from)
        return false;
    std::vector<int64_t> const& ticks = bag.tickSets[theirs.ticks].ticks;
    return !std::binary_search(ticks.begin(), ticks.end(), sought.date);
}

/// How many of the tasks, or runs, are in one of the states.
unsigned Simulation::countIn(Sought const& sought, json const& states) const {
    std::vector<std::string> const words = textsOf(states);
    unsigned count = 0;
    for (std::unique_ptr<LiveRun> const& run : runs) {
        if (run->dag != sought.dag || run->logicalDate != sought.date)
            continue;
        if (sought.isRun)
            count += llvm::is_contained(words, toString(run->told.state)) ? 1 : 0;
        for (std::string const& name : sought.tasks)
            if (auto const task = dagOf(*run).taskById.find(name);
                task != dagOf(*run).taskById.end())
                count += llvm::is_contained(words, toString(run->slots[task->second.value].state));
    }
    return count;
}

bool Simulation::startSensor(LiveRun& run, TaskId id) {
    Task const& sensor = taskOf(run, id);
    if (sensor.type != "ExternalTaskSensor" ||
        sensor.module != "airflow.providers.standard.sensors.external_task")
        return false;
    auto const sought = soughtBy(run, sensor);
    if (!sought || !isPlayable(run, sensor, *sought))
        return false;
    int64_t const end = now + static_cast<int64_t>(sensor.argument("timeout").get<double>());
    if (end < scenario.end)
        plan({end, 0, Instant::Kind::gaveUp, 0, run.id, id, ++run.slots[id.value].token});
    askSensor(run, id);
    return true;
}

/// `poke`: failed states count before skipped ones, these before the allowed.
void Simulation::askSensor(LiveRun& run, TaskId id) {
    Task const& sensor = taskOf(run, id);
    Sought const sought = *soughtBy(run, sensor);
    if (countIn(sought, sensor.argument("failed_states")) > 0)
        finish(run, id,
               sensor.argument("soft_fail") == true ? TaskState::skipped : TaskState::failed);
    else if (countIn(sought, sensor.argument("skipped_states")) > 0)
        finish(run, id, TaskState::skipped);
    else if (countIn(sought, sensor.argument("allowed_states")) ==
             std::max<size_t>(1, sought.tasks.size()))
        finish(run, id, TaskState::success);
    else
        wait(run, id, Slot::Waits::sensor);
}

// --- ShortCircuitOperator
// -------------------------------------------------------------------------------

/// Its function is not in the export, so both answers are possible; that it fails is not played.
bool Simulation::decideBranch(LiveRun& run, TaskId id) {
    Task const& task = taskOf(run, id);
    if (choices == nullptr || task.type != "ShortCircuitOperator" ||
        task.module != "airflow.providers.standard.operators.python" || !isPlain(task))
        return false;
    size_t const n = made.decisions.size();
    bool const goesOn = n >= choices->size() || (*choices)[n];
    made.decisions.push_back({run.told.dag, id, now, goesOn});
    finish(run, id, TaskState::success);
    if (!goesOn)
        skipAfter(run, id, task.argument("ignore_downstream_trigger_rules") != false);
    return true;
}

/// `all`: everything behind the task too, whatever its trigger rules say.
void Simulation::skipAfter(LiveRun& run, TaskId id, bool all) {
    auto stack = taskOf(run, id).downstream;
    std::set<uint32_t> seen;
    while (!stack.empty()) {
        TaskId const at = stack.pop_back_val();
        if (!seen.insert(at.value).second)
            continue;
        if (run.slots[at.value].state == TaskState::none)
            finish(run, at, TaskState::skipped);
        else if (!isFinished(run.slots[at.value].state))
            guess(fmt::format("task {} of {}: it is skipped while it runs", taskOf(run, at).id,
                              dagOf(run).id));
        if (all)
            stack.append(taskOf(run, at).downstream.begin(), taskOf(run, at).downstream.end());
    }
}

// --- schedules by assets (AF-040)
// -----------------------------------------------------------------------

/// Playable where all tasks that update its assets are in the play.
void Simulation::readAssets(size_t index) {
    Dag const& dag = bag.dags[dags[index].dag];
    json const* wanted = nullptr;
    if (dag.timetable.type == "AssetTriggeredTimetable" &&
        dag.timetable.module == "airflow.timetables.simple" && dag.fields.contains("timetable")) {
        json const& timetable = dag.fields["timetable"];
        if (auto const arguments = timetable.find("arguments");
            arguments != timetable.end() && arguments->contains("asset_condition"))
            wanted = &(*arguments)["asset_condition"];
    }
    std::set<std::string> names, produced;
    bool isKnown = wanted != nullptr && collectAssets(*wanted, names);
    for (DagId const id : bag.dags.ids())
        for (Task const& task : bag.dags[id].tasks) {
            bool const isPlayed = llvm::is_contained(ids, id);
            for (std::string const& name : outletsOf(task, isKnown))
                if (names.contains(name)) {
                    produced.insert(name);
                    isKnown = isKnown && isPlayed;
                }
        }
    if (isKnown && produced == names)
        facts[index].wantedAssets = wanted;
    else
        guess(fmt::format("DAG {}: schedule {}", dag.id, dag.timetable.type));
}

/// A task that ended well has updated its outlets; one that was skipped has not.
void Simulation::updateAssets(LiveRun const& run, TaskId id) {
    bool isKnown = true;
    for (std::string const& name : outletsOf(taskOf(run, id), isKnown))
        for (size_t i = 0; i < dags.size(); ++i) {
            std::set<std::string> names;
            if (facts[i].wantedAssets != nullptr && collectAssets(*facts[i].wantedAssets, names) &&
                names.contains(name)) {
                facts[i].newAssets.insert(name);
                offerAssets(i);
            }
        }
}

/// A run uses up all events there are; while as many runs as may be are active they pile up.
void Simulation::offerAssets(size_t index) {
    DagFacts& fact = facts[index];
    if (fact.wantedAssets == nullptr || !isMet(*fact.wantedAssets, fact.newAssets) ||
        static_cast<int64_t>(fact.active + fact.pending.size()) >=
            bag.dags[dags[index].dag].maxActiveRuns)
        return;
    fact.newAssets.clear();
    request(index, {now, false, ""});
}

} // namespace hoist::target
