"""What Airflow's plugin manager loads: the timetables and the listener of the shims.

The timetables must be registered in the scheduler, the DAG processor and the API server, or a
serialised DAG that names one does not load (AF-052).
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from hoist_airflow.listener import RunListener
from hoist_airflow.schedule.timetables import TIMETABLES


class HoistPlugin(AirflowPlugin):
    """Registers what the scheduler and the API server must know of the shims."""

    name = "hoist"
    timetables: list[Any] = [*TIMETABLES]  # noqa: RUF012  (the base class declares it so)
    listeners: list[Any] = [RunListener()]  # noqa: RUF012  (the base class declares it so)
