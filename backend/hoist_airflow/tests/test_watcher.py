"""The file watcher: stability, size, patterns, time limit, kill (JIL-061, TR-48)."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType, SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from fake_run import FakeRun

from hoist_airflow import watcher
from hoist_airflow.executors.base import StartFailed
from hoist_airflow.watcher import FileStable, FileWatcher, look, stable


class Clock:
    """A clock that moves only by sleeping, and does things on the way."""

    def __init__(self, monkeypatch) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []
        self.events: dict[int, object] = {}

        async def sleep(seconds: float) -> None:
            self.now += seconds
            self.slept.append(seconds)
            assert len(self.slept) < 1000
            if event := self.events.pop(len(self.slept), None):
                event()

        monkeypatch.setattr(watcher.time, "time", lambda: self.now)
        monkeypatch.setattr(watcher.asyncio, "sleep", sleep)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(watcher, "_kill_requested", lambda job: False)
    monkeypatch.setattr(watcher, "settings", lambda: SimpleNamespace(kill_poll=1000))
    return Clock(monkeypatch)


def trigger(path, **kwargs) -> FileStable:
    given = {"min_size": 0, "interval": 60, "machine": None, "via": "connection", "until": None}
    return FileStable(job="J", path=str(path), **(given | kwargs))


def fire(trigger: FileStable) -> tuple[str, str]:
    async def first():
        async for event in trigger.run():
            return event.payload
        raise AssertionError("no event")

    event = asyncio.run(first())
    return event["status"], event["words"]


def test_existing_file_needs_one_stable_interval(clock, tmp_path):
    """JIL-061: a file that is already there satisfies the watcher after one interval."""
    (tmp_path / "f").write_text("x")
    assert fire(trigger(tmp_path / "f"))[0] == "found"
    assert clock.slept == [60]


def test_growing_file_is_not_found_before_it_rests(clock, tmp_path):
    file = tmp_path / "f"
    file.write_text("x")
    clock.events = {1: lambda: file.write_text("xx"), 2: lambda: file.write_text("xxx")}
    assert fire(trigger(file))[0] == "found"
    assert clock.slept == [60, 60, 60]


def test_same_size_but_rewritten_is_a_change(clock, tmp_path):
    import os

    file = tmp_path / "f"
    file.write_text("x")
    clock.events = {1: lambda: os.utime(file, (5, 5))}
    fire(trigger(file))
    assert clock.slept == [60, 60]


def test_minimum_size(clock, tmp_path):
    file = tmp_path / "f"
    file.write_text("x")
    clock.events = {3: lambda: file.write_text("x" * 10)}
    assert fire(trigger(file, min_size=10))[0] == "found"
    assert clock.slept == [60] * 4


def test_file_that_comes_late_and_a_pattern(clock, tmp_path):
    clock.events = {5: lambda: (tmp_path / "in.2.dat").write_text("x")}
    status, words = fire(trigger(tmp_path / "in.*.dat"))
    assert status == "found"
    assert "in.2.dat" in words
    assert len(clock.slept) == 6


def test_term_run_time_is_terminated(clock, tmp_path):
    status, _ = fire(trigger(tmp_path / "never", until=clock.now + 150))
    assert status == "terminated"
    assert clock.now == 1_000_150


def test_kill_request_is_terminated(clock, tmp_path, monkeypatch):
    monkeypatch.setattr(watcher, "_kill_requested", lambda job: clock.now > 1_000_100)
    assert fire(trigger(tmp_path / "never"))[0] == "terminated"


def test_unreachable_machine_is_asked_again(clock, tmp_path, monkeypatch):
    """It never fails by itself."""
    answers = [StartFailed("away"), {"f": 1}, StartFailed("away"), {"f": 1}, {"f": 1}]

    def look(path, machine, via):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watcher, "look", look)
    assert fire(trigger("f"))[0] == "found"
    assert answers == []


def test_missing_connection_fails_at_once(clock, monkeypatch):
    def look(path, machine, via):
        raise StartFailed("no connection", again=False)

    monkeypatch.setattr(watcher, "look", look)
    assert fire(trigger("f")) == ("failed", "no connection")


def test_stable_is_a_pure_function():
    assert stable({"a": 1}, {"a": 1, "b": 9}, 2) is None
    assert stable({"b": 9, "c": 9}, {"a": 1, "b": 9, "c": 9}, 2) == "b"


def test_remote_look_reads_no_text_of_the_definition(tmp_path, monkeypatch):
    """The remote command, run by a real shell: a pattern works, `$(...)` and blanks stay text."""
    from hoist_airflow.executors.local import LocalExecutor

    monkeypatch.setattr(watcher, "kind_of", lambda machine, via: "ssh")
    monkeypatch.setattr(watcher, "executor_for", lambda machine, via: LocalExecutor())
    (tmp_path / "a b.dat").write_text("12345")
    (tmp_path / "x$(touch owned)").write_text("1")
    assert list(look(f"{tmp_path}/a b.dat", "m", "ssh").values()) == [5]
    assert list(look(f"{tmp_path}/a*.dat", "m", "ssh").values()) == [5]
    assert list(look(f"{tmp_path}/x$(touch owned)", "m", "ssh").values()) == [1]
    assert look(f"{tmp_path}/none", "m", "ssh") == {}


def test_trigger_survives_serialisation(tmp_path):
    from airflow.sdk.module_loading import import_string

    one = trigger(tmp_path / "f", until=5.0)
    path, kwargs = one.serialize()
    assert import_string(path)(**kwargs).serialize() == one.serialize()


@pytest.fixture
def run(monkeypatch):
    fake = FakeRun()
    module = ModuleType("hoist_airflow.run")
    module.ensure_started = lambda context: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hoist_airflow.run", module)
    return fake


CONTEXT = {"ti": SimpleNamespace(try_number=1, max_tries=0)}


def test_operator_defers_running_and_ends_recorded(run):
    run.ledger = type(run.ledger)({"DIR": "/in"})
    task = FileWatcher(task_id="J", path="$$DIR/f", min_size=3, term_run_time=5)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(CONTEXT)
    assert deferred.value.trigger.path == "/in/f"
    assert deferred.value.trigger.until is not None
    assert deferred.value.timeout is None
    assert run.statuses == ["STARTING", "RUNNING"]
    task.seen(CONTEXT, {"status": "found", "words": "/in/f"})
    assert run.statuses[-1] == "SUCCESS"


@pytest.mark.parametrize(
    ("status", "error", "recorded"),
    [("terminated", AirflowFailException, "TERMINATED"), ("failed", AirflowException, "FAILURE")],
)
def test_operator_outcomes(run, status, error, recorded):
    with pytest.raises(error):
        FileWatcher(task_id="J", path="f").seen(CONTEXT, {"status": status, "words": "w"})
    assert run.statuses == [recorded]
