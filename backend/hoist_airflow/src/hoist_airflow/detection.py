"""When a file counts as created or deleted for Control-M's file watcher (CTM-120 to CTM-124).

It looks for the file once an interval. One that is there must keep its size over a number of
further looks, and be large enough; of a pattern the first match is enough, unless sizes count for
patterns too. Deleted is what was there and is there no more. The time limit counts while there is
no such file, and while one rests that is too small; not while one grows.

`Detection` is that rule alone; `FileDetected` is the trigger that looks and waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from hoist_airflow.executors import StartFailed
from hoist_airflow.watcher import KILLED, Seen, answer, files, waited

WILDCARDS = "*?"


@dataclass
class Detection:
    """What has been seen so far of the files of one watcher."""

    deletes: bool = False
    pattern: bool = False
    """Only that it is there counts, not its size."""
    min_size: int = 0
    looks: int = 3
    """How often its size must be found unchanged."""
    seen: set[str] = field(default_factory=set)
    """Of deletion: the files that were there."""
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of creation: for each file its size, and how often it was found unchanged."""

    def look(self, now: Iterable[Seen]) -> str | None:
        """Take in one look; the file whose creation, or deletion, is detected by it."""
        there = {file.name: file.size for file in now}
        if self.deletes:
            if not self.seen:
                self.seen = set(there)
                return None
            return None if self.seen & set(there) else ", ".join(sorted(self.seen))
        if self.pattern:
            return min(there, default=None)
        self.sizes = {name: self._after(name, size) for name, size in there.items()}
        steady = [
            name
            for name, (size, unchanged) in self.sizes.items()
            if unchanged >= self.looks and size >= self.min_size
        ]
        return min(steady, default=None)

    def _after(self, name: str, size: int) -> tuple[int, int]:
        before, unchanged = self.sizes.get(name, (None, 0))
        return size, unchanged + 1 if before == size else 0

    @property
    def is_near(self) -> bool:
        """Is something there whose size is looked at?"""
        return bool(self.sizes)

    @property
    def grows(self) -> bool:
        """Is a file there that is more than one that rests, too small?"""
        return any(
            size >= self.min_size or unchanged == 0 for size, unchanged in self.sizes.values()
        )


class FileDetected(BaseTrigger):
    """Fires when the file is detected, or is not within the time limit.

    The event is `{"status": "found" | "late" | "terminated" | "failed", "words": for the log}`.
    """

    def __init__(
        self,
        *,
        job: str,
        path: str,
        machine: str | None,
        via: str,
        interval: float,
        size_interval: float,
        until: float | None,
        rule: Mapping[str, Any],
        seen: Sequence[str] = (),
    ) -> None:
        """`rule`: what a `Detection` is made of; `seen`: of deletion, what was there before."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.job = job
        self.path = path
        self.machine = machine
        self.via = via
        self.interval = interval
        self.size_interval = size_interval
        self.until = until
        self.rule = dict(rule)
        self.seen = tuple(seen)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, by which the triggerer makes the trigger anew."""
        names = (
            "job", "path", "machine", "via", "interval", "size_interval", "until", "rule", "seen",
        )  # fmt: skip
        return f"{__name__}.FileDetected", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, and wait for the next look, the end of the time, or a kill request."""
        detection = Detection(**self.rule, seen=set(self.seen))
        while True:
            try:
                now = await asyncio.to_thread(files, self.path, self.machine, self.via)
                if found := detection.look(now):
                    what = "deleted" if detection.deletes else "found"
                    yield answer("found", f"{what}: {found}")
                    return
            except StartFailed as failed:  # nobody saw anything: no look
                if not failed.again:
                    yield answer("failed", str(failed))
                    return
                self.log.warning("%s; looking again later", failed)
            pause = self.size_interval if detection.is_near else self.interval
            until = None if detection.grows else self.until
            if end := await waited(self.job, pause, until):
                late = answer("late", "the time limit has passed (TIME_LIMIT)")
                yield late if end == "late" else answer("terminated", KILLED)
                return
