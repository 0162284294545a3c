"""The `FileWatcher`: success once a file exists, is large enough and is stable (JIL-061).

It waits in the triggerer, without a worker slot, and never fails by itself: a machine that cannot
be reached now is asked again. `term_run_time` and a kill request end it TERMINATED. A file on a
machine without a remote connection is looked for on the triggerer's host, which must see the same
files as the workers.
"""

from __future__ import annotations

import asyncio
import glob
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent

from hoist_airflow.command import choose_machine
from hoist_airflow.executors import Launch, StartFailed, executor_for
from hoist_airflow.executors.choose import KINDS, kind_of
from hoist_airflow.job import Job, JobFailed, JobTerminated
from hoist_airflow.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run

# What is looked for is in the environment: neither command holds text of the definition. An empty
# IFS leaves of an unquoted variable only the file name patterns.
_PATH_VARIABLE = "HOIST_WATCH_FILE"
_LIST_POSIX = f"IFS=; LC_ALL=C ls -Lldn -- ${_PATH_VARIABLE} 2>/dev/null"
_LIST_WINDOWS = (
    f"Get-Item -Path $env:{_PATH_VARIABLE} -ErrorAction SilentlyContinue | Where-Object "
    "{ -not $_.PSIsContainer } | ForEach-Object { "
    '"$($_.Length) $($_.LastWriteTimeUtc.Ticks) $($_.FullName)" }'
)
_PROBE_SECONDS = 60

Sizes = dict[str, int]
"""What a look gives: for each file a text that changes with it -> its size in bytes."""


class Seen(NamedTuple):
    """A file at one look; `mark` changes with it."""

    name: str
    size: int
    mark: str


class FileWatcher(Job, BaseOperator):
    """Waits for a file. Arguments: docs/runtime.md, "Job identity" and `FileWatcher`."""

    template_fields = ()
    ui_color = "#e6ecf5"

    def __init__(
        self,
        *,
        path: str,
        min_size: int = 0,
        interval: float = 60,
        machine: str | tuple[str, ...] | None = None,
        via: str = "connection",
        connection: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if interval <= 0:
            raise ValueError("interval is seconds above 0")
        if via not in KINDS:
            raise ValueError(f"via={via!r} is none of {', '.join(KINDS)}")
        self.path = path
        self.min_size = min_size
        self.interval = interval
        self.machine = machine
        self.via = via
        self.connection = connection

    def perform(self, run: Run, context: Context) -> NoReturn:
        """Hand the waiting over to the triggerer."""
        ti: Any = context["ti"]
        run.record("RUNNING")
        limit = self.term_run_time
        self.defer(
            trigger=FileStable(
                job=self.hoist_job,
                path=run.ledger.expand_globals(self.path),
                min_size=self.min_size,
                interval=self.interval,
                machine=self.connection
                or choose_machine(self.machine, self.hoist_job, run.key.text(), ti.try_number),
                via=self.via,
                until=None if limit is None else time.time() + limit * 60,
            ),
            method_name="seen",
        )

    def seen(self, context: Context, event: dict[str, str]) -> None:
        """The triggerer's answer: found, terminated, or impossible to look."""

        def judge(run: Run, context: Context) -> None:
            status, words = event["status"], event["words"]
            if status == "terminated":
                raise JobTerminated(f"{self.hoist_job} is TERMINATED: {words}")
            if status == "failed":
                raise JobFailed(f"{self.hoist_job}: {words}")
            self.log.info("%s", words)

        self.resume(context, judge)


class FileStable(BaseTrigger):
    """Fires when a file of at least `min_size` bytes has not changed over one `interval`.

    The event is `{"status": "found" | "terminated" | "failed", "words": text for the log}`.
    """

    def __init__(
        self,
        *,
        job: str,
        path: str,
        min_size: int,
        interval: float,
        machine: str | None,
        via: str,
        until: float | None,
    ) -> None:
        """`until` is the instant (POSIX seconds) at which `term_run_time` ends the job."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.job = job
        self.path = path
        self.min_size = min_size
        self.interval = interval
        self.machine = machine
        self.via = via
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, by which the triggerer makes the trigger anew."""
        names = ("job", "path", "min_size", "interval", "machine", "via", "until")
        return f"{__name__}.FileStable", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look once per interval; between the looks, watch the clock and kill requests."""
        before: Sizes = {}
        while True:
            try:
                now = await asyncio.to_thread(look, self.path, self.machine, self.via)
            except StartFailed as failed:
                if not failed.again:
                    yield answer("failed", str(failed))
                    return
                self.log.warning("%s; looking again in %g s", failed, self.interval)
                now = {}
            if found := stable(before, now, self.min_size):
                yield answer("found", f"found {found}")
                return
            before = now
            if end := await waited(self.job, self.interval, self.until):
                late = "the file did not come within term_run_time"
                yield answer("terminated", late if end == "late" else KILLED)
                return


KILLED = "killed on request (KILLJOB)"


async def waited(job: str, left: float, until: float | None) -> Literal["late", "killed"] | None:
    """Sleep between two looks, `left` seconds; why it ended early: `until` (POSIX seconds) has
    passed, or somebody wants the job killed.
    """
    while left > 0:
        nap = min(left, settings().kill_poll)
        if until is not None:
            nap = min(nap, max(0.0, until - time.time()))
        await asyncio.sleep(nap)
        left -= nap
        if until is not None and time.time() >= until:
            return "late"
        if await asyncio.to_thread(_kill_requested, job):
            return "killed"
    return None


def answer(status: str, words: str) -> TriggerEvent:
    """What the trigger of a watcher tells its task; `words` are for the log."""
    return TriggerEvent({"status": status, "words": words})


def _kill_requested(job: str) -> bool:
    from hoist_airflow.ledger import Ledger

    return Ledger.open().kill_requested(job)


def stable(before: Sizes, now: Sizes, min_size: int) -> str | None:
    """The first file, in order of its text, that is large enough and looks as it did before."""
    for file in sorted(now):
        if file in before and now[file] >= min_size:
            return file
    return None


def look(path: str, machine: str | None, via: str) -> Sizes:
    """The files that `path` (a name or a pattern) matches now; raises `StartFailed`."""
    return {file.mark: file.size for file in files(path, machine, via)}


def files(path: str, machine: str | None, via: str) -> list[Seen]:
    """The same, with their names."""
    kind = kind_of(machine, via)
    if kind == "local":
        return _look_here(path)
    windows = kind == "winrm"
    launch = Launch(
        job="FileWatcher",
        command=_LIST_WINDOWS if windows else _LIST_POSIX,
        shell="powershell.exe" if windows else "/bin/sh",
        environment={_PATH_VARIABLE: path},
    )
    output = b""
    with executor_for(machine, via) as executor:
        executor.start(launch)
        give_up = time.monotonic() + _PROBE_SECONDS
        while executor.poll(0.2) is None:
            output += executor.read()
            if time.monotonic() > give_up:
                executor.kill(force=True)
                raise StartFailed(f"{machine!r} does not answer")
        output += executor.read()
    lines = output.decode("utf-8", "surrogateescape").splitlines()
    return list(_listed(lines, windows=windows))


def _look_here(path: str) -> list[Seen]:
    names = [path] if Path(path).exists() else glob.glob(path)  # noqa: PTH207  (absolute patterns)
    found = []
    for name in names:
        try:
            status = Path(name).stat()
        except OSError:
            continue  # it went away between the two calls: not there
        mark = f"{name} ({status.st_size} bytes, changed {status.st_mtime_ns})"
        found.append(Seen(name, status.st_size, mark))
    return found


def _listed(lines: list[str], *, windows: bool) -> Iterator[Seen]:
    """What a look at another machine printed; the name is what stands behind all else."""
    size_field, name_field = (0, 2) if windows else (4, 8)
    for line in lines:
        fields = line.split(None, name_field)
        if len(fields) > name_field and fields[size_field].isdecimal():
            yield Seen(fields[name_field], int(fields[size_field]), line)
