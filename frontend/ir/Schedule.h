// When something starts by the clock: dates × times × zone × window, and what a tick does when it
// cannot start.
#pragma once

#include "frontend/ir/Calendar.h"

#include <llvm/ADT/SmallVector.h>

#include <bitset>
#include <optional>

namespace hoist::ir {

using ScheduleId = Id<struct ScheduleTag>;

/// A local time that a zone skips (spring): what becomes of its tick.
enum class GapRule : uint8_t {
    none,     ///< no tick (JIL-149 start_mins; cron wildcard entries, CRON-008)
    afterGap, ///< at the first instant after the gap (cron fixed entries, CRON-008)
    /// JIL-149 start_times: hh:MM runs MM *seconds* after the gap; of several only the first.
    minuteAsSecondsFirstOnly,
};
/// A local time that a zone repeats (autumn): at which pass its tick comes.
enum class OverlapRule : uint8_t { first, second, both };

/// A tick while the same job still runs (TR-51), and a tick whose condition is false (JIL-144).
enum class TickWhileRunning : uint8_t { drop, queue, overlap, reschedule };
enum class TickWhileFalse : uint8_t { arm, lose };

/// Minutes of a day in local time.
struct Window {
    int16_t from = 0;
    int16_t to = 0; ///< may be less than `from`: crosses midnight
};

/// "hh:mm" or "+minutes" after the start (JIL-152).
struct ClockOrOffset {
    bool isOffset = false;
    int32_t minutes = 0;
};

/// The five fields of a crontab entry as sets; the star flags decide the day rule (CRON-002) and
/// DST (CRON-008).
struct CronFields {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> monthDays; ///< bits 1-31
    std::bitset<13> months;    ///< bits 1-12
    std::bitset<7> weekdays;   ///< bit 0 = Sunday
    bool minuteStar = false, hourStar = false, monthDayStar = false, weekdayStar = false;
};

struct Schedule {
    enum class Kind : uint8_t { calendar, cron, atBoot };
    Kind kind = Kind::calendar;
    Span origin;
    ConstructId master; ///< JIL date_conditions; the crontab fields

    // Kind::calendar
    Sourced<uint8_t> weekdays;            ///< bit 0 = Sunday
    Sourced<llvm::StringRef> runCalendar; ///< names; CalendarId set by link
    Sourced<llvm::StringRef> excludeCalendar;
    CalendarId run, exclude;
    Sourced<llvm::SmallVector<int16_t, 2>> times; ///< minutes of the day, as written order, unique
    Sourced<llvm::SmallVector<uint8_t, 2>> minutes; ///< minutes past every hour

    // Kind::cron
    CronFields cron;
    llvm::StringRef cronText; ///< the five fields, single blanks, names and @names resolved to what
                              ///< the flavour means
    llvm::StringRef flavour;  ///< "debian" | "cronie"

    Sourced<llvm::StringRef> timezone; ///< as written
    llvm::StringRef zone;              ///< resolved IANA name; empty: the site's default
    Sourced<Window> window;
    Sourced<std::vector<ClockOrOffset>> mustStart, mustComplete;

    GapRule timesGap = GapRule::minuteAsSecondsFirstOnly;
    OverlapRule timesOverlap = OverlapRule::second;
    GapRule minutesGap = GapRule::none;
    OverlapRule minutesOverlap = OverlapRule::both;
    TickWhileRunning whileRunning = TickWhileRunning::drop;
    TickWhileFalse whileFalse = TickWhileFalse::arm;
};

} // namespace hoist::ir
