// Times: order dates begin at New Day of a zone, and windows recur every day that an order is there
// (CTM-002, CTM-048…056).
#include "analysis/schedule/BusinessDay.h"
#include "analysis/semantics/ReadScenario.h"
#include "analysis/semantics/orders/Orders.h"

namespace hoist::semantics {
namespace {
constexpr int64_t secondsADay = 86'400;
} // namespace

/// CTM-055: its own, that of a folder around it, or the server's.
ir::TimeZone const& Orders::zoneOf(ir::JobId job) const {
    for (; job; job = estate.jobs[job].box)
        if (auto const& written = policyOf(job).timezone; written)
            if (auto const* zone = ir::findZone(ir::resolveZone(*written).zone))
                return *zone;
    return site;
}

int64_t Orders::dayStart(ir::TimeZone const& zone, int32_t day) const {
    return schedule::newDay(estate.settings, zone, day);
}

/// CTM-048, CTM-050: going forward from New Day.
int64_t Orders::clock(ir::TimeZone const& zone, int32_t day, int32_t minute) const {
    return schedule::timeOf(estate.settings, zone, day, minute);
}

/// Of the server.
int32_t Orders::currentDay() const { return schedule::orderDateOf(estate.settings, site, now); }

std::optional<Orders::Opening> Orders::opening(OrderIndex index, int64_t from) const {
    Order const& order = orders[index];
    ir::OrderPolicy const& policy = policyOf(index);
    ir::TimeZone const& zone = zoneOf(order.job);
    std::optional<int64_t> const expiry = expiryOf(index);
    auto const limited = [&](int64_t begin, int64_t end) -> std::optional<Opening> {
        int64_t const first = std::max(begin, from);
        if ((end >= 0 && first > end) || (expiry && first >= *expiry))
            return std::nullopt;
        return Opening{first, end};
    };
    // CTM-051, and days behind the order date: one window.
    if (policy.isOpenEnded || policy.fromDays.value > 0 || policy.toDays.value > 0) {
        int32_t const first = order.since + policy.fromDays.value;
        return limited(
            policy.fromTime ? clock(zone, first, *policy.fromTime) : dayStart(zone, first),
            policy.toTime ? clock(zone, order.since + policy.toDays.value, *policy.toTime) : -1);
    }
    int64_t const begin = dayStart(zone, order.since);
    auto const passed = static_cast<int32_t>((from - begin) / secondsADay);
    for (int32_t day = order.since + std::max(passed - 1, 0);; ++day) {
        int64_t const start = dayStart(zone, day), end = dayStart(zone, day + 1) - 1;
        if ((expiry && start >= *expiry) || day > order.since + std::max(passed, 0) + 2)
            return std::nullopt;
        int64_t const opens = policy.fromTime ? clock(zone, day, *policy.fromTime) : start;
        int64_t const closes = policy.toTime ? clock(zone, day, *policy.toTime) : end;
        if (opens <= closes) {
            if (auto const found = limited(opens, closes))
                return found;
            continue;
        }
        // TO comes first: until TO, and again from FROM on (CTM-050).
        if (auto const early = limited(start, closes))
            return early;
        if (auto const late = limited(opens, end))
            return late;
    }
}

Orders::Text Orders::timeText(int64_t instant) const {
    std::string const text = isoText(instant + zoneOf({}).offsetAt(instant));
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

} // namespace hoist::semantics
