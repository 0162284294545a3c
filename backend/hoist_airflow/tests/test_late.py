"""SHOUT at times (CTM-078): the argument `late`, the rows that are due, and who is told of them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from ledger_world import World
from test_cycle import Task
from test_ending import told

from hoist_airflow import run as run_module
from hoist_airflow.dispatch import sweep_alarms
from hoist_airflow.job import JobFailed
from hoist_airflow.late import ByClock, Late
from hoist_airflow.ledger import Ledger, LedgerError, schema
from hoist_airflow.ledger.effects import Over, Tell, Under
from hoist_airflow.ledger.store import Store
from hoist_airflow.order import OrderedDummy
from hoist_airflow.order_folders import FolderEnd, FolderStart
from hoist_airflow.schedule import order_dates, order_days

SUBMITTED = {"not submitted by 11:30": ["tell ops (urgent): Load is late"]}
ENDED = {"not ended by 23:00": ["tell ops: no end"]}
OVER = {"runs over 30 minutes": ["tell ops: long"]}
UNDER = {"ran under 5 minutes": ["tell ops: short"]}


def sweep(one: Task, clock: str, day: int = 2) -> int:
    hour, _, minute = clock.partition(":")
    one.world.to(day, int(hour), int(minute))
    return sweep_alarms(one.world.ledger, {})


def due(one: Task) -> list[tuple[str, str, str, str]]:
    """(job, kind, instant, text) of what is not judged yet."""
    with one.world.ledger.store.read() as tx:
        rows = tx.all("SELECT job, kind, at, text FROM hoist_dues ORDER BY at, id")
    at = [f"{datetime.fromtimestamp(row[2] / 1e6, timezone.utc):%d %H:%M}" for row in rows]
    return [(row[0], row[1], then, row[3]) for row, then in zip(rows, at, strict=True)]


def waiting(monkeypatch: pytest.MonkeyPatch, late: Any, **given: Any) -> Task:
    return Task(monkeypatch, when="fact(X)", late=late, **given)


def frees(one: Task) -> None:
    one.world.ledger.change_fact(True, "X", "0302")


# --- the argument ---------------------------------------------------------------------------------


def test_late_is_read_by_what_it_asks() -> None:
    found = Late.parse({**SUBMITTED, **ENDED, **OVER, **UNDER})
    assert found.by_clock == (
        ByClock("submitted", 690, Tell("ops", "Load is late", "urgent")),
        ByClock("ended", 1380, Tell("ops", "no end")),
    )
    assert found.over == (Over(30, Tell("ops", "long")),)
    assert found.under == (Under(5, Tell("ops", "short")),)
    assert Late.parse({}) == Late()


@pytest.mark.parametrize(
    "test",
    ["", "not submitted by 24:00", "not submitted by 9:00", "not ended by 09:00 ",
     "submitted by 09:00", "not ended", "runs over 0 minutes", "runs over 1000 minutes",
     "runs over 05 minutes", "runs under 5 minutes", "ran under -5 minutes",
     "ran under 5 minutes\n", "ran under \u0665 minutes"],
)  # fmt: skip
def test_a_test_that_means_nothing_is_refused(test: str) -> None:
    with pytest.raises(ValueError, match=r"no test of `late`|not a time of day"):
        OrderedDummy(task_id="J", late={test: ["tell ops: x"]})


@pytest.mark.parametrize("text", ["+fact(X)", "%%A=1", "force(F)", "tell ops", "ok"])
def test_late_tells_and_does_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="tell DESTINATION"):
        OrderedDummy(task_id="J", late={"ran under 5 minutes": [text]})


def test_late_where_there_is_no_such_moment_is_refused() -> None:
    for late in (SUBMITTED, ENDED):
        with pytest.raises(ValueError, match="a cycle"):
            OrderedDummy(task_id="J", cycle="every 5m from end", late=late)
    for late in (SUBMITTED, OVER, UNDER):
        with pytest.raises(ValueError, match="`not ended by` alone"):
            FolderEnd(task_id="E", of="F", late=late)
    with pytest.raises(ValueError, match="start of a folder"):
        FolderStart(task_id="S", of="F", late=UNDER)


# --- by the clock ---------------------------------------------------------------------------------


def test_ctm078_what_is_not_submitted_by_a_time_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = waiting(monkeypatch, SUBMITTED)
    assert one.step("07:00") == "waits"
    assert due(one) == [("F/J", "submitted", "02 11:30", "ops (urgent): Load is late")]
    assert one.step("08:00") == "waits"  # it is ordered once
    assert len(due(one)) == 1
    assert sweep(one, "11:29") == 0
    assert [sweep(one, "11:30"), sweep(one, "11:30")] == [1, 0]
    assert told(one) == ["ops (urgent): Load is late"]
    assert due(one) == []
    with one.world.ledger.store.read() as tx:
        (row,) = tx.all("SELECT job, run_id FROM hoist_alarms")
    assert tuple(row) == ("F/J", "r")


def test_ctm078_what_is_submitted_in_time_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it runs."""
    one = waiting(monkeypatch, SUBMITTED)
    one.minutes = 60
    assert one.step("07:00") == "waits"
    frees(one)
    assert one.step("11:30") == "ok"
    assert sweep(one, "12:31") == 0
    assert due(one) == []


def test_ctm078_a_sweep_that_is_late_judges_as_of_the_instant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = waiting(monkeypatch, {**SUBMITTED, **ENDED})
    assert one.step("07:00") == "waits"
    frees(one)
    assert one.step("12:00") == "ok"
    assert sweep(one, "09:00", day=9) == 1
    assert told(one) == ["ops (urgent): Load is late"]


def test_ctm078_what_is_ordered_behind_the_time_has_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = Task(monkeypatch, late=SUBMITTED)
    assert at_once.step("12:00") == "ok"
    assert [row[2] for row in due(at_once)] == ["02 12:01"]
    assert sweep(at_once, "12:10") == 0
    one = waiting(monkeypatch, SUBMITTED)
    assert one.step("11:31") == "waits"
    assert [sweep(one, "11:31"), sweep(one, "11:32")] == [0, 1]
    exactly = waiting(monkeypatch, SUBMITTED)
    assert exactly.step("11:30") == "waits"
    assert [row[2] for row in due(exactly)] == ["02 11:30"]


def test_ctm048_a_time_before_new_day_is_the_next_mornings(monkeypatch: pytest.MonkeyPatch) -> None:
    late = {"not ended by 02:00": ["tell ops: no end"]}
    one = waiting(monkeypatch, late)
    assert one.step("07:00") == "waits"
    assert due(one) == [("F/J", "ended", "03 02:00", "ops: no end")]
    tokyo = waiting(monkeypatch, late, timezone="Asia/Tokyo")
    assert tokyo.step("07:00") == "waits"
    assert [row[2] for row in due(tokyo)] == ["02 17:00"]


@pytest.mark.parametrize(("outcome", "how"), [(None, "ok"), (JobFailed("no", 1), "failed")])
def test_ctm078_what_ended_in_time_is_not_told(
    monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, how: str
) -> None:
    """NOTOK is an end; nor does it matter what an operator does behind it."""
    one = waiting(monkeypatch, ENDED)
    one.outcomes = [outcome]
    assert one.step("07:00") == "waits"
    frees(one)
    assert one.step("22:00") == how
    one.world.ledger.send("JOB_ON_HOLD", "F/J")
    assert sweep(one, "23:01") == 0
    assert due(one) == []


def test_ctm078_what_ends_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = waiting(monkeypatch, ENDED)
    one.minutes = 120
    assert one.step("07:00") == "waits"
    frees(one)
    assert one.step("22:00") == "ok"
    assert sweep(one, "00:00", day=3) == 1
    assert told(one) == ["ops: no end"]


def test_ctm078_what_runs_again_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(monkeypatch, late=ENDED, retries=1)
    one.most, one.outcomes = 1, [JobFailed("no", 1)]
    assert one.step("22:58") == "failed"
    assert one.status() == "RESTART"
    assert sweep(one, "23:00") == 1


def test_ctm003_what_is_not_ordered_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(monkeypatch, late={**SUBMITTED, **ENDED}, days=order_days(days="5"))
    assert one.step("07:00") == "skipped"
    assert due(one) == []


def test_ctm078_a_message_has_the_variables_of_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are when it begins; a number of its own the order has then not yet."""
    late = {
        "not submitted by 11:30": ["tell %%WHO: %%N of %%$ODATE, %%ORDERID", "tell ops: %%GONE"]
    }
    one = waiting(monkeypatch, late, variables={"WHO": "dev", "N": "load"})
    assert one.step("07:00") == "waits"
    assert sweep(one, "09:00", day=4) == 2
    assert told(one) == ["dev: load of 20260302, %%ORDERID", "ops: %%GONE"]


# --- by how long it runs --------------------------------------------------------------------------


def test_ctm078_what_runs_too_long_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(monkeypatch, late=OVER)
    one.minutes = 31
    assert one.step("08:00") == "ok"
    assert due(one) == [("F/J", "over", "02 08:30", "ops: long")]
    assert [sweep(one, "08:40"), sweep(one, "08:40")] == [1, 0]
    assert told(one) == ["ops: long"]


def test_ctm078_what_ends_in_time_does_not_run_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(monkeypatch, late=OVER)
    one.minutes = 30
    assert one.step("08:00") == "ok"
    assert sweep(one, "09:00") == 0


def test_ctm078_each_execution_of_a_cycle_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one runs while the first one's half hour passes, and is not taken for it."""
    one = Task(monkeypatch, late={**OVER, **UNDER}, cycle="every 15m from start", max_reruns=3)
    for clock, minutes, then in (
        ("08:00", 10, "waits"), ("08:15", 40, "waits"), ("08:55", 2, "waits"), ("09:10", 35, "ok"),
    ):  # fmt: skip
        one.minutes = minutes
        assert one.step(clock) == then
    assert told(one) == ["ops: short"]
    assert [row[2] for row in due(one)] == ["02 08:30", "02 08:45", "02 09:25", "02 09:40"]
    assert sweep(one, "12:00") == 2
    assert told(one) == ["ops: short", "ops: long", "ops: long"]


def test_ctm078_each_attempt_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(
        monkeypatch, late={**OVER, **UNDER}, on_notok=["tell dev: NOTOK"], retries=1,
        on_ok=["tell dev: OK"],
    )  # fmt: skip
    one.most, one.outcomes = 1, [JobFailed("no", 1)]
    one.minutes = 4
    assert one.step("08:00") == "failed"
    assert told(one) == ["dev: NOTOK", "ops: short"]  # behind what else follows the end
    one.clear()
    one.minutes = 20
    assert one.step("08:20") == "ok"
    assert told(one) == ["dev: NOTOK", "ops: short", "dev: OK"]
    assert sweep(one, "09:00") == 0


def test_ctm078_rules_come_before_how_long_it_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"on": "ended ok", "do": ["tell dev: in the end"]}]
    one = Task(monkeypatch, late=UNDER, rules=rules)
    assert one.step("08:00") == "ok"
    assert told(one) == ["dev: in the end", "ops: short"]


def test_ctm078_what_ran_long_enough_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Task(monkeypatch, late=UNDER)
    one.minutes = 5
    assert one.step("08:00") == "ok"
    assert told(one) == []


def test_ctm078_what_never_ran_did_not_run_too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of another day did: it is another order."""
    one = Task(monkeypatch, late={**OVER, **UNDER})
    one.world.to(1, 8)
    one.world.ledger.record("F/J", "RUNNING", run_id="yesterday")

    def fails(_self: Any, _run: Any, _context: Any) -> None:
        raise JobFailed("it could not start")

    monkeypatch.setattr(OrderedDummy, "perform", fails)
    assert one.step("08:00") == "failed"
    assert told(one) == []
    assert due(one) == []


def test_ctm078_a_kill_between_two_attempts_ends_nothing_that_ran(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Task(monkeypatch, late=UNDER, retries=1)
    one.most, one.outcomes = 1, [JobFailed("no", 1)]
    assert one.step("08:00") == "failed"
    one.world.ledger.send("KILLJOB", "F/J")
    one.tries = 2
    assert one.step("08:02") == "failed"
    assert one.status() == "TERMINATED"
    assert told(one) == ["ops: short"]


def test_a_worker_that_was_lost_runs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow tries again, and the new attempt has its own time."""
    one = Task(monkeypatch, late=OVER)

    class Lost(BaseException):
        """The process is gone: nobody records an end."""

    def dies(_self: Any, run: Any, _context: Any) -> None:
        run.record("RUNNING")
        raise Lost

    perform = one.perform
    monkeypatch.setattr(OrderedDummy, "perform", dies)
    with pytest.raises(Lost):
        one.step("08:00")
    monkeypatch.setattr(OrderedDummy, "perform", perform)
    one.clear()
    one.minutes = 25
    assert one.step("08:20") == "ok"
    assert [row[2] for row in due(one)] == ["02 08:30", "02 08:50"]
    assert sweep(one, "09:00") == 0


# --- folders, orders of one job, the ledger -------------------------------------------------------


class Folder:
    """`J` and `K`, and the end of the folder behind them."""

    def __init__(self, patch: pytest.MonkeyPatch, world: World, **conf: Any) -> None:
        patch.setattr(run_module, "shared_ledger", lambda: world.ledger)
        self.world, self.conf = world, conf
        with DAG("F", schedule=order_dates(days="all")):
            self.jobs = [
                OrderedDummy(task_id=name, job=f"F/{name}", late=SUBMITTED) for name in "JK"
            ]
            self.end = FolderEnd(task_id="E", of="F", late=ENDED)

    def run(self, task: Any, day: int, clock: str) -> None:
        hour, _, minute = clock.partition(":")
        self.world.to(day, int(hour), int(minute))
        tick = datetime(2026, 3, 2, 7, tzinfo=timezone.utc)
        run = SimpleNamespace(
            conf=self.conf, run_type="manual", logical_date=tick, run_after=tick
        )  # fmt: skip
        ti = SimpleNamespace(run_id="r", try_number=1, max_tries=0)
        task.execute({"task": task, "dag_run": run, "ti": ti})


def test_ctm091_a_folder_that_has_no_end_by_then_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one: Any = Folder(monkeypatch, World.at("sqlite:///:memory:"))
    one.run(one.jobs[0], 2, "08:00")
    assert [row[:3] for row in due(one)] == [
        ("F/J", "submitted", "02 11:30"),
        ("F/K", "submitted", "02 11:30"),
        ("F", "ended", "02 23:00"),
    ]
    assert sweep(one, "12:00") == 1
    one.run(one.jobs[1], 2, "22:00")
    one.run(one.end, 2, "22:01")
    assert sweep(one, "23:30") == 0
    assert told(one) == ["ops (urgent): Load is late"]
    late: Any = Folder(monkeypatch, World.at("sqlite:///:memory:"))
    for job in late.jobs:
        late.run(job, 2, "08:00")
    assert sweep(late, "23:30") == 1
    assert told(late) == ["ops: no end"]


def test_ctm077_of_what_is_ordered_alone_nothing_else_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one: Any = Folder(monkeypatch, World.at("sqlite:///:memory:"), only=["F/J"], force=True)
    one.run(one.jobs[0], 2, "08:00")
    assert [row[0] for row in due(one)] == ["F/J"]


def test_ctm093_a_later_run_of_a_folder_began_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {"runs": 1, "past": [[1, 2, "SUCCESS"]]}
    one: Any = Folder(monkeypatch, World.at("sqlite:///:memory:"), cycle=before)
    one.run(one.jobs[0], 2, "12:00")
    assert due(one) == []


def test_an_order_begins_with_all_that_is_due_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What tells a text breaks: the run is not open either."""
    one = waiting(monkeypatch, SUBMITTED)
    with monkeypatch.context() as broken:
        broken.setattr(Tell, "told", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            one.step("07:00")
    assert one.world.ledger.find_run("F", "r") is None
    assert one.step("07:01") == "waits"
    assert len(due(one)) == 1


def test_rows_are_told_in_the_order_of_their_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    late = {
        "not submitted by 12:00": ["tell a: 1", "tell b: 2"],
        "not ended by 11:00": ["tell c: 3"],
    }
    one = waiting(monkeypatch, late)
    assert one.step("07:00") == "waits"
    assert sweep(one, "13:00") == 3
    assert told(one) == ["c: 3", "a: 1", "b: 2"]


def test_a_ledger_of_the_version_before_gets_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    before = next(n for n, made in enumerate(schema.MIGRATIONS) if "hoist_dues" in made[0])
    with Store(url).write() as tx:
        schema.upgrade(tx, before)
    with pytest.raises(LedgerError, match="upgrade"):
        Ledger.open(url)
    with Store(url).write() as tx:
        assert schema.upgrade(tx) == before
    assert Ledger.open(url).tell_late() == 0
