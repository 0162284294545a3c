"""TR-51 as converters write it: a cron string, and nothing said about overlapping.

Must differ: the run of 10:00 takes 70 minutes. AutoSys drops 10:30 and 11:00 and starts next at
11:30; here the runs of 10:30 and 11:00 start beside it.
Differs in: overlap TR51
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR51",
    schedule="0,30 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    tr51 = BashOperator(task_id="TR51", bash_command="/opt/batch/tr51", skip_on_exit_code=None)
