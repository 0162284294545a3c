"""TR-49 as converters write it: the command alone.

Must differ: AutoSys runs the command on one of etl01 and etl02, as svc_etl, after the profile, and
appends to the log; here it runs on the worker as the worker's user, without the profile, and the
log is truncated each time.
Differs in: fields TR49
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR49",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    tr49 = BashOperator(
        task_id="TR49", bash_command="/opt/batch/tr49 > /var/log/tr49.out", skip_on_exit_code=None
    )
