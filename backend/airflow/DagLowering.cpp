// Tasks, their names, and the zone of the site.
#include "backend/airflow/DagLowering.h"

#include <fmt/core.h>

namespace hoist::airflow {

DagLowering::DagLowering(ir::WorkflowId id, LowerContext& givenContext)
    : context(givenContext), estate(givenContext.estate), workflow(estate.workflows[id]) {
    dag.id = context.names.dagId(id).str();
    dag.workflow = id;
}

std::string DagLowering::uniqueId(std::string const& wanted) {
    std::string id = wanted;
    for (unsigned n = 2; !usedIds.insert(id).second; ++n)
        id = fmt::format("{}_{}", wanted, n);
    return id;
}

TaskId DagLowering::addTask(std::string id, std::string operatorClass, Py::Keywords arguments,
                            ir::JobId job, BoxId box) {
    Task task;
    task.id = std::move(id);
    task.operatorClass = std::move(operatorClass);
    task.arguments = std::move(arguments);
    task.job = job;
    task.box = box;
    return dag.tasks.add(std::move(task));
}

std::string DagLowering::siteZone() {
    ++context.schedulesWithoutZone;
    std::string const zone = estate.settings.timezone.empty() ? "UTC" : estate.settings.timezone;
    assume("site-timezone:" + zone);
    return zone;
}

} // namespace hoist::airflow
