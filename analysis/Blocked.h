// What cannot start because something else does not: a fall of dominoes over conditions and boxes.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <vector>

namespace hoist::analysis {

/// For each job the one that stopped it (itself when it stands still by itself), invalid when it
/// can start.
using Blocked = std::vector<ir::JobId>;

/// `canBeTrue(job, atom)` says whether an atom of the job's start condition may hold, other jobs
/// aside. A job whose condition is false even so is blocked; then every job that needs it, and
/// every member of a blocked box. `spreads(job, other)`: whether `job` not running makes atoms of
/// `other` about it false. Each condition is looked at again only when something that it names
/// falls.
Blocked findBlocked(ir::Estate const& estate,
                    llvm::function_ref<bool(ir::JobId, ir::AtomId)> canBeTrue,
                    llvm::function_ref<bool(ir::JobId)> startsBlocked,
                    llvm::function_ref<bool(ir::JobId, ir::JobId)> spreads);

} // namespace hoist::analysis
