"""When a cyclic job runs again within its order: a function of its executions so far.

`every 15m from start`, `after 30m 4h from end`, `at 08:00 10:00 tolerance 5m` (CTM-060 to CTM-063).
The executions are those in the ledger's log: no restart of anything changes what comes next.
Nothing here imports Airflow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hoist_airflow.ledger import status as st

_INTERVALS = re.compile(r"(every|after)((?: \d{1,6}[mhd])+) from (start|end|target)")
_TIMES = re.compile(r"at((?: (?:[01]\d|2[0-3]):[0-5]\d)+)(?: tolerance (\d{1,4})m)?")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of an order, in seconds since 1970; `status` and `ended`: None = no end."""

    started: int
    try_number: int | None
    ended: int | None = None
    status: str | None = None


def executions_of(
    events: Iterable[tuple[int, str, int | None]],
) -> list[Execution]:
    """From the statuses of a job in one run, oldest first: (second, status, try number)."""
    found: list[Execution] = []
    for at, status, tries in events:
        last = found[-1] if found else None
        is_open = last is not None and last.ended is None
        if status in (st.STARTING, st.RUNNING):
            # A second STARTING of one attempt is a machine that could not be reached at first.
            if last is None or not is_open or tries not in (None, last.try_number):
                found.append(Execution(at, tries))
        elif status in st.ENDED and last is not None and is_open:
            found[-1] = Execution(last.started, last.try_number, at, status)
    return found


EARLIER_RUN = 0
"""The try number of executions in earlier DAG runs of an order (CTM-093)."""


def handed_on(past: Sequence[Execution], *, all_of_them: bool) -> dict[str, Any]:
    """What a run of a folder tells the next one of its order, as JSON. Of a cycle of intervals the
    first and the last execution say all: it may run a thousand times.
    """
    told = past if all_of_them or len(past) < 2 else (past[0], past[-1])
    return {"runs": len(past), "past": [[one.started, one.ended, one.status] for one in told]}


def taken_over(given: Mapping[str, Any]) -> tuple[Execution, ...]:
    """The inverse."""
    rows = [Execution(row[0], EARLIER_RUN, row[1], row[2]) for row in given["past"]]
    missing = int(given["runs"]) - len(rows)
    return (*rows[:1], *rows[:1] * missing, *rows[1:])


@dataclass(frozen=True, slots=True)
class Slot:
    """From when on the next execution may start, and the last instant of it; None: no limit."""

    not_before: int | None = None
    not_after: int | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """What the argument `cycle` says."""

    kind: str
    """`every`: one interval; `after`: one interval after the other, then it stops; `at`: times."""
    minutes: tuple[int, ...]
    origin: str = ""
    """What intervals are counted from: `start`, `end`, or `target`, the time it was planned for."""
    tolerance: int = 0
    """Of `at`: the minutes by which a time may be late."""

    @classmethod
    def parse(cls, text: str) -> Cycle:
        """Raises ValueError."""
        if found := _INTERVALS.fullmatch(text):
            minutes = tuple(int(one[:-1]) * _MINUTES[one[-1]] for one in found[2].split())
            if found[1] == "after" or len(minutes) == 1:
                return cls(found[1], minutes, found[3])
        elif found := _TIMES.fullmatch(text):
            times = tuple(int(one[:2]) * 60 + int(one[3:]) for one in found[1].split())
            return cls("at", times, tolerance=int(found[2] or 0))
        raise ValueError(f"{text!r} is no cycle: see docs/runtime.md, `cycle`")

    def next(self, past: Sequence[Execution], at: Callable[[int], int], now: int) -> Slot | None:
        """When it runs next; None: nothing is left. `at`: the instant of a minute of the day."""
        if self.kind == "at":
            return self._next_time(past, sorted({at(minute) for minute in self.minutes}), now)
        if not past:
            return Slot()
        done = len(past)
        if self.kind == "after" and done > len(self.minutes):
            return None
        last = past[-1]
        ended = last.started if last.ended is None else last.ended
        steps = self.minutes[:done] if self.kind == "after" else self.minutes * done
        if self.origin == "target":
            due = _minute(past[0].started) + 60 * sum(steps)
        else:
            due = _minute(last.started if self.origin == "start" else ended) + 60 * steps[-1]
        return Slot(max(due, ended))  # it never overlaps itself (CTM-062)

    def _next_time(self, past: Sequence[Execution], times: Sequence[int], now: int) -> Slot | None:
        """Each time starts one execution, or is dropped when it is too late for it (CTM-063)."""
        late = self.tolerance * 60
        left = list(times)
        for one in past:
            due = [time for time in left if time <= one.started]
            kept = [time for time in due if time + late >= one.started] or due[-1:]
            left = [time for time in left if not kept or time > kept[0]]
        left = [time for time in left if time + late >= now]
        return Slot(left[0], left[0] + late) if left else None


def _minute(second: int) -> int:
    """Rounded down to the minute."""
    return second - second % 60
