"""`Gate`: the task in front of a job or box that waits for its condition on the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from hoist_airflow import conditions
from hoist_airflow.decision import GateSpec, decide
from hoist_airflow.run import ensure_started, local_tasks, task_states

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.schedule.timetables import LegacyCalendarTimetable

SUFFIX = ".when"


def dependent_of(task_id: str, for_job: str | None, suffix: str) -> str:
    """The legacy name of a control node's job: as given, else the task id without its suffix."""
    return for_job if for_job is not None else task_id.removesuffix(suffix)


class Gate(BaseOperator):
    """Waits, without a worker slot, until its job may start (docs/runtime.md, "Gate").

    Raises ConditionSyntaxError for `when`, ValueError for other arguments, when the DAG is loaded.
    """

    hoist_role = "gate"
    hoist_box = None
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        when: str = "true",
        for_job: str | None = None,
        mode: Literal["wait", "now"] = "wait",
        ticks: LegacyCalendarTimetable | None = None,
        window: str | None = None,
        timezone: str | None = None,
        race: bool = False,
        undefined: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        conditions.parse(when)
        if mode not in ("wait", "now"):
            raise ValueError(f"mode is 'wait' or 'now', not {mode!r}")
        if window is not None:
            from hoist_airflow.schedule.windows import parse_window

            parse_window(window)
        self.hoist_job = dependent_of(self.task_id, for_job, SUFFIX)
        self.when = when
        self.mode = mode
        self.ticks = ticks
        self.window = window
        self.timezone = timezone
        self.race = race
        self.undefined = tuple(undefined)

    def spec(self, run_id: str) -> GateSpec:
        """The gate in one run, as plain data."""
        return GateSpec(
            task_id=self.task_id,
            dag_id=self.dag_id,
            run_id=run_id,
            job=self.hoist_job,
            when=self.when,
            mode=self.mode,
            ticks=None if self.ticks is None else self.ticks.serialize(),
            dag_ticks=self._dag_ticks() if self.ticks is None and self.window is not None else None,
            window=self.window,
            timezone=self.timezone,
            race=self.race,
            undefined=list(self.undefined),
            local=local_tasks(self, self.when),
            records=not self._job_reads_again(),
        )

    def _dag_ticks(self) -> dict[str, Any] | None:
        from hoist_airflow.schedule.timetables import LegacyCalendarTimetable

        timetable: Any = self.dag.timetable
        return timetable.serialize() if isinstance(timetable, LegacyCalendarTimetable) else None

    def _job_reads_again(self) -> bool:
        """Does the job read its condition itself when it starts, behind a queue (JIL-095)?

        Then it is the job that records the start of a mutual exclusion, not this gate: in the queue
        it does not exclude anybody (JIL-063).
        """
        if not conditions.parse(self.when).excludes:
            return False
        tasks: list[Any] = list(self.dag.tasks)
        return any(
            getattr(task, "hoist_role", None) == "job"
            and task.hoist_job == self.hoist_job
            and task.when is not None
            for task in tasks
        )

    def execute(self, context: Context) -> None:
        run = ensure_started(context)
        spec = self.spec(run.run_id)
        opens = spec.is_open  # it only says when a box starts of which each member waits for more
        if run.start_event == "FORCE_STARTJOB" and not opens:
            self.log.info("pass: FORCE_STARTJOB ignores all conditions (JIL-081)")
            return
        if run.start_event == "STARTJOB":  # ignores date and time conditions (JIL-144)
            spec = replace(spec, ticks=None, dag_ticks=None, window=None)
        tasks = sorted({task for ids in spec.local.values() for task in ids})
        decision = decide(run.ledger, spec, lambda: task_states(run.dag_id, run.run_id, tasks))
        self.log.info("%s: %s", decision.kind, decision.reason)
        if decision.kind == "skip":
            if self.mode == "now" and not self.race and run.box is None:
                run.ledger.give_up_run(run.dag_id, run.run_id)
            raise AirflowSkipException(decision.reason)
        if decision.kind == "wait":
            from hoist_airflow.trigger import GateTrigger

            self.defer(trigger=GateTrigger(**spec.to_dict()), method_name="decided")
        if opens:
            run.start_box()

    def decided(self, context: Context, event: dict[str, Any]) -> None:
        """Airflow's entry after the trigger's decision."""
        self.log.info("%s: %s", event["kind"], event["reason"])
        if event["kind"] == "skip":
            raise AirflowSkipException(event["reason"])
