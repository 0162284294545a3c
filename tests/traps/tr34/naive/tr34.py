"""TR-34 as converters write it: a cyclic job becomes a DAG that runs every quarter of an hour.

Must differ: POLL takes 20 minutes. Control-M runs it at 07:00, 07:35, 08:10; here it runs at 07:00, 07:15, 07:30, and NEXT after each of them instead of once.
Differs in: start TR34/POLL
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR34",
    schedule="*/15 7-8 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    poll = BashOperator(task_id="POLL", bash_command="/opt/batch/poll", skip_on_exit_code=None)
    next_ = BashOperator(task_id="NEXT", bash_command="/opt/batch/next", skip_on_exit_code=None)
    poll >> next_
