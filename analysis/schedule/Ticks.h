// The instants at which schedules tick: dates × times × zone, with the gaps and overlaps of DST
// (JIL-141…149, CRON-008).
#pragma once

#include "analysis/schedule/CalendarDays.h"
#include "frontend/ir/TimeZones.h"

namespace hoist::schedule {

/// Enumerates schedules of one estate. Caches the days of calendars; not thread-safe.
class Ticks {
public:
    explicit Ticks(ir::Estate const& model) : estate(model), calendars(model) {}

    /// The ticks with from ≤ tick < to, sorted, unique; instants are seconds since
    /// 1970-01-01T00:00Z. A schedule without a zone ticks in Settings::timezone, else in UTC. Empty
    /// for `atBoot`, and where a name does not resolve (link has said so).
    std::vector<int64_t> between(ir::Schedule const& schedule, int64_t from, int64_t to);

    /// The local dates with first ≤ date ≤ last on which a calendar schedule may tick (day
    /// numbers).
    std::vector<int32_t> dates(ir::Schedule const& schedule, int32_t first, int32_t last);

    /// JIL-147: the last date on which it can ever tick, when its run calendar ends; nothing for
    /// endless ones.
    std::optional<ir::Date> lastDate(ir::Schedule const& schedule);

    /// The zone that a schedule ticks in; null when its name is unknown.
    ir::TimeZone const* zoneOf(ir::Schedule const& schedule) const;

    CalendarDays& days() { return calendars; }

private:
    std::vector<int64_t> calendarTicks(ir::Schedule const& schedule, ir::TimeZone const& zone,
                                       int64_t from, int64_t to);

    ir::Estate const& estate;
    CalendarDays calendars;
};

/// A local time of day that a zone skips or repeats: when next, and how.
struct ClockOddity {
    enum class Kind : uint8_t { skipped, repeated } kind = Kind::skipped;
    ir::Date date;      ///< the local date it happens on
    int64_t change = 0; ///< the instant of the zone's change
};
/// The first days from `from` on, within `years`, on which the zone skips and repeats this minute
/// of the day.
std::optional<ClockOddity> nextSkipped(ir::TimeZone const& zone, int16_t minute, int64_t from,
                                       int years);
std::optional<ClockOddity> nextRepeated(ir::TimeZone const& zone, int16_t minute, int64_t from,
                                        int years);

/// The ticks of a crontab entry as Vixie's daemon runs them, the DST loop included; see
/// CronTicks.cpp.
std::vector<int64_t> cronTicks(ir::CronFields const& fields, ir::TimeZone const& zone, int64_t from,
                               int64_t to);

} // namespace hoist::schedule
