"""TR-10 as converters write it: handler and successor are the leaves.

Must differ: A fails, H and B succeed. The box is FAILURE; this run succeeds and nobody is called.
Differs in: verdict
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR10",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    h = BashOperator(
        task_id="H", bash_command="/opt/batch/h", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    b = BashOperator(
        task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None, trigger_rule="all_done"
    )
    a >> [h, b]
