"""The score of `hoist verify`: damaged DAGs that it catches, and equal ones that it does not accuse.

Correct DAGs are those that hoist makes of the estates below; one change of one DAG (mutations.py,
rewrites.py) is a mutant. Many mutants are judged by one `hoist verify`: each DAG of an export carries
at most one change, and only the verdict of its own workflow counts. Exit 1: a mutant that Airflow
distinguishes was not called different, or an equal DAG was accused.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mutations import MUTATIONS
from playing import Judge
from rewrites import REWRITES
from sites import Dag, Operator, Site, changed

ROOT = Path(__file__).resolve().parents[2]
_START = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = 400
_GOOD = ("equivalent", "equivalent-if")


@dataclass
class Estate:
    """Definitions, and the export of what hoist makes of them."""

    name: str
    paths: list[Path]
    options: list[str] = field(default_factory=list)
    folder: Path = Path()
    export: dict[str, Any] = field(default_factory=dict)
    correct: dict[str, Dag] = field(default_factory=dict)  # by workflow

    def hoist(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run the tool on the estate."""
        binary = os.environ.get("HOIST_BIN") or ROOT / "build/release/hoist"
        return subprocess.run(
            [binary, command, *self.paths, *self.options, *more],
            capture_output=True, encoding="utf-8", errors="surrogateescape", check=False,
        )  # fmt: skip

    def verify(self, document: dict[str, Any], scratch: Path) -> dict[str, Any]:
        """The judged workflows by name."""
        serialized = scratch / "serialized.json"
        serialized.write_text(json.dumps(document, separators=(",", ":")))
        manifest = str(self.folder / "hoist.manifest.json")
        done = self.hoist(
            "verify", "--serialized", str(serialized), "--manifest", manifest, "--format", "json"
        )
        if done.returncode not in (0, 1, 3, 4):
            raise SystemExit(f"hoist verify ended with {done.returncode}: {done.stderr[-2000:]}")
        return {one["workflow"]: one for one in json.loads(done.stdout)["workflows"]}


def estates(which: Sequence[str] | None = None) -> list[Estate]:
    """All, or those whose name contains one of `which`."""
    bank = ROOT / "corpus" / "bank_night"
    place = ["-D", "HOIST_DEMO_DIR=/var/tmp/night"]
    found = [
        Estate("coverage", [ROOT / "corpus" / "coverage"]),
        Estate("bank_night", [bank], ["--properties", str(bank / "env.properties"), *place]),
    ]
    for one in sorted((ROOT / "tests" / "mutants" / "estates").glob("*.jil")):
        found.append(Estate(f"estates/{one.stem}", [one]))
    # Each file of these is an estate of its own.
    for one in sorted((ROOT / "tests" / "conformance").glob("*.jil")):
        found.append(Estate(f"conformance/{one.stem}", [one], ["-D", "RUN=/var/tmp/run"]))
    for one in sorted((ROOT / "tests" / "traps").glob("*/definition.*")):
        found.append(Estate(f"traps/{one.parent.name}", [one]))
    return [one for one in found if which is None or any(part in one.name for part in which)]


def export_all(given: list[Estate], work: Path) -> None:
    """Compile and export, by one Airflow process: this one. Judges the unchanged DAGs."""
    os.environ.setdefault("AIRFLOW_HOME", str(work / "airflow"))
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    export = None
    for estate in given:
        estate.folder = work / estate.name.replace("/", "-")
        kept = estate.folder / "serialized.json"
        done = estate.hoist("build", "-o", str(estate.folder))
        if done.returncode not in (0, 1, 5):
            raise SystemExit(f"{estate.name}: {done.stderr[-2000:]}")
        stamp = _stamp(estate.folder)
        if not kept.exists() or json.loads(kept.read_text())["stamp"] != stamp:
            if export is None:
                from hoist_airflow import export
            document = export.export_dags(estate.folder, _START, _DAYS)
            kept.write_text(json.dumps({"stamp": stamp, "document": document}))
        estate.export = json.loads(kept.read_text())["document"]
        by_dag = {dag["dag_id"]: dag for dag in estate.export["dags"]}
        for name, one in estate.verify(estate.export, work).items():
            if one["verdict"] in _GOOD:
                estate.correct[name] = by_dag[one["dag_id"]]


def _stamp(folder: Path) -> str:
    import hashlib

    made = hashlib.sha256()
    for one in sorted([*folder.glob("*.py"), *folder.glob("calendars.json")]):
        made.update(one.name.encode() + one.read_bytes())
    return made.hexdigest()


@dataclass
class Mutant:
    """One change of one DAG, and what was said of it."""

    estate: Estate
    workflow: str
    operator: Operator
    site: Site
    seed: int | None = None  # of the run that tells them apart
    verdict: str = ""
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        where = f"{self.estate.name}: {self.workflow}: {self.operator.name}: {self.site.where}"
        return f"{where}: {self.verdict} {'; '.join(self.said)}"


def chosen(
    given: list[Estate], operators: list[Operator], seed: int, count: int, judge: bool
) -> list[Mutant]:
    """About `count`, the same number of each operator as far as there are places for them.

    `judge`: those that no reason and no play tells from the original are left out.
    """
    places: dict[str, list[Mutant]] = {}
    for operator in operators:
        found = [
            Mutant(estate, workflow, operator, site)
            for estate in given
            for workflow, dag in estate.correct.items()
            for site in operator.sites(dag, estate.export["tick_sets"])
        ]
        random.Random(f"{seed} {operator.name}").shuffle(found)
        places[operator.name] = found
    wanted, taken = _shares({name: len(found) for name, found in places.items()}, count), []
    judges: dict[int, Judge] = {}
    for name, found in places.items():
        kept = 0
        for one in found:
            if kept == wanted[name]:
                break
            if judge and not one.operator.why:
                dag = one.estate.correct[one.workflow]
                after = changed(dag, one.site, {})
                known = judges.setdefault(id(dag), Judge(dag, seed))
                one.seed = known.distinguishes(after)
                if one.seed is None:
                    continue
            kept += 1
            taken.append(one)
    return taken


def _shares(there: dict[str, int], count: int) -> dict[str, int]:
    """As equal as possible."""
    wanted = dict.fromkeys(there, 0)
    while sum(wanted.values()) < min(count, sum(there.values())):
        open_ = [name for name in there if wanted[name] < there[name]]
        for name in open_:
            each = max(1, (count - sum(wanted.values())) // len(open_))
            wanted[name] = min(there[name], wanted[name] + each)
    return wanted


def judge(mutants: list[Mutant], scratch: Path) -> None:
    """Sets the verdict of each."""
    queues: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for one in mutants:
        queues[one.estate.name, one.workflow].append(one)
    by_estate: dict[str, Estate] = {one.estate.name: one.estate for one in mutants}
    for name, estate in by_estate.items():
        lines = [queue for (owner, _workflow), queue in queues.items() if owner == name]
        for turn in range(max(map(len, lines))):
            _judge_one_each(estate, [queue[turn] for queue in lines if turn < len(queue)], scratch)


def _judge_one_each(estate: Estate, mutants: list[Mutant], scratch: Path) -> None:
    tick_sets = dict(estate.export["tick_sets"])
    made = {}
    for one in mutants:
        dag = estate.correct[one.workflow]
        made[dag["dag_id"]] = changed(dag, one.site, tick_sets)
    dags = [made.get(dag["dag_id"], dag) for dag in estate.export["dags"]]
    judged = estate.verify({**estate.export, "tick_sets": tick_sets, "dags": dags}, scratch)
    for one in mutants:
        answer = judged[one.workflow]
        one.verdict = answer["verdict"]
        differences = [
            f"{each['aspect']} {each['job']}: {each['consequence']}"
            for each in answer["differences"]
        ]
        one.said = differences or [each["reason"] for each in answer["unknowns"]]


def print_table(title: str, mutants: list[Mutant]) -> None:
    """A row per operator: how many, and what was said."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in mutants:
        rows[one.operator.name]["equal" if one.verdict in _GOOD else one.verdict] += 1
    print(f"{title:<46} {'all':>6} {'different':>9} {'unknown':>8} {'equal':>6}")
    for name, row in rows.items():
        print(
            f"{name:<46} {row.total():6} {row['different']:9} {row['unknown']:8} {row['equal']:6}"
        )
    whole = sum(rows.values(), Counter())
    print(
        f"{'together':<46} {whole.total():6} {whole['different']:9} {whole['unknown']:8} {whole['equal']:6}\n"
    )


def keep(mutants: list[Mutant], folder: Path) -> None:
    """Each mutant alone, for whoever mends the checker: the definitions' paths and the export."""
    folder.mkdir(parents=True, exist_ok=True)
    for at, one in enumerate(mutants):
        tick_sets = dict(one.estate.export["tick_sets"])
        dag = changed(one.estate.correct[one.workflow], one.site, tick_sets)
        used = json.dumps(dag)
        alone = {name: ticked for name, ticked in tick_sets.items() if f'"{name}"' in used}
        document = {**one.estate.export, "dags": [dag], "tick_sets": alone}
        (folder / f"{at:03}.json").write_text(json.dumps(document, indent=1))
        paths = " ".join(str(path) for path in [*one.estate.paths, *one.estate.options])
        (folder / f"{at:03}.txt").write_text(f"{one}\nseed of the run: {one.seed}\n{paths}\n")


def main() -> int:
    """See the head of this file."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--count", type=int, default=2000, help="mutants, and as many rewrites (default: 2000)"
    )
    parser.add_argument(
        "--estates", nargs="*", help="only estates whose name contains one of these"
    )
    parser.add_argument("--keep", type=Path, help="write the misses and the accused there")
    parser.add_argument(
        "--emitter", nargs="*", metavar="RULE",
        help="break rules of the emitter instead (emitter.py): all, or those whose name contains one of these",
    )  # fmt: skip
    given = parser.parse_args()
    if given.emitter is not None:
        import emitter

        return 1 if emitter.run(ROOT / "build" / "emitter", given.emitter) else 0
    work = ROOT / "build" / "mutants"
    work.mkdir(parents=True, exist_ok=True)
    found = estates(given.estates)
    export_all(found, work)
    with tempfile.TemporaryDirectory() as name:
        damaged = chosen(found, MUTATIONS, given.seed, given.count, judge=True)
        equal = chosen(found, REWRITES, given.seed, given.count, judge=False)
        judge(damaged, Path(name))
        judge(equal, Path(name))
    print_table("damaged", damaged)
    print_table("rewritten", equal)
    missed = [one for one in damaged if one.verdict != "different"]
    accused = [one for one in equal if one.verdict == "different"]
    for title, wrong in (("missed", missed), ("accused", accused)):
        for one in wrong:
            print(f"{title}: {one}")
        if given.keep:
            keep(wrong, given.keep / title)
    return 1 if missed or accused else 0


if __name__ == "__main__":
    sys.exit(main())
