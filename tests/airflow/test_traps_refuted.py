"""`hoist verify` refutes the naive DAG of every trap for the trap's own reason, and not hoist's own DAG.

tests/traps holds the definitions and the naive DAGs, `EXPECTED` what must be said about each: the aspect,
the job, and words of what is told. Differences that the trap is not about (a BashOperator is not on the
definition's machine, say) do not count.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from compiled import ROOT, compile_estate, hoist_binary

TRAPS = ROOT / "tests" / "traps"
DIFFERENT = 3
_START = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = 40  # Airflow takes minutes to list a year of half hours
_A_YEAR = {"tr40", "tr40_start_times", "tr41", "tr42"}  # both changes of the clock


@dataclass(frozen=True)
class Told:
    """A difference that must be told; `words`: each in a line of its story or in its two sides."""

    aspects: str
    job: str
    words: tuple[str, ...]
    played: bool = True


def _start(job: str, *words: str) -> Told:
    return Told("start order", job, words)


def _text(aspect: str, job: str, *words: str) -> Told:
    return Told(aspect, job, words, played=False)


EXPECTED: dict[str, Told] = {
    "tr01/naive": _start("B", "B STARTING"),
    "tr02/naive": _text("schedule", "B"),
    "tr03/naive": _start("C", "C STARTING"),
    "tr04/naive": _start("C", "autosys: C STARTING"),
    "tr04/naive_one_success": Told("verdict", "TR04", ("the run ends",)),
    "tr05/naive": _start("C", "airflow: C STARTING"),
    "tr06/naive": _start("D", "airflow: D STARTING"),
    "tr07/naive": _start("D", "airflow: D STARTING", "given: A"),
    "tr08/naive": _start("Z", "autosys: Z STARTING", "airflow: task Z ends skipped"),
    "tr09/naive": _start("J", "autosys: J STARTING", "airflow: task J ends skipped"),
    "tr10/naive": Told(
        "verdict", "TR10", ("autosys: TR10 FAILURE", "airflow: the run ends success")
    ),
    # On Monday: J was armed all weekend, and A's success releases it.
    "tr11/naive": _start(
        "J", "autosys: 2026-01-05 05:01:00  J STARTING", "airflow: 2026-01-05 06:00:00  J STARTING"
    ),
    "tr12/naive": _start("N", "autosys: A SUCCESS", "airflow: N STARTING"),
    "tr13/naive": _start("C", "autosys: INNER SUCCESS", "autosys: C STARTING", "airflow: Y"),
    "tr13_terminator/naive": _start("Z", "autosys: TR13T TERMINATED", "airflow: Z STARTING"),
    "tr14/naive": _start("J", "autosys: J STARTING"),
    "tr15/naive": _start("C", "autosys: C STARTING", "airflow: A SUCCESS"),
    "tr15/naive_skip": _start("C", "autosys: C STARTING"),
    "tr16/naive": _start("B", "airflow: B STARTING"),
    "tr17/naive": _start("B", "autosys: B STARTING", "n(A) is true"),
    "tr19/naive": _text("schedule", "A", "a time of its own"),
    "tr30/naive": _text("action", "TR30/LOAD", "LOAD_20260101|LOAD_20260102"),
    "tr31/naive": _start("TR31/C", "TR31/C STARTING", "given: TR31/A|given: TR31/B"),
    "tr31_deleted/naive": _start("TR31D/C", "TR31D/C STARTING"),
    "tr32/naive": _start("TR32/LOAD", "control-m: "),
    "tr33/naive": Told("retry start", "TR33/A", ("given: TR33/A ends with exit code", "airflow: ")),
    "tr34/naive": Told("schedule start", "TR34/POLL", ("is one order a day|control-m: ",)),
    "tr35/naive": _text("schedule", "TR35/A", "is not ordered for"),
    "tr35_end/naive": _start("TR35F/AFTER", "airflow: "),
    "tr36/naive": _start("TR36/B", "given: TR36/A ends with exit code 4", "control-m: "),
    "tr36_failure/naive": Told("start order verdict", "TR36F/B", ("airflow: ",)),
    "tr37/naive": _start("TR37/B", "given: TR37/A runs for", "airflow: "),
    "tr40/naive": _text("schedule", "rollup.2a3ab6fe"),
    "tr40_start_times/naive": _text("schedule", "TR40"),
    "tr41/naive": _text("schedule", "report.db12146c"),
    "tr42/naive": _text("schedule", "TR42", "a tick at"),
    "tr43/naive": _start(
        "K",
        "autosys: 2026-01-16 06:00:00  J INACTIVE",
        "airflow: 2026-01-16 07:00:00  K STARTING",
        "given: business_day of DAG J skips",
    ),
    "tr44/naive": _text("verdict", "A", "99"),
    "tr44_killed/naive": _start("H", "airflow: H STARTING", "killed by a signal"),
    "tr45/naive": _text("retry", "TR45", "TERMINATED", "a time-out is retried"),
    "tr46/naive": _text("resource", "B", "LICENCE"),
    "tr47/naive": _text("action", "A", "$$BUS_DATE"),
    "tr48/naive": _text("action", "W", "steady"),
    "tr49/naive": _text("action", "TR49", "std_out|/var/log/tr49.out"),
    "tr50/naive": _text("limit", "TR50", "killed after"),
    "tr51/naive": _text("limit", "TR51", "max_active_runs 16"),
    "tr51/naive_queue": Told("limit", "TR51", ("starts at", "airflow: 2026-01-01 01:40:00")),
    "tr51_cron/naive": _text("limit schedule", "poll.c4213c7d"),
    "tr52/naive": _start("B"),
    "tr53/naive": _start("B", "airflow: B STARTING"),
}
# TR-18 is about how a night is operated, not about what a DAG means: there is nothing to refute.
OPERATION = {"tr18/naive"}
# What hoist's own DAG may assume beyond what every DAG does: it names the trap's open question.
ASSUMED: dict[str, str] = {"tr15": "stays-on-ice:B", "tr19": "member-tick-kept"}

NAIVE = sorted(f"{one.parent.name}/{one.name}" for one in TRAPS.glob("tr*/naive*") if one.is_dir())


def _definition(trap: str) -> Path:
    (found,) = (TRAPS / trap).glob("definition.*")
    return found


def _exported(trap: str, folder: Path, to: Path) -> Path:
    """What `hoistctl export-dags` writes, by this process: another one would import Airflow again."""
    from hoist_airflow import export

    days = 400 if trap in _A_YEAR else _DAYS
    export.write(export.export_dags(folder, _START, days), to)
    return to


def _verified(trap: str, serialized: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [
            hoist_binary(),
            "verify",
            _definition(trap),
            "--serialized",
            serialized,
            "--format",
            "json",
            *options,
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _says(difference: dict[str, Any], words: str) -> bool:
    """`airflow: C STARTING`: a line of that side with the rest in it; else anywhere."""
    story = list(difference["story"])
    for side in ("autosys: ", "control-m: ", "airflow: ", "given: "):
        if words.startswith(side):
            rest = words.removeprefix(side)
            return any(line.startswith(side) and rest in line for line in story)
    return any(words in line for line in [*story, difference["legacy"], difference["airflow"]])


def _is(difference: dict[str, Any], told: Told) -> bool:
    return (
        difference["aspect"] in told.aspects.split()
        and difference["job"] == told.job
        and (bool(difference["story"]) or not told.played)
        and all(any(_says(difference, one) for one in words.split("|")) for words in told.words)
    )


def test_every_naive_dag_is_judged() -> None:
    assert {*EXPECTED, *OPERATION} == set(NAIVE)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_naive_dag_is_refuted(name: str, airflow_home: Path, tmp_path: Path) -> None:
    trap = name.split("/", maxsplit=1)[0]
    code, judged = _verified(trap, _exported(trap, TRAPS / name, tmp_path / "serialized.json"))
    assert code == DIFFERENT
    told = [one for workflow in judged["workflows"] for one in workflow["differences"]]
    shown = [
        (one["aspect"], one["job"], one["legacy"], one["airflow"], one["story"]) for one in told
    ]
    assert any(_is(one, EXPECTED[name]) for one in told), shown


@pytest.mark.parametrize("trap", sorted({one.split("/")[0] for one in NAIVE}))
def test_what_hoist_makes_is_proved(trap: str, airflow_home: Path, tmp_path: Path) -> None:
    compiled = compile_estate(_definition(trap), out=tmp_path / "dags")
    manifest = compiled.folder / "hoist.manifest.json"
    serialized = _exported(trap, compiled.folder, tmp_path / "serialized.json")
    _code, judged = _verified(trap, serialized, "--manifest", os.fspath(manifest))
    assert judged["workflows"]
    for workflow in judged["workflows"]:
        assert workflow["verdict"] in ("equivalent", "equivalent-if"), workflow
    if trap in ASSUMED:
        names = {one["name"] for workflow in judged["workflows"] for one in workflow["assumptions"]}
        assert ASSUMED[trap] in names
