"""The ledger's tables, as a list of migrations: entry n brings version n to version n + 1.

Instants are microseconds since 1970 UTC. A migration, once released, never changes.
"""

from __future__ import annotations

from hoist_airflow.ledger.store import LedgerError, Tx

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # The log. `kind`: status, variable, or an operator's event (JIL-080).
        """CREATE TABLE hoist_events (
            id {serial}, at BIGINT NOT NULL, kind TEXT NOT NULL, job TEXT, status TEXT,
            exit_code BIGINT, try_number BIGINT, run_id TEXT, name TEXT, value TEXT,
            source TEXT NOT NULL)""",
        "CREATE INDEX hoist_events_job ON hoist_events (job, id)",
        "CREATE INDEX hoist_events_run ON hoist_events (run_id, at)",
        # The materialised current status of each job and box (JIL-001), beside what a fold needs.
        """CREATE TABLE hoist_jobs (
            job TEXT PRIMARY KEY, dag_id TEXT, box TEXT, is_box INTEGER NOT NULL DEFAULT 0,
            success TEXT, failure TEXT, box_terminator INTEGER NOT NULL DEFAULT 0,
            job_terminator INTEGER NOT NULL DEFAULT 0, auto_hold INTEGER NOT NULL DEFAULT 0,
            status TEXT NOT NULL DEFAULT 'INACTIVE', status_at BIGINT, last_start BIGINT,
            last_end BIGINT, exit_code BIGINT, try_number BIGINT, run_id TEXT,
            noexec INTEGER NOT NULL DEFAULT 0, iced_run TEXT, hold_run TEXT, kill_at BIGINT)""",
        "CREATE INDEX hoist_jobs_box ON hoist_jobs (box, status)",
        "CREATE INDEX hoist_jobs_dag ON hoist_jobs (dag_id, run_id)",
        """CREATE TABLE hoist_dags (
            dag_id TEXT PRIMARY KEY, top TEXT, digest TEXT NOT NULL)""",
        """CREATE TABLE hoist_runs (
            dag_id TEXT NOT NULL, run_id TEXT NOT NULL, workflow TEXT NOT NULL,
            business_date TEXT NOT NULL, sequence BIGINT NOT NULL, tick_at BIGINT,
            opened_at BIGINT NOT NULL, closed_at BIGINT, answer TEXT NOT NULL,
            overlap INTEGER NOT NULL,
            PRIMARY KEY (dag_id, run_id), UNIQUE (workflow, business_date, sequence))""",
        "CREATE INDEX hoist_runs_open ON hoist_runs (dag_id, closed_at)",
        """CREATE TABLE hoist_variables (
            name TEXT PRIMARY KEY, value TEXT NOT NULL, at BIGINT NOT NULL)""",
        """CREATE TABLE hoist_resources (
            name TEXT PRIMARY KEY, kind TEXT NOT NULL, amount BIGINT NOT NULL, machine TEXT)""",
        """CREATE TABLE hoist_claims (
            resource TEXT NOT NULL, job TEXT NOT NULL, units BIGINT NOT NULL, free TEXT NOT NULL,
            PRIMARY KEY (resource, job))""",
        "CREATE INDEX hoist_claims_job ON hoist_claims (job)",
        """CREATE TABLE hoist_alarms (
            id {serial}, at BIGINT NOT NULL, job TEXT, kind TEXT NOT NULL, text TEXT NOT NULL,
            run_id TEXT, once TEXT UNIQUE)""",
        "CREATE TABLE hoist_cursors (name TEXT PRIMARY KEY, position BIGINT NOT NULL)",
    ),
    (
        # An inner box that starts with the box around it; each DAG tells it at its next run.
        "ALTER TABLE hoist_jobs ADD COLUMN eager INTEGER NOT NULL DEFAULT 0",
        "UPDATE hoist_dags SET digest = ''",
    ),
    (
        # Dated facts of Control-M; the date is mmdd without a year, or STAT (CTM-011).
        """CREATE TABLE hoist_facts (
            server TEXT NOT NULL, name TEXT NOT NULL, date TEXT NOT NULL, at BIGINT NOT NULL,
            PRIMARY KEY (server, name, date))""",
    ),
    (
        # Facts that come and go with the ends of a job of AutoSys; each DAG tells it.
        "ALTER TABLE hoist_jobs ADD COLUMN end_facts TEXT",
    ),
    (
        # When units that an order of Control-M kept are free at the latest: it is removed then.
        "ALTER TABLE hoist_claims ADD COLUMN until BIGINT",
    ),
    (
        # Who is told what if a job is late at an instant; `since`: the event that began it.
        """CREATE TABLE hoist_dues (
            id {serial}, at BIGINT NOT NULL, run_id TEXT NOT NULL, job TEXT NOT NULL,
            kind TEXT NOT NULL, since BIGINT, text TEXT NOT NULL)""",
        "CREATE INDEX hoist_dues_at ON hoist_dues (at)",
    ),
)

VERSION = len(MIGRATIONS)


def version(tx: Tx) -> int | None:
    """The version of the schema in the database; None = empty."""
    if not tx.has_table("hoist_schema"):
        return None
    row = tx.one("SELECT MAX(version) FROM hoist_schema")
    return None if row is None or row[0] is None else int(row[0])


def upgrade(tx: Tx, to: int = VERSION) -> int:
    """Bring the schema to version `to` in this transaction; the version it had before."""
    had = version(tx) or 0
    if had > to:
        raise LedgerError(f"the ledger has schema {had}; this package knows only {to}: upgrade it")
    if had == 0:
        tx.run("CREATE TABLE IF NOT EXISTS hoist_schema (version BIGINT NOT NULL)")
    for number in range(had, to):
        tx.script(MIGRATIONS[number])
        tx.run("INSERT INTO hoist_schema (version) VALUES (?)", number + 1)
    return had


def check(tx: Tx) -> None:
    """Raise LedgerError unless the schema is the one that this package reads and writes."""
    had = version(tx)
    if had is None or had < VERSION:
        raise LedgerError(
            f"the ledger has schema {had or 'none'}, this package needs {VERSION}: "
            "run `hoistctl ledger upgrade`"
        )
    if had > VERSION:
        raise LedgerError(
            f"the ledger has schema {had}; this package knows only {VERSION}: upgrade hoist-airflow"
        )
