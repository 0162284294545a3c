"""What the tests of the compiled tool share: the tool, and the estates it is tried on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Tool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def hoist_binary() -> str:
    """The path of the compiled tool: `$HOIST_BINARY`, else the release build."""
    binary = os.environ.get("HOIST_BINARY", str(ROOT / "build/release/hoist"))
    if not Path(binary).exists():
        pytest.skip(f"{binary} is not built: run scripts/build")
    return binary


@pytest.fixture(scope="session")
def hoist(hoist_binary: str) -> Tool:
    """Run the tool with these arguments, in the root of the tree if nothing else is said.

    `input` is its standard input, `env` is added to the environment.
    """

    def run(
        *arguments: str | Path,
        input: str | None = None,
        cwd: Path = ROOT,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [hoist_binary, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=input,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )

    return run


@pytest.fixture
def run(hoist_binary: str, tmp_path: Path):
    """Run the tool on bytes, where the test's files are."""

    def start(*arguments: str | Path, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [hoist_binary, *map(str, arguments)],
            cwd=tmp_path,
            input=input,
            capture_output=True,
            check=False,
        )

    return start


def estates() -> list[Path]:
    """Every estate of corpus/, a folder each."""
    return sorted(path for path in (ROOT / "corpus").iterdir() if path.is_dir())


@pytest.fixture(params=estates(), ids=lambda path: path.name)
def estate(request: pytest.FixtureRequest) -> Path:
    """Each estate of corpus/ in turn."""
    return request.param
