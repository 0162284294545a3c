r"""Variables of Control-M that somebody has set (CTM-100).

Those of the server, by themselves or in a pool, are global variables of the ledger, under their
names with all in front: `%%\NAME`, `%%\\POOL\NAME`. Those of an order, of a job or of the SMART
folder around it, are lines of the log: the last one in the run counts. So nothing has to be cleared
away when an order is over, and a run of another day never sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hoist_airflow.autoedit import Moment, Setting, UndefinedVariable, order_id, resolve
from hoist_airflow.cycle import Execution, executions_of
from hoist_airflow.ledger import control
from hoist_airflow.ledger.store import Tx

if TYPE_CHECKING:
    from hoist_airflow.ledger.book import Book
    from hoist_airflow.schedule.orders import OrderTicks

_KIND = "order_variable"
NOT_SET = "VARIABLENOTSET"
"""The alarm of an action that has no value for its variable."""


def executions(tx: Tx, job: str, run_id: str) -> list[Execution]:
    """The executions of a job in a run, oldest first."""
    sql = (
        "SELECT at, status, try_number FROM hoist_events"
        " WHERE job = ? AND run_id = ? AND kind = 'status' ORDER BY id"
    )
    return executions_of(
        (int(at) // 1_000_000, str(status), None if tries is None else int(tries))
        for at, status, tries in tx.all(sql, job, run_id)
    )


@dataclass(frozen=True)
class OrderVariables:
    """What texts of one order of a job are resolved with."""

    job: str
    folder: str
    """The SMART folder whose variables it shares (CTM-093)."""
    run_id: str
    day: int
    ticks: OrderTicks
    given: Mapping[str, str]
    """Of the definition: see `autoedit.resolve`."""

    def resolve(self, tx: Tx, now: datetime, text: str, *, is_value: bool = False) -> str:
        """A text as of now. Raises UndefinedVariable (CTM-104)."""

        def stored(name: str) -> str | None:
            return self._stored(tx, Setting(name, ""))

        return resolve(text, self.given, self._moment(tx, now), stored, is_value=is_value)

    def set(self, book: Book, setting: Setting) -> None:
        """Give a variable its value. Raises UndefinedVariable."""
        value = self.resolve(book.tx, book.now, setting.value, is_value=True)
        if setting.is_local or setting.is_of_folder:
            job = self.job if setting.is_local else self.folder
            book.event(_KIND, job, run_id=self.run_id, name=setting.name, value=value)
        else:
            control.set_variable(book, setting.name, value)

    def set_at_end(self, book: Book, setting: Setting) -> None:
        """The same after an end: without a value it stays as it was, and people are told."""
        try:
            self.set(book, setting)
        except UndefinedVariable as error:
            book.alarm(NOT_SET, self.job, f"{setting.name} is not set: {error}", self.run_id)

    def told(self, book: Book, text: str) -> str:
        """What people are told: without a value as it is written."""
        if "%%" not in text:
            return text
        try:
            return self.resolve(book.tx, book.now, text)
        except UndefinedVariable:
            return text

    def _stored(self, tx: Tx, setting: Setting) -> str | None:
        if setting.is_local or setting.is_of_folder:
            job = self.job if setting.is_local else self.folder
            row = tx.one(
                "SELECT value FROM hoist_events WHERE job = ? AND run_id = ? AND kind = ?"
                " AND name = ? ORDER BY id DESC LIMIT 1",
                job, self.run_id, _KIND, setting.name,
            )  # fmt: skip
        else:
            row = tx.one("SELECT value FROM hoist_variables WHERE name = ?", setting.name)
        return None if row is None else str(row[0])

    def _moment(self, tx: Tx, now: datetime) -> Moment:
        row = tx.one(
            "SELECT MIN(id) FROM hoist_events WHERE job = ? AND run_id = ? AND kind = 'status'",
            self.job, self.run_id,
        )  # fmt: skip
        # Before its first status an order has no number: the name stays in the text.
        first = int(row[0]) if row is not None and row[0] is not None else None
        number = "%%ORDERID" if first is None else order_id(first)
        runs = max(1, len(executions(tx, self.job, self.run_id)))
        return Moment(self.day, now, self.ticks, runs, number)
