"""Does Airflow do something else with the damaged DAG? Plays both on the same random outcomes.

This is the judge of which mutants count. It shares nothing with `hoist verify`: trigger rules are those of
AF-010 (AF-011: a rule fires as soon as it can), gates are the contract of docs/runtime.md on the statuses
of the run and on random statuses of everything outside it. One run of one DAG at a time; whatever needs
more than that (holds, own ticks, windows, retries, resources) is compared as text, not played.
"""

from __future__ import annotations

import operator
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from when import Atom, When, atoms, parse

SUCCESS, FAILURE, TERMINATED, RUNNING, NEVER = (
    "SUCCESS",
    "FAILURE",
    "TERMINATED",
    "RUNNING",
    "ACTIVATED",
)
_ENDS = {"s": {SUCCESS}, "f": {FAILURE}, "t": {TERMINATED}, "d": {SUCCESS, FAILURE, TERMINATED}}
_RELATIONS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_LAST = 10_000


class Unplayable(Exception):
    """The DAG holds something that is not played here."""


@dataclass
class Chance:
    """What happens in a run, whatever the DAG looks like: drawn on demand, per name."""

    seed: int

    def draw(self, *key: str) -> random.Random:
        return random.Random(f"{self.seed} {' '.join(key)}")

    def duration(self, job: str) -> int:
        return self.draw("duration", job).choice((1, 2, 3, 5, 8, 13)) * 10 + self.draw(
            "odd", job
        ).randrange(9)

    def outcome(self, job: str) -> tuple[str, int]:
        one = self.draw("outcome", job)
        return one.choice(
            ((SUCCESS, 0),) * 4 + ((FAILURE, 1), (FAILURE, 3), (FAILURE, 7), (TERMINATED, -1))
        )

    def outside(self, atom: Atom) -> bool:
        """An atom about another workflow or a variable: fixed for the run."""
        if atom.kind == "v":
            relation, value = _relation(atom.test)
            now = self.draw("variable", atom.name).choice((value, "~other"))
            return bool(relation(now, value))
        status, code = self.outcome(atom.name)
        if self.draw("ran", atom.name).random() < 0.25:
            status, code = NEVER, 0
        age = self.draw("age", atom.name).choice((0.1, 1, 3, 7, 11, 20, 50, 2000))
        newer = self.draw("newer", atom.name).random() < 0.5
        if atom.lookback is not None and atom.kind != "n":
            recent = newer if atom.lookback in ("0", "00", "0.00") else age <= _hours(atom.lookback)
            if not recent:
                return False
        return _holds(atom, status, code)


def _relation(test: str) -> tuple[Any, str]:
    for sign in ("!=", "<=", ">=", "=", "<", ">"):
        if test.startswith(sign):
            return _RELATIONS[sign], test[len(sign) :].strip().strip('"')
    raise Unplayable(test)


def _hours(lookback: str) -> float:
    hours, _dot, minutes = lookback.partition(".")
    return int(hours) + int(minutes or 0) / 60


def _holds(atom: Atom, status: str, code: int) -> bool:
    if atom.kind == "n":
        return status != RUNNING
    if atom.kind == "e":
        relation, value = _relation(atom.test)
        return status in _ENDS["d"] and bool(relation(code, int(value)))
    return status in _ENDS[atom.kind]


@dataclass
class Run:
    """One run of a DAG of the export."""

    dag: dict[str, Any]
    chance: Chance
    state: dict[str, str] = field(default_factory=dict)  # task id -> Airflow's word
    status: dict[str, tuple[str, int]] = field(default_factory=dict)  # job -> status, exit code
    starts: dict[str, int] = field(default_factory=dict)
    box: str = RUNNING

    def __post_init__(self) -> None:
        self.tasks = {task["task_id"]: task for task in self.dag["tasks"]}
        self.upstream: dict[str, list[str]] = {task: [] for task in self.tasks}
        for task in self.tasks.values():
            for below in task["downstream"]:
                self.upstream[below].append(task["task_id"])
        self.jobs = {t["hoist"]["job"] for t in self.tasks.values() if _role(t) == "job"}
        boxes = {group["hoist"]["job"] for group in self.dag["groups"] if group["hoist"]}
        verdicts = [task for task in self.tasks.values() if _role(task) == "verdict"]
        if len(verdicts) > 1 or any(
            g["hoist"] and any(g["hoist"][k] for k in ("success", "failure", "terminators", "kill"))
            for g in self.dag["groups"]
        ):
            raise Unplayable("nested boxes with tests of their own")
        self.fold = verdicts[0]["arguments"] if verdicts else {}
        self.gates: dict[str, When] = {}
        self.undefined: set[str] = set()  # JIL-066: never true
        for task in self.tasks.values():
            if _role(task) == "gate":
                extra = set(task["arguments"]) & {"ticks", "window"}
                if extra:
                    raise Unplayable(f"a gate with {extra}")
                self.gates[task["task_id"]] = parse(task["arguments"].get("when") or "true")
                self.undefined.update(task["arguments"].get("undefined") or ())
        for when in [
            *self.gates.values(),
            *(parse(self.fold[k]) for k in ("success", "failure") if self.fold.get(k)),
        ]:
            for atom in atoms(when):
                if atom.name in boxes or (atom.name in self.jobs and atom.lookback is not None):
                    raise Unplayable(f"{atom}")

    def holds(self, when: When, final: bool = False) -> bool:
        """Now; `final`: whether it can become true in this run."""
        if isinstance(when, Atom):
            if not when.kind:
                return when.test == "true"
            if when.name in self.undefined and when.kind != "v":
                return False
            if when.name not in self.jobs:
                return final or self.chance.outside(when)  # what is outside may change at any time
            status, code = self.status.get(when.name, (NEVER, 0))
            over = self.is_over(when.name)
            if final and not over:
                return True
            return _holds(when, status, code)
        how = all if when.operator == "&" else any
        return how(self.holds(one, final) for one in when.operands)

    def is_over(self, job: str) -> bool:
        return all(
            task["task_id"] in self.state
            for task in self.tasks.values()
            if _role(task) == "job" and task["hoist"]["job"] == job
        )

    def decision(self, task: str) -> str | None:  # noqa: PLR0911, PLR0912
        """run, skipped, upstream_failed or None: not yet (AF-010)."""
        above = self.upstream[task]
        count = Counter(self.state.get(one, "") for one in above)
        total, done = len(above), len(above) - count[""]
        good, bad, lost, left = (
            count[one] for one in ("success", "failed", "upstream_failed", "skipped")
        )
        rule = self.tasks[task]["trigger_rule"]
        complete = done == total
        if rule == "always" or (total == 0 and rule in _ROOTS):
            return "run"
        if rule == "all_success":
            return (
                "upstream_failed"
                if bad + lost
                else "skipped"
                if left
                else "run"
                if complete
                else None
            )
        if rule == "all_done":
            return "run" if complete else None
        if rule == "one_success":
            if good:
                return "run"
            return None if not complete else "skipped" if left == total else "upstream_failed"
        if rule == "one_failed":
            return "run" if bad + lost else "skipped" if complete else None
        if rule == "all_failed":
            return "skipped" if good + left else "run" if complete else None
        if rule == "one_done":
            return "run" if good + bad else "skipped" if complete else None
        if rule in ("none_failed", "none_failed_min_one_success"):
            if bad + lost:
                return "upstream_failed"
            if rule == "none_failed_min_one_success" and complete and left == total:
                return "skipped"
            return "run" if complete else None
        if rule == "none_skipped":
            return "skipped" if left else "run" if complete else None
        if rule == "all_done_min_one_success":
            if left:
                return "skipped"
            return None if not complete else "run" if good else "upstream_failed"
        raise Unplayable(rule)

    def play(self) -> tuple[Any, ...]:
        """What an observer sees: starts with their times, statuses, and how the run ends."""
        now, ends, waiting = 0, {}, set()
        while len(self.state) < len(self.tasks):
            moved = True
            while moved:
                moved = False
                for task in self.tasks:
                    if task in self.state or task in ends:
                        continue
                    decided = "run" if task in waiting else self.decision(task)
                    if decided is None:
                        continue
                    if decided != "run":
                        self.state[task], moved = decided, True
                        continue
                    moved |= self.start(task, now, ends, waiting)
            if not ends:
                break
            now = min(ends.values())
            if now > _LAST:
                break
            for task in [one for one, at in ends.items() if at == now]:
                del ends[task]
                self.end(task)
        if len(self.state) == len(self.tasks):
            self.conclude()  # the listener does, when the run ends
        leaves = [one for one, task in self.tasks.items() if not task["downstream"]]
        states = {self.state.get(one, "none") for one in leaves}
        run = (
            "hangs"
            if "none" in states
            else "failed"
            if states & {"failed", "upstream_failed"}
            else "success"
        )
        return tuple(sorted(self.starts.items())), tuple(sorted(self.status.items())), run, self.box

    def start(self, task: str, now: int, ends: dict[str, int], waiting: set[str]) -> bool:  # noqa: PLR0911
        role, definition = _role(self.tasks[task]), self.tasks[task]
        if role == "gate":
            when = self.gates[task]
            if self.box != RUNNING and definition["hoist"]["job"] in self.jobs:
                self.state[task] = "skipped"
            elif self.holds(when):
                self.state[task] = "success"
            elif definition["arguments"].get("mode") == "now" or not self.holds(when, final=True):
                self.state[task] = "skipped"
            elif task in waiting:
                return False
            else:
                waiting.add(task)
                return True
            return True
        if role == "job":
            if self.box != RUNNING:
                self.state[task] = "skipped"
                return True
            job = definition["hoist"]["job"]
            self.starts.setdefault(job, now)
            self.status[job] = (RUNNING, 0)
            ends[task] = now + self.chance.duration(job)
            return True
        if role == "verdict":
            self.conclude()
            self.state[task] = "success" if self.box == SUCCESS else "failed"
            return True
        if definition["is_empty"]:
            self.state[task] = "success"
            return True
        raise Unplayable(definition["type"])

    def end(self, task: str) -> None:
        definition = self.tasks[task]
        job = definition["hoist"]["job"]
        status, code = self.chance.outcome(job)
        arguments = definition["arguments"]
        if (
            definition["type"] != "Command"
            or arguments.get("noexec")
            or arguments.get("exit_rule") == "any"
        ):
            status, code = SUCCESS, 0
        elif status == FAILURE and _is_good(arguments.get("exit_rule") or "max: 0", code):
            status = SUCCESS
        self.status[job] = (status, code)
        self.state[task] = "success" if status == SUCCESS else "failed"
        if self.box != RUNNING or not self.fold:
            return
        if status != SUCCESS and job in (self.fold.get("terminators") or ()):
            self.box = TERMINATED
        elif self.fold.get("failure") and self.holds(parse(self.fold["failure"])):
            self.box = FAILURE
        elif self.fold.get("success") and self.holds(parse(self.fold["success"])):
            self.box = SUCCESS

    def conclude(self) -> None:
        if self.box != RUNNING:
            return
        if self.fold.get("success"):
            self.box = FAILURE  # its own test was never met
            return
        bad = any(status in (FAILURE, TERMINATED) for status, _code in self.status.values())
        self.box = FAILURE if bad else SUCCESS


_ROOTS = {"all_success", "all_done", "none_failed", "none_skipped", "none_failed_min_one_success", "one_success", "all_failed", "one_failed", "one_done", "all_done_min_one_success"}  # fmt: skip


def _is_good(rule: str, code: int) -> bool:
    how, _colon, rest = rule.partition(":")
    if how == "max":
        return code <= int(rest)
    ranges = [one.strip().partition("-") for one in rest.split(",")]
    listed = any(int(low) <= code <= int(high or low) for low, _dash, high in ranges)
    return listed if how == "success" else not listed


def _role(task: dict[str, Any]) -> str:
    return str(task["hoist"]["role"]) if task["hoist"] else ""


_SEEDS = 120


@dataclass
class Judge:
    """Remembers how the correct DAG plays: it is compared with many mutants."""

    dag: dict[str, Any]
    seed: int
    played: list[tuple[Any, ...]] = field(default_factory=list)

    def distinguishes(self, after: dict[str, Any]) -> int | None:
        """The seed of a run that `after` plays differently; None: no run does, or it cannot be played."""
        try:
            for at in range(_SEEDS):
                if at == len(self.played):
                    self.played.append(Run(self.dag, Chance(self.seed + at)).play())
                if Run(after, Chance(self.seed + at)).play() != self.played[at]:
                    return self.seed + at
        except Unplayable:
            return None
        return None
