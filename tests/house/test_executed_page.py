"""Each kind of docs/executed.md was executed in each scope; test_made_pages.py compares the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CELLS = json.loads((ROOT / "tests/differential/executed.json").read_text())["cells"]


@pytest.mark.parametrize(("kind", "scope", "count"), CELLS, ids=str)
def test_fifty_scenarios_of_each_kind_in_each_scope(kind: str, scope: str, count: int) -> None:
    assert count >= 50, (kind, scope)


def test_every_kind_has_every_scope() -> None:
    assert len(CELLS) == 12
