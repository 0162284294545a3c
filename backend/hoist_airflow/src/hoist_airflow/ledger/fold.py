"""How a member's status makes its box's: the completion rules of boxes, JIL-114 to JIL-122.

After a job changed, `spread` walks up its boxes. At each box it asks `_derive` for a new status: by
a terminator (116), by the box's own expressions (115), by the default fold when no member is left
(114), or by the re-derivation of a box that is not running (118). A box that changes settles its
members that never started and the members to be killed with it (117), and is itself a change for
the box around it. The cost is some queries a level, whatever the number of members.
"""

from __future__ import annotations

from hoist_airflow import conditions
from hoist_airflow.ledger import resources
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.book import Book
from hoist_airflow.ledger.rows import JobRow

_BAD = (st.FAILURE, st.TERMINATED)


def spread(book: Book, changed: JobRow) -> None:
    """Fold the change of a job or box upwards; closes the run whose top it is."""
    changes = [changed]
    while changes:
        member = changes.pop()
        resources.give_back(book.tx, member)
        if member.status in st.ENDED and member.box is None:
            close_run_of(book, member)
        inside = {member.job}
        direct = True
        name = member.box
        while name is not None and name not in inside:  # a cycle of boxes is a definition's error
            inside.add(name)
            box = book.job(name)
            if box is None:
                break
            derived = _derive(book, box, member, direct)
            if derived is not None:
                changes.append(complete(book, box, derived))
            direct = False
            name = box.box


def _derive(book: Book, box: JobRow, member: JobRow, direct: bool) -> str | None:
    """The status that a change of `member` gives to a box around it, or None."""
    if box.status == st.TERMINATED:
        return None  # JIL-119
    running = box.status in st.UNDER_WAY
    if running and direct and member.box_terminator and member.status in _BAD:
        return st.TERMINATED  # JIL-116
    completed = direct and member.status not in st.INCOMPLETE
    changed = member.status not in st.WAKES_NOBODY
    if running:
        named = [
            status
            for status, text in ((st.SUCCESS, box.success), (st.FAILURE, box.failure))
            if text is not None
            # (a) it names the job that changed; (b) or, whatever it names, a member completed.
            and (completed or (changed and member.job in conditions.parse(text).jobs))
            and book.holds(text, box.job)
        ]
        if named:
            return named[0]
        return _default(book, box) if completed else None
    if not completed or box.status not in (st.SUCCESS, st.FAILURE, st.INACTIVE):
        return None
    derived = verdict(book, box)  # JIL-118
    return derived if derived != box.status else None


def _default(book: Book, box: JobRow, *, closing: bool = False) -> str | None:
    """JIL-114, JIL-115c: the default tests, once every member has completed (or never will)."""
    if not closing and book.exists(box.job, st.INCOMPLETE):
        return None
    bad = book.exists(box.job, _BAD)
    if bad:
        return st.FAILURE if box.failure is None else None
    return st.SUCCESS if box.success is None else None


def verdict(book: Book, box: JobRow, *, closing: bool = False) -> str | None:
    """What its members and expressions make of a box now; None = nothing fires."""
    if box.success is not None and book.holds(box.success, box.job):
        return st.SUCCESS
    if box.failure is not None and book.holds(box.failure, box.job):
        return st.FAILURE
    return _default(book, box, closing=closing)


def complete(book: Book, box: JobRow, status: str) -> JobRow:
    """Give a box its final status, and its members what follows from it."""
    changed = book.put(box, status)
    _settle_unstarted(book, box)
    if status in _BAD:
        _kill_members(book, box)
    return changed


def _settle_unstarted(book: Book, box: JobRow) -> None:
    """Members that never started become INACTIVE with their box (JIL-114, pin); holds stay."""
    boxes = [box.job]
    while boxes:
        name = boxes.pop()
        for inner in book.inner_boxes(name):
            row = book.job(inner)
            if row is not None and row.status in st.NOT_STARTED:
                boxes.append(inner)
        among = [s for s in st.NOT_STARTED if s != st.ON_HOLD]
        if book.exists(name, among):
            book.put_all(name, among, st.INACTIVE, None)


def _kill_members(book: Book, box: JobRow) -> None:
    """JIL-117: KILLJOB to the members with `job_terminator`."""
    sql = "SELECT job FROM hoist_jobs WHERE box = ? AND job_terminator = 1 ORDER BY job"
    for (name,) in book.tx.all(sql, box.job):
        kill(book, name)


def kill(book: Book, name: str) -> bool:
    """KILLJOB (JIL-083): marks a job under way for its operator to kill; a box is TERMINATED.

    So is a job that waits for units or for its next attempt: nothing of it runs. Airflow makes that
    attempt all the same; `kill_at` beside TERMINATED tells it that it must not run.
    """
    row = book.job(name)
    if row is not None and row.status in (*st.QUEUED, st.RESTART):
        ended = book.put(row, st.TERMINATED)
        if row.status == st.RESTART:
            _ask_to_end(book, name)
        spread(book, ended)
        return True
    if row is None or row.status not in st.UNDER_WAY:
        return False
    if row.is_box:
        spread(book, complete(book, row, st.TERMINATED))
    else:
        book.event("KILLJOB", name, run_id=row.run_id)
        _ask_to_end(book, name)
    return True


def _ask_to_end(book: Book, name: str) -> None:
    book.tx.run("UPDATE hoist_jobs SET kill_at = ? WHERE job = ?", book.at, name)


def close_run_of(book: Book, top: JobRow) -> None:
    """The run ends when its top box or stand-alone job does: a later tick is a new run's."""
    if top.dag_id is not None and top.run_id is not None:
        book.tx.run(
            "UPDATE hoist_runs SET closed_at = ? WHERE dag_id = ? AND run_id = ?"
            " AND closed_at IS NULL",
            book.at, top.dag_id, top.run_id,
        )  # fmt: skip


def close_box(book: Book, box: JobRow) -> JobRow:
    """End a box of which nothing more will run (the Verdict, or the end of the DAG run).

    Where the legacy box would hang for ever because a member can never start, it ends here: members
    that never started count for nothing, and a box of which neither test fires is FAILURE.
    """
    if box.status not in st.UNDER_WAY:
        for inner in book.inner_boxes(box.job):  # it may have gone on when this one completed
            row = book.job(inner)
            if row is not None and row.status in st.UNDER_WAY and row.run_id == box.run_id:
                close_box(book, row)
        box = book.job(box.job) or box
        _settle_unstarted(book, box)
        if box.status in st.NOT_STARTED and box.status != st.ON_HOLD:
            box = book.put(box, st.INACTIVE)
        return box
    for inner in book.inner_boxes(box.job):
        row = book.job(inner)
        if row is not None and row.status in (*st.UNDER_WAY, *st.NOT_STARTED):
            close_box(book, row)
    box = book.job(box.job) or box
    if box.status not in st.UNDER_WAY:
        return box  # the fold of an inner box completed it
    _settle_unstarted(book, box)
    derived = verdict(book, box, closing=True)
    if derived is None:
        book.alarm(
            "BOX_NEVER_COMPLETES",
            box.job,
            "neither the box's own tests nor the default ones are met; ended as FAILURE",
            box.run_id,
        )
        derived = st.FAILURE
    changed = complete(book, box, derived)
    spread(book, changed)
    return changed
