// run_window: may a start happen now, at the next opening, or not any more (JIL-149…151)?
#pragma once

#include "frontend/ir/Schedule.h"
#include "frontend/ir/TimeZones.h"

namespace hoist::semantics {

struct WindowDecision {
    enum class Kind : uint8_t { runNow, waitUntil, notToday } kind = Kind::runNow;
    int64_t opening = 0; ///< waitUntil
    int64_t closed = 0;  ///< runNow: the first instant after the closing minute
};

/// What the window says to a start that is processed at `now`. Inside (both end minutes included):
/// now. Outside: nearer to the next opening, or half-way: wait for it; nearer to the previous
/// closing: not today. Distances are elapsed time.
WindowDecision decideWindow(ir::Window window, ir::TimeZone const& zone, int64_t now);

} // namespace hoist::semantics
