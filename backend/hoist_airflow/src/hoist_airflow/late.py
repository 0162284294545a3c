"""SHOUT at times: the argument `late` of the operators of orders (CTM-078).

`late={"not submitted by 11:30": ["tell ops (urgent): Load is late"], "not ended by 23:00": […],
"runs over 30 minutes": […], "ran under 5 minutes": […]}`. Who is told of what is due later is a row
of the ledger (`ledger.dues`). Nothing here imports Airflow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hoist_airflow.ledger.dues import Awaited
from hoist_airflow.ledger.effects import Effect, Over, Tell, Under
from hoist_airflow.order_texts import variables_of
from hoist_airflow.schedule.orders import parse_clock

if TYPE_CHECKING:
    from hoist_airflow.submission import Order

_BY_CLOCK = re.compile(r"not (submitted|ended) by (.*)", re.DOTALL)
_BY_LENGTH = re.compile(r"(runs over|ran under) ([1-9][0-9]{0,2}) minutes")


@dataclass(frozen=True, slots=True)
class ByClock:
    """Who is told of what is not submitted, or has not ended, by a minute of the day."""

    kind: str
    minute: int
    tell: Tell


@dataclass(frozen=True, slots=True)
class Late:
    """What the argument `late` says."""

    by_clock: tuple[ByClock, ...] = ()
    over: tuple[Over, ...] = ()
    under: tuple[Under, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Sequence[str]]) -> Late:
        """Raises ValueError."""
        by_clock: list[ByClock] = []
        over: list[Over] = []
        under: list[Under] = []
        for test, texts in given.items():
            told = [Tell.parse(text) for text in texts]
            if found := _BY_CLOCK.fullmatch(test):
                minute = parse_clock(found[2])
                by_clock += [ByClock(found[1], minute, tell) for tell in told]
            elif found := _BY_LENGTH.fullmatch(test):
                minutes = int(found[2])
                if found[1] == "runs over":
                    over += [Over(minutes, tell) for tell in told]
                else:
                    under += [Under(minutes, tell) for tell in told]
            else:
                raise ValueError(f"{test!r} is no test of `late`: see docs/runtime.md")
        return cls(tuple(by_clock), tuple(over), tuple(under))

    def asks(self, *kinds: str) -> bool:
        """Does it ask whether something is `submitted` or `ended` by a time?"""
        return any(one.kind in kinds for one in self.by_clock)

    def beside(self, changes: Mapping[str, Sequence[Effect]]) -> dict[str, Sequence[Effect]]:
        """What comes with each start of an execution, and with each end behind all else."""
        behind = {status: (*made, *self.under) for status, made in changes.items()}
        return {**behind, "RUNNING": self.over}


def awaited(tasks: Iterable[Any], order: Order, run_id: str) -> list[Awaited]:
    """What is due by the clock in an order that begins.

    A later run of a folder (CTM-093) is the same order, which began before. In what is ordered
    alone (CTM-077) the end of a folder, which reads no `only`, has no part.
    """
    if order.past:
        return []
    return [
        Awaited(
            task.hoist_job,
            one.kind,
            order.at(one.minute, timezone=task.timezone),
            one.tell,
            variables_of(task.hoist_job, run_id, order, task.variables),
        )
        for task in tasks
        if (late := getattr(task, "hoist_late", None)) is not None
        and late.by_clock
        and task.is_ordered(order)
        and order.holds(task.hoist_job)
        for one in late.by_clock
    ]
