"""The triggers that wait on the ledger: one polling loop, three questions.

A trigger carries plain data only and finds the ledger by the triggerer's own configuration, so that
it survives a restart of the triggerer and no password enters Airflow's database. An unchanged log
answers most polls with one indexed query.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from airflow.triggers.base import BaseTrigger, TriggerEvent

from hoist_airflow.decision import Decision, GateSpec, decide
from hoist_airflow.ledger import Ledger
from hoist_airflow.ledger import status as st
from hoist_airflow.run import shared_ledger, task_states
from hoist_airflow.submission import SubmitSpec
from hoist_airflow.submission import decide as may_be_submitted

_DEFAULT_POLL = 5.0
_FORGET = 600.0


def poll_seconds() -> float:
    """How often a waiting task looks at the ledger: HOIST_POLL_SECONDS, default 5."""
    return max(0.05, float(os.environ.get("HOIST_POLL_SECONDS") or _DEFAULT_POLL))


_States = dict[str, "str | None"]
_asked: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[tuple[str, str], tuple[float, asyncio.Task[_States]]]
] = WeakKeyDictionary()


async def run_states(dag_id: str, run_id: str) -> _States:
    """Airflow's states of the tasks of a run: one request a poll for all of the run's gates."""
    # The supervisor's channel of the triggerer wants to be called from asgiref's thread.
    from asgiref.sync import sync_to_async

    loop = asyncio.get_running_loop()
    asked = _asked.setdefault(loop, {})
    now = loop.time()
    at, task = asked.get((dag_id, run_id), (0.0, None))
    if task is None or (task.done() and now - at >= poll_seconds() / 2):
        for key in [k for k, (then, _task) in asked.items() if now - then > _FORGET]:
            del asked[key]
        task = loop.create_task(sync_to_async(task_states)(dag_id, run_id, None))
        asked[dag_id, run_id] = (now, task)
    return await asyncio.shield(task)  # one gate's end must not cancel the others' request


class LedgerTrigger(BaseTrigger):
    """Polls until `ask` says something else than `wait`; the event is its kind and reason."""

    def __init__(self, **given: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.given = given
        self._seen = -1
        self._wake: datetime | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        return f"{kind.__module__}.{kind.__qualname__}", self.given

    def ask(self, ledger: Ledger, states: Mapping[str, str | None]) -> Decision:
        """The question, asked in a thread; `states`: what `tasks` are in Airflow."""
        raise NotImplementedError

    def tasks(self) -> list[str]:
        """Tasks of this run whose states the question needs."""
        return []

    def _poll(self, states: Mapping[str, str | None] | None) -> Decision | None:
        ledger = shared_ledger()
        newest = ledger.last_event()
        due = self._wake is not None and ledger.clock.now() >= self._wake
        if newest == self._seen and not due and states is None:
            return None
        decision = self.ask(ledger, states or {})
        self._seen, self._wake = newest, decision.wake
        return decision

    async def run(self) -> AsyncIterator[TriggerEvent]:
        needs_states = bool(self.tasks())
        while True:
            decision: Decision | None = None
            try:
                states: Mapping[str, str | None] | None = None
                if needs_states:
                    states = await run_states(self.given["dag_id"], self.given["run_id"])
                decision = await asyncio.to_thread(self._poll, states)
            except Exception as lost:
                # A database or API server that restarts must not decide what runs tonight.
                self.log.warning("the ledger or Airflow did not answer, asking again: %s", lost)
            if decision is not None and decision.kind != "wait":
                yield TriggerEvent({"kind": decision.kind, "reason": decision.reason})
                return
            await asyncio.sleep(poll_seconds())


class GateTrigger(LedgerTrigger):
    """Waits for a gate's decision; `given` is the gate's GateSpec."""

    def ask(self, ledger: Ledger, states: Mapping[str, str | None]) -> Decision:
        return decide(ledger, GateSpec(**self.given), lambda: states)

    def tasks(self) -> list[str]:
        local: dict[str, list[str]] = self.given.get("local") or {}
        return sorted({task for tasks in local.values() for task in tasks})


class SubmitTrigger(LedgerTrigger):
    """Waits until a Control-M job may be submitted; `given` is its SubmitSpec."""

    def ask(self, ledger: Ledger, states: Mapping[str, str | None]) -> Decision:
        decision = may_be_submitted(ledger, SubmitSpec(**self.given))
        # The task itself decides again, at the instant of its start.
        return decision if decision.kind == "wait" else Decision("pass", decision.reason)


class HoldTrigger(LedgerTrigger):
    """Waits until a job is released; `given`: job, run_id."""

    def ask(self, ledger: Ledger, states: Mapping[str, str | None]) -> Decision:
        row = ledger.status(self.given["job"])
        if ledger.box_is_over(self.given["job"], self.given["run_id"]):
            return Decision("skip", "the box completed without the job (JIL-003)")
        if row is not None and row.status == st.ON_HOLD:
            return Decision("wait", "on hold")
        return Decision("pass", "released")


class StartTrigger(LedgerTrigger):
    """Waits until a job may try to start again; `given`: job, run_id, resources."""

    def ask(self, ledger: Ledger, states: Mapping[str, str | None]) -> Decision:
        job, run_id = self.given["job"], self.given["run_id"]
        if ledger.was_killed(job, run_id):
            return Decision("killed", "KILLJOB came while it waited (JIL-083)")
        over = ledger.box_is_over(job, run_id)
        if over or ledger.may_start(job, run_id, self.given.get("resources")):
            return Decision("pass", "may try to start")
        return Decision("wait", "on hold, or short of resources")
