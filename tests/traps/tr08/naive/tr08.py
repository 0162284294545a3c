"""TR-08 as a first draft: a plain join behind two branches.

Must differ: A succeeds, X runs, Y is skipped and takes Z along; the run is green and nothing
happened behind the join. AutoSys starts Z when X succeeds.
Differs in: start Z
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR08",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    x = BashOperator(task_id="X", bash_command="/opt/batch/x", skip_on_exit_code=None)
    y = BashOperator(
        task_id="Y", bash_command="/opt/batch/y", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    z = BashOperator(task_id="Z", bash_command="/opt/batch/z", skip_on_exit_code=None)
    a >> [x, y]
    [x, y] >> z
