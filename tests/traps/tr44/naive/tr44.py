"""TR-44 as converters write it: a BashOperator with its defaults.

Must differ: A exits 4: AutoSys starts B, here H runs. A exits 99: AutoSys starts H; here A and all
behind it is skipped, and the run succeeds.
Differs in: start B, start H
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR44",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a")
    h = BashOperator(task_id="H", bash_command="/opt/batch/h", trigger_rule="one_failed")
    b = BashOperator(task_id="B", bash_command="/opt/batch/b")
    a >> [h, b]
