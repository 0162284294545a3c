"""TR-45 as converters write it: retries and execution_timeout.

Must differ: the job hangs. AutoSys kills it after 5 minutes, once; here it runs three times, 5
minutes each.
Differs in: fields TR45
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR45",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr45 = BashOperator(
        task_id="TR45",
        bash_command="/opt/batch/tr45",
        skip_on_exit_code=None,
        retries=2,
        retry_delay=timedelta(seconds=10),
        execution_timeout=timedelta(minutes=5),
    )
