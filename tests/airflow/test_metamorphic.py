"""What must not matter: names, the order of statements, the cut into files, a dead job beside.

Random estates (tests/differential/estates.py) are compiled before and after such a change; what
Airflow loads must be the same but for the names.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from compiled import ROOT, SUCCESS, compile_estate

sys.path.insert(0, str(ROOT / "tests" / "differential"))
from estates import Estate, Job, estate

SEEDS = range(1000, 1020)
PLACES = ("doc_md", "fileloc", "relative_fileloc", "_processor_dags_folder", "description")


def _loaded(folder: Path, files: dict[str, str], runs: Any) -> dict[str, Any] | None:
    """DAGs as the scheduler sees them, without places, in an order of their own; None: refused."""
    source = folder / "estate"
    source.mkdir(parents=True)
    for name, text in files.items():
        (source / name).write_text(text)
    compiled = compile_estate(source, out=folder / "dags")
    if compiled.exit_code != SUCCESS:
        return None
    loaded = runs.load(compiled.folder)
    assert not loaded.import_errors
    return {dag_id: _canonical(runs.serialized(dag)) for dag_id, dag in loaded.dags.items()}


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value) if key not in PLACES}
    if isinstance(value, list):
        return sorted((_canonical(each) for each in value), key=json.dumps)
    return value


def _pair(
    seed: int, changed: dict[str, str], runs: Any, folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    before = _loaded(folder / "before", {"estate.jil": estate(seed).text()}, runs)
    after = _loaded(folder / "after", changed, runs)
    assert (before is None) == (after is None)
    if before is None or after is None:
        pytest.skip("not an estate without errors")
    return before, after


def _renamed(text: str, mapping: dict[str, str]) -> str:
    return re.sub(r"\bW\d+(?:_\d+)*\b", lambda found: mapping[found[0]], text)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_do_not_matter(seed: int, airflow_runs, tmp_path) -> None:
    """Other names, in another order of the alphabet."""
    made = estate(seed)
    names = [job.name for job in made.jobs]
    shuffled = [f"Q{number:03d}X" for number in range(len(names))]
    random.Random(seed).shuffle(shuffled)
    there = dict(zip(names, shuffled, strict=True))
    back = {new: old for old, new in there.items()}
    before, after = _pair(
        seed, {"estate.jil": _renamed(made.text(), there)}, airflow_runs, tmp_path
    )
    back |= {new.lower(): old.lower() for new, old in back.items()}  # in ids of helper tasks
    text = re.sub(r"Q\d{3}X|q\d{3}x", lambda found: back[found[0]], json.dumps(after))
    assert _canonical(json.loads(text)) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_statements_does_not_matter(seed: int, airflow_runs, tmp_path) -> None:
    head, *statements = re.split(r"(?m)^(?=insert_job)", estate(seed).text())
    random.Random(seed).shuffle(statements)
    text = head + "\n".join(statements)
    before, after = _pair(seed, {"estate.jil": text}, airflow_runs, tmp_path)
    assert after == before


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cut_into_files_does_not_matter(seed: int, airflow_runs, tmp_path) -> None:
    head, *statements = re.split(r"(?m)^(?=insert_job)", estate(seed).text())
    files = {"00.jil": head} | {f"{n + 1:02d}.jil": text for n, text in enumerate(statements)}
    before, after = _pair(seed, files, airflow_runs, tmp_path)
    assert after == before


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_a_second_dead_job_does_not_matter(seed: int, airflow_runs, tmp_path) -> None:
    """A job without condition, times and box never starts by itself (JIL-004)."""
    made = estate(seed)
    one = Estate([*made.jobs, Job("DEAD", "c")], made.resources)
    two = Estate([*one.jobs, Job("DEAD2", "c")], made.resources)
    before = _loaded(tmp_path / "before", {"estate.jil": one.text()}, airflow_runs)
    after = _loaded(tmp_path / "after", {"estate.jil": two.text()}, airflow_runs)
    if before is None or after is None:
        pytest.skip("not an estate without errors")
    copy = after.pop("DEAD2")
    assert after == before
    assert json.loads(json.dumps(copy).replace("DEAD2", "DEAD")) == before["DEAD"]
