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
