"""TR-44 as a first draft: Airflow has one word for a failure and a kill.

Must differ: A is killed. AutoSys starts T and not H; A exits 1: H and not T. Here both run in both
cases.
Differs in: start H, start T
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR44K",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    h = BashOperator(
        task_id="H", bash_command="/opt/batch/h", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    t = BashOperator(
        task_id="T", bash_command="/opt/batch/t", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    a >> [h, t]
