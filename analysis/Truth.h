// Which conditions can come true, and what a condition cannot do without.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLFunctionalExtras.h>

#include <optional>
#include <vector>

namespace hoist::analysis {

/// The value of an expression when each atom's is known. Iterative, each shared part once.
bool evaluate(ir::Conditions const& conditions, ir::ExprId root,
              llvm::function_ref<bool(ir::AtomId)> valueOf);

/// Atoms without which the expression is false: those of conjunctions, and of disjunctions those
/// that stand in every branch. Ordered by id, unique.
std::vector<ir::AtomId> necessaryAtoms(ir::Conditions const& conditions, ir::ExprId root);

/// Why an expression can never be true.
struct Contradiction {
    /// The job or variable whose atoms exclude each other; empty when only several together do.
    llvm::StringRef subject;
    std::vector<ir::AtomId> atoms; ///< of the subject
};

/// Nothing when the expression can be true, or when deciding takes more than a bounded number of
/// cases.
std::optional<Contradiction> findContradiction(ir::Conditions const& conditions, ir::ExprId root);

/// True when the expression holds whatever its jobs do, once its exit codes and variables exist.
bool isAlwaysTrue(ir::Conditions const& conditions, ir::ExprId root);

/// Whether two expressions have the same value in every state that their jobs and variables can be
/// in; ON_ICE aside, whose look-backs read as nothing else does (JIL-074). False as well where
/// deciding takes more than a bounded number of cases.
bool areEqual(ir::Conditions const& conditions, ir::ExprId a, ir::ExprId b);

} // namespace hoist::analysis
