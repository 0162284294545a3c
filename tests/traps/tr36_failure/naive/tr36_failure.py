"""TR-36 as converters write it: the failure path becomes an edge like any other.

Must differ: A fails: Control-M runs B, which mends it; here B runs only when A succeeds.
Differs in: start TR36F/B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR36F",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    a >> b
