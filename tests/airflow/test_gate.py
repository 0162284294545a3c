"""`hoist gate` with DAGs that real Airflow loaded: the policy says which assumptions are accepted, and none else passes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from compiled import ROOT, compile_estate, hoist_binary
from test_verify import export

pytestmark = pytest.mark.usefixtures("airflow_home")

STUCK = ROOT / "tests/conformance/v06_stuck_box.jil"


def git(folder: Path, *arguments: str) -> None:
    environment = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip
    subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True
    )


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """A repository with one estate, and its DAGs beside it."""
    shutil.copy(STUCK, tmp_path / "estate.jil")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "estate.jil")
    git(tmp_path, "commit", "-q", "-m", "x")
    compile_estate(tmp_path / "estate.jil", out=tmp_path / "dags", options=["-D", "RUN=x"])
    return tmp_path


def gate(folder: Path, policy: str) -> subprocess.CompletedProcess[str]:
    (folder / "hoist.toml").write_text(f"[gate]\n{policy}\n", encoding="utf-8")
    return subprocess.run(
        [
            *(hoist_binary(), "gate", "estate.jil", "-D", "RUN=x", "--against", "main"),
            *("--serialized", "export.json", "--manifest", "dags/hoist.manifest.json"),
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_assumptions_pass_by_the_policy_only(estate: Path) -> None:
    export(estate / "dags", estate / "export.json")

    accepted = gate(estate, 'assumptions = ["connection:*", "stuck-box-ends"]')
    assert accepted.returncode == 0, accepted.stderr
    assert "1 equivalent if" in accepted.stderr
    refused = gate(estate, 'assumptions = ["connection:*"]')
    assert refused.returncode == 4, refused.stderr
    assert "error[V0004]" in refused.stderr
    assert "the assumption's name is `stuck-box-ends`" in refused.stderr


def test_a_dag_that_lost_an_edge_is_rejected(estate: Path) -> None:
    """The gate says 3 and shows the day on which the two differ."""
    (dag,) = (estate / "dags").glob("*.py")
    text = dag.read_text(encoding="utf-8")
    cut = "\n".join(line for line in text.splitlines() if " >> " not in line)
    assert cut != text.rstrip("\n")
    dag.write_text(cut + "\n", encoding="utf-8")
    export(estate / "dags", estate / "export.json")
    done = gate(estate, 'assumptions = ["*"]')
    assert done.returncode == 3, done.stderr
    assert "error[V0001]" in done.stderr
