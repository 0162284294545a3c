// AutoSys's ticks: start_times or start_mins on the days of a week or of a calendar (JIL-141…149).
#include "analysis/schedule/Ticks.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::schedule {

using ir::GapRule;
using ir::OverlapRule;
using ir::Schedule;

static constexpr int64_t day = 86400;

static int32_t floorDay(int64_t seconds) {
    return static_cast<int32_t>(seconds >= 0 ? seconds / day : (seconds - day + 1) / day);
}

ir::TimeZone const* Ticks::zoneOf(Schedule const& schedule) const {
    llvm::StringRef name = schedule.zone;
    if (name.empty())
        name = estate.settings.timezone.empty() ? llvm::StringRef("UTC")
                                                : llvm::StringRef(estate.settings.timezone);
    return ir::findZone(name);
}

std::vector<int64_t> Ticks::between(Schedule const& schedule, int64_t from, int64_t to) {
    ir::TimeZone const* zone = zoneOf(schedule);
    if (!zone || from >= to)
        return {};
    switch (schedule.kind) {
    case Schedule::Kind::atBoot: return {};
    case Schedule::Kind::cron: return cronTicks(schedule.cron, *zone, from, to);
    case Schedule::Kind::calendar: return calendarTicks(schedule, *zone, from, to);
    }
    return {};
}

std::vector<int32_t> Ticks::dates(Schedule const& schedule, int32_t first, int32_t last) {
    std::vector<int32_t> found;
    bool const hasRun = schedule.runCalendar.isSet();
    if ((hasRun && !schedule.run) || (schedule.excludeCalendar.isSet() && !schedule.exclude))
        return found; // an undefined calendar; link has said so
    for (int32_t year = ir::fromDayNumber(first).year; year <= ir::fromDayNumber(last).year;
         ++year) {
        std::vector<int32_t> const* without =
            schedule.exclude ? &calendars.of(schedule.exclude, year) : nullptr;
        auto const add = [&](int32_t date) {
            if (date >= first && date <= last &&
                !(without && std::binary_search(without->begin(), without->end(), date)))
                found.push_back(date);
        };
        if (hasRun) {
            for (int32_t const date : calendars.of(schedule.run, year))
                add(date);
            continue;
        }
        int32_t const end = std::min(last, ir::toDayNumber({year, 12, 31}));
        for (int32_t date = std::max(first, ir::toDayNumber({year, 1, 1})); date <= end; ++date)
            if (*schedule.weekdays >> ir::weekdayOf(date) & 1)
                add(date);
    }
    return found;
}

std::optional<ir::Date> Ticks::lastDate(Schedule const& schedule) {
    if (schedule.kind != Schedule::Kind::calendar || !schedule.run)
        return std::nullopt;
    std::optional<int32_t> last = calendars.last(schedule.run);
    if (!last)
        return std::nullopt;
    // The exclusions may take the last dates away: look back year by year.
    for (int32_t end = *last; end > *last - 100 * 366; end -= 366) {
        std::vector<int32_t> const left = dates(schedule, end - 365, end);
        if (!left.empty())
            return ir::fromDayNumber(left.back());
    }
    return ir::Date{0, 1, 1};
}

namespace {

/// Adds the ticks of one local time by the rules for skipped and repeated times.
void addMoment(ir::Moment const& moment, GapRule gap, OverlapRule overlap, int minute,
               int64_t& lastGap, std::vector<int64_t>& ticks) {
    if (moment.skipped) {
        if (gap == GapRule::afterGap)
            ticks.push_back(moment.first);
        else if (gap == GapRule::minuteAsSecondsFirstOnly && moment.first != lastGap)
            ticks.push_back(moment.first + minute % 60);
        lastGap = moment.first;
        return;
    }
    if (overlap != OverlapRule::second)
        ticks.push_back(moment.first);
    if (overlap != OverlapRule::first && (moment.isRepeated() || overlap == OverlapRule::second))
        ticks.push_back(moment.second);
}

} // namespace

std::vector<int64_t> Ticks::calendarTicks(Schedule const& schedule, ir::TimeZone const& zone,
                                          int64_t from, int64_t to) {
    std::vector<int64_t> ticks;
    llvm::SmallVector<int16_t, 4> times(schedule.times->begin(), schedule.times->end());
    llvm::sort(times);
    // Without times and minutes a day ticks at 00:00, as the rows of calendars say (JIL-146).
    if (times.empty() && schedule.minutes->empty())
        times.push_back(0);
    // A whole stretch without a change of offset needs no look at the zone for each tick.
    bool const steady = zone.changes(from - 4 * day, to + 4 * day).empty();
    int32_t const offset = zone.offsetAt(from);
    auto const at = [&](int64_t local) {
        return steady ? ir::Moment{local - offset, local - offset, false} : zone.at(local);
    };
    for (int32_t const date : dates(schedule, floorDay(from) - 3, floorDay(to - 1) + 3)) {
        int64_t const midnight = date * day;
        llvm::SmallVector<int16_t, 4> own;
        bool plainRow = true;
        if (schedule.run) {
            auto const rows = calendars.minutesOn(schedule.run, date);
            plainRow = llvm::is_contained(rows, -1);
            llvm::copy_if(rows, std::back_inserter(own),
                          [](int16_t minute) { return minute >= 0; });
        }
        if (plainRow)
            own.append(times.begin(), times.end());
        llvm::sort(own);
        int64_t lastGap = 0;
        for (int16_t const minute : own)
            addMoment(at(midnight + minute * 60LL), schedule.timesGap, schedule.timesOverlap,
                      minute, lastGap, ticks);
        if (plainRow)
            for (int hour = 0; hour < 24; ++hour)
                for (uint8_t const minute : *schedule.minutes)
                    addMoment(at(midnight + hour * 3600LL + minute * 60LL), schedule.minutesGap,
                              schedule.minutesOverlap, minute, lastGap, ticks);
    }
    llvm::sort(ticks);
    ticks.erase(llvm::unique(ticks), ticks.end());
    llvm::erase_if(ticks, [&](int64_t tick) { return tick < from || tick >= to; });
    return ticks;
}

namespace {

std::optional<ClockOddity> nextOddity(ir::TimeZone const& zone, int16_t minute, int64_t from,
                                      int years, ClockOddity::Kind kind) {
    for (int64_t const change : zone.changes(from, from + years * (366 * day))) {
        int32_t const before = zone.offsetAt(change - 1), after = zone.offsetAt(change);
        if ((after > before) != (kind == ClockOddity::Kind::skipped))
            continue;
        // The wall clock skips [change + before, change + after), or repeats [change + after,
        // change + before).
        int64_t const begin = change + std::min(before, after),
                      end = change + std::max(before, after);
        for (int32_t date = floorDay(begin); date <= floorDay(end - 1); ++date) {
            int64_t const local = date * day + minute * 60LL;
            if (local >= begin && local < end)
                return ClockOddity{kind, ir::fromDayNumber(date), change};
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<ClockOddity> nextSkipped(ir::TimeZone const& zone, int16_t minute, int64_t from,
                                       int years) {
    return nextOddity(zone, minute, from, years, ClockOddity::Kind::skipped);
}

std::optional<ClockOddity> nextRepeated(ir::TimeZone const& zone, int16_t minute, int64_t from,
                                        int years) {
    return nextOddity(zone, minute, from, years, ClockOddity::Kind::repeated);
}

} // namespace hoist::schedule
