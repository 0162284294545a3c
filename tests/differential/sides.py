"""Both sides of the comparison: `hoist build` played by the shims, and `hoist simulate`.

`prepare()` must run before anything imports Airflow. One `Bench` compiles one estate and judges
scenarios on it.
"""

from __future__ import annotations

import collections
import gc
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ORDERS = 16
"""Orders of one instant that are tried before a difference is one; and as many that stay."""

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def prepare() -> Path:
    """A home for Airflow of this process; the module search path of the tests."""
    sys.path[:0] = [str(HERE), str(ROOT / "tests" / "airflow")]
    if "AIRFLOW_HOME" not in os.environ or "airflow" not in sys.modules:
        scratch = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
        home = Path(tempfile.mkdtemp(prefix="hoist-differential-", dir=scratch))
        os.environ.update(
            {
                "AIRFLOW_HOME": str(home),
                "AIRFLOW__CORE__DAGS_FOLDER": str(home),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
                "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            }
        )
    logging.disable(logging.ERROR)
    # Airflow's modules are a million objects that stay: no collection need look at them again.
    import virtual_airflow  # noqa: F401

    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return Path(os.environ["AIRFLOW_HOME"])


def binary() -> Path:
    """The `hoist` under test: HOIST_BINARY, else the release build."""
    named = Path(os.environ.get("HOIST_BINARY", ROOT / "build/release/hoist"))
    if not named.exists():
        raise FileNotFoundError(
            f"no hoist at {named}: run scripts/build, or name one in HOIST_BINARY"
        )
    return named


def hoist(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it; a crash (signal, exit 70) is an error."""
    done = subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode not in (0, 1, 2, 3, 4, 5):
        raise AssertionError((done.returncode, done.stderr[-2000:]))
    return done


class Refused(Exception):
    """The estate is not one that hoist translates without a finding at error level."""


class Unloadable(Exception):
    """Airflow cannot import what hoist wrote."""


@dataclass
class Bench:
    """One estate: its definition, and its DAGs as Airflow loaded them."""

    folder: Path
    bag: Any
    left_out: collections.Counter[str] = field(default_factory=collections.Counter)
    """Scenarios that are compared in part only, by the assumption that hoist names for it."""
    worlds: list[Any] = field(default_factory=list)
    """What Airflow's side has played of the scenarios that were judged last."""
    waits: dict[str, set[str]] | None = None
    """Of an estate of Control-M the facts of their order date that jobs and folders wait for."""

    def judge(
        self, scenarios: Sequence[Mapping[str, Any]], order: random.Random | None = None
    ) -> list[list[str]]:
        """For each scenario the difference of the two sides; empty: equal."""
        traces = self.legacy(scenarios)
        self.worlds = []
        told = []
        for scenario, trace in zip(scenarios, traces, strict=True):
            world = self._played(scenario, order)
            self.worlds.append(world)
            found, cut = self._compared(world, trace)
            if not found and cut:
                self.left_out[f"scenarios after {cut}"] += 1
            if found and self._is_tie(scenario, trace):
                self.left_out["scenarios with a tie (TR-52)"] += 1
                found = []
            told.append(found)
        return told

    def _played(self, scenario: Mapping[str, Any], order: Any) -> Any:
        if self.waits is not None:
            from virtual_orders import VirtualOrders

            return VirtualOrders(self.bag, scenario, order).play()
        from virtual_airflow import VirtualAirflow

        return VirtualAirflow(self.bag, scenario, order).play()

    def _compared(self, world: Any, trace: Mapping[str, Any]) -> tuple[list[str], str]:
        """The difference, and the assumption by which only a part was compared."""
        if self.waits is not None:
            from compare_orders import compared

            return compared(world, trace, self.waits)
        from compare import airflow_story, cut_of, difference, legacy_story, until, verdicts

        there, here = legacy_story(trace), airflow_story(world)
        found = difference(there, here) + verdicts(world)
        if not found or (cut := cut_of(world, trace)) is None:
            return found, ""
        return difference(until(there, cut), until(here, cut)), cut.assumption.split(":")[0]

    def _is_tie(self, scenario: Mapping[str, Any], trace: Mapping[str, Any]) -> bool:
        """Do the two sides agree if what happens at one instant happens in another order?

        Of simultaneous starts no system promises which comes first (TR-52): neither Airflow, nor the
        legacy scheduler, where an inner box may open before or after its siblings are looked at.
        """
        if self._reaches(scenario, trace):
            return True
        if self.waits is not None:
            return False
        inner_first = {**scenario, "ties": "inner-boxes-first"}
        return self._reaches(scenario, self.legacy([inner_first])[0])

    def _reaches(self, scenario: Mapping[str, Any], trace: Mapping[str, Any]) -> bool:
        """Does Airflow tell this legacy story in some order of what happens at one instant?"""
        from compare import second_of
        from virtual_airflow import OrderOfEachInstant, SameEveryDay

        orders = [random.Random(number) for number in range(ORDERS)]
        if any(
            not self._differs(scenario, trace, order)
            for order in (*orders, *map(SameEveryDay, range(ORDERS)))
        ):
            return True
        # Many ties that fall each its own way: one instant after the other.
        order = OrderOfEachInstant()
        reached, tries = -1, 0
        while found := self._differs(scenario, trace, order):
            at = second_of(found[0])
            tries = 0 if at > reached else tries + 1
            if tries > ORDERS:
                return False
            reached = max(reached, at)
            order.draw_again(at)
        return True

    def _differs(
        self, scenario: Mapping[str, Any], trace: Mapping[str, Any], order: Any
    ) -> list[str]:
        return self._compared(self._played(scenario, order), trace)[0]

    def legacy(self, scenarios: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The reference interpreter's traces, in one process."""
        file = self.folder / "scenarios.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in scenarios), encoding="utf-8")
        done = hoist("simulate", self.folder / "estate", "--scenario", file, "--format", "json")
        if done.returncode != 0:
            raise AssertionError(f"hoist simulate ends with {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


@contextmanager
def bench(text: str, *, name: str = "estate.jil", config: str = "") -> Iterator[Bench]:
    """Compile and load one definition; raises Refused."""
    with bench_of({name: text, "hoist.toml": config}) as opened:
        yield opened


@contextmanager
def bench_of(files: Mapping[str, str]) -> Iterator[Bench]:
    """Compile and load the files of one estate, by name; raises Refused."""
    from virtual_airflow import Bag

    folder = Path(tempfile.mkdtemp(prefix="estate-", dir=os.environ["AIRFLOW_HOME"]))
    try:
        (folder / "estate").mkdir()
        for name, text in files.items():
            (folder / "estate" / name).write_text(text, encoding="utf-8")
        done = hoist("build", folder / "estate", "-o", folder / "dags")
        if done.returncode != 0:
            raise Refused(done.stderr)
        try:
            bag = Bag.of(folder / "dags")
        except AssertionError as broken:
            raise Unloadable(str(broken)) from None
        yield Bench(folder, bag, waits=_waits(files))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _waits(files: Mapping[str, str]) -> dict[str, set[str]] | None:
    """Of each path the names that it waits for of its order date; None: no estate of Control-M."""
    if "estate.xml" not in files:
        return None
    found: dict[str, set[str]] = {}

    def walk(node: ElementTree.Element, around: str) -> None:
        name = node.get("FOLDER_NAME") or node.get("JOBNAME") or ""
        path = f"{around}/{name}" if around else name
        inconds = node.findall('INCOND[@ODATE="ODAT"]')
        found[path] = {str(each.get("NAME")) for each in inconds}
        for kind in ("JOB", "SUB_FOLDER"):
            for inner in node.findall(kind):
                walk(inner, path)

    for top in ElementTree.fromstring(files["estate.xml"]):
        walk(top, "")
    return found
