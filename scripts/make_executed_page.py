#!/usr/bin/env python3
"""Makes docs/executed.md from tests/differential/executed.json; --check only compares.

`build/venv/bin/python tests/differential/executed.py` plays the scenarios and writes the counts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from lib.pages import write_or_check

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/executed.md"
COUNTS = ROOT / "tests/differential/executed.json"


def page() -> str:
    """The page as it should be."""
    counts = json.loads(COUNTS.read_text(encoding="utf-8"))
    rules = dict(
        re.findall(r"^(JIL-\d{3}) (.*?)(?: -- .*)?$", (ROOT / "docs/rules.txt").read_text(), re.M)
    )
    scopes = list(dict.fromkeys(scope for _kind, scope, _count in counts["cells"]))
    kinds = list(dict.fromkeys(kind for kind, _scope, _count in counts["cells"]))
    cells = {(kind, scope): count for kind, scope, count in counts["cells"]}
    lines = [
        "# What has been executed",
        "",
        "<!-- Made by scripts/make_executed_page.py from tests/differential/executed.json; a test compares it. -->",
        "",
        "The long differential run plays random estates by Airflow's scheduling code. Gates, retries, file watchers and timetables are",
        "the shims' own code; so that none of them is met by chance only, `tests/differential/executed.py` plays a seeded set of",
        "estates about each of them in each scope. A scenario counts for a construct only if the construct did something in it (its gate",
        "was asked, its job was tried again, its watcher ended, its tick started a run) and both sides told the same story, to the second.",
        "",
        "Scenarios by kind and scope:",
        "",
        "| | " + " | ".join(scopes) + " |",
        "|---|" + "---:|" * len(scopes),
    ]
    for kind in kinds:
        lines.append(f"| {kind} | " + " | ".join(str(cells[kind, s]) for s in scopes) + " |")
    lines += [
        "",
        "Scenarios by rule, lowering form (as the manifest names it) and scope of the condition that reads the construct:",
        "",
        "| rule | about | lowering form | " + " | ".join(scopes) + " |",
        "|---|---|---|" + "---:|" * len(scopes),
    ]
    table: dict[tuple[str, str], dict[str, int]] = {}
    for rule, form, scope, count in counts["rows"]:
        table.setdefault((rule, form), {})[scope] = count
    for (rule, form), told in table.items():
        numbers = " | ".join(str(told.get(scope, "")) for scope in scopes)
        lines.append(f"| {rule} | {rules[rule]} | {form} | {numbers} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_or_check(PAGE, page())
