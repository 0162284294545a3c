"""One write transaction's view of the ledger: read rows, put a status, write an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from hoist_airflow import conditions
from hoist_airflow.clock import micros
from hoist_airflow.ledger import facts
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.rows import JOB_COLUMNS, JobRow
from hoist_airflow.ledger.store import Tx

_JOB = f"SELECT {JOB_COLUMNS} FROM hoist_jobs WHERE job = ?"
_CHUNK = 400  # below SQLite's oldest limit on parameters, 999


def read_jobs(tx: Tx, names: Sequence[str]) -> dict[str, JobRow]:
    """The rows of these jobs; a name without a row is absent."""
    found: dict[str, JobRow] = {}
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        sql = f"SELECT {JOB_COLUMNS} FROM hoist_jobs WHERE job IN ({marks})"
        for row in tx.all(sql, *chunk):
            found[row[0]] = JobRow.of(row)
    return found


def never_run(job: str) -> JobRow:
    """The state of a job of which the ledger has heard nothing yet: INACTIVE."""
    blank = (None,) * 4
    return JobRow.of(
        (
            job,
            None,
            None,
            0,
            None,
            None,
            0,
            0,
            0,
            st.INACTIVE,
            *blank,
            None,
            None,
            0,
            None,
            None,
            None,
            None,
        )
    )


def read_snapshot(
    tx: Tx,
    jobs: Iterable[str],
    variables: Iterable[str] = (),
    undefined: Iterable[str] = (),
) -> conditions.FixedSnapshot:
    """The state of these jobs and variables.

    A job that the ledger does not know is INACTIVE, never run: its DAG may not have run yet.
    That a name is *undefined* (JIL-066) the compiler knows: those in `undefined` have no state.
    """
    absent = frozenset(undefined)
    names = [job for job in dict.fromkeys(jobs) if job not in absent]
    rows = read_jobs(tx, names)
    values: dict[str, str] = {}
    wanted = list(dict.fromkeys(variables))
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        sql = f"SELECT name, value FROM hoist_variables WHERE name IN ({marks})"
        values.update((row[0], row[1]) for row in tx.all(sql, *chunk))
    return conditions.FixedSnapshot({n: rows.get(n) or never_run(n) for n in names}, values)


class Book:
    """The rows that a transaction changes, at one instant."""

    def __init__(self, tx: Tx, now: datetime, source: str) -> None:
        self.tx = tx
        self.now = now
        self.source = source
        self.last_event = 0

    @property
    def at(self) -> int:
        return micros(self.now)

    def job(self, name: str) -> JobRow | None:
        """The row of a job, or None."""
        row = self.tx.one(_JOB, name)
        return None if row is None else JobRow.of(row)

    def known(self, name: str) -> JobRow:
        """The row of a job, made now if this is the first that the ledger hears of it."""
        if "\0" in name:
            raise ValueError(f"a job name cannot hold NUL: {name!r}")
        row = self.job(name)
        if row is None:
            self.tx.run("INSERT INTO hoist_jobs (job) VALUES (?)", name)
            row = never_run(name)
        return row

    def event(
        self,
        kind: str,
        job: str | None = None,
        status: str | None = None,
        *,
        exit_code: int | None = None,
        try_number: int | None = None,
        run_id: str | None = None,
        name: str | None = None,
        value: str | None = None,
    ) -> int:
        """Append to the log; the event's id."""
        row = self.tx.one(
            "INSERT INTO hoist_events (at, kind, job, status, exit_code, try_number, run_id, name,"
            " value, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            self.at, kind, job, status, exit_code, try_number, run_id, name, value, self.source,
        )  # fmt: skip
        assert row is not None
        self.last_event = int(row[0])
        return self.last_event

    def put(
        self,
        row: JobRow,
        status: str,
        *,
        exit_code: int | None = None,
        try_number: int | None = None,
        run_id: str | None = None,
        value: str | None = None,
    ) -> JobRow:
        """Give a job a status: one event and its current row. Folds nothing.

        With an end come the changes of facts that the job's definition has for it.
        """
        run_id = run_id if run_id is not None else row.run_id
        tries = try_number if try_number is not None else row.try_number
        self.event(
            "status",
            row.job,
            status,
            exit_code=exit_code,
            try_number=try_number,
            run_id=run_id,
            value=value,
        )
        sets = ["status = ?", "status_at = ?", "run_id = ?", "try_number = ?"]
        values: list[str | int | None] = [status, self.at, run_id, tries]
        begins = status == st.STARTING or (
            status == st.RUNNING and row.status not in (st.STARTING, st.RUNNING, st.SUSPENDED)
        )
        if begins:
            # JIL-065: what the last run left is gone; its code with it (pin: an `e()` atom must not
            # read the code of an earlier box run).
            sets += ["last_start = ?", "exit_code = NULL", "kill_at = NULL"]
            values.append(self.at)
        elif status == st.ACTIVATED:
            sets.append("exit_code = NULL")
        elif status in st.ENDED:
            sets += ["last_end = ?", "exit_code = ?", "kill_at = NULL"]
            values += [self.at, exit_code]
        self.tx.run(f"UPDATE hoist_jobs SET {', '.join(sets)} WHERE job = ?", *values, row.job)
        changed = self.job(row.job)
        assert changed is not None
        if status in st.ENDED and changed.end_facts is not None:
            told = self.last_event
            ends = facts.changes_of(changed.end_facts)
            made = ends.by_status.get(status, ())
            facts.apply(self, made, ends.dates(self.now), job=row.job, run_id=run_id)
            self.last_event = told
        return changed

    def put_all(self, box: str, among: Iterable[str], status: str, run_id: str | None) -> None:
        """Give every direct member of `box` whose status is in `among` another status."""
        states = list(among)
        marks = ",".join("?" * len(states))
        self.tx.run(
            "INSERT INTO hoist_events (at, kind, job, status, run_id, source)"
            " SELECT CAST(? AS BIGINT), 'status', job, CAST(? AS TEXT), CAST(? AS TEXT),"
            f" CAST(? AS TEXT) FROM hoist_jobs WHERE box = ? AND status IN ({marks}) ORDER BY job",
            self.at, status, run_id, self.source, box, *states,
        )  # fmt: skip
        self.tx.run(
            "UPDATE hoist_jobs SET status = ?, status_at = ?, run_id = COALESCE(?, run_id),"
            f" exit_code = NULL WHERE box = ? AND status IN ({marks})",
            status, self.at, run_id, box, *states,
        )  # fmt: skip

    def forget_codes(self, box: str, status: str) -> None:
        """Clear the exit codes of the direct members of `box` that have a status."""
        self.tx.run(
            "UPDATE hoist_jobs SET exit_code = NULL"
            " WHERE box = ? AND status = ? AND exit_code IS NOT NULL",
            box, status,
        )  # fmt: skip

    def exists(self, box: str, among: Iterable[str]) -> bool:
        """Has the box a direct member with a status in `among`?"""
        states = list(among)
        # One probe of the (box, status) index a status: never a walk over the members.
        probe = " UNION ALL ".join(
            ["SELECT EXISTS (SELECT 1 FROM hoist_jobs WHERE box = ? AND status = ?) AS hit"]
            * len(states)
        )
        values = [value for state in states for value in (box, state)]
        return any(bool(row[0]) for row in self.tx.all(probe, *values))

    def inner_boxes(self, box: str) -> list[str]:
        """The boxes directly in `box`."""
        sql = "SELECT job FROM hoist_jobs WHERE box = ? AND is_box = 1 ORDER BY job"
        return [row[0] for row in self.tx.all(sql, box)]

    def boxes_that_follow(self, box: str) -> list[str]:
        """The boxes directly in `box` that wait for nothing but its start (JIL-110)."""
        sql = (
            "SELECT job FROM hoist_jobs WHERE box = ? AND is_box = 1 AND eager = 1"
            " AND status = 'ACTIVATED' ORDER BY job"
        )
        return [row[0] for row in self.tx.all(sql, box)]

    def holds(self, text: str, dependent: str) -> bool:
        """Is a condition true of the rows of this transaction?"""
        condition = conditions.parse(text)
        snapshot = read_snapshot(self.tx, (*condition.jobs, dependent), condition.variables)
        return condition.evaluate(snapshot, dependent, self.now)

    def alarm(
        self,
        kind: str,
        job: str | None,
        text: str,
        run_id: str | None = None,
        once: str | None = None,
    ) -> bool:
        """Write an alarm: a row, never flow (JIL-153). False if `once` was written before."""
        written = self.tx.run(
            "INSERT INTO hoist_alarms (at, job, kind, text, run_id, once)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (once) DO NOTHING",
            self.at, job, kind, text, run_id, once,
        )  # fmt: skip
        return written == 1
