"""TR-04, second draft: `one_success`.

Must differ: A fails, B succeeds, C succeeds. The box is FAILURE (JIL-114: a member failed); the
only leaf of this run is C, so the run succeeds (AF-015).
Differs in: verdict
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
    c = BashOperator(
        task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None, trigger_rule="one_success"
    )
    [a, b] >> c
