"""tests/vectors/trigger_rules.json is what Airflow's own TriggerRuleDep decides.

The C++ model of the rules (analysis/target/TriggerRules.cpp) is tested against the same file. Run
this file as a script to write it again after an upgrade of Airflow.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "trigger_rules.json"
# One letter a state, as in AF-010; `.` is unfinished.
_STATES = {
    "s": "success",
    "f": "failed",
    "u": "upstream_failed",
    "k": "skipped",
    ".": None,
}
_WAIT, _RUN, _SKIP, _UPSTREAM_FAILED = range(4)


def _decision(task: Any, states: str) -> int:
    """What the scheduler does with `task` whose upstream tasks u0, u1, … are in `states`."""
    import run_dag
    from airflow.ti_deps.dep_context import DepContext
    from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
    from airflow.utils.state import TaskInstanceState

    run = SimpleNamespace(dag_id="d", run_id="r")

    def stub(of: Any, state: str | None) -> Any:
        return run_dag._StubTask(
            task=of, task_id=of.task_id, map_index=-1, dag_id="d", run_id="r", dag_run=run,
            state=None if state is None else TaskInstanceState(state),
        )  # fmt: skip

    above = [stub(task.dag.task_dict[f"u{n}"], _STATES[c]) for n, c in enumerate(states)]
    mine = stub(task, None)
    context = DepContext(
        flag_upstream_failed=True,
        ignore_unmapped_tasks=True,
        finished_tis=[one for one in above if one.state is not None],
    )
    passed = all(
        one.passed for one in TriggerRuleDep().get_dep_statuses(mine, context, session=None)
    )
    if mine.state is not None:
        return {"skipped": _SKIP, "upstream_failed": _UPSTREAM_FAILED}[mine.state.value]
    return _RUN if passed else _WAIT


def _task(rule: str, upstreams: int, *, setup: bool) -> Any:
    import run_dag
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    with DAG("d", schedule=None) as dag:
        above = [EmptyOperator(task_id=f"u{n}") for n in range(upstreams)]
        t = EmptyOperator(task_id="t", trigger_rule="all_success" if setup else rule)
        if above:
            above >> t
        if setup:
            t.as_teardown(setups=above[0])
    return run_dag.round_trip(dag).task_dict["t"]


def decisions() -> dict[str, Any]:
    """All rules on all combinations of up to three upstream tasks."""
    from airflow.task.trigger_rule import TriggerRule

    rules = sorted(rule.value for rule in TriggerRule)
    found: dict[str, Any] = {"rules": {}, "first_is_setup": {}}
    for rule in rules:
        of = found["rules"][rule] = {}
        for count in range(4):
            task = _task(rule, count, setup=False)
            for states in itertools.combinations_with_replacement(_STATES, count):
                of["".join(states)] = _decision(task, "".join(states))
    for count in range(1, 4):
        task = _task("all_done_setup_success", count, setup=True)
        assert str(task.trigger_rule) == "all_done_setup_success"
        for first in _STATES:
            for rest in itertools.combinations_with_replacement(_STATES, count - 1):
                states = first + "".join(rest)
                found["first_is_setup"][states] = _decision(task, states)
    return found


def test_vectors_are_airflows_own_decisions(airflow_runs: Any) -> None:
    told = json.loads(_VECTORS.read_text())
    assert len(told["rules"]) == 13 and len(told["rules"]["all_success"]) == 56
    assert told == {"about": told["about"], **decisions()}


if __name__ == "__main__":
    import conftest  # noqa: F401  (prepares Airflow's home)

    rows = decisions()
    about = (
        "TriggerRuleDep of Airflow 3.3: the states of up to three upstream tasks -> 0 wait, 1 run, "
        "2 skipped, 3 upstream_failed. Written by tests/airflow/test_trigger_rules.py."
    )
    parts = [f'"about": {json.dumps(about)}']
    for name, rules in (
        ("rules", rows["rules"]),
        ("first_is_setup", rows["first_is_setup"]),
    ):
        if name == "rules":
            inner = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in rules.items())
            parts.append(f'"rules": {{\n{inner}\n}}')
        else:
            parts.append(f'"first_is_setup": {json.dumps(rules)}')
    _VECTORS.write_text("{" + ",\n".join(parts) + "}\n")
