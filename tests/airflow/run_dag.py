"""How tests judge a DAG by real Airflow: load, serialise, run, or run its trigger rules fast.

Four questions, from cheap to dear (AF-002, AF-070):

- `load(folder)`: does Airflow's DagBag import every file? -> `Loaded(dags, import_errors)`
- `round_trip(dag)`: the DAG as the scheduler sees it, through JSON and back (AF-001)
- `fast_run(dag, outcomes, seed)`: Airflow's own `TriggerRuleDep` over stub task instances of the
  deserialised DAG, one task finished per pass in seeded random order: thousands of runs a second,
  and no operator executes. Not covered: mapped tasks, `depends_on_past`, retries, branch and
  short-circuit skips.
- `real_run(dag)`: `dag.test()`: operators execute, 0.3-1.7 runs a second

Use through the fixture `airflow_runs` of conftest.py, which prepares the metadata database.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag, DagBag, sync_bag_to_db
from airflow.serialization.serialized_objects import DagSerialization
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from airflow.utils.state import State, TaskInstanceState

_BUNDLE = "dags-folder"  # the bundle that Airflow configures by default
_RUN_ID = "fast"


@dataclass(frozen=True)
class Loaded:
    """What DagBag made of a folder: DAGs by id, and error text by file."""

    dags: dict[str, Any]
    import_errors: dict[str, str]

    def __getitem__(self, dag_id: str) -> Any:
        """The DAG of this id; fails with the import errors if it is not there."""
        assert dag_id in self.dags, f"no DAG {dag_id}: {sorted(self.dags)} {self.import_errors}"
        return self.dags[dag_id]


@dataclass(frozen=True)
class Finished:
    """How a run ended: the run's state and each task's final state (None = never decided)."""

    state: str
    tasks: dict[str, str | None]
    order: list[str] = field(default_factory=list)  # tasks that ran, in the order they finished

    def _with(self, state: TaskInstanceState) -> set[str]:
        return {task for task, its in self.tasks.items() if its == state.value}

    @property
    def succeeded(self) -> set[str]:
        return self._with(TaskInstanceState.SUCCESS)

    @property
    def failed(self) -> set[str]:
        return self._with(TaskInstanceState.FAILED)

    @property
    def skipped(self) -> set[str]:
        return self._with(TaskInstanceState.SKIPPED)

    @property
    def upstream_failed(self) -> set[str]:
        return self._with(TaskInstanceState.UPSTREAM_FAILED)

    @property
    def ran(self) -> set[str]:
        """Tasks whose operator was started (`fast_run`), or that ended by running (`real_run`)."""
        return set(self.order) if self.order else self.succeeded | self.failed


def load(folder: Path | str) -> Loaded:
    """Import every DAG file of `folder` as the DAG processor does."""
    bag = DagBag(dag_folder=str(folder))
    return Loaded(dict(bag.dags), {str(k): str(v) for k, v in bag.import_errors.items()})


def write_dag(folder: Path, source: str, name: str = "dag.py") -> Loaded:
    """Write one DAG file and load its folder; fails on an import error."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8", errors="strict")
    loaded = load(folder)
    assert not loaded.import_errors, loaded.import_errors
    return loaded


def serialized(dag: Any) -> dict[str, Any]:
    """The JSON document that Airflow stores for `dag`."""
    document: dict[str, Any] = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    return document


def round_trip(dag: Any) -> Any:
    """The DAG as scheduler and API server see it: through JSON text and back."""
    return DagSerialization.from_dict(serialized(dag))


class _StubTask(SimpleNamespace):
    """A task instance as far as `TriggerRuleDep` looks at one: state, and how to set it."""

    def set_state(self, state: Any, session: Any = None) -> bool:
        changed = self.state != state
        self.state = state
        return changed

    def get_dagrun(self, session: Any = None) -> Any:
        return self.dag_run

    def __hash__(self) -> int:
        return hash(self.task_id)

    def __eq__(self, other: object) -> bool:
        return self is other


Outcome = str | Callable[[Mapping[str, str | None]], str]


def fast_run(
    dag: Any,
    outcomes: Mapping[str, Outcome] | None = None,
    *,
    seed: int = 0,
    default: Outcome = "success",
) -> Finished:
    """Run the trigger rules of `dag` once: per pass one ready task ends, in seeded random order.

    `dag` is a loaded DAG or an already deserialised one (`round_trip`, cheaper for many runs).
    `outcomes` tells how a task ends if it runs: "success", "failed", "skipped", or a function of
    the states so far (task id -> state or None) that returns one of these, which is how a test
    plays a gate. Tasks without an outcome end as `default`. One ready task per pass, so that the
    race of AF-011 shows.
    """
    if not hasattr(dag, "timetable") or type(dag).__module__.startswith("airflow.sdk"):
        dag = round_trip(dag)
    choose = random.Random(seed)
    dag_run = SimpleNamespace(dag_id=dag.dag_id, run_id=_RUN_ID)
    stubs = {
        task.task_id: _StubTask(
            task=task,
            task_id=task.task_id,
            state=None,
            map_index=-1,
            dag_id=dag.dag_id,
            run_id=_RUN_ID,
            dag_run=dag_run,
        )
        for task in dag.tasks
    }
    rule = TriggerRuleDep()
    order: list[str] = []
    while True:
        ready = _settle(rule, stubs)
        if not ready:
            break
        stub = choose.choice(ready)
        how = (outcomes or {}).get(stub.task_id, default)
        if callable(how):
            how = how({name: _word(each.state) for name, each in stubs.items()})
        stub.state = TaskInstanceState(how)
        order.append(stub.task_id)
    tasks = {name: _word(stub.state) for name, stub in stubs.items()}
    return Finished(_run_state(dag, stubs), tasks, order)


def _settle(rule: TriggerRuleDep, stubs: Mapping[str, _StubTask]) -> list[_StubTask]:
    """Let skips and upstream failures spread until nothing changes; return what may start now."""
    while True:
        finished = [stub for stub in stubs.values() if stub.state in State.finished]
        context = DepContext(
            flag_upstream_failed=True, ignore_unmapped_tasks=True, finished_tis=finished
        )
        ready = []
        changed = False
        for stub in stubs.values():
            if stub.state is not None:
                continue
            statuses = list(rule.get_dep_statuses(stub, context, session=None))
            if stub.state is not None:  # the rule itself decided: skipped or upstream_failed
                changed = True
            elif all(status.passed for status in statuses):
                ready.append(stub)
        if not changed:
            return ready


def _word(state: Any) -> str | None:
    return None if state is None else str(getattr(state, "value", state))


def _run_state(dag: Any, stubs: Mapping[str, _StubTask]) -> str:
    """The run's state by AF-015: the effective leaves alone decide, once nothing is unfinished."""
    if any(stub.state is None for stub in stubs.values()):
        return "failed"  # deadlock: nothing can start and something never was decided
    leaves = [task.task_id for task in dag.tasks if _is_effective_leaf(dag, task)]
    if not leaves:
        leaves = [task.task_id for task in dag.tasks if not task.downstream_task_ids]
    states = [stubs[leaf].state for leaf in leaves]
    return "failed" if any(state in State.failed_states for state in states) else "success"


def _is_effective_leaf(dag: Any, task: Any) -> bool:
    below = [dag.task_dict[task_id] for task_id in task.downstream_task_ids]
    if any(not down.is_teardown or down.on_failure_fail_dagrun for down in below):
        return False
    return not task.is_teardown or bool(task.on_failure_fail_dagrun)


def register(folder: Path | str) -> Loaded:
    """Load `folder` and write its DAGs to the metadata database, as the DAG processor does."""
    bag = BundleDagBag(dag_folder=str(folder), bundle_path=Path(folder), bundle_name=_BUNDLE)
    errors = {str(k): str(v) for k, v in bag.import_errors.items()}
    assert not errors, errors
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, _BUNDLE, None)
    return Loaded(dict(bag.dags), errors)


def real_run(
    dag: Any,
    *,
    at: datetime | None = None,
    run_after: datetime | None = None,
    conf: dict[str, Any] | None = None,
) -> Finished:
    """Run `dag` (of `register`) with `dag.test()`: operators, triggers and retries execute.

    `at` is the logical date and must differ between runs of one DAG; None means now. `run_after`:
    as if it had been triggered then. Task logs go to the standard log of the process. Retry delays
    are waited for, so tests set them small.
    """
    dated = {"logical_date": at} if at else {}
    run = dag.test(run_after=run_after, run_conf=conf, **dated)
    tasks = {ti.task_id: _word(ti.state) for ti in run.get_task_instances()}
    return Finished(str(run.state.value), tasks)


def run_file(
    folder: Path,
    source: str,
    *,
    run_after: datetime | None = None,
    conf: dict[str, Any] | None = None,
) -> Finished:
    """Write, register and really run a file that holds one DAG."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dag.py").write_text(source, encoding="utf-8")
    loaded = register(folder)
    assert len(loaded.dags) == 1, sorted(loaded.dags)
    dag = next(iter(loaded.dags.values()))
    return real_run(dag, run_after=run_after, conf=conf)


def stored_run(dag: Any) -> Any:
    """A fresh run of `dag` (of `register`) in the metadata database, none of its tasks started."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    now = datetime.now(timezone.utc)
    run = round_trip(dag).create_dagrun(
        run_id=f"stored__{now.isoformat()}",
        run_type=DagRunType.MANUAL,
        state=DagRunState.QUEUED,
        run_after=now,
        triggered_by=DagRunTriggeredByType.TEST,
    )
    with create_session() as session:
        return session.scalars(select(DagRun).where(DagRun.id == run.id)).one()
