"""The ledger's folds, runs, holds, resources: JIL-054, 080 to 094, 110 to 122, 144, 160, TR-51."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ledger_world import World

from hoist_airflow.ledger import Ledger, LedgerError, Member, Topology, schema
from hoist_airflow.ledger.control import EventError
from hoist_airflow.ledger.resources import ResourceError, parse
from hoist_airflow.ledger.store import Store
from hoist_airflow.trigger import StartTrigger


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.at(f"sqlite:///{tmp_path}/ledger.db")


# --- run start --------------------------------------------------------------------------------


def test_jil_110_box_start_activates_nested_members_and_clears_latches(world: World) -> None:
    shape = world.box("B", "X", Member("IN", "B", is_box=True), Member("Y", "IN"), "ICED", "HELD")
    world.start(shape, "r1")
    world.run("X", "r1")
    world.ledger.send("JOB_ON_ICE", "ICED")
    world.ledger.send("JOB_ON_HOLD", "HELD")
    world.ledger.close_run("B", "r1")
    world.clock.advance(days=1)
    world.start(shape, "r2")
    assert world.of("B") == "RUNNING"
    assert [world.of(j) for j in ("X", "IN", "Y")] == ["ACTIVATED"] * 3
    assert (world.of("ICED"), world.of("HELD")) == ("ON_ICE", "ON_HOLD")


def test_run_start_is_idempotent_and_counts_the_runs_of_a_day(world: World) -> None:
    shape = world.box("B", "X")
    first = world.ledger.open_run(shape, "r1", tick=world.clock.now(), business_date="2026-03-02")
    again = world.ledger.open_run(shape, "r1", tick=world.clock.now(), business_date="2026-03-02")
    assert (first.answer, again.answer) == ("started", "joined")
    assert first.key == again.key
    assert first.key.text() == "B/2026-03-02/1"
    world.ledger.close_run("B", "r1")
    world.clock.advance(hours=1)
    second = world.ledger.open_run(shape, "r2", tick=world.clock.now(), business_date="2026-03-02")
    assert second.key.sequence == 2


def test_jil_144_tr_51_a_tick_inside_an_active_run_is_dropped(world: World) -> None:
    shape = world.box("B", "X")
    world.to(2, 10)
    world.start(shape, "r1")
    world.to(2, 10, 30)
    inside = world.clock.now()
    world.to(2, 11, 10)
    world.run("X", "r1")  # ends the box and with it the run
    assert world.of("B") == "SUCCESS"
    assert world.start(shape, "r2", tick=inside) == "dropped"
    assert world.start(shape, "r2", tick=inside) == "dropped"  # and every task of it hears so
    assert world.of("B") == "SUCCESS"
    world.to(2, 11, 30)
    assert world.start(shape, "r3") == "started"


def test_overlapping_workflows_drop_nothing(world: World) -> None:
    shape = world.box("B", "X")
    world.start(shape, "r1", overlap=True)
    world.clock.advance(minutes=30)
    assert world.start(shape, "r2", overlap=True) == "started"


def test_a_stale_run_closes_at_its_last_event(world: World) -> None:
    shape = world.box("B", "X", "Y")
    world.to(2, 6)
    world.start(shape, "r1")
    world.ledger.try_start("X", "r1")
    world.ledger.record("X", "RUNNING", run_id="r1")  # and its worker dies
    world.to(3, 5)
    tick = world.clock.now()
    world.to(3, 6)
    world.ledger.close_run("B", "r1", at_last_event=True)
    assert world.of("X") == "TERMINATED"
    assert world.start(shape, "r2", tick=tick) == "started"


# --- folds ------------------------------------------------------------------------------------


def test_jil_114_all_success(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.run("X", "r1")
    assert world.of("B") == "RUNNING"
    world.run("Y", "r1")
    assert world.of("B") == "SUCCESS"


@pytest.mark.parametrize("bad", ["FAILURE", "TERMINATED"])
def test_jil_114_any_bad_member_fails_the_box_once_all_completed(world: World, bad: str) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.run("X", "r1", bad)
    assert world.of("B") == "RUNNING"
    world.run("Y", "r1")
    assert world.of("B") == "FAILURE"


def test_v6_jil_114_a_handler_without_failure_keeps_the_box_running_until_the_verdict(
    world: World,
) -> None:
    world.start(world.box("B", "X", "H"), "r1")
    world.run("X", "r1")
    assert (world.of("B"), world.of("H")) == ("RUNNING", "ACTIVATED")
    closed = world.ledger.close_box("B", "r1", "B")
    assert closed is not None
    assert (closed.status, world.of("H")) == ("SUCCESS", "INACTIVE")


def test_jil_114_operators_inactive_counts_as_success(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.run("X", "r1")
    world.ledger.send("CHANGE_STATUS", "Y", "INACTIVE")
    assert world.of("B") == "SUCCESS"


def test_jil_115a_inside_reference_completes_at_once(world: World) -> None:
    world.start(world.box("B", "X", "Y", "Z", success="s(X)"), "r1")
    world.ledger.try_start("Y", "r1")
    world.run("X", "r1")
    assert (world.of("B"), world.of("Y"), world.of("Z")) == ("SUCCESS", "STARTING", "INACTIVE")
    world.end("Y", "FAILURE", "r1")
    assert world.of("B") == "SUCCESS"


def test_jil_115a_inside_at_any_depth(world: World) -> None:
    shape = world.box("B", Member("IN", "B", is_box=True), Member("Y", "IN"), "Z", failure="f(Y)")
    world.start(shape, "r1")
    world.run("Y", "r1", "FAILURE")
    assert world.of("B") == "FAILURE"


def test_jil_115b_outside_reference_waits_for_a_completing_member(world: World) -> None:
    world.start(world.box("B", "X", "Y", success="s(OUT)"), "r1")
    world.end("OUT", "SUCCESS")
    assert world.of("B") == "RUNNING"
    world.run("X", "r1")
    assert world.of("B") == "SUCCESS"


def test_jil_115c_the_other_test_is_the_default(world: World) -> None:
    world.start(world.box("B", "X", "Y", success="s(X) & s(Y)"), "r1")
    world.run("X", "r1", "FAILURE")
    world.run("Y", "r1")
    assert world.of("B") == "FAILURE"


def test_jil_115c_nothing_fires_stays_running_and_the_verdict_is_red(world: World) -> None:
    world.start(world.box("B", "X", success="s(OUT)"), "r1")
    world.run("X", "r1")
    assert world.of("B") == "RUNNING"
    closed = world.ledger.close_box("B", "r1", "B")
    assert closed is not None
    assert closed.status == "FAILURE"
    assert [kind for _job, kind, _text in world.ledger.alarms()] == ["BOX_NEVER_COMPLETES"]


@pytest.mark.parametrize("bad", ["FAILURE", "TERMINATED"])
def test_jil_116_box_terminator_stops_members_that_have_not_started(world: World, bad: str) -> None:
    shape = world.box("B", Member("X", "B", box_terminator=True), "Y", "Z")
    world.start(shape, "r1")
    world.ledger.try_start("Y", "r1")
    world.run("X", "r1", bad)
    assert (world.of("B"), world.of("Y"), world.of("Z")) == ("TERMINATED", "STARTING", "INACTIVE")
    assert world.ledger.try_start("Z", "r1") == "closed"
    world.end("Y", "SUCCESS", "r1")
    assert world.of("B") == "TERMINATED"  # JIL-119


def test_jil_117_job_terminator_is_killed_with_its_box(world: World) -> None:
    shape = world.box(
        "B", Member("X", "B", box_terminator=True), Member("Y", "B", job_terminator=True), "Z"
    )
    world.start(shape, "r1")
    for job in ("Y", "Z"):
        world.ledger.try_start(job, "r1")
    world.run("X", "r1", "FAILURE")
    assert world.ledger.kill_requested("Y")
    assert not world.ledger.kill_requested("Z")
    world.end("Y", "TERMINATED", "r1")
    assert not world.ledger.kill_requested("Y")


def test_jil_118_a_forced_member_re_derives_a_box_that_is_not_running(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.run("X", "r1", "FAILURE")
    world.run("Y", "r1")
    assert world.of("B") == "FAILURE"
    world.ledger.send("CHANGE_STATUS", "X", "SUCCESS")
    assert world.of("B") == "SUCCESS"


def test_jil_091_and_122_a_box_with_nothing_to_wait_for_succeeds_at_once(world: World) -> None:
    shape = world.box("B", "X")
    world.ledger.send("JOB_ON_ICE", "X")
    world.start(shape, "r1")
    assert world.of("B") == "SUCCESS"
    nested = world.box("C", Member("EMPTY", "C", is_box=True), "Z")
    world.start(nested, "r1")
    assert world.ledger.try_start("EMPTY", "r1") == "started"
    assert world.of("EMPTY") == "SUCCESS"


def test_jil_054_retries_publish_no_failure(world: World) -> None:
    world.start(world.box("B", "X"), "r1")
    for status in ("RUNNING", "RESTART", "RUNNING", "RESTART", "RUNNING", "FAILURE"):
        if status == "RUNNING":
            assert world.ledger.try_start("X", "r1") == "started"
        world.ledger.record("X", status, run_id="r1")
        if status == "RESTART":
            assert world.of("B") == "RUNNING"
    words = [e.status for e in world.ledger.events() if e.job == "X" and e.kind == "status"]
    assert words.count("FAILURE") == 1
    assert world.of("B") == "FAILURE"


def test_the_same_outcome_said_twice_is_one_event(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.ledger.try_start("X", "r1", try_number=1)
    first = world.ledger.record("X", "SUCCESS", run_id="r1", try_number=1)
    assert world.ledger.record("X", "SUCCESS", run_id="r1", try_number=1) == first


def test_a_cleared_job_reopens_its_box_for_what_depends_on_it(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.run("X", "r1", "FAILURE")
    world.ledger.close_box("B", "r1", "B")
    assert (world.of("B"), world.of("Y")) == ("FAILURE", "INACTIVE")
    assert world.run("X", "r1") == "started"
    assert (world.of("B"), world.of("Y")) == ("RUNNING", "ACTIVATED")
    assert world.run("Y", "r1") == "started"
    assert world.of("B") == "SUCCESS"


def test_a_member_that_left_the_dag_does_not_keep_the_box_running(world: World) -> None:
    world.start(world.box("B", "X", "OLD"), "r1")
    world.ledger.close_run("B", "r1")
    world.clock.advance(days=1)
    world.start(world.box("B", "X"), "r2")
    world.run("X", "r2")
    assert world.of("B") == "SUCCESS"


def test_af_064_the_end_of_the_dag_run_settles_what_a_lost_worker_left(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    world.ledger.try_start("X", "r1")
    world.ledger.record("X", "RUNNING", run_id="r1")
    world.ledger.close_run("B", "r1", failed=True)
    assert (world.of("X"), world.of("B")) == ("TERMINATED", "FAILURE")


# --- operators' events ------------------------------------------------------------------------


def test_v5_jil_085_087_a_held_member_waits_and_keeps_its_box_running(world: World) -> None:
    world.ledger.send("JOB_ON_HOLD", "X")
    world.start(world.box("B", "X", "Y"), "r1")
    assert world.ledger.try_start("X", "r1") == "held"
    assert not world.ledger.may_start("X", "r1")
    assert world.ask(world.gate("Y", "s(X)", "r1")).kind == "wait"
    assert world.of("B") == "RUNNING"
    world.ledger.send("JOB_OFF_HOLD", "X")
    assert world.run("X", "r1") == "started"
    assert world.ask(world.gate("Y", "s(X)", "r1")).kind == "pass"


def test_v4_jil_074_088_an_iced_member_never_starts_and_nobody_waits_for_it(world: World) -> None:
    world.ledger.send("JOB_ON_ICE", "X")
    world.start(world.box("B", "X", "Y"), "r1")
    assert world.ledger.try_start("X", "r1") == "iced"
    assert world.ask(world.gate("Y", "s(X)", "r1")).kind == "pass"
    assert world.ask(world.gate("Y", "f(X)", "r1")).kind == "wait"
    world.run("Y", "r1")
    assert world.of("B") == "SUCCESS"


def test_jil_089_off_ice_in_a_running_box_waits_for_the_next_box_run(world: World) -> None:
    world.ledger.send("JOB_ON_ICE", "X")
    shape = world.box("B", "X", "Y")
    world.start(shape, "r1")
    world.ledger.send("JOB_OFF_ICE", "X")
    assert world.ledger.try_start("X", "r1") == "iced"
    world.run("Y", "r1")
    world.clock.advance(days=1)
    world.start(shape, "r2")
    assert world.ledger.try_start("X", "r2") == "started"


@pytest.mark.parametrize("event", ["JOB_ON_HOLD", "JOB_ON_ICE", "JOB_ON_NOEXEC"])
def test_jil_090_overlays_are_ignored_while_running(world: World, event: str) -> None:
    world.start(world.box("B", "X"), "r1")
    world.ledger.try_start("X", "r1")
    with pytest.raises(EventError, match="STARTING"):
        world.ledger.send(event, "X")
    assert world.of("X") == "STARTING"


def test_jil_092_082_noexec(world: World) -> None:
    world.ledger.send("JOB_ON_NOEXEC", "X")
    row = world.ledger.status("X")
    assert row is not None
    assert row.shown == "ON_NOEXEC"
    with pytest.raises(EventError, match="JOB_OFF_NOEXEC"):
        world.ledger.send("CHANGE_STATUS", "X", "SUCCESS")
    world.start(world.box("B", "X"), "r1")
    assert world.ledger.try_start("X", "r1") == "noexec"
    world.end("X", "SUCCESS", "r1")
    assert world.of("B") == "SUCCESS"
    world.ledger.send("JOB_OFF_NOEXEC", "X")
    assert world.of("X") == "INACTIVE"


def test_jil_094_auto_hold_at_every_box_start(world: World) -> None:
    shape = world.box("B", Member("X", "B", auto_hold=True))
    for day in (2, 3):
        world.to(day, 6)
        run = f"r{day}"
        world.start(shape, run)
        assert world.of("X") == "ON_HOLD"
        world.ledger.hold("X", run, auto=True)
        assert world.ledger.try_start("X", run) == "held"
        world.ledger.send("JOB_OFF_HOLD", "X")
        world.ledger.hold("X", run, auto=True)  # the task of the Hold, tried again
        assert world.run("X", run) == "started"


def test_jil_094_a_held_top_box_starts_when_released(world: World) -> None:
    shape = world.box("B", "X")
    world.ledger.open_run(shape, "r1", tick=world.clock.now())
    world.ledger.hold("B", "r1", auto=True)
    assert world.ledger.try_start("X", "r1") == "held"
    world.ledger.send("JOB_OFF_HOLD", "B")
    world.ledger.hold("B", "r1", auto=True)
    assert world.run("X", "r1") == "started"
    assert world.of("B") == "SUCCESS"


def test_jil_081_a_forced_start_lifts_hold_and_ice_for_good(world: World) -> None:
    for event in ("JOB_ON_HOLD", "JOB_ON_ICE"):
        world.ledger.send(event, "J")
        world.ledger.lift("J")
        assert world.run("J", event) == "started"
        assert world.of("J") == "SUCCESS"


def test_a_definitions_on_hold_holds_until_the_first_release(world: World) -> None:
    world.ledger.hold("X", "r1", auto=False)
    assert world.of("X") == "ON_HOLD"
    world.ledger.send("JOB_OFF_HOLD", "X")
    world.ledger.hold("X", "r2", auto=False)
    assert world.of("X") == "INACTIVE"


def test_jil_083_killjob(world: World) -> None:
    world.start(world.box("B", "X", Member("IN", "B", is_box=True), Member("Y", "IN")), "r1")
    with pytest.raises(EventError, match="nothing to kill"):
        world.ledger.send("KILLJOB", "X")
    world.ledger.try_start("X", "r1")
    world.ledger.send("KILLJOB", "X")
    assert world.ledger.kill_requested("X")
    world.ledger.enter("Y", "r1", boxes=True)
    world.ledger.send("KILLJOB", "IN")
    assert (world.of("IN"), world.of("Y")) == ("TERMINATED", "INACTIVE")


def test_jil_083_killjob_between_two_attempts(world: World) -> None:
    """It is TERMINATED at once, and the attempt that Airflow makes does not run."""
    world.start(world.box("B", Member("X", "B", job_terminator=True), Member("Y", "B")), "r1")
    for job in ("X", "Y"):
        world.ledger.try_start(job, "r1")
    world.ledger.record("X", "RESTART", run_id="r1", exit_code=1)
    world.ledger.send("KILLJOB", "X")
    assert world.of("X") == "TERMINATED"
    events = world.ledger.last_event()
    assert not world.ledger.take_kill("X", "another run")
    assert world.ledger.take_kill("X", "r1")
    assert not world.ledger.take_kill("X", "r1"), "a task that is cleared runs"
    assert (world.of("X"), world.ledger.last_event()) == ("TERMINATED", events)
    assert not world.ledger.take_kill("Y", "r1")


def test_jil_065_a_start_clears_the_latch_and_the_code(world: World) -> None:
    world.end("A", "FAILURE", code=3)
    assert world.ask(world.gate("J", "f(A) & e(A) = 3", "r")).kind == "pass"
    world.ledger.try_start("A", "r2")
    assert world.ask(world.gate("J", "f(A)", "r")).kind == "wait"
    assert world.ask(world.gate("J", "e(A) = 3", "r")).kind == "wait"


# --- variables --------------------------------------------------------------------------------


def test_jil_162_globals(world: World) -> None:
    world.ledger.set_global("BUS_DATE", "2026-03-02 $$X")
    world.ledger.set_global("A B", "ab")
    expand = world.ledger.expand_globals
    assert expand("run -d $$BUS_DATE") == "run -d 2026-03-02 $$X"  # once, not again
    assert expand("$${A B}|$${NO}|$$NO|") == "ab|||"
    assert expand("$HOME `id` $1 $") == "$HOME `id` $1 $"


def test_jil_163_nothing_escapes_the_two_dollars(world: World) -> None:
    """JIL-163: the shell never sees them, whatever stands before or around them."""
    world.ledger.set_global("X", "x")
    expand = world.ledger.expand_globals
    assert expand("sort data > /tmp/load.$$") == "sort data > /tmp/load."
    assert expand("kill -9 $$; wait") == "kill -9 ; wait"
    assert expand(r"\$$X '$$X' $$$$X $\$X") == r"\x 'x' x $\$X"


def test_load_seeds_what_is_not_there(world: World) -> None:
    world.ledger.set_global("G", "mine")
    world.ledger.load({"globals": {"G": "theirs", "H": "h"}})
    assert world.ledger.globals() == {"G": "mine", "H": "h"}


# --- resources --------------------------------------------------------------------------------


def resource(world: World, **kinds: tuple[str, int]) -> None:
    world.ledger.load(
        {"resources": {name: {"kind": kind, "amount": n} for name, (kind, n) in kinds.items()}}
    )


def test_jil_160_a_claim_takes_all_or_none(world: World) -> None:
    resource(world, DB=("renewable", 2), IO=("renewable", 1))
    need = "(DB, QUANTITY=2, FREE=Y) AND (IO, QUANTITY=1)"
    assert world.ledger.try_start("A", "r", resources="(IO)") == "started"
    assert world.ledger.try_start("B", "r", resources=need) == "short"
    assert (world.of("B"), world.ledger.claims("B")) == ("RESWAIT", {})
    assert not world.ledger.may_start("B", "r", need)
    world.end("A", "SUCCESS", "r")
    assert world.ledger.may_start("B", "r", need)
    assert world.ledger.try_start("B", "r", resources=need) == "started"
    assert world.ledger.claims("B") == {"DB": 2, "IO": 1}


def test_jil_160_who_waits_longest_is_dealt_to_first(world: World) -> None:
    resource(world, R=("renewable", 2), T=("threshold", 1))
    one, two = "(R, QUANTITY=1)", "(R, QUANTITY=2)"
    assert world.ledger.try_start("A", "r", resources=two) == "started"
    assert world.ledger.try_start("BIG", "r", resources="(R, QUANTITY=2) AND (T)") == "short"
    world.clock.advance(minutes=1)
    assert world.ledger.try_start("B", "r", resources=one) == "short"
    world.clock.advance(minutes=1)
    world.end("A", "SUCCESS", "r")
    assert world.ledger.try_start("LATE", "r", resources=one) == "short"
    assert not world.ledger.may_start("B", "r", one)
    assert world.ledger.may_start("BIG", "r", two)
    assert world.ledger.try_start("T", "r", resources="(T)") == "started"  # a level for everybody
    assert world.ledger.try_start("BIG", "r", resources="(R, QUANTITY=2) AND (T)") == "started"
    assert world.ledger.claims("BIG") == {"R": 2}


def test_jil_160_one_that_cannot_have_all_is_passed_over(world: World) -> None:
    resource(world, R=("renewable", 2))
    assert world.ledger.try_start("A", "r", resources="(R)") == "started"
    assert world.ledger.try_start("BIG", "r", resources="(R, QUANTITY=2)") == "short"
    assert world.ledger.try_start("B", "r", resources="(R)") == "started"


def test_jil_083_a_job_that_waits_for_units_is_killed_at_once(world: World) -> None:
    resource(world, R=("renewable", 1))
    world.start(world.box("BOX", "A", "B"), "r")
    assert world.ledger.try_start("A", "r", resources="(R)") == "started"
    assert world.ledger.try_start("B", "r", resources="(R)") == "short"
    world.ledger.send("KILLJOB", "B")
    assert (world.of("B"), world.of("BOX")) == ("TERMINATED", "RUNNING")
    waits = StartTrigger(job="B", run_id="r", resources="(R)")
    assert waits.ask(world.ledger, {}).kind == "killed"
    world.end("A", "SUCCESS", "r")
    assert world.of("BOX") == "FAILURE"


def test_a_waiter_whose_run_is_over_waits_no_more(world: World) -> None:
    resource(world, R=("renewable", 1))
    assert world.ledger.try_start("A", "r", resources="(R)") == "started"
    world.ledger.open_run(Topology("B", "B", (Member("B"),)), "r1", tick=world.clock.now())
    assert world.ledger.try_start("B", "r1", resources="(R)") == "short"
    world.ledger.close_run("B", "r1")
    assert world.of("B") == "INACTIVE"
    world.end("A", "SUCCESS", "r")
    assert world.ledger.try_start("C", "r", resources="(R)") == "started"


@pytest.mark.parametrize(
    ("free", "status", "kept"),
    [
        ("Y", "SUCCESS", 0), ("Y", "FAILURE", 1), ("Y", "TERMINATED", 1),
        ("N", "SUCCESS", 1), ("N", "FAILURE", 1), ("A", "SUCCESS", 0),
        ("A", "FAILURE", 0), ("A", "TERMINATED", 0),
    ],
)  # fmt: skip
def test_jil_160_free(world: World, free: str, status: str, kept: int) -> None:
    resource(world, R=("renewable", 1))
    need = f"(R, QUANTITY=1, FREE={free})"
    world.ledger.try_start("A", "r1", resources=need)
    world.end("A", status, "r1")
    assert len(world.ledger.claims("A")) == kept
    other = world.ledger.try_start("B", "r1", resources=need)
    assert other == ("short" if kept else "started")
    if kept:
        # The units stay with the job: its next run uses them again, an operator frees them.
        assert world.ledger.try_start("A", "r2", resources=need) == "started"
        world.end("A", status, "r2")
        world.ledger.send("RELEASE_RESOURCE", "A", "R")
        assert world.ledger.try_start("B", "r1", resources=need) == "started"


def test_jil_160_depletable_threshold_all(world: World) -> None:
    resource(world, D=("depletable", 1), T=("threshold", 3), R=("renewable", 4))
    assert world.ledger.try_start("A", "r", resources="(D)") == "started"
    world.end("A", "SUCCESS", "r")
    assert world.ledger.try_start("B", "r", resources="(D)") == "short"
    assert world.ledger.try_start("C", "r", resources="(T, QUANTITY=3)") == "started"
    assert world.ledger.try_start("D", "r", resources="(T, QUANTITY=3)") == "started"
    assert world.ledger.try_start("E", "r", resources="(T, QUANTITY=4)") == "short"
    assert world.ledger.try_start("F", "r", resources="(R, QUANTITY=ALL, FREE=A)") == "started"
    assert world.ledger.claims("F") == {"R": 4}


def test_ctm080_orders_of_one_job_hold_units_each_by_itself(world: World) -> None:
    """And in no line: who fits overtakes. What runs again has given them back."""
    resource(world, R=("renewable", 2))

    def start(job: str, run_id: str, units: int) -> str:
        need = f"(R, QUANTITY={units}, FREE=A)"
        return world.ledger.try_start(job, run_id, resources=need, in_line=False)

    assert start("A", "r1", 1) == "started"
    assert start("A", "r2", 2) == "short"
    assert world.ledger.short_of("A", "r2", "(R, QUANTITY=2)") == ["R"]
    assert world.of("A") == "STARTING"  # the order of the day before
    assert start("B", "r1", 1) == "started"
    world.end("A", "RESTART", "r1")
    world.end("B", "FAILURE", "r1")
    assert start("A", "r2", 2) == "started"
    assert start("A", "r2", 2) == "started"  # the worker was lost before it told anybody


def test_resources_that_are_unknown_or_unreadable_are_errors(world: World) -> None:
    with pytest.raises(ResourceError, match="ledger load"):
        world.ledger.try_start("A", "r", resources="(NOPE)")
    for text in ("", "X", "(X", "(X) (Y)", "(X) ANDY (Y)", "(X, QUANTITY=-1)", "(X) AND (X)", "()"):
        with pytest.raises(ResourceError):
            parse(text)
    assert [n.name for n in parse("(A) AND (B,QUANTITY=2) & (C)")] == ["A", "B", "C"]


# --- the store --------------------------------------------------------------------------------


def test_two_threads_never_both_win_the_last_unit_or_an_exclusion(world: World) -> None:
    resource(world, R=("renewable", 1))
    jobs = [f"J{n}" for n in range(8)]
    answers: dict[str, str] = {}
    barrier = threading.Barrier(len(jobs))

    def race(job: str) -> None:
        ledger = Ledger.open(world.url, world.clock)
        barrier.wait()
        others = " & ".join(f"n({other})" for other in jobs if other != job)
        answers[job] = ledger.try_start(job, "r", when=others, resources="(R)")

    threads = [threading.Thread(target=race, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()).count("started") == 1


def test_two_threads_start_one_run_once(world: World) -> None:
    shape = world.box("B", "X", "Y")
    answers: list[str] = []
    barrier = threading.Barrier(6)

    def start() -> None:
        ledger = Ledger.open(world.url, world.clock)
        barrier.wait()
        answers.append(ledger.open_run(shape, "r1", tick=world.clock.now()).answer)
        ledger.enter("X", "r1", boxes=True)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["joined"] * 5 + ["started"]
    starts = [e for e in world.ledger.events() if e.job == "B" and e.status == "RUNNING"]
    assert len(starts) == 1


def test_a_process_killed_inside_a_transaction_leaves_nothing(world: World) -> None:
    world.start(world.box("B", "X"), "r1")
    before = world.ledger.last_event()
    code = (
        "import os, signal, sys\n"
        "from hoist_airflow.ledger import Ledger\n"
        "with Ledger.open(sys.argv[1]).writing() as book:\n"
        "    book.put(book.known('X'), 'SUCCESS')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, world.url], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (world.of("X"), world.ledger.last_event()) == ("ACTIVATED", before)
    assert world.run("X", "r1") == "started"


def test_an_exception_inside_a_transaction_rolls_back(world: World) -> None:
    with pytest.raises(ValueError, match="NUL"), world.ledger.writing() as book:
        book.put(book.known("X"), "SUCCESS")
        book.known("a\0b")
    assert world.of("X") is None


def test_queries_per_event_do_not_grow_with_the_box(world: World) -> None:
    costs = []
    for size in (10, 10_000):
        box = f"B{size}"
        shape = world.box(box, *(Member(f"{box}.{n}", box) for n in range(size)))
        world.start(shape, "r1")
        before = world.ledger.store.queries
        for n in range(10):
            world.run(f"{box}.{n}", "r1")
        costs.append(world.ledger.store.queries - before)
        if size == 10:
            assert world.of(box) == "SUCCESS"
    assert costs[1] <= costs[0]


def test_queries_per_event_do_not_grow_with_10_000_events_of_log(world: World) -> None:
    world.start(world.box("B", *(Member(f"M{n}", "B") for n in range(50))), "r1")
    cost = []
    for _round in range(2):
        before = world.ledger.store.queries
        for n in range(49):
            world.run(f"M{n}", "r1")
        cost.append(world.ledger.store.queries - before)
        with world.ledger.writing() as book:
            for n in range(10_000):
                book.event("status", f"M{n % 50}", "RUNNING", run_id="r1")
    assert cost[0] == cost[1]


def test_names_are_data(world: World) -> None:
    name = "'; DROP TABLE hoist_jobs; -- \"\n%s ? ü"
    world.ledger.record(name, "SUCCESS")
    assert world.of(name) == "SUCCESS"


def test_schema_versions(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/l.db"
    Ledger.open(url)
    database = sqlite3.connect(tmp_path / "l.db")
    database.execute("INSERT INTO hoist_schema (version) VALUES (99)")
    database.commit()
    with pytest.raises(LedgerError, match="knows only"):
        Ledger.open(url)
    database.execute("DELETE FROM hoist_schema")
    database.commit()
    with Store(url).read() as tx:
        assert schema.version(tx) is None


@pytest.mark.parametrize("url", ["mysql://x", "sqlite:///", "ledger.db"])
def test_bad_urls_are_told(url: str) -> None:
    with pytest.raises(LedgerError):
        Ledger.open(url)


def test_a_connection_does_not_cross_a_fork(world: World) -> None:
    world.ledger.record("X", "SUCCESS")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            world.ledger.record("Y", "SUCCESS")
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert world.of("Y") == "SUCCESS"


def test_of_two_events_of_one_instant_the_second_is_dropped(world: World) -> None:
    """TR-51: the first one's run is active from its event on, though it was opened later."""
    world.to(2, 6)
    event = world.clock.now()
    shape = world.box("B", "X")
    world.clock.advance(seconds=1)
    assert world.start(shape, "r1", tick=event) == "started"
    world.run("X", "r1")
    world.clock.advance(seconds=60)
    assert world.start(shape, "r2", tick=event) == "dropped"


def test_of_two_events_of_one_instant_the_log_tells_which_found_the_job_running(
    world: World,
) -> None:
    """JIL-144: a run may begin and end at the instant of both; one after its end starts again."""
    world.to(2, 6)
    shape = world.box("B", "X")
    now = world.clock.now()
    first = world.ledger.record("P", "SUCCESS")
    second = world.ledger.record("Q", "SUCCESS")
    assert world.start(shape, f"hoist__{first}", tick=now, event=first) == "started"
    world.run("X", f"hoist__{first}")
    world.ledger.close_run("B", f"hoist__{first}", failed=False)
    third = world.ledger.record("Q", "SUCCESS")
    assert world.start(shape, f"hoist__{second}", tick=now, event=second) == "dropped"
    assert world.start(shape, f"hoist__{third}", tick=now, event=third) == "started"


def test_a_run_whose_condition_did_not_hold_drops_no_event(world: World) -> None:
    """JIL-005: an event while Airflow still ends the run that started nothing is not lost."""
    world.to(2, 6)
    shape = world.box("B", "X")
    assert world.ledger.open_run(shape, "r1", tick=world.clock.now()).answer == "started"
    world.ledger.give_up_run("B", "r1")
    world.clock.advance(seconds=1)
    event = world.clock.now()
    world.clock.advance(seconds=1)
    world.ledger.close_run("B", "r1")
    assert world.start(shape, "r2", tick=event) == "started"


def test_an_inner_box_that_waits_for_nothing_starts_once(world: World) -> None:
    """JIL-110: with the box around it, and not again when its first member runs."""
    shape = world.box("B", Member("I", "B", is_box=True, eager=True), Member("X", "I"))
    assert world.ledger.open_run(shape, "r1", tick=world.clock.now()).answer == "started"
    world.ledger.enter("X", "r1", boxes=True)
    told = [e.status for e in world.ledger.events() if e.job == "I"]
    assert told.count("STARTING") == 1


def test_a_released_member_of_an_idle_box_is_folded(world: World) -> None:
    """JIL-118: the box is derived again from its members."""
    shape = world.box("B", "X", "Y")
    world.start(shape, "r1")
    world.run("X", "r1", "FAILURE")
    world.run("Y", "r1")
    assert world.of("B") == "FAILURE"
    world.ledger.send("JOB_ON_HOLD", "X")
    world.ledger.send("JOB_OFF_HOLD", "X")
    assert world.of("B") == "SUCCESS"


def test_jil_083_a_box_in_a_running_box_starts_whatever_ended_around_both(world: World) -> None:
    """JIL-003 asks for the box of a member, and that one runs."""
    members = (
        Member("I", "B", is_box=True, eager=True),
        Member("K", "I", is_box=True),
        Member("X", "K"),
    )
    shape = world.box("B", Member("T", "B", box_terminator=True), *members)
    assert world.ledger.open_run(shape, "r1", tick=world.clock.now()).answer == "started"
    world.ledger.enter("T", "r1", boxes=True)
    world.run("T", "r1", "FAILURE")
    assert (world.of("B"), world.of("I"), world.of("K")) == ("TERMINATED", "RUNNING", "ACTIVATED")
    assert world.run("X", "r1") == "started"
    assert (world.of("B"), world.of("I"), world.of("K")) == ("TERMINATED", "SUCCESS", "SUCCESS")
