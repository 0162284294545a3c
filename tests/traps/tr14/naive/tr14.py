"""TR-14 as converters write it: a sensor with a time-out.

Must differ: A ends at 09:30. AutoSys starts J at 09:30; here the sensor fails at 07:00 and J is
upstream_failed. And if A fails on Monday and succeeds on Tuesday at 05:30, J runs at 05:30 for
Monday's tick, and at 06:00 for Tuesday's.
Differs in: start J
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

with DAG(
    "A",
    schedule="0 5 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)

with DAG(
    "J",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    wait = ExternalTaskSensor(
        task_id="wait_for_A",
        external_dag_id="A",
        external_task_id="A",
        execution_delta=timedelta(hours=1),
        timeout=3600,
        mode="reschedule",
    )
    j = BashOperator(task_id="J", bash_command="/opt/batch/j", skip_on_exit_code=None)
    wait >> j
