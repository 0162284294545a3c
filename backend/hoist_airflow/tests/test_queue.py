"""A job that leaves its queue reads its start conditions again (JIL-095), on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ledger_world import World

from hoist_airflow.decision import outside_window
from hoist_airflow.ledger import Member, Topology

UNIT = "(UNIT)"
GO = 'v(GO) = "Y"'


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(f"sqlite:///{tmp_path}/ledger.db")
    world.ledger.load({"resources": {"UNIT": {"kind": "renewable", "amount": 1}}})
    world.ledger.set_global("GO", "Y")
    assert world.ledger.try_start("KEEPER", "k", resources=UNIT) == "started"
    return world


def try_start(world: World, job: str, run: str, when: str = GO) -> str:
    answer: str = world.ledger.try_start(job, run, resources=UNIT, when=when)
    return answer


@pytest.mark.parametrize("box", ["BOX", None])
def test_a_queued_job_whose_condition_fell_waits_for_it_again(
    world: World, box: str | None
) -> None:
    shape = Topology("W", "W", (Member("W"),)) if box is None else world.box(box, "W")
    world.start(shape, "r")
    assert try_start(world, "W", "r") == "short"
    assert world.of("W") == "RESWAIT"
    world.ledger.set_global("GO", "N")
    assert not world.ledger.may_start("W", "r", UNIT)  # it leaves the queue with the unit only
    world.end("KEEPER", "SUCCESS", "k")
    assert world.ledger.may_start("W", "r", UNIT)
    assert try_start(world, "W", "r") == "false"
    assert world.of("W") == ("INACTIVE" if box is None else "ACTIVATED")
    assert world.ledger.claims("W") == {}  # another may have the unit meanwhile
    world.ledger.set_global("GO", "Y")
    assert try_start(world, "W", "r") == "started"
    assert world.ledger.claims("W") == {"UNIT": 1}


def test_jil_076_a_job_in_a_queue_excludes_nobody_and_is_excluded_when_it_leaves(
    world: World,
) -> None:
    world.start(Topology("A", "A", (Member("A"),)), "a")
    world.start(Topology("B", "B", (Member("B"),)), "b")
    mine = world.gate("A", "n(B)", "a", records=False)  # A reads its condition itself
    other = world.gate("B", "n(A)", "b")
    assert world.ask(mine).kind == "pass"
    assert world.of("A") == "INACTIVE"
    assert try_start(world, "A", "a", "n(B)") == "short"
    assert world.ask(other).kind == "pass"  # `n` is true for RESWAIT (JIL-063)
    assert world.of("B") == "STARTING"
    world.end("KEEPER", "SUCCESS", "k")
    assert try_start(world, "A", "a", "n(B)") == "false"
    assert world.ask(mine).kind == "wait"
    world.run("B", "b")
    assert world.ask(mine).kind == "pass"
    assert try_start(world, "A", "a", "n(B)") == "started"
    assert world.ask(world.gate("B", "n(A)", "b2")).kind == "wait"


def test_jil_151_a_window_that_closed_while_the_job_was_queued(world: World) -> None:
    window: dict[str, Any] = {"window": "02:00-04:00", "timezone": "UTC"}
    gate = world.gate("W", GO, "r", records=False, **window)
    world.to(3, 3)
    assert outside_window(world.ledger, gate) is None
    assert try_start(world, "W", "r") == "short"
    world.to(3, 20)
    later = outside_window(world.ledger, gate)
    assert later is not None
    assert later.kind == "wait"
    world.ledger.leave_queue("W")
    assert world.of("W") == "INACTIVE"
    world.to(3, 5)
    missed = outside_window(world.ledger, gate)
    assert missed is not None
    assert missed.kind == "skip"
