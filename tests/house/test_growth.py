"""`check` and `build` grow linearly with the estate, and the estates of the benchmark are sound.

Nothing here asserts seconds, which depend on the machine and on what else it does: time is counted
in instructions (valgrind), memory in resident bytes per job. `scripts/bench` measures seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = {
    "jil": ROOT / "scripts/generate_estate.py",
    "controlm": ROOT / "scripts/generate_controlm.py",
}
# A step that costs the square would make of eight times the jobs 64 times the instructions; a tenth
# is left for what sorting costs, and because no two estates are alike.
SMALL, LARGE = 1000, 8000
LARGEST_RATIO = 1.1 * LARGE / SMALL
FEWER, MORE = 5000, 30000
MOST_BYTES_PER_JOB = {"check": 2600, "build": 4600}
COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def generate(folder: Path, jobs: int, seed: int = 1, dialect: str = "jil") -> Path:
    arguments = ["--jobs", str(jobs), "--seed", str(seed), str(folder)]
    subprocess.run([sys.executable, str(GENERATORS[dialect]), *arguments], check=True)
    return folder


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def arguments(command: str, folder: Path, jobs: int, dialect: str = "jil") -> list[str]:
    """Return the arguments of the command on a new estate of this size."""
    estate = generate(folder / str(jobs), jobs, dialect=dialect)
    output = ["-o", str(folder / f"dags{jobs}")] if command == "build" else []
    return [command, str(estate), *output]


def instructions(command: list[str]) -> int:
    """Return how many instructions the command takes: the same number on every run."""
    counter = [
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    ]
    done = subprocess.run([*counter, *command], capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    assert done.returncode in (0, 1), said[-3000:]
    counted = COUNTED.search(said)
    assert counted, said[-3000:]
    return int(counted[1].replace(",", ""))


def peak_bytes(command: list[str]) -> int:
    """Return the largest resident memory of the command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), command
    return usage.ru_maxrss * 1024


@pytest.mark.parametrize(("dialect", "job"), [("jil", "insert_job: "), ("controlm", "<JOB ")])
def test_the_generator_is_deterministic_and_gives_the_number_of_jobs(
    dialect: str, job: str, tmp_path: Path
) -> None:
    first = generate(tmp_path / "a", 700, dialect=dialect)
    assert digest(first) == digest(generate(tmp_path / "b", 700, dialect=dialect))
    assert digest(first) != digest(generate(tmp_path / "c", 700, seed=2, dialect=dialect))
    text = "".join(file.read_text(encoding="ascii") for file in first.iterdir())
    assert text.count(job) == 700


@pytest.mark.parametrize("dialect", GENERATORS)
def test_a_generated_estate_has_no_errors(hoist, tmp_path: Path, dialect: str) -> None:
    estate = generate(tmp_path / "estate", 2000, dialect=dialect)
    done = hoist("build", estate, "-o", tmp_path / "dags")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize(
    ("command", "dialect"),
    [("check", "jil"), ("build", "jil"), ("check", "controlm"), ("build", "controlm")],
)
def test_instructions_grow_linearly(
    command: str, dialect: str, hoist_binary: str, tmp_path: Path
) -> None:
    start = instructions([hoist_binary, "version"])
    small, large = (
        instructions([hoist_binary, *arguments(command, tmp_path, jobs, dialect)]) - start
        for jobs in (SMALL, LARGE)
    )
    assert large <= LARGEST_RATIO * small


def chain(folder: Path, jobs: int, kind: str = "FOLDER") -> Path:
    """One folder of Control-M, each of whose jobs waits for the one before."""
    wait = '<INCOND NAME="C{}" ODATE="ODAT" AND_OR="A"/>'
    text = "".join(
        f'<JOB JOBNAME="J{i}" TASKTYPE="Command" CMDLINE="x" DAYS="ALL">'
        f'{wait.format(i - 1) if i else ""}<OUTCOND NAME="C{i}" ODATE="ODAT" SIGN="+"/></JOB>\n'
        for i in range(jobs)
    )
    folder.mkdir()
    days = ' DAYS="ALL"' if kind == "SMART_FOLDER" else ""
    (folder / "a.xml").write_text(
        f'<DEFTABLE><{kind} FOLDER_NAME="F" DATACENTER="S" FOLDER_ORDER_METHOD="SYSTEM"{days}>\n'
        f"{text}</{kind}></DEFTABLE>\n",
        encoding="ascii",
    )
    return folder


def test_a_chain_of_conditions_costs_its_length(hoist_binary: str, tmp_path: Path) -> None:
    """Whether an edge closes a circle is not asked by walking to the chain's beginning."""
    start = instructions([hoist_binary, "version"])
    small, large = (
        instructions(
            [
                hoist_binary,
                "build",
                str(chain(tmp_path / f"e{jobs}", jobs)),
                "-o",
                str(tmp_path / f"d{jobs}"),
            ]
        )
        - start
        for jobs in (SMALL, LARGE)
    )
    assert large <= LARGEST_RATIO * small


def test_a_smart_folder_that_is_played_costs_its_length(hoist_binary: str, tmp_path: Path) -> None:
    """Whether it has ended is not asked of all its members at each end (CTM-091)."""

    def played(jobs: int) -> int:
        estate = chain(tmp_path / str(jobs), jobs, "SMART_FOLDER")
        counted = []
        for end in ("2026-03-03T06:00:00Z", "2026-03-02T06:00:00Z"):  # behind New Day, and before
            scenario = tmp_path / f"{end[:10]}.json"
            given = {"format": 1, "start": "2026-03-02T00:00:00Z", "end": end}
            scenario.write_text(json.dumps({**given, "default": {"duration": 1}}))
            command = [hoist_binary, "simulate", str(estate), "--scenario", str(scenario)]
            counted.append(instructions([*command, "--format", "json"]))
        return counted[0] - counted[1]

    small, large = 500, 6000
    assert played(large) <= 1.1 * large / small * played(small)


@pytest.mark.parametrize("command", ["check", "build"])
def test_memory_per_job_is_bounded(command: str, hoist_binary: str, tmp_path: Path) -> None:
    fewer, more = (
        peak_bytes([hoist_binary, *arguments(command, tmp_path, jobs)]) for jobs in (FEWER, MORE)
    )
    assert more - fewer <= MOST_BYTES_PER_JOB[command] * (MORE - FEWER)
