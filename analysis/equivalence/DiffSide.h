// One version of a definition as start functions over facts that both versions share.
#pragma once

#include "analysis/equivalence/Truth.h"

#include <llvm/ADT/DenseMap.h>

namespace hoist::equivalence {

/// A workflow of one version. Boxes are unfolded into their members; only a box that may be over
/// early (JIL-115…117) has facts of its own, shared by name.
class DiffSide final : public Members {
public:
    using Names = std::map<std::string, std::string>;
    DiffSide(ir::Estate const& estate, ir::WorkflowId workflow, Names const& shared, Facts& facts,
             Solver& solver);

    /// The job may start now: its box runs, its condition holds, nobody holds it.
    Lit start(ir::JobId job);
    /// The root is SUCCESS by the rules of its box (JIL-114, JIL-115).
    Lit succeeds();
    /// What every run obeys: a member whose condition cannot have changed back has started only if
    /// it holds.
    void bind(ir::JobId job);
    StatusLits const& factsOf(ir::JobId job);

    bool isLocal(ir::JobId job) const override;
    std::optional<StatusLits> statusOf(ir::JobId job) const override;
    Lit isNever(ir::JobId) const override { return Lit::no(); }
    std::string sharedName(llvm::StringRef job) const override;
    bool isAbsent(ir::JobId job) const; ///< ON_ICE by definition, or inside such a box

private:
    Lit started(ir::JobId box);
    Lit over(ir::JobId box);

    ir::Estate const& estate;
    ir::Workflow const& workflow;
    ir::WorkflowId id;
    Names const& shared;
    Facts& facts;
    Solver& solver;
    mutable Truth truth;
    llvm::DenseMap<uint32_t, Lit> startedMemo, overMemo;
};

} // namespace hoist::equivalence
