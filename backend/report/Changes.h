// What `hoist diff` says.
#pragma once

#include "analysis/equivalence/Diff.h"
#include "frontend/diag/Diagnostics.h"

#include <string>

namespace hoist::report {

/// Each change and each undecided point as a finding at its place in the new version.
void reportChanges(ir::Estate const& before, ir::Estate const& after,
                   equivalence::DiffResult const& result, diag::Diagnostics& diags);
/// A line per change, then the counts.
std::string changesText(equivalence::DiffResult const& result);
/// docs/schemas/changes.schema.json.
std::string changesJson(ir::Estate const& before, ir::Estate const& after,
                        equivalence::DiffResult const& result);

} // namespace hoist::report
