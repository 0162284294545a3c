// A crontab entry as the Vixie daemons really run it (CRON-002, CRON-008).
//
// The daemon compares local minutes. While they follow each other it runs what matches. When the
// wall clock jumps by `jump` minutes (1 = no jump):
//   2…5       it makes up every missed minute;
//   6…180     (DST begins) *wildcard* entries (a `*` at the start of the minute or the hour field)
//   run for
//             the present minute only; fixed ones run once for each missed minute that matches, ten
//             seconds after the one before, because the daemon sleeps that long after it has
//             started something (two that it starts in one second are told apart by one second
//             here);
//   0…-179    (DST ends) only wildcard entries run until the clock has caught up;
//   else      the daemon takes the jump as a correction, and goes on from the new time.
// Debian's 3.0pl1 and cronie agree in this. What an entry costs others (the ten seconds are those
// of the whole crontab) is not modelled: every entry is its own workflow (CRON-012).
#include "analysis/schedule/Ticks.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::schedule {

namespace {

constexpr int64_t settle = 10;
constexpr int64_t correction = 180;

int64_t floorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t ceilDiv(int64_t a, int64_t b) { return -floorDiv(-a, b); }

class Daemon {
public:
    explicit Daemon(ir::CronFields const& entry)
        : fields(entry), isWild(entry.minuteStar || entry.hourStar) {
        for (int hour = 0; hour < 24; ++hour)
            for (int minute = 0; minute < 60; ++minute)
                if (fields.hours[static_cast<size_t>(hour)] &&
                    fields.minutes[static_cast<size_t>(minute)])
                    minutesOfDay.push_back(hour * 60 + minute);
    }

    /// A stretch of constant offset, local minutes first ≤ m < after.
    void run(int64_t first, int64_t after, int64_t offset) {
        if (!started)
            virtualTime = first - 1;
        started = true;
        int64_t const jump = first - virtualTime;
        bool const makesUp = jump >= 2 && jump <= (isWild ? 5 : correction);
        if (makesUp && isWild) {
            if (!matching(virtualTime + 1, first).empty())
                ticks.push_back(first * 60 - offset);
        } else if (makesUp) {
            first = catchUp(first, offset);
        } else if (jump <= 0 && jump > -correction && !isWild) {
            first = std::max(first, virtualTime + 1);
        }
        for (int64_t const minute : matching(first, after))
            ticks.push_back(minute * 60 - offset);
        virtualTime =
            jump > -correction ? std::max({virtualTime, first - 1, after - 1}) : after - 1;
    }

    std::vector<int64_t> ticks;

private:
    bool matchesDay(int32_t day) const {
        ir::Date const date = ir::fromDayNumber(day);
        if (!fields.months[date.month])
            return false;
        bool const byMonth = fields.monthDays[date.day];
        bool const byWeek = fields.weekdays[static_cast<size_t>(ir::weekdayOf(day))];
        // CRON-002: a star in either field makes it "both", else it is "one of them".
        return fields.monthDayStar || fields.weekdayStar ? byMonth && byWeek : byMonth || byWeek;
    }

    std::vector<int64_t> matching(int64_t first, int64_t after) const {
        std::vector<int64_t> found;
        for (int64_t day = floorDiv(first, 1440); first < after && day <= floorDiv(after - 1, 1440);
             ++day)
            if (matchesDay(static_cast<int32_t>(day)))
                for (int const minute : minutesOfDay)
                    if (int64_t const local = day * 1440 + minute; local >= first && local < after)
                        found.push_back(local);
        return found;
    }

    /// The daemon's loop over the minutes a fixed entry missed; returns the first one after it.
    int64_t catchUp(int64_t running, int64_t offset) {
        std::vector<int64_t> const missed = matching(virtualTime + 1, running + 1440);
        int64_t clock = running * 60, last = 0;
        auto const fire = [&] {
            last = std::max(clock - offset, last + 1);
            ticks.push_back(last);
        };
        for (;;) {
            bool queued = false;
            // Up to five minutes it makes up in one go, more only as long as its minute lasts.
            bool const hurries = running - virtualTime <= 5;
            while (virtualTime < running && (hurries || floorDiv(clock, 60) == running)) {
                if (queued) {
                    fire();
                    clock += settle;
                }
                ++virtualTime;
                queued = std::binary_search(missed.begin(), missed.end(), virtualTime);
            }
            if (queued)
                fire();
            if (virtualTime == running && clock < (running + 1) * 60)
                return running + 1;
            running = std::max(running + 1, ceilDiv(clock, 60));
            clock = running * 60;
        }
    }

    ir::CronFields const& fields;
    bool isWild;
    std::vector<int> minutesOfDay;
    int64_t virtualTime = 0; ///< the last local minute that the daemon has dealt with
    bool started = false;
};

} // namespace

std::vector<int64_t> cronTicks(ir::CronFields const& fields, ir::TimeZone const& zone, int64_t from,
                               int64_t to) {
    // Begin two days early, so that an overlap before `from` is known.
    int64_t begin = floorDiv(from, 60) * 60 - 2 * 86400;
    Daemon daemon(fields);
    std::vector<int64_t> bounds = zone.changes(begin, to);
    bounds.push_back(to);
    for (int64_t const end : bounds) {
        int64_t const offset = zone.offsetAt(begin);
        int64_t const first = ceilDiv(begin + offset, 60), after = ceilDiv(end + offset, 60);
        if (first < after)
            daemon.run(first, after, offset);
        begin = end;
    }
    std::vector<int64_t> ticks = std::move(daemon.ticks);
    llvm::sort(ticks);
    ticks.erase(llvm::unique(ticks), ticks.end());
    llvm::erase_if(ticks, [&](int64_t tick) { return tick < from || tick >= to; });
    return ticks;
}

} // namespace hoist::schedule
