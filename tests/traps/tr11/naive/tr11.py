"""TR-11 as converters write it: the look-back is left out, and a sensor watches the run of an hour
before.

Must differ: on Saturday A does not run. AutoSys does not start J at 06:00: it is armed, and starts
on Monday when A succeeds, once. Here J fails on Saturday and Sunday after an hour, and on Monday it
runs at 06:00.
Differs in: start J
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

with DAG(
    "A",
    schedule="0 5 * * 1-5",
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
