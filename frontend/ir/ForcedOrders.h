// Whom DOFORCEJOB orders (CTM-073, CTM-077), by the names that definitions give.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/StringMap.h>

#include <string>
#include <vector>

namespace hoist::ir {

/// "FOLDER/JOB", or "FOLDER" for all that is in it.
std::string forcedPath(EndAction const& action);

/// Each DOFORCEJOB among the rules of a job: `visit(EndAction const&)`.
template <class Visit>
void forEachForced(Estate const& estate, Job const& job, Visit visit) {
    if (!job.orders)
        return;
    for (EndRule const& rule : estate.orderPolicies[job.orders].rules)
        for (EndAction const& action : rule.actions)
            if (action.kind == EndAction::Kind::forceJob)
                visit(action);
}

/// An index of a whole estate; keeps no reference to it.
class ForcedOrders {
public:
    /// As many orders of a folder as rules may leave side by side in Airflow.
    static constexpr int64_t mostAtOnce = 1000;

    explicit ForcedOrders(Estate const& estate);

    /// Of a path that some rule names: the top folder, or the jobs of that name in it, however
    /// deep; empty: there is none.
    llvm::ArrayRef<JobId> targetsOf(llvm::StringRef path) const;

    /// Does a rule order it, by itself or with its folder? Orders of it then stand beside those of
    /// New Day for the same day, so that a fact of the day is no longer the end of one order.
    bool isForced(JobId job) const { return job.value < forced.size() && forced[job.value]; }

private:
    llvm::StringMap<std::vector<JobId>> byPath;
    llvm::BitVector forced; ///< by job
};

} // namespace hoist::ir
