"""Estates with a known meaning, and scenarios to play on them: everything follows from a seed.

`estate(seed)` makes a small AutoSys estate as data (`Estate`), which prints itself as JIL and which
the shrinker takes apart; `crontab(seed)` a crontab; `scenario(estate, seed)` one to play on it, in
the format of `hoist simulate`. An estate stays inside what hoist promises to translate exactly, so
that every difference is a fault on one side; `LIMITS` says what is left out, and why.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

LIMITS = {
    "FORCE_STARTJOB of members": "TR-18: operation, not equivalence; hoistctl refuses it",
    "JOB_ON_ICE at run time": "README, Not there yet: successors wait for the iced job's own",
    "KILLJOB of boxes": "an operator's; the ledger knows it, the DAG run's colour does not",
    "look-backs that end while a job waits": "polled by gates; nothing in AutoSys looks then",
}

START = datetime(2026, 3, 2, tzinfo=timezone.utc)  # a Monday
GLOBALS = ("GO", "MODE")


@dataclass(frozen=True)
class Atom:
    """`text` with the job's name left out: `s({})`, `e({}) > 2`, `s({}, 02.00)`; or `v(GO) = Y`."""

    text: str
    job: str | None = None

    def __str__(self) -> str:
        return self.text if self.job is None else self.text.format(self.job)


@dataclass(frozen=True)
class Both:
    """Two conditions joined; `flat`: the left one stands without parentheses (JIL-062)."""

    operator: str
    left: Atom | Both
    right: Atom | Both
    flat: bool = True

    def __str__(self) -> str:
        left = str(self.left)
        if isinstance(self.left, Both) and not self.flat:
            left = f"({left})"
        right = f"({self.right})" if isinstance(self.right, Both) else str(self.right)
        return f"{left} {self.operator} {right}"


Condition = Atom | Both


def atoms(condition: Condition | None) -> Iterator[Atom]:
    """All atoms of a condition."""
    if isinstance(condition, Atom):
        yield condition
    elif condition is not None:
        yield from atoms(condition.left)
        yield from atoms(condition.right)


@dataclass
class Job:
    """A job or box: its attributes as JIL writes them, conditions apart."""

    name: str
    kind: str  # "b", "c", "f"
    box: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)  # condition, box_success, …

    def jil(self) -> str:
        """The statement."""
        lines = [f"insert_job: {self.name}   job_type: {self.kind}"]
        if self.box is not None:
            lines.append(f"box_name: {self.box}")
        if self.kind == "c":
            lines += [f"command: echo {self.name}", "machine: m1"]
        if self.kind == "f":
            lines += [f"watch_file: /in/{self.name}", "machine: m1"]
        lines += [f"{key}: {value}" for key, value in self.attributes.items()]
        lines += [f"{key}: {value}" for key, value in self.conditions.items()]
        return "\n".join(lines) + "\n"


@dataclass
class Estate:
    """Jobs in the order of their definition, boxes before their members."""

    jobs: list[Job] = field(default_factory=list)
    resources: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """The whole file."""
        parts = ["insert_machine: m1   type: a\n"]
        parts += [
            f"insert_resource: {name}   res_type: R   amount: {amount}\n"
            for name, amount in self.resources.items()
        ]
        used = {
            atom.text[2 : atom.text.index(")")]
            for job in self.jobs
            for each in job.conditions.values()
            for atom in atoms(each)
            if atom.job is None
        }
        parts += [f"insert_global: {name}\nvalue: N\n" for name in GLOBALS if name in used]
        parts += ["calendar: HOL\n03/03/2026\n"] * any(
            job.attributes.get("exclude_calendar") == "HOL" for job in self.jobs
        )
        return "\n".join(parts + [job.jil() for job in self.jobs])

    def named(self, name: str) -> Job | None:
        """The job of this name."""
        return next((job for job in self.jobs if job.name == name), None)

    def tops(self) -> list[Job]:
        """The top-level boxes and stand-alone jobs: the workflows."""
        return [job for job in self.jobs if job.box is None]

    def members(self, box: str) -> list[Job]:
        """Everything inside a box, at any depth."""
        found = [job for job in self.jobs if job.box == box]
        return found + [inner for job in found for inner in self.members(job.name)]


@dataclass(frozen=True)
class Features:
    """What an estate may hold: shares between 0 and 1 of the chances that it has."""

    workflows: int = 3
    jobs: int = 8
    unstable: float = 0.3  # atoms whose truth may change back: other workflows, v, n, look-back
    special: float = 0.25  # ice, noexec, hold, terminators, own completion, windows, retries …


class _Maker:
    def __init__(self, seed: int, features: Features) -> None:
        self.random = random.Random(f"estate/{seed}")
        self.features = features
        self.estate = Estate()
        self.outside: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def make(self) -> Estate:
        choose = self.random
        count = choose.randint(1, self.features.workflows)
        left = choose.randint(max(1, count), max(count, self.features.jobs))
        for number in range(count):
            size = left if number == count - 1 else choose.randint(1, max(1, left - count + 1))
            left = max(1, left - size)
            self.workflow(f"W{number}", size)
        if self.chance(0.4 * self.features.special):
            self.resource()
        return self.estate

    def workflow(self, name: str, size: int) -> None:
        top = Job(name, "b" if size > 1 or self.chance(0.2) else "c")
        self.estate.jobs.append(top)
        timed = self.chance(0.8) or not self.outside
        if timed:
            self.times(top)
        if self.outside and (not timed or self.chance(0.25)):
            top.conditions["condition"] = self.condition(self.outside, 0)
        if top.kind == "b":
            self.fill(top, size, [], 1)
            self.completion(top)
        else:
            self.command(top)
        self.outside += [name, *(job.name for job in self.estate.members(name))]

    def times(self, job: Job) -> None:
        hours = sorted(self.random.sample(range(1, 20), 1 if self.chance(0.7) else 2))
        minute = self.random.randrange(60)
        job.attributes |= {
            "date_conditions": "1",
            "days_of_week": self.random.choice(["all", "mo,tu,we,th,fr", "mo", "tu"]),
            "start_times": '"' + ", ".join(f"{h:02d}:{minute:02d}" for h in hours) + '"',
            "timezone": "UTC",
        }
        if self.chance(0.02):  # no days, no ticks (JIL-142)
            del job.attributes["days_of_week"]
        elif self.chance(0.05):
            job.attributes["exclude_calendar"] = "HOL"
        if self.chance(0.1 * self.features.special):
            begin = self.random.randrange(24)
            job.attributes["run_window"] = f'"{begin:02d}:00-{(begin + 6) % 24:02d}:00"'

    def fill(self, box: Job, size: int, around: list[str], depth: int) -> None:
        """Put `size` members into a box; `around`: names of earlier siblings of boxes around."""
        inside: list[str] = []
        while size > 0:
            nested = depth < 3 and size >= 2 and self.chance(0.2)
            job = Job(f"{box.name}_{len(inside)}", "b" if nested else "c", box.name)
            if not nested and self.chance(0.04):
                job.kind = "f"
                job.attributes["term_run_time"] = "90"  # LIMITS: it ends before the next tick
            self.estate.jobs.append(job)
            names = inside + (around if self.chance(0.2) else [])
            if names and self.chance(0.75):
                job.conditions["condition"] = self.condition(names, self.features.unstable)
            if nested:
                here = self.random.randint(1, size - 1)
                size -= here
                self.fill(job, here, [*around, *inside], depth + 1)
                self.completion(job)
                inside += [job.name, *(each.name for each in self.estate.members(job.name))]
            else:
                self.command(job)
                inside.append(job.name)
            self.member(job, depth)
            size -= 1

    def member(self, job: Job, depth: int) -> None:
        special = self.features.special
        choose = self.random.random()
        if job.kind != "b" and choose < 0.3 * special:
            status = self.random.choice(["on_ice", "on_noexec", "on_hold"])
            job.attributes["status"] = status
        elif choose < 0.36 * special and job.kind != "b":
            job.attributes["auto_hold"] = "1"
        if self.chance(0.2 * special):
            job.attributes["box_terminator"] = "1"
        if self.chance(0.2 * special) and job.kind != "b":
            job.attributes["job_terminator"] = "1"
        if self.chance(0.1 * special) and job.kind == "c" and "status" not in job.attributes:
            self.times(job)
            job.attributes.pop("exclude_calendar", None)

    def command(self, job: Job) -> None:
        if job.kind != "c":
            return
        if self.chance(0.25):
            key, value = self.random.choice(
                [
                    ("max_exit_success", "1"),
                    ("success_codes", "0,3"),
                    ("success_codes", "1,2"),
                    ("fail_codes", "2"),
                    ("fail_codes", "1,99"),
                ]
            )
            job.attributes[key] = value
        if self.chance(0.3 * self.features.special):
            job.attributes["n_retrys"] = str(self.random.randint(1, 2))
        if self.chance(0.2 * self.features.special):
            job.attributes["term_run_time"] = str(self.random.choice([5, 20, 45]))

    def completion(self, box: Job) -> None:
        inside = [job.name for job in self.estate.members(box.name)]
        if self.chance(0.4 * self.features.special):
            box.conditions["box_success"] = self.condition(inside, 0, words="ssd")
        if self.chance(0.25 * self.features.special):
            box.conditions["box_failure"] = self.condition(inside, 0, words="fftd")

    def resource(self) -> None:
        self.estate.resources["RES"] = self.random.randint(1, 2)
        for job in self.estate.jobs:
            if job.kind == "c" and job.box is not None and self.chance(0.4):
                free = self.random.choice(["", ", FREE=A"])
                job.attributes["resources"] = f"(RES, QUANTITY=1{free})"

    def condition(self, names: list[str], unstable: float, words: str = "") -> Condition:
        """One to four atoms in any nest; of stable words on `names`, and unstable ones."""
        count = self.random.choices([1, 2, 3, 4], [55, 28, 11, 6])[0]
        made: Condition = self.atom(names, unstable, words)
        for _ in range(count - 1):
            operator = self.random.choice("&&|")
            other: Condition = self.atom(names, unstable, words)
            if self.chance(0.2):
                inner = self.random.choice("&|")
                other = Both(inner, other, self.atom(names, unstable, words))
            flat = self.chance(0.6)
            made = Both(operator, made, other, flat)
        return made

    def atom(self, names: list[str], unstable: float, words: str) -> Atom:
        choose = self.random
        job = names[-1] if self.chance(0.4) else choose.choice(names)
        if self.chance(unstable):
            return self.unstable(job)
        word = choose.choice(words or "sssssssffftdde")
        kind = next((each.kind for each in self.estate.jobs if each.name == job), "c")
        if word == "e":
            if kind != "c":
                return Atom("s({})", job)
            operator = choose.choice(["=", "!=", "<", ">", "<=", ">="])
            return Atom(f"e({{}}) {operator} {choose.choice([0, 1, 2, 3])}", job)
        return Atom(f"{word}({{}})", job)

    def unstable(self, job: str) -> Atom:
        choose = self.random
        kind = choose.random()
        if kind < 0.25:
            name = choose.choice(GLOBALS)
            return Atom(f'v({name}) {choose.choice(["=", "!="])} "{choose.choice("YN")}"')
        if kind < 0.4:
            return Atom("n({})", job)
        if self.outside and kind < 0.9:
            other = choose.choice(self.outside)
            window = choose.choice(["", "", "", ", 0", ", 12.00", ", 48.00"])
            return Atom(f"{choose.choice('sssfdt')}({{}}{window})", other)
        return Atom(f"{choose.choice('ssfd')}({{}}, 0)", job)


def estate(seed: int, features: Features | None = None) -> Estate:
    """The estate of this seed."""
    return _Maker(seed, features or Features()).make()


@dataclass
class Crontab:
    """Entries of a crontab."""

    lines: list[str]

    def text(self) -> str:
        """The whole file."""
        return "".join(f"{line}\n" for line in self.lines)


def crontab(seed: int) -> Crontab:
    """One to four entries, with fields of every shape."""
    choose = random.Random(f"crontab/{seed}")
    lines = []
    for number in range(choose.randint(1, 4)):
        minute = choose.choice(["0", "30", "*/20", "5,35", "*"])
        hour = choose.choice(["*", "2", "1-3", "*/6", "22"]) if minute != "*" else "2"
        day = choose.choice(["*", "*", "1,15", "*/2", "2"])
        weekday = choose.choice(["*", "*", "1-5", "1", "mon"])
        lines.append(f"{minute} {hour} {day} * {weekday} echo job{number}")
    return Crontab(lines)


def crontab_scenario(seed: int) -> dict[str, Any]:
    """Two days with or without a change of the clocks in New York; runs overlap or not."""
    choose = random.Random(f"crontab scenario/{seed}")
    start = choose.choice([START, datetime(2026, 3, 7, tzinfo=timezone.utc)])
    start = choose.choice([start, datetime(2026, 10, 31, tzinfo=timezone.utc)])
    end = start + timedelta(days=2)
    plan = {"duration": choose.randint(1, 7200), "exit_code": choose.choice([0, 0, 1])}
    return _blank(start, end) | {"default": plan}


def scenario(made: Estate, seed: int, days: int = 2) -> dict[str, Any]:
    """A scenario for an estate: how runs go, what operators and others do. Durations are all
    different, so that no two ends fall together and no order is left to chance."""
    choose = random.Random(f"scenario/{seed}")
    end = START + timedelta(days=days)
    durations = choose.sample(range(31, 7200), 3 * len(made.jobs) + 1)
    failing = choose.choice([0.1, 0.3, 0.6])

    def plan() -> dict[str, Any]:
        one: dict[str, Any] = {"duration": durations.pop()}
        if choose.random() < failing:
            if choose.random() < 0.25:
                one["terminated"] = True
            else:
                one["exit_code"] = choose.choice([1, 1, 2, 3, 99])
        return one

    jobs = {
        job.name: [plan() for _ in range(choose.randint(1, 3))]
        for job in made.jobs
        if job.kind == "c"
    }
    events: list[dict[str, Any]] = []

    def moment() -> str:
        return _text(START + timedelta(seconds=choose.randrange(60, days * 86400 - 60)))

    text = made.text()
    for name in GLOBALS:
        if f"v({name})" in text:
            events += [
                {"at": moment(), "event": "SET_GLOBAL", "name": name, "value": choose.choice("YN")}
                for _ in range(choose.randint(0, 3))
            ]
    for job in made.jobs:
        held = job.attributes.get("status") == "on_hold" or "auto_hold" in job.attributes
        if held and choose.random() < 0.8 and (at := _running(made, job)) is not None:
            late = _text(at + timedelta(seconds=choose.randrange(60, 7200)))
            events.append({"at": late, "event": "JOB_OFF_HOLD", "job": job.name})
    if choose.random() < 0.1 and jobs:
        name = choose.choice([job.name for job in made.jobs if job.kind != "b"])
        events.append({"at": moment(), "event": "KILLJOB", "job": name})
    files = [
        {"path": f"/in/{job.name}", "at": moment(), "size": 10}
        for job in made.jobs
        if job.kind == "f" and choose.random() < 0.8
    ]
    return _blank(START, end) | {
        "statuses": _earlier_runs(made),
        "jobs": jobs,
        "files": files,
        "events": sorted(events, key=lambda event: str(event["at"])),
    }


def _running(made: Estate, job: Job) -> datetime | None:
    """When the boxes around a job start at first, if that is certain."""
    while job.box is not None:
        box = made.named(job.box)
        assert box is not None
        if "condition" in box.conditions:
            return None
        job = box
    days, times = job.attributes.get("days_of_week", ""), job.attributes.get("start_times", "")
    if not times or "condition" in job.conditions or "exclude_calendar" in job.attributes:
        return None
    day = START if days == "all" or "mo" in days else START + timedelta(days=1)
    return day + timedelta(hours=int(times[1:3]), minutes=int(times[4:6]))


def _earlier_runs(made: Estate) -> dict[str, Any]:
    """Members with times of their own have run a minute ago: no tick of theirs is pending yet.

    For a job that never ran the ledger cannot know since when it is defined (docs/runtime.md).
    """
    at = {
        "last_start": _text(START - timedelta(seconds=120)),
        "last_end": _text(START - timedelta(seconds=60)),
    }
    return {
        job.name: {"status": "SUCCESS", "at": at["last_end"], "exit_code": 0, **at}
        for job in made.jobs
        if job.box is not None
        and "date_conditions" in job.attributes
        and "status" not in job.attributes
    }


def _blank(start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "format": 1,
        "start": _text(start),
        "end": _text(end),
        "default": {"duration": 60, "exit_code": 0},
        "jobs": {},
        "globals": {},
        "statuses": {},
        "files": [],
        "events": [],
    }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
