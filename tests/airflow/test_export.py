"""`hoistctl export-dags`: the export says what Airflow loaded, for hoist's DAGs and anybody's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from compiled import ROOT

_SCHEMA = json.loads((ROOT / "docs/schemas/serialized.schema.json").read_text())
_START = datetime(2026, 3, 1, tzinfo=UTC)

_HAND_WRITTEN = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, Asset, TaskGroup, BaseOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator, PythonOperator, ShortCircuitOperator)
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import MultipleCronTriggerTimetable

def work():
    pass

def on_fail(context):
    pass

with DAG("hand", schedule="0 6 * * *", start_date=datetime(2020, 1, 1), tags=["b", "a"],
         on_failure_callback=on_fail, max_active_runs=1, dagrun_timeout=timedelta(hours=2)):
    a = BashOperator(task_id="a", bash_command="echo a", retries=2, pool="night",
                     execution_timeout=timedelta(minutes=5), on_success_callback=on_fail)
    b = EmptyOperator(task_id="b", trigger_rule="all_done", outlets=[Asset("out")])
    with TaskGroup("g"):
        c = PythonOperator(task_id="c", python_callable=work)
        with TaskGroup("h"):
            d = BranchPythonOperator(task_id="d", python_callable=work)
    e = ShortCircuitOperator(task_id="e", python_callable=work)
    s = ExternalTaskSensor(task_id="s", external_dag_id="x", external_task_id="y",
                           execution_delta=timedelta(hours=1), deferrable=True)
    fs = FileSensor(task_id="fs", filepath="/x", timeout=60)
    t = TriggerDagRunOperator(task_id="t", trigger_dag_id="u", wait_for_completion=True)
    m = BashOperator.partial(task_id="m", retries=3).expand(bash_command=["a", "b"])
    su = BashOperator(task_id="su", bash_command="x").as_setup()
    td = BashOperator(task_id="td", bash_command="x", skip_on_exit_code=None).as_teardown(setups=su)
    a >> b >> [c, d] >> e
    s >> fs >> t >> m
    su >> a >> td

def empty(dag_id, schedule, **more):
    with DAG(dag_id, schedule=schedule, **more):
        EmptyOperator(task_id="x")

empty("multi", MultipleCronTriggerTimetable("0 6 * * *", "30 8 * * 1", timezone="Europe/Berlin"))
empty("same_as_hand", "0 6 * * *")
empty("late", "0 6 * * *", start_date=datetime(2026, 3, 10), end_date=datetime(2026, 3, 12, 6))
empty("interval", CronDataIntervalTimetable("0 0 1 * *", timezone="UTC"))
empty("assets", [Asset("out"), Asset("z")])
empty("delta", timedelta(days=1))
empty("grid", timedelta(hours=36), start_date=datetime(2026, 2, 27), catchup=True)
empty("once", "@once", start_date=datetime(2026, 3, 2))
empty("whenever", "@once")
empty("cont", "@continuous", max_active_runs=1)
empty("none", None)
"""

_HOIST = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from hoist_airflow import Box, Command, FileWatcher, Gate, Hold, Verdict, legacy, legacy_calendar

with DAG("EOD", schedule=legacy_calendar(days="mo tu", times="18:30", timezone="America/New_York"),
         max_active_runs=1):
    a = Command(task_id="a", job="A 1", command="run \\udcff", machine=("m1", "m2"), retries=1,
                exit_rule="max: 4", alarms={"max_run": 5})
    with Box("INNER", success="s(B)", terminators=["B"], job="INN"):
        g = Gate(task_id="b.when", for_job="B", when="s(A\\\\ 1) & v(GO) = Y", trigger_rule="all_done",
                 ticks=legacy_calendar(days="mo tu", times="18:30", timezone="America/New_York"))
        h = Hold(task_id="b.hold", for_job="B", auto=True)
        b = legacy(BashOperator)(task_id="b", job="B", bash_command="true", skip_on_exit_code=None)
    w = FileWatcher(task_id="w", path="/in/x", box="")
    v = Verdict(task_id="EOD", of="EOD", failure="f(B)")
    a >> g >> h >> b >> v
    w >> v
"""


def _export(folder: Path, *more: str) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    """Run the command as a user does, in a process of its own; the validated document."""
    target = folder.parent / f"{folder.name}.json"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hoist_airflow.hoistctl",
            "export-dags",
            folder,
            "-o",
            target,
            "--from",
            "2026-03-01T00:00:00Z",
            *more,
        ],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=os.environ,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(target.read_text())
    jsonschema.validate(document, _SCHEMA)
    assert [path.name for path in folder.parent.glob(f".{target.name}*")] == []
    return document, done


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("export") / "dags"
    folder.mkdir()
    (folder / "hand.py").write_text(_HAND_WRITTEN)
    (folder / "night.py").write_text(_HOIST)
    (folder / "wrong.py").write_text("from airflow.sdk import DAG\nraise KeyError('missing')\n")
    return _export(folder)


def _by_id(document: dict[str, Any], dag_id: str) -> dict[str, Any]:
    return next(dag for dag in document["dags"] if dag["dag_id"] == dag_id)


def _tasks(dag: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {task["task_id"]: task for task in dag["tasks"]}


def _ticks(document: dict[str, Any], dag_id: str) -> list[str]:
    name = _by_id(document, dag_id)["timetable"]["ticks"]
    return [
        datetime.fromtimestamp(tick, UTC).isoformat()[:16]
        for tick in document["tick_sets"][name]["ticks"]
    ]


def test_an_import_error_is_told_and_ends_with_1(exported: Any) -> None:
    document, done = exported
    assert done.returncode == 1
    assert list(document["import_errors"]) == ["wrong.py"]
    assert "KeyError: 'missing'" in document["import_errors"]["wrong.py"]
    assert "wrong.py: KeyError: 'missing'" in done.stderr
    assert {"EOD", "hand"} <= {dag["dag_id"] for dag in document["dags"]}


def test_what_the_scheduler_sees_of_hand_written_tasks(exported: Any) -> None:
    dag = _by_id(exported[0], "hand")
    tasks = _tasks(dag)
    assert (
        dag["dagrun_timeout"] == 7200 and dag["max_active_runs"] == 1 and dag["tags"] == ["a", "b"]
    )
    assert dag["callbacks"] == ["on_failure_callback"]
    a = tasks["a"]
    assert (a["retries"], a["pool"], a["execution_timeout"]) == (2, "night", 300)
    assert a["downstream"] == ["b", "td"] and a["callbacks"] == ["on_success_callback"]
    # AF-004: what Airflow's JSON leaves out.
    assert a["arguments"]["skip_on_exit_code"] == [99]
    assert tasks["td"]["arguments"]["skip_on_exit_code"] == []
    assert tasks["fs"]["arguments"]["poke_interval"] == 60 and tasks["fs"]["is_sensor"]
    s = tasks["s"]["arguments"]
    assert (s["execution_delta"], s["allowed_states"], s["deferrable"]) == (
        3600,
        ["success"],
        True,
    )
    assert tasks["t"]["arguments"]["wait_for_completion"] is True
    assert tasks["g.c"]["arguments"]["python_callable"] == {"name": "hand.work"}
    assert tasks["b"]["is_empty"] and tasks["b"]["outlets"][0]["name"] == "out"
    assert tasks["b"]["trigger_rule"] == "all_done"
    assert tasks["g.h.d"]["is_branch"] and tasks["g.h.d"]["group"] == "g.h"
    assert [(group["id"], group["parent"], group["hoist"]) for group in dag["groups"]] == [
        ("g", None, None),
        ("g.h", "g", None),
    ]
    assert tasks["m"]["mapped"] and tasks["m"]["retries"] == 3
    assert tasks["m"]["arguments"]["expand"] == {"bash_command": ["a", "b"]}
    assert tasks["su"]["is_setup"] and tasks["td"]["is_teardown"]
    assert tasks["e"]["can_skip_downstream"]


def test_schedules_of_any_kind(exported: Any) -> None:
    document = exported[0]
    kinds = {dag["dag_id"]: dag["timetable"]["kind"] for dag in document["dags"]}
    assert kinds == {
        "EOD": "ticks", "hand": "ticks", "same_as_hand": "ticks", "late": "ticks", "multi": "ticks",
        "interval": "ticks", "assets": "assets", "delta": "unknown", "grid": "ticks",
        "once": "ticks", "whenever": "unknown", "cont": "continuous", "none": "none",
    }  # fmt: skip
    hand = _by_id(document, "hand")["timetable"]["ticks"]
    assert _by_id(document, "same_as_hand")["timetable"]["ticks"] == hand
    assert len(_ticks(document, "hand")) == 400
    assert _ticks(document, "late") == [
        "2026-03-10T06:00",
        "2026-03-11T06:00",
        "2026-03-12T06:00",
    ]
    # Mondays have two; the clock goes forward on the 29th.
    assert _ticks(document, "multi")[:3] == [
        "2026-03-01T05:00", "2026-03-02T05:00", "2026-03-02T07:30",
    ]  # fmt: skip
    assert "2026-03-29T04:00" in _ticks(document, "multi")
    # The run of February comes at its end.
    assert _ticks(document, "interval")[:2] == ["2026-03-01T00:00", "2026-04-01T00:00"]
    assert _ticks(document, "grid")[:2] == ["2026-03-02T00:00", "2026-03-03T12:00"]
    assert _ticks(document, "once") == ["2026-03-02T00:00"]
    assert [one["name"] for one in _by_id(document, "assets")["timetable"]["assets"]] == [
        "out",
        "z",
    ]


def test_shims_say_what_they_were_given(exported: Any) -> None:
    document = exported[0]
    dag = _by_id(document, "EOD")
    tasks = _tasks(dag)
    assert dag["timetable"]["type"] == "LegacyCalendarTimetable"
    assert _ticks(document, "EOD")[:3] == [
        "2026-03-02T23:30", "2026-03-03T23:30", "2026-03-09T22:30",
    ]  # fmt: skip
    assert tasks["a"]["hoist"] == {"role": "job", "job": "A 1", "box": None}
    assert tasks["a"]["arguments"] == {
        "job": "A 1", "command": "run \udcff", "machine": ["m1", "m2"], "exit_rule": "max: 4",
        "alarms": {"max_run": 5},
    }  # fmt: skip
    assert (tasks["a"]["retries"], tasks["a"]["retry_delay"]) == (1, 10)
    gate = tasks["b.when"]
    assert gate["hoist"] == {"role": "gate", "job": "B", "box": None} and gate["group"] == "INNER"
    assert gate["arguments"]["when"] == "s(A\\ 1) & v(GO) = Y"
    # A member's times are the same timetable as the DAG's: one set.
    assert gate["arguments"]["ticks"]["ticks"] == dag["timetable"]["ticks"]
    assert gate["arguments"]["ticks"]["arguments"]["times"] == "18:30"
    assert tasks["b.hold"]["arguments"] == {"for_job": "B", "auto": True}
    assert tasks["b"]["arguments"]["skip_on_exit_code"] == []
    assert tasks["b"]["bases"][:3] == ["LegacyBashOperator", "Job", "BashOperator"]
    assert tasks["w"]["hoist"]["box"] == ""
    assert tasks["EOD"]["arguments"] == {"of": "EOD", "failure": "f(B)"}
    assert [(group["id"], group["hoist"]) for group in dag["groups"]] == [
        ("INNER", {"job": "INN", "success": "s(B)", "failure": None, "terminators": ["B"],
                   "kill": [], "eager": True}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "schedule",
    [
        {"days": "all", "times": "02:30 18:00", "timezone": "America/New_York"},
        {"days": "mo we", "minutes": "0 30", "timezone": "Europe/Berlin"},
        "0 2 * * *",
        "*/15 1-3 13 * 5",
    ],
)
def test_own_timetables_list_what_the_scheduler_asks_one_by_one(
    schedule: Any, airflow_runs: Any
) -> None:
    from hoist_airflow import crontab, export_ticks, legacy_calendar

    timetable: Any = (
        crontab(schedule, timezone="America/New_York")
        if isinstance(schedule, str)
        else legacy_calendar(**schedule)
    )
    for begin in (
        _START,
        datetime(2026, 10, 20, tzinfo=UTC),
    ):  # both clock changes
        low = int(begin.timestamp())
        span = export_ticks.Span(low, low + 40 * 86400)
        listed = export_ticks.enumerate_ticks(timetable, span)
        assert listed is not None and listed.ticks
        assert listed == export_ticks._chain(timetable, span, begin)


def test_a_timetable_that_hangs_on_its_first_run_is_unknown(airflow_runs: Any) -> None:
    from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

    from hoist_airflow import export_ticks

    class EveryFiveDays(Timetable):
        def next_dagrun_info(self, *, last_automated_data_interval: Any, restriction: Any) -> Any:
            last = last_automated_data_interval
            return DagRunInfo.exact(restriction.earliest if last is None else last.end.add(days=5))

        def infer_manual_data_interval(self, *, run_after: Any) -> DataInterval:
            return DataInterval.exact(run_after)

    low = int(_START.timestamp())
    span = export_ticks.Span(low, low + 30 * 86400)
    assert export_ticks.enumerate_ticks(EveryFiveDays(), span) is None
    anchored = export_ticks.Span(low, low + 30 * 86400, earliest=_START)
    found = export_ticks.enumerate_ticks(EveryFiveDays(), anchored)
    assert found is not None and found.ticks == [low + 5 * 86400 * n for n in range(6)]


def test_more_ticks_than_a_set_holds_say_how_far_they_go(
    airflow_runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hoist_airflow import crontab, export_ticks

    monkeypatch.setattr(export_ticks, "MOST", 10)
    low = int(_START.timestamp())
    span = export_ticks.Span(low, low + 86400)
    assert export_ticks.enumerate_ticks(crontab("0 * * * *"), span) == export_ticks.TickSet(
        [low + 3600 * n for n in range(10)], low + 36000
    )


def test_another_airflow_is_refused(airflow_runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import airflow
    from hoist_airflow import export

    for version in ("2.11.0", "3.0.6", "3.4.0", "main"):
        monkeypatch.setattr(airflow, "__version__", version)
        with pytest.raises(export.ExportError, match=r"knows Airflow 3\.1 to 3\.3"):
            export.airflow_version()
    monkeypatch.setattr(airflow, "__version__", "3.1.8")
    assert export.airflow_version() == "3.1.8"


def test_500_daily_dags_take_seconds(tmp_path: Path, airflow_runs: Any) -> None:
    from hoist_airflow import export

    (tmp_path / "many.py").write_text(
        "from airflow.sdk import DAG\n"
        "from hoist_airflow import Command, legacy_calendar\n"
        "for n in range(500):\n"
        "    at = f'{n % 24:02}:{n % 60:02}'\n"
        "    with DAG(f'd{n}', schedule=legacy_calendar(days='all', times=at,\n"
        "             timezone='America/New_York')) as globals()[f'd{n}']:\n"
        "        Command(task_id='a', command='true')\n"
    )
    before = time.process_time()
    document = export.export_dags(tmp_path, _START, 400)
    took = time.process_time() - before
    assert len(document["dags"]) == 500 and not document["import_errors"]
    assert len(document["tick_sets"]) == 120
    assert took < 20, f"{took:.1f} s of CPU"
