"""TR-31 as converters write it: a condition that another job deletes becomes an edge.

Must differ: B consumes X before 09:00: Control-M never starts C; here C runs.
Differs in: start TR31D/C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR31D",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    a >> [b, c]
