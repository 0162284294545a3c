"""Named calendars: date lists, rule-based (extended) calendars, cycles; and `calendars.json`.

The file stands beside the DAGs that use it and holds definitions, not expansions: an extended
calendar stays its rule, and is evaluated here. Its format is described in docs/runtime.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from hoist_airflow.schedule.rules import UNIX_DAY, Facts, Rule, Year

FORMAT = 1
WEEKDAYS = ("su", "mo", "tu", "we", "th", "fr", "sa")
_WALK = 350
"""How far W and P look for a workday (JIL-158); less than a year, so that three years suffice."""

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d))?\Z", re.ASCII)


class CalendarError(ValueError):
    """A calendar that is missing or cannot be read; the message names it."""


class DaySet(Protocol):
    """What a schedule asks of a calendar. Days are numbers since 1970-01-01."""

    def days_of(self, year: int) -> frozenset[int]:
        """The calendar's days in one year."""
        ...

    def minutes_on(self, day: int) -> tuple[int, ...]:
        """The times of its rows on a day, in minutes; -1 for a row without one (JIL-146)."""
        ...

    @property
    def last(self) -> int | None:
        """The last day that the calendar can ever give, `None` when it never ends (JIL-147)."""
        ...


def day_number(text: str) -> int:
    """The number of a day written yyyy-mm-dd."""
    return date.fromisoformat(text).toordinal() - UNIX_DAY


def parse_weekdays(text: str) -> int:
    """The bits (0 = Sunday) of `"mo tu we"` or `"all"`."""
    bits = 0
    for word in text.lower().replace(",", " ").split():
        if word == "all":
            return 0b1111111
        if word not in WEEKDAYS:
            raise ValueError(f"unknown day of the week {word!r}")
        bits |= 1 << WEEKDAYS.index(word)
    return bits


class StandardCalendar:
    """A list of dates, each perhaps with a time of its own (JIL-146)."""

    def __init__(self, rows: list[str]) -> None:
        self.rows: dict[int, tuple[int, ...]] = {}
        by_year: dict[int, set[int]] = {}
        for row in rows:
            match = _DATE.match(row)
            if match is None:
                raise CalendarError(f"not a date: {row!r}")
            year, month, day = (int(part) for part in match.groups()[:3])
            number = date(year, month, day).toordinal() - UNIX_DAY
            minute = -1
            if match[4] is not None:
                # 00:00 is how exports write "no time".
                minute = int(match[4]) * 60 + int(match[5]) or -1
            before = self.rows.get(number, ())
            if minute not in before:
                self.rows[number] = tuple(sorted((*before, minute)))
            by_year.setdefault(year, set()).add(number)
        self._by_year = {year: frozenset(days) for year, days in by_year.items()}

    def days_of(self, year: int) -> frozenset[int]:
        return self._by_year.get(year, frozenset())

    def minutes_on(self, day: int) -> tuple[int, ...]:
        return self.rows.get(day, ())

    @property
    def last(self) -> int | None:
        return max(self.rows, default=-(10**6))


@dataclass
class ExtendedCalendar:
    """A rule and what becomes of its candidates on holidays and non-workdays (JIL-158)."""

    rule: Rule
    facts: Facts
    holiday: str = ""
    """O, S, N, W, P, or empty: a holiday is then a non-workday."""
    non_workday: str = ""
    """O, S, N, W, P; empty keeps the day like S."""
    adjust: int = 0

    def __post_init__(self) -> None:
        self._candidates: dict[int, int] = {}
        self._days: dict[int, frozenset[int]] = {}
        if not self.facts.workdays and {self.holiday, self.non_workday} & {"W", "P", "N"}:
            raise CalendarError("a day would move to a workday, and there is none")

    def minutes_on(self, day: int) -> tuple[int, ...]:
        return (-1,)

    @property
    def last(self) -> int | None:
        return None

    def days_of(self, year: int) -> frozenset[int]:
        cached = self._days.get(year)
        if cached is None:
            targets = set()
            for candidate_year in (year - 1, year, year + 1):
                targets.update(self._settled(Year(candidate_year, self.facts)))
            first = date(year, 1, 1).toordinal() - UNIX_DAY
            end = date(year + 1, 1, 1).toordinal() - UNIX_DAY
            cached = frozenset(day for day in targets if first <= day < end)
            self._days[year] = cached
        return cached

    def _settled(self, year: Year) -> list[int]:
        mask = self._candidates.get(year.number)
        if mask is None:
            mask = self._candidates[year.number] = self.rule.days(year)
        result = []
        for offset in range(year.length):
            if mask >> offset & 1:
                day = self._dispose(year.first + offset)
                if day is not None:
                    result.append(day + self.adjust)
        return result

    def _dispose(self, day: int) -> int | None:
        """Where a candidate ends up; `None`: dropped. A replacement is final (JIL-158)."""
        only = "O" in (self.holiday, self.non_workday)
        holiday = day in self.facts.holidays
        if holiday and self.holiday:
            action = self.holiday
            if action == "N":
                return day + 1  # exactly the next day, whatever it is
        elif holiday or not self._is_workday(day):
            action = self.non_workday
            if action == "N":
                # The next workday; a holiday settled by `holiday:` is no obstacle.
                return self._walk(day, 1, avoid_holidays=not self.holiday)
        else:
            action = ""
        if action == "W":
            return self._walk(day, 1, avoid_holidays=True)
        if action == "P":
            return self._walk(day, -1, avoid_holidays=True)
        if only and action != "O":
            return None
        return day

    def _is_workday(self, day: int) -> bool:
        return bool(self.facts.workdays >> ((day + 4) % 7) & 1)

    def _walk(self, day: int, step: int, *, avoid_holidays: bool) -> int:
        for distance in range(1, _WALK + 1):
            target = day + step * distance
            if self._is_workday(target) and not (avoid_holidays and target in self.facts.holidays):
                return target
        raise CalendarError(f"no workday within {_WALK} days")


class CycleCalendar:
    """A cycle used as a calendar: every day of its periods (JIL-159)."""

    def __init__(self, periods: tuple[tuple[int, int], ...]) -> None:
        self._periods = periods

    def days_of(self, year: int) -> frozenset[int]:
        first = date(year, 1, 1).toordinal() - UNIX_DAY
        end = date(year + 1, 1, 1).toordinal() - UNIX_DAY
        days: set[int] = set()
        for begin, last in self._periods:
            days.update(range(max(begin, first), min(last + 1, end)))
        return frozenset(days)

    def minutes_on(self, day: int) -> tuple[int, ...]:
        return (-1,)

    @property
    def last(self) -> int | None:
        return max((last for _, last in self._periods), default=-(10**6))


class Calendars:
    """The definitions of a `calendars.json`, looked up by name; names are exact."""

    def __init__(self, definitions: Mapping[str, Mapping[str, Any]], source: str = "") -> None:
        self.definitions = definitions
        self.source = source
        self._built: dict[str, DaySet] = {}

    def definition(self, name: str) -> Mapping[str, Any]:
        found = self.definitions.get(name)
        if found is None:
            raise CalendarError(f"calendar {name!r} is not defined{self._where()}")
        return found

    def get(self, name: str) -> DaySet:
        """The calendar of that name. Raises `CalendarError`."""
        built = self._built.get(name)
        if built is None:
            definition = self.definition(name)
            try:
                built = self._build(definition)
            except CalendarError as error:
                raise CalendarError(f"calendar {name!r}{self._where()}: {error}") from error
            except (KeyError, TypeError, ValueError) as error:
                raise CalendarError(f"calendar {name!r}{self._where()}: {error!r}") from error
            self._built[name] = built
        return built

    def closure(self, *names: str | None) -> dict[str, Mapping[str, Any]]:
        """The definitions of these calendars and of all that they refer to, sorted by name."""
        found: dict[str, Mapping[str, Any]] = {}
        open_names = [name for name in names if name]
        while open_names:
            name = open_names.pop()
            if name not in found:
                definition = found[name] = self.definition(name)
                open_names += [
                    definition[key] for key in ("holcal", "cyccal") if definition.get(key)
                ]
        return dict(sorted(found.items()))

    def _where(self) -> str:
        return f" in {self.source}" if self.source else ""

    def _build(self, definition: Mapping[str, Any]) -> DaySet:
        kind = definition["kind"]
        if kind == "standard":
            return StandardCalendar(list(definition["dates"]))
        if kind == "cycle":
            return CycleCalendar(_periods(definition))
        if kind != "extended":
            raise CalendarError(f"unknown kind {kind!r}")
        return self._extended(definition)

    def _extended(self, definition: Mapping[str, Any]) -> ExtendedCalendar:
        rule = Rule(definition.get("condition", ""))
        holidays: frozenset[int] = frozenset()
        if name := definition.get("holcal"):
            calendar = self.get(name)
            if not isinstance(calendar, StandardCalendar):
                raise CalendarError(f"holcal {name!r} is no standard calendar")  # JIL-156
            holidays = frozenset(calendar.rows)
        periods: tuple[tuple[int, int], ...] = ()
        if name := definition.get("cyccal"):
            cycle = self.definition(name)
            if cycle.get("kind") != "cycle":
                raise CalendarError(f"cyccal {name!r} is no cycle")
            periods = _periods(cycle)
        elif rule.needs_cycle:
            raise CalendarError("the rule asks for a cycle, and there is no cyccal")
        actions = [definition.get("holiday", ""), definition.get("non_workday", "")]
        for action in actions:
            if action not in ("", "O", "S", "N", "W", "P"):
                raise CalendarError(f"unknown action {action!r}")
        adjust = int(definition.get("adjust", 0))
        if abs(adjust) > 9:
            raise CalendarError(f"adjust {adjust} is outside -9 to 9")
        workdays = definition.get("workdays")
        facts = Facts(
            0b0111110 if workdays is None else parse_weekdays(workdays), holidays, periods
        )
        return ExtendedCalendar(rule, facts, actions[0], actions[1], adjust)


def _periods(definition: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((day_number(a), day_number(b)) for a, b in definition["periods"]))


def calendars(dag_file: str) -> Calendars:
    """The calendars of `calendars.json` in the folder of `dag_file` (pass `__file__`).

    Raises `CalendarError` when the file is missing or of another format.
    """
    path = Path(dag_file).parent / "calendars.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CalendarError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CalendarError(f"{path} is not a calendars.json of format {FORMAT}")
    return Calendars(content["calendars"], str(path))
