"""The hooks, run by pre-commit itself in real repositories, installed from the wheels of this release."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import virtualenv.seed.wheels.embed as seeds

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CLEAN = "insert_job: CLEAN  job_type: c\nmachine: m\ncommand: echo\ncondition: s(OTHER)\n"
OTHER = 'insert_job: OTHER  job_type: c\nmachine: m\ncommand: echo\ndate_conditions: 1\ndays_of_week: all\nstart_times: "06:00"\n'
OLD_SIN = "insert_job: OLD  job_type: c\nmachine: m\ncommand: echo\ncondition: s(GONE) &\n"

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def git(folder: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with this tree, as pre-commit would clone it, and its commit."""
    folder = tmp_path_factory.mktemp("hooks")
    names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, *who, "commit", "-q", "-m", "the tree")
    return folder, git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def environment(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pre-commit needs to install its hooks without a network: this release, and setuptools."""
    setuptools = Path(seeds.__file__).parent
    return {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": f"{dist} {setuptools}",
        "PIP_CONFIG_FILE": os.devnull,
        "PATH": f"{BIN}:/usr/bin:/bin",
        "NO_COLOR": "1",
    }


@pytest.fixture
def repository(
    quiet_git: None, hooks: tuple[Path, str], environment: dict[str, str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A repository with an estate in a subfolder, one file of which was always wrong, and the hook."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "repository"
    (folder / "jobs").mkdir(parents=True)
    (folder / "jobs/hoist.toml").write_text('timezone = "UTC"\n')
    (folder / "jobs/clean.jil").write_text(CLEAN)
    (folder / "jobs/other.jil").write_text(OTHER)
    (folder / "jobs/old.jil").write_text(OLD_SIN)
    (folder / "README.md").write_text("# Jobs\n")
    place, commit = hooks
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {place}\n  rev: {commit}\n  hooks:\n  - id: hoist-check\n"
    )
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "an old estate")
    subprocess.run(["pre-commit", "install"], cwd=folder, check=True, capture_output=True)
    return folder


def commit(folder: Path) -> Done:
    git(folder, "add", "-A")
    return subprocess.run(
        ["git", "commit", "-q", "-m", "a change"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def said(done: Done) -> str:
    return done.stdout + done.stderr


def test_commits_are_judged_by_what_they_change(repository: Path) -> None:
    # A clean change among old findings: quiet. Its condition on another file's job resolves.
    (repository / "jobs/clean.jil").write_text(CLEAN + "description: new\n")
    done = commit(repository)
    assert done.returncode == 0, said(done)
    assert "Passed" in said(done)
    assert "hoist:" not in said(done)

    # A broken one: refused, with its place.
    (repository / "jobs/clean.jil").write_text(CLEAN + "max_run_alarm: soon\n")
    done = commit(repository)
    assert done.returncode == 1
    assert "--> jobs/clean.jil:5:16" in said(done), said(done)
    assert "max_run_alarm: soon" in said(done)
    assert "jobs/old.jil" not in said(done)
    assert "2 errors elsewhere in the estate; `hoist check jobs` shows them" in said(done)

    # What is no definition is nobody's business.
    (repository / "jobs/clean.jil").write_text(CLEAN)
    (repository / "README.md").write_text("# Jobs, described\n")
    done = commit(repository)
    assert done.returncode == 0, said(done)


def test_a_definition_outside_every_estate_is_said(repository: Path) -> None:
    (repository / "stray.jil").write_text(CLEAN)
    done = commit(repository)
    assert done.returncode == 1
    assert "`stray.jil` lies in no estate" in said(done)


def test_a_job_defined_in_two_files_is_seen_from_either(repository: Path) -> None:
    (repository / "jobs/clean.jil").write_text(CLEAN + OTHER)
    done = commit(repository)
    assert done.returncode == 1
    assert "--> jobs/other.jil:1:13" in said(done), said(done)


def test_the_environment_of_the_hook_holds_the_released_tool_and_was_not_compiled(
    repository: Path, environment: dict[str, str], released: Path
) -> None:
    subprocess.run(["pre-commit", "install-hooks"], cwd=repository, check=True, capture_output=True)
    (tool,) = Path(environment["PRE_COMMIT_HOME"]).glob("repo*/py_env-*/bin/hoist")
    assert tool.read_bytes() == released.read_bytes()


def test_a_layout_is_mended_once_and_then_passes(
    repository: Path, hooks: tuple[Path, str], released: Path
) -> None:
    place, revision = hooks
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {place}\n  rev: {revision}\n  hooks:\n  - id: hoist-fmt\n"
    )
    (repository / "jobs/README.md").write_text("insert_job:   no JIL\n")
    (repository / "jobs/odd name's.jil").write_text(
        "insert_job:ODD job_type:c\nmachine:m\ncommand:echo\n"
    )
    done = commit(repository)
    assert done.returncode == 1, said(done)
    assert "files were modified by this hook" in said(done)
    assert "insert_job: ODD " in (repository / "jobs/odd name's.jil").read_text()
    assert (repository / "jobs/README.md").read_text() == "insert_job:   no JIL\n"
    # As it lies there now it is laid out, and means what it meant.
    check = [released, "fmt", "--check", "jobs/odd name's.jil"]
    assert subprocess.run(check, cwd=repository, capture_output=True, check=False).returncode == 0
    done = commit(repository)
    assert done.returncode == 0, said(done)


@pytest.fixture
def verified(repository: Path, hooks: tuple[Path, str], released: Path, tmp_path: Path) -> Path:
    """The repository with the DAGs of its estate, and the hook that judges them."""
    (repository / "jobs/old.jil").unlink()
    build = [released, "build", "jobs", "-o", "dags"]
    subprocess.run(build, cwd=repository, check=True, capture_output=True)
    place, revision = hooks
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {place}\n  rev: {revision}\n  hooks:\n  - id: hoist-verify\n"
        f"    args: [jobs, --dags, dags, --python, {sys.executable}]\n"
        "    files: ^(jobs|dags)/\n"
    )
    return repository


def test_dags_that_differ_from_their_definitions_are_not_committed(
    verified: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    done = commit(verified)
    assert done.returncode == 0, said(done)
    assert "Passed" in said(done)
    definition = verified / "jobs/other.jil"
    definition.write_text(definition.read_text().replace("06:00", "07:00"))
    done = commit(verified)
    assert done.returncode == 1, said(done)
    assert "different" in said(done), said(done)
