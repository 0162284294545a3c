"""TR-12 as converters write it: a skipped handler ends the run, and the run's success starts the
next.

Must differ: A succeeds. In AutoSys the box stays RUNNING and N never starts; here the run succeeds
and N runs. (That the run ends at all where the box would hang is an assumption that hoist names;
that N starts is not.) And when A fails and H succeeds the box is FAILURE; here the run succeeds.
Differs in: start N, verdict
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset

tr12_done = Asset("TR12")

with DAG(
    "TR12",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    a = BashOperator(task_id="A", bash_command="/opt/batch/a", skip_on_exit_code=None)
    h = BashOperator(
        task_id="H", bash_command="/opt/batch/h", skip_on_exit_code=None, trigger_rule="one_failed"
    )
    done = EmptyOperator(task_id="done", trigger_rule="none_failed", outlets=[tr12_done])
    a >> h >> done

with DAG(
    "N",
    schedule=[tr12_done],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
    n = BashOperator(task_id="N", bash_command="/opt/batch/n", skip_on_exit_code=None)
