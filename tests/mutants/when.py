"""The condition language of gates (docs/runtime.md), as trees that can be damaged and printed again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

_TOKEN = re.compile(
    r"\s*(?:(?P<punct>[()&|])|(?P<atom>[sftdn]\((?:\\.|[^\\)])*\)"
    r"|[ev]\((?:\\.|[^\\)])*\)\s*(?:!=|<=|>=|=|<|>)\s*(?:\"(?:\\.|[^\"\\])*\"|[^\s&|()]+))|(?P<word>true|false))"
)
_ATOM = re.compile(
    r"(?P<kind>[sftdnev])\((?P<name>(?:\\.|[^\\,)])*)(?:,\s*(?P<lookback>[^)]*))?\)\s*(?P<test>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Atom:
    """`kind(name, lookback) test`; kind "" is the constant `test`."""

    kind: str
    name: str = ""
    lookback: str | None = None
    test: str = ""

    def __str__(self) -> str:
        if not self.kind:
            return self.test
        lookback = "" if self.lookback is None else f", {self.lookback}"
        return f"{self.kind}({self.name}{lookback}){' ' + self.test if self.test else ''}"


@dataclass(frozen=True)
class Join:
    """Operands of `&` or of `|`."""

    operator: str
    operands: tuple[When, ...]

    def __str__(self) -> str:
        texts = [f"({one})" if isinstance(one, Join) else str(one) for one in self.operands]
        return f" {self.operator} ".join(texts)


When = Atom | Join


def parse(text: str) -> When:
    """Raises ValueError."""
    tokens: list[str] = []
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"{text!r} at {place}")
        tokens.append(found.group().strip())
        place = found.end()
    tokens.reverse()

    def operand() -> When:
        token = tokens.pop()
        if token == "(":
            inside = expression()
            if tokens.pop() != ")":
                raise ValueError(text)
            return inside
        if token in ("true", "false"):
            return Atom("", test=token)
        found = _ATOM.fullmatch(token)
        if found is None:
            raise ValueError(token)
        return Atom(found["kind"], found["name"], found["lookback"], found["test"])

    def expression() -> When:
        operands = [operand()]
        operator = ""
        while tokens and tokens[-1] in "&|":
            if operator not in ("", tokens[-1]):
                raise ValueError(f"{text!r}: & and | without parentheses")
            operator = tokens.pop()
            operands.append(operand())
        return Join(operator, tuple(operands)) if operator else operands[0]

    whole = expression()
    if tokens:
        raise ValueError(text)
    return whole


def atoms(when: When) -> Iterator[Atom]:
    """From left to right."""
    if isinstance(when, Atom):
        yield when
    else:
        for one in when.operands:
            yield from atoms(one)


def places(when: When) -> Iterator[tuple[When, Callable[[When], When]]]:
    """Each node with what puts another in its place."""
    yield when, lambda new: new
    if isinstance(when, Join):
        for at, one in enumerate(when.operands):
            for node, put in places(one):

                def within(
                    new: When, at: int = at, put: Callable[[When], When] = put, when: Join = when
                ) -> When:
                    changed = (*when.operands[:at], put(new), *when.operands[at + 1 :])
                    return replace(when, operands=changed)

                yield node, within
