"""What the simulation says of things between DAGs, against real runs: sensors on other DAGs' runs,
schedules by assets, and what a ShortCircuitOperator skips."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from compiled import hoist_binary
from test_target import _export, _simulate

_HEAD = """
from datetime import timedelta
from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
"""
_CODES = {"success": 0, "failed": 3, "skipped": 99}


def _noon(days_ago: int) -> datetime:
    today = datetime.now(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


# --- ExternalTaskSensor ---------------------------------------------------------------------------

_SENSORS = {
    "plain": "external_task_id='A'",
    "later": "external_task_id='B'",
    "both": "external_task_ids=['A', 'C']",
    "run": "",
    "run_failed": "allowed_states=['failed']",
    "run_either": "allowed_states=['success'], failed_states=['failed']",
    "skipped_too": "external_task_id='A', allowed_states=['success', 'skipped']",
    "gives_up": "external_task_id='A', failed_states=['failed', 'skipped']",
    "softly": "external_task_id='A', failed_states=['failed'], soft_fail=True",
    "skips": "external_task_id='A', skipped_states=['skipped', 'failed']",
    "one_of_two": "external_task_ids=['A', 'C'], failed_states=['failed'], "
    "skipped_states=['skipped', 'upstream_failed']",
    "behind": "external_task_id='B', allowed_states=['upstream_failed', 'skipped']",
    "no_such_task": "external_task_id='NOBODY'",
    "another_hour": "external_task_id='A', execution_delta=timedelta(hours=2)",
    "no_delta": "external_task_id='A', execution_delta=None",
    "out_of_time_softly": "external_task_id='NOBODY', soft_fail=True",
}


def _sensor_dags() -> str:
    lines = [
        _HEAD,
        "with DAG('producer', schedule='0 12 * * *'):",
        "    A = BashOperator(task_id='A', bash_command='exit {{ dag_run.conf[\"A\"] }}')",
        "    C = BashOperator(task_id='C', bash_command='exit {{ dag_run.conf[\"C\"] }}')",
        "    A >> EmptyOperator(task_id='B')",
        "with DAG('consumer', schedule='0 13 * * *'):",
    ]
    for name, words in _SENSORS.items():
        delta = "" if "execution_delta" in words else ", execution_delta=timedelta(hours=1)"
        sensor = f"external_dag_id='producer', poke_interval=0.05, timeout=0.2, {words}{delta}"
        lines.append(f"    ExternalTaskSensor(task_id='{name}', {sensor.replace(', ,', ',')})")
    return "\n".join(lines) + "\n"


def test_sensors_on_a_run_of_another_dag(airflow_runs: Any, tmp_path: Path) -> None:
    from hoist_airflow.export import export_dags, write

    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "sensors.py").write_text(_sensor_dags())
    export = tmp_path / "serialized.json"
    write(export_dags(folder, _noon(12), 14), export)
    dags = airflow_runs.register(folder).dags
    cases: list[dict[str, Any]] = []
    real: list[Any] = []
    ends = [("success", "success"), ("failed", "success"), ("skipped", "failed")]
    for day, (a, c) in enumerate(ends, start=3):
        at = _noon(day)
        conf = {"A": _CODES[a], "C": _CODES[c]}
        airflow_runs.real_run(dags["producer"], at=at, conf=conf)
        real.append(airflow_runs.real_run(dags["consumer"], at=at + timedelta(hours=1)))
        second = int(at.timestamp())
        cases.append(
            {
                "dag": "consumer",
                "at": second + 3600,
                "with": [{"dag": "producer", "starts": [second]}],
                "jobs": {job: [{"exit_code": code}] for job, code in conf.items()},
            }
        )
    # Without a run of the other DAG.
    lonely = _noon(8)
    real.append(airflow_runs.real_run(dags["consumer"], at=lonely))
    cases.append({"dag": "consumer", "at": int(lonely.timestamp()), "with": [{"dag": "producer"}]})
    for case, told, answer in zip(cases, real, _simulate(export, cases), strict=True):
        assert answer["guesses"] == [], case
        assert answer["tasks"] == told.tasks, case
        assert answer["state"] == told.state, case
    seen = {state for told in real for state in told.tasks.values()}
    assert seen == {"success", "failed", "skipped"}


@pytest.mark.parametrize(
    "words",
    [
        "allowed_states=['running']",
        "execution_date_fn=lambda at: at",
        "external_task_group_id='g'",
        "external_task_id='A', deferrable=True",
        "external_task_id='A', failed_states=['failed'], retries=1",
        "external_task_id='A', never_fail=True",
    ],
)
def test_what_a_sensor_reads_otherwise_stays_a_guess(
    words: str, airflow_home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "sensor.py").write_text(
        f"{_HEAD}\nwith DAG('producer', schedule='0 12 * * *'):\n    EmptyOperator(task_id='A')\n"
        "with DAG('consumer', schedule='0 12 * * *'):\n"
        f"    ExternalTaskSensor(task_id='s', external_dag_id='producer', {words})\n"
    )
    at = int(_noon(1).timestamp())
    case = {"dag": "consumer", "at": at, "with": [{"dag": "producer", "starts": [at]}]}
    (answer,) = _simulate(_export(folder, tmp_path / "serialized.json"), [case])
    assert answer["guesses"] == ["task s of consumer: ExternalTaskSensor"]


# --- ShortCircuitOperator -------------------------------------------------------------------------


@pytest.mark.parametrize("ignores", [True, False])
@pytest.mark.parametrize("goes_on", [True, False])
def test_what_a_short_circuit_skips(
    ignores: bool, goes_on: bool, airflow_runs: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "short.py").write_text(
        f"""{_HEAD}
with DAG('short', schedule=None):
    decide = ShortCircuitOperator(
        task_id='decide', python_callable=lambda: {goes_on},
        ignore_downstream_trigger_rules={ignores},
    )
    other = EmptyOperator(task_id='other')
    a = EmptyOperator(task_id='a')
    b = EmptyOperator(task_id='b')
    join = EmptyOperator(task_id='join', trigger_rule='none_failed')
    far = EmptyOperator(task_id='far', trigger_rule='always')
    decide >> a >> b >> join
    other >> join >> far
"""
    )
    export = _export(folder, tmp_path / "serialized.json")
    told = airflow_runs.real_run(airflow_runs.register(folder)["short"])
    case = {"dag": "short", "at": 1_000_000_000, "choices": [goes_on]}
    (answer,) = _simulate(export, [case])
    assert answer["guesses"] == []
    if ignores and not goes_on:
        # `always` does not wait, so whether it is skipped hangs on who comes first.
        del answer["tasks"]["far"], told.tasks["far"]
    assert answer["tasks"] == told.tasks
    assert answer["state"] == told.state


# --- schedules by assets --------------------------------------------------------------------------

_ASSETS = f"""{_HEAD}
a, b = Asset("a"), Asset("b")
for name, asset in (("make_a", a), ("make_b", b)):
    with DAG(name, schedule=None):
        BashOperator(
            task_id=name, bash_command='exit {{{{ dag_run.conf["code"] }}}}', outlets=[asset]
        )
for name, wanted, many in (
    ("on_both", [a, b], 1), ("on_either", a | b, 1), ("on_a", [a], 16), ("busy", a | b, 1)
):
    with DAG(name, schedule=wanted, max_active_runs=many, is_paused_upon_creation=False):
        BashOperator(task_id=f"job_{{name}}", bash_command="exit 0")
"""
_CONSUMERS = ("on_both", "on_either", "on_a", "busy")


def _runs_made(model: Any) -> dict[str, int]:
    """Let the scheduler make the runs that are due; how many there are, all over but `busy`."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        query, dates = model.dags_needing_dagruns(session)
        due = [one for one in query if one.dag_id in dates]
        SchedulerJobRunner(job=Job())._create_dag_runs_asset_triggered(
            dag_models=due, session=session
        )
    counts = dict.fromkeys(_CONSUMERS, 0)
    with create_session() as session:
        for run in session.query(DagRun).filter(DagRun.dag_id.in_(_CONSUMERS)):
            counts[run.dag_id] += 1
            if run.dag_id != "busy":
                run.state = "success"
    return counts


def test_runs_that_assets_make(airflow_runs: Any, tmp_path: Path) -> None:
    """After each event: as many runs as the real scheduler has made."""
    from airflow.models.dag import DagModel

    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "assets.py").write_text(_ASSETS)
    export = _export(folder, tmp_path / "serialized.json")
    dags = airflow_runs.register(folder).dags
    events = ["make_a", "make_a", "make_b 3", "make_b", "make_b", "make_a 99", "make_a"]
    first = int(_noon(2).timestamp())
    starts: dict[str, list[int]] = {"make_a": [], "make_b": []}
    plans: dict[str, list[dict[str, int]]] = {"make_a": [], "make_b": []}
    for n, event in enumerate(events):
        producer, _, code = event.partition(" ")
        airflow_runs.real_run(dags[producer], conf={"code": int(code or 0)})
        starts[producer].append(first + 60 * n)
        plans[producer].append({"exit_code": int(code or 0)})
        consumers = [{"dag": name, "timetable": True} for name in _CONSUMERS]
        case: dict[str, Any] = {
            "dag": "make_a",
            "at": first,
            "starts": starts["make_a"],
            "with": [*consumers, {"dag": "make_b", "starts": starts["make_b"]}],
            "jobs": {**plans, "job_busy": [{"duration": 40 * 86_400}]},  # not over in the play
        }
        (answer,) = _simulate(export, [case])
        assert answer["guesses"] == []
        told = {name: answer["runs"].get(name, 0) for name in _CONSUMERS}
        assert told == _runs_made(DagModel), (n, event)
    assert told == {"on_both": 2, "on_either": 5, "on_a": 3, "busy": 1}


# --- what verify makes of it ----------------------------------------------------------------------

_DEFINITION = """insert_machine: localhost   type: a
insert_job: A   job_type: c   command: a   machine: localhost
date_conditions: 1   days_of_week: mo,tu,we   start_times: "05:00, 17:00"   timezone: UTC
insert_job: N   job_type: c   command: n   machine: localhost   condition: {condition}
"""


@pytest.mark.parametrize(("condition", "accused"), [("s(A)", False), ("f(A)", True)])
def test_an_asset_that_starts_what_the_condition_starts_is_not_accused(
    condition: str, accused: bool, airflow_home: Path, tmp_path: Path
) -> None:
    """A run for each success is what `s(A)` of a job without times means (JIL-005)."""
    folder = tmp_path / "dags"
    folder.mkdir()
    (tmp_path / "estate.jil").write_text(_DEFINITION.format(condition=condition))
    (folder / "dags.py").write_text(
        f"""{_HEAD}
from datetime import datetime, timezone
start = datetime(2026, 1, 1, tzinfo=timezone.utc)
with DAG('A', schedule='0 5,17 * * 1-3', start_date=start, catchup=False, max_active_runs=1):
    BashOperator(task_id='A', bash_command='a', skip_on_exit_code=None, outlets=[Asset('a')])
with DAG('N', schedule=[Asset('a')], start_date=start, catchup=False, max_active_runs=1):
    BashOperator(task_id='N', bash_command='n', skip_on_exit_code=None)
"""
    )
    from hoist_airflow import export

    serialized = tmp_path / "serialized.json"
    export.write(
        export.export_dags(folder, datetime(2026, 1, 1, tzinfo=timezone.utc), 30), serialized
    )
    done = subprocess.run(
        [hoist_binary(), "verify", tmp_path / "estate.jil", "--serialized", serialized,
         "--format", "json"],
        capture_output=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    judged = json.loads(done.stdout)
    told = [one for workflow in judged["workflows"] for one in workflow["differences"]]
    assert any(one["aspect"] in ("start", "order") and one["job"] == "N" for one in told) == accused
