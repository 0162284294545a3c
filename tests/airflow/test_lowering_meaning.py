"""Random small boxes: what the compiled DAG does is what AutoSys does, job by job and instant by instant.

Each estate is one box of a few members (nested boxes, every shape of condition, terminators, ice, early box ends). It
is compiled, and played twice in a row on one ledger under Airflow's trigger rules (`play_dag`) and in a tiny AutoSys
written from the rules (`legacy_model`), with the same durations, outcomes and outside events. Compared: which jobs
ran and when they started, how each box ended, and whether the DAG run is green.

HOIST_HUNT=SEED-SEED looks at other seeds, with as many outcomes each as HOIST_HUNT_RUNS says.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from compiled import compile_estate
from legacy_model import Atom, Condition, Job, Legacy, atoms_of, text_of

SEEDS = (*range(60), 71, 212, 333, 427, 483, 504, 523)  # the later ones have found something
RUNS = 4
DAY = 86400.0
OUT_OF_SCOPE = "out of scope"
EXTERNALS = ("EXT1", "EXT2")


@dataclass
class Estate:
    """One generated box, as definitions."""

    seed: int
    jobs: list[Job]

    @property
    def top(self) -> str:
        return self.jobs[0].name

    def jil(self) -> str:
        """Its text."""
        lines = []
        for job in self.jobs:
            lines.append(f"insert_job: {job.name}   job_type: {'b' if job.is_box else 'c'}")
            if job.box is None:
                lines += [
                    "date_conditions: 1",
                    "days_of_week: all",
                    'start_times: "06:00"',
                    "timezone: UTC",
                ]
            else:
                lines.append(f"box_name: {job.box}")
            if not job.is_box:
                lines += ["command: true", "machine: m1"]
            for key, test in (
                ("condition", job.condition),
                ("box_success", job.box_success),
                ("box_failure", job.box_failure),
            ):
                if test:
                    lines.append(f"{key}: {text_of(test)}")
            lines += ["box_terminator: 1"] if job.box_terminator else []
            lines += ["job_terminator: 1"] if job.job_terminator else []
            if job.status == "ON_ICE" or job.noexec:
                lines.append(f"status: {'ON_NOEXEC' if job.noexec else 'ON_ICE'}")
            lines.append("")
        return "\n".join(lines)


def estate_of(seed: int) -> Estate:
    """The estate of a seed."""
    rng = random.Random(seed)
    top = f"K{seed}"
    jobs = [Job(top, is_box=True)]
    names = [f"{top}_{letter}" for letter in "ABCDE"[: rng.randint(2, 5)]]
    boxes = [top]
    for depth in range(rng.choice([0, 0, 1, 1, 2])):
        inner = Job(f"{top}_BOX{depth}", rng.choice(boxes), is_box=True)
        jobs.append(inner)
        boxes.append(inner.name)
    jobs += [Job(name, rng.choice(boxes)) for name in names]
    inhabited = {job.box for job in jobs}
    while empty := [job for job in jobs if job.is_box and job.name not in inhabited]:
        jobs = [job for job in jobs if job not in empty]
        inhabited = {job.box for job in jobs}
    order = [job.name for job in jobs[1:]]
    rng.shuffle(order)
    by_name = {job.name: job for job in jobs}

    def around(name: str) -> set[str]:
        found, at = set(), by_name[name].box
        while at is not None:
            found.add(at)
            at = by_name[at].box
        return found

    for at, name in enumerate(order):
        job = by_name[name]
        # Mostly what comes before; now and then anything, which makes circles.
        pool = order[:at] if rng.random() < 0.9 else [other for other in order if other != name]
        pool = [o for o in pool if o not in around(name) and name not in around(o)]
        if pool and rng.random() < 0.8:
            job.condition = _condition(rng, pool, by_name, 0)
        if not job.is_box and rng.random() < 0.07:
            job.box_terminator = True
        if not job.is_box and rng.random() < 0.07:
            job.job_terminator = True
        if rng.random() < 0.04:
            job.status = "ON_ICE"
    for job in jobs:
        inside = [
            name for name in order if job.name in around(name) and by_name[name].status != "ON_ICE"
        ]
        if job.is_box and inside and rng.random() < 0.2:
            kind = rng.choice(["box_success", "box_failure"])
            setattr(job, kind, _condition(rng, inside, by_name, 1, plain=True))
    early = any(job.box_success or job.box_failure or job.box_terminator for job in jobs)
    for job in jobs:
        if not early and not job.is_box and job.status != "ON_ICE" and rng.random() < 0.05:
            job.noexec = True
    return Estate(seed, jobs)


def _condition(
    rng: random.Random, pool: list[str], by_name: dict[str, Job], depth: int, plain: bool = False
) -> Condition:
    parts: Condition = []
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        if parts:
            parts.append(rng.choice("&|"))
        kind = rng.random()
        hours = rng.choice([None] * 8 + [0, 1])
        if depth < 2 and kind < 0.15:
            parts.append(_condition(rng, pool, by_name, depth + 1, plain))
        elif kind < 0.25 and not plain:
            parts.append(Atom(rng.choice("ssfdn"), rng.choice(EXTERNALS), None))
        elif kind < 0.33 and not plain:
            parts.append(Atom("v", "GO", value="Y"))
        else:
            name = rng.choice(pool)
            fn = rng.choice("sssssfffddte")
            if fn == "e" and by_name[name].is_box:
                fn = "s"
            parts.append(
                Atom(
                    fn, name, hours if fn in "sfd" and not plain else None, "3" if fn == "e" else ""
                )
            )
    return parts


@dataclass(frozen=True)
class Night:
    """What happens in one run: how jobs end, and what happens outside."""

    ends: dict[str, tuple[float, str, int | None]]
    outside: list[tuple[float, str, str]]


def night_of(estate: Estate, rng: random.Random) -> Night:
    """Outcomes, durations of a minute to two hours, and outside events at odd seconds."""
    ends: dict[str, tuple[float, str, int | None]] = {}
    for job in estate.jobs:
        status, code = rng.choice(
            [("SUCCESS", 0)] * 4
            + [("FAILURE", 1), ("FAILURE", 3), ("FAILURE", 3), ("TERMINATED", None)]
        )
        ends[job.name] = (rng.randint(60, 7200) + rng.random(), status, code)
    outside = []
    for name in (*EXTERNALS, "GO"):
        for _ in range(rng.randint(0, 2)):
            what = (
                rng.choice("YN") if name == "GO" else rng.choice(["SUCCESS", "FAILURE", "RUNNING"])
            )
            outside.append((rng.randint(1, 9000) + rng.random(), name, what))
    return Night(ends, outside)


def in_legacy(model: Legacy, estate: Estate, night: Night) -> dict[str, Any]:
    """What the model makes of a night."""

    def event(name: str, what: str) -> Any:
        def act(legacy: Legacy) -> None:
            if name == "GO":
                legacy.variables["GO"] = what
            elif what == "RUNNING":
                legacy.jobs[name].status = what
            else:
                legacy.jobs[name].status, legacy.jobs[name].ended_at = what, legacy.now

        return act

    begin = model.now
    model.run(
        dict(night.ends), [(begin + at, event(name, what)) for at, name, what in night.outside]
    )
    return {
        "ran": {
            j.name: round(j.started_at, 3)
            for j in model.jobs.values()
            if j.started_at is not None and not j.is_box
        },
        "boxes": {j.name: j.status for j in model.jobs.values() if j.is_box},
    }


def in_airflow(player: Any, dags: Any, estate: Estate, night: Night) -> dict[str, Any]:
    """What the DAG makes of it."""

    def event(name: str, what: str) -> Any:
        if name == "GO":
            return lambda player: player.ledger.set_global("GO", what)
        return lambda player: player.ledger.record(name, what)

    begin = player.now
    outside = [(begin + at, event(name, what)) for at, name, what in night.outside]
    finished, started = player.play(*dags, dict(night.ends), outside)
    rows = {job.name: player.ledger.status(job.name) for job in estate.jobs if job.is_box}
    return {
        "ran": {name: round(at, 3) for name, at in started.items()},
        "boxes": {
            name: row.status if row is not None else "INACTIVE" for name, row in rows.items()
        },
        "run": finished.state,
        "tasks": finished.tasks,
    }


def difference(
    estate: Estate, model: Legacy, legacy: dict[str, Any], airflow: dict[str, Any]
) -> str | None:
    """What is not equal.

    A box that would hang for ever ends in Airflow (the assumption `stuck-box-ends`): at the end of the run the model's
    are closed the same way. An inner one ends when its last task does, so nights in which a condition reads it
    are out of scope.
    """
    hangs = {j.name for j in model.jobs.values() if j.is_box and j.box and j.status == "RUNNING"}
    tests = [test for j in estate.jobs for test in (j.condition, j.box_success, j.box_failure)]
    if any(atom.name in hangs for test in tests for atom in atoms_of(test)):
        return OUT_OF_SCOPE
    # A box that started and of which nothing ever ran leaves no trace in a DAG run: INACTIVE, where the others end.
    idle = hangs - {box for name in legacy["ran"] for box in model.around(name)}
    stuck = model.jobs[estate.top].status == "RUNNING"
    if airflow["run"] != "running":
        model.close(estate.top)
        legacy["boxes"] = {j.name: j.status for j in model.jobs.values() if j.is_box}
        green = model.jobs[estate.top].status == "SUCCESS"
        if green != (airflow["run"] == "success"):
            return f"verdict (stuck: {stuck})"
    elif model.jobs[estate.top].status != "RUNNING" and not any(
        j.status == "RUNNING" for j in model.jobs.values()
    ):
        return "the DAG run has not ended"
    if legacy["ran"] != airflow["ran"]:
        return "jobs"
    absent = {j.name for j in estate.jobs if j.status == "ON_ICE"}
    here = [
        n
        for n in legacy["boxes"]
        if n not in absent | idle and (airflow["run"] != "running" or n not in hangs)
    ]
    # A box that can start no more is settled at once, where the legacy one stays ACTIVATED with the box around it.
    same = {"ACTIVATED": "INACTIVE"}
    if any(
        same.get(s := legacy["boxes"][n], s) != same.get(a := airflow["boxes"][n], a) for n in here
    ):
        return "boxes"
    return None


def compare(estate: Estate, dags: Any, seed: int) -> str | None:
    """Two nights in a row in both worlds; the story of the first difference."""
    from play_dag import Player

    rng = random.Random(seed)
    player = Player.fresh()
    model = Legacy([replace(job) for job in estate.jobs] + [Job(name) for name in EXTERNALS])
    for number in range(2):
        night = night_of(estate, rng)
        model.now = player.now = number * DAY
        legacy = in_legacy(model, estate, night)
        airflow = in_airflow(player, dags, estate, night)
        what = difference(estate, model, legacy, airflow)
        if what == OUT_OF_SCOPE:
            return None
        if what is not None:
            ends = {
                name: f"{end[1]} {end[2]} after {end[0]:.1f}" for name, end in night.ends.items()
            }
            return (
                f"seed {estate.seed}, outcomes {seed}, night {number}: {what}\n{estate.jil()}\n{ends}\n"
                f"{night.outside}\nlegacy  {legacy}\nairflow {airflow}"
            )
        if airflow["run"] == "running":
            return None  # a box that waits for the outside: there is no second night
    return None


def _range() -> Sequence[int]:
    if hunt := os.environ.get("HOIST_HUNT"):
        first, last = hunt.split("-")
        return range(int(first), int(last))
    return SEEDS


def test_random_boxes_mean_the_same(airflow_runs: Any, tmp_path: Path) -> None:
    """JIL-003, 063, 074, 092, 110-119 against the compiled DAGs."""
    estates = [estate_of(seed) for seed in _range()]
    source = tmp_path / "boxes.jil"
    head = "insert_machine: m1   type: a\n\n" + "".join(
        f"insert_job: {name}   job_type: c\ncommand: true\nmachine: m1\n\n" for name in EXTERNALS
    )
    source.write_text(head + "\n".join(estate.jil() for estate in estates))
    compiled = compile_estate(source, out=tmp_path / "dags")
    loaded = airflow_runs.load(compiled.folder)
    assert not loaded.import_errors, loaded.import_errors
    runs = int(os.environ.get("HOIST_HUNT_RUNS", RUNS))
    stories = []
    for estate in estates:
        if estate.top not in loaded.dags:
            stories.append(
                f"seed {estate.seed} was not compiled\n{estate.jil()}\n{compiled.findings[-2000:]}"
            )
            continue
        dags = (loaded[estate.top], airflow_runs.round_trip(loaded[estate.top]))
        stories += [s for seed in range(runs) if (s := compare(estate, dags, seed)) is not None][:1]
    if stories:
        pytest.fail(f"{len(stories)} boxes differ\n\n" + "\n\n".join(stories[:12]), pytrace=False)
