"""The naive DAGs of tests/traps are what they claim: importable, and about their definition.

That `hoist verify` refutes each is for its own tests; here, that there is something to refute.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from compiled import ROOT, compile_estate

TRAPS = ROOT / "tests" / "traps"
NAIVE = sorted(folder for folder in TRAPS.glob("tr*/naive*") if folder.is_dir())
NUMBERS = {*range(1, 20), *range(30, 38), *range(40, 54)}
DIFFERENCE = re.compile(r"(start|schedule|overlap|resources|fields) \S+|verdict|operation")


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _definition(trap: Path) -> Path:
    (found,) = trap.glob("definition.*")
    return found


def test_every_trap_has_a_definition_and_a_naive_dag() -> None:
    seen = {int(folder.parent.name[2:4]) for folder in NAIVE if _definition(folder.parent)}
    assert seen == NUMBERS


@pytest.mark.parametrize("folder", NAIVE, ids=_name)
def test_naive_dags_import(folder: Path, airflow_runs) -> None:
    loaded = airflow_runs.load(folder)
    assert not loaded.import_errors
    assert loaded.dags
    for dag in loaded.dags.values():
        airflow_runs.round_trip(dag)


@pytest.mark.parametrize("folder", NAIVE, ids=_name)
def test_naive_dags_say_what_must_differ(folder: Path) -> None:
    (file,) = folder.glob("*.py")
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    assert said.startswith(f"TR-{folder.parent.name[2:4]}")
    (told,) = re.findall(r"^Differs in: (.*)$", said, re.MULTILINE)
    for difference in told.split(", "):
        assert DIFFERENCE.fullmatch(difference), difference
    assert ("Must differ: " in said) is (told != "operation")


@pytest.mark.parametrize("folder", NAIVE, ids=_name)
def test_naive_dags_are_those_of_the_definition(folder: Path, airflow_runs, tmp_path) -> None:
    """hoist makes DAGs of the same ids from the definition, so that the two can be compared."""
    compiled = compile_estate(_definition(folder.parent), out=tmp_path / "dags")
    made = airflow_runs.load(compiled.folder)
    assert not made.import_errors
    assert set(made.dags) == set(airflow_runs.load(folder).dags)
