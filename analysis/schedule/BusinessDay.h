// Control-M's day: an order date lasts from New Day to New Day of the site's zone (CTM-001,
// CTM-002).
#pragma once

#include "frontend/ir/Orders.h"
#include "frontend/ir/Settings.h"
#include "frontend/ir/TimeZones.h"

namespace hoist::schedule {

/// The zone that hoist.toml says; null: none, or one that nobody knows.
ir::TimeZone const* siteZone(ir::Settings const& settings);
/// The same, else UTC.
ir::TimeZone const& siteZoneOrUtc(ir::Settings const& settings);

/// The instant at which a day begins. A time that the zone skips is the first instant behind the
/// gap (CTM-056). Days are numbers since 1970-01-01.
int64_t newDay(ir::Settings const& settings, ir::TimeZone const& zone, int32_t day);
/// A time of the day, going forward from New Day (CTM-048).
int64_t timeOf(ir::Settings const& settings, ir::TimeZone const& zone, int32_t day, int32_t minute);
/// When the clock orders a folder, in minutes of the day: New Day, or its User Daily (CTM-006);
/// nothing: a hand does, or nobody says when.
std::optional<int16_t> orderedAt(ir::Settings const& settings, ir::OrderPolicy const& policy);
/// The day that an instant lies in.
int32_t orderDateOf(ir::Settings const& settings, ir::TimeZone const& zone, int64_t instant);
/// Minutes from New Day on to a time of the day (CTM-048).
int32_t minutesFromNewDay(ir::Settings const& settings, int32_t minute);

} // namespace hoist::schedule
