// What Airflow loaded: DAGs as the scheduler sees them, whoever wrote them. Read from the export of
// `hoistctl export-dags` (docs/schemas/serialized.schema.json), never from what the emitter meant.
#pragma once

#include "frontend/base/Ids.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hoist::target {

using TaskId = Id<struct LoadedTaskTag>;
using GroupId = Id<struct LoadedGroupTag>;
using DagId = Id<struct LoadedDagTag>;
using TickSetId = Id<struct TickSetTag>;

/// TAF-1, AF-010. `unknown`: a rule of a later Airflow.
enum class TriggerRule : uint8_t {
    allSuccess,
    allFailed,
    allDone,
    allDoneMinOneSuccess,
    allDoneSetupSuccess,
    oneSuccess,
    oneFailed,
    oneDone,
    noneFailed,
    noneFailedMinOneSuccess,
    noneSkipped,
    allSkipped,
    always,
    unknown,
};
llvm::StringRef toString(TriggerRule rule); ///< Airflow's spelling
TriggerRule triggerRuleOf(llvm::StringRef text);

/// What a task does to the control flow.
enum class Role : uint8_t {
    job,      ///< executes something and ends success or failed
    junction, ///< EmptyOperator: succeeds at once when its rule lets it run (AF-013)
    gate,     ///< hoist_airflow.Gate
    hold,     ///< hoist_airflow.Hold
    verdict,  ///< hoist_airflow.Verdict
    opaque,   ///< may skip, branch, wait: its effect cannot be read off its fields
};

struct Task {
    std::string id;
    std::string type;   ///< class name: "Command", "BashOperator"
    std::string module; ///< of the class
    std::vector<std::string> bases;
    Role role = Role::opaque;
    TriggerRule rule = TriggerRule::allSuccess;
    std::string ruleText;                              ///< as exported
    llvm::SmallVector<TaskId, 2> upstream, downstream; ///< direct, in the order of the export
    GroupId group;                                     ///< invalid: the DAG itself
    /// Of a shim: the legacy job that the task runs, guards or judges; else empty.
    std::string legacyJob;
    std::optional<std::string> legacyBox; ///< the argument `box` of a shim
    /// The task's object of the export, whole: fields are compared by name.
    nlohmann::json fields;

    /// A constructor argument of the operator; null when it has none of that name.
    nlohmann::json const& argument(llvm::StringRef name) const;
};

/// A task group; of a hoist Box also what it says about the box.
struct Group {
    std::string id;
    GroupId parent;
    bool isBox = false;
    std::string legacyJob;
    std::optional<std::string> success, failure; ///< box_success, box_failure as given
    std::vector<std::string> terminators, kill;
    bool isEager = false;  ///< it waits for nothing but the start of the box around it
    std::string orderDays; ///< of a SubFolder with criteria of its own: a key of Bag::daySets
};

/// The order dates of scheduling criteria of Control-M, from the shims themselves: days since
/// 1970-01-01, sorted, complete from `first` to `last`.
struct DaySet {
    int32_t first = 0, last = 0;
    std::vector<int32_t> days;
};

/// The instants at which a timetable makes runs, from Airflow itself: seconds since 1970, sorted.
struct TickSet {
    std::vector<int64_t> ticks;
    int64_t until = 0; ///< complete for [Bag::from, until)
};

struct Timetable {
    enum class Kind : uint8_t { none, ticks, assets, continuous, unknown };
    Kind kind = Kind::unknown;
    std::string type, module, summary;
    TickSetId ticks;
    std::string orderDays; ///< of `order_dates(...)`: a key of Bag::daySets
};

struct Dag {
    std::string id;
    std::string file, sha256, serializedSha256;
    Timetable timetable;
    int64_t maxActiveRuns = 16;
    bool catchup = false, failFast = false;
    std::optional<int64_t> dagrunTimeout; ///< seconds
    std::optional<bool> pausedUponCreation;
    IdVector<TaskId, Task> tasks;
    IdVector<GroupId, Group> groups;
    llvm::StringMap<TaskId> taskById;
    nlohmann::json fields; ///< the DAG's object of the export without tasks and groups
};

/// Everything that one export holds.
struct Bag {
    std::string airflowVersion, exporter;
    int64_t from = 0, to = 0; ///< the horizon of the tick sets
    IdVector<DagId, Dag> dags;
    IdVector<TickSetId, TickSet> tickSets;
    llvm::StringMap<TickSetId> tickSetByName; ///< as arguments refer to them: {"ticks": NAME}
    llvm::StringMap<DaySet> daySets;          ///< the same: {"order_days": NAME}
    llvm::StringMap<DagId> dagById;
    std::vector<std::pair<std::string, std::string>> importErrors; ///< file, text
};

/// Reads an export. Nothing and `error` (one line, lower case) when it is not one, or of a format
/// that this version does not know.
std::optional<Bag> readBag(llvm::StringRef json, std::string& error);

} // namespace hoist::target
