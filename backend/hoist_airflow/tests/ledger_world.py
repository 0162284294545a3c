"""A ledger on a virtual clock, and the words with which tests drive it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from hoist_airflow.clock import VirtualClock
from hoist_airflow.decision import Decision, GateSpec, decide
from hoist_airflow.ledger import Ledger, Member, Topology

START = datetime(2026, 3, 2, tzinfo=timezone.utc)  # a Monday


@dataclass
class World:
    """`clock` moves only when told; runs are named by the test."""

    url: str
    clock: VirtualClock
    ledger: Ledger

    @classmethod
    def at(cls, url: str) -> World:
        clock = VirtualClock(START)
        return cls(url, clock, Ledger.open(url, clock))

    def to(self, day: int, hour: int, minute: int = 0) -> None:
        self.clock.set(START.replace(day=day, hour=hour, minute=minute))

    def box(self, name: str, *members: Member | str, **fold: Any) -> Topology:
        inside = [m if isinstance(m, Member) else Member(m, name) for m in members]
        return Topology(name, name, (Member(name, is_box=True, **fold), *inside))

    def start(self, shape: Topology, run: str, **given: Any) -> str:
        given.setdefault("tick", self.clock.now())
        answer = self.ledger.open_run(shape, run, **given).answer
        if answer == "started":
            for member in shape.members:
                if member.box == shape.top:
                    self.ledger.enter(member.job, run, boxes=True)
                    break
        return answer

    def end(self, job: str, status: str, run: str | None = None, code: int | None = None) -> None:
        self.ledger.record(job, status, run_id=run, exit_code=code)

    def run(self, job: str, run: str, status: str = "SUCCESS", code: int | None = None) -> str:
        answer = self.ledger.try_start(job, run)
        if answer == "started":
            self.ledger.record(job, "RUNNING", run_id=run)
            self.end(job, status, run, code)
        return answer

    def of(self, job: str) -> str | None:
        row = self.ledger.status(job)
        return None if row is None else row.status

    def gate(self, job: str, when: str, run: str, **given: Any) -> GateSpec:
        return GateSpec(f"{job}.when", given.pop("dag_id", job), run, job, when, **given)

    def ask(self, gate: GateSpec, **states: str | None) -> Decision:
        return decide(self.ledger, gate, lambda: states)
