"""TR-37 as converters write it: the end of a window is lost.

Must differ: A takes three hours: Control-M does not start B after 09:00; here it runs at 10:00.
Differs in: start TR37/B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR37",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    a >> b
