"""The bridge between the ledger and a legacy scheduler that still runs part of the estate.

`Mirror` tells AutoSys what moved jobs do: it follows the ledger's log and sends AutoSys events.
`Feed` tells the ledger what jobs do that have not moved: it reads the scheduler's event log.
`wait` is the command of a stand-in: it ends as the moved job ends, with the same exit code, so that
`s`, `f`, `t`, `d`, `n` and `e` atoms on the job read in AutoSys what they read in the ledger.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoist_airflow.ledger import EventRow, Ledger, fold
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.control import EventError, set_variable

SOURCE = "legacy"
"""Who wrote what the feed brings: the mirror never sends it back."""
_MIRROR = "bridge.mirror"
_BATCH = 500
PATIENCE = 600
"""Seconds for which the mirror waits for a stand-in to tell an end before it goes on without."""


class BridgeError(RuntimeError):
    """The legacy scheduler refused an event, or the list of bridges cannot be used."""


@dataclass(frozen=True)
class Bridges:
    """What crosses in which direction: the `bridges.json` of a wave."""

    stand_ins: frozenset[str] = frozenset()
    mirrored: frozenset[str] = frozenset()
    variables_out: frozenset[str] = frozenset()
    jobs_in: frozenset[str] = frozenset()
    variables_in: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Bridges:
        """From the parsed file. Raises BridgeError."""
        if document.get("format") != 1:
            raise BridgeError("bridges: not a file of format 1")

        def names(side: str, key: str) -> frozenset[str]:
            given = document.get(side, {})
            found = given.get(key, []) if isinstance(given, dict) else None
            if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
                raise BridgeError(f"bridges: `{side}.{key}` is no list of names")
            return frozenset(found)

        return cls(
            names("to_legacy", "stand_ins"),
            names("to_legacy", "mirrored"),
            names("to_legacy", "variables"),
            names("to_ledger", "jobs"),
            names("to_ledger", "variables"),
        )


# --- ledger to legacy -----------------------------------------------------------------------------

Send = Callable[[Sequence[str]], None]
"""Sends one AutoSys event: the arguments of `sendevent`. Raises BridgeError."""


@dataclass(frozen=True)
class Sendevent:
    """AutoSys's own command, with each argument as it is: no shell reads a name."""

    program: str = "sendevent"

    def __call__(self, arguments: Sequence[str]) -> None:
        try:
            done = subprocess.run(
                [self.program, *arguments], capture_output=True, timeout=120, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as wrong:
            raise BridgeError(f"{self.program}: {wrong}") from wrong
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise BridgeError(f"{self.program} {' '.join(arguments)}: {done.returncode}: {said}")


def _seen(status: str | None) -> str:
    """What of a status the atoms of JIL-063 can tell apart, as CHANGE_STATUS can say it.

    STARTING stands for all that is under way: a box that CHANGE_STATUS makes RUNNING might start
    what is in it. INACTIVE stands for what waits (ON_HOLD and the queues too): only `n` is true.
    """
    if status in st.ENDED:
        return str(status)
    return st.STARTING if status in st.UNDER_WAY else st.INACTIVE


def mirror_once(ledger: Ledger, bridges: Bridges, send: Send) -> int:
    """Follow the log to its end; how many events it sent.

    The first time it begins at the end of the log: history has been told by who made it. Stops
    early where a stand-in has yet to tell the end before (`wait`). Raises BridgeError when the
    scheduler refuses: the position then stays before that event, which is sent again.
    """
    position = ledger.cursor(_MIRROR)
    if position is None:
        ledger.set_cursor(_MIRROR, ledger.last_event())
        return 0
    sent = 0
    while events := ledger.events(position, _BATCH):
        for event in events:
            orders = _orders(ledger, bridges, event)
            if orders is None:
                return sent
            for order in orders:
                send(order)
                sent += 1
            position = event.id
            ledger.set_cursor(_MIRROR, position)
    return sent


def _orders(ledger: Ledger, bridges: Bridges, event: EventRow) -> list[list[str]] | None:
    """What to send because of an event; None: not yet."""
    if event.kind == "variable" and event.name in bridges.variables_out and event.source != SOURCE:
        return [["-E", "SET_GLOBAL", "-G", f"{event.name}={event.value or ''}"]]
    job = event.job
    if event.kind != "status" or job is None or event.source == SOURCE:
        return []
    if event.status == st.ON_ICE and job in bridges.stand_ins | bridges.mirrored:
        # Ice lets dependents go (JIL-074). Whether those in AutoSys should is the operator's word.
        text = f"{job} is ON_ICE in Airflow; in AutoSys its dependents still wait for it"
        ledger.alarm("BRIDGE_ICE", job, text, once=f"bridge/{event.id}")
        return []
    if job in bridges.stand_ins:
        return _of_stand_in(ledger, job, event)
    if job in bridges.mirrored:
        return _change(ledger, job, event)
    return []


def _change(ledger: Ledger, job: str, event: EventRow) -> list[list[str]]:
    """CHANGE_STATUS, unless no atom could tell the difference (JIL-082)."""
    wanted = _seen(event.status)
    if wanted not in st.ENDED and wanted == _seen(_status_before(ledger, job, event.id)):
        return []
    return [["-E", "CHANGE_STATUS", "-s", wanted, "-J", job]]


def _of_stand_in(ledger: Ledger, job: str, event: EventRow) -> list[list[str]] | None:
    """Start the stand-in where the job starts; its end is the stand-in's own to tell."""
    opened = ledger.cursor(_wait(job))
    end = None if opened is None else first_end(ledger, job, opened)
    under_way = opened is not None and (end is None or end.id >= event.id)
    if end is not None and (ledger.cursor(_told(job)) or 0) < end.id < event.id:
        # The stand-in still runs: a start now would be lost, a status overwritten by its end.
        if (ledger.clock.now() - event.at).total_seconds() < PATIENCE:
            return None
        text = f"the stand-in of {job} in AutoSys has not told that it is {end.status}"
        ledger.alarm("BRIDGE_SILENT", job, text, once=f"silent/{end.id}")
        ledger.set_cursor(_told(job), end.id)
    if event.status == st.STARTING:
        if under_way and opened != event.id:
            return []  # another attempt of the same run (JIL-054): the stand-in is waiting
        ledger.set_cursor(_wait(job), event.id)
        return [["-E", "FORCE_STARTJOB", "-J", job]]
    if event.status in st.UNDER_WAY or under_way:
        return []
    return _change(ledger, job, event)


def _status_before(ledger: Ledger, job: str, event: int) -> str | None:
    sql = (
        "SELECT status FROM hoist_events WHERE job = ? AND kind = 'status' AND id < ?"
        " ORDER BY id DESC LIMIT 1"
    )
    with ledger.store.read() as tx:
        row = tx.one(sql, job, event)
    return None if row is None else str(row[0])


# --- the command of a stand-in --------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """How an attempt of a job ended."""

    id: int
    status: str
    exit_code: int | None


def _wait(job: str) -> str:
    return f"bridge.wait/{job}"


def _told(job: str) -> str:
    return f"bridge.told/{job}"


def first_end(ledger: Ledger, job: str, after: int) -> End | None:
    """The first end of a job after an event of the log."""
    return _end(ledger, job, "id > ?", after, "id")


def last_end(ledger: Ledger, job: str) -> End | None:
    """The newest end of a job."""
    return _end(ledger, job, "id > ?", 0, "id DESC")


def _end(ledger: Ledger, job: str, which: str, event: int, order: str) -> End | None:
    marks = ",".join("?" * len(st.ENDED))
    sql = (
        "SELECT id, status, exit_code FROM hoist_events WHERE job = ? AND kind = 'status'"
        f" AND status IN ({marks}) AND {which} ORDER BY {order} LIMIT 1"
    )
    with ledger.store.read() as tx:
        row = tx.one(sql, job, *sorted(st.ENDED), event)
    return None if row is None else End(int(row[0]), str(row[1]), row[2])


def wait(
    ledger: Ledger,
    job: str,
    *,
    interval: float = 5.0,
    timeout: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> End | None:
    """The end of the attempt for which the mirror started the stand-in; None: not in time.

    A stand-in that somebody else started has nothing to wait for, and tells the last end again:
    the job's status then stays what it is in Airflow.
    """
    opened = ledger.cursor(_wait(job))
    waited = 0.0
    while True:
        end = last_end(ledger, job) if opened is None else first_end(ledger, job, opened)
        if end is not None and opened is not None and (ledger.cursor(_told(job)) or 0) >= end.id:
            end = last_end(ledger, job)
        if end is not None:
            ledger.set_cursor(_told(job), end.id)
            return end
        if opened is None:
            raise BridgeError(f"the ledger knows of no run of {job!r}")
        if timeout is not None and waited >= timeout:
            return None
        sleep(interval)
        waited += interval


@contextmanager
def forwarding_kills(ledger: Ledger, job: str) -> Iterator[Callable[[float], None]]:
    """A sleep for `wait`, within which a SIGTERM (KILLJOB in AutoSys) kills the job in Airflow.

    JIL-083: so that the job is TERMINATED on both sides, for the one reason; its end ends the wait.
    The signal is blocked but while asleep: a handler would run in the middle of a transaction.
    """
    term = {signal.SIGTERM}

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if signal.sigtimedwait(term, left) is not None:
                with suppress(EventError):  # it has just ended: the wait is about to find that out
                    ledger.send("KILLJOB", job, source=SOURCE)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, term)
    try:
        yield sleep
    finally:
        signal.sigtimedwait(term, 0)  # a kill that came after the end changes nothing
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_terminated() -> None:
    """End by a signal, which AutoSys calls TERMINATED (JIL-058); returns where it cannot."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)


# --- legacy to ledger -----------------------------------------------------------------------------

_LINE = re.compile(r"^\[[^\]]*\]\s+CAUAJM_I_40245\s+EVENT:\s+(\S+)\s+(.*?)\s*$")
_STATUS = re.compile(
    r"^STATUS:\s+(\S+)\s+JOB:\s+(\S+)(?:\s+MACHINE:\s+\S*)?(?:\s+EXITCODE:\s+(-?\d+))?"
)
_GLOBAL = re.compile(r"^GLOBAL:\s+(\S+)\s*=\s?(.*)$")


@dataclass(frozen=True)
class Heard:
    """One event of the legacy log: of a job, or a global and its value."""

    job: str | None = None
    status: str = ""
    exit_code: int | None = None
    name: str | None = None
    value: str = ""


def read_line(line: str) -> Heard | None:
    """A line of `event_demon.$AUTOSERV`; None if it tells no change of a status or global."""
    found = _LINE.match(line)
    if found is None:
        return None
    kind, rest = found.groups()
    if kind == "CHANGE_STATUS" and (told := _STATUS.match(rest)) and told[1] in st.ALL:
        return Heard(job=told[2], status=told[1], exit_code=int(told[3]) if told[3] else None)
    if kind == "SET_GLOBAL" and (told := _GLOBAL.match(rest)):
        return Heard(name=told[1], value=told[2])
    return None


def feed_once(ledger: Ledger, bridges: Bridges, log: Path) -> int:
    """Bring what was appended to the scheduler's log since the last time; how many events.

    The first time it begins at the end of the log. A log that became shorter was begun anew.
    Position and events are one transaction, so that nothing comes twice. Raises OSError.
    """
    cursor = f"bridge.feed/{log.absolute()}"
    at = ledger.cursor(cursor)
    size = log.stat().st_size
    if at is None:
        with log.open("rb") as file:
            at = file.read().rfind(b"\n") + 1
        ledger.set_cursor(cursor, at)
        return 0
    with log.open("rb") as file:
        file.seek(0 if size < at else at)
        start = file.tell()
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]  # a line without its end is still being written
    if not whole and start == at:
        return 0
    heard = [read_line(line.decode("utf-8", "replace")) for line in whole.split(b"\n")]
    wanted = [
        event
        for event in heard
        if event and (event.job in bridges.jobs_in or event.name in bridges.variables_in)
    ]
    brought = 0
    with ledger.writing(SOURCE) as book:
        for event in wanted:
            if event.name is not None:
                known = book.tx.one("SELECT value FROM hoist_variables WHERE name = ?", event.name)
                if known is None or known[0] != event.value:  # else it comes back from the mirror
                    set_variable(book, event.name, event.value)
                    brought += 1
            elif event.job is not None:
                changed = book.put(book.known(event.job), event.status, exit_code=event.exit_code)
                fold.spread(book, changed)
                brought += 1
        book.tx.run(
            "INSERT INTO hoist_cursors (name, position) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            cursor, start + len(whole),
        )  # fmt: skip
    return brought


def follow(once: Callable[[], int], interval: float, report: Callable[[str], None]) -> None:
    """Mirror or feed for ever; what fails is told, and tried again."""
    while True:
        try:
            once()
        except (BridgeError, OSError) as wrong:
            report(str(wrong))
        time.sleep(interval)
