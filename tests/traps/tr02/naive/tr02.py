"""TR-02 as a first draft: B gets a schedule of its own, an hour after A's.

Must differ: an operator runs A again at 15:00; AutoSys starts B when that run of A ends, here B has
run at 03:00 and does not run again. And A that ends at 04:00 starts B at 04:00, not at 03:00.
Differs in: schedule B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "A",
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)

with DAG(
    "B",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
