"""TR-13 as a first draft: the inner box is a task group, and what follows hangs on the group.

Must differ: X ends after 5 minutes, Y after 60. AutoSys starts C after 5 minutes, here after 60. If
Y fails, AutoSys starts C; here C is upstream_failed.
Differs in: start C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup

with DAG(
    "TR13",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    with TaskGroup("INNER", prefix_group_id=False) as inner:
        x = BashOperator(task_id="X", bash_command="/opt/batch/x", skip_on_exit_code=None)
        y = BashOperator(task_id="Y", bash_command="/opt/batch/y", skip_on_exit_code=None)
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
    inner >> c
