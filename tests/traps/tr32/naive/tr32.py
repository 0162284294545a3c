"""TR-32 as converters write it: PREV becomes a sensor on the run of yesterday.

Must differ: on Monday PREV is Friday; the sensor looks for a run of Sunday, which there never is.
Differs in: start TR32/LOAD
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

with DAG(
    "TR32",
    schedule="0 9 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    previous = ExternalTaskSensor(
        task_id="previous",
        external_dag_id="TR32",
        external_task_id="LOAD",
        execution_delta=timedelta(days=1),
        mode="reschedule",
    )
    load = BashOperator(task_id="LOAD", bash_command="/opt/batch/load", skip_on_exit_code=None)
    previous >> load
