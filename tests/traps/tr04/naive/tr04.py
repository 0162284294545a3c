"""TR-04 as a first draft: the disjunction becomes two edges, and the default rule waits for both.

Must differ: A fails, B succeeds. AutoSys starts C; here C is upstream_failed.
Differs in: start C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR04",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    [a, b] >> c
