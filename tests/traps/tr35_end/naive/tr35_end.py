"""TR-35 as converters write it: a SMART folder ends when what ran of it is done.

Must differ: BAD is never taken, so the folder never ends (C10) and AFTER never runs; here it does.
Differs in: start TR35F/AFTER
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

START = datetime(2026, 1, 1, tzinfo=timezone.utc)

with DAG("TR35E", schedule="0 7 * * *", start_date=START, catchup=False):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    good = BashOperator(task_id="GOOD", bash_command="/opt/batch/good", skip_on_exit_code=None)
    bad = BashOperator(
        task_id="BAD",
        bash_command="/opt/batch/bad",
        skip_on_exit_code=None,
        trigger_rule="one_failed",
    )
    a >> [good, bad]

with DAG("TR35F", schedule="0 7 * * *", start_date=START, catchup=False):
    ended = ExternalTaskSensor(
        task_id="ended", external_dag_id="TR35E", external_task_id="GOOD", mode="reschedule"
    )
    after = BashOperator(task_id="AFTER", bash_command="/opt/batch/after", skip_on_exit_code=None)
    ended >> after
