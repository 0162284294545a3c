// Orders that nothing declares: the clock keeps them, and nobody was ever late.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "analysis/migration/History.h"

namespace hoist::migration {

/// Pairs of jobs of which the second always started by the clock after the first had ended, with a
/// sign that this is no chance: a file that both commands name, or the same machine and little
/// time between. Kind timeOrder, soft. Linear in the runs and in the text of the commands.
std::vector<Dependency> ordersByCustom(ir::Estate const& estate,
                                       std::vector<Dependency> const& declared,
                                       History const& history);

} // namespace hoist::migration
