"""TR-09 as converters write it: handler with `one_failed`, then a join.

Must differ: A succeeds, H is skipped and takes J along. AutoSys starts J.
Differs in: start J
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR09",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    h = BashOperator(
        task_id="H", bash_command="/opt/batch/h", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    j = BashOperator(task_id="J", bash_command="/opt/batch/j", skip_on_exit_code=None)
    a >> h
    [a, h] >> j
