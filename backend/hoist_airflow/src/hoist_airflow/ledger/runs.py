"""The life of a run: definitions of its DAG, run start, box start, a start of a job, run end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from hoist_airflow import conditions
from hoist_airflow.clock import micros
from hoist_airflow.ledger import facts, fold, resources
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.book import Book, read_snapshot
from hoist_airflow.ledger.rows import JobRow, Opened, RunKey, Topology

_NEVER_WRITTEN = 2**63 - 1
"""The id of no event: all are before it."""

StartAnswer = Literal["started", "held", "iced", "noexec", "short", "closed", "false", "killed"]


def define(book: Book, topology: Topology) -> None:
    """Store the jobs and boxes of a DAG; a job that left the DAG leaves its box."""
    digest = hashlib.sha256(repr(topology).encode()).hexdigest()
    known = book.tx.one("SELECT digest FROM hoist_dags WHERE dag_id = ?", topology.dag_id)
    if known is not None and known[0] == digest:
        return
    # A member that was removed must not keep its box RUNNING.
    book.tx.run(
        "UPDATE hoist_jobs SET box = NULL, end_facts = NULL WHERE dag_id = ?", topology.dag_id
    )
    book.tx.many(
        "INSERT INTO hoist_jobs (job, dag_id, box, is_box, success, failure, box_terminator,"
        " job_terminator, auto_hold, noexec, eager, end_facts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (job) DO UPDATE SET dag_id = excluded.dag_id, box = excluded.box,"
        " is_box = excluded.is_box, success = excluded.success, failure = excluded.failure,"
        " box_terminator = excluded.box_terminator, job_terminator = excluded.job_terminator,"
        " auto_hold = excluded.auto_hold, eager = excluded.eager,"
        " end_facts = excluded.end_facts",
        [
            (m.job, topology.dag_id, m.box, int(m.is_box), m.success, m.failure,
             int(m.box_terminator), int(m.job_terminator), int(m.auto_hold), int(m.noexec),
             int(m.eager), m.end_facts)
            for m in topology.members
        ],
    )  # fmt: skip
    book.tx.run(
        "INSERT INTO hoist_dags (dag_id, top, digest) VALUES (?, ?, ?)"
        " ON CONFLICT (dag_id) DO UPDATE SET top = excluded.top, digest = excluded.digest",
        topology.dag_id, topology.top, digest,
    )  # fmt: skip


def find_run(book: Book, dag_id: str, run_id: str) -> Opened | None:
    """The answer that the run start gave before, now `joined` instead of `started`."""
    row = book.tx.one(
        "SELECT answer, workflow, business_date, sequence FROM hoist_runs"
        " WHERE dag_id = ? AND run_id = ?",
        dag_id, run_id,
    )  # fmt: skip
    if row is None:
        return None
    key = RunKey(str(row[1]), str(row[2]), int(row[3]))
    return Opened("dropped" if row[0] == "dropped" else "joined", key)


def open_run(
    book: Book,
    topology: Topology,
    run_id: str,
    *,
    tick: datetime | None,
    business_date: str,
    overlap: bool,
    by_clock: bool = False,
    event: int | None = None,
) -> Opened:
    """The run start: idempotent by (dag_id, run_id).

    `tick` is the instant of the tick or event that the run is for; one that fell while an earlier
    run of the DAG was active never existed for the legacy job (JIL-144, TR-51): `dropped`. A tick
    comes before what ends at its instant (`by_clock`), an event after it, unless the log tells
    otherwise: `event` is its place there.
    """
    before = find_run(book, topology.dag_id, run_id)
    if before is not None:
        return before
    define(book, topology)
    answer: Literal["started", "dropped"] = "started"
    if tick is not None and not overlap:
        active = book.tx.one(
            # A run is active from its own tick or event on, however late it was opened: of two
            # events of one instant the second finds the job running.
            "SELECT 1 FROM hoist_runs AS run WHERE dag_id = ? AND answer = 'started'"
            " AND COALESCE(tick_at, opened_at) <= ? AND (closed_at IS NULL OR closed_at > ?"
            " OR closed_at = ? AND EXISTS (SELECT 1 FROM hoist_events AS told"
            " WHERE told.job = run.workflow AND told.run_id = run.run_id AND told.id > ?))",
            topology.dag_id, micros(tick), micros(tick) - int(by_clock), micros(tick),
            _NEVER_WRITTEN if event is None else event,
        )  # fmt: skip
        if active is not None:
            answer = "dropped"
    counted = book.tx.one(
        "SELECT COALESCE(MAX(sequence), 0) FROM hoist_runs"
        " WHERE workflow = ? AND business_date = ?",
        topology.top, business_date,
    )  # fmt: skip
    assert counted is not None
    key = RunKey(topology.top, business_date, int(counted[0]) + 1)
    book.tx.run(
        "INSERT INTO hoist_runs (dag_id, run_id, workflow, business_date, sequence, tick_at,"
        " opened_at, closed_at, answer, overlap) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        topology.dag_id, run_id, key.workflow, key.business_date, key.sequence,
        None if tick is None else micros(tick), book.at,
        book.at if answer == "dropped" else None, answer, int(overlap),
    )  # fmt: skip
    book.event("run_" + answer, topology.top, run_id=run_id, value=key.text())
    return Opened(answer, key)


def chain_of(book: Book, job: str) -> list[JobRow]:
    """The boxes around a job, the outermost first."""
    chain: list[JobRow] = []
    seen = {job}
    row = book.job(job)
    while row is not None and row.box is not None and row.box not in seen:
        seen.add(row.box)
        row = book.job(row.box)
        if row is not None:
            chain.append(row)
    return chain[::-1]


def start_boxes(book: Book, job: str, run_id: str) -> Literal["open", "held", "iced", "closed"]:
    """Start the boxes around `job` that this run has not started yet (JIL-110).

    `closed`: its box has completed in this run without the job (JIL-003, JIL-116). What happened to
    the boxes around a RUNNING box does not matter: as a member that runs it goes on (JIL-083, 115).
    """
    chain = chain_of(book, job)
    going = [box.run_id == run_id and box.status in st.UNDER_WAY for box in chain]
    inside = len(chain) - going[::-1].index(True) if True in going else 0
    for known in chain[inside:]:
        box = book.known(known.job)  # the start of the box around it may have started it
        fresh = box.run_id != run_id or box.status in st.NOT_STARTED
        if box.status == st.ON_HOLD:
            return "held"
        if box.status == st.ON_ICE:
            return "iced"
        if fresh and not (
            box.run_id != run_id and box.status in st.UNDER_WAY and _overlaps(book, box)
        ):
            start_box(book, box, run_id)
        current = book.job(box.job)
        if current is None or current.status not in st.UNDER_WAY:
            return "closed"
    return "open"


def _overlaps(book: Book, box: JobRow) -> bool:
    """Runs of this DAG overlap by nature: none clears what another has under way."""
    row = book.tx.one(
        "SELECT 1 FROM hoist_runs WHERE dag_id = ? AND overlap = 1 AND closed_at IS NULL",
        box.dag_id,
    )
    return row is not None


def start_box(book: Book, box: JobRow, run_id: str) -> None:
    """Start a box, and those directly inside it that wait for nothing (`eager`), and so on."""
    names = [box.job]
    for name in names:
        _start_one_box(book, book.known(name), run_id)
        if book.known(name).status in st.UNDER_WAY:
            names += book.boxes_that_follow(name)


def _start_one_box(book: Book, box: JobRow, run_id: str) -> None:
    """STARTING, RUNNING, and every member ACTIVATED, the nested ones too (JIL-110)."""
    book.put(box, st.STARTING, run_id=run_id)
    row = book.job(box.job)
    assert row is not None
    row = book.put(row, st.RUNNING, run_id=run_id)
    # A member that still runs although its box had completed (JIL-115a) goes on.
    keep = {st.ON_HOLD, st.ON_ICE, *st.UNDER_WAY}
    boxes = [box.job]
    seen = set(boxes)
    while boxes:
        name = boxes.pop()
        held = (
            "SELECT job FROM hoist_jobs WHERE box = ? AND auto_hold = 1 AND status <> 'ON_ICE'"
            " AND COALESCE(hold_run, '') <> ? ORDER BY job"
        )
        for (job,) in book.tx.all(held, name, run_id):
            hold_for_run(book, job, run_id)  # JIL-094
        book.put_all(name, [s for s in st.ALL if s not in keep], st.ACTIVATED, run_id)
        book.forget_codes(name, st.ON_HOLD)  # pin: an `e()` atom reads no code of an earlier run
        inner = [b for b in book.inner_boxes(name) if b not in seen]
        seen.update(inner)
        boxes += inner
    if not book.exists(box.job, st.INCOMPLETE):
        # JIL-091, JIL-122: nothing to wait for.
        derived = fold.verdict(book, row)
        if derived is not None:
            fold.spread(book, fold.complete(book, row, derived))


def hold_for_run(book: Book, job: str, run_id: str) -> None:
    """Put a job with `auto_hold` on hold, once a run (JIL-094)."""
    row = book.known(job)
    if row.hold_run == run_id or row.status in st.UNDER_WAY:
        return
    # The run of a top-level box must not look started: only a member belongs to its box's run.
    book.put(row, st.ON_HOLD, run_id=run_id if row.box is not None else None)
    book.tx.run("UPDATE hoist_jobs SET hold_run = ? WHERE job = ?", run_id, job)


def hold_at_first(book: Book, job: str) -> None:
    """Put a job defined with `status: on_hold` on hold, unless the ledger has seen its hold."""
    row = book.known(job)
    if row.hold_run is None and row.status not in st.UNDER_WAY:
        book.put(row, st.ON_HOLD, value=st.NO_NEWS)
        book.tx.run("UPDATE hoist_jobs SET hold_run = '' WHERE job = ?", job)


def reopen(book: Book, job: str, run_id: str) -> None:
    """A job that ended in this run starts again: an operator cleared it (JIL-081).

    Its boxes run again and their members that never started may; without this, what depends on a
    repaired job would stay out because the box had failed.
    """
    row = book.job(job)
    if row is None or row.run_id != run_id or row.status not in st.ENDED:
        return
    for box in chain_of(book, job):
        if box.run_id == run_id and box.status in st.ENDED:
            book.put(box, st.RUNNING)
            book.put_all(box.job, (st.INACTIVE,), st.ACTIVATED, run_id)


def take_kill(book: Book, job: str, run_id: str) -> bool:
    """Has a KILLJOB ended the job between two attempts of this run (`fold.kill`)? Told once: a task
    that an operator clears later runs.
    """
    row = book.known(job)
    if row.kill_at is None or (row.status, row.run_id) != (st.TERMINATED, run_id):
        return False
    book.tx.run("UPDATE hoist_jobs SET kill_at = NULL WHERE job = ?", job)
    return True


def try_start(  # noqa: PLR0911  (one return an answer)
    book: Book,
    job: str,
    run_id: str,
    *,
    needs: Sequence[resources.Need] = (),
    when: str | None = None,
    undefined: Sequence[str] = (),
    try_number: int | None = None,
    dates: Mapping[str, str | None] | None = None,
    in_line: bool = True,
    kept_until: int | None = None,
) -> StartAnswer:
    """Start a job if nothing forbids it, all in one transaction; records STARTING.

    `killed`: a KILLJOB ended the job before this attempt (`take_kill`).
    `false`: the condition `when` does not hold; a job that left its queue for this is no longer
    RESWAIT (JIL-095). `dates`: what the words of its facts mean for this order. A job that this
    run has already put STARTING (a gate with an `n()` atom did) is `started` again without a
    second event. `in_line`: what is short of units waits in line for them; else it is an order of
    Control-M, which keeps some after NOTOK (`kept_until`, microseconds).
    """
    if take_kill(book, job, run_id):
        return "killed"
    opened = start_boxes(book, job, run_id)
    row = book.known(job)
    if opened == "closed" and row.run_id == run_id and row.status in st.ENDED:
        reopen(book, job, run_id)
    elif opened == "closed" and not (row.run_id == run_id and row.status in st.UNDER_WAY):
        return "closed"
    elif opened in ("held", "iced"):
        return opened
    if row.status == st.ON_ICE or (row.iced_run is not None and row.iced_run == run_id):
        return "iced"  # JIL-088, JIL-089
    if row.status == st.ON_HOLD:
        return "held"  # JIL-085
    if when is not None and not _holds(book, when, job, undefined, dates or {}):
        leave_queue(book, row)
        return "false"
    if row.is_box:
        if row.run_id != run_id or row.status not in st.UNDER_WAY:
            start_box(book, row, run_id)
        return "started"
    holder = job if in_line else resources.order(job, run_id)
    if needs and resources.claim(
        book.tx, holder, needs, book.at, in_line=in_line, until=kept_until
    ):
        if in_line and row.status != st.RESWAIT:
            book.put(row, st.RESWAIT, run_id=run_id)
        return "short"
    if not (row.status == st.STARTING and row.run_id == run_id):
        book.put(row, st.STARTING, run_id=run_id, try_number=try_number)
    return "noexec" if row.noexec else "started"


def idle_status(book: Book, row: JobRow) -> str:
    """What a job is that waits for nothing but its condition: ACTIVATED in a running box."""
    box = book.job(row.box) if row.box is not None else None
    return st.ACTIVATED if box is not None and box.status in st.UNDER_WAY else st.INACTIVE


def leave_queue(book: Book, row: JobRow) -> None:
    """JIL-095: its conditions no longer hold, so the job waits for them instead of for units."""
    if row.status in st.QUEUED:
        book.put(row, idle_status(book, row))


def _holds(
    book: Book,
    when: str,
    job: str,
    undefined: Sequence[str],
    dates: Mapping[str, str | None],
) -> bool:
    condition = conditions.parse(when)
    snapshot = read_snapshot(book.tx, (*condition.jobs, job), condition.variables, undefined)
    if wanted := condition.facts:
        snapshot = replace(snapshot, facts=facts.holding(book.tx, wanted, dates))
    return condition.evaluate(snapshot, job, book.now)


def close_run(book: Book, dag_id: str, run_id: str, *, failed: bool | None) -> None:
    """The DAG run is over in Airflow: nothing of it runs any more.

    A job still under way lost its worker (AF-064): TERMINATED (JIL-058); one that a gate put
    STARTING and whose task never ran: INACTIVE. A box still RUNNING is closed by its fold, FAILURE
    at the least if Airflow's run `failed` (None: ask no more than the fold).
    """
    settle(book, dag_id, run_id)
    row = book.tx.one("SELECT top FROM hoist_dags WHERE dag_id = ?", dag_id)
    top = book.job(str(row[0])) if row is not None and row[0] is not None else None
    if top is not None and top.is_box and top.run_id == run_id and top.status in st.UNDER_WAY:
        closed = fold.close_box(book, top)
        if failed and closed.status == st.SUCCESS:
            book.put(closed, st.FAILURE)
    book.tx.run(
        "UPDATE hoist_runs SET closed_at = ? WHERE dag_id = ? AND run_id = ? AND closed_at IS NULL",
        book.at, dag_id, run_id,
    )  # fmt: skip


def settle(book: Book, dag_id: str, run_id: str, among: Sequence[str] | None = None) -> None:
    """Give jobs of a run that is over (those in `among`) and that never reported an end one."""
    sql = (
        "SELECT job FROM hoist_jobs WHERE dag_id = ? AND run_id = ? AND is_box = 0"
        " AND status IN ('STARTING', 'RUNNING', 'RESTART', 'WAIT_REPLY', 'SUSPENDED',"
        " 'QUE_WAIT', 'RESWAIT', 'PEND_MACH') ORDER BY job"
    )
    for (name,) in book.tx.all(sql, dag_id, run_id):
        row = book.job(name)
        if row is None or (among is not None and name not in among):
            continue
        has_run = row.status not in (st.STARTING, *st.QUEUED)
        ended = st.TERMINATED if has_run else st.INACTIVE
        fold.spread(book, book.put(row, ended))
