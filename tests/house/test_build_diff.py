"""`hoist build --diff`: the patch says what a build does, and nothing is written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

JOB = "insert_job: {0}  job_type: c\ncommand: /opt/{1}.sh\nmachine: m\n"
MACHINE = "insert_machine: m\ntype: a\n"


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def build(hoist: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "jobs").mkdir()

    def run(*options: str) -> Any:
        return hoist("build", "jobs", "-o", "dags", *options, cwd=tmp_path)

    return run


def write(folder: Path, **jobs: str) -> None:
    text = MACHINE + "".join(JOB.format(name, command) for name, command in jobs.items())
    (folder / "jobs/a.jil").write_text(text)


def test_a_first_build_is_all_new_and_writes_nothing(build, tmp_path: Path) -> None:
    write(tmp_path, LOAD="load")
    done = build("--diff")
    assert done.returncode == 1, done.stderr
    assert not (tmp_path / "dags").exists()
    assert "--- /dev/null\n+++ dags/LOAD.py\n@@ -0,0 +1," in done.stdout
    assert "1 DAG in dags: would be: " in done.stderr


def test_nothing_to_do_is_no_patch(build, tmp_path: Path) -> None:
    write(tmp_path, LOAD="load")
    assert build().returncode == 0
    done = build("--diff")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "0 written, 0 removed" in done.stderr


def test_the_patch_does_what_the_build_does(build, tmp_path: Path) -> None:
    """A changed, a new and a removed workflow: `patch` makes the same folder as the build."""
    write(tmp_path, LOAD="load", GONE="gone")
    assert build().returncode == 0
    before = bytes_below(tmp_path / "dags")
    write(tmp_path, LOAD="load_all", NEW="new")
    done = build("--diff")
    assert done.returncode == 1, done.stderr
    assert bytes_below(tmp_path / "dags") == before
    for line in ("+++ dags/LOAD.py", "--- dags/GONE.py\n+++ /dev/null", "+++ dags/NEW.py"):
        assert line in done.stdout
    (tmp_path / "patched").mkdir()
    for name, content in before.items():
        (tmp_path / "patched" / name).write_bytes(content)
    subprocess.run(
        ["patch", "-s", "-p1", "-d", "patched"],
        cwd=tmp_path, input=done.stdout, text=True, check=True,
    )  # fmt: skip
    assert build().returncode == 0
    assert bytes_below(tmp_path / "patched") == bytes_below(tmp_path / "dags")
    assert "GONE.py" not in bytes_below(tmp_path / "dags")


def test_what_a_build_would_not_write_is_told(build, tmp_path: Path) -> None:
    write(tmp_path, LOAD="load")
    assert build().returncode == 0
    with (tmp_path / "dags/LOAD.py").open("a") as file:
        file.write("# by hand\n")
    write(tmp_path, LOAD="load_all")
    done = build("--diff")
    assert done.returncode == 5, done.stderr
    assert "--overwrite-edited" in done.stderr
    assert "dags/LOAD.py\n@@" not in done.stdout
    done = build("--diff", "--overwrite-edited")
    assert done.returncode == 1
    assert "-# by hand" in done.stdout


def test_findings_need_a_file_when_the_patch_has_standard_output(build, tmp_path: Path) -> None:
    write(tmp_path, LOAD="load")
    assert build("--diff", "--output", "json").returncode == 2
    assert build("--diff", "--output", "json=findings.json").returncode == 1
