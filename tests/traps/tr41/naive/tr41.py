"""TR-41 as converters write it: the five fields unchanged.

Must differ: cron runs on Mondays that fall on odd days: in June 2026 on 1, 15 and 29. Airflow ORs
the two fields and runs on all odd days and on every Monday.
Differs in: schedule report.db12146c
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "report.db12146c",
    schedule="0 0 */2 * 1",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1000,
):
    report = BashOperator(
        task_id="report.db12146c", bash_command="/opt/batch/report", skip_on_exit_code=None
    )
