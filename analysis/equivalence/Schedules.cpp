// Merging two sorted lists of instants, and telling people where they part.
#include "analysis/equivalence/Schedules.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {
namespace {

using Aspect = Difference::Aspect;
using ir::Schedule;

constexpr int64_t minute = 60, hour = 3600, day = 86400;
// A year and a few days: every calendar day and both changes of the clock.
constexpr int64_t wholeYear = 370 * day;

int32_t dayOf(int64_t local) {
    return static_cast<int32_t>(local >= 0 ? local / day : (local - day + 1) / day);
}

std::string utc(int64_t instant) {
    ir::Date const date = ir::fromDayNumber(dayOf(instant));
    int64_t const of = instant - dayOf(instant) * day;
    return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                       of / hour, of / minute % 60, of % 60);
}

std::string dateText(int32_t number) {
    ir::Date const date = ir::fromDayNumber(number);
    return fmt::format("{}-{:02}-{:02}", date.year, date.month, date.day);
}

/// "Sunday 2026-11-01 01:30 America/New_York (2026-11-01T06:30:00Z)"
std::string localText(ir::TimeZone const& zone, int64_t instant) {
    static constexpr llvm::StringLiteral names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
    int64_t const local = instant + zone.offsetAt(instant);
    int32_t const date = dayOf(local);
    int64_t const of = local - date * day;
    std::string text = fmt::format("{} {} {:02}:{:02}", names[ir::weekdayOf(date)].str(),
                                   dateText(date), of / hour, of / minute % 60);
    if (of % 60 != 0)
        text += fmt::format(":{:02}", of % 60);
    return fmt::format("{} {} ({})", text, zone.name().str(), utc(instant));
}

/// The ticks on one side only.
struct Parting {
    int64_t first = 0;
    bool isLegacy = false; ///< `first` is a tick of the definition
    size_t onlyLegacy = 0, onlyAirflow = 0, legacy = 0, airflow = 0;
    explicit operator bool() const { return onlyLegacy + onlyAirflow > 0; }
};

Parting compare(std::vector<int64_t> const& legacy, std::vector<int64_t> const& airflow,
                Horizon horizon) {
    Parting parting;
    auto left = std::lower_bound(legacy.begin(), legacy.end(), horizon.from);
    auto const leftEnd = std::lower_bound(left, legacy.end(), horizon.to);
    auto right = std::lower_bound(airflow.begin(), airflow.end(), horizon.from);
    auto const rightEnd = std::lower_bound(right, airflow.end(), horizon.to);
    parting.legacy = static_cast<size_t>(leftEnd - left);
    parting.airflow = static_cast<size_t>(rightEnd - right);
    while (left != leftEnd || right != rightEnd) {
        bool const isLegacy = right == rightEnd || (left != leftEnd && *left < *right);
        bool const isAirflow = left == leftEnd || (right != rightEnd && *right < *left);
        if (isLegacy == isAirflow) {
            ++left;
            ++right;
            continue;
        }
        if (!parting)
            parting = {isLegacy ? *left : *right, isLegacy, 0, 0, parting.legacy, parting.airflow};
        isLegacy ? (++parting.onlyLegacy, ++left) : (++parting.onlyAirflow, ++right);
    }
    return parting;
}

/// One schedule of the definition against one tick set.
class ScheduleComparison {
public:
    ScheduleComparison(ir::Estate const& givenEstate, schedule::Ticks& givenTicks, JobId givenJob,
                       std::string givenTask, Findings& givenOut)
        : estate(givenEstate), ticks(givenTicks), id(givenJob), job(estate.jobs[givenJob]),
          task(std::move(givenTask)), out(givenOut) {}

    void differ(Span where, std::string legacy, std::string airflow, std::string consequence) {
        out.differences.push_back({Aspect::schedule, id, where.isValid() ? where : job.nameSpan,
                                   task, std::move(legacy), std::move(airflow),
                                   std::move(consequence)});
    }
    void unknown(std::string reason) { out.unknowns.push_back({std::move(reason), id, task}); }
    void assume(std::string name, std::string words) {
        out.assumptions.push_back({std::move(name), std::move(words), id});
    }

    /// `bag` tells since when the set is complete; the set itself, until when.
    void run(Schedule const& schedule, target::Bag const& bag, target::TickSet const& set,
             Horizon horizon) {
        ir::TimeZone const* const zone = ticks.zoneOf(schedule);
        if (!zone) {
            unknown(fmt::format("no time zone is known as `{}`", schedule.timezone->str()));
            return;
        }
        if (schedule.zone.empty())
            assume("site-timezone:" + zone->name().str(),
                   fmt::format("the legacy scheduler runs in {} (JIL-148)", zone->name().str()));
        Horizon const both{std::max(horizon.from, bag.from), std::min(horizon.to, set.until)};
        std::vector<int64_t> const legacy = both.from < both.to
                                                ? ticks.between(schedule, both.from, both.to)
                                                : std::vector<int64_t>();
        if (Parting const parting = compare(legacy, set.ticks, both)) {
            tell(schedule, *zone, parting, legacy, set.ticks, both);
            return; // what comes after the end is of no interest any more
        }
        bool const endsEarly = both.to < horizon.to || both.from > horizon.from;
        if (!endsEarly)
            return;
        if (both.to - both.from < wholeYear)
            unknown(fmt::format("the ticks of the timetable are known from {} to {} only, less "
                                "than a year with both changes of the clock",
                                utc(both.from), utc(both.to)));
        else
            assume("schedule-compared-until:" + dateText(dayOf(both.to)),
                   fmt::format("the ticks of {} go on after {} as before", job.name.str(),
                               dateText(dayOf(both.to))));
    }

private:
    void tell(Schedule const& schedule, ir::TimeZone const& zone, Parting const& parting,
              std::vector<int64_t> const& legacy, std::vector<int64_t> const& airflow,
              Horizon both) {
        std::vector<int64_t> const& others = parting.isLegacy ? airflow : legacy;
        auto const nearest = [&]() -> std::optional<int64_t> {
            auto const after = std::lower_bound(others.begin(), others.end(), parting.first);
            bool const hasAfter = after != others.end(), hasBefore = after != others.begin();
            if (!hasAfter && !hasBefore)
                return std::nullopt;
            if (hasAfter && (!hasBefore || *after - parting.first < parting.first - *(after - 1)))
                return *after;
            return *(after - 1);
        }();
        std::string const here = "a tick at " + localText(zone, parting.first);
        std::string const there = nearest ? "none; the nearest is " + localText(zone, *nearest)
                                          : std::string("no tick at all");
        Span const where =
            schedule.master ? estate.constructs.span(schedule.master) : schedule.origin;
        differ(where, parting.isLegacy ? here : there, parting.isLegacy ? there : here,
               fmt::format(
                   "at {} {} starts {} and {} does not: {}; {} of {} ticks of the definition "
                   "and {} of {} of the DAG have no counterpart from {} to {}",
                   localText(zone, parting.first), parting.isLegacy ? "the definition" : "the DAG",
                   job.name.str(), parting.isLegacy ? "the DAG" : "the definition",
                   reason(schedule, zone, parting, nearest), parting.onlyLegacy, parting.legacy,
                   parting.onlyAirflow, parting.airflow, dateText(dayOf(both.from)),
                   dateText(dayOf(both.to))));
    }

    /// The rule of the definition that the first different tick follows or breaks.
    std::string reason(Schedule const& schedule, ir::TimeZone const& zone, Parting const& parting,
                       std::optional<int64_t> nearest) {
        bool const isCron = schedule.kind == Schedule::Kind::cron;
        int64_t const at = parting.first;
        for (int64_t const change : zone.changes(at - 4 * hour, at + 4 * hour)) {
            bool const forward = zone.offsetAt(change) > zone.offsetAt(change - 1);
            return fmt::format(
                "the clock {} on {} ({})", forward ? "skips an hour" : "repeats an hour",
                dateText(dayOf(change + zone.offsetAt(change))), isCron ? "CRON-008" : "JIL-149");
        }
        int64_t const local = at + zone.offsetAt(at);
        int32_t const date = dayOf(local);
        int32_t const year = ir::fromDayNumber(date).year;
        if (isCron && (schedule.cron.monthDayStar || schedule.cron.weekdayStar) &&
            !(schedule.cron.monthDays.count() >= 31 || schedule.cron.weekdays.count() >= 7))
            return "day of month and day of week must both match, because one begins with `*` "
                   "(CRON-002)";
        if (isCron && schedule.cron.monthDays.count() < 31 && schedule.cron.weekdays.count() < 7)
            return "either day of month or day of week must match (CRON-002)";
        if (!isCron) {
            auto const has = [&](ir::CalendarId calendar) {
                auto const& days = ticks.days().of(calendar, year);
                return std::binary_search(days.begin(), days.end(), date);
            };
            if (!parting.isLegacy && schedule.exclude && has(schedule.exclude))
                return fmt::format("the day is in exclude_calendar {} (JIL-146)",
                                   schedule.excludeCalendar->str());
            if (schedule.run && has(schedule.run) != !parting.isLegacy &&
                !sharesDay(nearest, zone, date))
                return fmt::format("the day is {}in run_calendar {} (JIL-146)",
                                   parting.isLegacy ? "" : "not ", schedule.runCalendar->str());
            if (schedule.weekdays && !parting.isLegacy &&
                !(*schedule.weekdays >> ir::weekdayOf(date) & 1))
                return "the day is none of days_of_week (JIL-142)";
        }
        int64_t const apart = nearest ? std::abs(*nearest - at) : 0;
        if (nearest && apart == std::abs(zone.offsetAt(at)))
            return fmt::format("the times of day are read as UTC, another time zone than {} ({})",
                               zone.name().str(), isCron ? "CRON-007" : "JIL-148");
        if (nearest && (sharesDay(nearest, zone, date) || apart < 12 * hour))
            return fmt::format("the times of day differ by {} minutes ({})", apart / minute,
                               isCron ? "CRON-001" : "JIL-143");
        return isCron ? "the days differ (CRON-002)" : "the days differ (JIL-142)";
    }

    static bool sharesDay(std::optional<int64_t> nearest, ir::TimeZone const& zone, int32_t date) {
        return nearest && dayOf(*nearest + zone.offsetAt(*nearest)) == date;
    }

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    JobId id;
    ir::Job const& job;
    std::string task;
    Findings& out;
};

std::string jsonText(target::Task const* task, char const* name) {
    if (!task || !task->fields.is_object())
        return {};
    auto const arguments = task->fields.find("arguments");
    if (arguments == task->fields.end() || !arguments->is_object())
        return {};
    auto const it = arguments->find(name);
    return it != arguments->end() && it->is_string() ? it->get<std::string>() : std::string();
}

} // namespace

void compareSchedule(ir::Estate const& estate, schedule::Ticks& ticks, ir::WorkflowId workflow,
                     target::Bag const& bag, target::Dag const& dag, Horizon horizon,
                     Findings& out) {
    using Kind = target::Timetable::Kind;
    JobId const root = estate.workflows[workflow].root;
    ir::Job const& job = estate.jobs[root];
    std::string const name = job.name.str();
    ScheduleComparison comparison(estate, ticks, root, "", out);
    target::Timetable const& timetable = dag.timetable;
    std::string const shown =
        timetable.summary.empty() ? timetable.type : timetable.type + " " + timetable.summary;
    Schedule const* const schedule = job.schedule ? &estate.schedules[job.schedule] : nullptr;
    Span const where = schedule ? schedule->origin : job.nameSpan;
    bool const hasClock = schedule && schedule->kind != Schedule::Kind::atBoot &&
                          !ticks.between(*schedule, horizon.from, horizon.to).empty();

    if (timetable.kind == Kind::unknown || (timetable.kind == Kind::ticks && !timetable.ticks)) {
        comparison.unknown(fmt::format("when {} starts runs cannot be told", shown));
        return;
    }
    if (timetable.kind == Kind::assets) {
        if (hasClock)
            comparison.differ(where, "starts by the clock", "starts by asset events",
                              fmt::format("{} would start when events come, not at its times "
                                          "(AF-040)",
                                          name));
        else if (job.condition)
            comparison.unknown("asset events are used up and know no latched status: whether they "
                               "start what the condition starts cannot be proved (TR-03, AF-040)");
        else
            comparison.differ(where, "is started by hand only", "starts by asset events",
                              fmt::format("{} would start by itself (AF-040)", name));
        return;
    }
    if (timetable.kind == Kind::continuous) {
        comparison.differ(where, hasClock ? "starts by the clock" : "no clock starts it",
                          "starts again as soon as it has ended",
                          fmt::format("{} would run without a pause", name));
        return;
    }
    if (schedule && schedule->kind == Schedule::Kind::atBoot) {
        bool const starts = timetable.kind == Kind::ticks;
        if (starts)
            comparison.differ(where, "starts when the host boots", shown,
                              fmt::format("{} would start by the clock (CRON-004)", name));
        else
            comparison.assume(
                "started-at-boot:" + name,
                fmt::format("somebody triggers {} when the host boots (CRON-004)", name));
        return;
    }
    if (timetable.kind == Kind::none) {
        if (!hasClock)
            return;
        target::TickSet never;
        never.until = horizon.to;
        target::Bag complete;
        complete.from = horizon.from;
        comparison.run(*schedule, complete, never, horizon);
        return;
    }
    target::TickSet const& set = bag.tickSets[timetable.ticks];
    if (!schedule) {
        auto const first = std::lower_bound(set.ticks.begin(), set.ticks.end(), horizon.from);
        if (first != set.ticks.end())
            comparison.differ(where, "no clock starts it", shown,
                              fmt::format("at {} the DAG starts {}, and the definition waits for "
                                          "its condition (JIL-005, TR-02)",
                                          utc(*first), name));
        return;
    }
    comparison.run(*schedule, bag, set, horizon);
}

void compareMemberSchedule(ir::Estate const& estate, schedule::Ticks& ticks, JobId id,
                           target::Bag const& bag, target::Task const* gate,
                           target::TickSet const* gateTicks, Horizon horizon, Findings& out) {
    ir::Job const& job = estate.jobs[id];
    Schedule const* const schedule = job.schedule ? &estate.schedules[job.schedule] : nullptr;
    std::string const task = gate ? gate->id : std::string();
    ScheduleComparison comparison(estate, ticks, id, task, out);
    bool const hasClock = schedule && !ticks.between(*schedule, horizon.from, horizon.to).empty();
    if (gateTicks && schedule) {
        comparison.run(*schedule, bag, *gateTicks, horizon);
    } else if (gateTicks) {
        if (!gateTicks->ticks.empty())
            comparison.differ(job.nameSpan, "has no times of its own", "waits for a tick",
                              fmt::format("{} would wait for {} (JIL-112)", job.name.str(),
                                          utc(gateTicks->ticks.front())));
    } else if (hasClock) {
        comparison.differ(schedule->origin, "waits for a time of its own", "waits for no tick",
                          fmt::format("{} would start with its box, and the definition waits for "
                                      "its time (JIL-112, TR-19)",
                                      job.name.str()));
    }
    compareWindow(estate, id, gate, out);
}

void compareWindow(ir::Estate const& estate, JobId id, target::Task const* gate, Findings& out) {
    ir::Job const& job = estate.jobs[id];
    Schedule const* const schedule = job.schedule ? &estate.schedules[job.schedule] : nullptr;
    std::string wanted;
    Span where = job.nameSpan;
    if (schedule && schedule->window) {
        ir::Window const& window = *schedule->window;
        wanted = fmt::format("{:02}:{:02}-{:02}:{:02}", window.from / 60, window.from % 60,
                             window.to / 60, window.to % 60);
        where = estate.constructs.span(schedule->window.from);
    }
    std::string const found = jsonText(gate, "window");
    std::string const task = gate ? gate->id : std::string();
    if (wanted != found) {
        out.differences.push_back(
            {Aspect::start, id, where, task,
             wanted.empty() ? "no run_window" : "run_window " + wanted,
             found.empty() ? "no window" : "window " + found,
             fmt::format(
                 "{} would start at a time of day at which the definition does not start it, "
                 "or the reverse (JIL-150, JIL-151)",
                 job.name.str())});
        return;
    }
    if (wanted.empty())
        return;
    std::string const zone = !schedule->zone.empty()             ? schedule->zone.str()
                             : !estate.settings.timezone.empty() ? estate.settings.timezone
                                                                 : std::string("UTC");
    std::string theirs = jsonText(gate, "timezone");
    if (theirs.empty())
        theirs = "UTC";
    if (theirs != zone)
        out.differences.push_back(
            {Aspect::start, id, where, task, "run_window in " + zone, "window in " + theirs,
             fmt::format(
                 "the window of {} would open and close at other instants (JIL-148, JIL-150)",
                 job.name.str())});
}

} // namespace hoist::equivalence
