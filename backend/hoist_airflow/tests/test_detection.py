"""File watchers of Control-M: what is created, what is deleted, and how long anybody waits."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from hoist_airflow import detection, watcher
from hoist_airflow.detection import Detection, FileDetected
from hoist_airflow.executors.base import StartFailed
from hoist_airflow.watcher import Seen


def seen(**sizes: int) -> list[Seen]:
    return [Seen(name, size, "") for name, size in sizes.items()]


def look(rule: Detection, *sizes: int | None) -> list[str | None]:
    """What each look at one file answers; None: it is not there."""
    return [rule.look([] if size is None else seen(f=size)) for size in sizes]


def test_ctm121_a_file_keeps_its_size_over_three_more_looks() -> None:
    assert look(Detection(), None, 5, 5, 5, 5) == [None] * 4 + ["f"]
    assert look(Detection(), 5, 5, 6, 6, 6, 6) == [None] * 5 + ["f"]
    assert look(Detection(), 5, 5, None, 5, 5, 5, 5) == [None] * 6 + ["f"]
    assert look(Detection(looks=1), 0, 0) == [None, "f"]


def test_ctm121_a_file_that_is_too_small_is_none() -> None:
    assert look(Detection(min_size=6), 5, 5, 5, 5, 5, 6, 6, 6, 6) == [None] * 8 + ["f"]


def test_ctm122_of_a_pattern_the_first_match_is_enough() -> None:
    rule = Detection(pattern=True, min_size=100)
    assert rule.look([]) is None
    assert rule.look(seen(b=1, a=0)) == "a"


def test_ctm122_where_sizes_count_each_match_is_watched_by_itself() -> None:
    rule = Detection(min_size=3, looks=1)
    assert rule.look(seen(a=1, b=3)) is None
    assert rule.look(seen(a=1, b=4)) is None
    assert rule.look(seen(a=1, b=4)) == "b"


def test_ctm123_deleted_is_what_was_there() -> None:
    rule = Detection(deletes=True)
    assert rule.look([]) is None, "it waits for the file to be there first"
    assert rule.look(seen(a=1, b=1)) is None
    assert rule.look(seen(b=1)) is None, "all that matched must be gone"
    assert rule.look(seen(c=1)) == "a, b", "what comes later is not what was there"


class World:
    """A clock that moves only by sleeping, and the files at each instant."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sizes: list[Any]) -> None:
        self.now = 1_000_000.0
        self.sizes = sizes  # at each look; the last one stays
        self.looks: list[float] = []
        self.killed_at = float("inf")

        async def sleep(seconds: float) -> None:
            self.now += seconds

        def files(path: str, machine: str | None, via: str) -> list[Seen]:
            assert len(self.looks) < 200
            size = self.sizes[min(len(self.looks), len(self.sizes) - 1)]
            self.looks.append(self.now - 1_000_000)
            if isinstance(size, Exception):
                raise size
            return [] if size is None else seen(f=size)

        monkeypatch.setattr(watcher.time, "time", lambda: self.now)
        monkeypatch.setattr(watcher.asyncio, "sleep", sleep)
        monkeypatch.setattr(detection, "files", files)
        monkeypatch.setattr(watcher, "settings", lambda: SimpleNamespace(kill_poll=1000))
        monkeypatch.setattr(watcher, "_kill_requested", lambda job: self.now >= self.killed_at)

    def fire(self, *, minutes: float = 0, there: tuple[str, ...] = (), **rule: Any) -> str:
        made = FileDetected(
            job="J", path="/in/f", machine=None, via="local", interval=60, size_interval=10,
            until=self.now + minutes * 60 if minutes else None, rule=rule, seen=there,
        )  # fmt: skip
        kind, given = made.serialize()
        assert kind == "hoist_airflow.detection.FileDetected"

        async def first() -> str:
            async for event in FileDetected(**given).run():
                return str(event.payload["status"])
            raise AssertionError("no event")

        return asyncio.run(first())


def test_ctm120_it_looks_for_the_file_and_then_at_its_size(monkeypatch) -> None:
    world = World(monkeypatch, [None, None, 5])
    assert world.fire() == "found"
    assert world.looks == [0, 60, 120, 130, 140, 150]


def test_ctm124_after_its_time_it_ends_notok(monkeypatch) -> None:
    world = World(monkeypatch, [None])
    assert world.fire(minutes=2.5) == "late"
    assert world.now == 1_000_150


def test_ctm124_the_time_limit_does_not_count_while_a_file_grows(monkeypatch) -> None:
    world = World(monkeypatch, [*range(1, 20), 19])
    assert world.fire(minutes=1, min_size=19) == "found"
    assert world.now > 1_000_060
    small = World(monkeypatch, [1])
    assert small.fire(minutes=1, min_size=2) == "late"
    large = World(monkeypatch, [None, 7])
    assert large.fire(minutes=1.1, looks=9) == "found"


def test_ctm124_without_a_limit_it_waits_until_somebody_kills_it(monkeypatch) -> None:
    world = World(monkeypatch, [None])
    world.killed_at = 1_003_000
    assert world.fire() == "terminated"


def test_ctm123_a_machine_that_does_not_answer_deletes_nothing(monkeypatch) -> None:
    lost = StartFailed("no answer", again=True)
    world = World(monkeypatch, [1, lost, lost, 1, None])
    assert world.fire(deletes=True) == "found"
    assert world.looks == [0, 60, 120, 180, 240]
    assert World(monkeypatch, [StartFailed("no such connection", again=False)]).fire() == "failed"


def test_ctm123_a_trigger_that_starts_anew_knows_what_was_there(monkeypatch) -> None:
    assert World(monkeypatch, [None]).fire(deletes=True, there=("f",)) == "found"
