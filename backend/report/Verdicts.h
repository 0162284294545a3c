// What `hoist verify` and `hoist diff` say: a table for people, an object for machines.
#pragma once

#include "analysis/equivalence/Verify.h"
#include "frontend/diag/Diagnostics.h"

#include <string>

namespace hoist::report {

/// Each difference, each undecided point and each assumption that is not accepted as a finding.
void reportVerdicts(ir::Estate const& estate, target::Bag const& bag,
                    equivalence::Result const& result, diag::Diagnostics& diags);
/// A line per workflow: verdict, name, what it rests on; then the counts.
std::string verdictsText(ir::Estate const& estate, target::Bag const& bag,
                         equivalence::Result const& result);
/// docs/schemas/verdicts.schema.json.
std::string verdictsJson(ir::Estate const& estate, target::Bag const& bag,
                         equivalence::Result const& result);

} // namespace hoist::report
