"""A private, migrated Airflow in memory-backed files, and a way to run one DAG file in it.

The environment is set when this file is imported, before anything imports Airflow; `import airflow`
and the migration are paid once a session.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_FAST = Path("/dev/shm")
_HOME = Path(tempfile.mkdtemp(prefix="hoist-airflow-", dir=_FAST if _FAST.is_dir() else None))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME}/airflow.db",
    AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
    AIRFLOW__HOIST__SWITCH_USER="False",
    AIRFLOW__HOIST__KILL_POLL="0.1",
    HOIST_POLL_SECONDS="0.1",
)


@pytest.fixture(scope="session")
def airflow_home() -> Path:
    """AIRFLOW_HOME with a migrated database and the run listener at work."""
    (_HOME / "dags").mkdir()
    from airflow.listeners.listener import get_listener_manager
    from airflow.utils.db import initdb

    initdb()
    from hoist_airflow.listener import RunListener

    manager = get_listener_manager()
    if not any(isinstance(p, RunListener) for p in manager.pm.get_plugins()):
        manager.add_listener(RunListener())  # the package is on the path, but not installed
    return _HOME


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fresh ledger that the shims of this test use."""
    from hoist_airflow.ledger import Ledger

    monkeypatch.setenv("HOIST_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    return Ledger.open()


@pytest.fixture
def load(airflow_home: Path) -> Iterator[Callable[[str], Any]]:
    """`load(source)`: the one DAG of a file, as Airflow's DAG processor loads it."""
    from airflow.dag_processing.dagbag import DagBag

    file = airflow_home / "dags" / "dag_under_test.py"

    def read(source: str) -> Any:
        file.write_text(source, encoding="utf-8")
        bag = DagBag(str(file.parent))
        assert not bag.import_errors, bag.import_errors
        (dag,) = bag.dags.values()
        return dag

    yield read
    file.unlink(missing_ok=True)


@pytest.fixture
def run(load: Callable[[str], Any]) -> Callable[..., Any]:
    """`run(source, conf=None)`: (the run's state, {task: state}), by Airflow's `dag.test()`."""

    def go(source: str, conf: dict[str, Any] | None = None) -> tuple[str, dict[str, str]]:
        dag_run = load(source).test(run_conf=conf)
        states = {ti.task_id: str(ti.state) for ti in dag_run.get_task_instances()}
        return str(dag_run.state), states

    return go
