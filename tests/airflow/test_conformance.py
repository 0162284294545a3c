"""The conformance vectors V1-V14 of autosys.md section 11, its traces and the JIL traps, in real Airflow.

Each case is one file of tests/conformance: a small estate with the claim and the expected steps in its first
comment (see `conformance`). V10 needs a time limit below JIL's minute and is a test of the operator (test_jobs.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from compiled import ROOT, compile_estate

from conformance import Play, StepFailed, steps_of

CASES = sorted((ROOT / "tests" / "conformance").glob("*.jil"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_conformance(case: Path, airflow_runs, ledger_url, tmp_path, monkeypatch) -> None:
    """The first comment of the file states the claim."""
    monkeypatch.setenv("AIRFLOW__HOIST__KILL_POLL", "0.05")
    monkeypatch.setenv("AIRFLOW__HOIST__SWITCH_USER", "False")
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.05")
    config = ROOT / "tests" / "conformance" / "hoist.toml"
    compiled = compile_estate(
        case, out=tmp_path / "dags", options=["-D", f"RUN={tmp_path}", "--config", config]
    )
    Play.write_job(tmp_path)
    play = Play(compiled, tmp_path, airflow_runs, ledger_url)
    text = case.read_text()
    for number, step in enumerate(steps_of(text), 1):
        try:
            play.take(step)
        except StepFailed as failed:
            claim = text[2 : text.index("@")].strip()
            pytest.fail(f"{claim}\nstep {number}, `@{' '.join(step)}`: {failed}", pytrace=False)


def test_every_step_is_known() -> None:
    """A misspelt step would be an error at run time only; say so early, without Airflow."""
    for case in CASES:
        steps = steps_of(case.read_text())
        assert steps, f"{case.name} states no step"
        for step in steps:
            assert hasattr(Play, f"_{step[0]}"), f"{case.name}: @{step[0]}"
