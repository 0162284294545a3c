// Named calendars as defined: date lists, rule-based (extended) calendars, cycles.
#pragma once

#include "frontend/ir/Constructs.h"

#include <llvm/ADT/StringRef.h>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace hoist::ir {

using CalendarId = Id<struct CalendarTag>;

/// A civil date. Day numbers (days since 1970-01-01) are what the algebra computes with.
struct Date {
    int32_t year = 0;
    uint8_t month = 0; ///< 1-12
    uint8_t day = 0;   ///< 1-31
    friend constexpr auto operator<=>(Date const&, Date const&) = default;
};
constexpr int32_t
toDayNumber(Date date) { // the usual era algorithm; exact for all proleptic Gregorian dates
    int32_t const y = date.month <= 2 ? date.year - 1 : date.year;
    int32_t const era = (y >= 0 ? y : y - 399) / 400;
    auto const yoe = static_cast<uint32_t>(y - era * 400);
    uint32_t const doy =
        (153u * (date.month + (date.month > 2 ? -3u : 9u)) + 2) / 5 + date.day - 1u;
    uint32_t const doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + static_cast<int32_t>(doe) - 719468;
}
constexpr Date fromDayNumber(int32_t number) {
    int32_t const z = number + 719468;
    int32_t const era = (z >= 0 ? z : z - 146096) / 146097;
    auto const doe = static_cast<uint32_t>(z - era * 146097);
    uint32_t const yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t const doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint32_t const mp = (5 * doy + 2) / 153;
    auto const day = static_cast<uint8_t>(doy - (153 * mp + 2) / 5 + 1);
    auto const month = static_cast<uint8_t>(mp < 10 ? mp + 3 : mp - 9);
    return {static_cast<int32_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0), month, day};
}
/// 0 = Sunday … 6 = Saturday.
constexpr int weekdayOf(int32_t dayNumber) { return (dayNumber % 7 + 7 + 4) % 7; }
static_assert(toDayNumber({1970, 1, 1}) == 0 && weekdayOf(0) == 4 &&
              fromDayNumber(59) == Date{1970, 3, 1});

std::string dateText(Date date);   ///< "2026-03-01"
std::string clockText(int minute); ///< of the day: "07:00"

/// One row of a standard calendar; `minute` of the day, -1 when the row has no time (or 00:00).
struct CalendarRow {
    Date date;
    int16_t minute = -1;
    friend constexpr auto operator<=>(CalendarRow const&, CalendarRow const&) = default;
};

struct DateRange {
    Date from, to; ///< both inclusive
};

/// What to do with a candidate date that is a holiday or no workday (JIL-158).
enum class Disposition : uint8_t { unset, only, same, next, forward, backward };

struct Calendar {
    enum class Kind : uint8_t { standard, extended, cycle };
    Kind kind = Kind::standard;
    llvm::StringRef name;
    Span nameSpan;
    Span origin;
    ConstructId statement;
    llvm::StringRef description;
    bool refused = false;

    std::vector<CalendarRow> rows; ///< standard; sorted, unique

    std::vector<DateRange> periods; ///< cycle

    // extended
    uint8_t workdays = 0b0111110; ///< bit 0 = Sunday (JIL-156: default Mo-Fr)
    Disposition nonWorkday = Disposition::unset;
    Disposition holiday = Disposition::unset;
    Sourced<llvm::StringRef> holidayCalendar;
    Sourced<llvm::StringRef> cycleName;
    int32_t adjust = 0;
    /// The rule text, canonical: tokens upper case, left to right, `&`, `|`, `NOT`, parentheses;
    /// several `condition:` lines joined by commas. Parsed and evaluated by
    /// frontend/ir/CalendarRule.h.
    llvm::StringRef rule;
    Span ruleSpan;
    std::vector<ConstructId> constructs; ///< every attribute and row, for coverage
};

} // namespace hoist::ir
