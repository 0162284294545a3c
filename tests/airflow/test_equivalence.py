"""Differential tests: the reference interpreter against Airflow (tests/differential).

The long run is `scripts/fuzz-equivalence`; here a few hundred pairs, each difference that was ever
found (tests/differential/found), and the engine itself against `dag.test()` (AF-070).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from compiled import KILLED, ROOT, hoist_binary

DIFFERENTIAL = ROOT / "tests" / "differential"
sys.path.insert(0, str(DIFFERENTIAL))
import estates  # noqa: E402
import folders  # noqa: E402

FOUND = sorted((DIFFERENTIAL / "found").glob("*/scenario.json"))
SEEDS = range(1, 31)
PER_ESTATE = 8
FOLDER_SEEDS = range(1, 41)
PER_FOLDERS = 4


@pytest.fixture
def sides(airflow_home: Path) -> Any:
    hoist_binary()
    import sides

    return sides


@pytest.mark.parametrize("seed", SEEDS)
def test_random_scenarios_are_equal_on_both_sides(seed: int, sides) -> None:
    import fuzz

    made = estates.estate(seed)
    scenarios = [estates.scenario(made, seed * 1000 + number) for number in range(PER_ESTATE)]
    try:
        with sides.bench(made.text()) as bench:
            told = bench.judge(scenarios, fuzz.order_of(made, seed))
    except sides.Refused:
        pytest.skip("not an estate without errors")
    assert told == [[]] * PER_ESTATE, f"{made.text()}\n(- AutoSys, + Airflow)"


@pytest.mark.parametrize("file", FOUND, ids=lambda path: path.parent.name)
def test_what_once_differed_is_equal(file: Path, sides) -> None:
    """`difference.txt` beside the pair says what was wrong, and on which side."""
    files = {
        each.name: each.read_text()
        for each in file.parent.iterdir()
        if each.suffix in (".jil", ".xml", ".toml")
    }
    with sides.bench_of({"hoist.toml": "", **files}) as bench:
        assert bench.judge([json.loads(file.read_text())]) == [[]]


@pytest.mark.parametrize("seed", FOLDER_SEEDS)
def test_random_folders_of_controlm_are_equal_on_both_sides(seed: int, sides) -> None:
    made = folders.estate(seed)
    scenarios = [folders.scenario(made, seed * 1000 + number) for number in range(PER_FOLDERS)]
    try:
        with sides.bench_of(made.files()) as bench:
            told = bench.judge(scenarios)
    except sides.Refused:
        pytest.skip("not an estate that is translated as a whole")
    assert told == [[]] * PER_FOLDERS, f"{made.text()}\n(- Control-M, + Airflow)"


ACCUSED = (910007, 910110, 910186, 910232, 910243, 910275, 910279, 910305, 910357, 910363, 910371)
"""Estates that `hoist verify` once called different, though both sides play them alike."""


@pytest.mark.parametrize("seed", (*range(1, 11), *ACCUSED))
def test_verify_accuses_no_random_estate(seed: int, sides, tmp_path) -> None:
    """A false alarm is a bug: what the two sides play alike is never `different`."""
    from hoist_airflow import export

    try:
        with sides.bench(estates.estate(seed).text()) as bench:
            told = export.export_dags(bench.folder / "dags", export.first_of_month(), 400)
            export.write(told, tmp_path / "export.json")
            manifest = bench.folder / "dags" / "hoist.manifest.json"
            done = sides.hoist(
                "verify", bench.folder / "estate", "--serialized", tmp_path / "export.json",
                "--manifest", manifest, "--format", "json",
            )  # fmt: skip
    except sides.Refused:
        pytest.skip("not an estate without errors")
    verdicts = {row["workflow"]: row["verdict"] for row in json.loads(done.stdout)["workflows"]}
    assert "different" not in verdicts.values()


@pytest.mark.parametrize("seed", range(8))
def test_the_engine_agrees_with_dag_test(
    seed: int, sides, airflow_runs, ledger_url, tmp_path, monkeypatch
) -> None:
    """The same DAGs by Airflow's own loop, with real commands: who ran, and how each ended.

    Restricted to what does not depend on how long commands take: stable atoms, no early ends.
    """
    from compare import TOLD, airflow_story, text_of
    from virtual_airflow import Bag, VirtualAirflow

    from hoist_airflow.ledger import Ledger

    monkeypatch.setenv("AIRFLOW__HOIST__SWITCH_USER", "False")
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.05")
    made = estates.estate(seed + 500, estates.Features(workflows=1, unstable=0, special=0))
    plans = estates.scenario(made, seed)
    outcomes = {name: entries[0] for name, entries in plans["jobs"].items()}
    text = made.text()
    for name, plan in outcomes.items():
        how = KILLED if plan.get("terminated") else f"exit {plan.get('exit_code', 0)}"
        text = text.replace(f"command: echo {name}\n", f"command: {how}\n")
    if "job_type: f" in text:
        pytest.skip("a file watcher waits for real minutes")
    config = '[[rule]]\nexecutor = "local"\n'
    try:
        with sides.bench(text, config=config) as bench:
            dags = bench.folder / "dags"
            dag = airflow_runs.register(dags)["W0"]
            real = airflow_runs.real_run(dag)
            events = Ledger.open(ledger_url).events(limit=10_000)
            scenario = {**plans, "jobs": {name: [plan] for name, plan in outcomes.items()}}
            world = VirtualAirflow(Bag.of(dags), scenario, random.Random(seed)).play()
    except sides.Refused:
        pytest.skip("not an estate without errors")
    run = world.runs[0]
    # The engine lets a box hang that hangs in AutoSys; its run has an end in Airflow only.
    hangs = run.state == "hanging"
    told = sorted((e.job, e.status) for e in events if e.kind == "status" and e.status in TOLD)
    played = sorted(
        (job, status) for job, at, status in airflow_story(world) if text_of(at)[:10] == _day(run)
    )
    boxes = {job.name for job in made.jobs if job.kind == "b"} if hangs else set()
    assert [line for line in told if line[0] not in boxes] == [
        line for line in played if line[0] not in boxes
    ]
    assert hangs or real.state == run.state


def _day(run: Any) -> str:
    return str(run.run_after.date())


def test_a_ledger_that_remembers_tells_the_same(sides, monkeypatch) -> None:
    """The engine's database answers from memory (virtual_ledger.py); without that, all is alike."""
    import virtual_ledger
    from virtual_airflow import VirtualAirflow

    made = estates.estate(9)
    with sides.bench(made.text()) as bench:
        scenarios = [estates.scenario(made, number) for number in range(5)]
        fast = [VirtualAirflow(bench.bag, each).play().events for each in scenarios]
        monkeypatch.setattr(virtual_ledger, "_table", lambda _sql: "")
        plain = [VirtualAirflow(bench.bag, each).play().events for each in scenarios]
    assert fast == plain
    assert any(fast)


def test_gates_retries_watchers_and_timetables_have_been_executed(sides) -> None:
    """docs/executed.md: the scenarios by rule, form and scope, played again and counted again."""
    import executed

    counts, different = executed.play(range(executed.ESTATES))
    assert not different, "\n".join(different)
    assert counts == json.loads(executed.KEPT.read_text()), "run tests/differential/executed.py"
