"""TR-42 as converters write it: business days are Monday to Friday.

Must differ: 2026-01-19 is a holiday and not in the calendar; here the job runs. After the last date
of the calendar AutoSys runs it never again.
Differs in: schedule TR42
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR42",
    schedule="0 6 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr42 = BashOperator(task_id="TR42", bash_command="/opt/batch/tr42", skip_on_exit_code=None)
