// How many runs of jobs a workflow brings per day, from its schedules.
//
// Ticks are counted over one quarter from the day of the first wave on (without one from a fixed
// day, so that the same estate has the same plan tomorrow). The members of a box run once with it
// (JIL-111). What has no schedule starts as often as the most frequent job that it waits for; what
// nobody starts counts nothing.
//
// With a history a workflow brings what its jobs really ran per day of it. One of which it has no
// run is new, or was not recorded: it is counted from its schedule, too.
#include "analysis/migration/PlanConstraints.h"
#include "analysis/schedule/Ticks.h"

#include <algorithm>
#include <chrono>

namespace hoist::migration {

int32_t dayNumber(llvm::StringRef day) {
    unsigned year = 0, month = 0, date = 0;
    if (day.size() != 10 || day.substr(0, 4).getAsInteger(10, year) ||
        day.substr(5, 2).getAsInteger(10, month) || day.substr(8, 2).getAsInteger(10, date))
        return 0;
    std::chrono::year_month_day const ymd(std::chrono::year(static_cast<int>(year)),
                                          std::chrono::month(month), std::chrono::day(date));
    if (!ymd.ok())
        return 0;
    return static_cast<int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count());
}

std::string dayText(int32_t number) {
    std::chrono::sys_days const day{std::chrono::days(number)};
    std::chrono::year_month_day const ymd(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                       static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::vector<Load> expectedLoad(ir::Estate const& estate,
                               std::vector<Dependency> const& dependencies,
                               PlanSettings const& settings, History const* history) {
    constexpr int32_t days = 91;
    int32_t const firstDay = dayNumber(settings.start ? settings.start->value : "2027-01-01");
    int64_t const from = int64_t{firstDay} * 86'400;
    schedule::Ticks ticks(estate);
    std::vector<double> ofSchedule(estate.schedules.size(), -1);
    auto const runsOf = [&](ir::ScheduleId id) {
        double& runs = ofSchedule[id.value];
        if (runs < 0)
            runs = static_cast<double>(
                       ticks.between(estate.schedules[id], from, from + days * int64_t{86'400})
                           .size()) /
                   days;
        return runs;
    };
    std::vector<double> starts(estate.workflows.size(), 0); ///< of the root, per day
    std::vector<bool> isScheduled(estate.workflows.size(), false);
    for (ir::WorkflowId const id : estate.workflows.ids())
        if (ir::ScheduleId const schedule = estate.jobs[estate.workflows[id].root].schedule) {
            starts[id.value] = runsOf(schedule);
            isScheduled[id.value] = true;
        }
    constexpr int rounds = 16; // of a chain of workflows that start each other
    for (int round = 0; round < rounds; ++round) {
        bool isChanged = false;
        for (Dependency const& each : dependencies) {
            if (each.at != Producer::job || each.strength != Strength::hard || !each.crosses() ||
                isScheduled[each.to.value] || each.consumer != estate.workflows[each.to].root)
                continue;
            double const runs = starts[each.from.value];
            if (runs > starts[each.to.value]) {
                starts[each.to.value] = runs;
                isChanged = true;
            }
        }
        if (!isChanged)
            break;
    }
    std::vector<Load> load(estate.workflows.size());
    for (ir::WorkflowId const id : estate.workflows.ids())
        load[id.value].runs =
            starts[id.value] * static_cast<double>(estate.workflows[id].jobs.size());
    if (!history)
        return load;
    std::vector<RunStatistics> const ran = history->statistics(estate);
    for (ir::WorkflowId const id : estate.workflows.ids()) {
        size_t runs = 0;
        int64_t seconds = 0;
        for (ir::JobId const job : estate.workflows[id].jobs) {
            runs += ran[job.value].runs;
            // A box lasts as long as its members, which are counted.
            if (!std::holds_alternative<ir::GroupAction>(estate.jobs[job].action))
                seconds += ran[job.value].total;
        }
        if (runs > 0)
            load[id.value] = {static_cast<double>(runs) / history->days(),
                              static_cast<double>(seconds) / 3600 / history->days()};
    }
    return load;
}

} // namespace hoist::migration
