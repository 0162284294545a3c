"""What the end of a job of Control-M does to others: the entries of `on_ok`, `on_notok`, `rules`,
and what `late` has to do when an execution begins or ends.

`+fact(NAME)` and `-fact(NAME)` change the table of facts (CTM-014), `force(FOLDER/JOB)` orders
something (CTM-077), `%%NAME=value` sets a variable (CTM-073), `tell DESTINATION: text` tells people
(CTM-078).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hoist_airflow import conditions
from hoist_airflow.autoedit import Setting
from hoist_airflow.conditions import ConditionSyntaxError, FactAtom
from hoist_airflow.ledger import dues, facts
from hoist_airflow.ledger.facts import Change

if TYPE_CHECKING:
    from hoist_airflow.ledger.book import Book
    from hoist_airflow.ledger.variables import OrderVariables

_NO_DAYS = (facts.ANY_DATE, "no date")


@dataclass(frozen=True, slots=True)
class Force:
    """`force(FOLDER/JOB, previous order date)`: a rule orders a folder, or a job of it alone,
    whatever the scheduling criteria say (CTM-077). `day` is the order date, yyyy-mm-dd, once known.
    """

    path: str
    date: str = ""
    day: str | None = None

    @classmethod
    def parse(cls, text: str) -> Force:
        """Read one. Raises ConditionSyntaxError."""
        fact = "fact" + text.removeprefix("force").replace("/", "\\/")
        program = conditions.parse(fact).program
        atom = program[0]
        if len(program) != 1 or not isinstance(atom, FactAtom) or atom.date in _NO_DAYS:
            raise ConditionSyntaxError("expected `force(FOLDER/JOB)`", text, 0)
        return cls(atom.name, atom.date)


_TELL = re.compile(
    r"tell(?: ((?:[^\\:(]|\\[\\:(])+))?(?: \(((?:very )?urgent)\))?: (.*)", re.DOTALL
)
_ESCAPED = re.compile(r"\\([\\:(])")


@dataclass(frozen=True, slots=True)
class Tell:
    """`tell ops@example.com (urgent): Load of %%ODATE failed`: DOMAIL, DOSHOUT and SHOUT are a row
    of the alarms, never flow (CTM-078). In the destination a backslash stands in front of `:`, `(`
    and itself; the text is all that is left. Neither is ever code.
    """

    whom: str
    text: str
    urgency: str = ""

    @classmethod
    def parse(cls, text: str) -> Tell:
        """Read one. Raises ValueError."""
        found = _TELL.fullmatch(text)
        if found is None:
            raise ValueError(f"expected `tell DESTINATION: text`, not {text!r}")
        return cls(_ESCAPED.sub(r"\1", found[1] or ""), found[3], found[2] or "")

    def told(self, book: Book, variables: OrderVariables | None) -> str:
        """What people read; the variables in both texts are as they are now."""
        whom, text = self.whom, self.text
        if variables is not None:
            whom, text = variables.told(book, whom), variables.told(book, text)
        urgency = f" ({self.urgency})" if self.urgency else ""
        return f"{whom or 'no address is defined'}{urgency}: {text}"

    def tell(
        self, book: Book, job: str, run_id: str | None, variables: OrderVariables | None
    ) -> None:
        """Write the row."""
        book.alarm("NOTIFICATION", job, self.told(book, variables), run_id)


@dataclass(frozen=True, slots=True)
class Over:
    """An execution begins, and somebody is told if it runs for more than so many minutes."""

    minutes: int
    tell: Tell


@dataclass(frozen=True, slots=True)
class Under:
    """An execution ends, and somebody is told if it ran for less than so many minutes."""

    minutes: int
    tell: Tell


@dataclass(frozen=True, slots=True)
class Again:
    """A folder that runs again (CTM-093): the next run of its DAG, and with which configuration."""

    dag_id: str
    conf: Mapping[str, Any]


Effect = Change | Force | Setting | Tell | Again | Over | Under


def effect(text: str) -> Effect:
    """One entry. Raises ConditionSyntaxError, ValueError."""
    if text.startswith("force("):
        return Force.parse(text)
    if text.startswith("tell"):
        return Tell.parse(text)
    return Setting.parse(text) if text.startswith("%%") else Change.parse(text)


def changes_in(texts: Iterable[str]) -> list[Change]:
    """Those entries that change facts."""
    return [one for one in map(effect, texts) if isinstance(one, Change)]


def _is_followed(book: Book, again: Again, run_id: str) -> bool:
    sql = "SELECT 1 FROM hoist_events WHERE run_id = ? AND kind = 'again' AND name = ? LIMIT 1"
    return book.tx.one(sql, run_id, again.dag_id) is not None


def apply(
    book: Book,
    effects: Iterable[Effect],
    dates: Mapping[str, str | None],
    *,
    job: str,
    run_id: str | None,
    variables: OrderVariables | None = None,
) -> None:
    """One after the other. `dates` says what the words of facts mean (`facts.date_of`).

    A forced order, and the next run of a folder, is a line of the log, which the dispatcher makes a
    DAG run of: what an end orders is thus in the ledger when the end is, and neither is lost nor
    made twice.
    """
    for one in effects:
        if isinstance(one, Force):
            book.event("forced", job, run_id=run_id, name=one.path, value=one.day)
        elif isinstance(one, Again):
            if run_id is None or _is_followed(book, one, run_id):
                continue  # a run that somebody reran has its next run already
            book.event("again", job, run_id=run_id, name=one.dag_id, value=json.dumps(one.conf))
        elif isinstance(one, Change):
            facts.apply(book, [one], dates, job=job, run_id=run_id)
        elif isinstance(one, Tell):
            one.tell(book, job, run_id, variables)
        elif isinstance(one, Over):
            if run_id is not None:
                dues.watch(book, one.minutes, job, run_id, one.tell.told(book, variables))
        elif isinstance(one, Under):
            if run_id is not None and dues.ran_under(book, one.minutes, job, run_id):
                one.tell.tell(book, job, run_id, variables)
        elif variables is not None:
            variables.set_at_end(book, one)
        else:
            raise ValueError(f"{one.name} is set by what is no order of Control-M")
