"""Rules on ends (CTM-070 to CTM-076): the vectors of the interpreter, and tasks with rules."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException
from ledger_world import World
from test_cycle import Task

from hoist_airflow import run as run_module
from hoist_airflow.ending import Ear, End, Rules
from hoist_airflow.job import JobFailed, JobTerminated
from hoist_airflow.ledger.effects import Tell, effect
from hoist_airflow.order import DiedBySignal, NotAgain, OrderedCommand, OrderedDummy
from hoist_airflow.schedule import order_dates

CASES = json.loads(
    (Path(__file__).resolve().parents[3] / "tests" / "vectors" / "ending.json").read_text()
)["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_ctm070_rules_fire_as_the_vectors_say(case: dict[str, Any]) -> None:
    rules = Rules.parse(case["rules"])
    for given in case["ends"]:
        ear = Ear(rules.patterns)
        for line in given.get("output", "").split("\n"):
            ear.hear(line.encode())
        code = None if "signal" in given else given["code"]
        end = End(
            not given["bad"] if "bad" in given else code == 0,
            code,
            given.get("runs", 1),
            given.get("reruns", 0),
            given.get("failures", 0),
            ear.heard,
        )
        fired = rules.fired(end)
        assert (fired.ok, " ".join(fired.actions)) == (given["ok"], given["actions"]), given


@pytest.mark.parametrize(
    "rule",
    [{"on": "codes = 4", "do": []}, {"on": "code ~ 4", "do": []}, {"on": "output ", "do": []},
     {"on": "ok"}, {"on": "ok", "do": ["maybe"]}, {"on": "ok", "do": [], "else": []}],
)  # fmt: skip
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule|expected|unknown|unexpected|atom"):
        OrderedDummy(task_id="J", rules=[rule])


def test_beside_rules_other_arguments_would_have_no_order() -> None:
    with pytest.raises(ValueError, match="no known order"):
        OrderedDummy(task_id="J", rules=[{"on": "ok", "do": ["ok"]}], on_notok=["+fact(X)"])


def test_a_long_pattern_takes_no_longer() -> None:
    ear = Ear(["*a" * 30 + "*b*"])
    ear.hear(b"a" * 60_000)
    assert not ear.heard


def task(monkeypatch: pytest.MonkeyPatch, *rules: dict[str, Any], **given: Any) -> Task:
    return Task(monkeypatch, rules=list(rules), **given)


def facts(one: Task) -> list[str]:
    return [fact.name for fact in one.world.ledger.fact_table()]


NEVER_FAILS = {"on": "any", "do": ["ok", "+fact(X)"]}


def test_ctm075_a_code_a_signal_but_nothing_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was killed on request, or never ran, stays NOTOK: its work is not done."""
    for outcome, told in (
        (JobFailed("code", 3), "ok"), (DiedBySignal("signal"), "ok"), (None, "ok"),
        (JobFailed("it could not start"), "failed"), (JobTerminated("killed"), "failed"),
    ):  # fmt: skip
        one = task(monkeypatch, NEVER_FAILS, on_ok=["+fact(DONE)"])
        one.outcomes = [outcome]
        assert one.step("07:00") == told, outcome
        assert facts(one) == (["DONE", "X"] if told == "ok" else ["X"])


def test_ctm070_a_code_that_is_ok_fails_by_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    one = task(monkeypatch, {"on": "code = 0", "do": ["notok"]}, on_ok=["+fact(DONE)"])
    one.outcomes = [None]
    assert one.step("07:00") == "failed"
    assert one.status() == "FAILURE"
    assert facts(one) == []


def test_ctm064_a_rule_stops_a_cycle_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"on": "code = 4", "do": ["ok", "stop"]}
    one = task(monkeypatch, rule, cycle="every 5m from start")
    one.outcomes = [JobFailed("no", 3), JobFailed("four", 4)]
    assert one.step("07:00") == "waits"
    assert one.step("07:05") == "ok"
    assert one.status() == "SUCCESS"


def test_ctm072_a_cycle_counts_its_executions(monkeypatch: pytest.MonkeyPatch) -> None:
    one = task(
        monkeypatch,
        {"on": "failures = 2", "do": ["+fact(TWICE)"]},
        {"on": "runs >= 4", "do": ["stop"]},
        cycle="every 5m from start",
    )
    one.outcomes = [JobFailed("no", 1), None, JobFailed("no", 1), None]
    assert one.step("07:00") == "waits"
    assert one.step("07:05") == "waits"
    assert facts(one) == []
    assert one.step("07:10") == "waits"
    assert facts(one) == ["TWICE"]
    assert one.step("07:15") == "ok"


def test_ctm067_only_what_a_rule_reruns_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, again in ((3, True), (4, False)):
        one = task(monkeypatch, {"on": "code = 3", "do": ["rerun"]}, retries=2)
        one.outcomes = [JobFailed("no", code)]
        one.most = 2
        assert one.step("07:00") == "failed"
        assert isinstance(one.raised, NotAgain) != again
        assert one.status() == ("RESTART" if again else "FAILURE")
        (last,) = [e for e in one.world.ledger.events() if e.status in ("RESTART", "FAILURE")]
        assert last.exit_code == code


def told(one: Task) -> list[str]:
    return [text for _job, kind, text in one.world.ledger.alarms() if kind == "NOTIFICATION"]


def test_ctm078_who_is_told_of_what_a_rule_makes_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the rules, by the verdict that each of them asks; SHOUT by the last one."""
    one = task(
        monkeypatch,
        {"on": "code = 3", "do": ["tell ops: three"]},
        {"on": "notok", "do": ["tell ops (urgent): late", "ok"]},
        {"on": "ended ok", "do": ["tell dev: in the end"]},
        {"on": "ended notok", "do": ["tell dev: never"]},
    )
    one.outcomes = [JobFailed("no", 3)]
    assert one.step("07:00") == "ok"
    assert told(one) == ["ops: three", "ops (urgent): late", "dev: in the end"]


def test_ctm078_a_message_has_the_variables_as_they_are_at_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = task(
        monkeypatch,
        on_ok=[
            r"tell %%WHO: was %%N", "%%N=2", r"tell %%WHO: is %%N on %%$ODATE",
            r"tell %%\\NOBODY: $(id) %%WHO", "tell: %%WHO",
        ],
        variables={"N": "1", "WHO": "ops"},
    )  # fmt: skip
    one.outcomes = [None]
    assert one.step("07:00") == "ok"
    assert told(one) == [
        "ops: was 1", "ops: is 2 on 20260302", r"%%\NOBODY: $(id) ops",
        "no address is defined: ops",
    ]  # fmt: skip


def test_ctm078_each_attempt_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = task(monkeypatch, on_notok=["tell ops: execution %%RUNCOUNT"], retries=2)
    one.most = 2
    one.outcomes = [JobFailed("no", 1)]
    assert one.step("07:00") == "failed"
    assert one.status() == "RESTART"
    assert told(one) == ["ops: execution 1"]


MESSAGES = json.loads(
    (Path(__file__).resolve().parents[3] / "tests" / "vectors" / "messages.json").read_text()
)


def test_ctm078_messages_are_read_as_the_vectors_say() -> None:
    for case in MESSAGES["cases"]:
        assert effect(case["text"]) == Tell(case["whom"], case["said"], case["urgency"])
    for text in MESSAGES["others"]:
        with pytest.raises(ValueError, match=r"expected|unexpected|unknown|atom"):
            effect(text)


def test_behind_the_end_nothing_is_decided() -> None:
    with pytest.raises(ValueError, match="changes neither"):
        OrderedDummy(task_id="J", rules=[{"on": "ended ok", "do": ["notok"]}])


@pytest.mark.parametrize(
    ("command", "ok"),
    [
        ("printf 'fine\\nno ERR'; sleep 0.1; printf 'OR 42'", False),  # a line that comes in parts
        ("printf 'ERR\\nOR'", True),
        ("echo ERROR >&2", False),
        ("exit 3", False),
        ("echo ORDERLY; exit 3", True),
        ("kill -9 $$", False),
    ],
)
def test_ctm072_the_output_of_a_command_is_read(
    monkeypatch: pytest.MonkeyPatch, command: str, ok: bool
) -> None:
    world = World.at("sqlite:///:memory:")
    world.to(2, 8)
    monkeypatch.setattr(run_module, "shared_ledger", lambda: world.ledger)
    rules = [
        {"on": "output *ERROR*", "do": ["notok"]},
        {"on": "output *ORDER??*", "do": ["ok"]},
    ]
    with DAG("F", schedule=order_dates(days="all")):
        one = OrderedCommand(task_id="J", job="F/J", command=command, via="local", rules=rules)
    tick = datetime(2026, 3, 2, 7, tzinfo=timezone.utc)
    run = SimpleNamespace(conf={}, run_type="scheduled", logical_date=tick, run_after=tick)
    ti = SimpleNamespace(run_id="r", try_number=1, max_tries=0)
    context: Any = {"task": one, "dag_run": run, "ti": ti}
    with nullcontext() if ok else pytest.raises(AirflowException):
        one.execute(context)
    assert world.ledger.outcome("F/J", "r") == ("SUCCESS" if ok else "FAILURE")
