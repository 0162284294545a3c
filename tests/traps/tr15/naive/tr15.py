"""TR-15 as a first draft: the iced job is left out and its neighbours are joined.

Must differ: A runs an hour. AutoSys starts C with the box; here C waits for A, and never runs when
A fails.
Differs in: start C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR15",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    a >> c
