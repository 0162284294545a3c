"""TR-05 as a first draft: there is a failure in the condition, so the rule is `one_failed`.

Must differ: A fails after a minute, B ends after thirty. AutoSys starts C after thirty minutes if B
succeeded, and never if it failed; here C starts after one minute in both cases.
Differs in: start C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR05",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    c = BashOperator(
        task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    [a, b] >> c
