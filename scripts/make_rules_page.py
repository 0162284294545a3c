#!/usr/bin/env python3
"""Makes docs/rules.md from docs/rules.txt and the rules that test files cite; --check only compares."""

from __future__ import annotations

import re
from pathlib import Path

from lib.pages import write_or_check

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/rules.md"
FOLDERS = ("tests", "backend/hoist_airflow/tests")
CITATION = re.compile(r"\b(JIL|CRON|CTM)-(\d{3})(?:…(?:(?:JIL|CRON|CTM)-)?(\d{3}))?(?:\(\w\))?")
LINE = re.compile(r"((?:JIL|CRON|CTM)-\d{3}) (.*?)(?: -- (.*))?\Z")
SHOWN = 3


def rules() -> dict[str, tuple[str, str]]:
    """Number → words and the reason why it is not played, in the order of the list."""
    found: dict[str, tuple[str, str]] = {}
    for line in (ROOT / "docs/rules.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        match = LINE.match(line)
        if match is None or match[1] in found:
            raise SystemExit(f"docs/rules.txt: bad line: {line}")
        found[match[1]] = (match[2], match[3] or "")
    return found


def citations() -> dict[str, list[str]]:
    """Number → test files that cite it, those of the interpreter first; a range cites all in it."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if not file.is_file() or file.suffix in {".pyc", ".json", ".dags", ".ir", ".tsv"}:
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            name = file.relative_to(ROOT).as_posix()
            for kind, first, last in CITATION.findall(text):
                for number in range(int(first), int(last or first) + 1):
                    files = found.setdefault(f"{kind}-{number:03}", [])
                    if name not in files:
                        files.append(name)
    for files in found.values():
        files.sort(key=lambda name: (not name.startswith("tests/semantics/"), name))
    return found


def page() -> str:
    """The page as it should be."""
    known, cited = rules(), citations()
    tested = sum(1 for rule in known if rule in cited)
    lines = [
        "# Rules and their tests",
        "",
        "<!-- Made by scripts/make_rules_page.py from docs/rules.txt and the tests; a test compares it. -->",
        "",
        "Every rule of the source systems that hoist goes by, and the tests that cite it. What `hoist simulate` does by a rule is",
        "tested in `tests/semantics/files`: definitions with scenarios and expectations in their first comment.",
        f"{tested} of {len(known)} rules have a test.",
        "",
        "| rule | about | tests | status |",
        "|---|---|---|---|",
    ]
    for rule, (words, reason) in known.items():
        files = cited.get(rule, [])
        shown = ", ".join(f"`{name}`" for name in files[:SHOWN])
        if len(files) > SHOWN:
            shown += f" and {len(files) - SHOWN} more"
        status = "tested" if files else "no test"
        if reason:
            status += f"; not played: {reason}" if not files else f"; in part: {reason}"
        lines.append(f"| {rule} | {words} | {shown} | {status} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_or_check(PAGE, page())
