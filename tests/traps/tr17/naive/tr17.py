"""TR-17 as a first draft: the exclusion becomes an edge.

Must differ: AutoSys starts B with the box, for A does not run; here B waits for A, which waits for
X.
Differs in: start B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR17",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    x = BashOperator(task_id="X", bash_command="/opt/batch/x", skip_on_exit_code=None)
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(
        task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None, trigger_rule="all_done"
    )
    x >> a >> b
