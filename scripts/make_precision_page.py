#!/usr/bin/env python3
"""Makes docs/precision.md from tests/precision/labels.tsv; --check only compares."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from lib.pages import write_or_check

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/precision"))
import precision

PAGE = precision.ROOT / "docs/precision.md"


def table(head: str, counts: dict[str, Counter[str]]) -> list[str]:
    """A row for each key, and one for all."""
    total = Counter()
    for each in counts.values():
        total += each
    rows = [
        f"| {head} | judged | right | noise | wrong | right |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, each in [*counts.items(), ("**all**", total)]:
        numbers = " | ".join(str(each[verdict]) for verdict in precision.VERDICTS)
        rows.append(f"| {name} | {each.total()} | {numbers} | {precision.share(each):.1%} |")
    return rows


def page() -> str:
    """The page as it should be."""
    labels = precision.read_labels()
    lines = [
        "# How often a finding is right",
        "",
        "<!-- Made by scripts/make_precision_page.py from tests/precision/labels.tsv; a test compares it. -->",
        "",
        "Findings of `hoist check`, each read beside the definition and the rules: *right* (true, and worth a reader's time at its severity),",
        "*noise* (true, but not worth it) or *wrong*. The estates were written for other ends: real files from public repositories (which",
        "are not part of this tree), the estates of `corpus/`, scenes about single rules and random estates of the differential test",
        "(`tests/conformance`, `tests/semantics/files`, `tests/precision/random`), and a generated one. What was written for a check is left out.",
        f"Of a code that the generated estate has more than {precision.SAMPLE} times, {precision.SAMPLE} were judged, chosen by a hash. Mistakes that were",
        "mended are not in the table. `tests/house/test_precision.py` reruns the check: a finding without a label fails it, as does a share",
        "below 95 %.",
        "",
        *table("where", precision.counted(labels, lambda key: key.origin)),
        "",
        *table(
            "code",
            precision.counted(labels, lambda key: f"[{key.code}](diagnostics/{key.code}.md)"),
        ),
        "",
        "Not right:",
        "",
        "| code | object | where | | why |",
        "|---|---|---|---|---|",
    ]
    for key, label in labels.items():
        if label.verdict != "right":
            where = key.source.removeprefix("real:")
            lines.append(
                f"| {key.code} | `{key.object}` | {where} | {label.verdict} | {label.reason} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_or_check(PAGE, page())
