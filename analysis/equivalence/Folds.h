// What a DAG tells of the completion of its boxes (JIL-115…117), against the definition: tests of
// its own, terminators, and whom a box takes with it.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/RunModel.h"

#include <optional>

namespace hoist::equivalence {

/// Compares the boxes of a workflow. `model` is made where two tests are not the same text.
void compareFolds(ir::Estate const& estate, Pair const& pair, target::Dag const& dag,
                  Expressions const& expressions, int budget, std::optional<RunModel>& model,
                  Findings& out);

} // namespace hoist::equivalence
