"""TR-51 for cron: one run at a time, as is good habit in Airflow.

Must differ: the run of 10:00 takes 15 minutes. cron starts another at 10:10 beside it (CRON-009);
here that run waits until 10:15.
Differs in: overlap poll.c4213c7d
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "poll.c4213c7d",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    poll = BashOperator(
        task_id="poll.c4213c7d", bash_command="/opt/batch/poll", skip_on_exit_code=None
    )
