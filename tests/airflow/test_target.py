"""The simulation of loaded DAGs (analysis/target) against real Airflow.

Random DAGs of every trigger rule against Airflow's own TriggerRuleDep on a clock; the DAGs of
tests/conformance, with the shims and their ledger, against `dag.test()`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from compiled import ROOT, compile_estate
from test_conformance import CASES

from conformance import Play, StepFailed, steps_of

_RULES = (
    "all_success", "all_failed", "all_done", "all_done_min_one_success", "one_success",
    "one_failed", "one_done", "none_failed", "none_failed_min_one_success", "none_skipped",
    "all_skipped", "always",
)  # fmt: skip


def _binary() -> Path:
    built = [p for p in (ROOT / "build").glob("*/tests/run_dags") if os.access(p, os.X_OK)]
    if not built:
        pytest.skip("no run_dags binary: build all targets")
    return max(built, key=lambda path: path.stat().st_mtime)


def _simulate(export: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [_binary(), export],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _export(folder: Path, target: Path) -> Path:
    """With the ticks around now, which is when the runs of the tests are."""
    from datetime import UTC, datetime, timedelta

    from hoist_airflow import export

    document = export.export_dags(folder, datetime.now(UTC) - timedelta(days=3), 6)
    assert not document["import_errors"], document["import_errors"]
    export.write(document, target)
    return target


# --- random DAGs ----------------------------------------------------------------------------------


def _random_dags(numbers: range) -> str:
    """A DAG file: job tasks (BashOperator) and junctions (EmptyOperator), any rules, any edges."""
    lines = [
        "from airflow.sdk import DAG",
        "from airflow.providers.standard.operators.bash import BashOperator",
        "from airflow.providers.standard.operators.empty import EmptyOperator",
    ]
    for n in numbers:
        dice = random.Random(n)
        lines.append(f"with DAG('r{n}', schedule=None) as r{n}:")
        tasks = dice.randint(3, 9)
        for t in range(tasks):
            rule = dice.choice(_RULES) if dice.random() < 0.7 else "all_success"
            kind = "EmptyOperator(" if dice.random() < 0.3 else "BashOperator(bash_command='x', "
            lines.append(f"    t{t} = {kind}task_id='t{t}', trigger_rule='{rule}')")
            ups = [u for u in range(t) if dice.random() < 0.45]
            lines += [f"    t{u} >> t{t}" for u in ups]
    return "\n".join(lines) + "\n"


def _clocked(
    run_dag: Any, dag: Any, plans: dict[str, tuple[int, str]], ties: int
) -> dict[str, str]:
    """Final states when each task that starts ends after its duration, by Airflow's TriggerRuleDep.

    `ties`: of what ends at the same instant the first (1) or the last (-1) by name goes first.
    """
    from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
    from airflow.utils.state import TaskInstanceState

    run = SimpleNamespace(dag_id=dag.dag_id, run_id="r")
    stubs = {
        task.task_id: run_dag._StubTask(
            task=task, task_id=task.task_id, state=None, map_index=-1, dag_id=dag.dag_id,
            run_id="r", dag_run=run,
        )
        for task in dag.tasks
    }  # fmt: skip
    ends: dict[str, int] = {}
    now = 0
    while ready := run_dag._settle(TriggerRuleDep(), stubs):
        for stub in ready:
            ends.setdefault(stub.task_id, now + plans[stub.task_id][0])
        names = sorted((stub.task_id for stub in ready), reverse=ties < 0)
        first = min(names, key=lambda name: ends[name])
        now = ends[first]
        stubs[first].state = TaskInstanceState(plans[first][1])
    return {name: run_dag._word(stub.state) or "none" for name, stub in stubs.items()}


def test_trigger_rules_of_random_dags(airflow_runs: Any, tmp_path: Path) -> None:
    count = 200
    (tmp_path / "dags").mkdir()
    for first in range(0, count, 20):  # a file has Airflow's 30 s to import
        (tmp_path / "dags" / f"random{first}.py").write_text(_random_dags(range(first, first + 20)))
    export = _export(tmp_path / "dags", tmp_path / "serialized.json")
    loaded = airflow_runs.load(tmp_path / "dags")
    codes = {"success": 0, "failed": 3, "skipped": 99}
    cases: list[dict[str, Any]] = []
    expected: list[dict[str, str]] = []
    for n in range(count):
        dag = airflow_runs.round_trip(loaded[f"r{n}"])
        dice = random.Random(1000 + n)
        for _ in range(3):
            spans = dice.sample(range(1, 50), len(dag.tasks))
            plans = {
                task.task_id: (0, "success")
                if task.task_type == "EmptyOperator"
                else (spans.pop(), dice.choice(["success", "failed", "skipped"]))
                for task in dag.tasks
            }
            told = _clocked(airflow_runs, dag, plans, 1)
            if told != _clocked(airflow_runs, dag, plans, -1):
                continue  # a race of AF-011 at one instant: either is right
            expected.append(told)
            jobs = {
                name: [{"duration": span, "exit_code": codes[how]}]
                for name, (span, how) in plans.items()
            }
            cases.append({"dag": dag.dag_id, "at": 1_000_000_000, "jobs": jobs})
    assert len(cases) > 2 * count
    for case, told, answer in zip(cases, expected, _simulate(export, cases), strict=True):
        assert answer["guesses"] == []
        assert answer["tasks"] == told, case
        dag = loaded[case["dag"]]
        leaves = [task.task_id for task in dag.tasks if not task.downstream_task_ids]
        bad = any(told[leaf] in ("failed", "upstream_failed") for leaf in leaves)
        assert answer["state"] == ("failed" if bad else "success"), case


# --- the DAGs of tests/conformance ----------------------------------------------------------------


class _Compared(Play):
    """Plays a conformance file, and each of its runs in the simulation too."""

    export: Path
    compared = 0

    def _run(self, dag_id: str, state: str | None = None) -> None:
        if any(words[1] != "JOB_OFF_HOLD" for words in self._later):
            type(self).compared += 1  # what operators do in the run is not simulated
            super()._run(dag_id, state)
            return
        rows = {row.job: row for row in self.ledger.jobs()}
        case: dict[str, Any] = {
            "dag": dag_id,
            "at": int(time.time()),
            "globals": self.ledger.globals(),
            "statuses": {},
            "jobs": {},
            "files": [
                {"path": str(path), "at": 1, "size": path.stat().st_size}
                for path in self.scratch.iterdir()
                if path.is_file()
            ],
        }
        for name, row in rows.items():
            told: dict[str, Any] = {"status": row.status}
            for key, at in (
                ("at", row.status_at), ("last_start", row.last_start), ("last_end", row.last_end),
            ):  # fmt: skip
                if at is not None:
                    told[key] = int(at.timestamp())
            if row.exit_code is not None:
                told["exit_code"] = row.exit_code
            case["statuses"][name] = told
        for path in self.scratch.glob("outcome.*"):
            words = path.read_text().split()
            plan = {"terminated": True} if words[0] == "kill" else {"exit_code": int(words[1])}
            case["jobs"][path.name.removeprefix("outcome.")] = [plan]
        case["events"] = [
            {"at": case["at"] + 3600 * (n + 1), "event": "JOB_OFF_HOLD", "object": job}
            for n, (_, _, job) in enumerate(self._later)
        ]
        seen: list[Any] = []
        runs = self.runs

        def real_run(*given: Any, **more: Any) -> Any:
            seen.append(runs.real_run(*given, **more))
            return seen[-1]

        self.runs = SimpleNamespace(real_run=real_run)
        try:
            super()._run(dag_id, state)
        finally:
            self.runs = runs
        answer = _simulate(self.export, [case])[0]
        if any(one.endswith(": resources") for one in answer["guesses"]):
            type(self).compared += 1
            return  # units are not simulated
        assert answer["guesses"] == [], case
        assert answer["tasks"] == seen[0].tasks, (case, self._told())
        assert answer["state"] == seen[0].state, case
        shown = {row.job: row.status for row in self.ledger.jobs()}
        for job, status in answer["statuses"].items():
            assert status == shown[job], (job, case, self._told())
        type(self).compared += 1


_RUNS = [case for case in CASES if any(step[0] == "run" for step in steps_of(case.read_text()))]


@pytest.mark.parametrize("case", _RUNS, ids=lambda path: path.stem)
def test_simulated_as_run(case: Path, airflow_runs, ledger_url, tmp_path, monkeypatch) -> None:
    """Final task states, the run's state and the ledger's statuses are those of the real run."""
    monkeypatch.setenv("AIRFLOW__HOIST__KILL_POLL", "0.05")
    monkeypatch.setenv("AIRFLOW__HOIST__SWITCH_USER", "False")
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.05")
    config = ROOT / "tests" / "conformance" / "hoist.toml"
    compiled = compile_estate(
        case,
        out=tmp_path / "dags",
        options=["-D", f"RUN={tmp_path}", "--config", config],
    )
    Play.write_job(tmp_path)
    play = _Compared(compiled, tmp_path, airflow_runs, ledger_url)
    play.export = _export(compiled.folder, tmp_path / "serialized.json")
    before = _Compared.compared
    for step in steps_of(case.read_text()):
        try:
            play.take(step)
        except StepFailed as failed:
            pytest.fail(f"`@{' '.join(step)}`: {failed}", pytrace=False)
    assert _Compared.compared > before
