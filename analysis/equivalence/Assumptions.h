// The assumptions that any DAG needs to mean what a workflow means: open rules, what operators may
// do, what other systems report.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "frontend/ir/Estate.h"

namespace hoist::equivalence {

/// Adds those that follow from the definitions alone, some of them more than once.
void noteAssumptions(ir::Estate const& estate, ir::WorkflowId workflow, Findings& out);
/// For a box in which a member may never start (JIL-114).
void noteStuckBox(ir::Estate const& estate, ir::WorkflowId workflow, Findings& out);

} // namespace hoist::equivalence
