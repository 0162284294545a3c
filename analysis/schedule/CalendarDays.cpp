// Evaluates calendars year by year, and settles what falls on holidays and non-workdays (JIL-158).
#include "analysis/schedule/CalendarDays.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::schedule {

using ir::Calendar;
using ir::Disposition;

/// How far a date looks for a workday; less than a year, so that three years of candidates suffice.
static constexpr int32_t walkLimit = 350;

ir::Calendar const* CalendarDays::byName(llvm::StringRef name) const {
    auto const found = estate.calendarByName.find(name);
    return found == estate.calendarByName.end() ? nullptr : &estate.calendars[found->second];
}

CalendarDays::Entry& CalendarDays::entry(ir::CalendarId id) {
    auto [found, isNew] = entries.try_emplace(id.value);
    Calendar const& calendar = estate.calendars[id];
    if (isNew && calendar.kind == Calendar::Kind::extended) {
        found->second.extended.emplace();
        readExtended(calendar, *found->second.extended);
    }
    return found->second;
}

void CalendarDays::readExtended(Calendar const& calendar, Extended& extended) const {
    ir::RuleError ignored; // the front end has reported it and refused the calendar
    extended.rule = ir::CalendarRule::parse(calendar.rule, ignored);
    extended.facts.workdays = calendar.workdays;
    if (calendar.holidayCalendar)
        if (Calendar const* holidays = byName(*calendar.holidayCalendar)) {
            for (ir::CalendarRow const& row : holidays->rows)
                extended.facts.holidays.push_back(ir::toDayNumber(row.date));
            llvm::sort(extended.facts.holidays);
            extended.facts.holidays.erase(llvm::unique(extended.facts.holidays),
                                          extended.facts.holidays.end());
        }
    if (calendar.cycleName)
        if (Calendar const* cycle = byName(*calendar.cycleName)) {
            for (ir::DateRange const& period : cycle->periods)
                extended.facts.periods.emplace_back(ir::toDayNumber(period.from),
                                                    ir::toDayNumber(period.to));
            llvm::sort(extended.facts.periods);
        }
}

std::vector<int32_t> const& CalendarDays::of(ir::CalendarId id, int32_t year) {
    Entry& known = entry(id);
    auto [found, isNew] = known.years.try_emplace(year);
    std::vector<int32_t>& days = found->second;
    Calendar const& calendar = estate.calendars[id];
    if (!isNew || calendar.refused)
        return days;
    int32_t const first = ir::toDayNumber({year, 1, 1}), end = ir::toDayNumber({year + 1, 1, 1});
    switch (calendar.kind) {
    case Calendar::Kind::standard: {
        auto row = llvm::lower_bound(calendar.rows, ir::CalendarRow{{year, 1, 1}, -1});
        for (; row != calendar.rows.end() && row->date.year == year; ++row)
            days.push_back(ir::toDayNumber(row->date));
        break;
    }
    case Calendar::Kind::cycle:
        for (ir::DateRange const& period : calendar.periods)
            for (int32_t day = std::max(first, ir::toDayNumber(period.from));
                 day < end && day <= ir::toDayNumber(period.to); ++day)
                days.push_back(day);
        break;
    case Calendar::Kind::extended:
        for (int32_t source = year - 1; source <= year + 1; ++source)
            for (int32_t const day : extendedDays(calendar, known, source))
                if (day >= first && day < end)
                    days.push_back(day);
        break;
    }
    llvm::sort(days);
    days.erase(llvm::unique(days), days.end());
    return days;
}

/// Where the candidates of one year end up; that may be in the years beside it.
std::vector<int32_t> CalendarDays::extendedDays(Calendar const& calendar, Entry& known,
                                                int32_t year) {
    std::vector<int32_t> days;
    Extended& extended = *known.extended;
    if (!extended.rule)
        return days;
    auto [candidates, isNew] = extended.candidates.try_emplace(year);
    if (isNew)
        candidates->second = extended.rule->days(year, extended.facts);
    int32_t const first = ir::toDayNumber({year, 1, 1});
    for (size_t i = 0; i < candidates->second.size(); ++i)
        if (candidates->second[i])
            if (auto const day = settle(calendar, known, first + static_cast<int32_t>(i)))
                days.push_back(*day + calendar.adjust);
    return days;
}

/// Where a candidate ends up; nothing: dropped. A replacement is final (JIL-158).
std::optional<int32_t> CalendarDays::settle(Calendar const& calendar, Entry& known, int32_t day) {
    ir::CalendarFacts const& facts = known.extended->facts;
    auto const walk = [&](int32_t step, bool avoidHolidays) -> std::optional<int32_t> {
        for (int32_t target = day + step; std::abs(target - day) <= walkLimit; target += step)
            if (facts.isWorkweekday(target) && !(avoidHolidays && facts.isHoliday(target)))
                return target;
        known.noWorkday = true;
        return std::nullopt;
    };
    bool const settlesHolidays = calendar.holiday != Disposition::unset;
    bool const only =
        calendar.holiday == Disposition::only || calendar.nonWorkday == Disposition::only;
    bool const isHoliday = facts.isHoliday(day);
    Disposition action = Disposition::unset;
    if (isHoliday && settlesHolidays) {
        action = calendar.holiday;
        if (action == Disposition::next)
            return day + 1; // exactly the next day, whatever it is
    } else if (isHoliday || !facts.isWorkweekday(day)) {
        action = calendar.nonWorkday;
        if (action == Disposition::next) // a holiday that `holiday:` settles is no obstacle
            return walk(1, !settlesHolidays);
    }
    if (action == Disposition::forward)
        return walk(1, true);
    if (action == Disposition::backward)
        return walk(-1, true);
    if (only && action != Disposition::only)
        return std::nullopt;
    return day;
}

llvm::SmallVector<int16_t, 2> CalendarDays::minutesOn(ir::CalendarId id, int32_t day) const {
    Calendar const& calendar = estate.calendars[id];
    if (calendar.kind != Calendar::Kind::standard)
        return {-1};
    llvm::SmallVector<int16_t, 2> minutes;
    ir::Date const date = ir::fromDayNumber(day);
    auto row = llvm::lower_bound(calendar.rows, ir::CalendarRow{date, -1});
    for (; row != calendar.rows.end() && row->date == date; ++row)
        minutes.push_back(row->minute);
    return minutes;
}

std::optional<int32_t> CalendarDays::last(ir::CalendarId id) const {
    Calendar const& calendar = estate.calendars[id];
    constexpr int32_t never = -1000000;
    switch (calendar.kind) {
    case Calendar::Kind::extended: return std::nullopt;
    case Calendar::Kind::standard:
        return calendar.rows.empty() ? never : ir::toDayNumber(calendar.rows.back().date);
    case Calendar::Kind::cycle: {
        int32_t last = never;
        for (ir::DateRange const& period : calendar.periods)
            last = std::max(last, ir::toDayNumber(period.to));
        return last;
    }
    }
    return std::nullopt;
}

bool CalendarDays::hasNoWorkday(ir::CalendarId id, int32_t year) {
    of(id, year);
    return entry(id).noWorkday;
}

} // namespace hoist::schedule
