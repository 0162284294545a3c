"""TR-13 as a first draft: box_terminator is left out, for nothing depends on X.

Must differ: X fails after a minute, Y succeeds after thirty. AutoSys never starts Z; here Z runs.
Differs in: start Z
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR13T",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    x = BashOperator(task_id="X", bash_command="/opt/batch/x", skip_on_exit_code=None)
    y = BashOperator(task_id="Y", bash_command="/opt/batch/y", skip_on_exit_code=None)
    z = BashOperator(task_id="Z", bash_command="/opt/batch/z", skip_on_exit_code=None)
    y >> z
