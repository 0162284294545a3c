"""TR-18, the plain edge: what an operator's rerun does is the one difference.

An operator forces A in the running box after B has run: AutoSys does not start B again (JIL-111);
clearing A in Airflow clears B too unless the operator leaves it out. That is a matter of operation
and outside equivalence: the DAG is what AutoSys does in every run that nobody touches.
Differs in: operation
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "TR18",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    b = BashOperator(task_id="B", bash_command="/opt/batch/b", skip_on_exit_code=None)
    a >> b
