"""Pages of docs/ that a script makes."""

from __future__ import annotations

import sys
from pathlib import Path


def write_or_check(page: Path, text: str) -> None:
    """Write the page; with `--check` on the command line only compare, and fail if it is another."""
    if sys.argv[1:] != ["--check"]:
        page.write_text(text, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != text:
        script = Path(sys.argv[0]).name
        raise SystemExit(f"docs/{page.name} is not current: run scripts/{script}")
