// What the runbook says of Control-M's folders: how a wave takes them from Control-M and gives them
// back, and which command took the place of which.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "backend/report/RunbookPage.h"
#include "frontend/ir/Estate.h"
#include "frontend/ir/TargetName.h"

#include <llvm/ADT/ArrayRef.h>

namespace hoist::report {

/// The last of a workflow that runs, for examples; nothing where only containers are in it.
ir::JobId exampleOf(ir::Estate const& estate, ir::WorkflowId workflow);

class ControlmPages {
public:
    /// `operands`: those and options of hoist, as commands repeat them.
    ControlmPages(ir::Estate const& all, ir::TargetNames const& target,
                  llvm::ArrayRef<migration::Dependency> every, std::string operands)
        : estate(all), names(target), dependencies(every), paths(std::move(operands)) {}

    /// New Day orders them no more.
    void forward(Page& page, llvm::ArrayRef<ir::WorkflowId> folders) const;
    /// New Day orders them again.
    void back(Page& page, llvm::ArrayRef<ir::WorkflowId> folders) const;
    void verbs(Page& page, ir::WorkflowId folder) const;

private:
    struct Uses;
    Uses usesOf(ir::WorkflowId folder) const;
    std::vector<std::string> namesOfFolders(llvm::ArrayRef<ir::WorkflowId> folders) const;

    ir::Estate const& estate;
    ir::TargetNames const& names;
    llvm::ArrayRef<migration::Dependency> dependencies;
    std::string paths;
};

} // namespace hoist::report
