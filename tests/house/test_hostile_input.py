"""Input without measure: huge, deep, wide, and names that try to become code. Memory is bounded."""

from __future__ import annotations

import ast
import json
import resource
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

MB = 1_000_000
JOB = "insert_job: {}  job_type: c\nmachine: m\ncommand: echo a\n"
Bounded = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bounded(hoist_binary: str) -> Bounded:
    """Run the tool with so many megabytes of address space and no more."""

    def run(megabytes: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        limit = megabytes * MB
        return subprocess.run(
            [hoist_binary, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )

    return run


def write(file: Path, pieces: Iterable[str]) -> Path:
    with file.open("w", encoding="utf-8") as out:
        for piece in pieces:
            out.write(piece)
    return file


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the codes of a run with `--output json`."""
    return [one["code"] for one in json.loads(done.stdout)["findings"]]


def hundred_megabytes(kind: str) -> Iterable[str]:
    line = "x" * 9_990
    if kind == "comments":
        yield from (f"/* {line} */\n" for _ in range(10_000))
        yield JOB.format("A")
    elif kind == "one command":
        yield JOB.format("A")[:-1]
        yield from (line for _ in range(10_000))
    else:
        yield from (JOB.format(f"J{n}")[:-1] + line + "\n" for n in range(10_000))


@pytest.mark.parametrize("kind", ["comments", "one command", "long commands"])
def test_a_file_of_a_hundred_megabytes(bounded: Bounded, tmp_path: Path, kind: str) -> None:
    file = write(tmp_path / "a.jil", hundred_megabytes(kind))
    assert file.stat().st_size > 99 * MB
    done = bounded(1000, "check", file, "--output", "json")
    assert done.returncode == 0, done.stderr
    assert set(codes(done)) <= {"A0016"}


def test_a_file_beyond_four_gigabytes_is_p0002_and_is_not_read(
    bounded: Bounded, tmp_path: Path
) -> None:
    huge = write(tmp_path / "huge.jil", [JOB.format("HUGE")])
    with huge.open("r+b") as file:
        file.truncate(2**32)  # zeros that take no room on the disk
    write(tmp_path / "small.jil", [JOB.format("SMALL")])
    done = bounded(500, "build", tmp_path, "-o", tmp_path / "dags", "--output", "json")
    assert done.returncode != 0
    (finding,) = (f for f in json.loads(done.stdout)["findings"] if f["severity"] == "error")
    assert finding["code"] == "P0002"
    assert str(huge) in finding["message"]
    assert (tmp_path / "dags/SMALL.py").exists()
    assert not (tmp_path / "dags/HUGE.py").exists()


def test_a_huge_file_that_is_no_definition_is_only_skipped(
    bounded: Bounded, tmp_path: Path
) -> None:
    with (tmp_path / "dump.bin").open("wb") as file:
        file.truncate(2**32)
    write(tmp_path / "small.jil", [JOB.format("SMALL")])
    done = bounded(500, "check", tmp_path, "--output", "json")
    assert done.returncode == 0
    assert "P0003" in codes(done)


def test_a_hundred_thousand_jobs_in_one_box(bounded: Bounded, tmp_path: Path) -> None:
    member = JOB.format("J{}") + "box_name: BOX\n"
    file = write(
        tmp_path / "a.jil",
        ["insert_job: BOX  job_type: b\n", *(member.format(n) for n in range(100_000))],
    )
    done = bounded(3000, "build", file, "-o", tmp_path / "dags", "--output", "json")
    assert done.returncode == 0, done.stderr[-2000:]
    manifest = json.loads((tmp_path / "dags/hoist.manifest.json").read_text(encoding="utf-8"))
    assert [row["dag_id"] for row in manifest["dags"]] == ["BOX"]
    text = (tmp_path / "dags/BOX.py").read_text(encoding="utf-8")
    assert text.count("task_id=") >= 100_000


def test_boxes_ten_thousand_deep_are_l0005_and_the_rest_is_written(
    bounded: Bounded, tmp_path: Path
) -> None:
    boxes = ["insert_job: B0  job_type: b\n"]
    boxes += (f"insert_job: B{n}  job_type: b\nbox_name: B{n - 1}\n" for n in range(1, 10_000))
    file = write(tmp_path / "a.jil", [*boxes, JOB.format("APART")])
    done = bounded(1000, "build", file, "-o", tmp_path / "dags", "--output", "json")
    assert done.returncode == 5, done.stderr[-2000:]
    assert codes(done).count("L0005") == 1
    manifest = json.loads((tmp_path / "dags/hoist.manifest.json").read_text(encoding="utf-8"))
    assert [row["dag_id"] for row in manifest["dags"]] == ["APART"]
    assert len(manifest["refused"]) == 10_000


def test_parentheses_ten_thousand_deep_are_p1041(bounded: Bounded, tmp_path: Path) -> None:
    deep = "(" * 10_000 + "s(B)" + ")" * 10_000
    file = write(tmp_path / "a.jil", [JOB.format("B"), JOB.format("A"), f"condition: {deep}\n"])
    done = bounded(500, "build", file, "-o", tmp_path / "dags", "--output", "json")
    assert done.returncode == 5
    assert "P1041" in codes(done)
    assert (tmp_path / "dags/B.py").exists()


@pytest.mark.parametrize(
    "name",
    [
        r"A\"B",
        "A'B",
        r"A\"\"\"B",
        "A'''B",
        "A\\\\",
        "A\nB",
        "A\r\nB",
        '"); import os  # ',
        "{{ ds }}",
        "../../A",
        "A\tB",
        "\u2028A\u202e",
    ],
)
def test_a_name_never_becomes_code(hoist, tmp_path: Path, name: str) -> None:
    """What is written parses, imports nothing but hoist's modules, and stays in its folder."""
    for quoted in (name, f'"{name}"'):
        file = tmp_path / "a.jil"
        file.write_bytes(JOB.format(quoted).encode() + b"box_name: BOX\n")
        with file.open("ab") as out:
            out.write(f"insert_job: BOX  job_type: b\ndescription: {quoted}\n".encode())
        done = hoist("build", file, "-o", tmp_path / "dags")
        assert done.returncode in (0, 1, 5), done.stderr
        assert {path.name for path in tmp_path.iterdir()} <= {"a.jil", "dags"}
        for path in tmp_path.glob("dags/*.py"):
            tree = ast.parse(path.read_bytes())
            modules = {
                node.module.split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module
            }
            modules |= {
                alias.name.split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            assert modules <= {"airflow", "hoist_airflow", "datetime", "pendulum", "__future__"}
            path.unlink()
