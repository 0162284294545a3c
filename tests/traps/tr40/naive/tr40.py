"""TR-40 as a first draft: the five fields unchanged, in the machine's zone.

Must differ: on 2026-11-01 in New York cron runs the rollup at the first 01:30 (05:30Z), Airflow at
the second (06:30Z). On 2026-03-08 cron runs the purge of 02:30 at 03:00, Airflow at 03:30.
Differs in: schedule rollup.2a3ab6fe, schedule purge.e3e1d5d2
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

with DAG(
    "rollup.2a3ab6fe",
    schedule=CronTriggerTimetable("30 1 * * *", timezone="America/New_York"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1000,
):
    rollup = BashOperator(
        task_id="rollup.2a3ab6fe", bash_command="/opt/batch/rollup", skip_on_exit_code=None
    )

with DAG(
    "purge.e3e1d5d2",
    schedule=CronTriggerTimetable("30 2 * * *", timezone="America/New_York"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1000,
):
    purge = BashOperator(
        task_id="purge.e3e1d5d2", bash_command="/opt/batch/purge", skip_on_exit_code=None
    )
