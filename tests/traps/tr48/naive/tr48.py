"""TR-48 as converters write it: FileSensor.

Must differ: the file appears with 10 bytes and grows for ten minutes. AutoSys starts B when it has
rested for a minute with at least 100 bytes; here B reads a torn file. After an hour without a file
W fails here; AutoSys waits.
Differs in: fields W, start B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.sdk import DAG

with DAG(
    "TR48",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    w = FileSensor(
        task_id="W",
        filepath="/in/feed.csv",
        poke_interval=60,
        timeout=3600,
        mode="reschedule",
    )
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    w >> b
