// The windows around an instant, over changes of the clock.
#include "analysis/semantics/Window.h"

#include <algorithm>
#include <limits>

namespace hoist::semantics {

namespace {

constexpr int64_t day = 86'400;

struct Interval {
    int64_t opens = 0, closes = 0; ///< the closing minute begins at `closes` and is inside
};

/// The window that opens on a local day. Over DST (JIL-149): an opening in a gap moves to its end,
/// in a repeated hour to the second pass; a closing in a gap keeps the distance to the wall time it
/// would have had, in a repeated hour it is in the first pass, unless the window opens in that hour
/// too.
Interval intervalOf(ir::Window window, ir::TimeZone const& zone, int64_t dayNumber) {
    int64_t const localOpen = dayNumber * day + int64_t(window.from) * 60;
    int64_t const localClose =
        dayNumber * day + int64_t(window.to) * 60 + (window.to < window.from ? day : 0);
    ir::Moment const open = zone.at(localOpen);
    if (localClose == localOpen)
        return {open.second, open.second};
    ir::Moment const close = zone.at(localClose);
    if (close.skipped)
        return {open.second, localClose - zone.offsetAt(close.first - 1)};
    return {open.second, close.isRepeated() && open.isRepeated() ? close.second : close.first};
}

} // namespace

WindowDecision decideWindow(ir::Window window, ir::TimeZone const& zone, int64_t now) {
    int64_t const local = now + zone.offsetAt(now);
    int64_t const today = local >= 0 ? local / day : (local - day + 1) / day;
    int64_t previousClose = std::numeric_limits<int64_t>::min() / 2;
    int64_t nextOpen = std::numeric_limits<int64_t>::max() / 2;
    for (int64_t number = today - 3; number <= today + 3; ++number) {
        Interval const each = intervalOf(window, zone, number);
        if (each.opens <= now && now < each.closes + 60)
            return {WindowDecision::Kind::runNow, 0, each.closes + 60};
        if (each.closes <= now)
            previousClose = std::max(previousClose, each.closes);
        else if (each.opens > now)
            nextOpen = std::min(nextOpen, each.opens);
    }
    if (nextOpen - now <= now - previousClose)
        return {WindowDecision::Kind::waitUntil, nextOpen, 0};
    return {WindowDecision::Kind::notToday, 0, 0};
}

} // namespace hoist::semantics
