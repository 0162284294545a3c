"""docs/executed.md is what tests/differential has counted, and each kind was executed in each scope."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CELLS = json.loads((ROOT / "tests/differential/executed.json").read_text())["cells"]


def test_the_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/make_executed_page.py"), "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("kind", "scope", "count"), CELLS, ids=str)
def test_fifty_scenarios_of_each_kind_in_each_scope(kind: str, scope: str, count: int) -> None:
    assert count >= 50, (kind, scope)


def test_every_kind_has_every_scope() -> None:
    assert len(CELLS) == 12
