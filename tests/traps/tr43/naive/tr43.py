"""TR-43 as a first draft: J skips itself on holidays, and K accepts a run that skipped.

Must differ: J succeeds on Thursday, Friday 2026-01-16 is excluded. AutoSys sets J INACTIVE on
Friday and does not start K; here K runs.
Differs in: start K
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

HOLIDAYS = {"2026-01-16", "2026-12-25"}


def is_no_holiday(ds: str) -> bool:
    return ds not in HOLIDAYS


with DAG(
    "J",
    schedule="0 6 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    business_day = ShortCircuitOperator(task_id="business_day", python_callable=is_no_holiday)
    j = BashOperator(task_id="J", bash_command="/opt/batch/j", skip_on_exit_code=None)
    business_day >> j

with DAG(
    "K",
    schedule="0 7 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    wait = ExternalTaskSensor(
        task_id="wait_for_J",
        external_dag_id="J",
        external_task_id="J",
        execution_delta=timedelta(hours=1),
        allowed_states=["success", "skipped"],
        mode="reschedule",
    )
    k = BashOperator(task_id="K", bash_command="/opt/batch/k", skip_on_exit_code=None)
    wait >> k
