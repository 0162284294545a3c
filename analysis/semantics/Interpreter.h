// The reference interpreter: an estate and a scenario in, what happened and why out. It is the
// executable form of semantics/autosys.md §1, §6–§10 (rules JIL-001…JIL-165) and of the crontab
// rules.
#pragma once

#include "analysis/schedule/Ticks.h"
#include "analysis/semantics/Scenario.h"
#include "analysis/semantics/Trace.h"

namespace hoist::semantics {

/// Plays a scenario on a linked estate. Deterministic: ties are processed in the order of insertion
/// (JIL-002, TR-52). Jobs of refused workflows take part as far as they could be read.
/// `only`: when not empty, jobs outside these workflows never start by themselves; their statuses
/// come from the scenario alone. Linear in events × dependents.
Trace run(ir::Estate const& estate, schedule::Ticks& ticks, Scenario const& scenario,
          llvm::ArrayRef<ir::WorkflowId> only = {});

} // namespace hoist::semantics
