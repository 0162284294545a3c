"""The instants at which a schedule ticks: dates by times by zone (JIL-141…149).

`Ticks` is what every schedule offers; `CalendarTicks` is AutoSys's. Ticks are whole seconds since
the epoch. The lists are sorted and without duplicates.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from hoist_airflow.schedule.calendars import WEEKDAYS, Calendars, DaySet, parse_weekdays
from hoist_airflow.schedule.rules import UNIX_DAY, Facts, Year
from hoist_airflow.schedule.zones import to_datetime, to_instant, zone

HORIZON_YEARS = 40
"""How far `next_tick` looks: 29 February on a given weekday comes at most 40 years apart."""

_DAY = 86400
_NEVER = 1 << 60
_TIME = re.compile(r"(\d\d?):(\d\d)\Z", re.ASCII)


class Ticks(ABC):
    """A set of instants that can be enumerated."""

    @abstractmethod
    def between(self, start: int, end: int) -> list[int]:
        """The ticks with start ≤ tick < end."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The arguments that make equal ticks; JSON can hold them."""

    @abstractmethod
    def describe(self) -> str:
        """One line for people."""

    def last_possible(self) -> int | None:
        """An instant after which there is certainly no tick, `None` when there is none."""
        return None

    def first_possible(self) -> int | None:
        """An instant before which there is certainly no tick, `None` when there is none."""
        return None

    def next_tick(self, after: datetime) -> datetime | None:
        """The first tick later than `after`; `None` when there is none within forty years."""
        start = to_instant(after) + 1
        limit = start + HORIZON_YEARS * 366 * _DAY
        first, last = self.first_possible(), self.last_possible()
        if first is not None:
            start = max(start, first)
        if last is not None:
            limit = min(limit, last + 1)
        span = 2 * _DAY
        while start < limit:
            end = min(start + span, limit)
            if found := self.between(start, end):
                return to_datetime(found[0])
            start, span = end, min(span * 8, 400 * _DAY)
        return None

    def last_tick(self, at_or_before: datetime) -> datetime | None:
        """The latest tick not later than `at_or_before`; `None`: none within forty years."""
        end = to_instant(at_or_before) + 1
        limit = end - HORIZON_YEARS * 366 * _DAY
        first, last = self.first_possible(), self.last_possible()
        if last is not None:
            end = min(end, last + 1)
        if first is not None:
            limit = max(limit, first)
        span = 2 * _DAY
        while end > limit:
            start = max(end - span, limit)
            if found := self.between(start, end):
                return to_datetime(found[-1])
            end, span = start, min(span * 8, 400 * _DAY)
        return None


def _parse_times(text: str) -> list[int]:
    minutes = []
    for word in text.replace(",", " ").split():
        match = _TIME.match(word)
        if match is None or int(match[1]) > 23 or int(match[2]) > 59:
            raise ValueError(f"not a time of day: {word!r}")
        minutes.append(int(match[1]) * 60 + int(match[2]))
    return sorted(set(minutes))


def _parse_minutes(text: str) -> list[int]:
    minutes = []
    for word in text.replace(",", " ").split():
        if not re.fullmatch(r"[0-9]{1,2}", word) or int(word) > 59:
            raise ValueError(f"not a minute of the hour: {word!r}")
        minutes.append(int(word))
    return sorted(set(minutes))


class CalendarTicks(Ticks):
    """AutoSys's ticks: `start_times` or `start_mins` on the days of a week or of a calendar.

    Takes the arguments of `legacy_calendar` (docs/runtime.md); `days=""` never ticks. A run
    calendar's row with a time of its own ticks at that time (JIL-146); all other days tick at
    `times` and `minutes`, or at 00:00 when neither is given.

    Raises `ValueError` for arguments that make no schedule, `CalendarError` and `UnknownZone`.
    """

    def __init__(
        self,
        *,
        days: str | None = None,
        times: str | None = None,
        minutes: str | None = None,
        calendar: str | None = None,
        exclude: str | None = None,
        timezone: str = "UTC",
        calendars: Calendars | Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        if (days is None) == (calendar is None):
            raise ValueError("one of days and calendar must be given, not both (JIL-141)")
        if not isinstance(calendars, Calendars):
            calendars = Calendars(calendars or {})
        self._weekdays = parse_weekdays(days) if days is not None else 0
        self._run: DaySet | None = calendars.get(calendar) if calendar is not None else None
        self._exclude: DaySet | None = calendars.get(exclude) if exclude is not None else None
        self._times = _parse_times(times or "")
        self._minutes = _parse_minutes(minutes or "")
        if not self._times and not self._minutes:
            self._times = [0]
        self._zone = zone(timezone)
        self._days: dict[int, list[int]] = {}
        text = {
            "days": days,
            "times": times,
            "minutes": minutes,
            "calendar": calendar,
            "exclude": exclude,
        }
        self._arguments: dict[str, Any] = {
            key: value for key, value in text.items() if value is not None
        }
        self._arguments["timezone"] = timezone
        if resolved := calendars.closure(calendar, exclude):
            self._arguments["calendars"] = {name: dict(one) for name, one in resolved.items()}

    def to_dict(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, calendars resolved; JSON can hold them."""
        return dict(self._arguments)

    def describe(self) -> str:
        """One line for people, in the words of the definition."""
        given = self._arguments
        if given.get("days") == "":
            return "no days"
        parts = [given.get("days") or f"calendar {given['calendar']}"]
        if "exclude" in given:
            parts.append(f"not {given['exclude']}")
        if "times" in given:
            parts.append(f"at {given['times']}")
        if "minutes" in given:
            parts.append(f"at minutes {given['minutes']}")
        return f"{', '.join(parts)} {self._zone.name}"

    def first_possible(self) -> int | None:
        return _NEVER if self._run is None and not self._weekdays else None  # JIL-142

    def last_possible(self) -> int | None:
        if self._run is None or self._run.last is None:
            return None
        return (self._run.last + 3) * _DAY  # a day has local times up to 26 h from UTC's

    def between(self, start: int, end: int) -> list[int]:
        # Offsets are below 26 h, and the gap rule never moves a tick by more than a day.
        first, last = start // _DAY - 3, (end - 1) // _DAY + 3
        found: set[int] = set()
        for day in self._eligible(first, last):
            found.update(tick for tick in self._ticks_on(day) if start <= tick < end)
        return sorted(found)

    def _eligible(self, first: int, last: int) -> Iterable[int]:
        for year in range(_year_of(first), _year_of(last) + 1):
            for day in self._days_of(year):
                if first <= day <= last:
                    yield day

    def _days_of(self, year: int) -> list[int]:
        known = self._days.get(year)
        if known is None:
            if self._run is not None:
                days = set(self._run.days_of(year))
            else:
                masks = Year(year, Facts())
                mask = masks.of_weekdays(self._weekdays)
                days = {masks.first + i for i in range(masks.length) if mask >> i & 1}
            if self._exclude is not None:
                days -= self._exclude.days_of(year)
            known = self._days[year] = sorted(days)
        return known

    def _ticks_on(self, day: int) -> list[int]:
        """The ticks of one local date, which is the date that the calendars judge (JIL-145)."""
        own = self._run.minutes_on(day) if self._run is not None else (-1,)
        times = [minute for minute in own if minute >= 0]
        if -1 in own:
            times = sorted({*times, *self._times})
        found = self._at_times(day, times)
        if -1 in own:
            for hour in range(24):
                for minute in self._minutes:
                    moment = self._zone.at(day * _DAY + hour * 3600 + minute * 60)
                    if not moment.skipped:  # start_mins has no ticks in a gap, and both passes
                        found += [moment.first, moment.second]
        return found

    def _at_times(self, day: int, times: list[int]) -> list[int]:
        """`start_times`: second pass; of a gap the first only, MM seconds after it (JIL-149)."""
        found = []
        gaps: set[int] = set()
        for minute in times:
            moment = self._zone.at(day * _DAY + minute * 60)
            if not moment.skipped:
                found.append(moment.second)
            elif moment.first not in gaps:
                gaps.add(moment.first)
                found.append(moment.first + minute % 60)
        return found


def _year_of(day: int) -> int:
    return date.fromordinal(day + UNIX_DAY).year


def weekday_words(bits: int) -> str:
    """The inverse of `parse_weekdays`, Monday first."""
    order = [*range(1, 7), 0]
    return " ".join(WEEKDAYS[index] for index in order if bits >> index & 1)
