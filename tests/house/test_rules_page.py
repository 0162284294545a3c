"""The code cites no rule that docs/rules.txt does not know, and none without a test."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_rule_that_the_interpreter_cites_is_listed_and_tested() -> None:
    listed = set(
        re.findall(r"^((?:JIL|CRON|CTM)-\d{3}) ", (ROOT / "docs/rules.txt").read_text(), re.M)
    )
    tested = {
        rule
        for file in (ROOT / "tests/semantics").rglob("*")
        if file.suffix in {".jil", ".cron", ".py", ".cpp"}
        for rule in re.findall(r"(?:JIL|CRON|CTM)-\d{3}", file.read_text())
    }
    cited = {
        rule
        for file in (ROOT / "analysis/semantics").rglob("*")
        if file.is_file()
        for rule in re.findall(r"(?:JIL|CRON|CTM)-\d{3}", file.read_text())
    }
    assert cited - listed == set()
    assert cited - tested == set()
