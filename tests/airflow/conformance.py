"""The steps that a conformance file may state in its first comment, and how each is checked.

A file is one small estate of tests/conformance. Lines of its first comment that begin with `@` are steps, taken
in order against the DAGs that `hoist build` wrote:

    @outcome A=3 B=kill     how jobs end from now on: exit code, or death by a signal; others exit 0
    @run DAG [success|failed]   really run the DAG (`dag.test()`); the run's state if given
    @ran A B / @notran A B  whose commands were executed in the last run
    @times A=3              how often, in the last run
    @order A B              A's command was executed before B's, in the last run
    @status A=SUCCESS       what the ledger says now
    @events A FAILURE=1     how many such events the ledger has
    @before A=SUCCESS B=SUCCESS   the last such event of A came before that of B
    @once A=STATUS EVENT JOB [VALUE]   in the next run, once A has this status and nothing else happens, an operator
                            sends the event, or `SET_GLOBAL G=V`; several are taken in order
    @release A              the same as `@once A=ON_HOLD JOB_OFF_HOLD A`
    @seed A=SUCCESS -48h    record a status that long ago on the virtual clock
    @past A                 A started and succeeded 25 hours ago, in the ledger of the real runs
    @clock 2026-03-02T05:00Z    set the virtual clock
    @gate TASK pass|wait|skip|never   what the gate's code decides on the virtual clock and the seeded ledger
    @tick DAG started|dropped   a tick comes now, on the virtual clock and the seeded ledger
    @ended DAG                  the run of its last started tick ends SUCCESS there
    @ticks DAG FROM TO T...     all instants of the loaded timetable in [FROM, TO]
    @form "edge all_success"    this file is the executed scenario of a form that the manifest calls exact (see test_forms)
    @assumption DAG NAME    the manifest names this assumption for the DAG
    @finding CODE           the compiler reports it
    @global G=V   @echoed TEXT   @file NAME [TEXT]   @holds NAME "text"
    @subscribed DAG JOB   @noschedule DAG   @maxactive DAG N
"""

from __future__ import annotations

import ast
import re
import signal
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

from compiled import Compiled

# Read by the command's own shell (`. RUN/job`), so that its exit code or signal is the command's.
_JOB = """echo "$AUTO_JOB_NAME" >> {run}/ran
if [ -f "{run}/outcome.$AUTO_JOB_NAME" ]; then . "{run}/outcome.$AUTO_JOB_NAME"; fi
"""
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SECONDS = 90


class StepFailed(AssertionError):
    """A step of a conformance file does not hold."""


def steps_of(text: str) -> list[list[str]]:
    """The steps of a file's first comment, each split at blanks outside quotes."""
    comment = text[: text.index("*/")]
    return [
        re.findall(r'"(?:\\.|[^"\\])*"|\S+', line.strip()[1:])
        for line in comment.splitlines()
        if line.strip().startswith("@")
    ]


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


class Play:
    """One estate being played: its DAGs, its ledger on a clock, its scratch folder."""

    def __init__(
        self, compiled: Compiled, scratch: Path, runs: ModuleType, ledger_url: str
    ) -> None:
        from hoist_airflow.clock import VirtualClock
        from hoist_airflow.ledger import Ledger

        self.compiled = compiled
        self.scratch = scratch
        self.runs = runs
        self.loaded = runs.register(compiled.folder)
        self.clock = VirtualClock(datetime(2026, 3, 2, 12, tzinfo=timezone.utc))
        self._url = ledger_url
        self.ledger = Ledger.open(ledger_url)
        self.ledger.load(compiled.manifest)
        self.virtual = Ledger.open(f"sqlite:///{scratch / 'virtual.db'}", clock=self.clock)
        self.virtual.load(compiled.manifest)
        self._later: list[list[str]] = []
        self._ticked: dict[str, tuple[str, str]] = {}
        self._played: list[str] = []
        self._at = datetime(2026, 3, 2, 6, tzinfo=timezone.utc)

    def take(self, step: list[str]) -> None:
        """Take one step; raises StepFailed with what was seen instead."""
        getattr(self, f"_{step[0]}")(*step[1:])

    @staticmethod
    def write_job(scratch: Path) -> None:
        """The program that the commands of conformance files call."""
        (scratch / "job").write_text(_JOB.format(run=scratch))

    def _must(self, holds: bool, seen: object) -> None:
        if not holds:
            raise StepFailed(f"seen instead: {seen}; events: {self._told()}")

    def _told(self) -> str:
        events = self.ledger.events(limit=1000)
        return " ".join(f"{e.job}={e.status}" for e in events if e.job and e.status)

    def _outcome(self, *words: str) -> None:
        for job, how in _pairs(list(words)):
            text = "kill -9 $$" if how == "kill" else f"exit {int(how)}"
            (self.scratch / f"outcome.{job}").write_text(text + "\n")

    def _run(self, dag_id: str, state: str | None = None) -> None:
        (self.scratch / "ran").write_text("")
        self._at += timedelta(days=1)
        self._played.append(dag_id)
        over = threading.Event()
        operator = threading.Thread(target=self._operate, args=(self._later, over))
        self._later = []
        operator.start()

        def late(_signal: int, _frame: object) -> None:
            raise StepFailed(f"{dag_id} has not ended after {_SECONDS} s; {self._told()}")

        before = signal.signal(signal.SIGALRM, late)
        signal.alarm(_SECONDS)
        try:
            run = self.runs.real_run(self.loaded[dag_id], at=self._at)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
            over.set()
            operator.join()
        self._must(state is None or run.state == state, (run.state, run.tasks))

    def _operate(self, events: list[list[str]], over: threading.Event) -> None:
        for word, event, *arguments in events:
            job, _, status = word.partition("=")
            while not over.is_set():
                row = self.ledger.status(job)
                before = self._executed()
                if row is not None and row.shown == status:
                    time.sleep(1)  # nothing may happen meanwhile
                    if self._executed() == before:
                        break
                time.sleep(0.05)
            else:
                return
            if event == "SET_GLOBAL":
                self._global(*arguments)
            else:
                self.ledger.send(event, *arguments)

    def _executed(self) -> list[str]:
        return (self.scratch / "ran").read_text().split()

    def _release(self, job: str) -> None:
        self._later.append([f"{job}=ON_HOLD", "JOB_OFF_HOLD", job])

    def _once(self, *words: str) -> None:
        self._later.append(list(words))

    def _ran(self, *jobs: str) -> None:
        self._must(set(jobs) <= set(self._executed()), self._executed())

    def _notran(self, *jobs: str) -> None:
        self._must(not set(jobs) & set(self._executed()), self._executed())

    def _times(self, *words: str) -> None:
        for job, count in _pairs(list(words)):
            self._must(self._executed().count(job) == int(count), self._executed())

    def _order(self, first: str, second: str) -> None:
        ran = self._executed()
        self._must({first, second} <= set(ran) and ran.index(first) < ran.index(second), ran)

    def _status(self, *words: str) -> None:
        for job, status in _pairs(list(words)):
            row = self.ledger.status(job)
            self._must(row is not None and row.shown == status, row)

    def _events(self, job: str, *words: str) -> None:
        seen = [e.status for e in self.ledger.events(limit=100_000) if e.job == job]
        for status, count in _pairs(list(words)):
            self._must(seen.count(status) == int(count), seen)

    def _before(self, first: str, second: str) -> None:
        seen = [f"{e.job}={e.status}" for e in self.ledger.events(limit=100_000)]
        self._must({first, second} <= set(seen) and seen.index(first) < seen.index(second), seen)

    def _seed(self, *words: str) -> None:
        *pairs, ago = words
        now = self.clock.now()
        back = re.fullmatch(r"-(\d+)([mhd])", ago)
        assert back is not None, ago
        self.clock.set(now - timedelta(**{_UNITS[back[2]]: int(back[1])}))
        for job, status in _pairs(pairs):
            self.virtual.record(job, status)
        self.clock.set(now)

    def _past(self, job: str) -> None:
        from hoist_airflow.clock import VirtualClock
        from hoist_airflow.ledger import Ledger

        then = VirtualClock(datetime.now(timezone.utc) - timedelta(hours=25))
        past = Ledger.open(self._url, clock=then)
        for status in ("STARTING", "SUCCESS"):
            past.record(job, status)

    def _clock(self, at: str) -> None:
        self.clock.set(_instant(at))

    def _gate(self, task_id: str, expected: str) -> None:
        from hoist_airflow.decision import decide

        dag, task = next(
            (dag, dag.task_dict[task_id])
            for _, dag in sorted(self.loaded.dags.items())
            if task_id in dag.task_dict
        )
        decision = decide(self.virtual, task.spec("conformance"), lambda: {})
        if expected == "never":
            self._must(decision.kind != "pass", decision)
        else:
            self._must(decision.kind == expected, (dag.dag_id, decision))

    def _tick(self, dag_id: str, expected: str) -> None:
        from hoist_airflow.run import topology

        now = self.clock.now()
        shape = topology(self.loaded[dag_id])
        opened = self.virtual.open_run(shape, f"tick__{now.isoformat()}", tick=now)
        if opened.answer == "started":
            self._ticked[dag_id] = (shape.top, f"tick__{now.isoformat()}")
        self._must(opened.answer == expected, opened)

    def _ended(self, dag_id: str) -> None:
        job, run_id = self._ticked[dag_id]
        self._must(self.virtual.try_start(job, run_id) == "started", self.virtual.status(job))
        self.virtual.record(job, "SUCCESS", run_id=run_id)

    def _ticks(self, dag_id: str, start: str, end: str, *expected: str) -> None:
        self._played.append(dag_id)
        timetable = self.runs.round_trip(self.loaded[dag_id]).timetable
        first, last = _instant(start), _instant(end)
        seen = []
        tick = timetable.next_tick(first - timedelta(seconds=1))
        while tick is not None and tick <= last:
            seen.append(tick.astimezone(timezone.utc))
            tick = timetable.next_tick(tick)
        day = f"{first:%Y-%m-%d}T"
        wanted = [_instant(text if "T" in text else f"{day}{text}Z") for text in expected]
        self._must(seen == wanted, [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in seen])

    def _form(self, *words: str) -> None:
        form = " ".join(words).strip('"')
        manifest = self.compiled.manifest
        dags = [dag for dag in manifest["dags"] if dag["dag_id"] in self._played]
        rows = [row for dag in dags for row in dag["objects"]] + [manifest["other"]]
        played = [(c[2], c[3]) for row in rows for c in row["constructs"]]
        self._must((form, "exact") in played, sorted(set(played)))

    def _assumption(self, dag_id: str, name: str) -> None:
        rows = {row["dag_id"]: row["assumptions"] for row in self.compiled.manifest["dags"]}
        self._must(name in rows.get(dag_id, []), rows)

    def _finding(self, code: str) -> None:
        self._must(any(code == found for _, found in self.compiled.codes), self.compiled.findings)

    def _global(self, word: str) -> None:
        name, _, value = word.partition("=")
        self.ledger.set_global(name, value)

    def _echoed(self, text: str) -> None:
        seen = (self.scratch / "echo").read_text().strip()
        self._must(seen == text, seen)

    def _file(self, name: str, *words: str) -> None:
        (self.scratch / name).write_text(" ".join(words) + "\n")

    def _holds(self, name: str, literal: str) -> None:
        seen = (self.scratch / name).read_text()
        self._must(seen == ast.literal_eval(literal), repr(seen))

    def _subscribed(self, dag_id: str, job: str) -> None:
        rows = self.compiled.manifest["subscriptions"]
        self._must(any(r["dag_id"] == dag_id and job in r["jobs"] for r in rows), rows)

    def _noschedule(self, dag_id: str) -> None:
        seen = type(self.loaded[dag_id].timetable).__name__
        self._must(seen == "NullTimetable", seen)

    def _maxactive(self, dag_id: str, count: str) -> None:
        seen = self.loaded[dag_id].max_active_runs
        self._must(seen == int(count), seen)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
