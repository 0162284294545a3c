// Which DAG is meant by a workflow, and which task by a job.
#pragma once

#include "analysis/target/Bag.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/DenseMap.h>

#include <map>
#include <string>
#include <vector>

namespace hoist::equivalence {

/// What the user says: legacy names to `dag_id` and to `dag_id/task_id` or `task_id` (`--map`).
struct UserMap {
    std::map<std::string, std::string> dags;  ///< workflow → dag_id
    std::map<std::string, std::string> tasks; ///< job → task id inside its workflow's DAG
};

/// One workflow and its DAG.
struct Pair {
    ir::WorkflowId workflow;
    target::DagId dag;                                 ///< invalid: no DAG for it
    llvm::DenseMap<uint32_t, target::TaskId> taskOf;   ///< plain job → its task
    llvm::DenseMap<uint32_t, target::GroupId> groupOf; ///< nested box → its group
    llvm::DenseMap<uint32_t, ir::JobId> jobOf;         ///< task → the job it runs
    /// Gates, holds and verdicts: control task → the job or box it guards or judges.
    llvm::DenseMap<uint32_t, ir::JobId> guardedBy;
    std::vector<target::TaskId> strangers; ///< tasks that run something that no job stands for
};

/// Matches by `manifest` (workflow → dag_id, as `hoist.manifest.json` says), else by name: the DAG
/// whose id is the workflow's name made safe. Jobs by the legacy name that a shim carries, else by
/// the task id. `user` prevails.
std::vector<Pair> matchWorkflows(ir::Estate const& estate, target::Bag const& bag,
                                 std::map<std::string, std::string> const& manifest,
                                 UserMap const& user);

} // namespace hoist::equivalence
