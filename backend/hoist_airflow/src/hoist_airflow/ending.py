"""ON … DO … of Control-M: which rules an end fires, and what they make of it (CTM-070 to CTM-076).

`rules=[{"on": "code >= 4", "do": ["ok", "+fact(LATE)"]}, {"on": "ok", "do": ["-fact(BAD)"]}]`:
rules on exit codes and counts are asked before those on output, those before rules on the status,
else in the order of the list. The verdict turns behind each of the three rounds; a NOTOK that a
rule sets stays (CTM-074). `ended ok` and `ended notok` are asked behind all of them, and turn
nothing (SHOUT, CTM-078). The same in C++: analysis/semantics/orders/Rules.cpp; the vectors of
tests/vectors/ending.json hold both together. Nothing here imports Airflow.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hoist_airflow.ledger.effects import effect

_NUMBERED = re.compile(r"(code|runs|reruns|failures) (?:(<=|>=|!=|=|<|>) (-?\d{1,18})|(even|odd))")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_STATUS = ("any", "ok", "notok")
_ENDED = ("ended ok", "ended notok")
_WORDS = ("ok", "notok", "rerun", "stop")
"""Actions that the task does itself; all others are effects of the ledger (ledger/effects.py)."""


@dataclass(frozen=True, slots=True)
class End:
    """One end, as rules ask about it."""

    ok: bool
    """Before any rule."""
    exit_code: int | None = None
    """None where a signal ended it, and of a folder."""
    runs: int = 1
    reruns: int = 0
    failures: int = 0
    """Executions of the order before this one that ended NOTOK."""
    matched: frozenset[str] = frozenset()
    """The patterns that a line of the output holds."""
    stays: bool = False
    """No rule turns the verdict: nothing ran, or somebody decided it."""


@dataclass(frozen=True)
class Rule:
    """One ON with its DOs."""

    kind: str
    compare: str = ""
    number: int = 0
    pattern: str = ""
    actions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Rule:
        """Raises ValueError."""
        if set(given) != {"on", "do"}:
            raise ValueError(f"a rule has `on` and `do`, not {sorted(given)}")
        on, actions = str(given["on"]), tuple(given["do"])
        for action in actions:
            if action not in _WORDS:
                effect(action)
        if on in _ENDED and any(action in _WORDS for action in actions):
            raise ValueError(f"behind {on!r} a rule changes neither the end nor what follows it")
        if on in (*_STATUS, *_ENDED):
            return cls(on, actions=actions)
        if on.startswith("output ") and len(on) > len("output "):
            return cls("output", pattern=on.removeprefix("output "), actions=actions)
        found = _NUMBERED.fullmatch(on)
        if found is None:
            raise ValueError(f"{on!r} is no test of a rule: see docs/runtime.md, `rules`")
        return cls(found[1], found[2] or found[4], int(found[3] or 0), actions=actions)

    @property
    def round(self) -> int:
        """Which of the three rounds of CTM-070 asks it, or the end behind them."""
        if self.kind in _ENDED:
            return 4
        return 3 if self.kind in _STATUS else 2 if self.kind == "output" else 1

    def applies(self, end: End, ok: bool) -> bool:
        """`ok`: the verdict before its round."""
        if self.kind in _ENDED:
            return ok == (self.kind == "ended ok")
        if self.kind in _STATUS:
            return self.kind == "any" or ok == (self.kind == "ok")
        if self.kind == "output":
            return self.pattern in end.matched
        counted = {
            "code": end.exit_code,
            "runs": end.runs,
            "reruns": end.reruns,
            "failures": end.failures + (not ok),
        }
        value = counted[self.kind]
        if value is None:
            return False
        if self.compare in ("even", "odd"):
            return value % 2 == (self.compare == "odd")
        return _COMPARE[self.compare](value, self.number)


@dataclass(frozen=True, slots=True)
class Fired:
    """What the rules make of one end."""

    ok: bool
    actions: tuple[str, ...]
    """All that fired, round by round."""

    @property
    def effects(self) -> tuple[str, ...]:
        """Those that change facts, order something, set a variable, tell people."""
        return tuple(action for action in self.actions if action not in _WORDS)


@dataclass(frozen=True)
class Rules:
    """All rules of a job or folder."""

    each: tuple[Rule, ...] = ()
    _by_round: tuple[tuple[Rule, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rounds = (tuple(rule for rule in self.each if rule.round == one) for one in (1, 2, 3, 4))
        object.__setattr__(self, "_by_round", tuple(rounds))

    @classmethod
    def parse(cls, given: Sequence[Mapping[str, Any]]) -> Rules:
        """From the argument `rules`. Raises ValueError."""
        return cls(tuple(map(Rule.parse, given)))

    def has(self, action: str) -> bool:
        """Does any rule do this?"""
        return any(action in rule.actions for rule in self.each)

    @cached_property
    def counts(self) -> bool:
        """Does any rule ask how often it ran?"""
        return any(rule.kind in ("runs", "reruns", "failures") for rule in self.each)

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """What is looked for in the output."""
        return tuple(dict.fromkeys(rule.pattern for rule in self.each if rule.kind == "output"))

    @property
    def effects(self) -> tuple[str, ...]:
        """All that any end may change, order, set or tell."""
        return tuple(a for rule in self.each for a in rule.actions if a not in _WORDS)

    def fired(self, end: End) -> Fired:
        """The three rounds, and what comes behind them."""
        ok, for_good = end.ok, False
        actions: list[str] = []
        for rules in self._by_round:
            here = [a for rule in rules if rule.applies(end, ok) for a in rule.actions]
            actions += here
            for_good |= "notok" in here
            if not end.stays:
                ok = not for_good and (ok or "ok" in here)
        return Fired(ok, tuple(actions))


class FollowedUp:
    """Mixin: what follows the ends of a job or folder, as operators say it."""

    def follow_up(
        self, on_ok: Sequence[str], on_notok: Sequence[str], rules: Sequence[Mapping[str, Any]]
    ) -> None:
        """Take the arguments of these names. Raises ValueError, ConditionSyntaxError."""
        for text in (*on_ok, *on_notok):
            effect(text)
        if rules and on_notok:
            raise ValueError("beside `rules`, on_notok would come in no known order")
        self.on_ok, self.on_notok, self.rules = tuple(on_ok), tuple(on_notok), tuple(rules)
        self._rules = Rules.parse(self.rules)

    @property
    def effects(self) -> tuple[str, ...]:
        """All that any end of it may change, order, set or tell."""
        return (*self.on_ok, *self.on_notok, *self._rules.effects)


class Ear:
    """Which patterns the lines of one execution hold: however long it talks, nothing is kept."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._left = {pattern: _pieces(pattern) for pattern in patterns}
        self._heard: set[str] = set()

    @property
    def heard(self) -> frozenset[str]:
        """The patterns that were matched so far."""
        return frozenset(self._heard)

    def hear(self, line: bytes) -> None:
        """One line of output, without its end; an empty one is none."""
        if not line:
            return
        for pattern in [p for p, pieces in self._left.items() if _holds(line, pieces)]:
            self._heard.add(pattern)
            del self._left[pattern]


def _pieces(pattern: str) -> list[re.Pattern[bytes]]:
    """`*` stands for any characters, `?` and `$` for one (CTM-072); a part of a line is enough."""
    pieces = [piece.encode("utf-8", "surrogateescape") for piece in pattern.split("*") if piece]
    return [re.compile(re.sub(rb"\\?[?$]", b".", re.escape(p)), re.DOTALL) for p in pieces]


def _holds(line: bytes, pieces: Sequence[re.Pattern[bytes]]) -> bool:
    """One after the other: between two stars the first place is as good as any."""
    at = 0
    for piece in pieces:
        found = piece.search(line, at)
        if found is None:
            return False
        at = found.end()
    return True
