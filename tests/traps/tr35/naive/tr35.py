"""TR-35 as converters write it: the days of a member are lost with its folder.

Must differ: on Tuesday A is not ordered, and B waits until New Day removes it; here both run each day.
Differs in: schedule TR35/A
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR35",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    a >> b
