"""Plays a DAG in virtual time: Airflow's own trigger rules, the shims' own decisions, no worker and no database.

The rules are those of `run_dag.fast_run`; what a task does is asked of the ledger exactly as the operators ask it
(Gate: `decide`; jobs: `try_start`, `record`; Verdict: `close_box`). Control nodes take no time, a job as long as the
test says, so that start instants can be compared with the legacy ones.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from airflow.utils.state import State, TaskInstanceState
from run_dag import Finished, _run_state, _settle, _StubTask, _word

from hoist_airflow.clock import VirtualClock
from hoist_airflow.decision import decide
from hoist_airflow.ledger import Ledger
from hoist_airflow.ledger import status as st
from hoist_airflow.run import topology

EPOCH = datetime(2026, 3, 2, tzinfo=timezone.utc)
_DONE = {"pass": TaskInstanceState.SUCCESS, "skip": TaskInstanceState.SKIPPED}


class Player:
    """A ledger and the DAGs that are played on it, run after run; `now` counts seconds."""

    def __init__(self, clock: VirtualClock, ledger: Ledger) -> None:
        self.clock = clock
        self.ledger = ledger
        self.runs = 0

    @classmethod
    def fresh(cls) -> Player:
        clock = VirtualClock(EPOCH)
        return cls(clock, Ledger.open("sqlite:///:memory:", clock))

    @property
    def now(self) -> float:
        return (self.clock.now() - EPOCH).total_seconds()

    @now.setter
    def now(self, seconds: float) -> None:
        self.clock.set(EPOCH + timedelta(seconds=seconds))

    def play(
        self,
        dag: Any,
        stored: Any,
        ends: dict[str, tuple[float, str, int]],
        outside: list[tuple[float, Callable[[Player], None]]],
    ) -> tuple[Finished, dict[str, float]]:
        """One run of `dag` (`stored`: the same, round-tripped); how it ended, and when each job started."""
        self.runs += 1
        run = _Run(self, dag, stored, ends, f"run{self.runs}")
        return run.play(sorted(outside, key=lambda event: event[0]))


class _Run:
    def __init__(
        self, player: Player, dag: Any, stored: Any, ends: dict[str, Any], run_id: str
    ) -> None:
        self.player, self.ledger, self.dag, self.stored = player, player.ledger, dag, stored
        self.ends, self.run_id = ends, run_id
        self.shape = topology(dag)
        self.opened = False
        self.started: dict[str, float] = {}
        self.due: dict[str, float] = {}
        dag_run = SimpleNamespace(dag_id=dag.dag_id, run_id=run_id)
        self.stubs = {
            task.task_id: _StubTask(
                task=task, task_id=task.task_id, state=None, map_index=-1,
                dag_id=dag.dag_id, run_id=run_id, dag_run=dag_run,
            )
            for task in stored.tasks
        }  # fmt: skip

    def play(self, outside: list[tuple[float, Any]]) -> tuple[Finished, dict[str, float]]:
        while True:
            self.settle()
            unfinished = [s for s in self.stubs.values() if s.state not in State.finished]
            names = sorted(self.due, key=lambda name: self.due[name])
            if outside and (not names or outside[0][0] < self.due[names[0]]):
                self.player.now, act = outside.pop(0)
                act(self.player)
            elif names:
                self.player.now = self.due[names[0]]
                self.end(self.stubs[names[0]])
            else:
                break
        states = {name: _word(stub.state) for name, stub in self.stubs.items()}
        if unfinished:
            return Finished("running", states), self.started
        state = _run_state(self.stored, self.stubs)
        self.ledger.close_run(self.dag.dag_id, self.run_id, failed=state == "failed")
        return Finished(state, states), self.started

    def settle(self) -> None:
        """Everything that happens at this instant."""
        rule = TriggerRuleDep()
        while True:
            before = [stub.state for stub in self.stubs.values()]
            ready = _settle(rule, self.stubs)
            waiting = [s for s in self.stubs.values() if s.state == TaskInstanceState.DEFERRED]
            for stub in ready + waiting:
                self.step(stub)
            for name in list(self.due):
                job = self.dag.task_dict[name].hoist_job
                if self.ledger.kill_requested(job):
                    self.ends[job] = (0, "TERMINATED", 0)
                    self.end(self.stubs[name])
            if before == [stub.state for stub in self.stubs.values()]:
                return

    def step(self, stub: _StubTask) -> None:
        task = self.dag.task_dict[stub.task_id]
        role = getattr(task, "hoist_role", None)
        if role is None:
            stub.state = TaskInstanceState.SUCCESS
            return
        if not self.opened:
            self.ledger.open_run(self.shape, self.run_id, tick=self.player.clock.now())
            self.opened = True
        if role == "verdict":
            row = self.ledger.close_box(task.hoist_job, self.run_id, self.dag.dag_id)
            ended = row is not None and row.status in st.ENDED
            word = "skipped" if not ended else "success" if row.status == st.SUCCESS else "failed"
            stub.state = TaskInstanceState(word)
            return
        self.ledger.enter(task.hoist_job, self.run_id, boxes=True)
        if role == "gate":
            states = {name: _word(each.state) for name, each in self.stubs.items()}
            kind = decide(self.ledger, task.spec(self.run_id), lambda: states).kind
            stub.state = _DONE.get(kind, TaskInstanceState.DEFERRED)
            return
        answer = self.ledger.try_start(task.hoist_job, self.run_id)
        if answer == "closed":
            stub.state = TaskInstanceState.SKIPPED
        elif answer == "iced":
            stub.state = TaskInstanceState.SUCCESS
        else:
            self.started[task.hoist_job] = self.player.now
            self.ledger.record(task.hoist_job, st.RUNNING, run_id=self.run_id)
            stub.state = TaskInstanceState.RUNNING
            if task.noexec or answer == "noexec":
                self.ends[task.hoist_job] = (0, "SUCCESS", 0)
                self.end(stub)
            else:
                self.due[stub.task_id] = self.player.now + self.ends[task.hoist_job][0]

    def end(self, stub: _StubTask) -> None:
        self.due.pop(stub.task_id, None)
        job = self.dag.task_dict[stub.task_id].hoist_job
        _, status, code = self.ends[job]
        self.ledger.record(
            job,
            status,
            run_id=self.run_id,
            exit_code=None if status == "TERMINATED" else code,
            try_number=1,
        )
        stub.state = TaskInstanceState.SUCCESS if status == "SUCCESS" else TaskInstanceState.FAILED
