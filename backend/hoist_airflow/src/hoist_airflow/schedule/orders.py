"""The business days on which Control-M orders jobs and folders, and their instants (CTM-040…048).

A month at a time: what DAYS and WEEKDAYS add and take away, joined; then the days that the
confirmation calendar does not confirm are moved; then the ordering period cuts. The same in C++:
analysis/schedule/OrderDates.cpp; tests/vectors/orders.json holds both to one result. Days are
numbers since 1970-01-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from hoist_airflow.schedule.calendars import WEEKDAYS, CalendarError, Calendars, day_number
from hoist_airflow.schedule.rules import UNIX_DAY
from hoist_airflow.schedule.ticks import Ticks
from hoist_airflow.schedule.zones import zone

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SHIFTS = ("ignore", "next", "previous", "keep")
_ALL_MONTHS = frozenset(range(1, 13))
_FARTHEST = 62
"""No calendar of workdays has a longer gap; none that has one moves a day over it."""
_TEN_YEARS = 3653
_DAY = 86400
_NEVER = 1 << 60
_MONTH_ITEM = re.compile(r"([-+<>]?)([DL]?)(\d{1,2})\Z", re.ASCII)
_WEEK_ITEM = re.compile(rf"([-+<>]?)({'|'.join(WEEKDAYS)})\Z")
_CLOCK = re.compile(r"(\d\d):(\d\d)\Z", re.ASCII)


def parse_clock(text: str) -> int:
    """Minutes of the day of `hh:mm`."""
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f"not a time of day: {text!r}")
    return int(match[1]) * 60 + int(match[2])


def date_of(day: int) -> date:
    """The date of a day's number."""
    return date.fromordinal(day + UNIX_DAY)


def _words(text: str | None) -> list[str]:
    return (text or "").replace(",", " ").split()


@dataclass
class _Side:
    """What one of the two lists says about a month."""

    given: bool
    added: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)


class _Workdays:
    """The days of a calendar, which a rule asks for one by one."""

    def __init__(self, calendars: Calendars, name: str) -> None:
        self._days = calendars.get(name)
        self._years: dict[int, frozenset[int]] = {}

    def __contains__(self, day: int) -> bool:
        year = date_of(day).year
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._days.days_of(year)
        return day in known

    def nearest(self, day: int, step: int) -> int | None:
        """The day itself, if it is one."""
        for distance in range(_FARTHEST + 1):
            if day + step * distance in self:
                return day + step * distance
        return None


@dataclass(frozen=True)
class _Item:
    sign: str
    kind: str
    """`all`, `none`, `n` (a day, or a weekday with 0 = Sunday), `D` or `L`."""
    number: int = 0


def _month_item(word: str) -> _Item:
    if word.upper() in ("ALL", "NONE"):
        return _Item("", word.lower())
    match = _MONTH_ITEM.match(word.upper())
    if match is None or not 1 <= int(match[3]) <= 31:
        raise ValueError(f"not a day of the month: {word!r}")
    return _Item(match[1], match[2] or "n", int(match[3]))


def _week_item(word: str) -> _Item:
    if word.upper() in ("ALL", "NONE"):
        return _Item("", word.lower())
    match = _WEEK_ITEM.match(word.lower())
    if match is None:
        raise ValueError(f"not a day of the week: {word!r}")
    return _Item(match[1], "n", WEEKDAYS.index(match[2]))


class OrderRule:
    """One set of scheduling criteria; the arguments of `order_days` but for the rules around it."""

    KEYS = (
        "days", "weekdays", "months", "dates", "either", "calendar", "week_calendar",
        "confirm", "shift", "shift_by", "since", "until",
    )  # fmt: skip

    def __init__(
        self,
        calendars: Calendars,
        *,
        days: str | None = None,
        weekdays: str | None = None,
        months: str | None = None,
        dates: str | None = None,
        either: bool = False,
        calendar: str | None = None,
        week_calendar: str | None = None,
        confirm: str | None = None,
        shift: str = "ignore",
        shift_by: int = 0,
        since: str | None = None,
        until: str | None = None,
    ) -> None:
        def workdays(name: str | None) -> _Workdays | None:
            return None if name is None else _Workdays(calendars, name)

        if shift not in SHIFTS:
            raise ValueError(f"shift is one of {', '.join(SHIFTS)}, not {shift!r}")
        self.days = [_month_item(word) for word in _words(days)]
        self.weekdays = [_week_item(word) for word in _words(weekdays)]
        self.months = (
            _ALL_MONTHS
            if months is None
            else frozenset(MONTHS.index(word.lower()) + 1 for word in _words(months))
        )
        self.dates = [_month_day(word) for word in _words(dates)]
        self.either = either
        self.calendar = workdays(calendar)
        self.week_calendar = workdays(week_calendar)
        self.confirm = workdays(confirm)
        self.shift = shift
        self.shift_by = shift_by
        self.since = None if since is None else day_number(since)
        self.until = None if until is None else day_number(until)
        for item in self.days:
            needs = item.kind == "D" or item.sign in ("+", "<", ">")
            if needs and self.calendar is None:
                raise ValueError("D, +, < and > in days need a calendar (CTM-041)")
        if any(item.sign in ("+", "<", ">") for item in self.weekdays) and not self.week_calendar:
            raise ValueError("+, < and > in weekdays need a week_calendar (CTM-044)")

    @property
    def has_days(self) -> bool:
        """Does it choose days at all?"""
        return bool(self.days or self.weekdays or self.dates or self.calendar or self.week_calendar)

    def between(self, first: int, last: int) -> list[int]:
        """Its order dates with first ≤ day ≤ last, sorted."""
        margin = _FARTHEST * (1 + min(abs(self.shift_by), 62)) if self.confirm else 0
        found = set()
        for candidate in self._candidates(first - margin, last + margin):
            day = self._moved(candidate)
            if day is not None and first <= day <= last:
                found.add(day)  # two that are moved to one day are ordered once
        return sorted(
            day
            for day in found
            if (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
        )

    def _candidates(self, first: int, last: int) -> set[int]:
        """CTM-040, before the confirmation calendar."""
        found: set[int] = set()
        begin = date_of(first - _FARTHEST)
        year, month = begin.year, begin.month
        while (start := _first_of(year, month)) <= last + _FARTHEST:
            year_after, month_after = (year, month + 1) if month < 12 else (year + 1, 1)
            span = range(start, _first_of(year_after, month_after))
            found.update(start + d - 1 for m, d in self.dates if m == month and d <= len(span))
            if month in self.months:
                sides = [self._by_day(span), self._by_weekday(span)]
                given = [side.added for side in sides if side.given]
                if given:
                    join = set.union if self.either else set.intersection
                    found |= join(*given) - sides[0].removed - sides[1].removed
            year, month = year_after, month_after
        return found

    def _by_day(self, span: range) -> _Side:
        """CTM-041."""
        side = _Side(bool(self.days or self.calendar))
        calendar = self.calendar
        every = [day for day in span if calendar is None or day in calendar]
        for item in self.days:
            day = None
            if item.kind == "n" and item.number <= len(span):
                day = span[item.number - 1]
            elif item.kind == "D" and item.number <= len(every):
                day = every[item.number - 1]
            elif item.kind == "L" and item.number <= len(every):
                day = every[-item.number]
            self._put(side, item, day, calendar, every)
        if side.given and all(item.sign == "-" for item in self.days):
            side.added.update(every)
        return side

    def _by_weekday(self, span: range) -> _Side:
        """CTM-044."""
        side = _Side(bool(self.weekdays or self.week_calendar))
        calendar = self.week_calendar
        every = [day for day in span if calendar is None or day in calendar]
        for item in self.weekdays:
            self._put(side, item, None, calendar, every)
            if item.kind == "n":
                for day in span:
                    if (day + 4) % 7 == item.number:
                        self._put(side, item, day, calendar, ())
        if side.given and all(item.sign == "-" for item in self.weekdays):
            side.added.update(every)
        return side

    @staticmethod
    def _put(
        side: _Side, item: _Item, day: int | None, calendar: _Workdays | None, every: Iterable[int]
    ) -> None:
        if item.kind == "all" or item.sign == "+":
            side.added.update(every)
        if day is None:
            return
        if calendar is not None and item.sign in ("<", ">"):
            day = calendar.nearest(day, 1 if item.sign == ">" else -1)
        elif calendar is not None and not item.sign and item.kind == "n" and day not in calendar:
            day = None  # C12
        if day is not None:
            (side.removed if item.sign == "-" else side.added).add(day)

    def _moved(self, day: int) -> int | None:
        """CTM-046; None: it is not ordered."""
        if self.confirm is None:
            return day
        found: int | None = day
        if day not in self.confirm:
            if self.shift == "ignore":
                return None
            if self.shift == "keep":
                return day
            found = self.confirm.nearest(day, 1 if self.shift == "next" else -1)
        step = -1 if self.shift_by < 0 else 1
        for _ in range(abs(self.shift_by)):
            if found is not None:
                found = self.confirm.nearest(found + step, step)
        return found


def _first_of(year: int, month: int) -> int:
    return date(year, month, 1).toordinal() - UNIX_DAY


def _month_day(word: str) -> tuple[int, int]:
    month, _, day = word.partition("-")
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        raise ValueError(f"not a month and day: {word!r}")
    return int(month), int(day)


class OrderDays:
    """The order dates of one entity by its own criteria (CTM-045); made by `order_days`.

    Raises ValueError for arguments that make no criteria, CalendarError.
    """

    def __init__(
        self,
        *,
        included: Sequence[OrderDays | Mapping[str, Any]] = (),
        excluded: Sequence[OrderDays | Mapping[str, Any]] = (),
        both: bool = False,
        calendars: Calendars | Mapping[str, Mapping[str, Any]] | None = None,
        **own: Any,
    ) -> None:
        if not isinstance(calendars, Calendars):
            calendars = Calendars(calendars or {})
        unknown = sorted(set(own) - set(OrderRule.KEYS))
        if unknown:
            raise TypeError(f"order_days has no argument {unknown[0]!r}")
        self.own = OrderRule(calendars, **own)
        rules = [[_as_dict(one) for one in some] for some in (included, excluded)]
        self.included, self.excluded = (
            [OrderRule(_of(one, calendars), **_plain(one)) for one in some] for some in rules
        )
        self.both = both
        if not self.own.has_days and not self.included:
            raise ValueError("no criteria: days, weekdays, dates, a calendar or included rules")
        names = [own.get(key) for key in ("calendar", "week_calendar", "confirm")]
        resolved = {
            **calendars.closure(*names),
            **{k: v for some in rules for one in some for k, v in one.get("calendars", {}).items()},
        }
        self._arguments: dict[str, Any] = {
            key: value for key, value in own.items() if value is not None
        }
        for key, some in zip(("included", "excluded"), rules, strict=True):
            if some:
                self._arguments[key] = some
        if both:
            self._arguments["both"] = True
        if resolved:
            self._arguments["calendars"] = {
                name: dict(one) for name, one in sorted(resolved.items())
            }

    def to_dict(self) -> dict[str, Any]:
        """The arguments that make equal criteria, calendars resolved; JSON can hold them."""
        return dict(self._arguments)

    def between_days(self, first: int, last: int) -> list[int]:
        """The order dates with first ≤ day ≤ last, sorted."""
        own = set(self.own.between(first, last)) if self.own.has_days else None
        included = {day for rule in self.included for day in rule.between(first, last)}
        excluded = {day for rule in self.excluded for day in rule.between(first, last)}
        if not self.included:
            found = own or set()
        elif own is None:
            found = included
        else:
            found = own & included if self.both else own | included
        return sorted(found - excluded)

    @cached_property
    def bounds(self) -> tuple[int | None, int | None]:
        """Days outside of which it certainly has none."""
        if self.included:
            return None, None
        return self.own.since, self.own.until


def _as_dict(one: OrderDays | Mapping[str, Any]) -> dict[str, Any]:
    given = one.to_dict() if isinstance(one, OrderDays) else dict(one)
    if {"included", "excluded", "both"} & set(given):
        raise ValueError("a rule of included or excluded has none of its own")
    return given


def _of(one: Mapping[str, Any], around: Calendars) -> Calendars:
    return Calendars(one["calendars"]) if "calendars" in one else around


def _plain(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "calendars"}


def order_days(**criteria: Any) -> OrderDays:
    """Scheduling criteria of a job or folder (docs/runtime.md, "Order dates")."""
    return OrderDays(**criteria)


def days_in_all(sets: Sequence[OrderDays | OrderTicks], first: int, last: int) -> list[int]:
    """The order dates of an entity: its own, and of all folders around it (CTM-045)."""
    found: set[int] | None = None
    for one in sets:
        days = set(one.between_days(first, last))
        found = days if found is None else found & days
    return sorted(found or ())


def previous_of(sets: Sequence[OrderDays | OrderTicks], day: int) -> int | None:
    """PREV of an entity ordered on a day: by its own order dates (CTM-012)."""
    for reach in (40, 400, _TEN_YEARS):
        if found := days_in_all(sets, day - reach, day - 1):
            return found[-1]
    return None


def next_of(sets: Sequence[OrderDays | OrderTicks], day: int) -> int | None:
    """NEXT of an entity ordered on a day (CTM-012)."""
    for reach in (40, 400, _TEN_YEARS):
        if found := days_in_all(sets, day + 1, day + reach):
            return found[0]
    return None


class OrderTicks(Ticks):
    """The instants at which a folder is ordered: New Day of each of its order dates.

    `early`: New Day of the day before, where a job's own zone is ahead of the server's (CTM-055).
    `retro`: missed days are ordered later, each once (CTM-047).
    `at`: a time of the day instead of New Day: that of a User Daily (CTM-006).
    Without criteria, and `by_hand`, nothing orders it but somebody's hand (CTM-006).
    Several criteria: any of them orders (a plain folder is ordered with the first of its jobs).
    """

    def __init__(
        self,
        *any_of: OrderDays | Mapping[str, Any],
        new_day: str = "07:00",
        timezone: str = "UTC",
        by_hand: bool = False,
        early: bool = False,
        retro: bool = False,
        at: str | None = None,
    ) -> None:
        self.any_of = [one if isinstance(one, OrderDays) else OrderDays(**one) for one in any_of]
        self.new_day = parse_clock(new_day)
        self.zone = zone(timezone)
        self._arguments = {
            "any_of": [one.to_dict() for one in self.any_of],
            "new_day": new_day,
            "timezone": timezone,
            "by_hand": by_hand,
            **({"early": True} if early else {}),
            **({"retro": True} if retro else {}),
            **({} if at is None else {"at": at}),
        }
        if at is not None and early:
            raise ValueError("a User Daily orders for the day that it is (CTM-006)")
        self.at = None if at is None else parse_clock(at)
        self.early, self.retro = early, retro
        self.by_hand = by_hand or not self.any_of

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `OrderTicks.of` is the inverse."""
        return dict(self._arguments)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> OrderTicks:
        """From `to_dict`."""
        return cls(*data["any_of"], **{key: data[key] for key in data if key != "any_of"})

    def describe(self) -> str:
        """One line for people."""
        clock = f"{self.new_day // 60:02}:{self.new_day % 60:02}"
        what = "ordered by hand" if self.by_hand else "order dates"
        return f"{what}, New Day {clock} {self.zone.name}"

    def between_days(self, first: int, last: int) -> list[int]:
        """The order dates with first ≤ day ≤ last."""
        return sorted({day for one in self.any_of for day in one.between_days(first, last)})

    def between(self, start: int, end: int) -> list[int]:
        if self.by_hand:
            return []
        first, last = start // _DAY - 3, (end - 1) // _DAY + 3 + self.early
        ticks = (self.tick(day) for day in self.between_days(first, last))
        return [tick for tick in ticks if start <= tick < end]

    def first_possible(self) -> int | None:
        if self.by_hand:
            return _NEVER
        starts = [one.bounds[0] for one in self.any_of]
        return None if None in starts else (min(s for s in starts if s is not None) - 3) * _DAY

    def last_possible(self) -> int | None:
        if self.by_hand:
            return 0
        ends = [one.bounds[1] for one in self.any_of]
        return None if None in ends else (max(e for e in ends if e is not None) + 3) * _DAY

    def tick(self, day: int) -> int:
        """When an order date is ordered."""
        return self.instant(day - self.early, self.at)

    def day_of_tick(self, tick: int) -> int:
        """The inverse of `tick`."""
        day = self.day_of(tick) + self.early
        # The clock may skip both the time and the New Day behind it.
        return day if self.tick(day) <= tick else day - 1

    def in_zone(self, timezone: str | None) -> OrderTicks:
        """The same, counted by the clocks of an entity's own zone (CTM-055)."""
        if timezone is None:
            return self
        there = copy(self)  # the criteria are the same, and may hold whole calendars
        there.zone = zone(timezone)
        there._arguments = {**self._arguments, "timezone": timezone}
        return there

    def instant(self, day: int, minute: int | None = None) -> int:
        """New Day of a business day, or a time of it: before New Day it is the next calendar
        morning's (CTM-002, CTM-048). A time that the zone skips comes when the clock passes it
        (CTM-056); one that it repeats, at its first pass.
        """
        at = self.new_day if minute is None else minute
        calendar_day = day + (1 if at < self.new_day else 0)
        return self.zone.at(calendar_day * _DAY + at * 60).first

    def day_of(self, at: int) -> int:
        """The business day of an instant: from New Day to the next New Day (CTM-002)."""
        day = self.zone.local(at) // _DAY + 1
        while self.instant(day) > at:
            day -= 1
        return day


__all__ = [
    "CalendarError",
    "OrderDays",
    "OrderRule",
    "OrderTicks",
    "days_in_all",
    "next_of",
    "order_days",
    "previous_of",
]
