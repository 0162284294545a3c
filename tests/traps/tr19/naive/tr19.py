"""TR-19 as a first draft: a time sensor before the member, in every run.

Must differ: the box starts at 07:00 and at 12:00. AutoSys runs A at 08:00 in the first run and
waits in the second for 08:00 of tomorrow; here A starts at 12:00 at once.
Differs in: start A
"""

from datetime import datetime, time, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.time import TimeSensor
from airflow.sdk import DAG

with DAG(
    "TR19",
    schedule="0 7,12 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    at_eight = TimeSensor(task_id="at_eight", target_time=time(8), mode="reschedule")
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    at_eight >> a >> b
