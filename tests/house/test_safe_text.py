"""Names of definitions in what is printed for people: no command to a terminal or a CI runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

# Python's and .NET's strip() take the same white space; GitHub's runner strips before it looks.
EVIL = "::error::pwned"
JOB = "insert_job: {0}  job_type: c\ncommand: c\nmachine: m\n"
MACHINE = "insert_machine: m\ntype: a\n"


def commands_in(text: str) -> list[str]:
    """The lines that a runner obeys."""
    return [line for line in text.splitlines() if line.strip().startswith("::") or "##[" in line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "old/a.jil").write_text(MACHINE)
    names = (EVIL, "##[error]pwned", "RED\x1b[31m", "\u3000::warning::pwned")
    (tmp_path / "new/a.jil").write_text(MACHINE + "".join(JOB.format(name) for name in names))
    return tmp_path


@pytest.fixture(params=["GITHUB_ACTIONS", "TF_BUILD"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {request.param: "true"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "old", "new"], ["coverage", "new"], ["simulate", "new"], ["check", "new"],
        ["check", "new", "--output", "concise"], ["build", "new", "-o", "dags"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command(hoist, folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
    done = hoist(*arguments, cwd=folder, env=environment)
    assert done.returncode in (0, 1, 3, 5), done.stderr
    assert commands_in(done.stdout + done.stderr) == []
    assert "\x1b" not in done.stdout + done.stderr


def test_diff_still_tells_the_names(hoist, folder: Path) -> None:
    said = hoist("diff", "old", "new", cwd=folder).stdout
    assert "\n\\::error::pwned" in "\n" + said
    assert "RED␛[31m" in said


def test_verify(hoist, folder: Path, environment: dict[str, str]) -> None:
    """Ids of DAGs come from a file that anybody may have written, with line ends in them."""
    dag = {
        "dag_id": "x\n::error::pwned\x1b[31m", "file": "x.py", "sha256": "", "serialized_sha256": "",
        "timetable": {"type": "NullTimetable", "module": "airflow.timetables.simple", "kind": "none"},
        "max_active_runs": 1, "catchup": False, "fail_fast": False, "tags": [], "groups": [], "tasks": [],
    }  # fmt: skip
    export = {
        "format": 1, "airflow": "3.3.2", "horizon": {"from": 0, "to": 86400}, "dags": [dag],
    }  # fmt: skip
    (folder / "export.json").write_text(json.dumps(export))
    done = hoist("verify", "new", "--serialized", "export.json", cwd=folder, env=environment)
    assert "a DAG of no workflow" in done.stdout, done.stderr
    assert commands_in(done.stdout + done.stderr) == []
    assert "\x1b" not in done.stdout + done.stderr
