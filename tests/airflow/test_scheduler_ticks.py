"""Which runs Airflow's real scheduler makes of our ticks: late, busy, after an outage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DAG_FILE = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from hoist_airflow import crontab, legacy_calendar

with DAG("nightly", schedule=legacy_calendar(days="all", times="06:00"), catchup=False,
         max_active_runs=1, is_paused_upon_creation=False):
    EmptyOperator(task_id="one")
with DAG("hourly", schedule=crontab("0 * * * *"), catchup=False, max_active_runs=1,
         is_paused_upon_creation=False):
    EmptyOperator(task_id="one")
"""


class Scheduler:
    """The part of Airflow's scheduler that creates runs, at instants of the test's choice."""

    def __init__(self, runs: ModuleType, folder: Path, patch: pytest.MonkeyPatch) -> None:
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

        from hoist_airflow.schedule import timetables

        self.patch = patch
        self.timetables = timetables
        self.folder = folder
        self.runs = runs
        self.runner = SchedulerJobRunner(job=Job())

    def at(self, text: str) -> None:
        now = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        self.patch.setattr(self.timetables, "_now", lambda: now)

    def parse(self) -> None:
        """What the DAG processor does with the file."""
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

        DagBundlesManager().sync_bundles_to_db()
        bag = BundleDagBag(str(self.folder), bundle_path=self.folder, bundle_name="dags-folder")
        assert not bag.import_errors
        sync_bag_to_db(bag, "dags-folder", None)

    def schedule(self, dag_id: str, now: str) -> list[str]:
        """Create the runs of a DAG that are due; all instants of its scheduled runs so far."""
        from airflow.models.dag import DagModel
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session

        self.at(now)
        with create_session() as session:
            model: Any = session.get(DagModel, dag_id)
            due = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
            if model.next_dagrun_create_after and model.next_dagrun_create_after <= due:
                self.runner._create_dag_runs([model], session)
        with create_session() as session:
            found = session.query(DagRun).filter(DagRun.dag_id == dag_id).order_by(DagRun.id).all()
            return [run.logical_date.strftime("%d %H:%M") for run in found]

    def finish(self, dag_id: str, now: str) -> None:
        """End the DAG's active run and let the scheduler see that there is room again."""
        from airflow.models.dag import DagModel
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session

        self.at(now)
        with create_session() as session:
            for run in session.query(DagRun).filter(DagRun.dag_id == dag_id):
                run.state = "success"
            session.flush()
            model = session.get(DagModel, dag_id)
            self.runner._set_exceeds_max_active_runs(dag_model=model, session=session)


@pytest.fixture
def scheduler(
    airflow_runs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Scheduler]:
    (tmp_path / "dags.py").write_text(DAG_FILE)
    return lambda: Scheduler(airflow_runs, tmp_path, monkeypatch)


def test_jil006_tr51_runs_of_a_late_and_a_busy_scheduler(
    scheduler: Callable[[], Scheduler],
) -> None:
    airflow = scheduler()
    airflow.at("2026-05-04T23:00")
    airflow.parse()
    # The first tick after the DAG came into being; a parse after the tick does not lose it.
    assert airflow.schedule("nightly", "2026-05-05T05:59") == []
    airflow.at("2026-05-05T06:01")
    airflow.parse()
    assert airflow.schedule("nightly", "2026-05-05T06:02") == ["05 06:00"]
    # An outage of three days: one run, of the latest missed tick (JIL-006).
    airflow.finish("nightly", "2026-05-05T06:30")
    airflow.at("2026-05-08T12:00")
    airflow.parse()
    assert airflow.schedule("nightly", "2026-05-08T12:00") == ["05 06:00", "08 06:00"]

    # A run that outlasts two ticks: they are offered when it has ended, for the ledger to drop.
    airflow.at("2026-05-08T12:00")
    first = airflow.schedule("hourly", "2026-05-08T12:00")
    assert airflow.schedule("hourly", "2026-05-08T13:30") == first
    airflow.finish("hourly", "2026-05-08T14:30")
    assert airflow.schedule("hourly", "2026-05-08T14:30")[len(first) :] == ["08 13:00"]
    airflow.finish("hourly", "2026-05-08T14:31")
    assert airflow.schedule("hourly", "2026-05-08T14:31")[len(first) :] == ["08 13:00", "08 14:00"]
    airflow.finish("hourly", "2026-05-08T14:32")
    assert airflow.schedule("hourly", "2026-05-08T14:59")[len(first) :] == ["08 13:00", "08 14:00"]
