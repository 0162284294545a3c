"""TR-30 as converters write it: the job runs at 02:00 of its date, and the date is that of the run.

Must differ: the order of Sunday, 1 March runs on 2 March at 02:00 with 20260301 in its command; here it says 20260302. WEEK is ordered on Fridays, and would run each day.
Differs in: fields TR30/LOAD, schedule TR30
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR30",
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    load = BashOperator(
        task_id="LOAD",
        bash_command="/opt/batch/load LOAD_{{ ds_nodash }}",
        skip_on_exit_code=None,
    )
    week = BashOperator(task_id="WEEK", bash_command="/opt/batch/week", skip_on_exit_code=None)
