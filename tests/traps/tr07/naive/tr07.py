"""TR-07 as converters write it: `one_failed` for f(), `all_done` for d().

Must differ: A fails, so B never runs and is upstream_failed, which both rules count. AutoSys starts
neither H nor D.
Differs in: start H, start D
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR07",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    h = BashOperator(
        task_id="H", bash_command="/opt/batch/h", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    d = BashOperator(
        task_id="D", bash_command="/opt/batch/d", skip_on_exit_code=None, trigger_rule="all_done"
    )
    a >> b >> [h, d]
