// Schedules as timetables of the shims; `$date_conditions: 0` and what it switches off.
#include "backend/airflow/LowerWorkflow.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

bool WorkflowLowering::hasTicks(ir::Schedule const& schedule) {
    if (schedule.kind == ir::Schedule::Kind::cron)
        return true;
    if (schedule.kind == ir::Schedule::Kind::atBoot)
        return false;
    bool const hasDays = (schedule.weekdays && *schedule.weekdays != 0) || schedule.runCalendar;
    return hasDays; // JIL-142; without start_times a calendar's own times count (JIL-146)
}

std::string WorkflowLowering::zoneOf(ir::Schedule const& schedule) {
    return schedule.zone.empty() ? siteZone() : schedule.zone.str();
}

void WorkflowLowering::addWindow(ir::Schedule const& schedule, Py::Keywords& arguments) {
    arguments.emplace_back("window", ir::clockText(schedule.window->from) + "-" +
                                         ir::clockText(schedule.window->to));
    arguments.emplace_back("timezone", zoneOf(schedule));
}

Py WorkflowLowering::scheduleExpression(ir::Schedule const& schedule) {
    if (schedule.kind == ir::Schedule::Kind::cron) {
        Py::Keywords arguments{{"timezone", Py(zoneOf(schedule))}};
        if (schedule.flavour != "debian")
            arguments.emplace_back("flavour", Py(schedule.flavour));
        return Py::call("crontab", {Py(schedule.cronText)}, std::move(arguments));
    }
    Py::Keywords arguments;
    if (schedule.weekdays) {
        static constexpr llvm::StringLiteral names[] = {"su", "mo", "tu", "we", "th", "fr", "sa"};
        std::string days;
        for (int day : {1, 2, 3, 4, 5, 6, 0})
            if (*schedule.weekdays >> day & 1)
                days += (days.empty() ? "" : " ") + names[day].str();
        arguments.emplace_back("days", *schedule.weekdays == 0x7F ? Py("all") : Py(days));
    } else if (!schedule.runCalendar) {
        arguments.emplace_back("days", ""); // JIL-142: no days, no ticks
    }
    auto const join = [](auto const& values, auto&& show) {
        std::string text;
        for (auto value : values)
            text += (text.empty() ? "" : " ") + show(value);
        return text;
    };
    if (schedule.times)
        arguments.emplace_back("times", Py(join(*schedule.times, &ir::clockText)));
    if (schedule.minutes)
        arguments.emplace_back("minutes", Py(join(*schedule.minutes, [](uint8_t minute) {
                                   return std::to_string(minute);
                               })));
    bool named = false;
    for (auto [name, id, keyword] :
         {std::tuple{&schedule.runCalendar, schedule.run, "calendar"},
          std::tuple{&schedule.excludeCalendar, schedule.exclude, "exclude"}}) {
        if (!*name)
            continue;
        arguments.emplace_back(keyword, Py(name->value));
        named = true;
        if (id)
            context.calendars.insert(id.value);
    }
    arguments.emplace_back("timezone", Py(zoneOf(schedule)));
    if (named) {
        arguments.emplace_back("calendars", Py::name("CALENDARS"));
        dag.needsCalendars = true;
    }
    return Py::call("legacy_calendar", {}, std::move(arguments));
}

void WorkflowLowering::settleSchedule(ir::Schedule const& schedule, llvm::StringRef form) {
    exact(schedule.master, form);
    if (schedule.excludeCalendar)
        assume("excluded-day-keeps-status"); // JIL-120: AutoSys makes the job INACTIVE
    exact(schedule.weekdays.from, form);
    exact(schedule.runCalendar.from, form);
    exact(schedule.excludeCalendar.from, form);
    exact(schedule.times.from, form);
    exact(schedule.minutes.from, form);
    exact(schedule.timezone.from, form);
    exact(schedule.mustStart.from, "alarm");
    exact(schedule.mustComplete.from, "alarm");
}

void WorkflowLowering::lowerRootSchedule(ir::Job const& root) {
    for (ir::JobId id : workflow.jobs)
        for (ir::ConstructId dead : estate.jobs[id].deadSchedule)
            exact(dead, "none: date_conditions is off (JIL-140)");
    if (!root.schedule) {
        dag.arguments.emplace_back("schedule", Py());
        return;
    }
    ir::Schedule const& schedule = estate.schedules[root.schedule];
    if (schedule.kind == ir::Schedule::Kind::atBoot) {
        context.diags.report<diag::Code::BootEntryManual>(schedule.origin, root.name)
            .object(root.name);
        settleSchedule(schedule, "manual");
        settle(schedule.master, diag::Fidelity::approximated, "manual");
        dag.arguments.emplace_back("schedule", Py());
        return;
    }
    if (!hasTicks(schedule)) {
        settleSchedule(schedule, "no ticks");
        dag.arguments.emplace_back("schedule", Py());
        return;
    }
    dag.arguments.emplace_back("schedule", scheduleExpression(schedule));
    settleSchedule(schedule, schedule.kind == ir::Schedule::Kind::cron
                                 ? "timetable crontab"
                                 : "timetable legacy_calendar");
    dag.arguments.emplace_back("catchup", Py(false));
}

} // namespace hoist::airflow
