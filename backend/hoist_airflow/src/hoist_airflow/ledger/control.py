"""What an operator may send to the ledger: the events of JIL-080, one function a row of a table."""

from __future__ import annotations

from collections.abc import Callable

from hoist_airflow.ledger import fold, resources, runs
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.book import Book
from hoist_airflow.ledger.rows import JobRow


class EventError(ValueError):
    """The event cannot be carried out; the message says why."""


def _change_status(book: Book, row: JobRow, value: str | None) -> None:
    """JIL-082: sets a status without running; dependents react as if it had happened."""
    if value not in st.ALL or value in (st.ON_NOEXEC, st.ON_HOLD, st.ON_ICE):
        raise EventError(f"CHANGE_STATUS to {value!r}: use one of JIL's statuses, not an overlay")
    if row.noexec:
        raise EventError(f"{row.job} is ON_NOEXEC: send JOB_OFF_NOEXEC first (JIL-082)")
    if row.is_box and value in st.ENDED:
        changed = fold.complete(book, row, value)
    else:
        changed = book.put(row, value)
    fold.spread(book, changed)


def _on_hold(book: Book, row: JobRow, _value: str | None) -> None:
    if row.status in st.UNDER_WAY:
        raise EventError(f"{row.job} is {row.status}: JOB_ON_HOLD is ignored (JIL-090)")
    book.put(row, st.ON_HOLD)
    book.tx.run("UPDATE hoist_jobs SET hold_run = COALESCE(hold_run, '') WHERE job = ?", row.job)


def _off_hold(book: Book, row: JobRow, _value: str | None) -> None:
    if row.status == st.ON_HOLD:
        changed = book.put(row, runs.idle_status(book, row))
        fold.spread(book, changed)  # JIL-118: its box may be idle
    # A release that comes before the first hold of `status: on_hold` counts too.
    book.tx.run("UPDATE hoist_jobs SET hold_run = COALESCE(hold_run, '') WHERE job = ?", row.job)


def _on_ice(book: Book, row: JobRow, _value: str | None) -> None:
    if row.status in st.UNDER_WAY:
        raise EventError(f"{row.job} is {row.status}: JOB_ON_ICE is ignored (JIL-090)")
    fold.spread(book, book.put(row, st.ON_ICE))


def _off_ice(book: Book, row: JobRow, _value: str | None) -> None:
    if row.status != st.ON_ICE:
        return
    box = book.job(row.box) if row.box is not None else None
    # JIL-089: in a RUNNING box it cannot start until the box's next run.
    bar = box.run_id if box is not None and box.status in st.UNDER_WAY else None
    book.put(row, st.INACTIVE)
    book.tx.run("UPDATE hoist_jobs SET iced_run = ? WHERE job = ?", bar, row.job)


def _on_noexec(book: Book, row: JobRow, _value: str | None) -> None:
    if row.status in st.UNDER_WAY:
        raise EventError(f"{row.job} is {row.status}: JOB_ON_NOEXEC is refused")
    # JIL-092: like a change to INACTIVE, the box re-evaluated accordingly.
    changed = book.put(row, st.INACTIVE)
    book.tx.run("UPDATE hoist_jobs SET noexec = 1 WHERE job = ?", row.job)
    fold.spread(book, changed)


def _off_noexec(book: Book, row: JobRow, _value: str | None) -> None:
    book.tx.run("UPDATE hoist_jobs SET noexec = 0 WHERE job = ?", row.job)
    if row.noexec:
        book.put(row, st.INACTIVE)


def _kill(book: Book, row: JobRow, _value: str | None) -> None:
    if not fold.kill(book, row.job):
        raise EventError(f"{row.job} is {row.status}: there is nothing to kill")


def _release(book: Book, row: JobRow, value: str | None) -> None:
    if not resources.release(book.tx, row.job, value):
        raise EventError(f"{row.job} keeps no units" + (f" of {value}" if value else ""))


# Event -> what it does to the row of its job. The START_EVENTS start a DAG run: dispatch.
JOB_EVENTS: dict[str, Callable[[Book, JobRow, str | None], None]] = {
    "CHANGE_STATUS": _change_status,
    "JOB_ON_HOLD": _on_hold,
    "JOB_OFF_HOLD": _off_hold,
    "JOB_ON_ICE": _on_ice,
    "JOB_OFF_ICE": _off_ice,
    "JOB_ON_NOEXEC": _on_noexec,
    "JOB_OFF_NOEXEC": _off_noexec,
    "KILLJOB": _kill,
    "RELEASE_RESOURCE": _release,
}
START_EVENTS = ("STARTJOB", "FORCE_STARTJOB")


def send(book: Book, event: str, job: str, value: str | None = None) -> int:
    """Log an operator's event on a job and carry it out; the id of the log line."""
    if event not in JOB_EVENTS and event not in START_EVENTS:
        raise EventError(f"{event} is not an event that the ledger can express")
    row = book.known(job)
    logged = book.event(event, job, value=value, run_id=row.run_id)
    if event in JOB_EVENTS:
        JOB_EVENTS[event](book, row, value)
    return logged


def set_variable(book: Book, name: str, value: str) -> int:
    """SET_GLOBAL: an event that re-evaluates the conditions that mention it (JIL-068)."""
    logged = book.event("variable", name=name, value=value)
    book.tx.run(
        "INSERT INTO hoist_variables (name, value, at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
        name, value, book.at,
    )  # fmt: skip
    return logged
