// What lowering one workflow needs in every dialect: the DAG, its tasks' names, what it assumes.
#pragma once

#include "backend/airflow/Lower.h"

#include <llvm/ADT/StringSet.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hoist::airflow {

class DagLowering {
protected:
    DagLowering(ir::WorkflowId id, LowerContext& givenContext);

    TaskId addTask(std::string id, std::string operatorClass, Py::Keywords arguments, ir::JobId job,
                   BoxId box);
    /// As wanted, or with a number behind it.
    std::string uniqueId(std::string const& wanted);
    void assume(std::string name) { assumptions.insert(std::move(name)); }
    /// The zone of what names none.
    std::string siteZone();
    /// `+fact(NAME)`
    std::string changeText(ir::FactChange const& change) const;
    /// What the ends of a job change in the table of facts: what a `[[bridge]]` says of it.
    Py::Keywords endFacts(ir::Job const& job);
    void exact(ir::ConstructId id, llvm::StringRef form) {
        estate.constructs.settle(id, diag::Fidelity::exact, form);
    }

    LowerContext& context;
    ir::Estate& estate;
    ir::Workflow const& workflow;
    Dag dag;
    llvm::StringSet<> usedIds;
    std::set<std::string> assumptions;
    std::vector<std::string> tags;
};

} // namespace hoist::airflow
