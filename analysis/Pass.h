// What a pass is given, and the declarations of all passes.
#pragma once

#include "analysis/Uses.h"
#include "analysis/schedule/Ticks.h"
#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

#include <fmt/core.h>

#include <vector>

namespace hoist::analysis {

using diag::Code;
using diag::shown;

struct PassContext {
    ir::Estate& estate;
    diag::Diagnostics& diags;
    schedule::Ticks& ticks;
    /// Jobs that can never start, by id: set by findNeverStarting, read by the passes after it.
    std::vector<bool> neverStarts;
    int64_t now; ///< seconds since 1970-01-01T00:00Z
};

#define PASS(name, what) void name(PassContext& context);
#include "analysis/Passes.def"
#undef PASS

} // namespace hoist::analysis
