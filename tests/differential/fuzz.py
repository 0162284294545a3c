"""Random estates and scenarios, played by the reference interpreter and by the shims in Airflow.

    scripts/fuzz-equivalence --seed S --count N [--per-estate K] [--keep-going] [--features JSON]

Prints pairs a second; each difference, shrunk, goes to build/differential/SEED-K/ as `estate.jil`,
`scenario.json` and `difference.txt`. Exit codes: 0 all equal, 1 a difference.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import re
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import sides

CRONTAB_EVERY = 20
OUT = sides.ROOT / "build" / "differential"


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz-equivalence", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first estate's seed")
    parser.add_argument("--count", type=int, default=1000, help="how many pairs")
    parser.add_argument("--per-estate", type=int, default=10, help="scenarios for each estate")
    parser.add_argument("--max-differences", type=int, default=10, help="stop after so many")
    parser.add_argument("--features", type=json.loads, default={}, help="arguments of Features")
    parser.add_argument("--progress", type=float, default=60, help="seconds between two reports")
    given = parser.parse_args()
    sides.prepare()

    run = Run(given)
    run.until_done()
    print(run.report())
    return 1 if run.differences else 0


class Run:
    """One run of the fuzzer, and what it has seen."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.pairs = self.estates = self.differences = 0
        self.refused: collections.Counter[str] = collections.Counter()
        self.began = time.monotonic()

    def until_done(self) -> None:
        told = self.began
        seed = self.given.seed
        while self.pairs < self.given.count and self.differences < self.given.max_differences:
            self.estate(seed)
            seed += 1
            if time.monotonic() - told >= self.given.progress:
                told = time.monotonic()
                print(self.report(), flush=True)

    def estate(self, seed: int) -> None:
        """One estate with its scenarios; stops at its first difference."""
        import estates

        count = min(self.given.per_estate, self.given.count - self.pairs)
        numbers = [seed * 1000 + number for number in range(count)]
        made: Any
        if seed % CRONTAB_EVERY == 0:
            made = estates.crontab(seed)
            scenarios = [estates.crontab_scenario(number) for number in numbers]
        else:
            made = estates.estate(seed, estates.Features(**self.given.features))
            scenarios = [estates.scenario(made, number) for number in numbers]
        try:
            with opened(made) as bench:
                told = bench.judge(scenarios, order_of(made, seed))
                if bench.outlasting:
                    self.refused["runs that outlast their box"] += bench.outlasting
        except sides.Refused as refused:
            found = re.findall(r"error\[(\w+)\]", str(refused))
            self.refused[found[0] if found else str(refused)[:80]] += 1
            return
        except sides.Unloadable as broken:
            told = [[str(broken)]]
            count = 1
        self.estates += 1
        self.pairs += count
        for number, difference in enumerate(told):
            if difference:
                self.differences += 1
                self.write(seed, number, (made, scenarios[number]))
                return

    def write(self, seed: int, number: int, pair: tuple[Any, dict[str, Any]]) -> None:
        """Shrink a pair that differs, and write it down."""
        from shrink import shrink

        first = judged(pair, seed)

        estate, scenario = shrink(pair, lambda each: _alike(judged(each, seed), first))
        scenario = fitting(estate, scenario)
        folder = OUT / f"{seed}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        told = judged((estate, scenario), seed)
        name = "made.cron" if hasattr(estate, "lines") else "estate.jil"
        (folder / name).write_text(estate.text(), encoding="utf-8")
        (folder / "scenario.json").write_text(json.dumps(scenario, indent=1) + "\n")
        (folder / "difference.txt").write_text("\n".join(told) + "\n")
        print(f"\n--- seed {seed}, scenario {number}: {folder}\n{estate.text()}")
        print(f"scenario: {json.dumps(scenario)}\n  (- AutoSys, + Airflow)")
        print("\n".join(told), flush=True)

    def report(self) -> str:
        seconds = max(time.monotonic() - self.began, 1e-9)
        return (
            f"{self.pairs} pairs ({self.estates} estates) in {seconds:.0f} s: "
            f"{self.pairs / seconds:.1f} pairs/s, {self.differences} differences; "
            f"not compared: {dict(self.refused)}"
        )


def order_of(estate: Any, seed: int) -> random.Random | None:
    """Any order of what happens at one instant, where none can be seen."""
    text = estate.text()
    seen = any(word in text for word in ("n(", "resources", "on_noexec"))
    return None if seen or seed % 2 else random.Random(seed)


def opened(made: Any) -> AbstractContextManager[sides.Bench]:
    """The estate compiled; a crontab in a zone whose clocks change."""
    if hasattr(made, "lines"):
        return sides.bench(made.text(), name="made.cron", config='timezone = "America/New_York"\n')
    return sides.bench(made.text())


def _alike(told: list[str], first: list[str]) -> bool:
    """Is it a difference, and of the same kind: DAGs that cannot be loaded are another matter?"""
    return bool(told) and told[0].startswith("{") == first[0].startswith("{")


def fitting(estate: Any, scenario: dict[str, Any]) -> dict[str, Any]:
    """The scenario without what it says of jobs and variables that the estate does not have."""
    if hasattr(estate, "lines"):
        return scenario
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
