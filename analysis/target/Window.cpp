// Inside (both end minutes included): now. Outside: nearer to the next opening, or half-way: wait
// for it; nearer to the previous closing: not today (JIL-151). Distances are elapsed time.
#include "analysis/target/Window.h"

#include "frontend/ir/TimeZones.h"

#include <algorithm>

namespace hoist::target {

namespace {

constexpr int64_t day = 86400;

/// Minutes of the day of "hh:mm"; negative: it is none.
int64_t minutesOf(llvm::StringRef text) {
    auto const [hours, minutes] = text.trim().split(':');
    int64_t h = 0, m = 0;
    if (hours.getAsInteger(10, h) || minutes.getAsInteger(10, m) || h < 0 || h > 23 || m < 0 ||
        m > 59)
        return -1;
    return h * 60 + m;
}

struct Interval {
    int64_t opening, closing;
};

/// The window that opens on a local day; over DST as JIL-149 says: an opening in a gap moves to its
/// end, in a repeated hour to the second pass; a closing in a gap keeps the distance to the wall
/// time it would have had, in a repeated hour it is in the first pass, unless the window opens
/// there.
Interval intervalOf(ir::TimeZone const& zone, int64_t localDay, int64_t from, int64_t to) {
    int64_t const localOpen = localDay * day + from * 60;
    int64_t const localClose = localDay * day + to * 60 + (to < from ? day : 0);
    ir::Moment const start = zone.at(localOpen);
    if (localOpen == localClose)
        return {start.second, start.second};
    ir::Moment const finish = zone.at(localClose);
    if (finish.skipped)
        return {start.second, localClose - zone.offsetAt(finish.first - 1)};
    bool const bothRepeated = finish.isRepeated() && start.isRepeated();
    return {start.second, bothRepeated ? finish.second : finish.first};
}

int64_t floorDay(int64_t seconds) {
    return seconds >= 0 ? seconds / day : -((-seconds + day - 1) / day);
}

} // namespace

std::optional<WindowAnswer> askWindow(llvm::StringRef window, llvm::StringRef zoneName,
                                      int64_t now) {
    auto const [fromText, toText] = window.split('-');
    int64_t const from = minutesOf(fromText), to = minutesOf(toText);
    ir::TimeZone const* const zone = ir::findZone(zoneName);
    if (from < 0 || to < 0 || zone == nullptr)
        return std::nullopt;
    int64_t const today = floorDay(now + zone->offsetAt(now));
    std::optional<int64_t> previousClose, nextOpen;
    for (int64_t localDay = today - 3; localDay <= today + 3; ++localDay) {
        Interval const span = intervalOf(*zone, localDay, from, to);
        if (span.opening <= now && now < span.closing + 60)
            return WindowAnswer{WindowAnswer::Kind::runNow, span.closing + 60};
        if (span.closing <= now)
            previousClose = std::max(previousClose.value_or(span.closing), span.closing);
        else if (span.opening > now)
            nextOpen = std::min(nextOpen.value_or(span.opening), span.opening);
    }
    if (!previousClose || !nextOpen)
        return std::nullopt;
    if (*nextOpen - now <= now - *previousClose)
        return WindowAnswer{WindowAnswer::Kind::waitUntil, *nextOpen};
    return WindowAnswer{WindowAnswer::Kind::notToday, 0};
}

} // namespace hoist::target
