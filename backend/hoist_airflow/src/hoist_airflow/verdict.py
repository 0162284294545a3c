"""`Verdict`: the leaf of a DAG or box that ends with the status of its legacy box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from hoist_airflow.box import fold_of
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.facts import EndChanges
from hoist_airflow.run import ensure_started

if TYPE_CHECKING:
    from airflow.sdk import Context


class Verdict(BaseOperator):
    """Closes the box `of` by the recorded outcomes, and succeeds or fails with it."""

    hoist_role = "verdict"
    hoist_box = None
    ui_color = "#e6f4ea"

    def __init__(
        self,
        *,
        of: str,
        success: str | None = None,
        failure: str | None = None,
        terminators: Sequence[str] = (),
        kill: Sequence[str] = (),
        facts: Mapping[str, Sequence[str]] | None = None,
        business_day: str | None = None,
        trigger_rule: str = "all_done",
        **kwargs: Any,
    ) -> None:
        super().__init__(trigger_rule=trigger_rule, **kwargs)
        EndChanges.of(facts or {}, business_day)
        self.facts = {status: tuple(changes) for status, changes in (facts or {}).items()}
        self.business_day = business_day
        self.hoist_job = of
        self.hoist_fold = fold_of(success, failure, terminators, kill)

    def execute(self, context: Context) -> str:
        run = ensure_started(context)
        row = run.ledger.close_box(self.hoist_job, run.run_id, run.dag_id)
        if row is None or row.status not in st.ENDED:
            # Its own condition kept the box from starting: what the last run left still counts.
            raise AirflowSkipException(f"{self.hoist_job} did not start in this run")
        if row.status != st.SUCCESS:
            raise AirflowFailException(f"{self.hoist_job} is {row.status}")
        self.log.info("%s is %s", self.hoist_job, row.status)
        return row.status
