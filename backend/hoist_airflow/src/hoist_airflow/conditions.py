"""The condition language: text to program, and program to truth on a snapshot of the ledger.

A condition is a monotone formula (there is no NOT) over atoms about jobs and global variables. It
is parsed without recursion into a postfix program, so that depth is a limit and never a crash, and
evaluated as a pure function of (program, snapshot, dependent job, now). Nothing imports Airflow.

Rules: JIL-062 to JIL-077; grammar: docs/runtime.md, "The condition language".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NoReturn, Protocol

MAX_DEPTH = 1_000

StatusFn = Literal["s", "f", "t", "d", "n"]

# JIL-063: the statuses for which each atom is true; `n` is everything but NOT_N.
TRUE_FOR: dict[str, frozenset[str]] = {
    "s": frozenset({"SUCCESS"}),
    "f": frozenset({"FAILURE"}),
    "t": frozenset({"TERMINATED"}),
    "d": frozenset({"SUCCESS", "FAILURE", "TERMINATED"}),
}
NOT_N = frozenset({"STARTING", "RUNNING", "WAIT_REPLY", "RESTART", "SUSPENDED"})
# JIL-074: an atom without look-back on a job that is on ice.
ICE = {"s": True, "d": True, "n": True, "f": False, "t": False, "e": False}

_UNLIMITED = timedelta(hours=9999)
_ZERO = timedelta(0)


class ConditionSyntaxError(ValueError):
    """The text is not a condition; `offset` counts characters from 0."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        shown = text if len(text) <= 200 else text[:200] + "…"
        super().__init__(f"{message} at offset {offset} of condition {shown!r}")
        self.offset = offset


class JobState(Protocol):
    """What an atom reads of a job: the ledger's row, instants aware."""

    @property
    def status(self) -> str: ...
    @property
    def status_at(self) -> datetime | None: ...
    @property
    def last_end(self) -> datetime | None: ...
    @property
    def exit_code(self) -> int | None: ...


class Snapshot(Protocol):
    """The statuses and variables of one instant; None = undefined (JIL-066, JIL-068)."""

    def job(self, name: str) -> JobState | None: ...
    def variable(self, name: str) -> str | None: ...
    def fact(self, atom: FactAtom) -> bool: ...


@dataclass(frozen=True, slots=True)
class StatusAtom:
    """`s(job, lookback)`; `key` is the ledger's name, `job^instance` for another instance."""

    fn: StatusFn
    key: str
    lookback: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ExitAtom:
    """`e(job, lookback) relop integer`."""

    key: str
    relop: str
    value: int
    lookback: timedelta | None = None


@dataclass(frozen=True, slots=True)
class VariableAtom:
    """`v(name) relop literal`."""

    name: str
    relop: str
    value: str


@dataclass(frozen=True, slots=True)
class FactAtom:
    """`fact(name^server, date)`: a dated fact of Control-M (CTM-010); `date` in words, "" = ODAT.

    The words are `previous order date`, `next order date`, `any date`, `no date`, `date 0315` and
    `order date +2`.
    """

    name: str
    server: str = ""
    date: str = ""

    def __str__(self) -> str:
        server = f"^{name_text(self.server)}" if self.server else ""
        return f"fact({name_text(self.name)}{server}{self.date and ', ' + self.date})"


Atom = StatusAtom | ExitAtom | VariableAtom | FactAtom | bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Replaces the `count` operands below it by their conjunction or disjunction."""

    all: bool
    count: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: its text and a postfix program of atoms and folds."""

    text: str
    program: tuple[Atom | Fold, ...]

    @property
    def jobs(self) -> tuple[str, ...]:
        """Ledger keys of the jobs that it mentions, each once, in order of appearance."""
        atoms = (a for a in self.program if isinstance(a, StatusAtom | ExitAtom))
        return tuple(dict.fromkeys(a.key for a in atoms))

    @property
    def variables(self) -> tuple[str, ...]:
        """Global variables that it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(a.name for a in self.program if isinstance(a, VariableAtom)))

    @property
    def facts(self) -> tuple[FactAtom, ...]:
        """Dated facts that it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(a for a in self.program if isinstance(a, FactAtom)))

    @property
    def excludes(self) -> bool:
        """Does it hold an `n()` atom, a mutual exclusion (JIL-076)?"""
        return any(isinstance(a, StatusAtom) and a.fn == "n" for a in self.program)

    @property
    def ages(self) -> bool:
        """Can it change by the passing of time alone (a look-back window, JIL-070)?"""
        return any(
            isinstance(a, StatusAtom | ExitAtom)
            and a.lookback is not None
            and _ZERO < a.lookback < _UNLIMITED
            for a in self.program
        )

    def fold(self, truth: Callable[[Atom], bool]) -> bool:
        """The value of the formula when `truth` tells the value of each atom."""
        stack: list[bool] = []
        for step in self.program:
            if isinstance(step, Fold):
                operands = stack[-step.count :]
                del stack[-step.count :]
                stack.append(all(operands) if step.all else any(operands))
            else:
                stack.append(step if isinstance(step, bool) else truth(step))
        return stack[0]

    def rewritten(self, text_of: Callable[[FactAtom], str | None]) -> str | None:
        """The text with other facts; None: nobody need wait for it, but it counts where it is true.

        So it is left out of a conjunction, and stays an alternative to others. None: nothing is
        left to wait for.
        """
        stack: list[tuple[str, str | None]] = []  # as it is, and what is left of it

        def joined(texts: list[str], word: str) -> str:
            return f"({word.join(texts)})" if texts[1:] else texts[0]

        for step in self.program:
            if not isinstance(step, Fold):
                whole = str(step).lower() if isinstance(step, bool) else str(step)
                stack.append((whole, text_of(step) if isinstance(step, FactAtom) else whole))
                continue
            operands = stack[-step.count :]
            del stack[-step.count :]
            word = " & " if step.all else " | "
            whole = joined([text for text, _left in operands], word)
            left = [text for _whole, text in operands if text is not None]
            if left and not step.all:
                left = [text if kept is None else kept for text, kept in operands]
            stack.append((whole, joined(left, word) if left else None))
        return stack[0][1]

    def evaluate(self, snapshot: Snapshot, dependent: str | None, now: datetime) -> bool:
        """Does the condition of job `dependent` (the anchor of look-back 0) hold at `now`?"""
        anchor_row = snapshot.job(dependent) if dependent is not None else None
        anchor = anchor_row.last_end if anchor_row is not None else None
        return self.fold(lambda atom: atom_holds(atom, snapshot, anchor, now))

    def can_become_true(
        self,
        snapshot: Snapshot,
        dependent: str | None,
        now: datetime,
        settled: Callable[[str], bool],
    ) -> bool:
        """Could it still become true if the jobs that are `settled` keep their statuses?

        The formula is monotone, so it is enough to take every atom about an unsettled job or about
        a variable as true. A window that has passed does not open again for a settled job.
        """
        anchor_row = snapshot.job(dependent) if dependent is not None else None
        anchor = anchor_row.last_end if anchor_row is not None else None

        def possible(atom: Atom) -> bool:
            if isinstance(atom, StatusAtom | ExitAtom) and settled(atom.key):
                return atom_holds(atom, snapshot, anchor, now)
            return True

        return self.fold(possible)


def atom_holds(atom: Atom, snapshot: Snapshot, anchor: datetime | None, now: datetime) -> bool:
    """The truth of one atom; `anchor` is the dependent's own last end (None: never ended)."""
    if isinstance(atom, bool | FactAtom):
        return atom if isinstance(atom, bool) else snapshot.fact(atom)
    if isinstance(atom, VariableAtom):
        value = snapshot.variable(atom.name)
        return value is not None and _compare_text(value, atom.relop, atom.value)  # JIL-068
    row = snapshot.job(atom.key)
    if row is None:
        return False  # JIL-066: undefined, for ever false, `n` too
    if row.status == "ON_ICE":
        if "^" not in atom.key:
            if atom.lookback is not None:
                return True  # JIL-074: any look-back is ignored, 0 and 9999 too
            return ICE[atom.fn if isinstance(atom, StatusAtom) else "e"]
        # KB 438836: ice is not transmitted; the remote side sees SUCCESS at its own time.
        base = isinstance(atom, StatusAtom) and atom.fn in "sdn"
    elif isinstance(atom, ExitAtom):
        # JIL-067: a job that never ran has no code, so no comparison holds.
        base = row.exit_code is not None and _compare(row.exit_code, atom.relop, atom.value)
    elif atom.fn == "n":
        base = row.status not in NOT_N
    else:
        base = row.status in TRUE_FOR[atom.fn]
    return base and _within(atom, row, anchor, now)


def _within(
    atom: StatusAtom | ExitAtom, row: JobState, anchor: datetime | None, now: datetime
) -> bool:
    lookback = atom.lookback
    if lookback is None or lookback >= _UNLIMITED:  # JIL-072
        return True
    if lookback == _ZERO:
        # JIL-071: has it ended since my own last end? Never ended myself: no anchor, satisfied.
        return anchor is None or (row.last_end is not None and row.last_end >= anchor)
    at = row.last_end if isinstance(atom, ExitAtom) else row.status_at
    return at is not None and now - at <= lookback  # JIL-070: elapsed time, limit included


_RELOPS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}\Z")


def _compare(left: int, relop: str, right: int) -> bool:
    return _RELOPS[relop](left, right)


def _compare_text(left: str, relop: str, right: str) -> bool:
    """JIL-068: as numbers if both sides are integers, else as text."""
    if _INTEGER.match(left) and _INTEGER.match(right):
        return _RELOPS[relop](int(left), int(right))
    return _RELOPS[relop](left, right)


@dataclass(frozen=True)
class FixedSnapshot:
    """A snapshot held in two mappings, and the facts that it is asked for and that hold."""

    jobs: Mapping[str, JobState]
    variables: Mapping[str, str]
    facts: frozenset[FactAtom] = frozenset()

    def job(self, name: str) -> JobState | None:
        return self.jobs.get(name)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def fact(self, atom: FactAtom) -> bool:
        return atom in self.facts


# --- parsing ------------------------------------------------------------------------------------

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"(?:[A-Za-z0-9_.#-]|[^\x00-\x7f]|\\.)+", re.DOTALL)
_LOOKBACK = re.compile(r"([0-9]{1,4})(?:\.([0-9]{2}))?(?![0-9.])")
_RELOP = re.compile(r"!=|<=|>=|=|<|>")
_DATE = re.compile(
    r"(?:previous order|next order|any|no) date|date [0-9]{4}|order date [+-][0-9]{1,3}"
)
_INT = re.compile(r"[+-]?[0-9]{1,10}(?![0-9])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_LITERAL = re.compile(r'[^\s()&|"]+')
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)


def name_text(name: str) -> str:
    """A legacy name as the condition language writes it: other characters get a backslash."""
    return re.sub(r"([^A-Za-z0-9_.#-])", r"\\\1", name)


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Read a condition. Raises ConditionSyntaxError with the offset of what is wrong."""
    return _Parser(text).condition()


@dataclass(slots=True)
class _Level:
    """An open parenthesis (or the whole text): its operator, if any, and its operands so far."""

    opened: int
    operator: str | None = None
    operands: int = 0


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.program: list[Atom | Fold] = []

    def condition(self) -> Condition:
        levels = [_Level(0)]
        while True:
            self._blanks()
            if self._take("("):
                if len(levels) > MAX_DEPTH:
                    self._fail(f"nested deeper than {MAX_DEPTH}")
                levels.append(_Level(self.at - 1))
                continue
            self.program.append(self._atom())
            levels[-1].operands += 1
            self._blanks()
            while self._take(")"):
                if len(levels) == 1:
                    self._fail("`)` without `(`", self.at - 1)
                self._close(levels.pop())
                levels[-1].operands += 1
                self._blanks()
            if self.at == len(self.text):
                break
            operator = self.text[self.at]
            if operator not in "&|":
                self._fail("expected `&`, `|` or `)`")
            level = levels[-1]
            if level.operator not in (None, operator):
                # JIL-062 is settled by the compiler; here a mixture has no meaning.
                self._fail("`&` and `|` mixed without parentheses")
            level.operator = operator
            self.at += 1
        if len(levels) > 1:
            self._fail("`(` is not closed", levels[-1].opened)
        self._close(levels[0])
        return Condition(self.text, tuple(self.program))

    def _close(self, level: _Level) -> None:
        if level.operands > 1:
            self.program.append(Fold(level.operator == "&", level.operands))

    def _atom(self) -> Atom:
        start = self.at
        word = self._match(_WORD)
        if word is None:
            self._fail("expected an atom or `(`")
        keyword = word[0].lower()
        if keyword in ("true", "false"):
            return keyword == "true"
        if keyword == "fact":
            return self._fact()
        if keyword not in ("s", "f", "t", "d", "n", "e", "v"):
            self._fail(f"unknown function `{word[0]}`", start)
        self._expect("(")
        name = self._name()
        if keyword == "v":
            self._blanks()
            if self._take(","):
                self._fail("a variable has no look-back", self.at - 1)  # JIL-073
            self._expect(")")
            return VariableAtom(name, self._relop(), self._literal())
        if self._take("^"):
            name += "^" + self._name()  # JIL-075: the row of another instance
        self._blanks()
        lookback = self._lookback() if self._take(",") else None
        self._expect(")")
        if keyword != "e":
            return StatusAtom(keyword, name, lookback)  # type: ignore[arg-type]
        relop = self._relop()
        self._blanks()
        number = self._match(_INT)
        if number is None:
            self._fail("expected an integer exit code")
        return ExitAtom(name, relop, int(number[0]), lookback)

    def _fact(self) -> FactAtom:
        self._expect("(")
        name = self._name()
        server = self._name() if self._take("^") else ""
        self._blanks()
        date = ""
        if self._take(","):
            self._blanks()
            found = self._match(_DATE)
            if found is None:
                self._fail("expected an order date")
            date = found[0]
        self._expect(")")
        return FactAtom(name, server, date)

    def _name(self) -> str:
        self._blanks()
        name = self._match(_NAME)
        if name is None:
            self._fail("expected a name")
        return _UNESCAPE.sub(r"\1", name[0])

    def _lookback(self) -> timedelta:
        self._blanks()
        start = self.at
        found = self._match(_LOOKBACK)
        if found is None or int(found[2] or 0) > 59:
            self._fail("expected a look-back, hours or hours.minutes", start)
        return timedelta(hours=int(found[1]), minutes=int(found[2] or 0))

    def _relop(self) -> str:
        self._blanks()
        found = self._match(_RELOP)
        if found is None:
            self._fail("expected a comparison")
        return found[0]

    def _literal(self) -> str:
        self._blanks()
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return _UNESCAPE.sub(r"\1", quoted[1])
        word = self._match(_LITERAL)
        if word is None:
            self._fail("expected a value")
        return word[0]

    def _blanks(self) -> None:
        self._match(_BLANK)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def _take(self, char: str) -> bool:
        if self.text.startswith(char, self.at):
            self.at += 1
            return True
        return False

    def _expect(self, char: str) -> None:
        self._blanks()
        if not self._take(char):
            self._fail(f"expected `{char}`")

    def _fail(self, message: str, offset: int | None = None) -> NoReturn:
        raise ConditionSyntaxError(message, self.text, self.at if offset is None else offset)
