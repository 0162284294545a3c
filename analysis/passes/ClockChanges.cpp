// Times of day that a change of the clock skips or repeats, with the date on which it next happens
// (JIL-149, CRON-008).
#include "analysis/Pass.h"

#include <map>
#include <optional>

namespace hoist::analysis {
namespace {

using schedule::ClockOddity;

class ClockChecks {
public:
    explicit ClockChecks(PassContext& givenContext)
        : context(givenContext), estate(givenContext.estate) {}

    void check(ir::Job const& job) {
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        ir::TimeZone const* zone = context.ticks.zoneOf(schedule);
        if (!zone || job.refused)
            return;
        if (schedule.kind == ir::Schedule::Kind::calendar) {
            for (int16_t minute : *schedule.times)
                checkTime(job, schedule, *zone, minute);
        } else if (schedule.kind == ir::Schedule::Kind::cron && !schedule.cron.minuteStar &&
                   !schedule.cron.hourStar) {
            for (int16_t hour = 0; hour < 24; ++hour)
                for (int16_t minute = 0;
                     minute < 60 && schedule.cron.hours[static_cast<size_t>(hour)]; ++minute)
                    if (schedule.cron.minutes[static_cast<size_t>(minute)])
                        checkTime(job, schedule, *zone, static_cast<int16_t>(hour * 60 + minute));
        }
    }

private:
    void checkTime(ir::Job const& job, ir::Schedule const& schedule, ir::TimeZone const& zone,
                   int16_t minute) {
        Oddities const& known = oddities(zone, minute);
        bool const isCron = schedule.kind == ir::Schedule::Kind::cron;
        Span const at = isCron ? schedule.origin : estate.constructs.span(schedule.times.from);
        if (known.skipped && ticksOn(schedule, *known.skipped)) {
            auto builder = context.diags.report<Code::ClockSkips>(
                at, ir::clockText(minute), job.name, ir::dateText(known.skipped->date),
                zone.name());
            builder.object(job.name).evidence(ir::clockText(minute));
            if (isCron)
                builder.primary("cron runs it right after the change").note("rule CRON-008");
            else
                builder
                    .primary(
                        fmt::format("the clock is put forward: it runs {} seconds after the change",
                                    minute % 60))
                    .note("rule JIL-149; of several times that are skipped only the first runs");
        }
        if (known.repeated && ticksOn(schedule, *known.repeated)) {
            auto builder = context.diags.report<Code::ClockRepeats>(
                at, ir::clockText(minute), job.name, ir::dateText(known.repeated->date),
                zone.name());
            builder.object(job.name).evidence(ir::clockText(minute));
            if (isCron)
                builder.primary("cron runs it once, at the first").note("rule CRON-008");
            else
                builder.primary("it runs once, at the second").note("rule JIL-149");
        }
    }

    /// Whether the schedule is due on that date at all: most changes of the clock come on a Sunday.
    bool ticksOn(ir::Schedule const& schedule, ClockOddity const& oddity) {
        int32_t const day = ir::toDayNumber(oddity.date);
        if (schedule.kind == ir::Schedule::Kind::calendar)
            return !context.ticks.dates(schedule, day, day).empty();
        ir::CronFields const& cron = schedule.cron; // CRON-002
        bool const byMonthDay = cron.monthDays[oddity.date.day];
        bool const byWeekday = cron.weekdays[static_cast<size_t>(ir::weekdayOf(day))];
        bool const isDay = cron.monthDayStar || cron.weekdayStar ? byMonthDay && byWeekday
                                                                 : byMonthDay || byWeekday;
        return cron.months[oddity.date.month] && isDay;
    }

    struct Oddities {
        std::optional<ClockOddity> skipped, repeated;
    };
    Oddities const& oddities(ir::TimeZone const& zone, int16_t minute) {
        auto [it, isNew] = cache.try_emplace({&zone, minute});
        if (isNew)
            it->second = {schedule::nextSkipped(zone, minute, context.now, 1),
                          schedule::nextRepeated(zone, minute, context.now, 1)};
        return it->second;
    }

    PassContext& context;
    ir::Estate const& estate;
    std::map<std::pair<ir::TimeZone const*, int16_t>, Oddities> cache;
};

} // namespace

void checkClockChanges(PassContext& context) {
    ClockChecks checks(context);
    for (ir::Job const& job : context.estate.jobs)
        if (job.schedule)
            checks.check(job);
}

} // namespace hoist::analysis
