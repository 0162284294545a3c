"""The one seam between the ledger and its database: SQLite for one host, PostgreSQL otherwise.

Everything above speaks one SQL with `?` parameters. A dialect says how to connect, how to begin a
write, and how to spell the two things that differ (parameters, and a key that counts up by
itself).

Writers are serialised (BEGIN IMMEDIATE; an advisory lock): a status change touches several rows,
and the order of event ids must be the order of commits, or a follower of the log would miss an
event that commits late. SQLite's locks and its write-ahead log work on one host only: a ledger on
a network file system, or shared by several workers' hosts, needs PostgreSQL.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

Value = str | int | None
Row = tuple[Any, ...]

_LOCK_KEY = 0x686F697374  # "hoist": one advisory lock for all writers of a database


class LedgerError(RuntimeError):
    """The ledger cannot be used: bad URL, missing driver, schema of another version."""


class Dialect(Protocol):
    """What differs between the two databases."""

    serial: str
    describe: str

    def connect(self) -> Any: ...
    def begin_write(self, connection: Any) -> None: ...
    def begin_read(self, connection: Any) -> None: ...
    def spell(self, sql: str) -> str: ...


class Sqlite:
    """A file on this host, in write-ahead mode."""

    serial = "INTEGER PRIMARY KEY AUTOINCREMENT"

    def __init__(self, path: str) -> None:
        self.path = path
        self.describe = f"sqlite file {path} (single host)"

    def connect(self) -> sqlite3.Connection:
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a recorded outcome survives power loss
        return connection

    def begin_write(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def begin_read(self, connection: Any) -> None:
        connection.execute("BEGIN")

    def spell(self, sql: str) -> str:
        return sql


class Postgres:
    """A PostgreSQL database, by psycopg 3."""

    serial = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"

    def __init__(self, url: str) -> None:
        self.url = url
        self.describe = "postgresql"

    def connect(self) -> Any:
        try:
            import psycopg
        except ImportError as missing:
            raise LedgerError(
                "a postgresql ledger needs the extra: pip install 'hoist-airflow[postgres]'"
            ) from missing
        return psycopg.connect(self.url, autocommit=True)

    def begin_write(self, connection: Any) -> None:
        connection.execute("BEGIN")
        # Before any id is drawn: so the order of ids is the order of commits.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))

    def begin_read(self, connection: Any) -> None:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def spell(self, sql: str) -> str:
        return sql.replace("?", "%s")


def dialect_of(url: str) -> Dialect:
    """`sqlite:////abs/path`, `sqlite:///relative`, `postgresql://…`. Raises LedgerError."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        if not path:
            raise LedgerError(f"no path in ledger URL {url!r}")
        return Sqlite(path)
    if url.startswith(("postgresql://", "postgres://")):
        return Postgres(url)
    scheme = url.split(":", 1)[0]
    raise LedgerError(f"ledger URL scheme {scheme!r} is neither sqlite:/// nor postgresql://")


class Tx:
    """One transaction: the only way to reach the database."""

    def __init__(self, connection: Any, dialect: Dialect, counted: Callable[[str], None]) -> None:
        self._connection = connection
        self._dialect = dialect
        self._counted = counted

    def run(self, sql: str, *values: Value) -> int:
        """Execute and tell how many rows it touched."""
        self._counted(sql)
        return int(self._connection.execute(self._dialect.spell(sql), values).rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Execute once per row of values."""
        self._counted(sql)
        cursor = self._connection.cursor()
        cursor.executemany(self._dialect.spell(sql), list(rows))

    def all(self, sql: str, *values: Value) -> list[Row]:
        """All rows of a query."""
        self._counted(sql)
        return list(self._connection.execute(self._dialect.spell(sql), values).fetchall())

    def one(self, sql: str, *values: Value) -> Row | None:
        """The first row of a query, or None."""
        self._counted(sql)
        found = self._connection.execute(self._dialect.spell(sql), values).fetchone()
        return None if found is None else tuple(found)

    def script(self, statements: Iterable[str]) -> None:
        """Execute schema statements; `{serial}` is the dialect's counting key."""
        for statement in statements:
            self.run(statement.replace("{serial}", self._dialect.serial))

    def has_table(self, name: str) -> bool:
        """Does the table exist (in the current schema)?"""
        if isinstance(self._dialect, Sqlite):
            sql = "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?"
        else:
            sql = "SELECT 1 WHERE to_regclass(?) IS NOT NULL"
        return self.one(sql, name) is not None


class Store:
    """A database with one connection per process and thread; `queries` counts statements."""

    def __init__(self, url: str) -> None:
        self.dialect = dialect_of(url)
        self.queries = 0
        self._local = threading.local()

    def _counted(self, _sql: str) -> None:
        self.queries += 1

    def _connection(self) -> Any:
        # A connection must cross neither threads nor a fork (LocalExecutor forks its workers).
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.connection = self.dialect.connect()
            self._local.pid = os.getpid()
        return self._local.connection

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A serialised transaction: committed at the end, rolled back by an exception."""
        yield from self._transaction(self.dialect.begin_write)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that sees one consistent state."""
        yield from self._transaction(self.dialect.begin_read)

    def _transaction(self, begin: Callable[[Any], None]) -> Iterator[Tx]:
        connection = self._connection()
        try:
            begin(connection)
            yield Tx(connection, self.dialect, self._counted)
            connection.execute("COMMIT")
        except BaseException:
            self._rollback(connection)
            raise

    def _rollback(self, connection: Any) -> None:
        try:
            connection.execute("ROLLBACK")
        except Exception:
            # A lost connection has no transaction to roll back; the next use opens a new one.
            self.close()

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "pid", None) == os.getpid():
            self._local.pid = None
            self._local.connection.close()
