"""A second, slow opinion on schedules: walks minutes with the standard library's zoneinfo.

Shares no code with hoist: dates are judged one by one by predicates, ticks are read off a wall
clock that advances minute by minute, and cron is its daemon's loop, minute by minute.
"""

from __future__ import annotations

import calendar as months
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

Definitions = Mapping[str, Mapping[str, Any]]
_DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
_MONTHS = [months.month_abbr[i].upper() for i in range(1, 13)]
_ONE = timedelta(days=1)


# --- calendars --------------------------------------------------------------------------------


def _month_days(day: date) -> list[date]:
    return [day.replace(day=i + 1) for i in range(months.monthrange(day.year, day.month)[1])]


def _is_nth(day: date, among: list[date], marker: str, digits: str) -> bool:
    if day not in among:
        return False
    if digits == "L" or marker == "M":
        return len(among) - among.index(day) == (1 if digits == "L" else int(digits))
    return among.index(day) + 1 == int(digits)


class _Calendar:
    def __init__(self, definition: Mapping[str, Any], known: Definitions) -> None:
        self.definition = definition
        days = definition.get("workdays", "mo tu we th fr")
        self.working = {["mo", "tu", "we", "th", "fr", "sa", "su"].index(d) for d in days.split()}
        holcal = definition.get("holcal")
        self.holidays = (
            {date.fromisoformat(r[:10]) for r in known[holcal]["dates"]} if holcal else set()
        )
        cyccal = definition.get("cyccal")
        periods = sorted(known[cyccal]["periods"]) if cyccal else []
        self.periods = [(date.fromisoformat(a), date.fromisoformat(b)) for a, b in periods]

    def workday(self, day: date) -> bool:
        return day.weekday() in self.working and day not in self.holidays

    def holds(self, day: date, word: str) -> bool:  # noqa: PLR0911, PLR0912
        """Is the inclusive keyword true of a day?"""
        plain: dict[str, Callable[[], bool]] = {
            "DAILY": lambda: True,
            "WORKDAYS": lambda: self.workday(day),
            "WEEKDAYS": lambda: day.weekday() < 5 and day not in self.holidays,
            "CYCLE": lambda: any(a <= day <= b for a, b in self.periods),
            "FOM": lambda: self.holds(day, "MNTHD#1"),
            "EOM": lambda: self.holds(day, "MNTHDM1"),
            "FOMWORK": lambda: self.holds(day, "WORKD#1"),
            "EOMWORK": lambda: self.holds(day, "WORKDM1"),
        }
        if word in plain:
            return plain[word]()
        if word in _DAYS:
            return day.weekday() == _DAYS.index(word)
        if word in _MONTHS:
            return day.month == _MONTHS.index(word) + 1
        in_month = _month_days(day)
        if word in ("FOMWEEK", "EOMWEEK"):
            among = [d for d in in_month if d.weekday() < 5 and d not in self.holidays]
            return day == among[0 if word[0] == "F" else -1]
        stem, marker, digits = re.fullmatch(r"(\w+?)([#M])(\d+|[LEO])", word).groups()  # type: ignore[union-attr]
        if stem == "WORKD":
            return _is_nth(day, [d for d in in_month if self.workday(d)], marker, digits)
        if stem == "MNTHD":
            return _is_nth(day, in_month, marker, digits)
        if stem in _DAYS:
            among = [d for d in in_month if d.weekday() == _DAYS.index(stem)]
            return _is_nth(day, among, marker, digits)
        if stem in _MONTHS:
            return day.month == _MONTHS.index(stem) + 1 and _is_nth(day, in_month, marker, digits)
        year = [date(day.year, 1, 1) + i * _ONE for i in range(365 + months.isleap(day.year))]
        if stem == "WEEKD":
            week = [d for d in year if (d - year[0]).days // 7 == (day - year[0]).days // 7]
            while len(week) < 7:
                week.append(week[-1] + _ONE)
            return _is_nth(day, week, marker, digits)
        if stem.startswith("WEEK") or stem.startswith("WEKR"):
            anchor = stem[4:]
            first = year[0].weekday()
            if anchor:
                first = int(anchor) - 1 if anchor.isdigit() else _DAYS.index(anchor)
            starts = [d for d in year if d.weekday() == first]
            own = [s for s in starts if s <= day]
            return bool(own) and self._nth_week(starts.index(own[-1]), len(starts), marker, digits)
        if stem == "CYCP":
            return _is_nth_period(day, self.periods, digits)
        for begin, end in self.periods:
            if begin <= day <= end:
                period = [begin + i * _ONE for i in range((end - begin).days + 1)]
                if self._in_period(day, period, stem, marker, digits):
                    return True
        return False

    def _in_period(
        self, day: date, period: list[date], stem: str, marker: str, digits: str
    ) -> bool:
        if stem == "CWEEK":
            index, weeks = (day - period[0]).days // 7, -(-len(period) // 7)
            return self._nth_week(index, weeks, marker, digits)
        if stem == "CWRK":
            period = [d for d in period if self.workday(d)]
        elif stem != "CYCL":
            period = [d for d in period if d.weekday() == _DAYS.index(stem[1:])]
        return _is_nth(day, period, marker, digits)

    @staticmethod
    def _nth_week(index: int, count: int, marker: str, digits: str) -> bool:
        if digits in ("E", "O"):
            return index % 2 == (digits == "E")
        if digits == "L" or marker == "M":
            return index == count - (1 if digits == "L" else int(digits))
        return index == int(digits) - 1

    def candidate(self, day: date) -> bool:
        """Does the rule choose this day? Rules as the vectors have them: no nested lists."""
        rule = self.definition.get("condition", "").upper()
        value, taken = self._chain(day, _words(rule))
        return (True if value is None else value) and not taken

    def _chain(  # noqa: PLR0912
        self, day: date, words: list[str]
    ) -> tuple[bool | None, bool]:
        """(value without exclusions or None when there are only such, is it taken away)."""
        left: bool | None = None
        taken = left_taken = False
        operator, first = "|", True
        while words:
            word = words.pop(0)
            if word in ("&", "|"):
                operator = word
                continue
            if word == ",":
                right, right_taken = self._chain(day, words)
                merged = left if right is None else right if left is None else left or right
                return merged, taken or left_taken or right_taken
            if word == ")":
                break
            negated = word == "NOT"
            if negated:
                word = words.pop(0)
            if word == "(":
                value, out = self._chain(day, words)
                value, out = (None, out) if value is None else (value and not out, False)
            else:
                word, excluded = _inclusive(word)
                negated ^= excluded
                value, out = self.holds(day, word), False
            if negated:
                value, out = (None, bool(value)) if value is not None else (out, False)
            if first:
                left, left_taken, first = value, out, False
            elif operator == "&":
                if value is None and left is None:
                    left_taken |= out
                elif value is None:
                    left = left and not out
                elif left is None:
                    left, left_taken = value and not left_taken, False
                else:
                    left = left and value
            elif value is None:
                taken |= out
            elif left is None:
                taken |= left_taken
                left, left_taken = value, False
            else:
                left = left or value
        return left, taken or left_taken

    def days(self, year: int) -> list[date]:
        found = set()
        day = date(year, 1, 1) - 40 * _ONE  # no date of the vectors moves further
        while day <= date(year + 1, 2, 9):
            if self.candidate(day):
                target = self.settle(day)
                if target is not None:
                    found.add(target + self.definition.get("adjust", 0) * _ONE)
            day += _ONE
        return sorted(d for d in found if d.year == year)

    def settle(self, day: date) -> date | None:
        holiday = self.definition.get("holiday", "")
        other = self.definition.get("non_workday", "")
        if day in self.holidays and holiday:
            if holiday == "N":
                return day + _ONE
            action = holiday
        elif day in self.holidays or day.weekday() not in self.working:
            action = other
        else:
            return None if "O" in (holiday, other) else day
        if action in ("W", "P", "N"):
            step = -_ONE if action == "P" else _ONE
            target = day + step
            while target.weekday() not in self.working or (
                target in self.holidays and not (action == "N" and holiday)
            ):
                target += step
            return target
        return None if "O" in (holiday, other) and action != "O" else day


def _is_nth_period(day: date, periods: list[tuple[date, date]], digits: str) -> bool:
    index = len(periods) if digits == "L" else int(digits)
    return index <= len(periods) and periods[index - 1][0] <= day <= periods[index - 1][1]


def _words(rule: str) -> list[str]:
    text = re.sub(r"([&|,(){}])", r" \1 ", rule).replace("{", "(").replace("}", ")")
    return [{"AND": "&", "OR": "|"}.get(w, w) for w in text.split()]


def _inclusive(word: str) -> tuple[str, bool]:
    if word.startswith("X"):
        return word[1:], True
    match = re.fullmatch(r"(MNTHD|WEEKD|WEEK|WEKR(?:[1-7]|[A-Z]{3})|CYCL|CWEEK|CWRK)X(\d+|L)", word)
    return (f"{match[1]}#{match[2]}", True) if match else (word, False)


def calendar_days(name: str, known: Definitions, year: int) -> list[date]:
    """The days of a named calendar in a year, sorted."""
    definition = known[name]
    if definition["kind"] == "standard":
        return sorted(
            {d for r in definition["dates"] if (d := date.fromisoformat(r[:10])).year == year}
        )
    if definition["kind"] == "cycle":
        chosen = _Calendar({"cyccal": name}, known)
        first = date(year, 1, 1)
        every = (first + i * _ONE for i in range(365 + months.isleap(year)))
        return [d for d in every if chosen.holds(d, "CYCLE")]
    return _Calendar(definition, known).days(year)


# --- ticks ------------------------------------------------------------------------------------


def _minutes(
    start: datetime, end: datetime, place: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Every minute from start to end: the instant, and the naive wall clock."""
    now = start
    while now < end:
        yield now, now.astimezone(place).replace(tzinfo=None)
        now += timedelta(minutes=1)


def calendar_ticks(schedule: Mapping[str, Any], start: datetime, end: datetime) -> list[datetime]:
    """The ticks of `legacy_calendar(**schedule)` in [start, end), by JIL-149."""
    known: Definitions = schedule.get("calendars", {})
    place = ZoneInfo(schedule["timezone"])

    @cache
    def of_year(name: str, year: int) -> frozenset[date]:
        return frozenset(calendar_days(name, known, year))

    def eligible(day: date) -> bool:
        excluded = schedule.get("exclude")
        if excluded and day in of_year(excluded, day.year):
            return False
        if "calendar" in schedule:
            return day in of_year(schedule["calendar"], day.year)
        return (
            "all" in schedule["days"]
            or ["mo", "tu", "we", "th", "fr", "sa", "su"][day.weekday()] in schedule["days"]
        )

    def own_times(day: date) -> list[str] | None:
        """The times of a calendar's rows; None: a row without a time."""
        definition = known.get(schedule.get("calendar", ""), {})
        rows = [r for r in definition.get("dates", []) if r[:10] == day.isoformat()]
        return [r[11:] for r in rows] if rows else None

    def times_on(day: date) -> tuple[set[str], set[int]]:
        plain = set(schedule.get("times", "").split())
        minutes = {int(m) for m in schedule.get("minutes", "").split()}
        if not plain and not minutes:
            plain = {"00:00"}
        own = own_times(day)
        if own is None:
            return plain, minutes
        fixed = {t for t in own if t}
        return (fixed | plain, minutes) if "" in own else (fixed, set())

    margin = timedelta(days=3)
    walk = list(_minutes(start - margin, end + margin, place))
    last_pass = {wall: instant for instant, wall in walk}
    ticks = set()
    for instant, wall in walk:
        if not eligible(wall.date()):
            continue
        times, minutes = times_on(wall.date())
        if wall.minute in minutes:
            ticks.add(instant)
        if wall.strftime("%H:%M") in times and last_pass[wall] == instant:
            ticks.add(instant)
    for (_, before), (instant, after) in itertools.pairwise(walk):
        missed = before + timedelta(minutes=1)
        per_day: set[date] = set()
        while missed < after:
            in_times = (
                eligible(missed.date()) and missed.strftime("%H:%M") in times_on(missed.date())[0]
            )
            if in_times and missed.date() not in per_day:
                per_day.add(missed.date())
                ticks.add(instant + timedelta(seconds=missed.minute))
            missed += timedelta(minutes=1)
    return sorted(t for t in ticks if start <= t < end)


# --- cron -------------------------------------------------------------------------------------


class _Entry:
    def __init__(self, expression: str) -> None:
        fields = expression.split()
        self.sets = [
            self._field(f, *bounds)
            for f, bounds in zip(fields, [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)], strict=True)
        ]
        self.star = [f[0] == "*" for f in fields]

    @staticmethod
    def _field(text: str, low: int, high: int) -> set[int]:
        found = set()
        for item in text.split(","):
            body, _, step = item.partition("/")
            a, _, b = (f"{low}-{high}" if body == "*" else body).partition("-")
            found.update(range(int(a), int(b or a) + 1, int(step or 1)))
        return found

    def matches(self, minute: int) -> bool:
        wall = datetime(1970, 1, 1) + timedelta(minutes=minute)
        minutes, hours, doms, month, dows = self.sets
        by_month, by_week = (
            wall.day in doms,
            bool({wall.isoweekday() % 7, wall.isoweekday()} & dows),
        )
        day = by_month and by_week if self.star[2] or self.star[4] else by_month or by_week
        return wall.minute in minutes and wall.hour in hours and wall.month in month and day


def cron_ticks(expression: str, place: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """The starts of one entry under a daemon that runs since two days before `start` (CRON-008)."""
    entry = _Entry(expression)
    wild = entry.star[0] or entry.star[1]
    fired: list[datetime] = []
    now = start - timedelta(days=2)

    def local_minute(moment: datetime) -> int:
        wall = moment.astimezone(place).replace(tzinfo=None)
        return int((wall - datetime(1970, 1, 1)).total_seconds()) // 60

    virtual = local_minute(now) - 1
    while now < end:
        running = local_minute(now)
        jump = running - virtual
        clock, queue = now, 0

        def flush() -> bool:
            nonlocal queue
            fired.extend([clock] * queue)  # noqa: B023 (called in the same turn)
            busy, queue = queue > 0, 0
            return busy

        def find(minute: int, do_wild: bool, do_fixed: bool) -> None:
            nonlocal queue
            if (do_wild if wild else do_fixed) and entry.matches(minute):
                queue = 1

        if jump == 1:
            virtual = running
            find(virtual, True, True)
        elif 1 < jump <= 180:
            medium = jump > 5
            if medium:
                find(running, True, False)
            while True:
                if flush():
                    clock += timedelta(seconds=10)
                virtual += 1
                find(virtual, not medium, True)
                if virtual >= running or (medium and local_minute(clock) != running):
                    break
        elif -180 < jump <= 0:
            find(running, True, False)
        else:
            virtual = running
            find(running, True, True)
        flush()
        following = now + timedelta(minutes=1)
        while following < clock:
            following += timedelta(minutes=1)
        now = following
    distinct: list[datetime] = []
    for moment in sorted(fired):
        again = bool(distinct) and moment <= distinct[-1]
        distinct.append(distinct[-1] + timedelta(seconds=1) if again else moment)
    return [t for t in distinct if start <= t < end]


def utc(text: str) -> datetime:
    """An instant written yyyy-mm-ddThh:mm[:ss]."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
