"""The example on each explanation page shows the finding that the page explains.

A page's first fenced block of a language that hoist reads (`jil`, `crontab`, `controlm`) is the failing example.
It is compiled as it stands, with the options that its fence names (`crontab --dialect cron-system`);
blocks named `toml` and `properties` are its configuration, and a page with nothing else is shown by
an estate of one plain job. A later block `jil fixed` is the mended form: it must not show the finding.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLAIN = ("jil", "", "insert_job: A  job_type: c\nmachine: m\ncommand: echo a\n")
FILES = {"jil": "example.jil", "crontab": "example.crontab", "controlm": "example.xml"}


def pages() -> list[Path]:
    return sorted((ROOT / "docs/diagnostics").glob("[A-Z][0-9]*.md"))


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Return (language, rest of the fence, text) of each fenced block."""
    return [(a, b.strip(), c) for a, b, c in FENCE.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_the_example_shows_the_finding(page: Path, hoist, tmp_path: Path) -> None:
    examples = [block for block in blocks(page) if block[0] in FILES]
    if not examples and any(block[0] == "toml" for block in blocks(page)):
        examples = [PLAIN]
    if not examples:
        pytest.skip("the page has no example in a source language")
    options: list[str | Path] = []
    for language, _, text in blocks(page):
        if language in ("toml", "properties"):
            name = {"toml": "hoist.toml", "properties": "site.properties"}[language]
            (tmp_path / name).write_text(text, encoding="utf-8")
            options += ["--config" if language == "toml" else "--properties", tmp_path / name]
    for number, (language, rest, text) in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = folder / FILES[language]
        file.write_text(text, encoding="utf-8")
        own = rest.split() if rest.startswith("--") else []
        done = hoist("build", file, "-o", folder / "dags", "--output", "text", *options, *own)
        shown = f"[{page.stem}]" in done.stdout + done.stderr
        if number == 0:
            assert shown, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        elif "fixed" in rest:
            assert not shown, done.stdout + done.stderr
