// Jobs that do the same, and jobs that do nearly the same.
#pragma once

#include "frontend/ir/Estate.h"

#include <vector>

namespace hoist::migration {

struct Alike {
    std::vector<ir::JobId> jobs; ///< two or more, in definition order
    bool exact = false;          ///< the same action, machine and owner; else similar commands
};

/// Groups of jobs that do the same, then groups of those that nearly do, each by its first job. A
/// job is in one exact group at most, and stands for it in one similar group at most. Linear in the
/// text of the commands.
std::vector<Alike> findAlike(ir::Estate const& estate);

} // namespace hoist::migration
