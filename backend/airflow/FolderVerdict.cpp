// The colour of a run, which Airflow takes from its last tasks (AF-015): what waits for several
// jobs may have been skipped with one of them before another one fails, and then no last task tells
// it.
#include "backend/airflow/Emit.h"
#include "backend/airflow/LowerFolder.h"

#include <llvm/ADT/STLExtras.h>

namespace hoist::airflow {

using ir::JobId;

/// May an order of it go before it has run? What it waits for says so: New Day may find it waiting.
bool FolderLowering::waitsForSomething(JobId id) const {
    static constexpr llvm::StringLiteral reasons[] = {"days",     "when",    "time_from", "time_to",
                                                      "timezone", "confirm", "resources", "pool",
                                                      "retries",  "adjust",  "retro"};
    return !enders.empty() || // CTM-091
           llvm::any_of(dag.tasks[taskOf.lookup(id.value)].arguments, [&](auto const& argument) {
               return llvm::is_contained(reasons, argument.first);
           });
}

/// Jobs that another one waits for, and that may fail when who waits for them has been skipped.
Nodes FolderLowering::hiddenFailures() const {
    llvm::DenseMap<uint32_t, llvm::SmallVector<JobId, 2>> consumers;
    std::vector<JobId> open;
    for (JobId const id : workflow.jobs) {
        if (estate.jobs[id].group)
            continue;
        if (waitsForSomething(id))
            open.push_back(id);
        if (auto const it = edges.find(id.value); it != edges.end())
            for (JobId const producer : it->second)
                consumers[producer.value].push_back(id);
    }
    llvm::DenseSet<uint32_t> mayVanish; // with what it waits for
    while (!open.empty()) {
        JobId const id = open.back();
        open.pop_back();
        if (mayVanish.insert(id.value).second)
            llvm::append_range(open, consumers.lookup(id.value));
    }
    Nodes hidden;
    for (JobId const id : workflow.jobs) {
        auto const it = consumers.find(id.value);
        if (it == consumers.end())
            continue;
        auto const failsWithIt = [&](JobId consumer) {
            return llvm::all_of(edges.lookup(consumer.value), [&](JobId other) {
                return !mayVanish.contains(other.value) || reaches(id, other);
            });
        };
        Task const& task = dag.tasks[taskOf.lookup(id.value)];
        bool const mayFail = task.operatorClass != "OrderedDummy" || !task.upstream.empty();
        if (mayFail && llvm::none_of(it->second, failsWithIt))
            hidden.push_back(taskOf.lookup(id.value));
    }
    return hidden;
}

/// A last task that fails with each of them. The end of a SMART folder needs none beside it.
void FolderLowering::lowerVerdict() {
    if (hasEnd(workflow.root))
        return;
    Nodes hidden = hiddenFailures();
    if (hidden.empty())
        return;
    std::string const base = context.names.taskId(workflow.root).str();
    TaskId const id =
        addTask(uniqueId(pythonName(base + "_verdict")), "EmptyOperator", {}, workflow.root, {});
    Task& task = dag.tasks[id];
    task.comments.push_back("fails with these jobs, also where what waits for them was skipped");
    task.rule = TriggerRule::noneFailed;
    task.upstream = std::move(hidden);
    dag.order.push_back(id);
}

} // namespace hoist::airflow
