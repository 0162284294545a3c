"""Folders of Control-M on the virtual clock: what a scenario of theirs says beside runs of commands.

An order of a folder is a DAG run (docs/runtime.md, "Orders"). Played here: facts that are there at
first, facts that somebody adds or deletes, folders that somebody orders by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from airflow.utils.state import TaskInstanceState
from virtual_airflow import VirtualAirflow, _instant

from hoist_airflow import conditions
from hoist_airflow.clock import micros
from hoist_airflow.conditions import FactAtom
from hoist_airflow.ledger import EventRow, dues
from hoist_airflow.ledger.effects import changes_in
from hoist_airflow.ledger.facts import ANY_DATE, Change, apply
from hoist_airflow.run import order_of
from hoist_airflow.schedule.orders import date_of
from hoist_airflow.schedule.zones import to_instant
from hoist_airflow.submission import SubmitSpec, decide
from hoist_airflow.trigger import SubmitTrigger


class VirtualOrders(VirtualAirflow):
    """One scenario of Control-M being played on the DAGs of a bag."""

    facts: tuple[str, ...] = ()
    """The table at the end: `NAME 0302`."""
    messages: tuple[tuple[int, str, str, str], ...] = ()
    """Who was told what: second, job, run, text."""
    claimed_at: datetime | None = None
    """When units of the ledger were last taken."""

    def play(self) -> VirtualOrders:
        """Play it to its end, and keep the facts."""
        close = self.ledger.store.close
        self.ledger.store.close = lambda: None  # type: ignore[method-assign]
        try:
            super().play()
            rows = self.ledger.fact_table()
            self.facts = tuple(sorted({f"{row.name} {row.date}" for row in rows}))
            sql = "SELECT at, job, run_id, text FROM hoist_alarms WHERE kind = 'NOTIFICATION'"
            with self.ledger.store.read() as tx:
                told = [*tx.all(sql), *dues.late(tx, micros(self.end) - 1)]
            self.messages = tuple(
                (int(at) // 1_000_000, str(job), str(run_id), str(text))
                for at, job, run_id, text in told
            )
        finally:
            close()
        return self

    @cached_property
    def server(self) -> str:
        """The server of all folders: scenarios name none."""
        found = {fact.server for fact in self._facts_of_tasks()}
        return next(iter(sorted(found)), "")

    def _facts_of_tasks(self) -> Iterator[conditions.FactAtom]:
        for dag in self.bag.dags.values():
            for task in dag.live.tasks:
                changes = changes_in(getattr(task, "effects", ()))
                yield from (change.fact for change in changes)
                if (when := getattr(task, "when", None)) is not None:
                    yield from conditions.parse(when).facts

    def _store_statuses(self) -> None:
        self.clock.set(self.begin - timedelta(seconds=1))
        for fact in self.scenario.get("conditions") or []:
            self.ledger.change_fact(True, fact["name"], fact["date"], self.server)
        for name, value in (self.scenario.get("globals") or {}).items():
            self.ledger.set_global(name, value)

    def _happen(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind in ("ADD_CONDITION", "DELETE_CONDITION"):
            date = event.get("date") or "ODAT"
            if date == "****":
                change = Change(False, FactAtom(event["name"], self.server, ANY_DATE))
                with self.ledger.writing("operator") as book:
                    apply(book, [change], {})
                return
            if date == "ODAT":
                date = f"{self._today():%m%d}"
            self.ledger.change_fact(kind == "ADD_CONDITION", event["name"], date, self.server)
        elif kind == "SET_GLOBAL":
            self.ledger.set_global(event["name"], event["value"])
        elif kind in ("STARTJOB", "FORCE_STARTJOB"):
            dag_id = self.dag_of[event["job"]]
            day = event.get("odate") or self._today(dag_id).isoformat()
            conf = {"order_date": day, "force": kind == "FORCE_STARTJOB"}
            self._trigger(dag_id, f"manual__{self.clock.now().isoformat()}", conf)
        else:
            raise AssertionError(f"{kind} is not played")

    def _ask(self, task: Any) -> Any:
        said = super()._ask(task)
        if said is None and getattr(task.live, "hoist_resources", None):
            self._mind_the_units(task)
        return said

    def _call(self, task: Any, work: Any) -> None:
        super()._call(task, work)
        if not getattr(task.live, "hoist_resources", None):
            return
        self.short.discard(id(task))
        if task.state == TaskInstanceState.DEFERRED and isinstance(task.trigger, SubmitTrigger):
            self._mind_the_units(task)
        else:
            self.claimed_at = self.clock.now()
            self._mind_the_line()

    @cached_property
    def short(self) -> set[int]:
        """The tasks that miss nothing but units of the ledger."""
        return set()

    def _mind_the_units(self, task: Any) -> None:
        reason = decide(self.ledger, SubmitSpec(**task.trigger.given)).reason
        if not reason.startswith("waits for units"):
            self.short.discard(id(task))
        elif id(task) not in self.short:
            self.short.add(id(task))
            self._mind_the_line()

    def _mind_the_line(self) -> None:
        """Two want what one can have."""
        if len(self.short) > 1 or (self.short and self.claimed_at == self.clock.now()):
            self.contested.setdefault("claims", self.clock.now())

    def _today(self, dag_id: str | None = None) -> Any:
        dag = self.bag.dags[dag_id or min(self.bag.dags)]
        ticks = dag.live.timetable.ticks
        return date_of(ticks.day_of(to_instant(self.clock.now())))

    @cached_property
    def dag_of(self) -> dict[str, str]:
        """The DAG of each folder, by the folder's name."""
        return {one["workflow"]: one["dag_id"] for one in self.bag.manifest["dags"]}

    def order_date(self, event: EventRow) -> str:
        """The order date of the run that a line of the log is about."""
        return self.date_of_run(event.run_id, event.job)

    def date_of_run(self, run_id: str | None, job: str | None) -> str:
        """The order date of the run of that name that has the job."""
        run = next(run for run in self.runs if run.run_id == run_id and self._has(run, job))
        if "order_date" in run.conf:
            return str(run.conf["order_date"])
        task: Any = run.dag.live.tasks[0]
        day = order_of({"task": task, "dag_run": run}).day  # type: ignore[typeddict-item]
        return date_of(day).isoformat()

    def _has(self, run: Any, job: str | None) -> bool:
        if job and "/" not in job:  # a folder: it may have no task of its own
            return self.dag_of.get(job) == run.dag_id
        return any(getattr(task, "hoist_job", None) == job for task in run.dag.live.tasks)


def instant(text: str) -> datetime:
    """As scenarios and traces write it."""
    return _instant(text)
