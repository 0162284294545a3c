"""The harness itself: its fast engine agrees with `dag.test()` and shows the known traps."""

from __future__ import annotations

import pytest

SOURCE = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

def fail():
    raise ValueError("wanted")

with DAG("harness_leaves", schedule=None, catchup=False):
    a = PythonOperator(task_id="a", python_callable=fail)
    b = EmptyOperator(task_id="b")
    c = EmptyOperator(task_id="c", trigger_rule="all_done")
    d = EmptyOperator(task_id="d", trigger_rule="all_success")
    [a, b] >> c
    a >> d >> c
"""


def test_fast_engine_agrees_with_a_real_run(airflow_runs, tmp_path):
    """AF-015, AF-070: same final states, and a failed task above a green leaf gives a green run."""
    (tmp_path / "dag.py").write_text(SOURCE)
    dag = airflow_runs.register(tmp_path)["harness_leaves"]
    real = airflow_runs.real_run(dag)
    fast = airflow_runs.fast_run(dag, {"a": "failed"})
    assert fast.tasks == real.tasks
    assert fast.state == real.state == "success"
    assert fast.upstream_failed == {"d"}
    assert fast.ran == {"a", "b", "c"}


def test_import_errors_are_returned(airflow_runs, tmp_path):
    (tmp_path / "bad.py").write_text(
        "from airflow.sdk import DAG\nraise ValueError('broken file')\n"
    )
    loaded = airflow_runs.load(tmp_path)
    assert not loaded.dags
    assert "broken file" in next(iter(loaded.import_errors.values()))


def test_seeded_order_shows_the_race(airflow_runs, tmp_path):
    """AF-011: the state of `all_success` depends on whether the failure or the skip came first."""
    source = SOURCE.split("    a = ", maxsplit=1)[0].replace("harness_leaves", "harness_race") + (
        '    a = EmptyOperator(task_id="a")\n    b = EmptyOperator(task_id="b")\n'
        '    c = EmptyOperator(task_id="c")\n    [a, b] >> c\n'
    )
    dag = airflow_runs.round_trip(airflow_runs.write_dag(tmp_path, source)["harness_race"])
    ends = {
        airflow_runs.fast_run(dag, {"a": "failed", "b": "skipped"}, seed=seed).tasks["c"]
        for seed in range(20)
    }
    assert ends == {"skipped", "upstream_failed"}


def test_outcome_may_be_a_function_of_the_states(airflow_runs, tmp_path):
    dag = airflow_runs.write_dag(tmp_path, SOURCE)["harness_leaves"]
    seen = []

    def gate(states):
        seen.append(states["a"])
        return "skipped"

    run = airflow_runs.fast_run(dag, {"c": gate}, seed=3)
    assert seen == ["success"]
    assert run.tasks["c"] == "skipped"


@pytest.mark.parametrize("name", ["Command", "Box", "crontab"])
def test_public_names_are_lazy(airflow_home, name):
    """PEP 562: importing the package loads no submodule."""
    import subprocess
    import sys

    code = (
        "import sys, hoist_airflow; assert not [m for m in sys.modules if "
        f"m.startswith('hoist_airflow.')]; assert {name!r} in dir(hoist_airflow)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_what_a_dag_calls(airflow_home):
    """Also after the plugin has loaded the timetables, as in every Airflow process."""
    import hoist_airflow
    import hoist_airflow.plugin

    for name in hoist_airflow.__all__:
        assert callable(getattr(hoist_airflow, name)), name
