"""What the ends of jobs of AutoSys tell Control-M: the argument `facts` of jobs and verdicts."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from airflow.sdk import DAG
from ledger_world import World

from hoist_airflow import Box, Command, Verdict
from hoist_airflow.conditions import ConditionSyntaxError
from hoist_airflow.ledger import Member
from hoist_airflow.ledger.facts import EndChanges, text_of
from hoist_airflow.run import topology

DAY = "07:00 Europe/Berlin"


@pytest.fixture
def world() -> World:
    return World.at("sqlite:///:memory:")


def told(world: World) -> list[tuple[str, str]]:
    return [(row.name, row.date) for row in world.ledger.fact_table()]


def member(job: str, box: str | None = None, **facts: list[str]) -> Member:
    return Member(job, box, end_facts=text_of(facts, DAY))


@pytest.mark.parametrize(
    ("status", "facts"),
    [
        ("SUCCESS", [("ENDED", "STAT"), ("OK", "0301")]),
        ("FAILURE", [("BAD", "0301"), ("ENDED", "STAT")]),
        ("TERMINATED", [("ENDED", "STAT")]),
        ("RESTART", []),
        ("INACTIVE", []),
    ],
)
def test_each_end_has_its_own_facts_in_its_own_transaction(
    world: World, status: str, facts: list[tuple[str, str]]
) -> None:
    """Midnight of 2 March is before New Day in Berlin: the order date is the 1st (CTM-002)."""
    always = "+fact(ENDED, no date)"
    ends = member("B.J", "B", SUCCESS=["+fact(OK)", always], FAILURE=["+fact(BAD)", always],
                  TERMINATED=[always])  # fmt: skip
    shape = world.box("B", ends)
    world.start(shape, "r")
    world.run("B.J", "r", status)
    assert told(world) == facts
    of_job = [event for event in world.ledger.events() if event.job == "B.J"]
    if facts:
        end = next(e for e in of_job if e.status == status)
        assert {e.at for e in of_job if e.kind == "fact_added"} == {end.at}
        assert all(e.id > end.id for e in of_job if e.kind == "fact_added")


def test_a_retry_that_is_told_twice_changes_facts_once(world: World) -> None:
    world.start(world.box("B", member("J", "B", SUCCESS=["+fact(OK)"])), "r")
    assert world.ledger.try_start("J", "r", try_number=1) == "started"
    first = world.ledger.record("J", "SUCCESS", run_id="r", try_number=1)
    assert world.ledger.change_fact(False, "OK", "0301")
    assert world.ledger.record("J", "SUCCESS", run_id="r", try_number=1) == first
    assert told(world) == []


def test_new_day_and_its_zone_decide_the_date(world: World) -> None:
    world.start(
        world.box("B", member("J", "B", SUCCESS=["+fact(OK)", "-fact(OLD, any date)"])), "r"
    )
    world.ledger.change_fact(True, "OLD", "0101")
    world.to(2, 5, 59)
    world.run("J", "r")
    world.to(2, 6)  # 07:00 in Berlin
    world.start(world.box("B", member("J", "B", SUCCESS=["+fact(OK)"])), "r2")
    world.run("J", "r2")
    assert told(world) == [("OK", "0301"), ("OK", "0302")]


def test_a_box_changes_facts_when_its_fold_ends_it(world: World) -> None:
    shape = world.box("B", Member("A", "B"), Member("C", "B"), end_facts=text_of(
        {"SUCCESS": ["+fact(B-OK)"], "FAILURE": ["+fact(B-BAD)"]}, DAY))  # fmt: skip
    world.start(shape, "r")
    world.run("A", "r")
    assert told(world) == []
    world.run("C", "r")
    assert world.of("B") == "SUCCESS"
    assert told(world) == [("B-OK", "0301")]


def test_an_operators_status_and_a_lost_worker_are_ends_too(world: World) -> None:
    """As in AutoSys, where the job that runs `ctmcontb` starts, whoever set it (JIL-082)."""
    shape = world.box("B", member("J", "B", SUCCESS=["+fact(OK)"], TERMINATED=["+fact(LOST)"]))
    world.start(shape, "r")
    world.ledger.send("CHANGE_STATUS", "J", "SUCCESS")
    assert told(world) == [("OK", "0301")]
    world.start(shape, "r2")
    world.ledger.try_start("J", "r2")
    world.ledger.record("J", "RUNNING", run_id="r2")
    world.ledger.close_run("B", "r2", failed=True)
    assert told(world) == [("LOST", "0301"), ("OK", "0301")]


def test_a_job_that_left_the_dag_or_lost_its_bridge_changes_nothing(world: World) -> None:
    world.start(world.box("B", member("J", "B", SUCCESS=["+fact(OK)"]), "K"), "r")
    world.run("J", "r")
    world.run("K", "r")
    assert world.ledger.change_fact(False, "OK", "0301")
    world.start(world.box("B", "J"), "r2")
    world.run("J", "r2")
    assert told(world) == []


def test_the_topology_has_the_facts_of_jobs_and_verdicts() -> None:
    with DAG("B", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
        Command(task_id="A", command="true", facts={"SUCCESS": ["+fact(A)"]}, business_day=DAY)
        with Box("INNER"):
            Command(task_id="C", command="true")
            Verdict(task_id="INNER.verdict", of="INNER", facts={"FAILURE": ("-fact(X, no date)",)})
    ends = {one.job: one.end_facts for one in topology(dag).members}
    assert ends == {
        "A": '[{"SUCCESS": ["+fact(A)"]}, "07:00 Europe/Berlin"]',
        "B": None,
        "C": None,
        "INNER": '[{"FAILURE": ["-fact(X, no date)"]}, null]',
    }


@pytest.mark.parametrize(
    ("facts", "day"),
    [
        ({"RUNNING": ["+fact(X, no date)"]}, None),
        ({"SUCCESS": ["fact(X)"]}, DAY),
        ({"SUCCESS": ["+fact(X)"]}, None),
        ({"SUCCESS": ["+fact(X, previous order date)"]}, DAY),
        ({"SUCCESS": ["+fact(X)"]}, "25:00 UTC"),
        ({"SUCCESS": ["+fact(X)"]}, "07:00 Nowhere/Place"),
    ],
)
def test_facts_that_mean_nothing_are_refused(facts: dict[str, Any], day: str | None) -> None:
    with pytest.raises((ValueError, ConditionSyntaxError)):
        EndChanges.of(facts, day)
    with pytest.raises((ValueError, ConditionSyntaxError)):
        Command(task_id="J", command="true", facts=facts, business_day=day)
