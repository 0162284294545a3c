// A month at a time: what DAYS and WEEKDAYS add and take away, joined; then the days that the
// confirmation calendar does not confirm are moved; then the ordering period cuts.
//
// An item that moves (`>n`) belongs to the month of its day, wherever it lands. What an item takes
// away is away, whichever of the two lists adds it (CTM-042).
#include "analysis/schedule/OrderDates.h"

#include <algorithm>
#include <iterator>

namespace hoist::schedule {

using ir::DayItem;
using ir::OrderRule;

namespace {

using Sign = DayItem::Sign;
using Kind = DayItem::Kind;

/// No calendar of workdays has a longer gap; none that has one moves a day over it.
constexpr int32_t farthestWorkday = 62;
constexpr int32_t tenYears = 3653;
/// Answers that are remembered: a play asks about each day anew.
constexpr size_t mostKnown = 4096;

int32_t firstOf(ir::Date month) { return ir::toDayNumber({month.year, month.month, 1}); }
ir::Date nextMonth(ir::Date month) {
    return month.month == 12 ? ir::Date{month.year + 1, 1, 1}
                             : ir::Date{month.year, static_cast<uint8_t>(month.month + 1), 1};
}

void tidy(std::vector<int32_t>& days) {
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
}
using Days = std::vector<int32_t>;

Days without(Days const& days, Days const& gone) {
    Days rest;
    std::set_difference(days.begin(), days.end(), gone.begin(), gone.end(),
                        std::back_inserter(rest));
    return rest;
}
Days both(Days const& a, Days const& b) {
    Days common;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
    return common;
}
Days either(Days const& a, Days const& b) {
    Days all;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
    return all;
}

} // namespace

/// What one of the two lists says about a month.
struct OrderDates::Side {
    Days added, removed;
    bool isGiven = false;
};

OrderDates::Days const& OrderDates::workdays(ir::CalendarId calendar) {
    auto const [it, isNew] = calendars.try_emplace(calendar.value);
    if (isNew)
        for (ir::CalendarRow const& row : estate.calendars[calendar].rows)
            it->second.push_back(ir::toDayNumber(row.date));
    return it->second;
}

bool OrderDates::isWorkday(ir::CalendarId calendar, int32_t day) {
    Days const& days = workdays(calendar);
    return std::binary_search(days.begin(), days.end(), day);
}

/// The day itself, if it is one.
std::optional<int32_t> OrderDates::nearestWorkday(ir::CalendarId calendar, int32_t day,
                                                  int32_t step) {
    for (int32_t i = 0; i <= farthestWorkday; ++i, day += step)
        if (isWorkday(calendar, day))
            return day;
    return std::nullopt;
}

/// CTM-041
void OrderDates::monthDays(OrderRule const& rule, ir::Date month, Side& side) {
    int32_t const first = firstOf(month), end = firstOf(nextMonth(month));
    ir::CalendarId const calendar = rule.dayDays;
    side.isGiven = !rule.days.empty() || calendar;
    Days all; // days of the month, or workdays
    for (int32_t day = first; day < end; ++day)
        if (!calendar || isWorkday(calendar, day))
            all.push_back(day);
    auto const addAll = [&] { side.added.insert(side.added.end(), all.begin(), all.end()); };
    bool onlyRemoves = true;
    for (DayItem const& item : rule.days) {
        std::optional<int32_t> day;
        switch (item.kind) {
        case Kind::all: addAll(); break;
        case Kind::none: break;
        case Kind::number:
            if (item.number <= end - first)
                day = first + item.number - 1;
            break;
        case Kind::fromStart:
            if (item.number <= all.size())
                day = all[item.number - 1u];
            break;
        case Kind::fromEnd:
            if (item.number <= all.size())
                day = all[all.size() - item.number];
            break;
        }
        onlyRemoves &= item.sign == Sign::minus;
        if (item.sign == Sign::plus)
            addAll();
        if (!day)
            continue;
        if (item.sign == Sign::next || item.sign == Sign::previous)
            day = nearestWorkday(calendar, *day, item.sign == Sign::next ? 1 : -1);
        else if (item.sign == Sign::plain && calendar && !isWorkday(calendar, *day))
            day.reset(); // C12
        if (day)
            (item.sign == Sign::minus ? side.removed : side.added).push_back(*day);
    }
    if (onlyRemoves && side.isGiven)
        addAll();
}

/// CTM-044
void OrderDates::weekDays(OrderRule const& rule, ir::Date month, Side& side) {
    int32_t const first = firstOf(month), end = firstOf(nextMonth(month));
    ir::CalendarId const calendar = rule.weekDays;
    side.isGiven = !rule.weekdays.empty() || calendar;
    bool onlyRemoves = true;
    auto const addAll = [&] {
        for (int32_t day = first; day < end; ++day)
            if (!calendar || isWorkday(calendar, day))
                side.added.push_back(day);
    };
    for (DayItem const& item : rule.weekdays) {
        onlyRemoves &= item.sign == Sign::minus;
        if (item.kind == Kind::all || item.sign == Sign::plus)
            addAll();
        if (item.kind != Kind::number)
            continue;
        for (int32_t day = first; day < end; ++day) {
            if (ir::weekdayOf(day) != item.number)
                continue;
            std::optional<int32_t> found = day;
            if (item.sign == Sign::next || item.sign == Sign::previous)
                found = nearestWorkday(calendar, day, item.sign == Sign::next ? 1 : -1);
            else if (item.sign == Sign::plain && calendar && !isWorkday(calendar, day))
                found.reset();
            if (found)
                (item.sign == Sign::minus ? side.removed : side.added).push_back(*found);
        }
    }
    if (onlyRemoves && side.isGiven)
        addAll();
}

/// CTM-040, before the confirmation calendar.
OrderDates::Days OrderDates::candidates(OrderRule const& rule, int32_t first, int32_t last) {
    Days found;
    ir::Date month = ir::fromDayNumber(first - farthestWorkday);
    for (; firstOf(month) <= last + farthestWorkday; month = nextMonth(month)) {
        for (ir::MonthDay const& date : rule.dates)
            if (date.month == month.month && date.day <= firstOf(nextMonth(month)) - firstOf(month))
                found.push_back(firstOf(month) + date.day - 1);
        if (!(rule.months >> month.month & 1))
            continue;
        Side byDay, byWeekday;
        monthDays(rule, month, byDay);
        weekDays(rule, month, byWeekday);
        for (Side* side : {&byDay, &byWeekday}) {
            tidy(side->added);
            tidy(side->removed);
        }
        Days all = !byDay.isGiven       ? byWeekday.added
                   : !byWeekday.isGiven ? byDay.added
                   : rule.isEither      ? either(byDay.added, byWeekday.added)
                                        : both(byDay.added, byWeekday.added);
        all = without(all, either(byDay.removed, byWeekday.removed));
        found.insert(found.end(), all.begin(), all.end());
    }
    tidy(found);
    return found;
}

/// CTM-046. Nothing: it is not ordered.
std::optional<int32_t> OrderDates::moved(OrderRule const& rule, int32_t day) {
    if (!rule.confirmedDays)
        return day;
    std::optional<int32_t> found = day;
    if (!isWorkday(rule.confirmedDays, day))
        switch (rule.shift) {
        case OrderRule::Shift::ignore: return std::nullopt;
        case OrderRule::Shift::keep: return day;
        case OrderRule::Shift::next: found = nearestWorkday(rule.confirmedDays, day, 1); break;
        case OrderRule::Shift::previous: found = nearestWorkday(rule.confirmedDays, day, -1);
        }
    int32_t const step = rule.shiftBy < 0 ? -1 : 1;
    for (int32_t i = 0; found && i != rule.shiftBy; i += step)
        found = nearestWorkday(rule.confirmedDays, *found + step, step);
    return found;
}

std::vector<int32_t> OrderDates::of(OrderRule const& rule, int32_t first, int32_t last) {
    // As far as a day can be moved.
    int32_t const margin =
        rule.confirmedDays ? farthestWorkday * (1 + std::min(std::abs(rule.shiftBy), 62)) : 0;
    Days found;
    for (int32_t const candidate : candidates(rule, first - margin, last + margin))
        if (auto const day = moved(rule, candidate); day && *day >= first && *day <= last)
            found.push_back(*day);
    tidy(found); // two that are moved to one day are ordered once
    auto const isOut = [&](int32_t day) {
        bool const isLate = rule.till.year != 0 && day > ir::toDayNumber(rule.till);
        bool const isEarly = rule.from.year != 0 && day < ir::toDayNumber(rule.from);
        return isLate || isEarly;
    };
    found.erase(std::remove_if(found.begin(), found.end(), isOut), found.end());
    return found;
}

/// CTM-045
OrderDates::Days const& OrderDates::ofOrdering(ir::OrderingId id, int32_t first, int32_t last) {
    if (known.size() > mostKnown)
        known.clear();
    auto const [place, isNew] = known.try_emplace({id.value, first, last});
    if (!isNew)
        return place->second;
    ir::Ordering const& ordering = estate.orderings[id];
    Days own, included, excluded;
    if (ordering.own.hasDays())
        own = of(ordering.own, first, last);
    for (OrderRule const& rule : ordering.included)
        included = either(included, of(rule, first, last));
    for (OrderRule const& rule : ordering.excluded)
        excluded = either(excluded, of(rule, first, last));
    Days const all = ordering.included.empty() ? own
                     : !ordering.own.hasDays() ? included
                     : ordering.needsBoth      ? both(own, included)
                                               : either(own, included);
    return place->second = without(all, excluded);
}

bool OrderDates::areKnown(ir::JobId job) const {
    for (; job; job = estate.jobs[job].box) {
        ir::Job const& entity = estate.jobs[job];
        if (!entity.ordering || !estate.orderings[entity.ordering].unknownDays.empty())
            return false;
    }
    return true;
}

std::vector<int32_t> OrderDates::between(ir::JobId job, int32_t first, int32_t last) {
    if (!areKnown(job))
        return {};
    std::optional<Days> days;
    ir::OrderingId inner;
    for (; job; job = estate.jobs[job].box) {
        if (estate.isContainer(job))
            continue; // has no criteria (CTM-094)
        ir::OrderingId const ordering = estate.jobs[job].ordering;
        if (days && ordering == inner)
            continue; // as what is in it
        Days const& own = ofOrdering(ordering, first, last);
        days = days ? both(*days, own) : own;
        inner = ordering;
    }
    return days.value_or(Days());
}

std::optional<int32_t> OrderDates::previous(ir::JobId job, int32_t day) {
    for (int32_t reach : {40, 400, tenYears})
        if (auto const days = between(job, day - reach, day - 1); !days.empty())
            return days.back();
    return std::nullopt;
}

std::optional<int32_t> OrderDates::next(ir::JobId job, int32_t day) {
    for (int32_t reach : {40, 400, tenYears})
        if (auto const days = between(job, day + 1, day + reach); !days.empty())
            return days.front();
    return std::nullopt;
}

} // namespace hoist::schedule
