"""The release, built once for all tests here: what they try is what users get."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "build/dist"


@pytest.fixture(scope="session")
def dist() -> Path:
    """The folder that scripts/release has just filled."""
    done = subprocess.run([ROOT / "scripts/release"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return DIST


@pytest.fixture(scope="session")
def tool_wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("hoistc-*.whl")
    return wheel


@pytest.fixture(scope="session")
def released(tool_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executable inside the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(tool_wheel) as archive:
        (member,) = (n for n in archive.namelist() if n.endswith(".data/scripts/hoist"))
        executable = Path(archive.extract(member, folder))
    executable.chmod(0o755)
    return executable


@pytest.fixture(scope="session")
def no_compiler() -> dict[str, str]:
    """An environment in which nothing but what a test names can be found."""
    return {"PATH": "/nonexistent", "HOME": "/nonexistent", "LC_ALL": "C"}


@pytest.fixture
def quiet_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git without the settings of whoever runs the tests."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for person in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{person}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{person}_EMAIL", "somebody@example.com")
