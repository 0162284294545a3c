"""TR-47 as a first draft: globals are environment of the DAG processor, and a false test skips.

Must differ: BUS_DATE is set between parsing and start: AutoSys passes the new date, here A gets the
old one. GO is N when A ends and becomes Y a minute later: AutoSys starts B then; here B was
skipped.
Differs in: start B, fields A
"""

import os
from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.sdk import DAG

BUS_DATE = os.environ.get("BUS_DATE", "20260302")


def may_go() -> bool:
    return os.environ.get("GO", "N") == "Y"


with DAG(
    "TR47",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(
        task_id="A", bash_command=f"/opt/batch/a -d {BUS_DATE}", skip_on_exit_code=None
    )
    go = ShortCircuitOperator(task_id="go", python_callable=may_go)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    a >> go >> b
