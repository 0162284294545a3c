// Which DAG is meant by a workflow, and which task by a job.
#include "analysis/equivalence/Matching.h"

#include "frontend/ir/TargetName.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringMap.h>

namespace hoist::equivalence {
namespace {

/// The names under which a job may stand in a DAG that hoist did not write, best first.
llvm::SmallVector<std::string, 3> candidates(llvm::StringRef name) {
    llvm::SmallVector<std::string, 3> names{name.str()};
    for (std::string other : {ir::airflowId(name), ir::hashedAirflowId(name)})
        if (!llvm::is_contained(names, other))
            names.push_back(std::move(other));
    return names;
}

target::DagId findDag(ir::Estate const& estate, ir::WorkflowId workflow, target::Bag const& bag,
                      std::map<std::string, std::string> const& manifest, UserMap const& user) {
    std::string const name = estate.jobs[estate.workflows[workflow].root].name.str();
    for (auto const* said : {&user.dags, &manifest})
        if (auto it = said->find(name); it != said->end()) {
            auto const found = bag.dagById.find(it->second);
            return found == bag.dagById.end() ? target::DagId() : found->second;
        }
    for (std::string const& candidate : candidates(name))
        if (auto it = bag.dagById.find(candidate); it != bag.dagById.end())
            return it->second;
    return {};
}

void matchTasks(ir::Estate const& estate, target::Bag const& bag, UserMap const& user, Pair& pair) {
    target::Dag const& dag = bag.dags[pair.dag];
    llvm::StringMap<target::TaskId> byLegacyName;
    llvm::StringMap<target::TaskId>
        byLastPart; ///< a plain task group prefixes the ids of its tasks
    for (target::TaskId id : dag.tasks.ids()) {
        target::Task const& task = dag.tasks[id];
        bool const isControl = task.role == target::Role::gate || task.role == target::Role::hold ||
                               task.role == target::Role::verdict;
        if (!task.legacyJob.empty() && !isControl)
            byLegacyName.try_emplace(task.legacyJob, id);
        if (task.legacyJob.empty() && task.group && llvm::StringRef(task.id).contains('.'))
            byLastPart.try_emplace(llvm::StringRef(task.id).rsplit('.').second, id);
        if (!isControl)
            continue;
        if (auto it = estate.jobByName.find(task.legacyJob); it != estate.jobByName.end())
            pair.guardedBy[id.value] = it->second;
    }
    llvm::StringMap<target::GroupId> groupByName;
    for (target::GroupId id : dag.groups.ids()) {
        groupByName.try_emplace(
            dag.groups[id].legacyJob.empty() ? dag.groups[id].id : dag.groups[id].legacyJob, id);
    }
    for (ir::JobId job : estate.workflows[pair.workflow].jobs) {
        llvm::StringRef const name = estate.jobs[job].name;
        if (estate.isGroup(job)) {
            for (std::string const& candidate : candidates(name))
                if (auto it = groupByName.find(candidate); it != groupByName.end()) {
                    pair.groupOf[job.value] = it->second;
                    break;
                }
            continue;
        }
        target::TaskId found;
        if (auto it = user.tasks.find(name.str()); it != user.tasks.end()) {
            llvm::StringRef id(it->second);
            id.consume_front(dag.id + "/");
            found = dag.taskById.lookup(id);
            if (!dag.taskById.contains(id))
                found = {};
        } else if (auto legacy = byLegacyName.find(name); legacy != byLegacyName.end()) {
            found = legacy->second;
        } else {
            for (std::string const& candidate : candidates(name)) {
                auto byId = dag.taskById.find(candidate);
                if (byId != dag.taskById.end() && dag.tasks[byId->second].legacyJob.empty()) {
                    found = byId->second;
                    break;
                }
            }
            if (!found)
                if (auto part = byLastPart.find(ir::airflowId(name)); part != byLastPart.end())
                    found = part->second;
            // Of a path of folders people write the job alone.
            if (llvm::StringRef const own = name.substr(name.rfind('/') + 1);
                !found && estate.jobs[job].dialect == ir::Dialect::controlm)
                for (std::string const& candidate : candidates(own)) {
                    auto const byId = dag.taskById.find(candidate);
                    if (byId != dag.taskById.end() && dag.tasks[byId->second].legacyJob.empty() &&
                        !pair.jobOf.contains(byId->second.value))
                        found = byId->second;
                }
        }
        if (found) {
            pair.taskOf[job.value] = found;
            pair.jobOf[found.value] = job;
        }
    }
    for (target::TaskId id : dag.tasks.ids()) {
        target::Task const& task = dag.tasks[id];
        bool const executes = task.role == target::Role::job || task.role == target::Role::opaque;
        if (executes && !pair.jobOf.contains(id.value))
            pair.strangers.push_back(id);
    }
}

} // namespace

std::vector<Pair> matchWorkflows(ir::Estate const& estate, target::Bag const& bag,
                                 std::map<std::string, std::string> const& manifest,
                                 UserMap const& user) {
    std::vector<Pair> pairs;
    for (ir::WorkflowId id : estate.workflows.ids()) {
        Pair pair;
        pair.workflow = id;
        pair.dag = findDag(estate, id, bag, manifest, user);
        if (pair.dag)
            matchTasks(estate, bag, user, pair);
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

} // namespace hoist::equivalence
