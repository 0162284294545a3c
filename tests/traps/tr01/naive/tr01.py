"""TR-01 as converters write it: a sensor on the run of A with a matching logical date.

Must differ: A runs on Sundays only. If it succeeds on Sunday, AutoSys starts B on each day of the
week; here B waits on Monday for a run of A that never exists, and fails. If A fails on Sunday,
AutoSys starts B on no day.
Differs in: start B
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

with DAG(
    "A",
    schedule="0 4 * * 0",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)

with DAG(
    "B",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    wait = ExternalTaskSensor(
        task_id="wait_for_A",
        external_dag_id="A",
        external_task_id="A",
        execution_delta=timedelta(hours=2),
        timeout=3600,
        mode="reschedule",
    )
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    wait >> b
