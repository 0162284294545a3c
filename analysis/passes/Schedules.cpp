// Schedules that contradict themselves, never tick, end, or tick at the wrong time for their box.
#include "analysis/Pass.h"
#include "frontend/ir/ForcedOrders.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>
#include <map>

namespace hoist::analysis {
namespace {

constexpr int64_t daySeconds = 86400;
constexpr int minutesOfDay = 1440;

class ScheduleChecks {
public:
    explicit ScheduleChecks(PassContext& givenContext)
        : context(givenContext), estate(givenContext.estate), forced(givenContext.estate),
          today(static_cast<int32_t>(givenContext.now / daySeconds)) {}

    void run() {
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            if (job.dialect == ir::Dialect::controlm) {
                orderedByHand(job);
                continue;
            }
            if (!job.schedule) {
                if (!job.box && !job.boxName && !job.condition && job.deadSchedule.empty() &&
                    !job.refused)
                    context.diags
                        .report<Code::OnlyByHand>(job.nameSpan, job.name,
                                                  "it has no times, no condition and no box")
                        .object(job.name)
                        .note("rule JIL-004");
                continue;
            }
            ir::Schedule const& schedule = estate.schedules[job.schedule];
            if (schedule.kind != ir::Schedule::Kind::calendar)
                continue;
            exclusivePairs(job, schedule);
            if (job.refused)
                continue;
            if (!schedule.weekdays && !schedule.runCalendar)
                noTicks(job, schedule,
                        "`date_conditions` is on, but there is neither `days_of_week` nor "
                        "`run_calendar` (JIL-142)");
            else if (schedule.weekdays && !schedule.runCalendar && *schedule.weekdays == 0)
                noTicks(job, schedule, "`days_of_week` names no day (JIL-142)");
            else
                lastDay(job, schedule);
            window(job, schedule);
            if (job.box && !context.neverStarts[id.value])
                memberTicks(id, schedule);
        }
        for (auto const& [calendar, ending] : endings)
            reportEnding(calendar, ending);
    }

private:
    /// CTM-006: New Day orders a folder, or a User Daily, or nobody but an operator.
    void orderedByHand(ir::Job const& job) {
        if (job.box || job.refused || !job.orders ||
            estate.orderPolicies[job.orders].method != ir::OrderPolicy::Method::manual ||
            llvm::any_of(estate.workflows[job.workflow].jobs,
                         [&](ir::JobId id) { return forced.isForced(id); })) // CTM-077
            return;
        context.diags
            .report<Code::OnlyByHand>(job.nameSpan, job.name,
                                      "neither New Day nor a User Daily orders it")
            .object(job.name)
            .note("`FOLDER_ORDER_METHOD` is not `SYSTEM` (CTM-006)");
    }

    template <class A, class B>
    void exclusive(ir::Job const& job, ir::Sourced<A> const& first, ir::Sourced<B> const& second,
                   llvm::StringRef a, llvm::StringRef b) {
        if (first && second)
            context.diags
                .report<Code::ExclusivePair>(estate.constructs.span(second.from), a, b, job.name)
                .object(job.name)
                .evidence(b)
                .label(estate.constructs.span(first.from), "excludes it")
                .note("rule JIL-141: `jil` rejects the job");
    }

    void exclusivePairs(ir::Job const& job, ir::Schedule const& schedule) {
        exclusive(job, schedule.times, schedule.minutes, "start_times", "start_mins");
        exclusive(job, schedule.weekdays, schedule.runCalendar, "days_of_week", "run_calendar");
    }

    void noTicks(ir::Job const& job, ir::Schedule const& schedule, llvm::StringRef why) {
        context.diags.report<Code::NoTicks>(schedule.origin, job.name, why)
            .object(job.name)
            .note(job.condition ? "its condition alone does not start it"
                                : "it starts only by hand");
    }

    struct Ending {
        std::optional<ir::Date> last; ///< nothing: no day at all
        ir::JobId first;
        size_t jobs = 0;
    };
    using EndingKey = std::pair<uint32_t, uint32_t>; ///< run calendar, exclude calendar

    /// JIL-147, once for each pair of calendars: hundreds of jobs share one.
    void lastDay(ir::Job const& job, ir::Schedule const& schedule) {
        if (!schedule.run && !schedule.exclude)
            return;
        EndingKey const key{schedule.run.value, schedule.exclude.value};
        ir::JobId const id = estate.jobByName.lookup(job.name);
        if (auto it = endings.find(key); it != endings.end()) {
            ++it->second.jobs;
            return;
        }
        Ending ending{context.ticks.lastDate(schedule), id, 1};
        if (!ending.last) {
            // Endless by itself; the exclusions may still take every day.
            if (!schedule.exclude || !context.ticks.dates(schedule, today, today + 3 * 366).empty())
                ending.last = ir::Date{9999, 12, 31};
        }
        endings.emplace(key, ending);
    }

    void reportEnding(EndingKey key, Ending const& ending) {
        ir::Job const& job = estate.jobs[ending.first];
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        auto const& source = schedule.runCalendar ? schedule.runCalendar : schedule.excludeCalendar;
        Span const at = estate.constructs.span(source.from);
        auto const finish = [&](diag::Builder builder) {
            builder.object(job.name).evidence(*source);
            for (uint32_t calendar : {key.first, key.second})
                if (calendar != ir::CalendarId::noValue)
                    builder.label(estate.calendars[ir::CalendarId(size_t(calendar))].nameSpan,
                                  "this calendar");
            builder.note("rule JIL-147: the scheduler says nothing and starts nothing");
            if (ending.jobs > 1)
                builder.note(fmt::format("{} more jobs use it", ending.jobs - 1));
        };
        if (!ending.last)
            return finish(context.diags.report<Code::CalendarEnded>(
                at, job.name,
                llvm::StringRef(
                    "the exclude calendar takes away every day of the next three years")));
        if (ending.last->year < 1)
            return finish(context.diags.report<Code::CalendarEnded>(
                at, job.name,
                fmt::format("calendar `{}` has no day that is not excluded", shown(*source))));
        int32_t const last = ir::toDayNumber(*ending.last);
        if (last < today)
            finish(context.diags.report<Code::CalendarEnded>(
                at, job.name,
                fmt::format("the last day of calendar `{}` was {}", shown(*source),
                            ir::dateText(*ending.last))));
        else if (last < today + 366)
            finish(context.diags.report<Code::CalendarEndsSoon>(
                at, job.name, ir::dateText(*ending.last), *source));
    }

    /// JIL-150, 151: every tick waits for the window or is lost.
    void window(ir::Job const& job, ir::Schedule const& schedule) {
        if (!schedule.window || !schedule.times || schedule.times->empty())
            return;
        ir::Window const window = *schedule.window;
        auto const isInside = [&](int16_t minute) {
            return window.from <= window.to ? window.from <= minute && minute <= window.to
                                            : minute >= window.from || minute <= window.to;
        };
        if (std::any_of(schedule.times->begin(), schedule.times->end(), isInside))
            return;
        // What becomes of each start; of a member's the start of its box decides.
        int16_t const length =
            static_cast<int16_t>((window.to - window.from + minutesOfDay) % minutesOfDay);
        std::string waiting, lost;
        for (int16_t minute : *schedule.times) {
            int const untilOpening = (window.from - minute + minutesOfDay) % minutesOfDay;
            int const sinceClosing = minutesOfDay - untilOpening - length;
            std::string& times = untilOpening <= sinceClosing ? waiting : lost;
            times += (times.empty() ? "" : ", ") + ir::clockText(minute);
        }
        auto builder = context.diags.report<Code::WindowOutsideTimes>(
            estate.constructs.span(schedule.window.from), job.name);
        builder.object(job.name)
            .label(estate.constructs.span(schedule.times.from), "outside the window")
            .note("rule JIL-151: nearer to the next opening the start waits for it, nearer to the "
                  "last closing it does not happen");
        if (job.box)
            return;
        std::string const opening = ir::clockText(window.from);
        if (lost.empty())
            builder.primary(fmt::format("the start waits for {}", opening));
        else if (waiting.empty())
            builder.primary("closed the shorter time ago: no start ever happens");
        else
            builder.primary(
                fmt::format("{} waits for {}, {} does not happen", waiting, opening, lost));
    }

    /// JIL-112, by comparing the ticks of member and box over two weeks. A box waits for a member
    /// whose tick has not come, so one tick of the member between two starts of the box is in
    /// order. Two are not: the second finds the member done. Nor is one that comes shortly before
    /// the box starts, on another day than its last start.
    void memberTicks(ir::JobId id, ir::Schedule const& schedule) {
        ir::Job const& job = estate.jobs[id];
        ir::JobId box = job.box;
        while (box && !estate.jobs[box].schedule) {
            if (estate.jobs[box].condition)
                return; // starts when something else ends: when that is, nobody knows
            box = estate.jobs[box].box;
        }
        if (!box ||
            estate.schedules[estate.jobs[box].schedule].kind != ir::Schedule::Kind::calendar)
            return;
        int64_t const from = context.now / daySeconds * daySeconds, to = from + 16 * daySeconds;
        std::vector<int64_t> const& starts = ticksOf(box, from, to);
        std::vector<int64_t> const own = context.ticks.between(schedule, from, to);
        if (starts.size() < 2)
            return;
        ir::TimeZone const* zone =
            context.ticks.zoneOf(estate.schedules[estate.jobs[box].schedule]);
        if (!zone)
            return;
        auto const day = [&](int64_t instant) {
            return (instant + zone->offsetAt(instant)) / daySeconds;
        };
        int64_t previousOwn = 0;
        for (int64_t tick : own) {
            auto const next = std::upper_bound(starts.begin(), starts.end(), tick);
            if (next == starts.begin() || next == starts.end()) {
                previousOwn = tick;
                continue;
            }
            int64_t const started = *std::prev(next);
            if (previousOwn >= started)
                return reportTick(
                    id, box, tick,
                    "by then the member may have run once already in this run of its box");
            if (*next - tick < tick - started && day(tick) != day(started))
                return reportTick(id, box, tick, "its box starts only afterwards");
            previousOwn = tick;
        }
    }

    void reportTick(ir::JobId id, ir::JobId box, int64_t tick, llvm::StringRef why) {
        ir::Job const& job = estate.jobs[id];
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        ir::ConstructId const times = schedule.times     ? schedule.times.from
                                      : schedule.minutes ? schedule.minutes.from
                                                         : schedule.master;
        ir::TimeZone const* zone = context.ticks.zoneOf(schedule);
        int64_t const local = tick + (zone ? zone->offsetAt(tick) : 0);
        auto const minute = local % daySeconds / 60;
        context.diags
            .report<Code::TickWhileBoxIdle>(estate.constructs.span(times), job.name,
                                            estate.jobs[box].name)
            .object(job.name)
            .primary(fmt::format(
                "on {} at {}: {}",
                ir::dateText(ir::fromDayNumber(static_cast<int32_t>(local / daySeconds))),
                ir::clockText(static_cast<int>(minute)), shown(why)))
            .label(estate.schedules[estate.jobs[box].schedule].origin,
                   fmt::format("`{}` starts by this", shown(estate.jobs[box].name)))
            .note(
                schedule.window
                    ? "rule JIL-112, JIL-151: the tick is kept, and the run window says what "
                      "becomes of it when the box next starts"
                    : "rule JIL-112: the tick is kept, and the member starts at once when the box "
                      "next starts");
    }

    std::vector<int64_t> const& ticksOf(ir::JobId box, int64_t from, int64_t to) {
        auto [it, isNew] = boxTicks.try_emplace(box.value);
        if (isNew)
            it->second =
                context.ticks.between(estate.schedules[estate.jobs[box].schedule], from, to);
        return it->second;
    }

    PassContext& context;
    ir::Estate const& estate;
    ir::ForcedOrders forced;
    int32_t today;
    std::map<EndingKey, Ending> endings;
    std::map<uint32_t, std::vector<int64_t>> boxTicks;
};

} // namespace

void checkSchedules(PassContext& context) { ScheduleChecks(context).run(); }

} // namespace hoist::analysis
