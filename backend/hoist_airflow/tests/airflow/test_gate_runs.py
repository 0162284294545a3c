"""Gate, Hold, Box and Verdict executed by Airflow: TR-07, TR-10, TR-13, TR-16, JIL-005, TR-51."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

HEAD = """
from airflow.sdk import DAG
from hoist_airflow import Box, Command, Gate, Hold, Verdict, legacy_calendar
"""


def night(x: str) -> str:
    """A box with a handler: `h` runs only if `x` fails."""
    return (
        HEAD
        + f"""
with DAG("NIGHT", schedule=None, max_active_runs=1):
    x = Command(task_id="X", command={x!r})
    y = Command(task_id="Y", command="true")
    when = Gate(task_id="H.when", when="f(X)", trigger_rule="all_done")
    h = Command(task_id="H", command="true")
    verdict = Verdict(task_id="NIGHT.verdict", of="NIGHT")
    x >> y
    x >> when >> h
    [y, h] >> verdict
"""
    )


def statuses(ledger: Any) -> dict[str, str]:
    return {row.job: row.status for row in ledger.jobs()}


def order(ledger: Any, status: str) -> list[str]:
    return [e.job for e in ledger.events() if e.status == status and e.kind == "status"]


@contextmanager
def meanwhile(ledger: Any, ready: Callable[[], bool], act: Callable[[], None]) -> Any:
    """While Airflow runs in this thread: once `ready`, `act` as an operator would."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if ready():
                act()
                return
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_good_night_skips_the_handler_and_is_green(run: Any, ledger: Any) -> None:
    state, tasks = run(night("true"))
    assert state == "success"
    assert (tasks["H.when"], tasks["H"]) == ("skipped", "skipped")
    assert statuses(ledger) == {"NIGHT": "SUCCESS", "X": "SUCCESS", "Y": "SUCCESS", "H": "INACTIVE"}
    assert ledger.open_runs("NIGHT") == []


def test_jil_110_a_gate_without_condition_starts_its_box(run: Any, ledger: Any) -> None:
    """Where each member waits for more than the box does, nothing else would tell the ledger."""
    state, _tasks = run(
        HEAD
        + """
with DAG("NIGHT", schedule=None, max_active_runs=1):
    x = Command(task_id="X", command="true")
    y = Command(task_id="Y", command="true")
    start = Gate(task_id="INNER.start", for_job="INNER")
    with Box("INNER") as inner:
        z = Command(task_id="Z", command="true")
    x >> y
    x >> start >> inner
    y >> z
"""
    )
    assert state == "success"
    started = order(ledger, "STARTING")
    assert started.index("INNER") < started.index("Z")
    assert started.index("INNER") in (started.index("X") + 1, started.index("Y") + 1)
    assert statuses(ledger)["INNER"] == "SUCCESS"


def test_tr_10_a_failing_night_runs_the_handler_and_is_red(run: Any, ledger: Any) -> None:
    state, tasks = run(night("exit 3"))
    assert (state, tasks["H"], tasks["Y"]) == ("failed", "success", "upstream_failed")
    assert statuses(ledger) == {"NIGHT": "FAILURE", "X": "FAILURE", "Y": "INACTIVE", "H": "SUCCESS"}


def test_tr_44_a_killed_job_is_no_failure_for_the_handler(run: Any, ledger: Any) -> None:
    state, tasks = run(night("exec python3 -c 'import os; os.kill(os.getpid(), 9)'"))
    assert (state, tasks["X"], tasks["H"]) == ("failed", "failed", "skipped")
    assert statuses(ledger)["X"] == "TERMINATED"


def test_a_gate_waits_for_a_job_of_another_workflow(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("WAITS", schedule=None, max_active_runs=1):
    when = Gate(task_id="J.when", when="s(OUT, 12.00)")
    when >> Command(task_id="J", command="true", box="")
"""
    )
    with meanwhile(
        ledger,
        lambda: bool(ledger.open_runs("WAITS")),
        lambda: ledger.record("OUT", "SUCCESS"),
    ):
        state, _tasks = run(source)
    assert state == "success"
    assert order(ledger, "SUCCESS") == ["OUT", "J"]


def test_jil_005_a_condition_only_box_that_is_not_met_keeps_its_latch(
    run: Any, ledger: Any
) -> None:
    source = (
        HEAD
        + """
with DAG("NOW", schedule=None, max_active_runs=1):
    when = Gate(task_id="NOW.when", when="s(A) & s(B)", mode="now")
    x = Command(task_id="X", command="true")
    when >> x >> Verdict(task_id="NOW.verdict", of="NOW")
"""
    )
    ledger.record("A", "SUCCESS")
    state, tasks = run(source)
    assert set(tasks.values()) == {"skipped"}
    assert statuses(ledger)["NOW"] == "INACTIVE"
    ledger.record("B", "SUCCESS")
    state, tasks = run(source)
    assert (state, set(tasks.values())) == ("success", {"success"})
    ledger.record("A", "FAILURE")
    state, tasks = run(source)
    assert set(tasks.values()) == {"skipped"}
    assert statuses(ledger)["NOW"] == "SUCCESS"  # what the last run left still counts
    assert ledger.open_runs("NOW") == []


def test_tr_51_an_event_inside_an_earlier_run_is_dropped(run: Any, ledger: Any) -> None:
    source = night("true")
    run(source)
    ends = [e for e in ledger.events() if e.job == "X"]
    inside = (ends[0].at + timedelta(microseconds=1)).isoformat()
    before = ledger.last_event()
    _state, tasks = run(source, {"hoist_event": 1, "hoist_at": inside})
    assert set(tasks.values()) == {"skipped"}
    assert [e.kind for e in ledger.events(before)] == ["run_dropped"]


def test_tr_16_auto_hold_waits_for_the_release_every_run(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("HELD", schedule=None, max_active_runs=1):
    hold = Hold(task_id="X.hold", auto=True)
    x = Command(task_id="X", command="true")
    hold >> x >> Verdict(task_id="HELD.verdict", of="HELD")
"""
    )
    for _ in range(2):
        seen: list[str] = []

        def held() -> bool:
            return statuses(ledger).get("X") == "ON_HOLD"

        def release(seen: list[str] = seen) -> None:
            seen.append(statuses(ledger)["HELD"])
            ledger.send("JOB_OFF_HOLD", "X")

        with meanwhile(ledger, held, release):
            state, _tasks = run(source)
        assert (state, seen) == ("success", ["RUNNING"])  # JIL-087


def test_a_job_put_on_hold_by_an_operator_waits_without_a_hold_task(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("PLAIN", schedule=None, max_active_runs=1):
    Command(task_id="X", command="true") >> Command(task_id="Y", command="true")
"""
    )
    ledger.send("JOB_ON_HOLD", "Y")
    with meanwhile(
        ledger,
        lambda: "X" in order(ledger, "SUCCESS"),
        lambda: ledger.send("JOB_OFF_HOLD", "Y"),
    ):
        state, _tasks = run(source)
    assert state == "success"
    assert statuses(ledger)["PLAIN"] == "SUCCESS"


def test_tr_13_a_box_terminator_stops_what_has_not_started(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("OUTER", schedule=None, max_active_runs=1):
    with Box("INNER", terminators=("T",)) as inner:
        t = Command(task_id="T", command="exit 1")
        # Independent of T in Airflow, and started after it.
        later = Command(task_id="LATER", command="true", trigger_rule="all_done")
        t >> later
    after = Gate(task_id="AFTER.when", when="t(INNER)", trigger_rule="all_done")
    verdict = Verdict(task_id="OUTER.verdict", of="OUTER")
    inner >> after >> Command(task_id="AFTER", command="true") >> verdict
"""
    )
    state, tasks = run(source)
    assert (state, tasks["LATER"], tasks["AFTER"]) == ("failed", "skipped", "success")
    assert statuses(ledger) == {
        "OUTER": "FAILURE", "INNER": "TERMINATED", "T": "FAILURE", "LATER": "INACTIVE",
        "AFTER": "SUCCESS",
    }  # fmt: skip


def test_jil_115a_box_success_and_a_nested_verdict(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("OUTER", schedule=None, max_active_runs=1):
    with Box("INNER", success="s(A)") as inner:
        a = Command(task_id="A", command="true")
        b = Command(task_id="B", command="exit 1")
        b >> Verdict(task_id="INNER.verdict", of="INNER")
        a >> b
    after = Command(task_id="AFTER", command="true")
    inner >> after >> Verdict(task_id="OUTER.verdict", of="OUTER")
"""
    )
    _state, tasks = run(source)
    assert (tasks["B"], tasks["INNER.verdict"], tasks["AFTER"]) == ("skipped", "success", "success")
    assert statuses(ledger)["OUTER"] == "SUCCESS"


def test_without_a_verdict_the_listener_closes_the_run(run: Any, ledger: Any) -> None:
    source = (
        HEAD
        + """
with DAG("BARE", schedule=None, max_active_runs=1):
    Command(task_id="X", command="exit 1") >> Command(task_id="Y", command="true")
"""
    )
    state, _tasks = run(source)
    assert state == "failed"
    assert statuses(ledger) == {"BARE": "FAILURE", "X": "FAILURE", "Y": "INACTIVE"}
    assert ledger.open_runs("BARE") == []


def test_flat_boxes_know_their_members_and_serialise(load: Any, ledger: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    from hoist_airflow.run import topology

    lines = ["    g0 = Box('B0', job='box 0')"]
    lines += [f"    g{n} = Box('B{n}', parent_group=g{n - 1})" for n in range(1, 60)]
    body = "\n".join(lines)
    dag = load(f"""{HEAD}
with DAG("DEEP", schedule=None, max_active_runs=1):
{body}
    Command(task_id="X", command="true", task_group=g59)
    Command(task_id="Z", command="true")
""")
    boxes = {m.job: m.box for m in topology(dag).members}
    assert (boxes["X"], boxes["B59"], boxes["B1"]) == ("B59", "B58", "box 0")
    assert (boxes["box 0"], boxes["Z"], boxes["DEEP"]) == ("DEEP", "DEEP", None)
    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    assert set(again.task_ids) == {"X", "Z"}


def test_a_box_whose_name_is_not_its_dag_id(load: Any) -> None:
    from hoist_airflow.run import topology

    dag = load(f"""{HEAD}
with DAG("a_b", schedule=None, max_active_runs=1):
    Command(task_id="X", command="true", box="a b")
    with Box("INNER"):
        Command(task_id="Y", command="true")
""")
    shape = topology(dag)
    boxes = {m.job: m.box for m in shape.members}
    assert shape.top == "a b"
    assert boxes == {"a b": None, "X": "a b", "INNER": "a b", "Y": "INNER"}


def test_a_stand_alone_job_is_in_no_box(load: Any) -> None:
    from hoist_airflow.run import topology

    dag = load(f"""{HEAD}
with DAG("a_b", schedule=None, max_active_runs=1):
    Gate(task_id="a_b.when", for_job="a b") >> Command(task_id="a_b", job="a b", command="true")
""")
    shape = topology(dag)
    assert (shape.top, [(m.job, m.box) for m in shape.members]) == ("a b", [("a b", None)])


def test_a_gates_trigger_survives_a_restart_of_the_triggerer(load: Any, ledger: Any) -> None:
    from airflow.sdk._shared.module_loading import import_string
    from airflow.sdk.serde import deserialize, serialize

    from hoist_airflow.trigger import GateTrigger

    dag = load(f"""{HEAD}
with DAG("D", schedule=None, max_active_runs=1):
    x = Command(task_id="X", command="true")
    ticks = legacy_calendar(days="mo", times="06:00", timezone="Europe/Berlin")
    when = Gate(task_id="J.when", when="f(X) & n(K)", ticks=ticks, window="02:00-04:00",
                timezone="UTC", undefined=("Q",))
    x >> when >> Command(task_id="J", command="true")
""")
    spec = dag.get_task("J.when").spec("r1")
    assert spec.local == {"X": ["X"]}
    path, kwargs = GateTrigger(**spec.to_dict()).serialize()
    again = import_string(path)(**deserialize(json.loads(json.dumps(serialize(kwargs)))))
    assert again.serialize() == (path, kwargs)
    assert "sqlite" not in json.dumps(kwargs)  # no ledger URL: it may hold a password
    assert again.tasks() == ["X"]


def test_the_gates_of_a_run_share_one_request_a_poll(
    ledger: Any, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from hoist_airflow import trigger
    from hoist_airflow.decision import GateSpec

    asked: list[str] = []

    def states(dag_id: str, run_id: str, task_ids: None) -> dict[str, str]:
        asked.append(run_id)
        if len(asked) == 1:
            raise ConnectionError("the API server restarts")
        return {"X": "success"}

    monkeypatch.setattr(trigger, "task_states", states)
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.5")
    gates = [
        trigger.GateTrigger(
            **GateSpec(f"G{n}.when", "D", "r", f"G{n}", "f(X)", local={"X": ["X"]}).to_dict()
        )
        for n in range(20)
    ]

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(anext(gate.run()) for gate in gates))

    events = asyncio.run(all_of_them())
    assert {event.payload["kind"] for event in events} == {"skip"}
    assert len(asked) < 2 + len(gates) // 2


@pytest.mark.parametrize(
    "gate",
    ["Gate(task_id='J.when', when='s(A) & s(B) | s(C)')", "Gate(task_id='J.when', mode='later')",
     "Gate(task_id='J.when', window='25:00-26:00')", "Box('B', success='s(')"],
)  # fmt: skip
def test_what_cannot_be_read_is_an_import_error(airflow_home: Any, gate: str) -> None:
    from airflow.sdk import DAG

    import hoist_airflow

    names = {"Gate": hoist_airflow.Gate, "Box": hoist_airflow.Box}
    with DAG("D", schedule=None), pytest.raises(ValueError):
        eval(gate, names)


QUEUED = (
    HEAD
    + """
with DAG("QUEUED", schedule=None, max_active_runs=1):
    Command(task_id="J", command=COMMAND, box="", when='v(GO) = "Y"', retries=1, retry_delay=0.1)
"""
)


def test_jil_095_a_job_reads_its_condition_itself_when_it_leaves_a_pool(
    run: Any, ledger: Any
) -> None:
    ledger.set_global("GO", "N")
    with meanwhile(
        ledger,
        lambda: bool(ledger.open_runs("QUEUED")),
        lambda: ledger.set_global("GO", "Y"),
    ):
        state, _tasks = run(QUEUED.replace("COMMAND", "'true'"))
    assert state == "success"
    log = [e.value or e.status for e in ledger.events() if e.kind in ("variable", "status")]
    assert log == ["N", "Y", "STARTING", "RUNNING", "SUCCESS"]


def test_jil_054_a_retry_does_not_read_the_condition_again(run: Any, ledger: Any) -> None:
    ledger.set_global("GO", "Y")
    with meanwhile(
        ledger,
        lambda: bool(order(ledger, "STARTING")),
        lambda: ledger.set_global("GO", "N"),
    ):
        state, _tasks = run(QUEUED.replace("COMMAND", "'sleep 1; exit 3'"))
    assert state == "failed"
    assert order(ledger, "RESTART") == ["J"]
    assert order(ledger, "STARTING") == ["J", "J"]
    assert order(ledger, "FAILURE") == ["J"]


def test_jil_003_a_queued_job_whose_condition_cannot_come_true_is_skipped(
    run: Any, ledger: Any
) -> None:
    source = (
        HEAD
        + """
with DAG("LATE", schedule=None, max_active_runs=1):
    x = Command(task_id="X", command="true")
    j = Command(task_id="J", command="true", when="f(X)", trigger_rule="all_done")
    x >> j >> Verdict(task_id="LATE.verdict", of="LATE")
"""
    )
    state, tasks = run(source)
    assert (state, tasks["J"]) == ("success", "skipped")
    assert statuses(ledger)["J"] == "INACTIVE"
