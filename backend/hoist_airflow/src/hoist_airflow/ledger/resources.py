"""Virtual resources (JIL-160, CTM-080): text, definitions, and claims of all units or none.

Renewable units come back when the job ends: with FREE=Y on success, A always, N never. Depletable
units never come back. A threshold is a level to reach, not consumed. Units that a job keeps are
used again by its next run, or freed by RELEASE_RESOURCE.

Who has waited longest is dealt to first, so what a job may have is what those before it leave; one
that cannot have all that it needs is passed over. A row of `hoist_claims` with `free` = W is what a
job waits for; it counts while the job is RESWAIT.

Orders of Control-M hold units each by itself, as orders of one job may run at once, and stand in no
line: who finds its units free takes them. A control resource is one of many units of which a shared
holder takes one and an exclusive one all (CTM-081). With FREE=Y an order that ended NOTOK keeps its
units (`free` = K) until it has ended OK, or is removed at a New Day: at the instant `until`, with
which nobody need do anything. Without one it keeps them for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.rows import JobRow
from hoist_airflow.ledger.store import LedgerError, Tx

KINDS = ("renewable", "depletable", "threshold")


class ResourceError(LedgerError):
    """A resource text that cannot be read, or a resource that the ledger does not know."""


@dataclass(frozen=True, slots=True)
class Need:
    """One term of `resources`; `quantity` None = ALL; `free` is Y, N or A."""

    name: str
    quantity: int | None = 1
    free: str = "Y"


_TERM = re.compile(r"\s*\(([^()]*)\)\s*")
_JOIN = re.compile(r"(?:AND|&)(?=[\s(])", re.IGNORECASE)


def parse(text: str) -> tuple[Need, ...]:
    """`(NAME, QUANTITY=1, FREE=Y) AND (…)`. Raises ResourceError with the offset."""
    needs: list[Need] = []
    at = 0
    while True:
        term = _TERM.match(text, at)
        if term is None:
            raise ResourceError(f"expected `(NAME, QUANTITY=n)` at offset {at} of {text!r}")
        needs.append(_need(term[1], text))
        at = term.end()
        if at == len(text):
            break
        join = _JOIN.match(text, at)
        if join is None:
            raise ResourceError(f"expected AND at offset {at} of {text!r}")
        at = join.end()
    if len({need.name for need in needs}) != len(needs):
        raise ResourceError(f"a resource is named twice in {text!r}")
    return tuple(needs)


def _need(term: str, text: str) -> Need:
    name, *options = (part.strip() for part in term.split(","))
    quantity: int | None = 1
    free = "Y"
    if not name:
        raise ResourceError(f"a resource without a name in {text!r}")
    for option in options:
        key, _, value = (part.strip().upper() for part in option.partition("="))
        if key == "QUANTITY" and value == "ALL":
            quantity = None
        elif key == "QUANTITY" and re.fullmatch(r"[0-9]{1,9}", value):
            quantity = int(value)
        elif key == "FREE" and value in ("Y", "N", "A"):
            free = value
        else:
            raise ResourceError(f"`{option}` is neither QUANTITY=n nor FREE=Y|N|A in {text!r}")
    return Need(name, quantity, free)


def define(tx: Tx, definitions: Mapping[str, Mapping[str, object]]) -> None:
    """Store `{name: {"kind", "amount", "machine"?}}`; an amount that is new replaces the old."""
    for name in sorted(definitions):
        given = definitions[name]
        kind, amount, machine = given.get("kind"), given.get("amount"), given.get("machine")
        if kind not in KINDS or not isinstance(amount, int) or amount < 0:
            raise ResourceError(f"resource {name!r}: kind {kind!r}, amount {amount!r}")
        tx.run(
            "INSERT INTO hoist_resources (name, kind, amount, machine) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, amount = excluded.amount,"
            " machine = excluded.machine",
            name, str(kind), amount, None if machine is None else str(machine),
        )  # fmt: skip


def order(job: str, run_id: str | None) -> str:
    """Who holds the units of one order of Control-M."""
    return f"{job} in {run_id}"


def shortage(tx: Tx, job: str, needs: Iterable[Need], now: int) -> list[str]:
    """The names of the resources of which a job, or an order, cannot have its units now."""
    return [need.name for need, _kind, units, free in _levels(tx, job, needs, now) if units > free]


def claim(
    tx: Tx,
    job: str,
    needs: Iterable[Need],
    now: int,
    *,
    in_line: bool = True,
    until: int | None = None,
) -> list[str]:
    """Take all units that a start of `job` needs, or none; the names of those that are short.

    `in_line`: where it gets none it waits in line for them. `until`: how long an order keeps them
    that ends NOTOK.
    """
    tx.run("DELETE FROM hoist_claims WHERE free = 'K' AND until <= ?", now)
    levels = _levels(tx, job, needs, now)
    short = [need.name for need, _kind, units, free in levels if units > free]
    tx.run("DELETE FROM hoist_claims WHERE job = ? AND free = 'W'", job)
    if short:
        for need, _kind, units, _free in levels if in_line else ():
            tx.run(
                "INSERT INTO hoist_claims (resource, job, units, free) VALUES (?, ?, ?, 'W')"
                " ON CONFLICT (resource, job) DO NOTHING",  # kept from its last run
                need.name, job, units,
            )  # fmt: skip
        return short
    for need, kind, units, _free in levels:
        if kind == "depletable":
            tx.run(
                "UPDATE hoist_resources SET amount = amount - ? WHERE name = ?", units, need.name
            )
        elif kind == "renewable":
            tx.run(
                "INSERT INTO hoist_claims (resource, job, units, free, until)"
                " VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (resource, job) DO UPDATE SET units = excluded.units,"
                " free = excluded.free, until = excluded.until",
                need.name, job, units, need.free, until,
            )  # fmt: skip
    return []


def _levels(tx: Tx, job: str, needs: Iterable[Need], now: int) -> list[tuple[Need, str, int, int]]:
    """Each need with its resource's kind, the units wanted, and the units that `job` may have."""
    levels: list[tuple[Need, str, int, int]] = []
    ahead = _units_of_those_ahead(tx, job)
    for need in sorted(needs, key=lambda n: n.name):
        row = tx.one("SELECT kind, amount FROM hoist_resources WHERE name = ?", need.name)
        if row is None:
            raise ResourceError(
                f"resource {need.name!r} is not in the ledger: hoistctl ledger load --manifest FILE"
            )
        kind, amount = str(row[0]), int(row[1])
        # JIL-160: the units that the job itself kept from its last run are used again.
        used = tx.one(
            "SELECT COALESCE(SUM(units), 0) FROM hoist_claims"
            " WHERE resource = ? AND job <> ? AND free <> 'W'"
            " AND (free <> 'K' OR until IS NULL OR until > ?)",
            need.name, job, now,
        )  # fmt: skip
        assert used is not None
        units = amount if need.quantity is None else need.quantity
        levels.append((need, kind, units, amount - int(used[0]) - ahead.get(need.name, 0)))
    return levels


def _units_of_those_ahead(tx: Tx, job: str) -> dict[str, int]:
    """What the jobs that have waited longer than `job` can have now, by resource."""
    waiting = tx.all(
        "SELECT j.job, c.resource, c.units, r.kind FROM hoist_claims c"
        " JOIN hoist_jobs j ON j.job = c.job JOIN hoist_resources r ON r.name = c.resource"
        " WHERE c.free = 'W' AND j.status = 'RESWAIT' ORDER BY j.status_at, j.job, c.resource"
    )
    wanted: dict[str, list[tuple[str, int, str]]] = {}
    for name, resource, units, kind in waiting:
        if name == job:
            break
        wanted.setdefault(name, []).append((resource, int(units), str(kind)))
    dealt: dict[str, int] = {}
    for name, needs in wanted.items():
        if all(dealt.get(r, 0) + units <= _free(tx, r, name) for r, units, _kind in needs):
            for resource, units, kind in needs:
                if kind != "threshold":  # a level, not consumed
                    dealt[resource] = dealt.get(resource, 0) + units
    return dealt


def _free(tx: Tx, resource: str, job: str) -> int:
    """The units of a resource that nobody but `job` has."""
    row = tx.one(
        "SELECT r.amount - COALESCE((SELECT SUM(c.units) FROM hoist_claims c"
        " WHERE c.resource = r.name AND c.job <> ? AND c.free <> 'W'), 0)"
        " FROM hoist_resources r WHERE r.name = ?",
        job, resource,
    )  # fmt: skip
    return 0 if row is None else int(row[0])


def give_back(tx: Tx, ended: JobRow) -> None:
    """The end of a job frees what FREE says: A always, Y on success, N never.

    That of an order frees all, also before it runs again, but what it keeps after NOTOK (CTM-080).
    """
    if ended.status in st.ENDED:
        kinds = ("A", "Y") if ended.status == st.SUCCESS else ("A", "A")
        tx.run("DELETE FROM hoist_claims WHERE job = ? AND free IN (?, ?)", ended.job, *kinds)
    holder = order(ended.job, ended.run_id)
    if ended.status == st.SUCCESS:
        tx.run("DELETE FROM hoist_claims WHERE job = ?", holder)
    elif ended.status in (*st.ENDED, st.RESTART):
        tx.run("DELETE FROM hoist_claims WHERE job = ? AND free = 'A'", holder)
        tx.run("UPDATE hoist_claims SET free = 'K' WHERE job = ? AND free = 'Y'", holder)


def keep(tx: Tx, holder: str, until: int | None, *, now: bool) -> None:
    """An order keeps units until it is removed: if it ends NOTOK, or all of them from `now` on."""
    if now:
        tx.run("UPDATE hoist_claims SET free = 'K', until = ? WHERE job = ?", until, holder)
    else:
        tx.run("UPDATE hoist_claims SET until = ? WHERE job = ? AND free = 'Y'", until, holder)


def next_release(tx: Tx, needs: Iterable[Need], now: int) -> int | None:
    """The first instant at which the time alone frees units of these resources."""
    found = [
        int(row[0])
        for need in needs
        if (
            row := tx.one(
                "SELECT MIN(until) FROM hoist_claims WHERE resource = ? AND free = 'K'"
                " AND until > ?",
                need.name, now,
            )
        )
        and row[0] is not None
    ]  # fmt: skip
    return min(found, default=None)


def release(tx: Tx, job: str, resource: str | None = None) -> int:
    """RELEASE_RESOURCE: frees what a job keeps, of one resource or all; how many claims."""
    if resource is None:
        return tx.run("DELETE FROM hoist_claims WHERE job = ? AND free <> 'W'", job)
    return tx.run(
        "DELETE FROM hoist_claims WHERE job = ? AND resource = ? AND free <> 'W'", job, resource
    )
