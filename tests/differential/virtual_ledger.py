"""The shims' ledger on a database in memory that one player owns: the same SQL, without its price.

A world plays thousands of ledger transactions, alone and in one thread. So it opens one transaction
and keeps it, clones its empty database from a template instead of migrating it, and remembers what
a query said until a statement writes to a table that the query reads. What an exception must undo
(an operator's event that is refused) is done `undoable`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from hoist_airflow.clock import Clock
from hoist_airflow.ledger import Ledger
from hoist_airflow.ledger.rows import JobRow
from hoist_airflow.ledger.store import Row, Store, Tx, Value

_TABLE = re.compile(r"\bhoist_\w+")


def open_ledger(clock: Clock) -> Ledger:
    """An empty ledger in memory."""
    store = _MemoryStore()
    return _VirtualLedger(store, clock)


class _VirtualLedger(Ledger):
    """Asks for the newest event without opening a transaction for it: the engine asks often."""

    store: _MemoryStore

    def last_event(self) -> int:
        row = self.store.tx.one("SELECT MAX(id) FROM hoist_events")
        return int(row[0]) if row is not None and row[0] is not None else 0


class _MemoryStore(Store):
    """One connection, one transaction, for as long as the world lasts."""

    def __init__(self) -> None:
        super().__init__("sqlite:///:memory:")
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(_template())
        connection.execute("BEGIN")
        self._connection_here = connection
        self.tx = _RememberingTx(connection, self.dialect, self._counted)
        self._open = _Open(self.tx)

    def write(self) -> Any:
        return self._open

    def read(self) -> Any:
        return self._open

    def _connection(self) -> Any:
        return self._connection_here

    def close(self) -> None:
        self._connection_here.close()

    @contextmanager
    def undoable(self) -> Iterator[None]:
        """What happens inside is undone by an exception, as a transaction's rollback would."""
        self._connection_here.execute("SAVEPOINT undoable")
        try:
            yield
        except BaseException:
            self._connection_here.execute("ROLLBACK TO undoable")
            self.tx.forget()
            raise
        finally:
            self._connection_here.execute("RELEASE undoable")


class _Open:
    """The transaction that is open anyhow, as a context manager of any number of uses."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def __enter__(self) -> Tx:
        return self._tx

    def __exit__(self, *_failure: object) -> None:
        return None


class _RememberingTx(Tx):
    """Answers a query from memory while no statement has written to the table that it reads."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._known: dict[str, dict[tuple[Any, ...], Any]] = {}

    def forget(self) -> None:
        """After a rollback."""
        self._known.clear()

    def run(self, sql: str, *values: Value) -> int:
        touched = int(self._connection.execute(sql, values).rowcount)
        if touched:
            self._known.pop(_table(sql), None)
        return touched

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        super().many(sql, rows)
        self._known.pop(_table(sql), None)

    def all(self, sql: str, *values: Value) -> list[Row]:
        known = self._about(sql)
        told = known.get((sql, values))
        if told is None:
            told = known[sql, values] = self._connection.execute(sql, values).fetchall()
        return list(told)

    def one(self, sql: str, *values: Value) -> Row | None:
        found: Row | None
        if not sql.startswith("SELECT"):  # INSERT … RETURNING
            self._known.pop(_table(sql), None)
            found = self._connection.execute(sql, values).fetchone()
            return found
        known = self._about(sql)
        found = known.get((values, sql), _UNKNOWN)
        if found is _UNKNOWN:
            found = known[values, sql] = self._connection.execute(sql, values).fetchone()
        return found

    def _about(self, sql: str) -> dict[tuple[Any, ...], Any]:
        table = _table(sql)
        return self._known.setdefault(table, {}) if table else {}


_UNKNOWN: Any = object()

job_row = lru_cache(maxsize=65536)(JobRow.of)
"""Stands for `JobRow.of` while a world plays: a row is read far more often than it changes."""


@lru_cache(maxsize=4096)
def _table(sql: str) -> str:
    """The table that a statement reads or writes; of a query over several: none."""
    tables = list(dict.fromkeys(_TABLE.findall(sql)))
    is_query = sql.startswith("SELECT")
    return "" if is_query and len(tables) > 1 else tables[0]


@cache
def _template() -> bytes:
    """An empty ledger of today's schema, as bytes."""
    ledger = Ledger(Store("sqlite:///:memory:"), clock=None)  # type: ignore[arg-type]
    ledger.upgrade()
    connection = ledger.store._connection()
    data: bytes = connection.serialize()
    connection.close()
    return data
