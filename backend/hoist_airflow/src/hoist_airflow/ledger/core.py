"""The ledger as the rest of the package sees it: one object, each method one transaction."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from hoist_airflow.clock import Clock, SystemClock, instant, micros
from hoist_airflow.conditions import FactAtom, FixedSnapshot
from hoist_airflow.cycle import Execution
from hoist_airflow.ledger import (
    control,
    dues,
    effects,
    facts,
    fold,
    resources,
    runs,
    schema,
    variables,
)
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.book import Book, read_jobs, read_snapshot
from hoist_airflow.ledger.rows import (
    EVENT_COLUMNS,
    JOB_COLUMNS,
    EventRow,
    JobRow,
    Opened,
    RunKey,
    Topology,
)
from hoist_airflow.ledger.store import Store, Tx

_GLOBAL = re.compile(r"\$\$(?:\{([^{}]*)\}|([A-Za-z0-9_.#-]*))")


def default_url() -> str:
    """HOIST_LEDGER, else Airflow's `[hoist] ledger`, else a file of Airflow's home."""
    url = os.environ.get("HOIST_LEDGER")
    if url:
        return url
    try:
        from airflow.sdk.configuration import conf
    except ImportError:
        pass
    else:
        url = conf.get("hoist", "ledger", fallback="")
        if url:
            return str(url)
    home = Path(os.environ.get("AIRFLOW_HOME") or Path.home() / "airflow")
    return f"sqlite:///{(home / 'hoist_ledger.db').absolute()}"


class Ledger:
    """The status store of JIL-001. Safe for use by many threads and processes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    @classmethod
    def open(cls, url: str | None = None, clock: Clock | None = None) -> Ledger:
        """Open the ledger at `url` (default: `default_url()`); an empty database gets the schema.

        Raises LedgerError: bad URL, missing driver, or a schema of another version.
        """
        ledger = cls(Store(url or default_url()), clock or SystemClock())
        with ledger.store.read() as tx:
            had = schema.version(tx)
        if had is None:
            ledger.upgrade()
        else:
            with ledger.store.read() as tx:
                schema.check(tx)
        return ledger

    def upgrade(self) -> int:
        """Bring the schema to this package's version; the version it had (0 = empty)."""
        with self.store.write() as tx:
            return schema.upgrade(tx)

    @contextmanager
    def writing(self, source: str = "airflow") -> Iterator[Book]:
        """One serialised transaction, at one instant."""
        with self.store.write() as tx:
            yield Book(tx, self.clock.now(), source)

    # --- statuses ---------------------------------------------------------------------------------

    def record(
        self,
        job: str,
        status: str,
        *,
        run_id: str | None = None,
        exit_code: int | None = None,
        try_number: int | None = None,
        source: str = "airflow",
        changes: Sequence[effects.Effect] = (),
        dates: Mapping[str, str | None] | None = None,
        variables: variables.OrderVariables | None = None,
    ) -> int:
        """Write one status event and fold it upwards; the event's id.

        `changes` are made in the same transaction, in their order (CTM-014).

        The same outcome of the same attempt, said again, is the event that is there already.
        Raises ValueError for a word that is not a status.
        """
        if status not in st.ALL:
            raise ValueError(f"{status!r} is not a status of JIL section 7")
        with self.writing(source) as book:
            row = book.known(job)
            again = (
                run_id is not None
                and try_number is not None
                and status in st.ENDED
                and (row.status, row.run_id, row.try_number) == (status, run_id, try_number)
            )
            if again:
                found = book.tx.one(
                    "SELECT MAX(id) FROM hoist_events WHERE job = ? AND kind = 'status'", job
                )
                return int(found[0]) if found is not None and found[0] is not None else 0
            is_old = status == row.status == st.INACTIVE
            changed = book.put(
                row,
                status,
                exit_code=exit_code,
                try_number=try_number,
                run_id=run_id,
                value=st.NO_NEWS if is_old else None,
            )
            event = book.last_event
            effects.apply(book, changes, dates or {}, job=job, run_id=run_id, variables=variables)
            fold.spread(book, changed)
            return event

    def status(self, job: str) -> JobRow | None:
        """The current row of a job or box; None if the ledger has never heard of it."""
        with self.store.read() as tx:
            return read_jobs(tx, [job]).get(job)

    def jobs(self) -> list[JobRow]:
        """All rows, by name."""
        with self.store.read() as tx:
            return [
                JobRow.of(r) for r in tx.all(f"SELECT {JOB_COLUMNS} FROM hoist_jobs ORDER BY job")
            ]

    def snapshot(
        self, jobs: Iterable[str], variables: Iterable[str] = (), undefined: Iterable[str] = ()
    ) -> FixedSnapshot:
        """The state of jobs and variables at one instant, for a condition."""
        with self.store.read() as tx:
            return read_snapshot(tx, jobs, variables, undefined)

    def events(self, after: int = 0, limit: int = 1000) -> list[EventRow]:
        """The log after event `after`, oldest first."""
        sql = f"SELECT {EVENT_COLUMNS} FROM hoist_events WHERE id > ? ORDER BY id LIMIT ?"
        with self.store.read() as tx:
            return [EventRow.of(row) for row in tx.all(sql, after, limit)]

    def last_event(self) -> int:
        """The id of the newest event; 0 if there is none."""
        with self.store.read() as tx:
            row = tx.one("SELECT MAX(id) FROM hoist_events")
        return int(row[0]) if row is not None and row[0] is not None else 0

    # --- runs -------------------------------------------------------------------------------------

    def open_run(
        self,
        topology: Topology,
        run_id: str,
        *,
        tick: datetime | None = None,
        business_date: str | None = None,
        overlap: bool = False,
        by_clock: bool = False,
        event: int | None = None,
        awaited: Sequence[dues.Awaited] = (),
    ) -> Opened:
        """The run start: `started` or `dropped` the first time, then `joined` or `dropped`.

        `awaited`: what is due in the order that begins with it (CTM-078).
        """
        with self.writing() as book:
            date = business_date or (tick or book.now).date().isoformat()
            opened = runs.open_run(
                book,
                topology,
                run_id,
                tick=tick,
                business_date=date,
                overlap=overlap,
                by_clock=by_clock,
                event=event,
            )
            if opened.answer == "started":
                dues.begin(book, run_id, awaited)
            return opened

    def find_run(self, dag_id: str, run_id: str) -> Opened | None:
        """The run start's answer, if it was given."""
        with self.store.read() as tx:
            return runs.find_run(Book(tx, self.clock.now(), "airflow"), dag_id, run_id)

    def run_key(self, dag_id: str, run_id: str) -> RunKey | None:
        """The run key of an Airflow run."""
        found = self.find_run(dag_id, run_id)
        return None if found is None else found.key

    def open_runs(self, dag_id: str) -> list[str]:
        """Run ids of the DAG that the ledger holds for active, oldest first."""
        sql = (
            "SELECT run_id FROM hoist_runs WHERE dag_id = ? AND closed_at IS NULL"
            " ORDER BY opened_at, run_id"
        )
        with self.store.read() as tx:
            return [str(row[0]) for row in tx.all(sql, dag_id)]

    def start_boxes(self, job: str, run_id: str) -> str:
        """Start the boxes around a job for this run: `open`, `held`, `iced` or `closed`."""
        with self.writing() as book:
            return runs.start_boxes(book, job, run_id)

    def try_start(self, job: str, run_id: str, **given: Any) -> runs.StartAnswer:
        """See `runs.try_start`; `resources` may be given as text."""
        text = given.pop("resources", None)
        if text:
            given["needs"] = resources.parse(text)
        with self.writing(given.pop("source", "airflow")) as book:
            return runs.try_start(book, job, run_id, **given)

    def leave_queue(self, job: str) -> None:
        """JIL-095: a job that waited for units waits for its start conditions again."""
        with self.writing() as book:
            runs.leave_queue(book, book.known(job))

    def may_start(self, job: str, run_id: str, needs: str | None = None) -> bool:
        """Would `try_start` no longer answer `held` or `short`? Changes nothing."""
        with self.store.read() as tx:
            book = Book(tx, self.clock.now(), "airflow")
            rows = [row for row in (book.job(job), *runs.chain_of(book, job)) if row is not None]
            if any(row.status == st.ON_HOLD for row in rows):
                return False
            wanted = resources.parse(needs) if needs else ()
            return not (wanted and resources.shortage(tx, job, wanted, book.at))

    def short_of(self, job: str, run_id: str, needs: str) -> list[str]:
        """The resources of which an order of Control-M cannot have its units now."""
        with self.store.read() as tx:
            holder = resources.order(job, run_id)
            return resources.shortage(tx, holder, resources.parse(needs), micros(self.clock.now()))

    def next_release(self, needs: str) -> datetime | None:
        """When the next order that keeps such units after NOTOK is removed, and frees them."""
        with self.store.read() as tx:
            at = resources.next_release(tx, resources.parse(needs), micros(self.clock.now()))
        return None if at is None else instant(at)

    def keep_units(self, job: str, run_id: str, until: datetime | None, *, now: bool) -> None:
        """See `resources.keep`; until None: for ever."""
        with self.writing() as book:
            holder = resources.order(job, run_id)
            resources.keep(book.tx, holder, None if until is None else micros(until), now=now)

    def enter(self, job: str, run_id: str, *, boxes: bool) -> JobRow:
        """The row of a job as a task of this run finds it; `boxes`: start those around it."""
        with self.writing() as book:
            if boxes:
                runs.start_boxes(book, job, run_id)
            return book.known(job)

    def start_box(self, box: str, run_id: str) -> None:
        """Start a box that no member's task starts, unless it started with the box around it."""
        with self.writing() as book:
            runs.start_boxes(book, box, run_id)
            row = book.known(box)
            if row.run_id != run_id or row.status in st.NOT_STARTED:
                runs.try_start(book, box, run_id)

    def give_up_run(self, dag_id: str, run_id: str) -> None:
        """Its condition does not hold: the run never counts as active and drops no event."""
        with self.store.write() as tx:
            tx.run(
                "UPDATE hoist_runs SET closed_at = COALESCE(tick_at, opened_at)"
                " WHERE dag_id = ? AND run_id = ? AND closed_at IS NULL",
                dag_id, run_id,
            )  # fmt: skip

    def run_instant(self, dag_id: str, run_id: str) -> datetime | None:
        """The tick or event that a run is for, else the instant of its run start."""
        sql = "SELECT COALESCE(tick_at, opened_at) FROM hoist_runs WHERE dag_id = ? AND run_id = ?"
        with self.store.read() as tx:
            row = tx.one(sql, dag_id, run_id)
        return None if row is None else instant(int(row[0]))

    def box_is_over(self, job: str, run_id: str) -> bool:
        """Has its box completed in this run, or one around it before it started?

        Then the job never starts in this run.
        """
        with self.store.read() as tx:
            book = Book(tx, self.clock.now(), "airflow")
            for box in reversed(runs.chain_of(book, job)):
                if box.run_id == run_id and box.status in (*st.ENDED, st.INACTIVE):
                    return True
                if box.run_id == run_id and box.status in st.UNDER_WAY:
                    return False
            return False

    def last_source(self, job: str) -> str | None:
        """Who wrote the newest status of a job."""
        sql = (
            "SELECT source FROM hoist_events WHERE job = ? AND kind = 'status'"
            " ORDER BY id DESC LIMIT 1"
        )
        with self.store.read() as tx:
            row = tx.one(sql, job)
        return None if row is None else str(row[0])

    def last_missed(self, job: str) -> datetime | None:
        """When a gate last made a job INACTIVE because it had missed its run window (JIL-151)."""
        sql = (
            "SELECT MAX(at) FROM hoist_events"
            " WHERE job = ? AND status = 'INACTIVE' AND source LIKE 'gate:%'"
        )
        with self.store.read() as tx:
            row = tx.one(sql, job)
        return None if row is None or row[0] is None else instant(int(row[0]))

    def lift(self, job: str) -> None:
        """FORCE_STARTJOB starts an iced or held job, which does not revert afterwards (JIL-081)."""
        with self.writing("operator") as book:
            row = book.known(job)
            if row.status in (st.ON_HOLD, st.ON_ICE):
                book.put(row, st.INACTIVE)

    def hold(self, job: str, run_id: str, *, auto: bool) -> None:
        """What a Hold does before it waits (JIL-094)."""
        with self.writing() as book:
            if auto:
                runs.hold_for_run(book, job, run_id)
            else:
                runs.hold_at_first(book, job)

    def close_box(self, box: str, run_id: str, dag_id: str) -> JobRow | None:
        """The Verdict: end a box of which no more will run; None if the run never started it."""
        with self.writing() as book:
            row = book.job(box)
            if row is None or row.run_id != run_id:
                return None
            runs.settle(book, dag_id, run_id, _descendants(book.tx, box))
            return fold.close_box(book, book.known(box))

    def close_run(
        self, dag_id: str, run_id: str, *, failed: bool | None = None, at_last_event: bool = False
    ) -> None:
        """The DAG run is over in Airflow. `at_last_event`: it was over then, not only now."""
        with self.store.write() as tx:
            now = self.clock.now()
            book = Book(tx, now, "airflow")
            if at_last_event:
                sql = "SELECT MAX(at) FROM hoist_events WHERE run_id = ?"
                row = tx.one(sql, run_id)
                if row is not None and row[0] is not None:
                    tx.run(
                        "UPDATE hoist_runs SET closed_at = ? WHERE dag_id = ? AND run_id = ?"
                        " AND closed_at IS NULL",
                        int(row[0]), dag_id, run_id,
                    )  # fmt: skip
            runs.close_run(book, dag_id, run_id, failed=failed)

    # --- operators --------------------------------------------------------------------------------

    def send(self, event: str, job: str, value: str | None = None, source: str = "operator") -> int:
        """An operator's event (JIL-080). Raises control.EventError where it has no effect."""
        with self.writing(source) as book:
            return control.send(book, event, job, value)

    def kill_requested(self, job: str) -> bool:
        """Has a KILLJOB come for the attempt that is under way?"""
        row = self.status(job)
        return row is not None and row.kill_at is not None

    def was_killed(self, job: str, run_id: str) -> bool:
        """Has a KILLJOB ended the job in this run before it started?"""
        row = self.status(job)
        return row is not None and (row.status, row.run_id) == (st.TERMINATED, run_id)

    def take_kill(self, job: str, run_id: str) -> bool:
        """See `runs.take_kill`."""
        with self.writing() as book:
            return runs.take_kill(book, job, run_id)

    # --- facts ------------------------------------------------------------------------------------

    def fact_table(self, names: Iterable[str] = ()) -> list[facts.FactRow]:
        """The table of dated facts, or those with one of these names."""
        with self.store.read() as tx:
            return facts.rows(tx, names)

    def change_fact(
        self, adds: bool, name: str, date: str, server: str = "", source: str = "operator"
    ) -> bool:
        """Add or delete one fact by hand; `date`: mmdd or STAT. False: nothing changed."""
        with self.writing(source) as book:
            words = "no date" if date == facts.NO_DATE else f"date {date}"
            change = facts.Change(adds, FactAtom(name, server, words))
            return facts.apply(book, [change], {}) > 0

    def make_changes(
        self,
        changes: Sequence[effects.Effect],
        dates: Mapping[str, str | None],
        job: str,
        run_id: str,
        variables: variables.OrderVariables | None = None,
    ) -> None:
        """Make the changes that come with an end of a job, in their order."""
        with self.writing() as book:
            effects.apply(book, changes, dates, job=job, run_id=run_id, variables=variables)

    def holding_facts(
        self, wanted: Iterable[FactAtom], dates: Mapping[str, str | None]
    ) -> frozenset[FactAtom]:
        """Those of the facts that are in the table now."""
        with self.store.read() as tx:
            return facts.holding(tx, wanted, dates)

    def confirm(self, job: str, date: str, source: str = "operator") -> bool:
        """Confirm a job's order of a date, yyyymmdd (CTM-004). False: it was confirmed before."""
        return self.change_fact(True, job, date, facts.CONFIRMED, source)

    def is_confirmed(self, job: str, date: str) -> bool:
        """Has somebody confirmed the job's order of this date?"""
        fact = FactAtom(job, facts.CONFIRMED, f"date {date}")
        return bool(self.holding_facts([fact], {}))

    def outcome(self, job: str, run_id: str) -> str | None:
        """The newest status that a job has had in this run; runs of one job may coexist."""
        sql = (
            "SELECT status FROM hoist_events WHERE job = ? AND run_id = ? AND kind = 'status'"
            " ORDER BY id DESC LIMIT 1"
        )
        with self.store.read() as tx:
            row = tx.one(sql, job, run_id)
        return None if row is None else str(row[0])

    def executions(self, job: str, run_id: str) -> list[Execution]:
        """The executions of a job in this run, oldest first."""
        with self.store.read() as tx:
            return variables.executions(tx, job, run_id)

    # --- variables, resources, alarms, cursors ---------------------------------------------------

    def set_global(self, name: str, value: str, source: str = "operator") -> int:
        """SET_GLOBAL; the event's id."""
        with self.writing(source) as book:
            return control.set_variable(book, name, value)

    def globals(self) -> dict[str, str]:
        """All global variables, by name."""
        with self.store.read() as tx:
            return dict(tx.all("SELECT name, value FROM hoist_variables ORDER BY name"))

    def get_global(self, name: str) -> str | None:
        """The value of a global variable, or None."""
        return self.snapshot((), (name,)).variable(name)

    def expand_globals(self, text: str) -> str:
        """`$$NAME` and `$${NAME}` become the globals' values; a missing one is empty (JIL-162).

        So is `$$` without a name, wherever it stands: the shell never sees its PID (JIL-163).
        Pin: the longest run of `[A-Za-z0-9_.#-]` is the name, as in the legacy text.
        """
        names = [m[1] if m[1] is not None else m[2] for m in _GLOBAL.finditer(text)]
        if not names:
            return text
        values = self.snapshot((), names)
        return _GLOBAL.sub(
            lambda m: values.variable(m[1] if m[1] is not None else m[2]) or "", text
        )

    def load(self, manifest: Mapping[str, Any]) -> None:
        """Seed what an estate defines: `globals` that are not there yet, and `resources`."""
        with self.writing("manifest") as book:
            given: Mapping[str, Any] = manifest.get("globals") or {}
            for name in sorted(given):
                known = book.tx.one("SELECT 1 FROM hoist_variables WHERE name = ?", name)
                if known is None:
                    control.set_variable(book, name, str(given[name]))
            resources.define(book.tx, manifest.get("resources") or {})

    def claims(self, job: str) -> dict[str, int]:
        """Units of renewable resources that the job holds."""
        sql = (
            "SELECT resource, units FROM hoist_claims WHERE job = ? AND free <> 'W'"
            " ORDER BY resource"
        )
        with self.store.read() as tx:
            return {str(row[0]): int(row[1]) for row in tx.all(sql, job)}

    def alarm(
        self,
        kind: str,
        job: str | None,
        text: str,
        run_id: str | None = None,
        once: str | None = None,
    ) -> bool:
        """Write an alarm row; False if one with the same `once` key is there."""
        with self.writing() as book:
            return book.alarm(kind, job, text, run_id, once)

    def alarm_of_attempt(self, kind: str, job: str, text: str, run_id: str | None) -> bool:
        """An alarm about how long the last attempt runs or ran: once, whoever notices first."""
        row = self.status(job)
        start = None if row is None or row.last_start is None else micros(row.last_start)
        return self.alarm(kind, job, text, run_id, once=f"{kind}/{start}/{job}")

    def alarms(self) -> list[tuple[str | None, str, str]]:
        """(job, kind, text) of all alarms, oldest first."""
        with self.store.read() as tx:
            return [
                (row[0], str(row[1]), str(row[2]))
                for row in tx.all("SELECT job, kind, text FROM hoist_alarms ORDER BY id")
            ]

    def tell_late(self) -> int:
        """Write the messages of what was late when they were due (CTM-078); how many."""
        with self.store.read() as tx:
            if not dues.are_due(tx, micros(self.clock.now())):
                return 0
        with self.writing("dispatch") as book:
            return dues.sweep(book)

    def cursor(self, name: str) -> int | None:
        """The persisted position of a follower of the log; None if it never stored one."""
        with self.store.read() as tx:
            row = tx.one("SELECT position FROM hoist_cursors WHERE name = ?", name)
        return None if row is None else int(row[0])

    def set_cursor(self, name: str, position: int) -> None:
        """Persist the position of a follower of the log."""
        with self.store.write() as tx:
            tx.run(
                "INSERT INTO hoist_cursors (name, position) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                name, position,
            )  # fmt: skip

    def started_since(self, job: str, since: datetime) -> bool:
        """Did an attempt of the job begin at or after `since`?"""
        return self._seen(job, (st.STARTING, st.RUNNING), since)

    def ended_since(self, job: str, since: datetime) -> bool:
        """Did the job end at or after `since`?"""
        return self._seen(job, tuple(sorted(st.ENDED)), since)

    def _seen(self, job: str, states: Sequence[str], since: datetime) -> bool:
        marks = ",".join("?" * len(states))
        sql = (
            "SELECT 1 FROM hoist_events WHERE job = ? AND kind = 'status'"
            f" AND status IN ({marks}) AND at >= ? LIMIT 1"
        )
        with self.store.read() as tx:
            return tx.one(sql, job, *states, micros(since)) is not None


def _descendants(tx: Tx, box: str) -> list[str]:
    """Every job and box inside a box, at any depth."""
    sql = (
        "WITH RECURSIVE inside(job) AS (SELECT job FROM hoist_jobs WHERE box = ?"
        " UNION SELECT j.job FROM hoist_jobs j JOIN inside i ON j.box = i.job)"
        " SELECT job FROM inside ORDER BY job"
    )
    return [str(row[0]) for row in tx.all(sql, box)]
