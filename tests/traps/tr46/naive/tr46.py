"""TR-46 as converters write it: the first resource becomes the pool.

Must differ: A fails. It keeps its two units of DB (FREE=Y frees on success only), so AutoSys does
not start B; a pool gives the slots back and B runs. LICENCE is not looked at at all: of two jobs
that need it both run.
Differs in: resources A, resources B
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR46",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(
        task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None, pool="DB", pool_slots=2
    )
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None, pool="DB")
