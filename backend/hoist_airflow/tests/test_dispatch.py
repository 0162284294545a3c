"""The dispatcher and hoistctl: JIL-005, JIL-080, JIL-152, JIL-153; at least once made once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ledger_world import World

from hoist_airflow import hoistctl
from hoist_airflow.dispatch import (
    DispatchError,
    RestStarter,
    Subscriptions,
    dispatch_once,
    sweep_alarms,
)
from hoist_airflow.ledger import Member, Topology
from hoist_airflow.ledger.effects import Again, Force

MANIFEST = {"subscriptions": [{"dag_id": "c", "jobs": ["A", "B"], "variables": ["G"]}]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.at(f"sqlite:///{tmp_path}/ledger.db")


class Airflow:
    """Remembers runs by id, as Airflow does; may be told to refuse."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.refuse = 0

    def __call__(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        if self.refuse:
            self.refuse -= 1
            raise DispatchError("no")
        if (dag_id, run_id) in self.runs:
            return False
        self.runs[dag_id, run_id] = conf
        return True


def once(world: World, airflow: Airflow, manifest: dict[str, Any] | None = None) -> int:
    return dispatch_once(world.ledger, Subscriptions.of(manifest or MANIFEST), airflow)


def test_jil_005_every_relevant_event_starts_a_run_and_nothing_else_does(world: World) -> None:
    airflow = Airflow()
    world.end("A", "SUCCESS")
    world.end("OTHER", "SUCCESS")
    world.ledger.set_global("G", "1")
    world.ledger.set_global("H", "1")
    assert once(world, airflow) == 2
    assert list(airflow.runs) == [("c", "hoist__1"), ("c", "hoist__3")]
    conf = airflow.runs["c", "hoist__1"]
    assert conf == {"hoist_event": 1, "hoist_at": "2026-03-02T00:00:00+00:00"}
    assert once(world, airflow) == 0
    world.end("A", "SUCCESS")  # TR-02: again
    assert once(world, airflow) == 1


def test_a_crash_between_trigger_and_position_repeats_the_request_not_the_run(world: World) -> None:
    airflow = Airflow()
    for _ in range(3):
        world.end("A", "SUCCESS")
    once(world, airflow)
    world.ledger.set_cursor("dispatch", 0)
    assert once(world, airflow) == 0
    assert len(airflow.runs) == 3


def test_a_refused_trigger_stays_in_front_and_is_tried_again(world: World) -> None:
    airflow = Airflow()
    world.end("OTHER", "SUCCESS")
    world.end("A", "SUCCESS")
    world.end("B", "SUCCESS")
    airflow.refuse = 1
    with pytest.raises(DispatchError):
        once(world, airflow)
    assert world.ledger.cursor("dispatch") == 1
    assert once(world, airflow) == 2


def test_jil_080_startjob_starts_the_dag_of_a_top_object(world: World) -> None:
    airflow = Airflow()
    world.ledger.open_run(Topology("dag_j", "J", (Member("J"),)), "r0")
    world.start(world.box("B", "M"), "r1")
    world.ledger.send("FORCE_STARTJOB", "J")
    world.ledger.send("STARTJOB", "M")
    world.ledger.send("STARTJOB", "NOPE")
    assert once(world, airflow) == 1
    ((dag_id, _run_id), conf), *_ = airflow.runs.items()
    assert (dag_id, conf["hoist_start"]) == ("dag_j", "FORCE_STARTJOB")
    assert [job for job, kind, _text in world.ledger.alarms()] == ["M", "NOPE"]


@pytest.mark.parametrize("manifest", [{"subscriptions": {}}, {"subscriptions": [{"jobs": []}]}])
def test_a_malformed_manifest_is_told(manifest: dict[str, Any]) -> None:
    with pytest.raises(DispatchError, match="manifest"):
        Subscriptions.of(manifest)


# --- Airflow's REST API -----------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str, Any]], list[int]]]:
    """An HTTP server that records requests and answers the codes it is given."""
    seen: list[tuple[str, str, Any]] = []
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers.get("Authorization", ""), json.loads(body)))
            self.send_response(codes.pop(0))
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args: object) -> None: ...

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", seen, codes
    http.shutdown()
    thread.join()
    http.server_close()


def test_rest_triggers_and_takes_a_conflict_for_done(
    server: tuple[str, list[tuple[str, str, Any]], list[int]],
) -> None:
    url, seen, codes = server
    codes += [200, 409, 404]
    start = RestStarter(url, lambda: "secret")
    assert start("a/b c", "hoist__7", {"hoist_event": 7})
    assert not start("d", "hoist__7", {})
    with pytest.raises(DispatchError, match="404"):
        start("d", "hoist__8", {})
    path, authorization, body = seen[0]
    assert path == "/api/v2/dags/a%2Fb%20c/dagRuns"
    assert authorization == "Bearer secret"
    assert body["dag_run_id"] == "hoist__7"
    assert body["conf"] == {"hoist_event": 7}


def test_an_unreachable_airflow_is_told() -> None:
    with pytest.raises(DispatchError):
        RestStarter("http://127.0.0.1:9", lambda: "")("d", "r", {})


# --- alarms -----------------------------------------------------------------------------------

DAILY = {"days": "all", "times": "06:00 18:00", "timezone": "America/New_York"}


def kinds(world: World) -> list[str]:
    return [kind for _job, kind, _text in world.ledger.alarms()]


@pytest.mark.parametrize(
    ("outcomes", "status", "told"),
    [
        ({}, "FAILURE", ["JOBFAILURE"]),
        ({}, "TERMINATED", ["JOBTERMINATED"]),
        ({}, "SUCCESS", []),
        ({"if_fail": False}, "FAILURE", []),
        ({"notify": ["ops@example.org"]}, "SUCCESS", []),
        ({"notify": ["ops@example.org"]}, "FAILURE", ["JOBFAILURE", "NOTIFICATION"]),
        ({"notify": [], "notify_on": "completion"}, "SUCCESS", ["NOTIFICATION"]),
    ],
)
def test_jil_153_the_end_of_a_box_is_told_once(
    world: World, outcomes: dict[str, Any], status: str, told: list[str]
) -> None:
    """No task of a DAG is the box: the dispatcher tells what its definition says."""
    manifest = {"alarms": [{"job": "BOX", "dag_id": "BOX", "outcomes": outcomes}]}
    world.end("OTHER", status)
    world.end("BOX", status)
    for _ in range(2):
        once(world, Airflow(), manifest)
    world.ledger.set_cursor("dispatch", 0)  # after a crash the log is read again
    once(world, Airflow(), manifest)
    assert [(job, kind) for job, kind, _text in world.ledger.alarms()] == [
        ("BOX", kind) for kind in told
    ]


@pytest.mark.parametrize("times", [["06:10", "18:10"], ["+10", "+10"], ["+10"]])
def test_jil_152_must_start(world: World, times: list[str]) -> None:
    manifest = {"alarms": [{"job": "J", "dag_id": "J", "must_start": times, "schedule": DAILY}]}
    world.to(3, 11, 5)  # 06:05 in New York
    world.end("J", "INACTIVE")
    world.to(3, 0)
    sweep_alarms(world.ledger, manifest)
    before = len(kinds(world))
    world.to(3, 11, 9)
    assert sweep_alarms(world.ledger, manifest) == 0
    world.to(3, 11, 11)
    assert sweep_alarms(world.ledger, manifest) == 1
    assert sweep_alarms(world.ledger, manifest) == 0  # once a tick
    assert kinds(world)[before:] == ["MUST_START_ALARM"]


def test_jil_152_a_job_that_did_start_raises_nothing(world: World) -> None:
    limits = {"must_start": ["+10"], "must_complete": ["+30"], "schedule": DAILY}
    manifest = {"alarms": [{"job": "J", "dag_id": "J", **limits}]}
    world.to(3, 0)
    sweep_alarms(world.ledger, manifest)
    before = len(kinds(world))
    world.to(3, 11, 2)
    world.ledger.try_start("J", "r1")
    world.to(3, 11, 20)
    assert sweep_alarms(world.ledger, manifest) == 0
    world.to(3, 11, 31)
    assert sweep_alarms(world.ledger, manifest) == 1
    assert kinds(world)[before:] == ["MUST_COMPLETE_ALARM"]


def test_jil_153_max_run_of_a_box_once_a_start(world: World) -> None:
    manifest = {"alarms": [{"job": "B", "dag_id": "B", "max_run": 60}]}
    world.start(world.box("B", "X"), "r1")
    assert sweep_alarms(world.ledger, manifest) == 0
    world.clock.advance(minutes=61)
    assert [sweep_alarms(world.ledger, manifest) for _ in range(2)] == [1, 0]
    assert world.of("B") == "RUNNING"  # TR-50: never flow


def test_jil_153_min_run_once_an_attempt(world: World) -> None:
    manifest = {"alarms": [{"job": "J", "dag_id": "J", "min_run": 10}]}
    for minutes, written in ((5, 1), (10, 0)):
        world.ledger.try_start("J", f"r{minutes}")
        world.clock.advance(minutes=minutes)
        assert sweep_alarms(world.ledger, manifest) == 0
        world.end("J", "SUCCESS", f"r{minutes}")
        assert [sweep_alarms(world.ledger, manifest) for _ in range(2)] == [written, 0]


# --- hoistctl ---------------------------------------------------------------------------------


def ctl(world: World, *arguments: str) -> int:
    return hoistctl.main(["--ledger", world.url, *arguments])


def test_hoistctl_sends_and_shows(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ledger.record("J\x1b[2J", "FAILURE", exit_code=3)
    assert ctl(world, "sendevent", "-E", "SET_GLOBAL", "-G", "A=b=c") == 0
    assert ctl(world, "sendevent", "-E", "CHANGE_STATUS", "-J", "NEW", "-s", "SUCCESS") == 1
    assert "--new" in capsys.readouterr().err
    assert (
        ctl(world, "sendevent", "-E", "CHANGE_STATUS", "-J", "NEW", "-s", "SUCCESS", "--new") == 0
    )
    assert ctl(world, "sendevent", "-E", "CHANGE_STATUS", "-J", "NEW", "-s", "NONSENSE") == 1
    capsys.readouterr()
    assert ctl(world, "status") == 0
    shown = capsys.readouterr().out
    assert "J\\x1b[2J" in shown
    assert "\x1b" not in shown
    assert ctl(world, "status", "NOPE") == 1
    assert ctl(world, "globals") == 0
    assert "b=c" in capsys.readouterr().out
    assert ctl(world, "events", "--after", "1") == 0
    assert "CHANGE_STATUS" in capsys.readouterr().out
    assert ctl(world, "ledger", "version") == 0
    assert ctl(world, "ledger", "init") == 1


def test_hoistctl_hold_release_kill(world: World) -> None:
    world.start(world.box("B", "X", "Y"), "r1")
    assert ctl(world, "sendevent", "-E", "JOB_ON_HOLD", "-J", "X") == 0
    assert world.of("X") == "ON_HOLD"
    assert ctl(world, "sendevent", "-E", "JOB_OFF_HOLD", "-J", "X") == 0
    world.ledger.try_start("X", "r1")
    assert ctl(world, "sendevent", "-E", "JOB_ON_HOLD", "-J", "X") == 1  # JIL-090
    assert ctl(world, "sendevent", "-E", "KILLJOB", "-J", "X") == 0
    assert world.ledger.kill_requested("X")


def test_hoistctl_loads_a_manifest_and_refuses_a_broken_one(world: World, tmp_path: Path) -> None:
    good, bad = tmp_path / "m.json", tmp_path / "bad.json"
    good.write_text(
        json.dumps({"globals": {"G": "1"}, "resources": {"R": {"kind": "renewable", "amount": 2}}})
    )
    bad.write_text("[")
    assert ctl(world, "ledger", "load", "--manifest", str(good)) == 0
    assert world.ledger.get_global("G") == "1"
    assert ctl(world, "ledger", "load", "--manifest", str(bad)) == 1
    assert ctl(world, "dispatch", "--once", "--manifest", str(good)) == 0


def test_ctm093_the_next_run_of_a_folder_is_one_run_of_its_dag(world: World) -> None:
    airflow = Airflow()
    conf = {"order_date": "2026-03-02", "cycle": {"runs": 1, "past": [[1, 2, "SUCCESS"]]}}
    world.ledger.record("F", "SUCCESS", run_id="r", try_number=1, changes=[Again("loop", conf)])
    assert once(world, airflow) == 1
    assert once(world, airflow) == 0
    (((dag_id, _), given),) = airflow.runs.items()
    assert dag_id == "loop" and given.items() >= conf.items()


def test_ctm077_what_a_rule_orders_is_one_run_of_its_folder(world: World) -> None:
    airflow = Airflow()
    manifest = {
        "forced": [
            {"name": "FIX/R", "dag_id": "fix", "jobs": ["FIX/R"]},
            {"name": "ALL", "dag_id": "all"},
        ]
    }
    orders = [Force("FIX/R", day="2026-03-02"), Force("ALL", day="2026-03-03"), Force("GONE")]
    world.ledger.record("A", "FAILURE", run_id="r", try_number=1, changes=orders)
    world.ledger.record("A", "FAILURE", run_id="r", try_number=1, changes=orders)  # said again
    assert once(world, airflow, manifest) == 2
    assert once(world, airflow, manifest) == 0
    given = {
        dag_id: {key: value for key, value in conf.items() if not key.startswith("hoist")}
        for (dag_id, _), conf in airflow.runs.items()
    }
    assert given == {
        "fix": {"order_date": "2026-03-02", "force": True, "only": ["FIX/R"]},
        "all": {"order_date": "2026-03-03", "force": True},
    }
    assert [alarm[:2] for alarm in world.ledger.alarms()] == [("A", "FORCEJOBFAIL")]
