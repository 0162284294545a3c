// When Control-M orders a job or folder: the business days that are its own (CTM-040…046).
#pragma once

#include "frontend/ir/Calendar.h"

#include <string>
#include <vector>

namespace hoist::ir {

using OrderingId = Id<struct OrderingTag>;

/// One item of DAYS (CTM-041) or WEEKDAYS (CTM-044).
struct DayItem {
    enum class Kind : uint8_t {
        all,       ///< ALL
        none,      ///< NONE
        number,    ///< n: of the month, or of the week with 0 = Sunday
        fromStart, ///< Dn
        fromEnd,   ///< Ln
    } kind = Kind::all;
    enum class Sign : uint8_t {
        plain,
        plus,  ///< +n: beside all working days
        minus, ///< -n: all days but it; wins over all others (CTM-042)
        next,  ///< >n: or the next working day
        previous,
    } sign = Sign::plain;
    uint8_t number = 0;
    uint8_t week = 0;   ///< of DnWm
    char period = '\0'; ///< of DnPi
};

struct MonthDay {
    uint8_t month = 0, day = 0;
};

/// One set of scheduling criteria: of an entity itself, or a rule-based calendar (CTM-045).
struct OrderRule {
    llvm::StringRef name;              ///< of a rule-based calendar
    uint16_t months = 0b1111111111110; ///< bits 1-12
    std::vector<DayItem> days, weekdays;
    bool isEither = false;                                   ///< DAYS_AND_OR
    std::vector<MonthDay> dates;                             ///< instead of days and weekdays
    llvm::StringRef dayCalendar, weekCalendar, confirmation; ///< names as written; empty: none
    CalendarId dayDays, weekDays, confirmedDays;             ///< what they name; set when resolved
    /// What becomes of a day that the confirmation calendar does not confirm (CTM-046).
    enum class Shift : uint8_t { ignore, next, previous, keep } shift = Shift::ignore;
    int32_t shiftBy = 0; ///< working days, behind that
    Date from, till;     ///< ordering period; year 0: open

    bool hasDays() const {
        return !days.empty() || !weekdays.empty() || !dates.empty() || !dayCalendar.empty() ||
               !weekCalendar.empty();
    }
};

struct Ordering {
    OrderRule own;
    std::vector<OrderRule> included, excluded;
    bool needsBoth = false;  ///< RELATIONSHIP=A: its own criteria and one of the included
    bool isByParent = false; ///< uses the rules of its folder
    /// Members do not wait for what nobody ordered that day would add: ADJUST_COND (CTM-092).
    bool adjustsWaits = false;
    std::string unknownDays; ///< not empty: why its order dates are not known
    Span unknownAt;
};

} // namespace hoist::ir
