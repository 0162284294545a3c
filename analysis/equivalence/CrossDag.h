// What stock Airflow offers across DAGs, against what a condition on another workflow's job means:
// sensors on the run of another DAG (AF-042) and schedules by assets (AF-040). Both are known well
// enough to say where they part from a latched status; where they do not part visibly, nothing is
// said here and the operator stays of unknown effect.
#pragma once

#include "analysis/equivalence/Verify.h"

#include <llvm/ADT/ArrayRef.h>

namespace hoist::equivalence {

/// Compares a workflow's conditions on jobs of other workflows with the sensors of its DAG and with
/// a schedule by assets, by rules and by playing all of them together. Linear in ticks.
void compareAcrossDags(ir::Estate const& estate, schedule::Ticks& ticks, target::Bag const& bag,
                       llvm::ArrayRef<Pair> pairs, Pair const& pair, Options const& options,
                       Findings& out);

} // namespace hoist::equivalence
