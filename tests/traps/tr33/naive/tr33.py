"""TR-33 as converters write it: MAXRERUN becomes retries, MAXWAIT a time-out.

Must differ: A fails: without a rule that reruns it Control-M runs it once; here it runs three times. MAXWAIT is how many days B may wait, not how many minutes it may run.
Differs in: start TR33/A, fields TR33/B
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR33",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(
        task_id="A",
        bash_command="/opt/batch/a",
        skip_on_exit_code=None,
        retries=2,
        retry_delay=timedelta(minutes=0),
    )
    b = BashOperator(
        task_id="B",
        bash_command="/opt/batch/b",
        skip_on_exit_code=None,
        execution_timeout=timedelta(minutes=3),
    )
