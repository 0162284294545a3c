"""TR-50 as converters write it: the alarm's limit becomes execution_timeout.

Must differ: the job runs for 20 minutes and succeeds, with an alarm; here it is killed after 10.
Differs in: fields TR50
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR50",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr50 = BashOperator(
        task_id="TR50",
        bash_command="/opt/batch/tr50",
        skip_on_exit_code=None,
        execution_timeout=timedelta(minutes=10),
    )
