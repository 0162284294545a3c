// Scheduling criteria as the shims' `order_days` has them (CTM-040…046); who may order a folder.
#include "analysis/schedule/BusinessDay.h"
#include "backend/airflow/LowerFolder.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::DayItem;
using ir::JobId;

namespace {

std::string itemText(DayItem const& item, bool isWeekday) {
    static constexpr llvm::StringLiteral names[] = {"su", "mo", "tu", "we", "th", "fr", "sa"};
    std::string text;
    switch (item.sign) {
    case DayItem::Sign::plain: break;
    case DayItem::Sign::plus: text = "+"; break;
    case DayItem::Sign::minus: text = "-"; break;
    case DayItem::Sign::next: text = ">"; break;
    case DayItem::Sign::previous: text = "<"; break;
    }
    switch (item.kind) {
    case DayItem::Kind::all: return text + "all";
    case DayItem::Kind::none: return text + "none";
    case DayItem::Kind::fromStart: return fmt::format("{}D{}", text, item.number);
    case DayItem::Kind::fromEnd: return fmt::format("{}L{}", text, item.number);
    case DayItem::Kind::number: break;
    }
    return text + (isWeekday ? names[item.number].str() : std::to_string(item.number));
}

std::string listText(std::vector<DayItem> const& items, bool areWeekdays) {
    std::string text;
    for (DayItem const& item : items)
        text += (text.empty() ? "" : " ") + itemText(item, areWeekdays);
    return text;
}

} // namespace

Py::Keywords FolderLowering::ruleArguments(ir::OrderRule const& rule) {
    static constexpr llvm::StringLiteral months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
    Py::Keywords arguments;
    auto const text = [&](char const* keyword, std::string value) {
        if (!value.empty())
            arguments.emplace_back(keyword, Py(std::move(value)));
    };
    bool namesCalendar = false;
    auto const calendar = [&](char const* keyword, ir::CalendarId id) {
        if (!id)
            return;
        arguments.emplace_back(keyword, Py(estate.calendars[id].name));
        context.calendars.insert(id.value);
        namesCalendar = true;
    };
    text("days", listText(rule.days, false));
    calendar("calendar", rule.dayDays);
    text("weekdays", listText(rule.weekdays, true));
    calendar("week_calendar", rule.weekDays);
    bool const hasBoth =
        (!rule.days.empty() || rule.dayDays) && (!rule.weekdays.empty() || rule.weekDays);
    if (hasBoth && rule.isEither)
        arguments.emplace_back("either", Py(true));
    if (rule.months != 0b1111111111110) {
        std::string names;
        for (unsigned month = 1; month <= 12; ++month)
            if (rule.months >> month & 1)
                names += (names.empty() ? "" : " ") + months[month - 1].str();
        arguments.emplace_back("months", Py(names));
    }
    std::string dates;
    for (ir::MonthDay const& date : rule.dates)
        dates += fmt::format("{}{:02}-{:02}", dates.empty() ? "" : " ", date.month, date.day);
    text("dates", dates);
    if (rule.confirmedDays) {
        using Shift = ir::OrderRule::Shift;
        calendar("confirm", rule.confirmedDays);
        if (rule.shift != Shift::ignore)
            arguments.emplace_back("shift", Py(rule.shift == Shift::next       ? "next"
                                               : rule.shift == Shift::previous ? "previous"
                                                                               : "keep"));
        if (rule.shiftBy != 0)
            arguments.emplace_back("shift_by", Py(int64_t(rule.shiftBy)));
    }
    if (rule.from.year != 0)
        text("since", ir::dateText(rule.from));
    if (rule.till.year != 0)
        text("until", ir::dateText(rule.till));
    if (namesCalendar) {
        arguments.emplace_back("calendars", Py::name("CALENDARS"));
        dag.needsCalendars = true;
    }
    return arguments;
}

/// As `order_days(...)`; its text is what criteria are compared by.
Py FolderLowering::daysOf(ir::Ordering const& ordering) {
    // Without days of its own an entity has those of its rules alone.
    Py::Keywords arguments;
    if (ordering.own.hasDays())
        arguments = ruleArguments(ordering.own);
    else if (ordering.included.empty())
        arguments.emplace_back("days", Py("none"));
    auto const rules = [&](char const* keyword, std::vector<ir::OrderRule> const& some) {
        Py::List list;
        for (ir::OrderRule const& rule : some)
            list.push_back(Py::call("order_days", {}, ruleArguments(rule)));
        if (!list.empty())
            arguments.emplace_back(keyword, Py(std::move(list)));
    };
    rules("included", ordering.included);
    rules("excluded", ordering.excluded);
    if (ordering.needsBoth && !ordering.included.empty() && ordering.own.hasDays())
        arguments.emplace_back("both", Py(true));
    return Py::call("order_days", {}, std::move(arguments));
}

std::string const& FolderLowering::criteriaText(JobId id) {
    ir::OrderingId const given = estate.jobs[id].ordering;
    auto const [known, isNew] = criteriaTexts.try_emplace(given.value);
    ir::Ordering const& ordering = estate.orderings[given];
    if (isNew && (ordering.own.hasDays() || !ordering.included.empty()))
        appendPython(known->second, daysOf(ordering), 0, 0, 0);
    return known->second;
}

bool FolderLowering::haveEqualDates(JobId a, JobId b) {
    auto const criteria = [&](JobId id) {
        std::set<std::string> found;
        for (; id; id = estate.jobs[id].box)
            if (!estate.isContainer(id))
                found.insert(criteriaText(id));
        return found;
    };
    return criteria(a) == criteria(b);
}

std::string FolderLowering::ownZone(JobId id) const {
    std::string const site = estate.settings.timezone.empty() ? "UTC" : estate.settings.timezone;
    for (; id; id = estate.jobs[id].box)
        if (auto const& written = policyOf(id).timezone) {
            std::string zone = ir::resolveZone(*written).zone;
            return zone == site ? std::string() : zone;
        }
    return {};
}

/// Do days of the zone begin before the site's, at some time of the year? Its orders are made at
/// New Day of the day before (CTM-055).
bool FolderLowering::isAhead(llvm::StringRef zone) const {
    ir::TimeZone const* own = zone.empty() ? nullptr : ir::findZone(zone);
    ir::TimeZone const* site =
        ir::findZone(estate.settings.timezone.empty() ? "UTC" : estate.settings.timezone);
    if (!own || !site)
        return false;
    // Two years show the rules of both for summer time.
    for (int32_t day = ir::toDayNumber({2026, 1, 1}); day < ir::toDayNumber({2028, 1, 1}); ++day) {
        int64_t const wall = (int64_t(day) * 24 * 60 + estate.settings.newDay) * 60;
        if (own->at(wall).first < site->at(wall).first)
            return true;
    }
    return false;
}

std::vector<JobId> FolderLowering::orderedByNewDay() const {
    if (estate.isContainer(workflow.root))
        return estate.groups[estate.jobs[workflow.root].group].members;
    return {workflow.root};
}

/// A User Daily orders for the day that it is, in every zone.
bool FolderLowering::isEarly() const {
    if (policyOf(workflow.root).method == ir::OrderPolicy::Method::userDaily)
        return false;
    std::set<std::string> zones; // each is asked about once
    for (JobId id : orderedByNewDay())
        zones.insert(ownZone(id));
    return llvm::any_of(zones, [&](std::string const& zone) { return isAhead(zone); });
}

void FolderLowering::lowerSchedule() {
    std::vector<JobId> const deciding = orderedByNewDay();
    ir::OrderPolicy const& policy = policyOf(workflow.root);
    bool const isManual = policy.method == ir::OrderPolicy::Method::manual;
    std::set<std::string> seen;
    Py::List any;
    for (JobId id : deciding) {
        std::string const text = criteriaText(id);
        if (text.empty() && isManual)
            continue;
        if (seen.insert(text).second && !text.empty())
            any.push_back(daysOf(estate.orderings[estate.jobs[id].ordering]));
    }
    hasOneRhythm = seen.size() <= 1;
    Py::Keywords arguments;
    if (any.size() == 1) {
        auto const& call = std::get<std::shared_ptr<Py::Call const>>(any.front().value);
        arguments = call->keywords;
        any.clear();
    }
    bool const isNeverDue = any.empty() && arguments.empty(); // "None" (CTM-006)
    if (isManual || isNeverDue) {
        arguments.emplace_back("by_hand", Py(true));
        assume("ordered-by-hand:" + estate.jobs[workflow.root].name.str());
    }
    std::string const newDay = ir::clockText(estate.settings.newDay);
    arguments.emplace_back("new_day", newDay);
    arguments.emplace_back("timezone", siteZone());
    assume("new-day:" + newDay);
    if (policy.method == ir::OrderPolicy::Method::userDaily) {
        exact(policy.userDaily.from, "time of a User Daily");
        assume("user-daily:" + policy.userDaily->str());
        if (!isNeverDue)
            arguments.emplace_back(
                "at", Py(ir::clockText(*schedule::orderedAt(estate.settings, policy))));
    }
    if (isEarly())
        arguments.emplace_back("early", Py(true));
    if (catchesUp)
        arguments.emplace_back("retro", Py(true));
    schedule = Py::call("order_dates", std::move(any), std::move(arguments));
}

} // namespace hoist::airflow
