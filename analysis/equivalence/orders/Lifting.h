// The state of reading the DAGs as folders, shared by the files that read their parts.
#pragma once

#include "analysis/equivalence/orders/LiftedDags.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>

#include <nlohmann/json.hpp>

#include <set>
#include <type_traits>

namespace hoist::equivalence {

using nlohmann::json;
using target::TaskId;
using target::TriggerRule;

/// Order dates; `isAny`: nothing chooses them.
struct Days {
    bool isAny = true;
    std::vector<int32_t> days;

    void meet(std::vector<int32_t> const& other);
};

/// "" for what is no text.
std::string textOf(json const& value);
/// "hh:mm" as a minute of the day.
std::optional<int32_t> clockOf(llvm::StringRef text);
/// The name of what the end of a task adds.
std::string edgeName(target::Dag const& dag, TaskId task, llvm::StringRef end);

/// A wait of a sensor for a task of another DAG.
struct OtherTask {
    target::DagId dag;
    TaskId task;
};

class Lifting {
public:
    Lifting(ir::Estate const& from, target::Bag const& loaded, llvm::ArrayRef<Pair> all,
            LiftedDags& result)
        : definitions(from), bag(loaded), pairs(all), lifted(result), into(*result.estate) {}

    void run();

private:
    // LiftedDags.cpp: one DAG
    void liftDag(Pair const& given);
    void unknown(std::string what) {
        if (!llvm::is_contained(out->unknowns, what))
            out->unknowns.push_back(std::move(what));
    }
    bool isOrderTask(target::Task const& task, llvm::StringRef type) const {
        return isOfOrder(task) && task.type == type;
    }
    bool isStart(target::Task const& task) const { return isOrderTask(task, "FolderStart"); }
    bool isEnd(target::Task const& task) const { return isOrderTask(task, "FolderEnd"); }

    // LiftedDags.cpp: when runs are made
    void readSchedule();
    void readOrderDates();
    /// Ticks at times of the day that are the same each day: order dates and the time from which on
    /// the tasks may start.
    void readTicks();

    // LiftedDags.cpp: folders
    /// Of a folder of the definitions; invalid for none.
    ir::JobId folderOf(ir::JobId from) const {
        auto const it = boxOf.find(from.value);
        return it == boxOf.end() ? ir::JobId() : it->second;
    }
    ir::JobId addEntity(llvm::StringRef name, ir::JobId box);
    ir::OrderPolicy& policyOf(ir::JobId job) { return into.orderPolicies[into.jobs[job].orders]; }
    void setMethod(ir::JobId job) {
        policyOf(job).method = method;
        if (method == ir::OrderPolicy::Method::userDaily)
            set(policyOf(job).userDaily, userDaily);
    }
    void setDays(ir::JobId job, Days const& days);
    Days daysAround(target::GroupId group) const;
    void addGroups();

    // LiftedTasks.cpp: tasks
    void addTasks(int copy, int32_t from);
    static bool runsSomething(target::Task const& task) { return task.role == target::Role::job; }
    static bool isSensor(target::Task const& task) {
        return llvm::is_contained(task.bases, "ExternalTaskSensor");
    }
    void addTask(TaskId id, int copy, int32_t from);
    static bool isTrue(json const& fields, char const* name) {
        auto const it = fields.find(name);
        return it != fields.end() && it->is_boolean() && it->get<bool>();
    }
    /// `when`, `time_from`, `time_to`, `max_wait`; `from`: of a DAG whose runs begin at a time.
    void readSubmission(ir::JobId job, target::Task const& task, int32_t from);
    template <class T>
    static void set(ir::Sourced<T>& field, std::type_identity_t<T> value) {
        field.set(value, ir::ConstructId(0)); // said by Airflow: of no source
    }
    void readAdjust(ir::JobId job, target::Task const& task, llvm::StringRef text);
    void wait(ir::JobId job, ir::ExprId expr);

    // LiftedZones.cpp: entities whose days and times are those of another zone (CTM-055)
    void readZone(ir::JobId job, target::Task const& task);
    /// A folder has the zone of all that is in it; its runs must be there when its day begins.
    void finishZones();

    // LiftedTasks.cpp: ends
    /// `+fact(NAME)`, `-fact(NAME, any date)`.
    bool readChange(llvm::StringRef text, ir::FactChange& change);
    bool readForce(llvm::StringRef text, ir::EndAction& made);
    std::vector<ir::EndAction> readChanges(ir::JobId job, target::Task const& task,
                                           char const* name, bool isAction);
    bool readEffect(ir::JobId job, llvm::StringRef text, bool isAction, ir::EndAction& made);
    /// LiftedRules.cpp: `rules`.
    bool readRuleAction(ir::JobId job, llvm::StringRef text, ir::EndAction& made);
    bool readRules(ir::JobId job, target::Task const& task);
    bool readMessage(llvm::StringRef text, ir::EndAction& made);
    bool readShouts(ir::JobId job, llvm::StringRef on, json const& actions);
    /// `late`: what is told at a time.
    void readLate(ir::JobId job, target::Task const& task);
    void readEffects(ir::JobId job, target::Task const& task);
    uint32_t addFact(ir::JobId job, std::string const& name, bool isAction = false);
    static ir::EndAction action(ir::EndAction::Kind kind, uint32_t fact = 0) {
        ir::EndAction made;
        made.kind = kind;
        made.fact = fact;
        return made;
    }
    void readEnds(ir::JobId job, target::Task const& task);
    /// LiftedVariables.cpp: what its texts are, and what it sets (CTM-100…104).
    void readTexts(ir::JobId job, target::Task const& task);
    void readVariables(ir::JobId job, target::Task const& task);
    bool readSetting(llvm::StringRef text, ir::EndAction& made);
    /// LiftedCycles.cpp: `cycle`, `max_reruns`, `stop_on` (CTM-060…064).
    void readCycle(ir::JobId job, target::Task const& task);
    static bool isBackoff(json const& value) {
        return (value.is_boolean() && value.get<bool>()) ||
               (value.is_number() && value.get<double>() > 0);
    }
    static json const& field(target::Task const& task, char const* name) {
        static json const nothing;
        auto const it = task.fields.find(name);
        return it == task.fields.end() ? nothing : *it;
    }
    /// As rules on COMPSTAT: OK from 0 on, NOTOK in the gaps, which wins (CTM-074).
    void readExitRule(ir::OrderPolicy& policy, std::string const& text, target::Task const& task);
    /// FolderEnd: what the folder leaves behind (CTM-091).
    void readEnd(target::Task const& task);

    // LiftedEdges.cpp: edges
    ir::ExprId fact(std::string const& name, ir::Scope::Kind date = ir::Scope::Kind::sameCycle,
                    int32_t offset = 0);
    /// The task ended OK, or it failed for good.
    ir::ExprId endedOk(TaskId up);
    ir::ExprId failed(TaskId up);
    /// Failed itself, or upstream_failed because of one before it (AF-012).
    void addFailures(TaskId up, std::set<uint32_t>& seen, llvm::SmallVector<ir::ExprId, 4>& found);
    void addWaits(TaskId id);
    /// ExternalTaskSensor: the run of the other DAG with the same logical date, or with one that
    /// lies `execution_delta` before.
    void waitElsewhere(ir::JobId job, target::Task const& task);
    /// The time of the day of its logical dates, of a tick of each day; -1: of none.
    int64_t clockOfRuns(target::Dag const& other) const;

    /// Those of `open` and what `next(TaskId)` leads to from each, over any number of steps.
    template <class Next>
    llvm::BitVector walked(llvm::SmallVector<TaskId, 16> open, Next next) const {
        llvm::BitVector seen(static_cast<unsigned>(dag->tasks.size()));
        while (!open.empty()) {
            TaskId const at = open.pop_back_val();
            if (seen.test(at.value))
                continue;
            seen.set(at.value);
            llvm::append_range(open, next(at));
        }
        return seen;
    }

    // LiftedColours.cpp
    llvm::BitVector skippable() const;
    bool endsWith(TaskId id, TaskId other) const;
    void checkColours();
    llvm::BitVector endedBefore(TaskId end) const;

    // LiftedEdges.cpp: folder tasks
    llvm::BitVector behind(TaskId start) const;
    /// All that is in a folder must stand between its two tasks (CTM-090, CTM-091).
    void checkFolderTasks();

    ir::Estate const& definitions;
    target::Bag const& bag;
    llvm::ArrayRef<Pair> pairs;
    LiftedDags& lifted;
    ir::Estate& into;
    ir::WorkflowId folder;
    Pair const* pair = nullptr;
    target::Dag const* dag = nullptr;
    LiftedDag* out = nullptr;
    Days base;
    int32_t startTime = -1;
    bool isEarly = false; ///< runs are made at New Day of the day before
    ir::OrderPolicy::Method method = ir::OrderPolicy::Method::newDay;
    llvm::StringRef userDaily; ///< a name for the time at which its runs are made
    std::string copyText;
    std::map<uint32_t, ir::JobId> boxOf; ///< folder of the definitions → lifted
    std::vector<ir::JobId> here;         ///< task → lifted job, of the copy at hand
    std::map<std::pair<uint32_t, uint32_t>, std::vector<ir::JobId>> jobsOf; ///< DAG, task
    std::vector<OtherTask> awaited;
    std::map<std::vector<int32_t>, ir::CalendarId> calendarOf;
};

} // namespace hoist::equivalence
