"""TR-31 as converters write it: a condition of two jobs becomes two edges.

Must differ: A takes three hours. Control-M starts C when B has added X; here C waits for A.
Differs in: start TR31/C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR31",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    [a, b] >> c
