"""The compiled tool, for the tests of the interpreter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def hoist_binary() -> str:
    """The path of the compiled tool: `$HOIST_BINARY`, else the release build."""
    binary = os.environ.get("HOIST_BINARY", str(ROOT / "build/release/hoist"))
    if not Path(binary).exists():
        pytest.skip(f"{binary} is not built: run scripts/build")
    return binary
