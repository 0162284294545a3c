"""`check` and `build` grow linearly with the estate, and the estates of the benchmark are sound.

Nothing here asserts seconds. Memory is nearly deterministic; processor time is compared between two
sizes on the same machine in the same minute, with room for noise: a quadratic step would show as
a factor of a hundred.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "scripts/generate_estate.py"
SMALL, LARGE = 1500, 15000
LARGEST_TIME_RATIO = 30.0
LARGEST_MEMORY_RATIO = 12.0


def generate(folder: Path, jobs: int, seed: int = 1) -> Path:
    arguments = ["--jobs", str(jobs), "--seed", str(seed), str(folder)]
    subprocess.run([sys.executable, str(GENERATOR), *arguments], check=True)
    return folder


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def cost(command: list[str]) -> tuple[float, float]:
    """Return processor seconds (the least of three runs) and peak memory in MB."""
    runs = []
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 1, 5), command
        runs.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return min(run[0] for run in runs), max(run[1] for run in runs)


def test_the_generator_is_deterministic_and_gives_the_number_of_jobs(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", 700)
    assert digest(first) == digest(generate(tmp_path / "b", 700))
    assert digest(first) != digest(generate(tmp_path / "c", 700, seed=2))
    text = "".join(file.read_text(encoding="ascii") for file in first.iterdir())
    assert text.count("insert_job: ") == 700


def test_a_generated_estate_has_no_errors(hoist, tmp_path: Path) -> None:
    done = hoist("check", generate(tmp_path / "estate", 2000))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("command", ["check", "build"])
def test_growth_is_linear(command: str, hoist_binary: str, tmp_path: Path) -> None:
    costs = []
    for jobs in (SMALL, LARGE):
        folder = generate(tmp_path / str(jobs), jobs)
        output = ["-o", str(tmp_path / f"dags{jobs}")] if command == "build" else []
        costs.append(cost([hoist_binary, command, str(folder), *output]))
    (small_time, small_memory), (large_time, large_memory) = costs
    # Ten milliseconds: below that the start of the process is all there is to see.
    assert large_time <= LARGEST_TIME_RATIO * max(small_time, 0.01)
    assert large_memory <= LARGEST_MEMORY_RATIO * small_memory
