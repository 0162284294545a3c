"""When things start by the clock: calendars, time zones over DST, ticks, and run windows.

The algebra (`zones`, `rules`, `calendars`, `ticks`, `cron`, `windows`) is pure Python without
Airflow; only `timetables` imports it. Names load on first use (PEP 562), so a Gate that asks for
the next tick pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "CalendarTicks": "ticks",
    "CrontabTicks": "cron",
    "WindowDecision": "windows",
    "calendars": "calendars",
    "crontab": "timetables",
    "legacy_calendar": "timetables",
    "order_dates": "timetables",
    "order_days": "orders",
    "window_decision": "windows",
}

__all__ = [
    "CalendarTicks",
    "CrontabTicks",
    "WindowDecision",
    "calendars",
    "crontab",
    "legacy_calendar",
    "order_dates",
    "order_days",
    "window_decision",
]

if TYPE_CHECKING:
    from hoist_airflow.schedule.calendars import calendars
    from hoist_airflow.schedule.cron import CrontabTicks
    from hoist_airflow.schedule.orders import order_days
    from hoist_airflow.schedule.ticks import CalendarTicks
    from hoist_airflow.schedule.timetables import crontab, legacy_calendar, order_dates
    from hoist_airflow.schedule.windows import WindowDecision, window_decision


def __getattr__(name: str) -> Any:
    """The function `calendars` and the submodule of that name share it: the function wins."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
