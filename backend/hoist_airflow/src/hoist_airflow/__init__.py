"""What an emitted DAG imports: the public names of the shims, each loaded on first use (PEP 562).

A DAG file that uses only `Command` never pays for the ledger's command line, the watcher or an
executor; the plugin and `hoistctl` import the submodules they need directly. The meaning of every
name is fixed by docs/runtime.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the submodule that defines it (not a package that only hands it on: importing
# `schedule.calendars` makes that module an attribute of `schedule`, in the way of the function).
_HOME = {
    "Box": "box",
    "Command": "command",
    "FolderEnd": "order_folders",
    "FolderStart": "order_folders",
    "OrderedCommand": "order",
    "OrderedDummy": "order",
    "OrderedFileWatcher": "order_actions",
    "OrderedOpaque": "order",
    "OrderedQuery": "order_actions",
    "OrderedUnsupported": "order",
    "ordered": "order",
    "SubFolder": "order_folders",
    "order_dates": "schedule.timetables",
    "order_days": "schedule.orders",
    "FileWatcher": "watcher",
    "Gate": "gate",
    "Hold": "hold",
    "Opaque": "opaque",
    "Unsupported": "opaque",
    "Verdict": "verdict",
    "calendars": "schedule.calendars",
    "crontab": "schedule.timetables",
    "legacy": "job",
    "legacy_calendar": "schedule.timetables",
}

__all__ = [  # noqa: RUF022  (the order of docs/runtime.md)
    "Box",
    "Command",
    "FileWatcher",
    "Gate",
    "Hold",
    "Unsupported",
    "Verdict",
    "Opaque",
    "calendars",
    "crontab",
    "legacy",
    "legacy_calendar",
    "FolderEnd",
    "FolderStart",
    "OrderedCommand",
    "OrderedDummy",
    "OrderedFileWatcher",
    "OrderedQuery",
    "OrderedOpaque",
    "OrderedUnsupported",
    "SubFolder",
    "order_dates",
    "order_days",
    "ordered",
]

if TYPE_CHECKING:
    from hoist_airflow.box import Box
    from hoist_airflow.command import Command
    from hoist_airflow.gate import Gate
    from hoist_airflow.hold import Hold
    from hoist_airflow.job import legacy
    from hoist_airflow.opaque import Opaque, Unsupported
    from hoist_airflow.order import (
        OrderedCommand,
        OrderedDummy,
        OrderedOpaque,
        OrderedUnsupported,
        ordered,
    )
    from hoist_airflow.order_actions import OrderedFileWatcher, OrderedQuery
    from hoist_airflow.order_folders import FolderEnd, FolderStart, SubFolder
    from hoist_airflow.schedule import (
        calendars,
        crontab,
        legacy_calendar,
        order_dates,
        order_days,
    )
    from hoist_airflow.verdict import Verdict
    from hoist_airflow.watcher import FileWatcher


def __getattr__(name: str) -> Any:
    """Load a public name on first use and remember it in the module."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
