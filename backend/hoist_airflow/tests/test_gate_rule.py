"""The gate's rule on a virtual clock, with a seeded ledger (V2, V3, V13, V14)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from ledger_world import World

from hoist_airflow.decision import GateSpec, decide
from hoist_airflow.ledger import Ledger, Member, Topology
from hoist_airflow.schedule import legacy_calendar


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.at(f"sqlite:///{tmp_path}/ledger.db")


def alone(job: str) -> Topology:
    return Topology(job, job, (Member(job),))


def test_v2_jil_064_a_success_two_days_ago_still_counts(world: World) -> None:
    world.to(2, 5)
    world.end("A", "SUCCESS")
    world.to(4, 6)
    world.start(alone("J"), "r1")
    assert world.ask(world.gate("J", "s(A)", "r1")).kind == "pass"


def test_v3_jil_071_tr_11_zero_lookback_arms_until_the_next_success(world: World) -> None:
    world.to(2, 5)
    world.end("A", "SUCCESS")
    world.to(2, 6)
    gate = world.gate("J", "s(A,0)", "r1")
    assert world.ask(gate).kind == "pass"
    world.run("J", "r1")
    world.to(3, 6)
    armed = world.gate("J", "s(A,0)", "r2")
    assert world.ask(armed).kind == "wait"
    world.to(3, 9, 30)
    world.end("A", "FAILURE")
    assert world.ask(armed).kind == "wait"
    world.to(4, 5)
    world.end("A", "SUCCESS")
    assert world.ask(armed).kind == "pass"


def test_v13_jil_066_an_unknown_job_never_lets_pass_and_is_no_error(world: World) -> None:
    gate = world.gate("J", "s(NOPE)", "r1")
    assert world.ask(gate).kind == "wait"
    undefined = world.gate("J", "s(NOPE) | n(NOPE)", "r1", undefined=["NOPE"])
    assert world.ask(undefined).kind == "skip"  # it cannot become true
    assert world.ask(world.gate("J", "n(LATER)", "r1")).kind == "pass"  # known to nobody yet


@pytest.mark.parametrize(
    ("hour", "kind"),
    [(2, "pass"), (3, "pass"), (4, "pass"), (5, "skip"), (20, "wait"), (15, "wait")],
)
def test_v14_jil_151_run_window(world: World, hour: int, kind: str) -> None:
    world.to(3, hour)
    world.end("J", "SUCCESS")
    gate = world.gate("J", "true", "r1", window="02:00-04:00", timezone="UTC")
    decision = world.ask(gate)
    assert decision.kind == kind
    if kind == "skip":
        assert world.of("J") == "INACTIVE"  # which erases the latch
        assert world.ledger.try_start is not None
    else:
        assert world.of("J") == "SUCCESS"
    if kind == "wait":
        assert decision.wake is not None
        world.clock.set(decision.wake)
        assert world.ask(gate).kind == "pass"


def test_jil_151_the_window_is_asked_only_when_all_else_holds(world: World) -> None:
    world.to(3, 5)
    gate = world.gate("J", "s(A)", "r1", window="02:00-04:00")
    assert world.ask(gate).kind == "wait"
    assert world.of("J") is None


def test_jil_151_a_tick_that_waits_inside_the_window_misses_it(world: World) -> None:
    shape = world.box("J")
    world.to(2, 2)
    world.ledger.open_run(shape, "r", tick=world.clock.now())
    world.end("J", "SUCCESS")
    gate = world.gate("J", "s(A)", "r", dag_id="J", window="02:00-04:00", timezone="UTC")
    decision = world.ask(gate)
    assert decision.kind == "wait"
    assert decision.wake is not None
    assert (decision.wake.hour, decision.wake.minute) == (4, 1)  # the closing minute is inside
    world.clock.set(decision.wake)
    assert world.ask(gate).kind == "skip"
    assert world.of("J") == "INACTIVE"


def test_jil_151_a_tick_outside_the_window_does_not_miss_it(world: World) -> None:
    shape = world.box("J")
    world.to(2, 1)
    world.ledger.open_run(shape, "r", tick=world.clock.now())
    gate = world.gate("J", "s(A)", "r", dag_id="J", window="02:00-04:00", timezone="UTC")
    assert world.ask(gate).wake is None
    world.to(2, 5)
    assert world.ask(gate).kind == "wait"


def test_jil_151_a_tick_that_airflow_drops_waits_inside_the_window(world: World) -> None:
    shape = world.box("J")
    world.to(2, 1)
    world.ledger.open_run(shape, "r", tick=world.clock.now())
    ticks = legacy_calendar(days="all", times="01:00, 03:00, 23:00").serialize()
    gate = world.gate(
        "J", "s(A)", "r", dag_id="J", window="02:00-04:00", timezone="UTC", dag_ticks=ticks
    )
    decision = world.ask(gate)
    assert decision.kind == "wait"
    assert decision.wake == world.clock.now().replace(hour=3)  # the tick to come
    world.to(2, 3)
    decision = world.ask(gate)
    assert decision.kind == "wait"
    assert decision.wake == world.clock.now().replace(hour=4, minute=1)
    world.to(2, 4, 1)
    assert world.ask(gate).kind == "skip"


def test_jil_151_a_tick_to_come_holds_no_run_that_waits_in_vain(world: World) -> None:
    shape = world.box("J", "X")
    world.to(2, 1)
    world.ledger.open_run(shape, "r", tick=world.clock.now())
    ticks = legacy_calendar(days="all", times="01:00, 03:00").serialize()
    gate = world.gate(
        "J", "s(X)", "r", dag_id="J", window="02:00-04:00", dag_ticks=ticks, local={"X": ["X"]}
    )
    assert world.ask(gate, X="skipped").kind == "skip"


def test_jil_005_tr_03_now_decides_at_once(world: World) -> None:
    gate = world.gate("C", "s(A) & s(B)", "r1", mode="now")
    world.end("A", "SUCCESS")
    assert world.ask(gate).kind == "skip"
    world.end("B", "SUCCESS")
    assert world.ask(world.gate("C", "s(A) & s(B)", "r2", mode="now")).kind == "pass"
    world.end("A", "SUCCESS")  # again: s(B) still holds, so C starts again
    assert world.ask(world.gate("C", "s(A) & s(B)", "r3", mode="now")).kind == "pass"


@pytest.mark.parametrize("state", ["success", "failed", "skipped", "upstream_failed", "removed"])
def test_a_waiting_gate_skips_when_its_only_way_is_gone(world: World, state: str) -> None:
    world.start(world.box("B", "X", "H"), "r1")
    gate = world.gate("H", "f(X)", "r1", dag_id="B", local={"X": ["X"]})
    for open_state in (None, "running", "up_for_retry", "deferred"):
        assert world.ask(gate, X=open_state).kind == "wait"
    assert world.ask(gate, X=state).kind == "skip"


def test_a_waiting_gate_goes_on_while_an_outside_way_is_open(world: World) -> None:
    gate = world.gate("H", "f(X) | s(OUT)", "r1", local={"X": ["X"]})
    assert world.ask(gate, X="skipped").kind == "wait"
    world.end("OUT", "SUCCESS")
    assert world.ask(gate, X="skipped").kind == "pass"


def test_the_outcome_of_a_finished_sibling_is_read_and_not_its_state(world: World) -> None:
    world.start(world.box("B", "X", "H"), "r1")
    world.run("X", "r1", "TERMINATED")
    gate = world.gate("H", "f(X)", "r1", dag_id="B", local={"X": ["X"]})
    assert world.ask(gate, X="failed").kind == "skip"  # TR-44: killed, not failed
    assert world.ask(world.gate("H", "t(X)", "r1", dag_id="B")).kind == "pass"


def test_a_box_is_settled_when_all_its_tasks_are(world: World) -> None:
    gate = world.gate("H", "s(IN)", "r1", local={"IN": ["P", "Q"]})
    assert world.ask(gate, P="success").kind == "wait"
    assert world.ask(gate, P="success", Q="upstream_failed").kind == "skip"


def test_jil_003_a_gate_whose_box_completed_skips(world: World) -> None:
    world.start(world.box("B", "X", "Y", success="s(X)"), "r1")
    world.run("X", "r1")
    assert world.ask(world.gate("Y", "s(OUT)", "r1", dag_id="B")).kind == "skip"


def test_race_a_disjunct_skips_when_its_job_started_by_another(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    gate = world.gate("Y", "f(X)", "r1", dag_id="B", race=True)
    assert world.ask(gate).kind == "wait"
    world.ledger.try_start("Y", "r1")
    assert world.ask(gate).kind == "skip"


def test_tr_17_jil_076_two_exclusive_jobs_never_pass_together(world: World) -> None:
    a, b = world.gate("A", "n(B)", "r"), world.gate("B", "n(A)", "r")
    barrier = threading.Barrier(2)
    kinds: list[str] = []

    def ask(gate: GateSpec) -> None:
        ledger = Ledger.open(world.url, world.clock)
        barrier.wait()
        kinds.append(decide(ledger, gate, dict).kind)

    threads = [threading.Thread(target=ask, args=(gate,)) for gate in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["pass", "wait"]
    first, second = ("A", b) if world.of("A") == "STARTING" else ("B", a)
    assert world.ask(second).kind == "wait"
    assert world.ledger.try_start(first, "r") == "started"  # the job's own task, no second event
    world.end(first, "SUCCESS", "r")
    assert world.ask(second).kind == "pass"


def test_a_gate_that_recorded_the_start_passes_again_after_a_crash(world: World) -> None:
    gate = world.gate("A", "n(B)", "r")
    assert world.ask(gate).kind == "pass"
    assert world.ask(gate).kind == "pass"
    assert len([e for e in world.ledger.events() if e.status == "STARTING"]) == 1


def test_an_exclusive_gate_in_front_of_a_box_starts_the_box(world: World) -> None:
    shape = world.box("B", "X")
    world.ledger.open_run(shape, "r1", tick=world.clock.now())
    assert world.ask(world.gate("B", "n(OTHER)", "r1")).kind == "pass"
    assert (world.of("B"), world.of("X")) == ("RUNNING", "ACTIVATED")
    world.run("X", "r1")
    assert world.of("B") == "SUCCESS"


# --- ticks of members, JIL-112 ----------------------------------------------------------------

TICKS = legacy_calendar(days="all", times="06:00", timezone="UTC").serialize()


def member_gate(world: World, run: str) -> GateSpec:
    return world.gate("M", "true", run, dag_id="B", ticks=TICKS)


def test_jil_112_a_tick_to_come_is_waited_for_with_the_box_running(world: World) -> None:
    shape = world.box("B", "M")
    world.to(2, 5)
    world.start(shape, "r1")
    decision = world.ask(member_gate(world, "r1"))
    assert decision.kind == "wait"
    assert decision.wake is not None
    assert (decision.wake.day, decision.wake.hour) == (2, 6)
    world.clock.set(decision.wake)
    assert world.ask(member_gate(world, "r1")).kind == "pass"


def test_jil_112_a_tick_that_passed_while_the_box_was_idle_is_kept(world: World) -> None:
    shape = world.box("B", "M")
    world.to(2, 5)
    world.start(shape, "r1")
    world.to(2, 6)
    world.run("M", "r1")
    world.to(2, 7)
    world.start(shape, "r2")
    assert world.ask(member_gate(world, "r2")).kind == "wait"  # today's is used
    world.to(2, 8)
    world.ledger.close_run("B", "r2")
    world.to(3, 7)
    world.start(shape, "r3")
    assert world.ask(member_gate(world, "r3")).kind == "pass"  # 06:00 came, the box was idle


def test_jil_142_without_days_no_tick_ever_comes(world: World) -> None:
    ticks = legacy_calendar(days="", times="06:00", timezone="UTC")
    assert ticks.next_tick(world.clock.now()) is None
    assert ticks.last_tick(world.clock.now()) is None
    world.start(world.box("B", "M"), "r1")
    gate = world.gate("M", "true", "r1", dag_id="B", ticks=ticks.serialize())
    assert world.ask(gate).kind == "wait"


def test_tr_14_several_missed_ticks_are_one_start(world: World) -> None:
    shape = world.box("B", "M")
    world.to(2, 5)
    world.start(shape, "r1")
    world.to(2, 6)
    world.run("M", "r1")
    world.to(9, 7)
    world.start(shape, "r2")
    assert world.ask(member_gate(world, "r2")).kind == "pass"
    world.run("M", "r2")
    world.to(9, 8)
    world.start(shape, "r3")
    assert world.ask(member_gate(world, "r3")).kind == "wait"


def test_a_job_that_never_started_takes_the_tick_of_its_own_run(world: World) -> None:
    world.to(2, 6, 1)
    shape = world.box("B", "M")
    tick = world.clock.now().replace(minute=0)
    world.start(shape, "r1", tick=tick)
    assert world.ask(member_gate(world, "r1")).kind == "pass"
