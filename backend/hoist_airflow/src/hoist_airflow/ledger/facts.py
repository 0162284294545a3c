"""The table of dated facts: what Control-M calls conditions or events (CTM-010 to CTM-019).

A fact is a (server, name, date) that somebody added and nobody has deleted. Nobody owns it and
nobody uses it up. Its date is month and day without the year (CTM-011), or STAT. Names in a
condition say their date in words (`previous order date`); what these mean for an order of a job is
given as `dates`, from the words to `mmdd`, None where there is no such date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from hoist_airflow import conditions
from hoist_airflow.conditions import ConditionSyntaxError, FactAtom
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.store import Tx

if TYPE_CHECKING:
    from hoist_airflow.ledger.book import Book

NO_DATE = "STAT"
ANY_DATE = "any date"
CONFIRMED = "(confirmed)"
"""The table of confirmations, which no server has: a job's name, and the date with its year."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact of the table."""

    server: str
    name: str
    date: str
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """`+fact(NAME^SERVER, date)` or `-fact(...)`, as a job makes it when it ends."""

    adds: bool
    fact: FactAtom

    @classmethod
    def parse(cls, text: str) -> Change:
        """Read one change. Raises ConditionSyntaxError."""
        program = conditions.parse(text[1:]).program
        atom = program[0]
        if text[:1] not in ("+", "-") or len(program) != 1 or not isinstance(atom, FactAtom):
            raise ConditionSyntaxError("expected `+fact(...)` or `-fact(...)`", text, 0)
        if text[0] == "+" and atom.date == ANY_DATE:
            raise ConditionSyntaxError("a fact is added with a date (CTM-012)", text, 0)
        return cls(text[0] == "+", atom)


@dataclass(frozen=True, slots=True)
class EndChanges:
    """What the ends of a job of AutoSys change, by status: what couples it to Control-M.

    A fact without words for its date is of the business day of the end; `business_day` says when
    that begins, as "07:00 Europe/Berlin".
    """

    by_status: Mapping[str, tuple[Change, ...]]
    business_day: str | None

    @classmethod
    def of(cls, facts: Mapping[str, Sequence[str]], business_day: str | None) -> EndChanges:
        """From an operator's arguments. Raises ValueError, ConditionSyntaxError."""
        from hoist_airflow.schedule.orders import OrderTicks

        by_status: dict[str, tuple[Change, ...]] = {}
        for status, texts in facts.items():
            if status not in st.ENDED:
                raise ValueError(f"facts come with {sorted(st.ENDED)}, not with {status!r}")
            by_status[status] = tuple(map(Change.parse, texts))
        words = {one.fact.date for some in by_status.values() for one in some}
        if unknown := sorted(w for w in words if "order date" in w):
            raise ValueError(f"a job of AutoSys has no {unknown[0]}")
        if "" in words and business_day is None:
            raise ValueError("a fact of a business day needs business_day, as '07:00 UTC'")
        if business_day is not None:
            clock, _, zone = business_day.partition(" ")
            OrderTicks(new_day=clock, timezone=zone)
        return cls(by_status, business_day)

    def dates(self, now: datetime) -> dict[str, str | None]:
        """What the words of the facts mean at an instant (CTM-002)."""
        if self.business_day is None:
            return {}
        from hoist_airflow.schedule.orders import OrderTicks
        from hoist_airflow.schedule.zones import to_instant

        clock, _, zone = self.business_day.partition(" ")
        day = OrderTicks(new_day=clock, timezone=zone).day_of(to_instant(now))
        return {"": (calendar_date(1970, 1, 1) + timedelta(days=day)).strftime("%m%d")}


def text_of(facts: Mapping[str, Sequence[str]], business_day: str | None) -> str | None:
    """How the ledger keeps the arguments of `EndChanges.of`; None: nothing changes."""
    kept = {status: list(facts[status]) for status in sorted(facts) if facts[status]}
    return json.dumps([kept, business_day]) if kept else None


@lru_cache(maxsize=256)
def changes_of(text: str) -> EndChanges:
    """From what `text_of` gave."""
    return EndChanges.of(*json.loads(text))


def date_of(fact: FactAtom, dates: Mapping[str, str | None]) -> str | None:
    """The date that a fact's words mean for this order; None: there is none."""
    if fact.date == "no date":
        return NO_DATE
    if fact.date.startswith("date "):
        return fact.date[5:]
    return dates[fact.date]


def holding(
    tx: Tx, wanted: Iterable[FactAtom], dates: Mapping[str, str | None]
) -> frozenset[FactAtom]:
    """Those of the facts that are in the table."""
    found = []
    for fact in wanted:
        sql = "SELECT 1 FROM hoist_facts WHERE server = ? AND name = ?"
        if fact.date == ANY_DATE:
            row = tx.one(sql + " LIMIT 1", fact.server, fact.name)
        else:
            date = date_of(fact, dates)
            row = None
            if date is not None:
                row = tx.one(sql + " AND date = ?", fact.server, fact.name, date)
        if row is not None:
            found.append(fact)
    return frozenset(found)


def apply(
    book: Book,
    changes: Iterable[Change],
    dates: Mapping[str, str | None],
    *,
    job: str | None = None,
    run_id: str | None = None,
) -> int:
    """Make changes in their order (CTM-014); how many facts came or went."""
    count = 0
    for change in changes:
        fact = change.fact
        every = fact.date == ANY_DATE
        date = None if every else date_of(fact, dates)
        if date is None and not every:
            continue  # no such date: nothing to add or delete
        if change.adds:
            made = book.tx.run(
                "INSERT INTO hoist_facts (server, name, date, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (server, name, date) DO NOTHING",
                fact.server, fact.name, date, book.at,
            )  # fmt: skip
        elif every:
            made = book.tx.run(
                "DELETE FROM hoist_facts WHERE server = ? AND name = ?", fact.server, fact.name
            )
        else:
            made = book.tx.run(
                "DELETE FROM hoist_facts WHERE server = ? AND name = ? AND date = ?",
                fact.server, fact.name, date,
            )  # fmt: skip
        if made:
            count += made
            shown = f"{fact.name}^{fact.server}" if fact.server else fact.name
            book.event(
                "fact_added" if change.adds else "fact_deleted",
                job,
                run_id=run_id,
                name=shown,
                value=date or ANY_DATE,
            )
    return count


def rows(tx: Tx, names: Iterable[str] = ()) -> list[FactRow]:
    """The table, or those of its facts that have one of these names."""
    wanted = set(names)
    sql = "SELECT server, name, date, at FROM hoist_facts ORDER BY server, name, date"
    found = [FactRow(str(r[0]), str(r[1]), str(r[2]), int(r[3])) for r in tx.all(sql)]
    return [row for row in found if not wanted or row.name in wanted]
