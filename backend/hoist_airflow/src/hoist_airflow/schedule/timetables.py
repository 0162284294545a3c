"""The schedules as Airflow timetables; registered by the package's plugin (AF-052).

What Airflow's scheduler asks, and what it gets: after each run and after each parse of the DAG file
it asks for the tick that follows the last scheduled run. Without catch-up the answer is

- the next tick, if it is still to come or if it is the only one that was missed;
- else the oldest missed tick of the last five minutes, so that a scheduler that is merely slow
  skips nothing;
- else the latest missed tick: after an outage one start makes up for all (JIL-006, JIL-144).

A tick that comes while a run is active (`max_active_runs=1`) is offered when that run has ended;
the ledger then drops it by its instant (JIL-144, TR-51). Before the first run only ticks of the
last five minutes count: a DAG that was never scheduled does not start for times before it existed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

from hoist_airflow.schedule.calendars import Calendars
from hoist_airflow.schedule.cron import CrontabTicks
from hoist_airflow.schedule.orders import OrderDays, OrderTicks
from hoist_airflow.schedule.ticks import CalendarTicks, Ticks
from hoist_airflow.schedule.zones import to_datetime, to_instant

if TYPE_CHECKING:
    from airflow.timetables.base import TimeRestriction
    from pendulum import DateTime

LATE = timedelta(minutes=5)
"""How late the scheduler may be without a tick being lost; cron itself makes up for as much."""
_INSTANT = timedelta(microseconds=1)


def _now() -> datetime:
    return datetime.now(timezone.utc)


class TickTimetable(Timetable):
    """A timetable that runs a DAG at each tick; the logical date is the tick's instant."""

    ticks: Ticks

    def __init__(self, ticks: Ticks) -> None:
        self.ticks = ticks
        self.description = ticks.describe()

    @property
    def summary(self) -> str:
        return self.ticks.describe()

    def serialize(self) -> dict[str, Any]:
        return self.ticks.to_dict()

    def next_tick(self, after: datetime) -> datetime | None:
        """The first tick later than `after`."""
        return self.ticks.next_tick(after)

    def last_tick(self, at_or_before: datetime) -> datetime | None:
        """The latest tick not later than `at_or_before`."""
        return self.ticks.last_tick(at_or_before)

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self,
        *,
        last_automated_data_interval: DataInterval | None,
        restriction: TimeRestriction,
    ) -> DagRunInfo | None:
        interval = last_automated_data_interval
        last = None if interval is None else self._tick_of(interval)
        tick = self._next(last, restriction.earliest, catchup=restriction.catchup)
        if tick is None or (restriction.latest is not None and tick > restriction.latest):
            return None
        return self._run_at(tick)

    def _tick_of(self, interval: DataInterval) -> datetime:
        """The tick that the run with this interval was for."""
        return interval.end

    def _run_at(self, tick: datetime) -> DagRunInfo:
        return DagRunInfo.exact(pendulum.instance(tick))

    def _next(
        self, last: datetime | None, earliest: datetime | None, *, catchup: bool
    ) -> datetime | None:
        """The tick to run next. `earliest` is inclusive, `last` has run."""
        bounds = [bound for bound in (last, earliest and earliest - _INSTANT) if bound is not None]
        now = _now()
        if last is None and (earliest is None or not catchup):
            bounds.append(now - LATE - _INSTANT)
        after = max(bounds)
        tick = self.next_tick(after)
        if catchup or tick is None or tick >= now - LATE:
            return tick
        latest = self.last_tick(now)
        recent = self.next_tick(now - LATE - _INSTANT)
        if recent is not None and recent <= now:
            return recent
        return max(tick, latest) if latest is not None else tick


class LegacyCalendarTimetable(TickTimetable):
    """AutoSys's date conditions; made by `legacy_calendar`."""

    ticks: CalendarTicks

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> LegacyCalendarTimetable:
        return cls(CalendarTicks(**data))


class CrontabTimetable(TickTimetable):
    """One crontab entry with Vixie semantics; made by `crontab`."""

    ticks: CrontabTicks

    @property
    def summary(self) -> str:
        return self.ticks.expression

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> CrontabTimetable:
        return cls(CrontabTicks(**data))


class OrderDatesTimetable(TickTimetable):
    """One run for each order date of a Control-M folder; made by `order_dates`.

    The run starts at New Day of its date, or of the day before, and its data interval is that
    business day (CTM-002, CTM-055). A day that the scheduler missed as a whole is lost, unless it
    is `retro` or the DAG catches up (CTM-047); within its day the run starts late, as New Day does
    after an outage.
    """

    ticks: OrderTicks

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> OrderDatesTimetable:
        return cls(OrderTicks.of(data))

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return self._interval(self.ticks.day_of(to_instant(run_after)))

    def _interval(self, day: int) -> DataInterval:
        start, end = (pendulum.instance(to_datetime(self.ticks.instant(d))) for d in (day, day + 1))
        return DataInterval(start, end)

    def _tick_of(self, interval: DataInterval) -> datetime:
        return to_datetime(self.ticks.tick(self.ticks.day_of(to_instant(interval.start))))

    def _run_at(self, tick: datetime) -> DagRunInfo:
        interval = self._interval(self.ticks.day_of_tick(to_instant(tick)))
        return DagRunInfo(run_after=pendulum.instance(tick), data_interval=interval)

    def _next(
        self, last: datetime | None, earliest: datetime | None, *, catchup: bool
    ) -> datetime | None:
        bounds = [bound for bound in (last, earliest and earliest - _INSTANT) if bound is not None]
        now = _now()
        if last is None and (earliest is None or not catchup):
            bounds.append(now - LATE - _INSTANT)  # a new definition waits for the next New Day
        elif not (catchup or self.ticks.retro):
            today = self.ticks.instant(self.ticks.day_of(to_instant(now)))
            bounds.append(to_datetime(today) - _INSTANT)
        return self.next_tick(max(bounds))


TIMETABLES: list[type[Timetable]] = [
    LegacyCalendarTimetable,
    CrontabTimetable,
    OrderDatesTimetable,
]
"""What the plugin registers."""


def legacy_calendar(
    *,
    days: str | None = None,
    times: str | None = None,
    minutes: str | None = None,
    calendar: str | None = None,
    exclude: str | None = None,
    timezone: str = "UTC",
    calendars: Calendars | Mapping[str, Mapping[str, Any]] | None = None,
) -> LegacyCalendarTimetable:
    """The schedule of `date_conditions: 1`: days or calendar, times or minutes (JIL-141…149).

    The names `calendar` and `exclude` are looked up in `calendars`; only the definitions found are
    serialised with the DAG.
    """
    return LegacyCalendarTimetable(
        CalendarTicks(
            days=days,
            times=times,
            minutes=minutes,
            calendar=calendar,
            exclude=exclude,
            timezone=timezone,
            calendars=calendars,
        )
    )


def crontab(expression: str, *, timezone: str = "UTC", flavour: str = "debian") -> CrontabTimetable:
    """The schedule of a crontab entry's five fields, or of a nickname such as `@daily`."""
    return CrontabTimetable(CrontabTicks(expression, timezone=timezone, flavour=flavour))


def order_dates(
    *any_of: OrderDays,
    new_day: str = "07:00",
    timezone: str = "UTC",
    by_hand: bool = False,
    early: bool = False,
    retro: bool = False,
    at: str | None = None,
    **criteria: Any,
) -> OrderDatesTimetable:
    """The schedule of a Control-M folder: the days of its criteria, or of any of several.

    `criteria` are the arguments of `order_days`; `by_hand`: nothing but a person orders it;
    `early`: at New Day of the day before, for zones ahead of `timezone` (CTM-055);
    `retro`: missed days are ordered later, each once (CTM-047); `at`: the time of the day at
    which they are ordered, if that is not New Day (CTM-006).
    """
    if criteria:
        any_of = (*any_of, OrderDays(**criteria))
    return OrderDatesTimetable(
        OrderTicks(
            *any_of,
            new_day=new_day,
            timezone=timezone,
            by_hand=by_hand,
            early=early,
            retro=retro,
            at=at,
        )
    )
