"""A tiny AutoSys, written from the rules alone: what runs in one box, when, and how the box ends.

It shares nothing with the shims or the compiler, so that both can be judged by it (JIL-003, 062, 063, 070, 071, 074,
092, 110 to 119). Conditions are kept as they are written: a list of terms with `&` and `|` between them, taken from
left to right; a term is an atom or a list again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RUNS = ("STARTING", "RUNNING")
ENDED = ("SUCCESS", "FAILURE", "TERMINATED")
HOUR = 3600.0


@dataclass(frozen=True)
class Atom:
    """`fn(name[, hours])`; `e` and `v` compare with `value`."""

    fn: str
    name: str
    hours: float | None = None
    value: str = ""

    def text(self) -> str:
        """As JIL writes it."""
        back = "" if self.hours is None else f", {int(self.hours)}"
        compared = {"e": f" = {self.value}", "v": f' = "{self.value}"'}.get(self.fn, "")
        return f"{self.fn}({self.name}{back}){compared}"


Condition = list[Any]  # term, "&" or "|", term, ...


def text_of(condition: Condition) -> str:
    """A condition as JIL writes it."""
    words = []
    for part in condition:
        words.append(
            part
            if isinstance(part, str)
            else part.text()
            if isinstance(part, Atom)
            else f"({text_of(part)})"
        )
    return " ".join(words)


def atoms_of(condition: Condition) -> list[Atom]:
    """Every atom, in order."""
    found: list[Atom] = []
    for part in condition:
        found += (
            [part] if isinstance(part, Atom) else atoms_of(part) if isinstance(part, list) else []
        )
    return found


@dataclass
class Job:
    """A definition, and beside it the row of the status store."""

    name: str
    box: str | None = None
    is_box: bool = False
    condition: Condition = field(default_factory=list)
    box_success: Condition = field(default_factory=list)
    box_failure: Condition = field(default_factory=list)
    box_terminator: bool = False
    job_terminator: bool = False
    status: str = "INACTIVE"
    noexec: bool = False
    ended_at: float | None = None
    exit_code: int | None = None
    started_at: float | None = None  # in the current run


class Legacy:
    """The status store and what the scheduler does with it. `ends[job]` = (seconds, status, exit code)."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = {job.name: job for job in jobs}
        self.top = jobs[0].name
        self.variables: dict[str, str] = {}
        self.now = 0.0
        self.ends: dict[str, tuple[float, str, int]] = {}
        self.due: dict[str, float] = {}

    # --- conditions ---

    def holds(self, condition: Condition, dependent: str) -> bool:
        """Left to right, `&` and `|` alike (JIL-062)."""
        truth = True
        for at, part in enumerate(condition):
            if isinstance(part, str):
                continue
            value = (
                self.holds(part, dependent)
                if isinstance(part, list)
                else self.atom(part, dependent)
            )
            join = condition[at - 1] if at else "&"
            truth = (truth and value) if join == "&" else (truth or value)
        return truth

    def atom(self, atom: Atom, dependent: str) -> bool:  # noqa: PLR0911  (one return a rule)
        """JIL-063, 067, 068, 070, 071, 074."""
        if atom.fn == "v":
            return self.variables.get(atom.name) == atom.value
        job = self.jobs[atom.name]
        if job.status == "ON_ICE":
            return atom.hours is not None or atom.fn in "sdn"
        if atom.fn == "n":
            return job.status not in RUNS
        if atom.fn == "e":
            holds = job.status in ENDED and job.exit_code == int(atom.value)
        else:
            holds = (
                job.status in {"s": ENDED[:1], "f": ENDED[1:2], "t": ENDED[2:], "d": ENDED}[atom.fn]
            )
        if not holds or atom.hours is None:
            return holds
        if job.ended_at is None:
            return False
        if atom.hours == 0:
            mine = self.jobs[dependent].ended_at
            return mine is None or job.ended_at >= mine
        return self.now - job.ended_at <= atom.hours * HOUR

    # --- events ---

    def run(
        self, ends: dict[str, tuple[float, str, int]], outside: list[tuple[float, Any]]
    ) -> None:
        """One run of the top box from now until nothing more happens; `outside` are (instant, what to do)."""
        self.ends, self.due = ends, {}
        outside = sorted(outside, key=lambda event: event[0])
        for job in self.jobs.values():
            job.started_at = None
        self.start_box(self.jobs[self.top])
        while True:
            self.start_what_can()
            names = sorted(self.due, key=lambda name: self.due[name])
            times = [self.due[names[0]]] if names else []
            if outside and (not times or outside[0][0] < times[0]):
                self.now, act = outside.pop(0)
                act(self)
            elif names:
                self.now = self.due.pop(names[0])
                _, status, code = self.ends[names[0]]
                self.end(self.jobs[names[0]], status, code)
            else:
                return

    def members(self, box: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.box == box]

    def around(self, name: str) -> list[str]:
        """The boxes around a job, the innermost first."""
        boxes, at = [], self.jobs[name].box
        while at is not None:
            boxes.append(at)
            at = self.jobs[at].box
        return boxes

    def start_box(self, box: Job) -> None:
        """JIL-110: members are ACTIVATED, at every depth; what runs or is iced stays."""
        box.status, box.started_at = "RUNNING", self.now
        boxes = [box.name]
        while boxes:
            for job in self.members(boxes.pop()):
                if job.status not in ("ON_ICE", *RUNS):
                    job.status = "ACTIVATED"
                    job.exit_code = None  # the pinned reading: a code is of this cycle
                if job.is_box and job.status != "ON_ICE":
                    boxes.append(job.name)

    def start_what_can(self) -> None:
        """JIL-003, for members: their box is RUNNING and they have not started in this run of it."""
        changed = True
        while changed:
            changed = False
            for job in self.jobs.values():
                if (
                    job.box is None
                    or job.status != "ACTIVATED"
                    or self.jobs[job.box].status != "RUNNING"
                ):
                    continue
                if not self.holds(job.condition, job.name):
                    continue
                changed = True
                if job.is_box:
                    self.start_box(job)
                    continue
                job.status, job.started_at = "RUNNING", self.now
                if job.noexec:
                    self.end(job, "SUCCESS", None)  # JIL-092
                else:
                    self.due[job.name] = self.now + self.ends[job.name][0]

    def end(self, job: Job, status: str, code: int | None) -> None:
        """A job or box ends; its boxes are asked what follows (JIL-114 to 119)."""
        job.status, job.ended_at = status, self.now
        job.exit_code = code
        self.due.pop(job.name, None)
        if job.is_box:
            for member in self.members(job.name):
                self.forget(member)
            if status != "SUCCESS":
                for member in self.members(job.name):
                    if member.job_terminator and member.status == "RUNNING":
                        self.end(member, "TERMINATED", None)  # JIL-117
        self.spread(job)

    def forget(self, job: Job) -> None:
        if job.status == "ACTIVATED":
            job.status = "INACTIVE"
            if job.is_box:
                for member in self.members(job.name):
                    self.forget(member)

    def spread(self, job: Job) -> None:
        name, direct = job.box, True
        while name is not None:
            box = self.jobs[name]
            verdict = self.verdict(box, job, direct)
            if verdict is not None:
                self.end(box, verdict, None)
            name, direct = box.box, False

    def verdict(self, box: Job, job: Job, direct: bool) -> str | None:
        """The status that the end of `job` gives to a box around it, if any."""
        if box.status == "TERMINATED":
            return None  # JIL-119
        if box.status != "RUNNING":
            if not direct or box.status not in ("SUCCESS", "FAILURE"):
                return None
            derived = self.derive(box, closing=False)  # JIL-118
            return derived if derived != box.status else None
        if direct and job.box_terminator and job.status != "SUCCESS":
            return "TERMINATED"  # JIL-116
        for status, test in (("SUCCESS", box.box_success), ("FAILURE", box.box_failure)):
            named = any(atom.name == job.name for atom in atoms_of(test))
            if test and (direct or named) and self.holds(test, box.name):
                return status  # JIL-115
        return self.default(box, closing=False) if direct else None

    def default(self, box: Job, closing: bool) -> str | None:
        """JIL-114 and 115c; `closing`: what never started counts for nothing."""
        states = [member.status for member in self.members(box.name)]
        if not closing and any(state in ("ACTIVATED", *RUNS) for state in states):
            return None
        if any(state in ("FAILURE", "TERMINATED") for state in states):
            return None if box.box_failure else "FAILURE"
        return None if box.box_success else "SUCCESS"

    def derive(self, box: Job, closing: bool) -> str | None:
        for status, test in (("SUCCESS", box.box_success), ("FAILURE", box.box_failure)):
            if test and self.holds(test, box.name):
                return status
        return self.default(box, closing)

    def close(self, name: str) -> None:
        """What hoist does with a box that would hang for ever (the assumption `stuck-box-ends`)."""
        box = self.jobs[name]
        for member in self.members(name):
            if member.is_box and member.status in ("RUNNING", "ACTIVATED"):
                self.close(member.name)
        if box.status == "RUNNING":
            for member in self.members(name):
                self.forget(member)
            self.end(box, self.derive(box, closing=True) or "FAILURE", None)
        elif box.status == "ACTIVATED":
            self.forget(box)
