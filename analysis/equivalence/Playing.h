// Scenarios made of snapshots, and how what was played is compared, made small and told. Shared by
// verify (a definition against a DAG) and diff (a definition against its successor).
#pragma once

#include "analysis/equivalence/RunModel.h"
#include "analysis/equivalence/Schedules.h"
#include "analysis/semantics/Interpreter.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace hoist::equivalence {

using JobState = RunModel::JobState;

/// A snapshot that the solver found, kept after the solver has moved on.
struct Suspicion {
    JobId about;
    std::map<uint32_t, JobState> states; ///< members of the workflow
    std::map<uint32_t, int64_t> exitCodes;
    std::map<std::string, JobState> others; ///< jobs of other workflows and instances
    std::map<std::string, std::string> variables;
    int64_t staleFor = 0; ///< seconds since a status that some look-back window no longer covers

    bool hasOldSuccess = false; ///< some job ended before the dependent's own last end

    static Suspicion of(ir::Estate const& estate, ir::WorkflowId workflow, RunModel const& model,
                        JobId about);
};

/// The longest look-back of a workflow's conditions, in seconds.
int64_t longestLookback(ir::Estate const& estate, ir::WorkflowId workflow);

/// The suspicion as a day: from the root's first tick in the horizon (without one, an operator or
/// the last thing that its condition waits for starts it).
semantics::Scenario scenarioOf(ir::Estate const& estate, schedule::Ticks& ticks,
                               ir::WorkflowId workflow, Horizon horizon,
                               Suspicion const& suspicion);

/// Variants of a scenario in which running jobs end later and others take unequal times: a snapshot
/// has no history, so the order of its ends is open.
std::vector<semantics::Scenario> variantsOf(semantics::Scenario const& scenario);

/// Makes a scenario ordinary, part by part, as long as it still shows a difference.
void shrink(semantics::Scenario& scenario, ir::Estate const& estate,
            llvm::function_ref<bool(semantics::Scenario const&)> stillDiffers);

/// One job's life in a trace: when it started, how it ended.
struct Life {
    std::vector<int64_t> starts;
    std::vector<std::pair<int64_t, semantics::Status>> ends;
    bool startsLike(Life const& other) const; ///< as often, and within a minute of each other
    std::string text() const;
};
std::map<std::string, Life> livesOf(semantics::Trace const& trace,
                                    std::set<std::string> const& names);

/// Whom a story about a job is about: it, its boxes, what it waits for, who does not simply
/// succeed.
std::set<std::string> castOf(ir::Estate const& estate, ir::WorkflowId workflow, JobId job,
                             semantics::Scenario const& scenario);
/// "given: …" lines; then a line per event, "SIDE: TIME JOB STATUS (why)".
void tellGiven(semantics::Scenario const& scenario, std::set<std::string> const& names,
               std::vector<std::string>& story);
void tell(llvm::StringRef side, semantics::Trace const& trace, std::set<std::string> const& names,
          std::vector<std::string>& story);

} // namespace hoist::equivalence
