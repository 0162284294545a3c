"""AutoSys and Control-M as one estate: both sides as DAGs on one ledger, against `hoist simulate` and in real Airflow."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from compiled import ROOT, compile_estate, hoist
from test_verify import export, verify

ESTATE = ROOT / "corpus" / "two_schedulers"


def starts_of(events: list[tuple[datetime, str, str]]) -> dict[str, list[str]]:
    """Job → instants at which it began to run."""
    found = defaultdict(list)
    for at, name, status in events:
        if status == "RUNNING":
            found[name].append(f"{at:%d %H:%M:%S}")
    return dict(found)


@pytest.fixture(scope="module")
def bag(airflow_runs: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    sys.path.insert(0, str(ROOT / "tests" / "differential"))
    import virtual_airflow

    built = compile_estate(ESTATE, out=tmp_path_factory.mktemp("two") / "dags")
    assert built.exit_code == 0 and not built.codes, built.findings
    return virtual_airflow.Bag.of(built.folder)


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (
            {},
            {"EXTRACT": ["02 21:00:00", "03 21:00:00"], "REPORTS/LOAD": ["02 21:10:00", "03 21:10:00"],
             "REPORTS/REPORT": ["02 21:20:00", "03 21:20:00"], "PUBLISH": ["02 21:30:00", "03 21:30:00"]},
        ),
        # The extract fails: nothing is loaded, the box tells Control-M, which shows old figures.
        (
            {"EXTRACT": [{"duration": 600, "exit_code": 1}, {"duration": 600}]},
            {"REPORTS/OLD_FIGURES": ["02 21:10:00"], "REPORTS/LOAD": ["03 21:10:00"]},
        ),
        # The load fails in Control-M, and AutoSys raises its alert; the next night it goes well.
        (
            {"REPORTS/LOAD": [{"duration": 60, "exit_code": 2}, {"duration": 60}]},
            {"LOAD_ALERT": ["02 21:11:00"], "PUBLISH": ["03 21:21:00"]},
        ),
        # The extract ends after New Day (07:00 in Berlin): its fact is of the 3rd, and so is what it loads.
        (
            {"EXTRACT": [{"duration": 10 * 3600}, {"duration": 600}]},
            {"REPORTS/LOAD": ["03 07:00:00"]},
        ),
    ],
    ids=["well", "extract-fails", "load-fails", "after-new-day"],
)  # fmt: skip
def test_both_sides_play_as_the_two_schedulers_do(
    bag: Any, tmp_path: Path, jobs: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    import virtual_airflow

    scenario = {
        "start": "2026-03-02T05:00:00Z",  # a Monday; New Day is 06:00 UTC
        "end": "2026-03-04T05:30:00Z",
        "jobs": jobs,
        "default": {"duration": 600},
    }
    world = virtual_airflow.VirtualAirflow(bag, scenario).play()
    here = starts_of([(e.at, e.job, e.status) for e in world.events if e.kind == "status"])

    file = tmp_path / "night.json"
    file.write_text(json.dumps(scenario))
    done = hoist("simulate", ESTATE, "--scenario", file, "--format", "json")
    assert done.returncode == 0, done.stderr
    trace = json.loads(done.stdout)
    there = starts_of(
        [(datetime.fromisoformat(e["at"]), e["job"], e["status"]) for e in trace["events"]]
    )
    assert here == there
    for name, times in expected.items():
        assert there.get(name) == times, name


def test_what_a_bridge_tells_is_verified(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    built = compile_estate(ESTATE, out=tmp_path / "dags")
    manifest = ["--manifest", built.folder / "hoist.manifest.json"]
    told = export(built.folder, tmp_path / "export.json")
    _, verdicts, findings = verify(ESTATE, "--serialized", told, *manifest)
    by_name = {one["workflow"]: one["verdict"] for one in verdicts["workflows"]}
    assert by_name["NIGHT"] in ("equivalent", "equivalent-if"), findings
    assert by_name["PUBLISH"] in ("equivalent", "equivalent-if"), findings

    dag = built.folder / "NIGHT.py"
    for before, after in (
        ("+fact(EXTRACT-OK^CTM01)", "+fact(EXTRACT-KO^CTM01)"),
        ("+fact(NIGHT-FAILED^CTM01)", "-fact(NIGHT-FAILED^CTM01)"),
        ("07:00 Europe/Berlin", "07:00 UTC"),
    ):
        text = dag.read_text()
        assert before in text, text
        dag.write_text(text.replace(before, after))
        told = export(built.folder, tmp_path / "export.json")
        code, verdicts, findings = verify(ESTATE, "--serialized", told, *manifest)
        by_name = {one["workflow"]: one["verdict"] for one in verdicts["workflows"]}
        assert (code, by_name["NIGHT"]) == (3, "different"), findings
        dag.write_text(text)


def test_a_night_of_both_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """A job of AutoSys adds the fact, Control-M's jobs run on it, AutoSys's job runs on their end."""
    from hoist_airflow.ledger import Ledger

    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / "autosys.jil").write_text(
        f"""
insert_job: EXTRACT  job_type: c
command: echo extract >> {tmp_path}/told
machine: m
insert_job: PUBLISH  job_type: c
command: echo publish >> {tmp_path}/told
machine: m
condition: s(LOAD^CTM)
"""
    )
    (estate / "controlm.xml").write_text(
        f"""<DEFTABLE><FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM">
<JOB JOBNAME="LOAD" TASKTYPE="Command" CMDLINE="echo load &gt;&gt; {tmp_path}/told" NODEID="m" DAYS="ALL">
<INCOND NAME="EXTRACT-OK" ODATE="ODAT" AND_OR="A"/></JOB></FOLDER></DEFTABLE>"""
    )
    (estate / "hoist.toml").write_text(
        '[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n'
        '[[bridge]]\njob = "EXTRACT"\nadds = "EXTRACT-OK"\n'
        '[[bridge]]\ncontrolm = "F/LOAD"\nas = "LOAD^CTM"\n'
    )
    built = compile_estate(estate, out=tmp_path / "dags")
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    today = datetime.now(timezone.utc)
    early = airflow_runs.real_run(loaded["PUBLISH"])
    assert "PUBLISH" not in early.succeeded  # nothing has been loaded
    assert airflow_runs.real_run(loaded["EXTRACT"]).state == "success"
    ledger = Ledger.open(ledger_url)
    assert [(row.name, row.date) for row in ledger.fact_table()] == [
        ("EXTRACT-OK", f"{today:%m%d}")
    ]
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": f"{today:%Y-%m-%d}"})
    assert ended.succeeded == {"LOAD"}, ended
    late = airflow_runs.real_run(loaded["PUBLISH"], at=today)
    assert "PUBLISH" in late.succeeded, late
    assert (tmp_path / "told").read_text().split() == ["extract", "load", "publish"]
