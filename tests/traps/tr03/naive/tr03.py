"""TR-03 as a first draft: C is scheduled on the assets of A and B.

Must differ: A succeeds at 01:00, 02:00 and 04:00, B at 03:00. AutoSys starts C at 03:00 and again
at 04:00, for s(B) still holds; the asset schedule starts it at 03:00 and then waits for a new event
of B.
Differs in: start C
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset

a_done = Asset("A")
b_done = Asset("B")

with DAG(
    "A",
    schedule="0 1,2,4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(
        task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None, outlets=[a_done]
    )

with DAG(
    "B",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    b = BashOperator(
        task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None, outlets=[b_done]
    )

with DAG(
    "C",
    schedule=[a_done, b_done],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    c = BashOperator(task_id="C", bash_command="/opt/batch/c", skip_on_exit_code=None)
