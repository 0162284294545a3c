"""TR-51, second draft: one run at a time.

Must differ: the run of 10:00 takes 70 minutes. AutoSys drops 10:30 and 11:00 and starts next at
11:30; here a waiting run starts at 11:10, at once.
Differs in: overlap TR51
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR51",
    schedule="0,30 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr51 = BashOperator(task_id="TR51", bash_command="/opt/batch/tr51", skip_on_exit_code=None)
