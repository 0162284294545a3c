"""Ticks of one crontab entry as the Vixie daemons really run it (CRON-002, CRON-003, CRON-008).

The daemon compares local minutes. While minutes follow each other it runs what matches. When the
wall clock jumps by `diff` minutes (1 = no jump):

- 2…5: it makes up every missed minute;
- 6…180 (DST begins): *wildcard* entries (a `*` at the start of the minute or the hour field) run
  for the present minute only; fixed entries run once for each missed minute that matches, ten
  seconds after the one before: the daemon sleeps that long after it has started something (two
  that it starts in one second are told apart by one second here);
- 0…-179 (DST ends): only wildcard entries run until the clock has caught up;
- else: it takes the jump as a correction, and goes on from the new time.

`debian` (3.0pl1) and `cronie` agree in this; they differ in what they read (`~`, CRON_TZ), which is
settled before an entry gets here.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, NamedTuple

from hoist_airflow.schedule.rules import UNIX_DAY
from hoist_airflow.schedule.ticks import Ticks
from hoist_airflow.schedule.zones import zone

FLAVOURS = ("debian", "cronie")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(
    r"(\*|([0-9]{1,4}|[a-z]{3})(?:-([0-9]{1,4}|[a-z]{3}))?)(?:/([0-9]{1,4}))?\Z", re.ASCII
)
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MINUTE = 60
_SETTLE = 10
"""Seconds that the daemon sleeps after it has started jobs while it makes up for missed minutes."""
_CORRECTION = 180
"""Jumps of more minutes than this, or back by as many, are clock corrections."""


class Fields(NamedTuple):
    """The five fields as sets; `*_star`: the field starts with `*` (CRON-002)."""

    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    minute_star: bool
    hour_star: bool
    month_day_star: bool
    weekday_star: bool


def _field(
    text: str, low: int, high: int, flavour: str, names: tuple[str, ...] = ()
) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        match = _ITEM.match(item.lower())
        if match is None:
            raise ValueError(f"bad crontab field {text!r}")
        whole, begin, end, step = match.groups()
        if whole == "*":
            first, last = low, high
        else:
            if step is not None and end is None:
                raise ValueError(f"bad crontab field {text!r}: a step needs a range (CRON-003)")
            first = _number(begin, names, low)
            last = first if end is None else _number(end, names, low)
            if first > last == 0 and flavour == "cronie":
                last = 7  # so that 5-0 is Friday to Sunday
        # A range that runs backwards holds nothing; both daemons load it.
        if (
            not (low <= first <= high and low <= last <= high)
            or step == "0"
            or (step and not int(step))
        ):
            raise ValueError(f"bad crontab field {text!r}")
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(values)


def _number(text: str, names: tuple[str, ...], first_name: int) -> int:
    if text.isdigit():
        return int(text)
    if text not in names:
        raise ValueError(f"bad crontab name {text!r}")
    return names.index(text) + first_name


def parse_fields(text: str, flavour: str = "debian") -> Fields:
    """The fields of `"0 0 */2 * 1"` or of a nickname but `@reboot`. Raises `ValueError`."""
    words = _NICKNAMES.get(text.strip().lower(), text).split()
    if len(words) != 5:
        raise ValueError(f"a crontab entry has five fields: {text!r}")
    minute, hour, month_day, month, weekday = words
    weekdays = _field(weekday, 0, 7, flavour, _WEEKDAYS)
    if 7 in weekdays:
        weekdays = weekdays - {7} | {0}
    return Fields(
        _field(minute, 0, 59, flavour),
        _field(hour, 0, 23, flavour),
        _field(month_day, 1, 31, flavour),
        _field(month, 1, 12, flavour, _MONTHS),
        weekdays,
        minute.startswith("*"),
        hour.startswith("*"),
        month_day.startswith("*"),
        weekday.startswith("*"),
    )


class CrontabTicks(Ticks):
    """The ticks of one entry. Raises `ValueError` for a bad entry, `UnknownZone`."""

    def __init__(self, expression: str, *, timezone: str = "UTC", flavour: str = "debian") -> None:
        if flavour not in FLAVOURS:
            raise ValueError(f"unknown flavour of cron {flavour!r}")
        self.expression = expression
        self.timezone = timezone
        self.flavour = flavour
        self._fields = parse_fields(expression, flavour)
        self._zone = zone(timezone)
        fields = self._fields
        self._wild = fields.minute_star or fields.hour_star
        self._minutes_of_day = sorted(h * 60 + m for h in fields.hours for m in fields.minutes)

    def to_dict(self) -> dict[str, Any]:
        """The arguments that make an equal schedule."""
        return {"expression": self.expression, "timezone": self.timezone, "flavour": self.flavour}

    def describe(self) -> str:
        """One line for people."""
        return f"cron {self.expression} {self.timezone}"

    def _day_matches(self, day: int) -> bool:
        """CRON-002: both day fields must match if one starts with `*`, else one of them."""
        fields = self._fields
        moment = date.fromordinal(day + UNIX_DAY)
        if moment.month not in fields.months:
            return False
        by_month = moment.day in fields.month_days
        by_week = (day + 4) % 7 in fields.weekdays
        if fields.month_day_star or fields.weekday_star:
            return by_month and by_week
        return by_month or by_week

    def _matching(self, first: int, end: int) -> list[int]:
        """Matching local minutes first ≤ minute < end."""
        found = []
        for day in range(first // 1440, (end - 1) // 1440 + 1):
            if self._day_matches(day):
                base = day * 1440
                found += [base + m for m in self._minutes_of_day if first <= base + m < end]
        return found

    def between(self, start: int, end: int) -> list[int]:
        # Whole minutes; begin two days early, so that an overlap before `start` is known.
        begin = start // _MINUTE * _MINUTE - 2 * 86400
        changes = self._zone.changes(begin, end)
        found: set[int] = set()
        virtual: int | None = None
        for from_instant, to_instant in zip([begin, *changes], [*changes, end], strict=True):
            offset = self._zone.offset_at(from_instant)
            first = -(-(from_instant + offset) // _MINUTE)
            after = -(-(to_instant + offset) // _MINUTE)
            if first >= after:
                continue
            ticks, virtual = self._segment(
                first, after, offset, first - 1 if virtual is None else virtual
            )
            found.update(ticks)
        return sorted(tick for tick in found if start <= tick < end)

    def _segment(self, first: int, after: int, offset: int, virtual: int) -> tuple[list[int], int]:
        """The ticks of a stretch of constant offset, local minutes first ≤ m < after.

        `virtual` is the last local minute that the daemon has dealt with. Returns the new one too.
        """
        jump = first - virtual
        made_up: list[int] = []
        if 2 <= jump <= 5 or (2 <= jump <= _CORRECTION and not self._wild):
            if self._wild:
                made_up = [first * _MINUTE - offset] * bool(self._matching(virtual + 1, first))
            else:
                made_up, first = self._catch_up(virtual, first, offset)
            virtual = first - 1
        elif -_CORRECTION < jump <= 0 and not self._wild:
            first = max(first, virtual + 1)
        regular = (
            [minute * _MINUTE - offset for minute in self._matching(first, after)]
            if first < after
            else []
        )
        return made_up + regular, max(virtual if jump > -_CORRECTION else 0, after - 1)

    def _catch_up(self, virtual: int, running: int, offset: int) -> tuple[list[int], int]:
        """The daemon's loop over the minutes a fixed entry missed, and the first one after it."""
        fired: list[int] = []

        def fire() -> None:
            at = clock - offset
            fired.append(max(at, fired[-1] + 1) if fired else at)

        clock = running * _MINUTE
        missed = set(self._matching(virtual + 1, running + 1440))
        while True:
            queued = False
            # Up to five minutes it makes up in one go, more only as long as its minute lasts.
            hurries = running - virtual <= 5
            while virtual < running and (hurries or clock // _MINUTE == running):
                if queued:
                    fire()
                    clock += _SETTLE
                virtual += 1
                queued = virtual in missed
            if queued:
                fire()
            if virtual == running and clock < (running + 1) * _MINUTE:
                return fired, running + 1
            running = max(running + 1, -(-clock // _MINUTE))
            clock = running * _MINUTE
