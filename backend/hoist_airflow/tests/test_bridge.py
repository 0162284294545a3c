"""The bridge to AutoSys: both directions, and the command of a stand-in (JIL-058, 063, 065)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_world import World

from hoist_airflow import hoistctl
from hoist_airflow.bridge import (
    BridgeError,
    Bridges,
    Heard,
    Sendevent,
    feed_once,
    forwarding_kills,
    mirror_once,
    read_line,
    wait,
)
from hoist_airflow.ledger import Member

DOCUMENT = {
    "format": 1,
    "to_legacy": {"stand_ins": ["P"], "mirrored": ["BOX"], "variables": ["DAY"]},
    "to_ledger": {"jobs": ["L", "LBOX"], "variables": ["GATE"]},
}
BRIDGES = Bridges.of(DOCUMENT)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(f"sqlite:///{tmp_path}/ledger.db")
    mirror_once(world.ledger, BRIDGES, no_autosys)  # the position: the end of the log
    return world


def no_autosys(arguments: Sequence[str]) -> None:
    raise AssertionError(arguments)


class AutoSys:
    """Remembers what it was sent; may be told to refuse."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.refuses = False

    def __call__(self, arguments: Sequence[str]) -> None:
        if self.refuses:
            raise BridgeError("no")
        self.sent.append(" ".join(arguments))

    def new(self, world: World) -> list[str]:
        before = len(self.sent)
        mirror_once(world.ledger, BRIDGES, self)
        return self.sent[before:]


START_P = "-E FORCE_STARTJOB -J P"


# --- ledger to legacy -----------------------------------------------------------------------------


def test_a_stand_in_starts_where_the_job_starts_and_tells_its_end_itself(world: World) -> None:
    autosys = AutoSys()
    world.ledger.record("P", "STARTING")
    world.ledger.record("P", "RUNNING")
    assert autosys.new(world) == [START_P]
    world.end("P", "FAILURE", code=3)
    assert autosys.new(world) == []
    end = wait(world.ledger, "P")
    assert end is not None and (end.status, end.exit_code) == ("FAILURE", 3)


def test_a_stand_in_that_comes_late_still_tells_its_own_run(world: World) -> None:
    autosys = AutoSys()
    world.ledger.record("P", "STARTING")
    world.end("P", "SUCCESS", code=0)
    world.ledger.record("P", "STARTING")  # AutoSys would lose a start while the stand-in runs
    assert autosys.new(world) == [START_P]
    end = wait(world.ledger, "P")
    assert end is not None and end.status == "SUCCESS"
    assert autosys.new(world) == [START_P]
    world.end("P", "FAILURE", code=1)
    end = wait(world.ledger, "P")
    assert end is not None and end.status == "FAILURE"


def test_attempts_of_one_run_are_one_start_of_the_stand_in(world: World) -> None:
    autosys = AutoSys()
    for status in ("STARTING", "RUNNING", "RESTART", "STARTING", "RUNNING"):
        world.ledger.record("P", status)
    assert autosys.new(world) == [START_P]


def test_jil_065_the_start_of_its_box_takes_the_latch_away(world: World) -> None:
    autosys = AutoSys()
    shape = world.box("BOX", Member("P", "BOX"), Member("Q", "BOX"))
    world.start(shape, "r1")
    world.run("P", "r1", "SUCCESS", 0)
    assert autosys.new(world) == ["-E CHANGE_STATUS -s STARTING -J BOX", START_P]
    wait(world.ledger, "P")
    world.run("Q", "r1", "SUCCESS", 0)
    assert autosys.new(world) == ["-E CHANGE_STATUS -s SUCCESS -J BOX"]
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.start(shape, "r2")
    sent = autosys.new(world)
    assert "-E CHANGE_STATUS -s INACTIVE -J P" in sent
    assert "-E CHANGE_STATUS -s STARTING -J BOX" in sent


def test_a_status_does_not_overtake_the_end_that_a_stand_in_has_yet_to_tell(world: World) -> None:
    autosys = AutoSys()
    world.ledger.record("P", "STARTING")
    world.end("P", "SUCCESS", code=0)
    world.ledger.record("P", "INACTIVE")
    assert autosys.new(world) == [START_P]  # INACTIVE now would be overwritten by SUCCESS
    wait(world.ledger, "P")
    assert autosys.new(world) == ["-E CHANGE_STATUS -s INACTIVE -J P"]


def test_a_silent_stand_in_is_an_alarm_and_does_not_stop_the_rest(world: World) -> None:
    autosys = AutoSys()
    world.ledger.record("P", "STARTING")
    world.end("P", "SUCCESS", code=0)
    world.ledger.record("P", "INACTIVE")
    world.ledger.set_global("DAY", "1")
    assert autosys.new(world) == [START_P]
    world.clock.set(world.clock.now() + timedelta(minutes=11))
    assert autosys.new(world) == [
        "-E CHANGE_STATUS -s INACTIVE -J P",
        "-E SET_GLOBAL -G DAY=1",
    ]
    assert [kind for _, kind, _ in world.ledger.alarms()] == ["BRIDGE_SILENT"]


def test_an_end_without_a_start_is_a_change_of_status(world: World) -> None:
    autosys = AutoSys()
    world.ledger.send("CHANGE_STATUS", "P", "SUCCESS")
    assert autosys.new(world) == ["-E CHANGE_STATUS -s SUCCESS -J P"]


def test_what_no_atom_can_tell_apart_is_not_sent(world: World) -> None:
    autosys = AutoSys()
    for status in ("ON_HOLD", "ACTIVATED", "QUE_WAIT", "INACTIVE"):
        world.ledger.record("BOX", status)
    assert autosys.new(world) == []
    for status in ("STARTING", "RUNNING"):
        world.ledger.record("BOX", status)
    assert autosys.new(world) == ["-E CHANGE_STATUS -s STARTING -J BOX"]


def test_ice_is_told_to_the_operator_and_not_sent(world: World) -> None:
    autosys = AutoSys()
    world.ledger.send("JOB_ON_ICE", "P")
    assert autosys.new(world) == []
    assert [kind for _, kind, _ in world.ledger.alarms()] == ["BRIDGE_ICE"]


def test_others_are_not_mirrored_and_nothing_goes_in_circles(world: World) -> None:
    autosys = AutoSys()
    world.end("OTHER", "SUCCESS")
    world.ledger.record("BOX", "SUCCESS", source="legacy")
    world.ledger.set_global("DAY", "9", source="legacy")
    world.ledger.set_global("OTHER", "9")
    assert autosys.new(world) == []


def test_what_autosys_refuses_is_sent_again(world: World) -> None:
    autosys = AutoSys()
    world.ledger.record("P", "STARTING")
    autosys.refuses = True
    with pytest.raises(BridgeError):
        autosys.new(world)
    autosys.refuses = False
    assert autosys.new(world) == [START_P]


def test_history_is_not_told(tmp_path: Path) -> None:
    world = World.at(f"sqlite:///{tmp_path}/ledger.db")
    world.end("P", "SUCCESS")
    assert mirror_once(world.ledger, BRIDGES, no_autosys) == 0
    assert mirror_once(world.ledger, BRIDGES, no_autosys) == 0


def test_sendevent_gets_each_name_as_one_argument(tmp_path: Path) -> None:
    program = tmp_path / "sendevent"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {tmp_path}/sent\nexit $CODE\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODE", "0")
        Sendevent(str(program))(["-G", "A=$(touch x); 'b"])
        patch.setenv("CODE", "4")
        with pytest.raises(BridgeError, match=": 4:"):
            Sendevent(str(program))(["-J", "P"])
    assert (tmp_path / "sent").read_text().splitlines() == ["-G", "A=$(touch x); 'b", "-J", "P"]
    with pytest.raises(BridgeError):
        Sendevent(str(tmp_path / "none"))(["-J", "P"])


# --- the command of a stand-in --------------------------------------------------------------------


def standing_in(world: World, *more: str) -> subprocess.Popen[bytes]:
    """`hoistctl wait -J P` as AutoSys's agent runs it."""
    command = [sys.executable, "-m", "hoist_airflow.hoistctl", "--ledger", world.url, "wait"]
    return subprocess.Popen(
        [*command, "-J", "P", "--interval", "0.05", *more], stdout=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("status", "code", "more", "exit_code"),
    [
        ("SUCCESS", 0, [], 0),
        ("SUCCESS", 4, [], 4),  # max_exit_success: AutoSys judges the code as Airflow did
        ("FAILURE", 7, [], 7),
        ("SUCCESS", None, [], 0),
        ("FAILURE", None, [], 1),
        ("FAILURE", None, ["--failure", "9"], 9),
        ("SUCCESS", None, ["--success", "3"], 3),
        ("TERMINATED", None, [], -signal.SIGTERM),  # JIL-058
    ],
)
def test_wait_ends_as_the_job_ends(
    world: World, status: str, code: int | None, more: list[str], exit_code: int
) -> None:
    world.ledger.record("P", "STARTING")
    AutoSys().new(world)
    stand_in = standing_in(world, *more)
    assert stand_in.stdout is not None and stand_in.stdout.readline() == b"waiting for P\n"
    assert stand_in.poll() is None
    world.end("P", status, code=code)
    assert stand_in.wait(30) == exit_code


def test_jil_083_a_kill_of_the_stand_in_kills_the_job(world: World) -> None:
    world.ledger.record("P", "STARTING")
    world.ledger.record("P", "RUNNING")
    AutoSys().new(world)
    stand_in = standing_in(world)
    assert stand_in.stdout is not None and stand_in.stdout.readline() == b"waiting for P\n"
    stand_in.terminate()
    until = time.monotonic() + 30
    while not world.ledger.kill_requested("P"):
        assert time.monotonic() < until and stand_in.poll() is None
        time.sleep(0.05)
    world.end("P", "TERMINATED")
    assert stand_in.wait(30) == -signal.SIGTERM


def test_a_kill_in_the_middle_of_a_transaction_is_forwarded_after_it(world: World) -> None:
    world.ledger.record("P", "STARTING")
    world.ledger.record("P", "RUNNING")
    with forwarding_kills(world.ledger, "P") as sleep:
        with world.ledger.store.read():
            signal.raise_signal(signal.SIGTERM)
        assert not world.ledger.kill_requested("P")
        sleep(0.01)
        assert world.ledger.kill_requested("P")
        signal.raise_signal(signal.SIGTERM)  # after the end: not this process's end
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_stand_in_that_a_person_starts_repeats_what_is_true(world: World) -> None:
    with pytest.raises(BridgeError, match="no run"):
        wait(world.ledger, "P")
    world.ledger.record("P", "STARTING")
    AutoSys().new(world)
    world.end("P", "FAILURE", code=2)
    for _ in range(2):
        end = wait(world.ledger, "P")
        assert end is not None and (end.status, end.exit_code) == ("FAILURE", 2)


def test_wait_may_give_up(world: World) -> None:
    world.ledger.record("P", "STARTING")
    AutoSys().new(world)
    slept: list[float] = []
    assert wait(world.ledger, "P", interval=2, timeout=5, sleep=slept.append) is None
    assert slept == [2, 2, 2]
    assert hoistctl.main(["--ledger", world.url, "wait", "-J", "P", "--timeout", "0"]) == 1


# --- legacy to ledger -----------------------------------------------------------------------------

HEAD = "[11/24/2026 22:00:00]      CAUAJM_I_40245 EVENT: "


@pytest.mark.parametrize(
    ("line", "heard"),
    [
        (
            "CHANGE_STATUS    STATUS: STARTING        JOB: L MACHINE: ny1",
            Heard(job="L", status="STARTING"),
        ),
        (
            "CHANGE_STATUS    STATUS: FAILURE         JOB: ln.fx#1 MACHINE: ny1   EXITCODE:  12",
            Heard(job="ln.fx#1", status="FAILURE", exit_code=12),
        ),
        ("CHANGE_STATUS    STATUS: SUCCESS         JOB: LBOX", Heard(job="LBOX", status="SUCCESS")),
        ("SET_GLOBAL       GLOBAL: GATE = OPEN NOW", Heard(name="GATE", value="OPEN NOW")),
        ("SET_GLOBAL       GLOBAL: GATE = ", Heard(name="GATE", value="")),
        ("CHANGE_STATUS    STATUS: NONSENSE        JOB: L", None),
        ("ALARM            ALARM: JOBFAILURE       JOB: L MACHINE: ny1 EXITCODE:  1", None),
    ],
)
def test_the_lines_of_the_event_log(line: str, heard: Heard | None) -> None:
    assert read_line(HEAD + line) == heard
    assert read_line(line) is None


def test_the_feed_brings_each_event_once_and_only_those_that_cross(
    world: World, tmp_path: Path
) -> None:
    log = tmp_path / "event_demon.ACE"
    log.write_text(HEAD + "CHANGE_STATUS    STATUS: SUCCESS         JOB: L MACHINE: m\n")
    assert feed_once(world.ledger, BRIDGES, log) == 0  # history
    assert world.ledger.status("L") is None

    def says(text: str) -> int:
        with log.open("a") as file:
            file.write(text)
        return feed_once(world.ledger, BRIDGES, log)

    starts = HEAD + "CHANGE_STATUS    STATUS: STARTING        JOB: L MACHINE: m\n"
    ends = HEAD + "CHANGE_STATUS    STATUS: FAILURE         JOB: L MACHINE: m  EXITCODE:  3\n"
    other = HEAD + "CHANGE_STATUS    STATUS: SUCCESS         JOB: ELSE MACHINE: m\n"
    assert says(starts + other) == 1
    assert says(ends[:40]) == 0  # a line that is still being written
    assert says(ends[40:]) == 1
    row = world.ledger.status("L")
    assert row is not None and (row.status, row.exit_code) == ("FAILURE", 3)
    assert world.ledger.status("ELSE") is None
    assert says("") == 0
    assert says(HEAD + "SET_GLOBAL       GLOBAL: GATE = OPEN\n") == 1
    assert says(HEAD + "SET_GLOBAL       GLOBAL: GATE = OPEN\n") == 0
    assert world.ledger.get_global("GATE") == "OPEN"
    log.write_text(starts)  # begun anew
    assert feed_once(world.ledger, BRIDGES, log) == 1
    row = world.ledger.status("L")
    assert row is not None and row.status == "STARTING"
    assert AutoSys().new(world) == []  # nothing of it goes back


def test_a_line_is_text_whatever_its_bytes(world: World, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"")
    feed_once(world.ledger, BRIDGES, log)
    log.write_bytes(b"\xff\x00\n" + HEAD.encode() + b"SET_GLOBAL       GLOBAL: GATE = \xe9\n")
    assert feed_once(world.ledger, BRIDGES, log) == 1


# --- hoistctl -------------------------------------------------------------------------------------


def test_hoistctl_mirror_and_feed(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bridges = tmp_path / "bridges.json"
    bridges.write_text(json.dumps(DOCUMENT))
    log = tmp_path / "log"
    log.write_text("")
    common = ["--ledger", world.url]
    feed = [*common, "feed", "--bridges", str(bridges), "--log", str(log), "--once"]
    assert hoistctl.main(feed) == 0
    log.write_text(HEAD + "CHANGE_STATUS    STATUS: RUNNING         JOB: L MACHINE: m\n")
    assert hoistctl.main(feed) == 0
    world.ledger.set_global("DAY", "2")
    mirror = [*common, "mirror", "--bridges", str(bridges), "--once", "--sendevent"]
    assert hoistctl.main([*mirror, "/bin/false"]) == 1
    assert hoistctl.main([*mirror, "/bin/true"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["brought 0 events", "brought 1 events", "sent 1 events"]
    assert "SET_GLOBAL -G DAY=2" in said.err


@pytest.mark.parametrize(
    "document",
    ["[]", "{", "{}", '{"format": 2}', '{"format": 1, "to_legacy": []}',
     '{"format": 1, "to_ledger": {"jobs": [1]}}'],
)  # fmt: skip
def test_a_list_of_bridges_that_is_none_is_refused(tmp_path: Path, document: str) -> None:
    (tmp_path / "b.json").write_text(document)
    url = f"sqlite:///{tmp_path}/ledger.db"
    arguments = ["--ledger", url, "mirror", "--bridges", str(tmp_path / "b.json"), "--once"]
    assert hoistctl.main(arguments) == 1
