// What changed in the machines and resources that jobs name.
#pragma once

#include "analysis/equivalence/Diff.h"

namespace hoist::equivalence {

/// One change for each machine or resource that a job of the newer version names and that is
/// defined otherwise; it is told about the first of these jobs.
void compareDefinitions(ir::Estate const& before, ir::Estate const& after, DiffResult& result);

} // namespace hoist::equivalence
