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

std::string DagLowering::changeText(ir::FactChange const& change) const {
    ir::Atom atom;
    atom.kind = ir::Atom::Kind::fact;
    atom.name = change.name;
    atom.instance = change.server;
    atom.scope = change.date;
    return (change.adds ? "+" : "-") + estate.conditions.print(atom);
}

Py::Keywords DagLowering::endFacts(ir::Job const& job) {
    Py::Dict byStatus;
    for (auto const& [outcome, status] : {std::pair(ir::succeeded, "SUCCESS"),
                                          {ir::failed, "FAILURE"},
                                          {ir::terminated, "TERMINATED"}}) {
        Py::List changes;
        for (ir::FactChange const& change : job.factChanges)
            if ((change.on & outcome) != 0)
                changes.emplace_back(changeText(change));
        if (!changes.empty())
            byStatus.emplace_back(status, Py(std::move(changes)));
    }
    Py::Keywords arguments;
    if (byStatus.empty())
        return arguments;
    arguments.emplace_back("facts", Py(std::move(byStatus)));
    bool const isDated = llvm::any_of(job.factChanges, [](ir::FactChange const& change) {
        return change.date.kind == ir::Scope::Kind::sameCycle;
    });
    if (isDated) { // CTM-002
        std::string const newDay = ir::clockText(estate.settings.newDay);
        arguments.emplace_back("business_day", newDay + " " + siteZone());
        assume("new-day:" + newDay);
    }
    return arguments;
}

} // namespace hoist::airflow
