// From a snapshot to days that may show it. A snapshot has no history: what happened before the
// day, what comes during it and in which order is open, so there are several days to a snapshot,
// from the simplest on.
#pragma once

#include "analysis/equivalence/RunModel.h"
#include "analysis/equivalence/Schedules.h"
#include "analysis/semantics/Scenario.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace hoist::equivalence {

/// A run without end: longer than any scenario.
constexpr int64_t forEver = int64_t(30) * 24 * 3600;

/// The smallest exit code with which a job succeeds, or fails; where it has none, 0 or 1.
int64_t endingCode(ir::ExitRule const& rule, bool succeeds);

/// A snapshot that the solver found, kept after the solver has moved on.
struct Suspicion {
    /// What jobs of other workflows and instances, and variables, look like.
    struct Outside {
        std::map<std::string, JobState> jobs;
        std::map<std::string, int64_t> exitCodes;
        std::map<std::string, std::string> variables;
    };
    std::map<uint32_t, JobState> states; ///< members of the workflow
    std::map<uint32_t, int64_t> exitCodes;
    Outside outside;
    std::optional<Outside> before; ///< when a gate passed on something that may be over by now
    std::vector<Facts::Age> ages;
    std::vector<JobId> released; ///< jobs that are held by definition, and were let go

    static Suspicion of(ir::Estate const& estate, ir::WorkflowId workflow, RunModel const& model);
    /// Takes what is outside from a model; not the jobs for which `isMember` says yes.
    void take(Facts const& facts, uint32_t past,
              llvm::function_ref<bool(llvm::StringRef)> isMember);
};

/// The suspicion as days: from the root's first tick in the horizon; without one, something that
/// its condition waits for comes true, or an operator starts it (JIL-080).
std::vector<semantics::Scenario> scenariosOf(ir::Estate const& estate, schedule::Ticks& ticks,
                                             ir::WorkflowId workflow, Horizon horizon,
                                             Suspicion const& suspicion);

} // namespace hoist::equivalence
