// Date-condition rules of extended calendars: parsed once, evaluated year by year (JIL-157).
//
// Pinned where the sources are silent: `&` and `|` apply from left to right, a comma unites whole
// rules; an exclusion (`XFOM`, `MNTHDX15`, `NOT MON`) always takes days away, under `&` from what
// stands left of it, under `|` and a comma from all that it stands with; a rule of exclusions only
// takes them from every day. WORKD…, FOMWORK, EOMWORK and CWRK… count the days of WORKDAYS, FOMWEEK
// and EOMWEEK those of WEEKDAYS; both drop the dates of the holiday calendar. Weeks of the year are
// blocks of seven days from 1 January; with an anchor (WEKRMON#02, WEKR1#02) week 1 begins on the
// first such weekday of the year. The same rules in Python: hoist_airflow/schedule/rules.py;
// tests/vectors holds both to one result.
#pragma once

#include "frontend/ir/Calendar.h"

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hoist::ir {

/// What a rule's tokens depend on besides the date. Days are numbers since 1970-01-01.
struct CalendarFacts {
    uint8_t workdays = 0b0111110;  ///< bit 0 = Sunday (JIL-156)
    std::vector<int32_t> holidays; ///< sorted
    std::vector<std::pair<int32_t, int32_t>>
        periods; ///< first and last day of each, sorted (JIL-159)

    bool isHoliday(int32_t day) const;
    bool isWorkweekday(int32_t day) const { return (workdays >> weekdayOf(day) & 1) != 0; }
};

/// The days of one year; bit 0 = 1 January.
using YearDays = std::bitset<366>;

struct RuleError {
    uint32_t offset = 0; ///< bytes from the start of the rule
    std::string message; ///< lower case, code in backticks
};

class CalendarRule {
public:
    /// An empty rule is every day.
    static std::optional<CalendarRule> parse(llvm::StringRef text, RuleError& error);

    YearDays days(int32_t year, CalendarFacts const& facts) const;

    bool needsCycle() const { return cycle; }
    bool needsHolidays() const {
        return holidays;
    } ///< a token drops or counts around the dates of holcal
    /// An exclusion stands beside `|`, or `&` and `|` mix without parentheses: pinned readings,
    /// worth a warning.
    bool hasExclusionUnderOr() const { return exclusionUnderOr; }
    bool mixesOperators() const { return mixed; }
    /// Upper case, `&`, `|`, `,`, `NOT`, parentheses, single blanks; parses to the same rule.
    llvm::StringRef canonical() const { return text; }
    /// The tree that was read, fully parenthesised, each keyword taken apart:
    /// `(dayOfMonth(1) & !weekday(@1))`. For tests, which hold it to the grammar.
    std::string structure() const;

private:
    friend class RuleParser;
    struct Node;
    std::shared_ptr<Node const> root;
    std::string text;
    bool cycle = false, holidays = false, exclusionUnderOr = false, mixed = false;
};

} // namespace hoist::ir
