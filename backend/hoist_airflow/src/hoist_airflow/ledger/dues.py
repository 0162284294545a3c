"""Messages that are due at an instant: SHOUT at times of Control-M (CTM-078).

A row is one message. A sweep judges it by the log as it was at that instant, however late the sweep
is, and deletes it: each is told once, whoever sweeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.store import Row, Tx

if TYPE_CHECKING:
    from hoist_airflow.ledger.book import Book
    from hoist_airflow.ledger.effects import Tell
    from hoist_airflow.ledger.variables import OrderVariables

SUBMITTED = "submitted"
ENDED = "ended"
OVER = "over"

_PUT = "INSERT INTO hoist_dues (at, run_id, job, kind, since, text) VALUES (?, ?, ?, ?, ?, ?)"
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND

_ENDS = tuple(sorted(st.ENDED))
_EXECUTION = (st.STARTING, st.RUNNING, st.RESTART, *_ENDS)
"""What tells how far an execution is: not the hold or the release of an operator beside it."""
_NO_MORE = (st.STARTING, st.RESTART, st.INACTIVE, *_ENDS)
"""What tells that an earlier execution runs no more: also one that was lost, or was skipped."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A job or folder of an order that begins, and who is told if it is not `kind` at `at`."""

    job: str
    kind: str
    """SUBMITTED or ENDED."""
    at: int
    """Seconds since 1970."""
    tell: Tell
    variables: OrderVariables


def begin(book: Book, run_id: str, awaited: Iterable[Awaited]) -> None:
    """An order begins. What is ordered behind such a time has a minute: one that is submitted at
    once is not late.
    """
    rows = []
    for one in awaited:
        at = one.at * _SECOND
        if at < book.at:
            at = book.at + _MINUTE
        text = one.tell.told(book, one.variables)
        rows.append((at, run_id, one.job, one.kind, None, text))
    book.tx.many(_PUT, rows)


def watch(book: Book, minutes: int, job: str, run_id: str, text: str) -> None:
    """An execution has begun, with the job's newest event: is it there when so much is over?"""
    row = book.tx.one(
        "SELECT MAX(id) FROM hoist_events WHERE job = ? AND run_id = ? AND kind = 'status'",
        job, run_id,
    )  # fmt: skip
    since = None if row is None else row[0]
    at = book.at + minutes * _MINUTE
    book.tx.run(_PUT, at, run_id, job, OVER, since, text)


def ran_under(book: Book, minutes: int, job: str, run_id: str) -> bool:
    """Has the execution that just ended run for less? What never ran has not."""
    marks = ", ".join("?" * len(_EXECUTION))
    newest = book.tx.all(
        "SELECT status, at FROM hoist_events WHERE job = ? AND run_id = ? AND kind = 'status'"
        f" AND status IN ({marks}) ORDER BY id DESC LIMIT 2",
        job, run_id, *_EXECUTION,
    )  # fmt: skip
    if len(newest) < 2 or newest[1][0] != st.RUNNING:
        return False
    return bool(newest[0][1] - newest[1][1] < minutes * _MINUTE)


def are_due(tx: Tx, now: int) -> bool:
    """Is there anything to sweep at `now`, in microseconds?"""
    return tx.one("SELECT 1 FROM hoist_dues WHERE at <= ? LIMIT 1", now) is not None


def sweep(book: Book) -> int:
    """Tell what was late at its instant; how many were told."""
    found = late(book.tx, book.at)
    for _at, job, run_id, text in found:
        book.alarm("NOTIFICATION", job, text, run_id)
    book.tx.run("DELETE FROM hoist_dues WHERE at <= ?", book.at)
    return len(found)


def late(tx: Tx, now: int) -> list[tuple[int, str, str, str]]:
    """What is due at `now`, in microseconds, and was late: when, job, run and text, in order."""
    due = tx.all(
        "SELECT id, at, run_id, job, kind, since, text FROM hoist_dues WHERE at <= ?"
        " ORDER BY at, id",
        now,
    )
    return [(row[1], row[3], row[2], row[6]) for row in due if _is_late(tx, row)]


def _is_late(tx: Tx, due: Row) -> bool:
    _id, at, run_id, job, kind, since, _text = due
    telling = _NO_MORE if kind == OVER else _EXECUTION
    marks = ", ".join("?" * len(telling))
    newest = tx.one(
        "SELECT status FROM hoist_events WHERE job = ? AND run_id = ? AND kind = 'status'"
        f" AND at <= ? AND id > ? AND status IN ({marks}) ORDER BY id DESC LIMIT 1",
        job, run_id, at, since or 0, *telling,
    )  # fmt: skip
    return newest is None or (kind == ENDED and newest[0] not in st.ENDED)
