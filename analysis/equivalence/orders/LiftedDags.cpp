// Timetables as order dates, folders as folders.
#include "analysis/equivalence/orders/Lifting.h"
#include "analysis/schedule/BusinessDay.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

namespace {
constexpr int64_t secondsADay = 86'400;
constexpr size_t mostRunsADay = 300, mostCopies = 5000;
} // namespace

void Days::meet(std::vector<int32_t> const& other) {
    if (isAny) {
        days = other;
    } else {
        std::vector<int32_t> both;
        std::set_intersection(days.begin(), days.end(), other.begin(), other.end(),
                              std::back_inserter(both));
        days = std::move(both);
    }
    isAny = false;
}

std::string textOf(json const& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::string edgeName(target::Dag const& dag, TaskId task, llvm::StringRef end) {
    return (helperPrefix + end + ":" + dag.id + "/" + dag.tasks[task].id).str();
}

void Lifting::run() {
    into.settings = definitions.settings;
    into.constructs.add(Span(), "of Airflow");
    for (Pair const& one : pairs)
        if (one.dag && definitions.workflows[one.workflow].dialect == ir::Dialect::controlm) {
            folder = one.workflow;
            liftDag(one);
        }
    for (OtherTask const& other : awaited) // of sensors
        for (ir::JobId const job : jobsOf[{other.dag.value, other.task.value}])
            addFact(job, edgeName(bag.dags[other.dag], other.task, "ok"));
}

void Lifting::liftDag(Pair const& given) {
    pair = &given;
    dag = &bag.dags[given.dag];
    out = &lifted.of[given.workflow.value];
    out->folder = into.workflows.add();
    into.workflows[out->folder].dialect = ir::Dialect::controlm;
    boxOf.clear();
    readSchedule();
    addGroups();
    std::vector<int32_t> times = out->startTimes;
    if (times.empty())
        times.push_back(-1);
    for (size_t copy = 0; copy < times.size(); ++copy)
        addTasks(times.size() > 1 ? static_cast<int>(copy) : -1,
                 times.size() > 1 ? times[copy] : startTime);
    checkFolderTasks();
    checkColours();
    finishZones();
}

void Lifting::readSchedule() {
    base = Days();
    startTime = -1;
    isEarly = false;
    method = ir::OrderPolicy::Method::manual;
    userDaily = {};
    target::Timetable const& timetable = dag->timetable;
    using Kind = target::Timetable::Kind;
    if (timetable.type == "OrderDatesTimetable" &&
        timetable.module == "hoist_airflow.schedule.timetables")
        return readOrderDates();
    if (timetable.kind == Kind::ticks)
        return readTicks();
    if (timetable.kind != Kind::none)
        unknown(fmt::format("when a `{}` makes runs is not known", timetable.type));
}

void Lifting::readOrderDates() {
    json const& said = dag->fields["timetable"]["arguments"];
    json const& criteria = said.is_object() && said.contains("any_of") ? said["any_of"] : json();
    bool const isByHand = said.is_object() && said.value("by_hand", false);
    isEarly = said.is_object() && said.value("early", false);
    bool const hasCriteria = criteria.is_array() && !criteria.empty();
    if (dag->timetable.orderDays.empty())
        return unknown("the export does not tell the order dates: it was made by older shims");
    if (hasCriteria)
        base.meet(bag.daySets.lookup(dag->timetable.orderDays).days);
    if (isByHand || !hasCriteria)
        return;
    method = ir::OrderPolicy::Method::newDay;
    std::string const at = said.is_object() ? said.value("at", std::string()) : std::string();
    if (at.empty())
        return;
    auto const minute = clockOf(at);
    if (!minute)
        return unknown(fmt::format("`at={}` of its schedule is no time", at));
    method = ir::OrderPolicy::Method::userDaily;
    userDaily = into.save(fmt::format("{}{}", std::string_view(helperPrefix), at));
    into.settings.userDailies[userDaily.str()] = static_cast<int16_t>(*minute);
}

/// Ticks at times of the day that are the same each day: order dates and the time from which on
/// the tasks may start.
void Lifting::readTicks() {
    method = ir::OrderPolicy::Method::newDay;
    out->hasTicks = true;
    ir::TimeZone const& local = schedule::siteZoneOrUtc(into.settings);
    std::map<int32_t, std::vector<int32_t>> timesOf; // by order date
    int64_t const newDay = into.settings.newDay;
    for (int64_t const tick : bag.tickSets[dag->timetable.ticks].ticks) {
        int64_t const wall = tick + local.offsetAt(tick);
        int32_t const day = schedule::orderDateOf(into.settings, local, tick);
        auto const minute = static_cast<int32_t>(wall % secondsADay / 60);
        timesOf[day].push_back(minute);
    }
    std::set<std::vector<int32_t>> patterns;
    std::vector<int32_t> days;
    for (auto const& [day, times] : timesOf) {
        days.push_back(day);
        patterns.insert(times);
    }
    // The first and the last day of the horizon may be cut.
    if (timesOf.size() > 4) {
        patterns.clear();
        for (auto it = std::next(timesOf.begin()); it != std::prev(timesOf.end()); ++it)
            patterns.insert(it->second);
    }
    base.meet(days);
    if (patterns.size() > 1)
        return unknown("its runs begin at other times on other days");
    if (patterns.empty())
        return;
    std::vector<int32_t> const& times = *patterns.begin();
    if (times.size() > mostRunsADay || times.size() * dag->tasks.size() > mostCopies)
        return unknown(fmt::format("it has {} runs a day", times.size()));
    if (times.size() > 1)
        out->startTimes = times;
    else
        startTime = times.front() == newDay ? -1 : times.front();
}

ir::JobId Lifting::addEntity(llvm::StringRef name, ir::JobId box) {
    ir::JobId const id = into.jobs.add();
    ir::Job& job = into.jobs[id];
    job.name = into.save(name);
    job.dialect = ir::Dialect::controlm;
    job.workflow = out->folder;
    job.box = box;
    job.ordering = into.orderings.add();
    job.orders = into.orderPolicies.add();
    into.jobByName.try_emplace(job.name, id);
    ir::Workflow& workflow = into.workflows[out->folder];
    if (!workflow.root)
        workflow.root = id;
    workflow.jobs.push_back(id);
    if (box)
        into.groups[into.jobs[box].group].members.push_back(id);
    return id;
}

void Lifting::setDays(ir::JobId job, Days const& days) {
    if (days.isAny)
        return;
    auto [it, isNew] = calendarOf.try_emplace(days.days);
    if (isNew) {
        ir::CalendarId const id = it->second = into.calendars.add();
        ir::Calendar& calendar = into.calendars[id];
        calendar.name =
            into.save(fmt::format("{}days{}", std::string_view(helperPrefix), id.value));
        for (int32_t const day : days.days)
            calendar.rows.push_back({ir::fromDayNumber(day), -1});
    }
    ir::OrderRule& rule = into.orderings[into.jobs[job].ordering].own;
    rule.days.push_back({}); // ALL: each working day of the calendar (CTM-041)
    rule.dayDays = it->second;
    rule.dayCalendar = into.calendars[it->second].name;
}

Days Lifting::daysAround(target::GroupId group) const {
    Days days = base;
    for (; group; group = dag->groups[group].parent)
        if (!dag->groups[group].orderDays.empty())
            days.meet(bag.daySets.lookup(dag->groups[group].orderDays).days);
    return days;
}

void Lifting::addGroups() {
    for (ir::JobId const from : definitions.workflows[folder].jobs) {
        if (!definitions.isGroup(from))
            continue;
        ir::Job const& was = definitions.jobs[from];
        ir::JobId const id = addEntity(was.name, folderOf(was.box));
        boxOf[from.value] = id;
        ir::GroupId const group = into.groups.add();
        into.groups[group].self = id;
        into.groups[group].isContainer = definitions.isContainer(from);
        into.jobs[id].group = group;
        into.jobs[id].action = ir::GroupAction{};
        if (from == definitions.workflows[folder].root)
            setMethod(id);
        if (into.groups[group].isContainer)
            continue;
        auto const matched = pair->groupOf.find(from.value);
        setDays(id, matched == pair->groupOf.end() ? daysAround({}) : daysAround(matched->second));
    }
}

LiftedDags liftDags(ir::Estate const& definitions, target::Bag const& bag,
                    llvm::ArrayRef<Pair> pairs) {
    LiftedDags lifted;
    lifted.estate = std::make_unique<ir::Estate>();
    Lifting(definitions, bag, pairs, lifted).run();
    return lifted;
}

} // namespace hoist::equivalence
