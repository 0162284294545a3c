// The target model: one DAG as boxes, tasks and edges, before it is text.
#pragma once

#include "backend/airflow/Python.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/SmallVector.h>

#include <string>
#include <vector>

namespace hoist::airflow {

using TaskId = Id<struct TaskTag>;
using BoxId = Id<struct BoxTag>;

/// A task, or a nested box as a whole (`inner >> next`: its leaves; `first >> inner`: its roots).
struct Node {
    TaskId task;
    BoxId box;
    Node(TaskId id) : task(id) {}
    Node(BoxId id) : box(id) {}
    friend bool operator==(Node const&, Node const&) = default;
};
using Nodes = llvm::SmallVector<Node, 2>;

/// Airflow's rules that hoist uses (AF-010).
enum class TriggerRule : uint8_t { allSuccess, allDone, oneSuccess, noneFailed };
llvm::StringRef toString(TriggerRule rule);

struct Task {
    Task() = default;
    // Said here because SmallVector does not say it: else a vector of tasks copies them to grow.
    Task(Task&&) noexcept = default;
    Task& operator=(Task&&) noexcept = default;

    std::string id; ///< Airflow task id
    std::string
        operatorClass; ///< "Command", "Gate", "EmptyOperator", or the local name of a mapped class
    Py::Keywords arguments; ///< without task_id and trigger_rule
    std::vector<std::string> comments;
    BoxId box; ///< enclosing nested box; invalid: the DAG itself
    TriggerRule rule = TriggerRule::allSuccess;
    Nodes upstream; ///< unique, in the order of the condition
    ir::JobId job;  ///< the job it runs or guards
};

/// A nested box: a task group with a status of its own.
struct BoxGroup {
    std::string id;
    std::string groupClass = "Box"; ///< or "SubFolder"
    Py::Keywords arguments;         ///< without group_id
    std::vector<std::string> comments;
    BoxId parent;
    ir::JobId job;
    unsigned depth = 1;
    Nodes upstream;
};

struct Dag {
    std::string id;
    ir::WorkflowId workflow;
    std::vector<std::string> docstring; ///< lines
    Py::Keywords arguments;             ///< of DAG(…), without dag_id
    IdVector<TaskId, Task> tasks;
    IdVector<BoxId, BoxGroup> boxes;
    std::vector<Node> order; ///< as printed: controls before their job, members after their box
    bool needsCalendars = false;
    bool needsTimedelta = false;
    std::vector<std::string> operatorImports; ///< dotted classes of site rules, unique
    std::vector<std::string> notes; ///< comment lines at the top: what is not in the DAG, and why

    // For the manifest.
    std::vector<std::string> subscribedJobs, subscribedVariables;
    std::vector<std::string> assumptions; ///< names, sorted, unique
};

} // namespace hoist::airflow
