"""Cyclic jobs of Control-M: when the next execution is, by those in the ledger (CTM-060…066)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskDeferred
from ledger_world import World

from hoist_airflow import run as run_module
from hoist_airflow.cycle import (
    EARLIER_RUN,
    Cycle,
    Execution,
    Slot,
    executions_of,
    handed_on,
    taken_over,
)
from hoist_airflow.job import JobFailed, JobTerminated
from hoist_airflow.order import Ordered, OrderedDummy
from hoist_airflow.schedule import order_dates, order_days
from hoist_airflow.schedule.orders import OrderTicks
from hoist_airflow.schedule.rules import UNIX_DAY
from hoist_airflow.schedule.zones import to_instant
from hoist_airflow.submission import Order, SubmitSpec, decide, was_removed

MONDAY = date(2026, 3, 2).toordinal() - UNIX_DAY
ORDER = Order(MONDAY, OrderTicks(order_days(days="all")))


def second(clock: str) -> int:
    """`08:00` or `08:00:15` of Monday."""
    moment = datetime.fromisoformat(f"2026-03-02T{clock}")
    return to_instant(moment.replace(tzinfo=timezone.utc))


def test_ctm093_a_run_of_a_folder_hands_on_what_was() -> None:
    """Of intervals the first and the last run say all, however many there were."""
    past = [Execution(60 * n, EARLIER_RUN, 60 * n + 5, "SUCCESS") for n in range(1000)]
    told = json.loads(json.dumps(handed_on(past, all_of_them=False)))
    assert len(told["past"]) == 2
    again = taken_over(told)
    assert (len(again), again[0], again[-1]) == (1000, past[0], past[-1])
    for kind in ("every 7m from target", "after 1m 2m from end", "every 7m from start"):
        cycle = Cycle.parse(kind)
        assert cycle.next(again, lambda _: 0, 0) == cycle.next(past, lambda _: 0, 0)
    for few in (past[:1], past[:2]):
        assert list(taken_over(handed_on(few, all_of_them=False))) == few
    assert list(taken_over(handed_on(past, all_of_them=True))) == past


def ran(*spans: str, status: str = "SUCCESS") -> list[Execution]:
    """`08:00:05-08:02:15`, one after the other."""
    found = []
    for span in spans:
        begin, _, end = span.partition("-")
        found.append(Execution(second(begin), 1, second(end), status))
    return found


def following(text: str, *spans: str, now: str = "") -> Slot | None:
    past = ran(*spans)
    at = second(now) if now else (past[-1].ended if past else second("07:00"))
    assert at is not None
    return Cycle.parse(text).next(past, ORDER.at, at)


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        # CTM-062: the start, or the end, rounded down to the minute
        ("every 1m from start", ["08:00:15-08:00:30"], "08:01"),
        ("every 2m from end", ["08:00:00-08:02:15"], "08:04"),
        ("every 15m from start", ["08:00:05-08:20:00"], "08:20"),  # never in parallel
        ("every 15m from target", ["08:00:05-08:20:00", "08:20:00-08:21:00"], "08:30"),
        ("every 15m from start", ["08:00:05-08:20:00", "08:20:00-08:21:00"], "08:35"),
        ("every 2h from end", ["08:00:00-08:02:15"], "10:02"),
        ("every 0m from end", ["08:00:05-08:02:15"], "08:02:15"),  # CTM-061: at once
        # CTM-063: one interval after the other
        ("after 30m 1h from start", ["08:00:05-08:02:00"], "08:30"),
        ("after 30m 1h from start", ["08:00:05-08:02:00", "08:30:00-08:32:00"], "09:30"),
        ("after 30m 1h from target", ["08:00:05-08:45:00", "08:45:00-08:46:00"], "09:30"),
    ],
)
def test_ctm062_intervals(text: str, spans: list[str], expected: str) -> None:
    assert following(text, *spans) == Slot(second(expected))


def test_ctm063_a_sequence_of_intervals_ends() -> None:
    assert following("after 5m from end", "08:00-08:01", "08:06-08:07") is None
    assert following("after 5m from end") == Slot()


def test_ctm063_times_that_are_late_are_dropped() -> None:
    text = "at 09:00 08:00 09:05 tolerance 5m"
    assert following(text) == Slot(second("08:00"), second("08:05"))
    assert following(text, now="08:05") == Slot(second("08:00"), second("08:05"))
    assert following(text, now="08:05:01") == Slot(second("09:00"), second("09:05"))
    assert following(text, "08:00-09:05") == Slot(second("09:00"), second("09:05"))
    # 09:00 was met late, 09:05 is the next one
    assert following(text, "08:00-08:01", "09:04-09:06") == Slot(second("09:05"), second("09:10"))
    assert following(text, "08:00-08:01", "09:00-09:11") is None
    assert following(text, now="09:10:01") is None


def test_ctm048_a_time_before_new_day_comes_last() -> None:
    found = following("at 02:00 08:00", "08:00-08:01")
    assert found == Slot(second("02:00") + 86400, second("02:00") + 86400)


@pytest.mark.parametrize(
    "text",
    ["", "every 15m", "every 15 from start", "every 5m 6m from end", "after from end", "at",
     "at 8:00", "at 24:00", "at 08:00 tolerance 5", "every 5m from now"],
)  # fmt: skip
def test_a_cycle_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no cycle"):
        Cycle.parse(text)


def test_executions_are_what_the_log_says() -> None:
    """A second attempt to reach a machine is the same execution; a lost worker leaves one open."""
    log: list[tuple[int, str, int | None]] = [
        (1, "STARTING", 1), (2, "RESTART", 1), (3, "STARTING", 1), (4, "RUNNING", 1),
        (5, "SUCCESS", 1), (6, "ON_HOLD", None), (7, "INACTIVE", None), (8, "STARTING", 1),
        (9, "RUNNING", 1), (10, "STARTING", 2), (11, "RUNNING", 2), (12, "TERMINATED", 2),
        (13, "SUCCESS", None),
    ]  # fmt: skip
    assert executions_of(log) == [
        Execution(1, 1, 5, "SUCCESS"),
        Execution(8, 1),
        Execution(10, 2, 12, "TERMINATED"),
    ]


def test_ctm064_what_waits_for_its_next_execution_ends_or_is_removed() -> None:
    world = World.at("sqlite:///:memory:")
    removed = ORDER.removed_at(0, ended_badly=False)
    until = [list(span) for span in ORDER.spans(None, "09:00", until=removed)]
    spec = SubmitSpec("J", "F", "r", until, removed, not_before=second("08:30"), runs=1)
    world.to(2, 8, 0)
    assert decide(world.ledger, spec).kind == "wait"
    assert decide(world.ledger, spec).wake == datetime(2026, 3, 2, 8, 30, tzinfo=timezone.utc)
    assert decide(world.ledger, replace(spec, not_before=second("09:01"))).kind == "skip"
    world.to(2, 8, 30)
    assert decide(world.ledger, spec).kind == "pass"
    world.to(3, 7)
    assert not was_removed(world.ledger, spec)  # its time had passed before
    all_day = replace(
        spec, spans=[list(span) for span in ORDER.spans("08:00", None, until=removed)]
    )
    assert was_removed(world.ledger, all_day)
    late = replace(
        spec, not_before=second("08:00"), not_after=second("08:05"), when="fact(X, date 0302)"
    )
    world.to(2, 8, 3)
    assert decide(world.ledger, late).wake == datetime(2026, 3, 2, 8, 5, 1, tzinfo=timezone.utc)
    world.to(2, 8, 6)
    assert decide(world.ledger, late).kind == "pass"  # to look for the next time


# --- the task -------------------------------------------------------------------------------------


class Task:
    """One task of an order, driven as Airflow would: executed, resumed, its end kept."""

    def __init__(self, patch: pytest.MonkeyPatch, **given: Any) -> None:
        self.world = World.at("sqlite:///:memory:")
        patch.setattr(run_module, "shared_ledger", lambda: self.world.ledger)
        with DAG("F", schedule=order_dates(days="all")):
            self.task = OrderedDummy(task_id="J", job="F/J", **given)
        self.outcomes: list[Exception | None] = []
        self.minutes = 1
        self.trigger: Any = None
        self.tries = 1
        self.most = 0
        """Attempts that Airflow makes, but for the first one."""
        self.raised: Exception | None = None
        patch.setattr(OrderedDummy, "perform", self.perform)

    def perform(self, run: Any, context: Any) -> None:
        run.record("RUNNING")
        self.world.clock.set(self.world.clock.now() + timedelta(minutes=self.minutes))
        ended = self.outcomes.pop(0) if self.outcomes else None
        if ended is not None:
            raise ended

    def step(self, clock: str, day: int = 2) -> str:
        """`waits`, `ok`, `failed` or `skipped`; a deferred task is resumed as a new process is."""
        hour, _, minute = clock.partition(":")
        self.world.to(day, int(hour), int(minute))
        run = SimpleNamespace(
            conf={}, run_type="scheduled",
            logical_date=datetime(2026, 3, 2, 7, tzinfo=timezone.utc),
            run_after=datetime(2026, 3, 2, 7, tzinfo=timezone.utc),
        )  # fmt: skip
        ti = SimpleNamespace(run_id="r", try_number=self.tries, max_tries=self.most)
        context: Any = {"task": self.task, "dag_run": run, "ti": ti}
        try:
            if self.trigger is None:
                self.task.execute(context)
            else:
                if self.trigger.ask(self.world.ledger, {}).kind == "wait":
                    return "waits"
                self.task.start_again(context, {"kind": "pass", "reason": ""})
        except TaskDeferred as deferred:
            self.trigger = type(deferred.trigger)(**deferred.trigger.serialize()[1])
            return "waits"
        except AirflowSkipException:
            return "skipped"
        except AirflowException as failed:
            self.raised = failed
            return "failed"
        return "ok"

    def clear(self) -> None:
        self.tries += 1
        self.trigger = None

    def starts(self) -> list[str]:
        past = self.world.ledger.executions("F/J", "r")
        return [f"{datetime.fromtimestamp(one.started, timezone.utc):%H:%M}" for one in past]

    def status(self) -> str | None:
        return self.world.ledger.outcome("F/J", "r")


def test_ctm060_one_task_runs_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTM-066: its facts come after each OK execution; CTM-065: after NOTOK it goes on."""
    task = Task(
        monkeypatch, cycle="every 15m from start", max_reruns=2,
        on_ok=["+fact(OK)"], on_notok=["+fact(BAD)"],
    )  # fmt: skip
    task.outcomes = [None, JobFailed("no", 3), None]
    ledger = task.world.ledger
    assert task.step("07:00") == "waits"
    assert [fact.name for fact in ledger.fact_table()] == ["OK"]
    assert task.step("07:14") == "waits"
    ledger.change_fact(False, "OK", "0302")
    assert task.step("07:15") == "waits"
    assert [fact.name for fact in ledger.fact_table()] == ["BAD"]
    assert task.step("07:30") == "ok"  # CTM-064: the first one, and two more
    assert task.starts() == ["07:00", "07:15", "07:30"]
    assert [fact.name for fact in ledger.fact_table()] == ["BAD", "OK"]


def test_ctm064_the_order_ends_as_its_last_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(monkeypatch, cycle="every 15m from end", time_to="07:20")
    task.outcomes = [None, JobFailed("no")]
    assert task.step("07:00") == "waits"
    assert task.step("07:16") == "failed"  # 07:32 is too late
    assert task.status() == "FAILURE"


def test_ctm064_its_last_time_passes_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was held back by a condition that is no longer there."""
    for outcome, told in ((None, "ok"), (JobFailed("no"), "failed")):
        task = Task(monkeypatch, cycle="every 15m from start", time_to="07:20", when="fact(X)")
        task.outcomes = [outcome]
        task.world.ledger.change_fact(True, "X", "0302")
        assert task.step("07:00") == "waits"
        task.world.ledger.change_fact(False, "X", "0302")
        assert task.step("07:15") == "waits"
        assert task.step("07:21") == told
        assert task.starts() == ["07:00"]


def test_ctm005_new_day_removes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(monkeypatch, cycle="every 15m from start", when="fact(X)")
    task.world.ledger.change_fact(True, "X", "0302")
    assert task.step("07:00") == "waits"
    task.world.ledger.change_fact(False, "X", "0302")
    assert task.step("07:15") == "waits"
    assert task.step("07:00", day=3) == "skipped"
    assert task.status() == "INACTIVE"


def test_stop_cyclic_and_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOACTION SPCYC (CTM-064); what an operator kills ends NOTOK and goes on (CTM-065)."""
    task = Task(monkeypatch, cycle="every 5m from start", stop_on="notok")
    task.outcomes = [None, JobFailed("no")]
    assert task.step("07:00") == "waits"
    assert task.step("07:05") == "failed"
    killed = Task(monkeypatch, cycle="every 5m from start", stop_on="ok")
    killed.outcomes = [JobTerminated("killed")]
    assert killed.step("07:00") == "waits"
    assert killed.status() == "TERMINATED"
    assert killed.step("07:05") == "ok"


def test_a_held_cycle_goes_on_when_it_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(monkeypatch, cycle="every 5m from start", time_to="07:30")
    assert task.step("07:00") == "waits"
    task.world.ledger.send("JOB_ON_HOLD", "F/J")
    assert task.step("07:05") == "waits"
    task.world.ledger.send("JOB_OFF_HOLD", "F/J")
    assert task.step("07:07") == "waits"
    assert task.starts() == ["07:00", "07:07"]
    task.world.ledger.send("JOB_ON_HOLD", "F/J")
    assert task.step("07:31") == "ok"
    assert task.status() == "SUCCESS"


def test_a_cleared_task_runs_at_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's RERUN (CTM-067) of a cycle that is over: one more, as its count is used up."""
    task = Task(monkeypatch, cycle="every 15m from start", max_reruns=1)
    task.outcomes = [None, JobFailed("no"), None]
    assert task.step("07:00") == "waits"
    assert task.step("07:15") == "failed"
    task.clear()
    assert task.step("07:20") == "ok"
    assert task.starts() == ["07:00", "07:15", "07:20"]


def test_ctm063_no_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(monkeypatch, cycle="at 07:10 07:20 tolerance 2m")
    assert task.step("07:00") == "waits"
    assert task.step("07:11") == "waits"
    assert task.step("07:23") == "ok"  # the worker came too late: 07:20 is dropped
    assert task.starts() == ["07:11"]
    never = Task(monkeypatch, cycle="at 07:10")
    assert never.step("07:11") == "skipped"


def test_ctm004_a_cycle_reads_its_criteria_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(monkeypatch, cycle="every 5m from end", when="fact(X)", on_ok=["-fact(X)"])
    for clock, starts in (("07:00", 1), ("07:20", 2)):
        task.world.ledger.change_fact(True, "X", "0302")
        assert task.step(clock) == "waits"
        assert len(task.starts()) == starts
        assert task.step("07:10" if starts == 1 else "07:40") == "waits"
        assert len(task.starts()) == starts


@pytest.mark.parametrize(
    "given",
    [{"max_reruns": 2}, {"stop_on": "ok"}, {"cycle": "every 5m from end", "retries": 1},
     {"cycle": "every 5m from end", "stop_on": "never"}],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cycle|stop_on"):
        OrderedDummy(task_id="J", **given)
    assert issubclass(OrderedDummy, Ordered)
