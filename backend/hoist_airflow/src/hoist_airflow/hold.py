"""`Hold`: the task in front of a job that waits for an operator's release (JIL-085, JIL-094)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from hoist_airflow.gate import dependent_of
from hoist_airflow.run import ensure_started

if TYPE_CHECKING:
    from airflow.sdk import Context

SUFFIX = ".hold"


class Hold(BaseOperator):
    """Waits, without a worker slot, until `hoistctl sendevent -E JOB_OFF_HOLD` (docs/runtime.md).

    `auto`: every run start puts the job on hold again; else only the ledger's first sight of it.
    """

    hoist_role = "hold"
    hoist_box = None
    ui_color = "#fef7e0"

    def __init__(self, *, for_job: str | None = None, auto: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hoist_job = dependent_of(self.task_id, for_job, SUFFIX)
        self.auto = auto

    def execute(self, context: Context) -> None:
        from hoist_airflow.trigger import HoldTrigger

        run = ensure_started(context)
        if run.start_event == "FORCE_STARTJOB":
            self.log.info("pass: FORCE_STARTJOB starts a held job (JIL-081)")
            return
        run.ledger.hold(self.hoist_job, run.run_id, auto=self.auto)
        trigger = HoldTrigger(job=self.hoist_job, run_id=run.run_id)
        decision = trigger.ask(run.ledger, {})
        if decision.kind == "wait":
            self.log.info("%s is ON_HOLD: hoistctl sendevent -E JOB_OFF_HOLD", self.hoist_job)
            self.defer(trigger=trigger, method_name="released")
        self.released(context, {"kind": decision.kind, "reason": decision.reason})

    def released(self, context: Context, event: dict[str, Any]) -> None:
        """Airflow's entry after the release."""
        self.log.info("%s: %s", event["kind"], event["reason"])
        if event["kind"] == "skip":
            raise AirflowSkipException(event["reason"])
