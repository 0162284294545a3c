"""What Airflow's real scheduler lets start: pools, slots, priorities, and DAGs that are paused."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from compiled import Compiled, compile_estate

JIL = """
insert_machine: m1   type: a
max_load: 10

insert_resource: POOLS_R   res_type: R
amount: 2

insert_job: POOLS   job_type: b

insert_job: P_A   job_type: c
box_name: POOLS
command: true
machine: m1
resources: (POOLS_R, QUANTITY=1, FREE=A)

insert_job: P_B   job_type: c
box_name: POOLS
command: true
machine: m1
resources: (POOLS_R, QUANTITY=2, FREE=A)

insert_job: P_C   job_type: c
box_name: POOLS
command: true
machine: m1
resources: (POOLS_R, QUANTITY=1, FREE=A)

insert_job: LOADS   job_type: b

insert_job: L_LATE   job_type: c
box_name: LOADS
command: true
machine: m1
job_load: 6
priority: 50

insert_job: L_SOON   job_type: c
box_name: LOADS
command: true
machine: m1
job_load: 6
priority: 5

insert_job: ICED   job_type: b
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
status: on_ice

insert_job: I_A   job_type: c
box_name: ICED
command: true
machine: m1
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    folder = tmp_path_factory.mktemp("pools")
    (folder / "pools.jil").write_text(JIL)
    return compile_estate(folder / "pools.jil", out=folder / "dags")


def first_started(compiled: Compiled, airflow_runs: ModuleType, dag_id: str) -> list[str]:
    """The tasks that the scheduler queues at once in a fresh run of the DAG, all being ready."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dag import DagModel
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState

    dag = airflow_runs.register(compiled.folder)[dag_id]
    for name, pool in json.loads((compiled.folder / "pools.json").read_text()).items():
        Pool.create_or_update_pool(
            name,
            slots=pool["slots"],
            description=pool.get("description", ""),
            include_deferred=False,
        )
    stored = airflow_runs.stored_run(dag)
    with create_session() as session:
        run = session.merge(stored)
        run.state = DagRunState.RUNNING
        session.get(DagModel, dag_id).is_paused = False
        for ti in run.get_task_instances(session=session):
            ready = ti.task_id[:2] in ("P_", "L_")
            ti.state = TaskInstanceState.SCHEDULED if ready else None
        session.flush()
        runner: Any = SchedulerJobRunner(job=Job())
        queued = runner._executable_task_instances_to_queued(max_tis=32, session=session)
        names = [ti.task_id for ti in queued if ti.dag_id == dag_id]
        session.rollback()
    return names


def test_units_of_a_resource_are_slots_of_its_pool(
    compiled: Compiled, airflow_runs: ModuleType
) -> None:
    """JIL-160: two units: A and C together, or B alone, never more."""
    names = first_started(compiled, airflow_runs, "POOLS")
    assert sorted(names) in (["P_A", "P_C"], ["P_B"]), names


def test_a_low_priority_number_is_urgent(compiled: Compiled, airflow_runs: ModuleType) -> None:
    """JIL-161, TR-46: 6 + 6 load units do not fit into 10; priority 5 goes before 50."""
    assert first_started(compiled, airflow_runs, "LOADS") == ["L_SOON"]


def test_a_top_level_box_on_ice_is_paused(compiled: Compiled, airflow_runs: ModuleType) -> None:
    """JIL-088: no run starts by the clock until an operator unpauses the DAG; the site decides about the others."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    loaded = airflow_runs.register(compiled.folder)
    with create_session() as session:
        assert session.get(DagModel, "ICED").is_paused
    assert loaded["ICED"].is_paused_upon_creation
    assert loaded["POOLS"].is_paused_upon_creation is None
