"""TR-40 as a first draft: the time as a cron string in the job's zone.

Must differ: on 2026-03-08 the hour from 2 to 3 does not exist in New York. AutoSys runs the job at
03:00:30; Airflow at 03:30.
Differs in: schedule TR40
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

with DAG(
    "TR40",
    schedule=CronTriggerTimetable("30 2 * * *", timezone="America/New_York"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr40 = BashOperator(task_id="TR40", bash_command="/opt/batch/tr40", skip_on_exit_code=None)
