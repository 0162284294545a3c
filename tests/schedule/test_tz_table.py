"""The zone table inside `hoist` is what scripts/make_tz_table.py makes of the pinned tzdata."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "scripts" / "make_tz_table.py"


def test_the_embedded_table_is_the_pinned_release() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
