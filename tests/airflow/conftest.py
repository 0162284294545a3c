"""One prepared Airflow per pytest process, for every test that judges a DAG by running it.

`import airflow` costs 4-6 s (AF-002) and reads its configuration from the environment at import, so
this file sets the environment before anything imports Airflow: a home of its own, an SQLite
metadata database in /dev/shm (AF-071), no example DAGs, and a ledger of its own. The migrated
database is made once per Airflow version and copied for each process.

Fixtures: `airflow_home` (the folder), `airflow_runs` (the `run_dag` module, database ready), and
`ledger_url` (a fresh, empty ledger for one test).
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

_SHM = Path("/dev/shm")
_SCRATCH = _SHM if _SHM.is_dir() and os.access(_SHM, os.W_OK) else Path(tempfile.gettempdir())
sys.path.insert(0, str(Path(__file__).parent))


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _prepare_environment() -> Path:
    """Point Airflow at a home of this process; must run before the first `import airflow`."""
    if "airflow" in sys.modules:
        raise pytest.UsageError(
            "airflow was imported before tests/airflow/conftest.py could set AIRFLOW_HOME: "
            "run tests/airflow in a pytest process of its own"
        )
    home = Path(tempfile.mkdtemp(prefix="hoist-airflow-", dir=_SCRATCH))
    (home / "dags").mkdir()
    if not _is_installed("hoist-airflow"):
        # From PYTHONPATH there is no entry point to announce the plugin (AF-052).
        (home / "plugins").mkdir()
        (home / "plugins" / "hoist_plugin.py").write_text(
            "from hoist_airflow.plugin import HoistPlugin as HoistPlugin\n"
        )
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "HOIST_LEDGER": f"sqlite:///{home / 'hoist_ledger.db'}",
        }
    )
    for inherited in ("AIRFLOW_CONFIG", "AIRFLOW__CORE__UNIT_TEST_MODE"):
        os.environ.pop(inherited, None)
    return home


_HOME = _prepare_environment()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home of this process."""
    shutil.rmtree(_HOME, ignore_errors=True)


def _check_shims() -> None:
    """The shims under test must be the installed ones, or those PYTHONPATH names on purpose."""
    spec = importlib.util.find_spec("hoist_airflow")
    if spec is None or spec.origin is None:
        pytest.skip(
            "hoist_airflow is not installed: build and install the wheel of "
            "backend/hoist_airflow, or set PYTHONPATH to backend/hoist_airflow/src",
            allow_module_level=True,
        )
    origin = Path(spec.origin).resolve()
    allowed = [
        sysconfig.get_paths()["purelib"],
        *os.environ.get("PYTHONPATH", "").split(os.pathsep),
    ]
    if not any(origin.is_relative_to(Path(place).resolve()) for place in allowed if place):
        raise pytest.UsageError(f"hoist_airflow comes from {origin}, an accidental place")


def _migrated_database(target: Path) -> None:
    """Copy a migrated metadata database to `target`; the first process of a version makes it."""
    version = importlib.metadata.version("apache-airflow-core")
    cache = _SCRATCH / f"hoist-airflow-db-{os.getuid()}-{version}"
    cache.mkdir(mode=0o700, exist_ok=True)
    template = cache / "airflow.db"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            from airflow.utils.db import initdb

            initdb()
            from airflow import settings

            settings.dispose_orm()
            shutil.copyfile(target, cache / "new.db")
            (cache / "new.db").rename(template)
            settings.configure_orm()
            return
    shutil.copyfile(template, target)


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[Path]:
    """The AIRFLOW_HOME of this pytest process, its metadata database migrated."""
    _check_shims()
    _migrated_database(_HOME / "airflow.db")
    yield _HOME


@pytest.fixture(scope="session")
def airflow_runs(airflow_home: Path) -> ModuleType:
    """The module `run_dag` (see there), usable because Airflow is prepared."""
    import run_dag

    return run_dag


@pytest.fixture
def ledger_url(airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty ledger that only this test uses; `HOIST_LEDGER` points at it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("HOIST_LEDGER", url)
    return url
