"""Includes point one way: grammar → frontend (base → diag → ir → dialects) → analysis → backend."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

# What each layer may include beside itself. A folder that is not listed is a dialect if it lies in
# frontend/ (see `layer`), else an error: a new folder must take its place here.
BASE = {"frontend/base"}
DIAG = BASE | {"frontend/diag"}
IR = DIAG | {"frontend/ir"}
ANALYSIS = IR | {"analysis"}
MAY_INCLUDE = {
    "grammar": {"grammar"},
    "frontend/base": BASE,
    "frontend/diag": DIAG,
    "frontend/ir": IR,
    # `frontend` itself: the table of dialects and their common entry.
    "frontend": IR | {"frontend", "dialect"},
    # Not `grammar`: hoist does not link ANTLR (docs/decisions.md); tests hold its parsers to it.
    "dialect": IR | {"frontend"},
    "analysis": ANALYSIS,
    "backend/airflow": ANALYSIS | {"backend/airflow"},
    "backend/report": ANALYSIS | {"backend/report"},
    # The driver is the table of contents of the tool: it knows every phase, but no dialect by name.
    "backend/driver": ANALYSIS
    | {"frontend", "backend/airflow", "backend/report", "backend/driver"},
}


def layer(path: str) -> str:
    """Return the layer of a file, from its path relative to the root."""
    parts = path.split("/")
    if parts[0] == "frontend" and len(parts) == 2:
        return "frontend"
    if parts[0] == "frontend":
        folder = "/".join(parts[:2])
        return folder if folder in MAY_INCLUDE else "dialect"
    if parts[0] == "backend":
        return "/".join(parts[:2])
    return parts[0]


def wrong_includes() -> list[str]:
    """Return `file includes header` for each include against the direction."""
    wrong = []
    for top in ("grammar", "frontend", "analysis", "backend"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix not in {".cpp", ".h", ".inc", ".def"}:
                continue
            name = file.relative_to(ROOT).as_posix()
            mine = layer(name)
            for header in INCLUDE.findall(file.read_text(encoding="utf-8")):
                # A generated header (the parsers, the embedded pages) is included by its bare name.
                if "/" not in header:
                    continue
                theirs = layer(header)
                same = name.split("/")[:2] == header.split("/")[:2]
                if mine == "dialect" and theirs == "dialect" and same:
                    continue
                if theirs not in MAY_INCLUDE[mine]:
                    wrong.append(f"{name} includes {header}")
    return wrong


def test_includes_point_from_left_to_right() -> None:
    assert wrong_includes() == []


def test_each_file_begins_with_its_reason_to_exist() -> None:
    silent = []
    for top in ("grammar", "frontend", "analysis", "backend", "tests"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix in {".cpp", ".h"} and not file.read_text(encoding="utf-8").startswith(
                "//"
            ):
                silent.append(file.relative_to(ROOT).as_posix())
    assert silent == []
