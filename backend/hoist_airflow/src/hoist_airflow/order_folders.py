"""Folders of Control-M: what stands in front of a SMART folder's jobs and behind them (CTM-090).

What is in a folder is in `hoist_airflow.order`. Meaning: docs/runtime.md, "Orders".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TaskGroup
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from hoist_airflow.cycle import EARLIER_RUN, Execution, handed_on
from hoist_airflow.ending import End, FollowedUp
from hoist_airflow.late import Late
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.effects import Again
from hoist_airflow.members import folder_of, group_key, stoppers
from hoist_airflow.order import (
    ENDED_NOTOK,
    Ordered,
    chosen_by,
    criteria_around,
    with_effects,
)
from hoist_airflow.order_texts import variables_of
from hoist_airflow.run import ensure_started, order_of
from hoist_airflow.schedule.orders import date_of
from hoist_airflow.schedule.zones import to_instant
from hoist_airflow.submission import SubmitSpec, decide, stopped
from hoist_airflow.trigger import SubmitTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run
    from hoist_airflow.schedule.orders import OrderDays
    from hoist_airflow.submission import Order


class FolderStart(Ordered, BaseOperator):
    """The submission criteria of a SMART folder, in front of all that is in it (CTM-090)."""

    hoist_role = "order"
    ui_color = "#e8f0fe"

    def __init__(self, *, of: str, **kwargs: Any) -> None:
        super().__init__(job=of, **kwargs)
        if self.hoist_late.under:
            raise ValueError("the start of a folder does not see its end: no `ran under` there")
        self.hoist_of = of

    def _start(self, context: Context) -> Any:
        if order_of(context).only:  # what is ordered alone stands in no folder
            return None
        return super()._start(context)

    def _submitted(self, run: Run, context: Context) -> None:
        run.record("RUNNING")

    def _past(self, run: Run, order: Order) -> list[Execution]:
        return [*order.past, *super()._past(run, order)]

    def _cycle_over(self, run: Run, past: Sequence[Execution], why: str) -> None:
        """The order has ended as its last run did, which was another DAG run."""
        raise AirflowSkipException(f"{self.hoist_job}: {why}")

    def next_run(self, run: Run, order: Order, status: str) -> Again | None:
        """What follows a run of a folder that ends now (CTM-093); None: it does not run again."""
        if self._cycle is None:
            return None
        *before, last = self._past(run, order)
        ended = to_instant(run.ledger.clock.now())
        past = [*before, replace(last, try_number=EARLIER_RUN, ended=ended, status=status)]
        spec = self._next_submission(run, order, past)
        if spec is None or decide(run.ledger, spec).kind == "skip":
            return None
        conf = {
            "order_date": date_of(order.day).isoformat(),
            "ordered_on": date_of(order.since).isoformat(),
            "cycle": handed_on(past, all_of_them=self._cycle.kind == "at"),
        } | ({"force": True} if order.forced else {})
        return Again(self.dag_id, conf)


class SubFolder(TaskGroup):
    """A folder inside a SMART folder; `days`: its own scheduling criteria (CTM-045)."""

    def __init__(self, group_id: str, *, days: OrderDays | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("prefix_group_id", False)
        self.hoist_days = days
        super().__init__(group_id, **kwargs)


class FolderEnd(FollowedUp, BaseOperator):
    """The end of a SMART folder: OK if all that is in it is (CTM-091); then its facts (CTM-014,
    CTM-076), and who is told.

    Behind all tasks of the folder. What was removed before it could run leaves the folder open in
    Control-M, until New Day removes it too: it has no end, and this task ends skipped, or failed if
    anything in it ended NOTOK. A folder in which nothing is due ends OK at once.
    """

    hoist_role = "order"
    hoist_box = None
    ui_color = "#e6f4ea"

    def __init__(
        self,
        *,
        of: str,
        on_ok: Sequence[str] = (),
        on_notok: Sequence[str] = (),
        rules: Sequence[Mapping[str, Any]] = (),
        late: Mapping[str, Sequence[str]] | None = None,
        timezone: str | None = None,
        variables: Mapping[str, str] | None = None,
        trigger_rule: str = "all_done",
        **kwargs: Any,
    ) -> None:
        super().__init__(trigger_rule=trigger_rule, **kwargs)
        self.follow_up(on_ok, on_notok, rules)
        self.hoist_late = Late.parse(late or {})
        if self.hoist_late.over or self.hoist_late.under or self.hoist_late.asks("submitted"):
            raise ValueError("the end of a folder is late by `not ended by` alone")
        self.hoist_job = self.hoist_of = of
        self.timezone = timezone
        self.variables = dict(variables or {})

    def is_ordered(self, order: Order) -> bool:
        """Do the folder's scheduling criteria choose the day of the order?"""
        return chosen_by(criteria_around(self), order)

    def execute(self, context: Context) -> None:
        run = ensure_started(context)
        order = order_of(context)

        def outcome_of(job: str) -> str | None:
            return run.ledger.outcome(job, run.run_id)

        if order.only:
            if failed := [job for job in order.only if outcome_of(job) in ENDED_NOTOK]:
                raise AirflowFailException(f"NOTOK: {', '.join(failed)}")  # the run is, too
            raise AirflowSkipException("what is ordered alone stands in no folder (CTM-077)")
        if not self.is_ordered(order):
            raise AirflowSkipException(f"{self.hoist_job} is not ordered on this day (CTM-003)")
        starts = self._starts()
        if unbegun := [one.hoist_job for one in starts if outcome_of(one.hoist_job) is None]:
            raise AirflowSkipException(f"{self.hoist_job}: {unbegun[0]} has not begun")
        begins = next((one for one in starts if one.hoist_job == self.hoist_job), None)
        inside = self._inside()
        members = {
            task.hoist_job: task
            for task in inside
            if not isinstance(task, FolderStart)
            and task.task_id != self.task_id
            and task.is_ordered(order)
        }
        ended = {job: outcome_of(job) for job in members}
        hidden = {
            one.task_id
            for task in members.values()
            if isinstance(task, FolderEnd) and ended[task.hoist_job] in st.ENDED
            for one in task.hides()
        }
        bad = ", ".join(
            sorted(
                job
                for job, how in ended.items()
                if how in ENDED_NOTOK and members[job].task_id not in hidden
            )
        )

        def is_out(task: Any) -> bool:
            """Has its folder been ended, so that nobody waits for it any more?"""
            return stopped(run.ledger, stoppers(task, folder_of(task)), run.run_id) is not None

        left = sorted(
            job for job, how in ended.items() if how not in st.ENDED and not is_out(members[job])
        )
        begin = order.spans(None, None, timezone=self.timezone)[0]
        if not ended and to_instant(run.ledger.clock.now()) < begin[0]:  # ordered for a later day
            spec = SubmitSpec(self.hoist_job, run.dag_id, run.run_id, [list(begin)])
            self.defer(trigger=SubmitTrigger(**spec.to_dict()), method_name="begin")
        if begins is not None and (left or bad):
            begins.keep_units(run, order, open_end=bool(left))
        if left:
            run.record("INACTIVE")
            told = f"{self.hoist_job} has no end: {', '.join(left)} never ran (CTM-091)"
            if bad:
                raise AirflowFailException(f"{told}; NOTOK: {bad}")
            raise AirflowSkipException(told)
        fired = self._rules.fired(End(not bad))
        run = with_effects(
            run,
            order,
            criteria_around(self),
            on_ok=(*self.on_ok, *fired.effects),
            on_notok=(*self.on_notok, *fired.effects),
        )
        run = replace(
            run, variables=variables_of(self.hoist_job, run.run_id, order, self.variables)
        )
        status = "SUCCESS" if fired.ok else "FAILURE"
        if begins is not None and "stop" not in fired.actions:
            again = begins.next_run(run, order, status)
            if again is not None:
                run = replace(run, changes={status: (*run.changes[status], again)})
        if not fired.ok:
            why = bad or "a rule says so"
            run.alarm("JOBFAILURE", why)
            run.record("FAILURE")
            raise AirflowFailException(f"{self.hoist_job} ended NOTOK: {why}")
        run.record("SUCCESS", exit_code=0)

    def hides(self) -> list[Any]:
        """What is inside, where rules say how the folder ends: its own end alone counts."""
        if not self.rules or self.task_group is None:
            return []
        return [task for task in self.task_group.iter_tasks() if task.task_id != self.task_id]

    def begin(self, context: Context, event: Any = None) -> None:
        """Entry after its order date has begun."""
        self.execute(context)

    def _starts(self) -> list[FolderStart]:
        """In front of the folder, and of those around it."""
        around, group = set(), self.task_group
        while group is not None:
            around.add(group_key(group))
            group = group.task_group
        tasks: list[Any] = list(self.dag.tasks)
        return [
            t for t in tasks if isinstance(t, FolderStart) and group_key(t.task_group) in around
        ]

    def _inside(self) -> list[Any]:
        """The jobs, starts and ends in the folder, at any depth; its own too."""
        group = self.task_group
        tasks: list[Any] = list(self.dag.tasks)
        inside = {id(task) for task in group.iter_tasks()} if group is not None else None
        return [
            task
            for task in tasks
            if isinstance(task, (Ordered, FolderEnd)) and (inside is None or id(task) in inside)
        ]
