// Named calendars to days: date lists, rules with their dispositions, cycles (JIL-146,
// JIL-155…159).
#pragma once

#include "frontend/ir/CalendarRule.h"
#include "frontend/ir/Estate.h"

#include <map>

namespace hoist::schedule {

/// Days are numbers since 1970-01-01.
class CalendarDays {
public:
    explicit CalendarDays(ir::Estate const& model) : estate(model) {}

    /// The days of a calendar in one year, sorted. Empty for a refused or unreadable one.
    std::vector<int32_t> const& of(ir::CalendarId id, int32_t year);

    /// The times of a calendar's own rows on a day, in minutes; -1 for a row without one (JIL-146).
    llvm::SmallVector<int16_t, 2> minutesOn(ir::CalendarId id, int32_t day) const;

    /// The last day the calendar can ever give; nothing when it never ends (JIL-147).
    std::optional<int32_t> last(ir::CalendarId id) const;

    /// Why a rule's day could not be moved to a workday: there is none within 350 days (JIL-158).
    bool hasNoWorkday(ir::CalendarId id, int32_t year);

private:
    struct Extended {
        std::optional<ir::CalendarRule> rule;
        ir::CalendarFacts facts;
        std::map<int32_t, ir::YearDays> candidates;
    };
    struct Entry {
        std::optional<Extended> extended;
        std::map<int32_t, std::vector<int32_t>> years;
        bool noWorkday = false;
    };
    Entry& entry(ir::CalendarId id);
    void readExtended(ir::Calendar const& calendar, Extended& extended) const;
    ir::Calendar const* byName(llvm::StringRef name) const;
    std::vector<int32_t> extendedDays(ir::Calendar const& calendar, Entry& known, int32_t year);
    std::optional<int32_t> settle(ir::Calendar const& calendar, Entry& known, int32_t day);

    ir::Estate const& estate;
    std::map<uint32_t, Entry> entries;
};

} // namespace hoist::schedule
