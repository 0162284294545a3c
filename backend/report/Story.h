// The played counterexamples of `verify` and `diff` as steps of a finding.
#pragma once

#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist::report {

/// Lines as analysis/equivalence/Playing.h tells them, "SIDE: …"; the place of each is the
/// definition of the first job of the estate that it names.
void addStory(diag::Builder& finding, ir::Estate const& estate,
              std::vector<std::string> const& story);

} // namespace hoist::report
