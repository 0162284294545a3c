"""TR-06 as a first draft: `&` binds closer than `|`, as in every other language.

Must differ: A succeeds, B succeeds, C fails. AutoSys does not start D; here D runs.
Differs in: start D
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG(
    "TR06",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    both = EmptyOperator(task_id="B_and_C")
    d = BashOperator(
        task_id="D", bash_command="/opt/batch/d", skip_on_exit_code=None, trigger_rule="one_success"
    )
    [b, c] >> both
    [a, both] >> d
