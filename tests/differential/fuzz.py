"""Random estates and scenarios, played by the reference interpreter and by the shims in Airflow.

    scripts/fuzz-equivalence --seed S --count N [--dialect jil|controlm] [--per-estate K] [--jobs J]
                             [--features JSON]

Estates S, S+1, … each with K scenarios, until N pairs are played; J processes share them. Prints
pairs a second; each difference, shrunk, goes to OUT/SEED-K/ (build/differential, or HOIST_FUZZ_OUT) as
the estate's files, `scenario.json` and `difference.txt`. Exit codes: 0 all equal, 1 a difference.
"""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import os
import random
import re
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import sides

CRONTAB_EVERY = 20
CRONTAB_SCENARIOS = 5  # they hardly differ, and hold hundreds of runs each
OUT = Path(os.environ.get("HOIST_FUZZ_OUT") or sides.ROOT / "build" / "differential")


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz-equivalence", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first estate's seed")
    parser.add_argument("--count", type=int, default=1000, help="how many pairs")
    parser.add_argument("--dialect", choices=("jil", "controlm"), default="jil")
    parser.add_argument("--per-estate", type=int, default=20, help="scenarios for each estate")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--max-differences", type=int, default=10, help="stop after so many")
    parser.add_argument("--features", type=json.loads, default={}, help="arguments of Features")
    parser.add_argument("--progress", type=float, default=60, help="seconds between two reports")
    given = parser.parse_args()
    sides.prepare()

    run = Run(given)
    run.until_done()
    print(run.report())
    return 1 if run.differences else 0


@dataclass
class Played:
    """What became of one estate with its scenarios."""

    seed: int
    pairs: int = 0
    left_out: collections.Counter[str] = field(default_factory=collections.Counter)
    differences: list[str] = field(default_factory=list)  # as they are printed


class Run:
    """One run of the fuzzer, and what it has seen."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.pairs = self.estates = self.differences = 0
        self.newest = given.seed - 1
        self.left_out: collections.Counter[str] = collections.Counter()
        self.began = time.monotonic()

    def until_done(self) -> None:
        told = self.began
        for played in self._all():
            self.pairs += played.pairs
            self.estates += played.pairs > 0
            self.newest = max(self.newest, played.seed)
            self.left_out += played.left_out
            for text in played.differences:
                self.differences += 1
                print(text, flush=True)
            if self.pairs >= self.given.count or self.differences >= self.given.max_differences:
                break
            if time.monotonic() - told >= self.given.progress:
                told = time.monotonic()
                print(self.report(), flush=True)

    def _all(self) -> Iterator[Played]:
        seeds = range(self.given.seed, sys.maxsize)
        if self.given.jobs <= 1:
            yield from (self.one(seed) for seed in seeds)
            return
        # Forked: the processes share Airflow as it was imported, and each estate goes to whoever
        # is free. Never more of them at once than a few, as the end is not known beforehand.
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(self.given.jobs, context) as pool:
            ahead = 4 * self.given.jobs
            waiting = collections.deque(pool.submit(self.one, seed) for seed in seeds[:ahead])
            for seed in seeds[ahead:]:
                yield waiting.popleft().result()
                waiting.append(pool.submit(self.one, seed))

    def one(self, seed: int) -> Played:
        """One estate with its scenarios; stops at its first difference."""
        try:
            return self._one(seed)
        except Exception:
            told = [f"\n--- seed {seed}: the player broke\n{traceback.format_exc()}"]
            return Played(seed, 1, differences=told)

    def _one(self, seed: int) -> Played:
        import estates
        import folders

        numbers = [seed * 1000 + number for number in range(self.given.per_estate)]
        made: Any
        if self.given.dialect == "controlm":
            made = folders.estate(seed)
            scenarios = [folders.scenario(made, number) for number in numbers]
        elif seed % CRONTAB_EVERY == 0:
            made = estates.crontab(seed)
            del numbers[CRONTAB_SCENARIOS:]
            scenarios = [estates.crontab_scenario(number) for number in numbers]
        else:
            made = estates.estate(seed, estates.Features(**self.given.features))
            scenarios = [estates.scenario(made, number) for number in numbers]
        played = Played(seed, len(numbers))
        try:
            with opened(made) as bench:
                told = bench.judge(scenarios, order_of(made, seed))
                played.left_out += bench.left_out
        except sides.Refused as refused:
            found = re.findall(r"error\[(\w+)\]", str(refused))
            reason = found[0] if found else str(refused)[:80]
            return Played(seed, left_out=collections.Counter({f"estates with {reason}": 1}))
        except sides.Unloadable as broken:
            told = [[str(broken)]]
            played.pairs = 1
        for number, difference in enumerate(told):
            if difference:
                played.differences.append(write(seed, number, (made, scenarios[number])))
                break
        return played

    def report(self) -> str:
        seconds = max(time.monotonic() - self.began, 1e-9)
        left_out = ", ".join(f"{count} {what}" for what, count in sorted(self.left_out.items()))
        return (
            f"{self.pairs} pairs ({self.estates} estates, seeds {self.given.seed} to {self.newest})"
            f" in {seconds:.0f} s: {self.pairs / seconds:.1f} pairs/s,"
            f" {self.differences} differences; left out: {left_out or 'nothing'}"
        )


def write(seed: int, number: int, pair: tuple[Any, dict[str, Any]]) -> str:
    """Shrink a pair that differs, and write it down; what to print of it."""
    from shrink import shrink

    first = judged(pair, seed)
    budget = 150 if hasattr(pair[0], "files") else 300  # of the former each costs more
    estate, scenario = shrink(pair, lambda each: _alike(judged(each, seed), first), budget)
    scenario = fitting(estate, scenario)
    folder = OUT / f"{seed}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    told = judged((estate, scenario), seed)
    for name, text in files_of(estate).items():
        if text:
            (folder / name).write_text(text, encoding="utf-8")
    (folder / "scenario.json").write_text(json.dumps(scenario, indent=1) + "\n")
    (folder / "difference.txt").write_text("\n".join(told) + "\n")
    return (
        f"\n--- seed {seed}, scenario {number}: {folder}\n{estate.text()}\n"
        f"scenario: {json.dumps(scenario)}\n  (- legacy, + Airflow)\n" + "\n".join(told)
    )


def order_of(estate: Any, seed: int) -> random.Random | None:
    """Any order of what happens at one instant, where none can be seen."""
    text = estate.text()
    seen = any(word in text for word in ("n(", "resources", "on_noexec", "<DEFTABLE>"))
    return None if seen or seed % 2 else random.Random(seed)


def opened(made: Any) -> AbstractContextManager[sides.Bench]:
    """The estate compiled."""
    return sides.bench_of(files_of(made))


def files_of(made: Any) -> dict[str, str]:
    """The files of an estate by name; a crontab is one of a zone whose clocks change."""
    if hasattr(made, "files"):
        found: dict[str, str] = made.files()
        return found
    if hasattr(made, "lines"):
        zone = 'timezone = "America/New_York"\n'
        return {"made.cron": made.text(), "hoist.toml": zone}
    return {"estate.jil": made.text(), "hoist.toml": ""}


def _alike(told: list[str], first: list[str]) -> bool:
    """Is it a difference, and of the same kind: DAGs that cannot be loaded are another matter?"""
    return bool(told) and told[0].startswith("{") == first[0].startswith("{")


def fitting(estate: Any, scenario: dict[str, Any]) -> dict[str, Any]:
    """The scenario without what it says of jobs and variables that the estate does not have."""
    if hasattr(estate, "lines"):
        return scenario
    if hasattr(estate, "files"):
        import folders

        return folders.fitting(estate, scenario)
    known = {job.name for job in estate.jobs}
    text = estate.text()
    return {
        **scenario,
        "jobs": {k: v for k, v in scenario["jobs"].items() if k in known},
        "statuses": {k: v for k, v in scenario["statuses"].items() if k in known},
        "files": [f for f in scenario["files"] if f["path"].removeprefix("/in/") in known],
        "events": [
            e
            for e in scenario["events"]
            if e.get("job") in known or ("name" in e and f"v({e['name']})" in text)
        ],
    }


def judged(pair: tuple[Any, dict[str, Any]], seed: int) -> list[str]:
    """The difference of one pair; an estate that hoist refuses has none."""
    estate, scenario = pair
    try:
        with opened(estate) as bench:
            return bench.judge([fitting(estate, scenario)], order_of(estate, seed))[0]
    except sides.Refused:
        return []
    except sides.Unloadable as broken:
        return [str(broken)]


if __name__ == "__main__":
    sys.exit(main())
