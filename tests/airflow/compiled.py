"""How tests compile an estate with `hoist`, and where they find it.

`HOIST_BINARY` names the binary; else build/release/hoist is taken. Tests that need it skip where there is none.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_CODE = re.compile(r"\b(error|warning|note)\[([A-Z]\d{4})\]")
SUCCESS, FINDINGS, NOT_WRITTEN = 0, 1, 5


@dataclass(frozen=True)
class Compiled:
    """What `hoist build` made: its folder, exit code, and the text of its findings."""

    folder: Path
    exit_code: int
    findings: str

    @property
    def codes(self) -> list[tuple[str, str]]:
        """(severity, code) of each finding, in order."""
        return _CODE.findall(self.findings)

    @property
    def manifest(self) -> dict[str, Any]:
        """hoist.manifest.json."""
        found: dict[str, Any] = json.loads((self.folder / "hoist.manifest.json").read_text())
        return found


# A command that dies of a signal; `$$` would be a global variable (JIL-163).
KILLED = "exec python3 -c 'import os; os.kill(os.getpid(), 9)'"


def hoist_binary() -> Path:
    """The binary under test; skips the test where there is none."""
    named = Path(os.environ.get("HOIST_BINARY", ROOT / "build/release/hoist"))
    if not named.exists():
        pytest.skip(f"no hoist at {named}: run scripts/build, or name one in HOIST_BINARY")
    return named


def hoist(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `hoist` from the root of the repository; a crash (signal, exit 70) fails the test."""
    done = subprocess.run(
        [hoist_binary(), *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1, 2, 5), (done.returncode, done.stdout[-2000:], done.stderr)
    return done


def compile_estate(*paths: Path, out: Path, options: Sequence[str | Path] = ()) -> Compiled:
    """`hoist build` of `paths` into `out`."""
    done = hoist("build", *paths, "-o", out, *options)
    assert done.returncode in (SUCCESS, FINDINGS, NOT_WRITTEN), done.stderr
    return Compiled(out, done.returncode, done.stderr + done.stdout)
