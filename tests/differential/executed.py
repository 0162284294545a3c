"""Which rules, in which lowering forms, scenarios have really executed: gates, retries, sensors, timetables.

A seeded set of small estates, each about one kind of construct in one scope, is played on both sides
(`virtual_airflow.py`: the shims' own gates, retries, watchers and timetables). A scenario counts for a
construct only if both sides agree and the construct did something in it: its gate was asked, its job
was tried again, its watcher ended, its tick started a run. What was counted is kept in
`executed.json`; scripts/make_executed_page.py makes docs/executed.md from it, and a test plays it all
again.
"""

from __future__ import annotations

import collections
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import estates
from estates import Atom, Both, Estate, Job

KINDS = ("gate", "retry", "file watcher", "timetable")
SCOPES = ("inside the DAG", "across DAGs, latched", "across DAGs, look-back")
ESTATES = 96
SCENARIOS = 10
KEPT = Path(__file__).with_name("executed.json")

Row = tuple[str, str, str]  # rule, lowering form, scope


def estate(seed: int) -> Estate:
    """A producer that shows the kind, and a consumer that reads it in the scope, of this seed."""
    kind, scope = KINDS[seed % 4], SCOPES[seed // 4 % 3]
    choose = random.Random(f"executed/{seed}")
    top = Job("W0", "b")
    _times(top, choose, range(1, 6))
    producer = Job("W0_0", "c", "W0")
    made = Estate([top, producer])
    if kind == "retry":
        producer.attributes["n_retrys"] = str(choose.randint(1, 3))
    elif kind == "file watcher":
        producer.kind = "f"
        producer.attributes["term_run_time"] = str(choose.choice([90, 300]))
        if choose.random() < 0.5:
            producer.attributes["watch_interval"] = str(choose.choice([30, 60, 600]))
    elif kind == "timetable" and scope == SCOPES[0]:
        _times(producer, choose, range(6, 12))
    elif kind == "timetable":
        made = Estate([producer])
        producer.name, producer.box = "W0", None
        _times(producer, choose, range(1, 12), minutes=choose.random() < 0.3)
    name = producer.name
    if scope == SCOPES[0]:
        consumer = Job("W0_1", "c", "W0")
        consumer.conditions["condition"] = _condition(kind, scope, name, choose)
        made.jobs.append(consumer)
    else:
        reads_itself = choose.random() < 0.4
        other = Job("W1", "b")
        consumer = Job("W1_0", "c", "W1")
        reader = other if reads_itself else consumer
        reader.conditions["condition"] = _condition(kind, scope, name, choose)
        if not reads_itself or kind == "timetable" or choose.random() < 0.5:
            _times(other, choose, range(1, 20))
        made.jobs += [other, consumer]
    last = made.jobs[-1]
    made.jobs.append(
        Job(f"{last.box}_9", "c", last.box, {}, {"condition": Atom("d({})", last.name)})
    )
    return made


def _times(job: Job, choose: random.Random, hours: range, minutes: bool = False) -> None:
    job.attributes |= {"date_conditions": "1", "days_of_week": "all"}
    if minutes:
        job.attributes["start_mins"] = f'"{choose.randrange(60)}"'
    else:
        chosen = sorted(choose.sample(hours, choose.choice([1, 2, 3])))
        times = ", ".join(f"{hour:02d}:{choose.randrange(60):02d}" for hour in chosen)
        job.attributes["start_times"] = f'"{times}"'
    job.attributes["timezone"] = choose.choice(["UTC", "America/New_York"])


def _condition(kind: str, scope: str, name: str, choose: random.Random) -> estates.Condition:
    def atom() -> Atom:
        words = "sfd" if kind in ("file watcher", "timetable") else "sfdten"
        if kind == "gate" and scope == SCOPES[0]:
            words = "fdten"  # a plain success is an edge
        word = choose.choice(words)
        back = choose.choice([", 0", ", 0", ", 02.00", ", 12.00"]) if scope == SCOPES[2] else ""
        if word == "e":
            return Atom(
                f"e({{}}{back}) {choose.choice(['=', '!=', '>', '<='])} {choose.randint(0, 2)}",
                name,
            )
        if word == "n":
            return Atom("s({})" if back else "n({})", name)
        return Atom(f"{word}({{}}{back})", name)

    made: estates.Condition = atom()
    if choose.random() < 0.4:
        made = Both(choose.choice("&|"), made, atom())
    return made


def scenario(made: Estate, seed: int) -> dict[str, Any]:
    """As any other, but where there are retries a first attempt that fails, and files that come."""
    played = estates.scenario(made, seed)
    choose = random.Random(f"executed scenario/{seed}")
    for job in made.jobs:
        if "n_retrys" in job.attributes:
            first = {"duration": choose.randint(31, 3000), "exit_code": choose.choice([1, 2])}
            played["jobs"][job.name].insert(0, first)
        if job.kind == "f":
            second = choose.randrange(3600, 40 * 3600)
            at = estates.START + estates.timedelta(seconds=second)
            arrival = {
                "path": f"/in/{job.name}",
                "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "size": 10,
            }
            played["files"] = [arrival] if choose.random() < 0.8 else []
    return played


# --- what a world has executed ----------------------------------------------------------------------


def forms_of(manifest: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(job, attribute) → its lowering form, as the manifest tells it."""
    return {
        (thing["name"], construct.removeprefix("attribute ")): form
        for dag in manifest["dags"]
        for thing in dag["objects"]
        for construct, _span, form, _fidelity in thing["constructs"]
    }


def rows(made: Estate, world: Any) -> set[tuple[str, Row]]:
    """(kind, (rule, form, scope)) of all that one scenario has executed."""
    forms = forms_of(world.bag.manifest)
    found: set[tuple[str, Row]] = set()
    for job in made.jobs:
        scopes = set(_scopes_of_readers(made, job))
        if job.kind == "f" and world.told(job.name, "SUCCESS", "TERMINATED"):
            found |= {
                ("file watcher", ("JIL-061", forms[job.name, "watch_file"], s)) for s in scopes
            }
        if "n_retrys" in job.attributes and world.told(job.name, "RESTART"):
            found |= {("retry", ("JIL-054", forms[job.name, "n_retrys"], s)) for s in scopes}
        if "date_conditions" in job.attributes and world.told(job.name, "STARTING"):
            rule = "JIL-112" if job.box else "JIL-143"
            form = forms[job.name, "date_conditions"]
            found |= {("timetable", (rule, form, scope)) for scope in scopes}
        if "condition" not in job.conditions:
            continue
        form = forms[job.name, "condition"]
        if world.asked_of[job.name] if form == "gate" else world.told(job.name, "STARTING"):
            kind = "gate" if form == "gate" else "edge"
            for atom in estates.atoms(job.conditions["condition"]):
                assert atom.job is not None
                scope = _scope(made, job, atom)
                found.add((kind, (_rule(atom, scope), form, scope)))
                if not job.box:
                    rule = "JIL-144" if "date_conditions" in job.attributes else "JIL-005"
                    found.add((kind, (rule, form, scope)))
    return found


def _scopes_of_readers(made: Estate, job: Job) -> Iterator[str]:
    """The scopes in which conditions read a job, or a box that has it."""
    named = {job.name, *(each.name for each in made.members(job.name))}
    for reader in made.jobs:
        for condition in reader.conditions.values():
            for atom in estates.atoms(condition):
                if atom.job in named and atom.job != reader.name:
                    yield _scope(made, reader, atom)


def _scope(made: Estate, reader: Job, atom: Atom) -> str:
    assert atom.job is not None
    if _top(made, reader.name) == _top(made, atom.job):
        return SCOPES[0]
    return SCOPES[2] if "," in atom.text else SCOPES[1]


def _top(made: Estate, name: str) -> str:
    job = made.named(name)
    assert job is not None
    return name if job.box is None else _top(made, job.box)


def _rule(atom: Atom, scope: str) -> str:
    if ", 0)" in atom.text:
        return "JIL-071"
    if "," in atom.text:
        return "JIL-070"
    if atom.text[0] in "en":
        return {"e": "JIL-067", "n": "JIL-076"}[atom.text[0]]
    return "JIL-063" if scope == SCOPES[0] else "JIL-064"


# --- counting ---------------------------------------------------------------------------------------


def play(seeds: range) -> tuple[dict[str, Any], list[str]]:
    """Play the estates of these seeds; the counts of scenarios, and what differed."""
    import sides

    counts: collections.Counter[Row] = collections.Counter()
    cells: collections.Counter[tuple[str, str]] = collections.Counter()
    different = []
    for seed in seeds:
        made = estate(seed)
        scenarios = [scenario(made, seed * 100 + number) for number in range(SCENARIOS)]
        try:
            with sides.bench(made.text()) as bench:
                told = bench.judge(scenarios)
        except sides.Refused:  # a condition that can never come true
            continue
        for number, world in enumerate(bench.worlds):
            if told[number]:
                different.append(f"seed {seed}, scenario {number}: {told[number]}\n{made.text()}")
                continue
            found = rows(made, world)
            counts.update({row for _kind, row in found})
            cells.update({(kind, row[2]) for kind, row in found})
    kept = {
        "rows": [[*row, counts[row]] for row in sorted(counts)],
        "cells": [[kind, scope, cells[kind, scope]] for kind in KINDS for scope in SCOPES],
    }
    return kept, different


if __name__ == "__main__":
    import sides

    sides.prepare()
    counted, wrong = play(range(ESTATES))
    for each in wrong:
        print(each)
    KEPT.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(bool(wrong))
