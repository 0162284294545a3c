"""The instants at which a timetable makes runs, asked of Airflow's own timetable object.

A chain of `next_dagrun_info` with catch-up: then no answer depends on the clock, and no tick is
skipped. An instant is the run's `run_after`: of a data-interval schedule the end of the interval.
Where the chain's phase depends on when it began (a `timedelta` without a start date, `@once`) the
instants cannot be told: None, never a guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

MOST = 200_000
"""Ticks of one set; `until` says how far it is complete."""
_PROBE = timedelta(days=36)


@dataclass(frozen=True)
class TickSet:
    """Sorted instants, complete before `until`."""

    ticks: list[int]
    until: int


@dataclass(frozen=True)
class Span:
    """Where ticks are wanted: [low, high), within the dates of the DAG, inclusive (Airflow)."""

    low: int
    high: int
    earliest: datetime | None = None
    latest: datetime | None = None
    catchup: bool = False

    @classmethod
    def of(
        cls,
        low: int,
        high: int,
        earliest: datetime | None,
        latest: datetime | None,
        *,
        catchup: bool,
    ) -> Span:
        return cls(low, high, earliest, latest, catchup)

    def key(self, timetable: Any) -> list[Any]:
        """What of the span can change the ticks of this timetable."""
        first, last = self.first, self.last
        anchored = _is_anchored(timetable) and self.earliest is not None
        anchor = [self.earliest.isoformat(), self.catchup] if anchored and self.earliest else None
        return [first, last, anchor]

    @property
    def first(self) -> int:
        if self.earliest is None:
            return self.low
        return max(self.low, math.ceil(self.earliest.timestamp()))

    @property
    def last(self) -> int:
        """Exclusive."""
        if self.latest is None:
            return self.high
        return min(self.high, math.floor(self.latest.timestamp()) + 1)


def kind_of(timetable: Any) -> str:
    """What starts runs: "none", "ticks", "assets", "continuous" or "unknown"."""
    names = {one.__name__ for one in type(timetable).__mro__}
    if "NullTimetable" in names:
        return "none"
    if "ContinuousTimetable" in names:
        return "continuous"
    if any(name.startswith(("Asset", "PartitionedAsset")) for name in names):
        return "assets"
    if getattr(timetable, "partitioned", False):
        return "unknown"
    return "ticks"


def assets_of(timetable: Any) -> list[dict[str, str]]:
    """Names and URIs of the assets that a schedule waits for, sorted."""
    condition = getattr(timetable, "asset_condition", None)
    found = []
    for key, asset in condition.iter_assets() if condition is not None else ():
        name = getattr(key, "name", None) or getattr(asset, "name", "")
        found.append({"name": str(name), "uri": str(getattr(asset, "uri", ""))})
    return sorted(found, key=lambda one: (one["name"], one["uri"]))


def enumerate_ticks(  # noqa: PLR0911  (one return a kind of timetable)
    timetable: Any, span: Span
) -> TickSet | None:
    """The timetable's ticks in the span; None when they cannot be told."""
    own = getattr(timetable, "ticks", None)
    if own is not None and type(timetable).__module__ == "hoist_airflow.schedule.timetables":
        # Equal to the chain (tests/airflow/test_export.py), and ten times as fast.
        ticks = own.between(span.first, span.last) if span.first < span.last else []
        return _cut(ticks, span)
    try:
        if _is_anchored(timetable):
            if span.earliest is None or not (span.catchup or _is_once(timetable)):
                return None
            return _chain(timetable, span, span.earliest)
        if _is_cron(timetable):
            return _chain(timetable, span, _before(timetable, span))
        first = datetime.fromtimestamp(span.first, timezone.utc)
        found = _chain(timetable, span, first)
        # A timetable of the user's: does it hang on where one begins?
        if span.earliest is None or span.first > math.ceil(span.earliest.timestamp()):
            again = _chain(timetable, span, first - _PROBE)
            return found if again == found else None
        return found
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError):
        return None


def _names(timetable: Any) -> list[str]:
    return [one.__name__ for one in type(timetable).__mro__]


def _is_once(timetable: Any) -> bool:
    return "OnceTimetable" in _names(timetable)


def _is_anchored(timetable: Any) -> bool:
    """Does the phase of its ticks hang on the DAG's start date?"""
    return _is_once(timetable) or "DeltaMixin" in _names(timetable)


def _is_cron(timetable: Any) -> bool:
    names = _names(timetable)
    return type(timetable).__module__.startswith("airflow.") and (
        "CronMixin" in names or "MultipleCronTriggerTimetable" in names
    )


def _before(timetable: Any, span: Span) -> datetime:
    """Where the chain begins, so that its first run is not later than the span's first tick."""
    import pendulum

    first = pendulum.from_timestamp(span.first)
    if "_DataIntervalTimetable" not in _names(timetable):
        return first
    # A run comes at the end of an interval whose start is bounded by the DAG's start date.
    start: datetime = timetable._get_prev(timetable._align_to_prev(first))
    return start if span.earliest is None else max(start, span.earliest)


def _chain(timetable: Any, span: Span, begin: datetime) -> TickSet:
    import pendulum
    from airflow.timetables.base import TimeRestriction

    latest = None if span.latest is None else pendulum.instance(span.latest)
    restriction = TimeRestriction(pendulum.instance(begin), latest, catchup=True)
    found: list[int] = []
    interval = None
    before: int | None = None
    steps = 0
    while steps < 20 * MOST:
        steps += 1
        info = timetable.next_dagrun_info(
            last_automated_data_interval=interval, restriction=restriction
        )
        if info is None:
            return TickSet(found, span.high)
        at = math.floor(info.run_after.timestamp())
        if at >= span.high:
            return TickSet(found, span.high)
        if before is not None and at <= before:
            raise ValueError("the timetable does not advance")
        if at >= span.low:
            if len(found) == MOST:
                return TickSet(found, at)
            found.append(at)
        before, interval = at, info.data_interval
    raise ValueError("too many runs before the span")


def _cut(ticks: list[int], span: Span) -> TickSet:
    if len(ticks) > MOST:
        return TickSet(ticks[:MOST], ticks[MOST])
    return TickSet(ticks, span.high)
