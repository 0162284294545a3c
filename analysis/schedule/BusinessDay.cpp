// New Day, forwards and back.
#include "analysis/schedule/BusinessDay.h"

namespace hoist::schedule {

namespace {
constexpr int64_t secondsADay = 86'400;
constexpr int32_t minutesADay = 1440;
} // namespace

ir::TimeZone const* siteZone(ir::Settings const& settings) {
    return settings.timezone.empty() ? nullptr
                                     : ir::findZone(ir::resolveZone(settings.timezone).zone);
}

ir::TimeZone const& siteZoneOrUtc(ir::Settings const& settings) {
    static ir::TimeZone const utc = ir::TimeZone::fixed("UTC", 0);
    ir::TimeZone const* const site = siteZone(settings);
    return site ? *site : utc;
}

int64_t newDay(ir::Settings const& settings, ir::TimeZone const& zone, int32_t day) {
    return zone.at(day * secondsADay + int64_t{settings.newDay} * 60).first;
}

int64_t timeOf(ir::Settings const& settings, ir::TimeZone const& zone, int32_t day,
               int32_t minute) {
    int64_t const behind = minutesFromNewDay(settings, minute);
    return zone.at(day * secondsADay + (settings.newDay + behind) * 60).first;
}

std::optional<int16_t> orderedAt(ir::Settings const& settings, ir::OrderPolicy const& policy) {
    switch (policy.method) {
    case ir::OrderPolicy::Method::newDay: return settings.newDay;
    case ir::OrderPolicy::Method::userDaily:
        if (auto const it = settings.userDailies.find(policy.userDaily->str());
            it != settings.userDailies.end())
            return it->second;
        return std::nullopt;
    case ir::OrderPolicy::Method::manual: break;
    }
    return std::nullopt;
}

int32_t orderDateOf(ir::Settings const& settings, ir::TimeZone const& zone, int64_t instant) {
    auto day = static_cast<int32_t>((instant + zone.offsetAt(instant)) / secondsADay) + 1;
    while (newDay(settings, zone, day) > instant)
        --day;
    return day;
}

int32_t minutesFromNewDay(ir::Settings const& settings, int32_t minute) {
    return (minute - settings.newDay + minutesADay) % minutesADay;
}

} // namespace hoist::schedule
