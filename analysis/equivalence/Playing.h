// How what was played is compared, made small and told. Shared by verify (a definition against a
// DAG) and diff (a definition against its successor).
#pragma once

#include "analysis/semantics/Interpreter.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace hoist::equivalence {

using ir::JobId;

/// What a definition sets (`insert_global`) is there on both sides: the interpreter reads it from
/// the estate, a DAG from the ledger.
semantics::Scenario withDefinedVariables(semantics::Scenario scenario, ir::Estate const& estate);

/// Makes a scenario ordinary, part by part, as long as it still shows a difference.
void shrink(semantics::Scenario& scenario, ir::Estate const& estate,
            llvm::function_ref<bool(semantics::Scenario const&)> stillDiffers);

/// One job's life in a trace: when it started, how it ended.
struct Life {
    std::vector<int64_t> starts;
    std::vector<std::pair<int64_t, semantics::Status>> ends;
    bool startsLike(Life const& other) const; ///< as often, and within a minute of each other
    /// The same for its ends; `isExact`: FAILURE and TERMINATED are told apart.
    bool endsLike(Life const& other, bool isExact) const;
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
