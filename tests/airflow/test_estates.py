"""Whole estates: they compile, real Airflow loads and keeps what was written, and nothing is lost on the way.

The estates of corpus/, and the real files of HOIST_CORPUS (default ../shared/corpus) where they are present.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from compiled import NOT_WRITTEN, ROOT, Compiled, compile_estate, hoist

CORPUS = ROOT / "corpus"
REAL = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared" / "corpus"))
BANK_OPTIONS = ["--properties", CORPUS / "bank_night" / "env.properties"]
# Share of the 60 real files that hold an attribute, and of atoms in their conditions.
FILE_SHARES = {
    "command": 47, "machine": 47, "condition": 35, "start_times": 30, "date_conditions": 25,
    "days_of_week": 24, "box_name": 21, "owner": 19, "description": 21, "std_out_file": 17,
    "std_err_file": 17, "profile": 13, "resources": 13, "timezone": 13, "watch_file": 12,
    "term_run_time": 11, "alarm_if_fail": 10, "max_exit_success": 9, "job_load": 9, "priority": 9,
}  # fmt: skip
RARE = [
    "must_complete_times",
    "exclude_calendar",
    "max_run_alarm",
    "box_terminator",
    "job_terminator",
    "run_window",
    "status",
    "envvars",
    "auto_hold",
    "run_calendar",
    "start_mins",
    "must_start_times",
    "n_retrys",
    "box_success",
    "success_codes",
    "fail_codes",
]
ATOM_SHARES = {"v": 9 / 575, "n": 8 / 575, "f": 6 / 575, "d": 5 / 575, "t": 1 / 575, "e": 1 / 575}


def _ruff() -> str:
    found = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("ruff is not installed")
    return found


def _judged(compiled: Compiled, airflow_runs) -> None:
    """Airflow imports every file, each DAG survives serialisation, and the text is clean."""
    loaded = airflow_runs.load(compiled.folder)
    assert not loaded.import_errors
    assert sorted(loaded.dags) == sorted(row["dag_id"] for row in compiled.manifest["dags"])
    for dag_id, dag in sorted(loaded.dags.items()):
        again = airflow_runs.round_trip(dag)
        assert type(again.timetable).__name__ == type(dag.timetable).__name__, dag_id
        serialize = getattr(dag.timetable, "serialize", None)
        if serialize is not None:
            assert again.timetable.serialize() == dag.timetable.serialize(), dag_id
    if not list(compiled.folder.glob("*.py")):
        return
    for check in (["check", "--select", "AIR"], ["format", "--check"]):
        done = subprocess.run(
            [_ruff(), *check, "--isolated", "--no-cache", compiled.folder],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bank(tmp_path_factory) -> Compiled:
    """The bank's night, compiled once."""
    return compile_estate(
        CORPUS / "bank_night", out=tmp_path_factory.mktemp("bank"), options=BANK_OPTIONS
    )


def test_bank_night_compiles_without_an_error(bank: Compiled) -> None:
    """The demo's estate: warnings on purpose, no error, nothing refused."""
    assert not [code for severity, code in bank.codes if severity == "error"], bank.findings
    assert bank.exit_code == 0
    assert bank.manifest["refused"] == []


def test_bank_night_loads_in_airflow(bank: Compiled, airflow_runs) -> None:
    """Import, serialisation, AIR rules, format."""
    _judged(bank, airflow_runs)


def test_two_builds_print_the_same_bytes(bank: Compiled, tmp_path: Path) -> None:
    """design.md: same input, same bytes out."""
    again = compile_estate(CORPUS / "bank_night", out=tmp_path, options=BANK_OPTIONS)
    for path in sorted(bank.folder.iterdir()):
        assert (again.folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_plain_dags_need_no_gate(bank: Compiled) -> None:
    """At least 70 % of the DAGs with same-cycle conditions inside one box only hold no gate.

    Counted from the source: a box without a condition of its own, all of whose members' atoms are `s` or `d`
    without look-back on members of the same box, and without n(), v(), e(), f(), t(), clocks or holds.
    """
    plain = gates = 0
    for path in sorted(bank.folder.glob("*.py")):
        text = path.read_text()
        conditions = re.findall(r"^ *# \S+:\d+  condition: (.*)$", text, re.MULTILINE)
        jobs = set(re.findall(r'(?:task_id=|Box\()\s*"([^"]+)"', text))
        atoms = [atom for line in conditions for atom in re.findall(r"(\w+)\(([^()]*)\)", line)]
        box = "Box(" in text or text.count("task_id=") > 1
        if not box or not all(word[0] in "sd" and name in jobs for word, name in atoms):
            continue
        if "Hold(" in text or "ticks=" in text or "window=" in text:
            continue
        plain += 1
        gates += "Gate(" in text
    assert plain >= 10
    assert gates <= 0.3 * plain, (gates, plain)


@pytest.mark.parametrize("path", sorted((CORPUS / "oddities").glob("*.jil")), ids=lambda p: p.stem)
def test_oddity(path: Path, airflow_runs, tmp_path: Path) -> None:
    """What is written loads; tests/house/test_oddities.py judges the findings."""
    compiled = compile_estate(path, out=tmp_path / "dags")
    if compiled.exit_code == NOT_WRITTEN and not (compiled.folder / "hoist.manifest.json").exists():
        return
    _judged(compiled, airflow_runs)


def test_the_coverage_estate_keeps_its_shares() -> None:
    """Each attribute in at least the measured share of files, each atom in its share of atoms."""
    files = sorted((CORPUS / "coverage").glob("*.jil"))
    texts = [path.read_text() for path in files]
    held = Counter(key for text in texts for key in set(re.findall(r"^(\w+):", text, re.MULTILINE)))
    for key, count in FILE_SHARES.items():
        assert held[key] * 60 >= count * len(files), (key, held[key])
    assert not [key for key in RARE if not held[key]]
    types = Counter(kind for text in texts for kind in re.findall(r"job_type: (\w+)", text))
    total = sum(types.values())
    assert types["b"] * 780 >= 97 * total * 0.95
    assert types["f"] * 780 >= 42 * total * 0.95
    lines = [c for text in texts for c in re.findall(r"^condition: (.*\(.*)$", text, re.MULTILINE)]
    atoms = Counter(atom for line in lines for atom in re.findall(r"\b([sfdtnev])\(", line))
    for atom, share in ATOM_SHARES.items():
        assert atoms[atom] >= share * sum(atoms.values()) * 0.95, (atom, atoms)


def test_the_coverage_estate_is_translated(airflow_runs, tmp_path: Path) -> None:
    """At least 95 % of construct occurrences exact, at most 2 % refused."""
    compiled = compile_estate(CORPUS / "coverage", out=tmp_path / "dags")
    _judged(compiled, airflow_runs)
    done = hoist("coverage", CORPUS / "coverage", "--format", "json")
    table = json.loads(done.stdout)
    counted: Counter[str] = Counter()
    for row in table["kinds"]:
        for fate in ("exact", "approximated", "dropped", "refused", "unaccounted"):
            counted[fate] += row[fate]
    total = sum(counted.values())
    assert total > 1000
    assert counted["unaccounted"] == 0, counted
    assert counted["exact"] >= 0.95 * total, counted
    assert counted["refused"] <= 0.02 * total, counted


@pytest.mark.parametrize("folder", ["jil", "crontab"])
def test_real_files(folder: str, airflow_runs, tmp_path: Path) -> None:
    """Files that people really wrote: no crash, and whatever is written loads."""
    files = sorted(path for path in (REAL / folder).glob("*") if path.is_file())
    if not files:
        pytest.skip(f"no real corpus at {REAL / folder} (HOIST_CORPUS)")
    dialect = {"jil": "jil", "crontab": "cron"}[folder]
    for number, path in enumerate(files):
        out = tmp_path / str(number)
        compiled = compile_estate(path, out=out, options=["--dialect", dialect])
        if (out / "hoist.manifest.json").exists():
            _judged(compiled, airflow_runs)
