"""A small share of what `scripts/mutants` does: errors that `hoist verify` must see, rewrites that it must not accuse."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from compiled import ROOT, hoist_binary

sys.path.insert(0, str(ROOT / "tests" / "mutants"))

from mutations import MUTATIONS
from rewrites import REWRITES
from score import Estate, chosen, estates, export_all, judge
from when import parse

_SEED = 1


@pytest.fixture(scope="module")
def compiled(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Estate]:
    """The estate that was written for this, and that of the coverage corpus, exported."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOIST_BINARY", str(hoist_binary()))
        found = estates(["estates/", "coverage"])
        export_all(found, tmp_path_factory.mktemp("mutants"))
        yield found


def test_there_are_correct_dags_to_damage(compiled: list[Estate]) -> None:
    for estate in compiled:
        assert len(estate.correct) == len(estate.export["dags"]), estate.name


def test_every_error_is_seen(compiled: list[Estate], tmp_path: Path) -> None:
    mutants = chosen(compiled, MUTATIONS, _SEED, 400, judge=True)
    judge(mutants, tmp_path)
    assert len({one.operator.name for one in mutants}) >= 12
    assert len(mutants) >= 200
    assert [str(one) for one in mutants if one.verdict != "different"] == []


def test_no_rewrite_is_accused(compiled: list[Estate], tmp_path: Path) -> None:
    equal = chosen(compiled, REWRITES, _SEED, 300, judge=False)
    judge(equal, tmp_path)
    assert len(equal) > 250
    assert not [str(one) for one in equal if one.verdict == "different"]


@pytest.mark.parametrize(
    "text",
    [
        "s(A)",
        "(s(A, 02.00) | f(B, 0)) & n(C)",
        'v(GO) != "Y & (N)" & e(J) >= 3',
        r"d(a\ b\,c^PRD) | true",
    ],
)
def test_conditions_print_as_they_were(text: str) -> None:
    assert str(parse(text)) == text
