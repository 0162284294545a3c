"""Date-condition rules of extended calendars: tokens, their combination, their days (JIL-157).

A rule is parsed once; `Rule.days(year, facts)` gives the days of one year as a bit mask (bit 0 =
1 January). Pinned where the sources are silent:

- Without parentheses `&` and `|` apply from left to right; a comma unites whole rules.
- An exclusion (`XFOM`, `MNTHDX15`, `NOT MON`) always takes days away: under `&` from what stands
  left of it, under `|` and a comma from all that it stands with. A rule of
  exclusions only takes them from every day.
- `WORKD…`, `FOMWORK`, `EOMWORK`, `CWRK…` count the days of `WORKDAYS`, `FOMWEEK` and `EOMWEEK`
  those of `WEEKDAYS`; both drop the dates of the holiday calendar.
- `M01` and `#L` are the last. Weeks of the year are blocks of seven days from 1 January; with an
  anchor (`WEKRMON#02`, `WEKR1#02`) week 1 begins on the first such weekday of the year, and days
  before it are in no week.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MAX_DEPTH = 100
UNIX_DAY = date(1970, 1, 1).toordinal()


class RuleError(ValueError):
    """A rule that cannot be read. `offset` counts characters from the start of the rule."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at character {offset + 1})")
        self.offset = offset


@dataclass(frozen=True)
class Facts:
    """What a rule's tokens depend on besides the date."""

    workdays: int = 0b0111110
    """Bit 0 = Sunday; Monday to Friday unless said otherwise (JIL-156)."""
    holidays: frozenset[int] = frozenset()
    """Day numbers since 1970-01-01."""
    periods: tuple[tuple[int, int], ...] = ()
    """First and last day number of each period of the cycle, in order (JIL-159)."""


class Year:
    """The masks of one year that the tokens are made of."""

    def __init__(self, number: int, facts: Facts) -> None:
        self.number = number
        self.first = date(number, 1, 1).toordinal() - UNIX_DAY
        self.length = date(number + 1, 1, 1).toordinal() - UNIX_DAY - self.first
        self.facts = facts
        self.all = (1 << self.length) - 1
        self.first_weekday = (self.first + 4) % 7
        starts = [
            date(number, month, 1).toordinal() - UNIX_DAY - self.first for month in range(1, 13)
        ]
        self.months = list(zip(starts, [*starts[1:], self.length], strict=True))

    def mask(self, days: Iterable[int]) -> int:
        """The mask of those day numbers that lie in this year."""
        result = 0
        for day in days:
            if 0 <= day - self.first < self.length:
                result |= 1 << (day - self.first)
        return result

    def weekday(self, number: int) -> int:
        """All days of one weekday, 0 = Sunday."""
        return sum(1 << day for day in range((number - self.first_weekday) % 7, self.length, 7))

    def of_weekdays(self, bits: int) -> int:
        """All days of several weekdays, bit 0 = Sunday."""
        return sum(self.weekday(number) for number in range(7) if bits >> number & 1)

    def holidays(self) -> int:
        return self.mask(self.facts.holidays)

    def workdays(self) -> int:
        return self.of_weekdays(self.facts.workdays) & ~self.holidays()

    def weekdays(self) -> int:
        return self.of_weekdays(0b0111110) & ~self.holidays()

    def span(self, begin: int, end: int) -> int:
        """Days begin ≤ day < end, counted from 0."""
        begin, end = max(begin, 0), min(end, self.length)
        return ((1 << end) - 1) ^ ((1 << begin) - 1) if begin < end else 0

    def month(self, index: int) -> int:
        return self.span(*self.months[index])

    def nth_of_months(self, base: int, nth: Nth) -> int:
        """In each month the nth day of `base`."""
        return sum(_pick(base & self.month(month), nth) for month in range(12))


@dataclass(frozen=True)
class Nth:
    """An ordinal: the nth from the start, or from the end (1 = last)."""

    number: int
    from_end: bool = False


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _pick(mask: int, nth: Nth) -> int:
    days = _bits(mask)
    if not 1 <= nth.number <= len(days):
        return 0
    return 1 << days[-nth.number if nth.from_end else nth.number - 1]


_Days = Callable[[Year], int]


@dataclass
class _Value:
    """The days of a part of a rule; `include is None`: only exclusions so far."""

    include: int | None
    exclude: int = 0


@dataclass
class _Node:
    """A token (`days`) or a parenthesised chain (`parts` of operator and node)."""

    days: _Days | None = None
    negated: bool = False
    parts: list[tuple[str, _Node]] = field(default_factory=list)

    def value(self, year: Year) -> _Value:
        result = _Value(self.days(year)) if self.days is not None else self._chain(year)
        if self.negated:
            # NOT before a chain of exclusions gives back what they take away.
            if result.include is None:
                return _Value(result.exclude)
            return _Value(None, result.include)
        return result

    def _chain(self, year: Year) -> _Value:
        _, head = self.parts[0]
        left = head.value(year)
        taken = 0
        for operator, node in self.parts[1:]:
            right = node.value(year)
            if operator == "&":
                if right.include is None:
                    if left.include is None:
                        left.exclude |= right.exclude
                    else:
                        left.include &= ~right.exclude
                elif left.include is None:
                    left = _Value(right.include & ~left.exclude)
                else:
                    left.include &= right.include
            elif right.include is None:
                taken |= right.exclude
            elif left.include is None:
                taken |= left.exclude
                left = _Value(right.include)
            else:
                left.include |= right.include
        if left.include is None:
            return _Value(None, left.exclude | taken)
        return _Value(left.include & ~taken)


class Rule:
    """A parsed rule. `needs_cycle`: a token asks for the cycle."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.needs_cycle = False
        self._root = _Parser(text, self).parse()

    def days(self, year: Year) -> int:
        """The days of a year as a mask, bit 0 = 1 January."""
        if self._root is None:  # no condition: every day
            return year.all
        value = self._root.value(year)
        if value.include is None:
            return year.all & ~value.exclude
        return value.include & year.all


_WORD = re.compile(r"[A-Za-z0-9#]+", re.ASCII)


class _Parser:
    def __init__(self, text: str, rule: Rule) -> None:
        self.rule = rule
        self.text = text
        self.tokens: list[tuple[str, int]] = []
        self.at = 0
        self._scan(text)

    def _scan(self, text: str) -> None:
        position = 0
        while position < len(text):
            char = text[position]
            if char in " \t\r\n":
                position += 1
                continue
            if char in "&|,(){}":
                symbol = {"{": "(", "}": ")"}.get(char, char)
                self.tokens.append((symbol, position))
                position += 1
                continue
            match = _WORD.match(text, position)
            if match is None:
                raise RuleError(f"unexpected character {char!r} in a calendar rule", position)
            word = match.group().upper()
            self.tokens.append(({"AND": "&", "OR": "|"}.get(word, word), position))
            position = match.end()

    def parse(self) -> _Node | None:
        if not self.tokens:
            return None
        node = self._union(0)
        if self.at < len(self.tokens):
            symbol, offset = self.tokens[self.at]
            if symbol == ")":
                raise RuleError("`)` without `(` in a calendar rule", offset)
            raise RuleError(f"expected `&` or `|` before `{symbol}`", offset)
        return node

    def _peek(self) -> tuple[str, int]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", len(self.text))

    def _union(self, depth: int) -> _Node:
        node = _Node(parts=[("", self._chain(depth))])
        while self._peek()[0] == ",":
            self.at += 1
            node.parts.append(("|", self._chain(depth)))
        return node

    def _chain(self, depth: int) -> _Node:
        node = _Node(parts=[("", self._term(depth))])
        while self._peek()[0] in ("&", "|"):
            operator, _ = self._peek()
            self.at += 1
            node.parts.append((operator, self._term(depth)))
        return node

    def _term(self, depth: int) -> _Node:
        symbol, offset = self._peek()
        if symbol == "NOT":
            self.at += 1
            if self._peek()[0] == "NOT":
                raise RuleError("`NOT NOT` in a calendar rule", self._peek()[1])
            node = self._term(depth)
            node.negated = not node.negated
            return node
        if symbol == "(":
            if depth >= _MAX_DEPTH:
                raise RuleError(f"calendar rule nests deeper than {_MAX_DEPTH}", offset)
            self.at += 1
            node = self._union(depth + 1)
            if self._peek()[0] != ")":
                raise RuleError("missing `)` in a calendar rule", self._peek()[1])
            self.at += 1
            return node
        if symbol in ("", "&", "|", ",", ")"):
            raise RuleError("a date keyword is missing in a calendar rule", offset)
        self.at += 1
        return self._keyword(symbol, offset)

    def _keyword(self, word: str, offset: int) -> _Node:
        plain = _PLAIN.get(word)
        if plain is not None:
            self.rule.needs_cycle |= word == "CYCLE"
            return _Node(days=plain)
        if word[0] == "X" and word[1:] in _PREFIX_EXCLUDED:
            return _Node(days=_PLAIN[word[1:]], negated=True)
        for family in _FAMILIES:
            if match := family.pattern.fullmatch(word):
                return self._ordinal(family, match, word, offset)
        raise RuleError(f"unknown date keyword `{word}`", offset)

    def _ordinal(self, family: _Family, match: re.Match[str], word: str, offset: int) -> _Node:
        parts = match.groupdict()
        digits = parts["n"]
        excluded = bool(parts.get("x")) or parts["how"] == "X"
        self.rule.needs_cycle |= family.cycle
        if digits in ("E", "O"):
            return _Node(days=_parity(family, digits == "E"), negated=excluded)
        # More digits than any limit has are too many, whatever they say.
        number = 1 if digits == "L" else int(digits.lstrip("0")[:9] or 0)
        if not 1 <= number <= family.limit:
            raise RuleError(f"`{word}`: the number must be 1 to {family.limit}", offset)
        nth = Nth(number, from_end=parts["how"] == "M" or digits == "L")
        return _Node(days=family.days(nth, parts.get("name") or ""), negated=excluded)


_PLAIN: dict[str, _Days] = {
    "DAILY": lambda year: year.all,
    "WORKDAYS": Year.workdays,
    "WEEKDAYS": Year.weekdays,
    "FOMWORK": lambda year: year.nth_of_months(year.workdays(), Nth(1)),
    "EOMWORK": lambda year: year.nth_of_months(year.workdays(), Nth(1, from_end=True)),
    "FOMWEEK": lambda year: year.nth_of_months(year.weekdays(), Nth(1)),
    "EOMWEEK": lambda year: year.nth_of_months(year.weekdays(), Nth(1, from_end=True)),
    "FOM": lambda year: year.nth_of_months(year.all, Nth(1)),
    "EOM": lambda year: year.nth_of_months(year.all, Nth(1, from_end=True)),
    "CYCLE": lambda year: sum_of_periods(year, lambda first, last: range(first, last + 1)),
}
for _index, _name in enumerate(_WEEKDAYS):
    _PLAIN[_name] = lambda year, index=_index: year.weekday(index)  # type: ignore[misc]
for _index, _name in enumerate(_MONTHS):
    _PLAIN[_name] = lambda year, index=_index: year.month(index)  # type: ignore[misc]

_PREFIX_EXCLUDED = frozenset({"FOM", "EOM", "FOMWORK", "EOMWORK", "FOMWEEK", "EOMWEEK"})


def sum_of_periods(year: Year, days: Callable[[int, int], Iterable[int]]) -> int:
    """The union over the cycle's periods of the days chosen in each, as far as in this year."""
    result = 0
    for first, last in year.facts.periods:
        if last >= year.first and first < year.first + year.length:
            result |= year.mask(days(first, last))
    return result


@dataclass(frozen=True)
class _Family:
    pattern: re.Pattern[str]
    limit: int
    days: Callable[[Nth, str], _Days]
    cycle: bool = False


def _parity(family: _Family, even: bool) -> _Days:
    """`WEEK#E`, `CWEEK#O` …: every second week, counted from 1."""

    def days(year: Year) -> int:
        result = 0
        for number in range(2 if even else 1, 54, 2):
            result |= family.days(Nth(number), "")(year)
        return result

    return days


def _day_of_week(nth: Nth, _: str) -> _Days:
    position = 7 - nth.number if nth.from_end else nth.number - 1
    return lambda year: sum(1 << day for day in range(position, year.length, 7))


def _week_of_year(nth: Nth, anchor: str) -> _Days:
    """`anchor`: a weekday's name, its digit (1 = Monday), or empty for that of 1 January."""

    def days(year: Year) -> int:
        start = 0
        if anchor:
            weekday = int(anchor) % 7 if anchor.isdigit() else _WEEKDAYS.index(anchor)
            start = (weekday - year.first_weekday) % 7
        weeks = (year.length - 1 - start) // 7 + 1
        week = weeks - nth.number if nth.from_end else nth.number - 1
        if not 0 <= week < weeks:
            return 0
        return year.span(start + 7 * week, start + 7 * week + 7)

    return days


def _of_period(choose: Callable[[Year, int, int], list[int]]) -> Callable[[Nth], _Days]:
    """In each period of the cycle the nth of the days that `choose` lists."""

    def make(nth: Nth) -> _Days:
        def of(year: Year, first: int, last: int) -> list[int]:
            days = choose(year, first, last)
            if nth.number > len(days):
                return []
            return [days[-nth.number if nth.from_end else nth.number - 1]]

        return lambda year: sum_of_periods(year, lambda first, last: of(year, first, last))

    return make


def _workdays_between(year: Year, first: int, last: int) -> list[int]:
    facts = year.facts
    return [
        day
        for day in range(first, last + 1)
        if facts.workdays >> ((day + 4) % 7) & 1 and day not in facts.holidays
    ]


def _weekday_between(name: str) -> Callable[[Year, int, int], list[int]]:
    weekday = _WEEKDAYS.index(name)
    return lambda _, first, last: [d for d in range(first, last + 1) if (d + 4) % 7 == weekday]


def _week_of_period(nth: Nth, _: str) -> _Days:
    """Blocks of seven days from the period's first; the last one may be short (JIL-159)."""

    def of(first: int, last: int) -> Iterable[int]:
        weeks = (last - first) // 7 + 1
        week = weeks - nth.number if nth.from_end else nth.number - 1
        if not 0 <= week < weeks:
            return ()
        return range(first + 7 * week, min(first + 7 * week + 6, last) + 1)

    return lambda year: sum_of_periods(year, of)


def _nth_period(nth: Nth, _: str) -> _Days:
    def days(year: Year) -> int:
        periods = year.facts.periods
        if nth.number > len(periods):
            return 0
        first, last = periods[-nth.number if nth.from_end else nth.number - 1]
        return year.mask(range(max(first, year.first), min(last, year.first + year.length) + 1))

    return days


def _family(
    pattern: str, limit: int, days: Callable[[Nth, str], _Days], *, cycle: bool = False
) -> _Family:
    return _Family(re.compile(pattern, re.ASCII), limit, days, cycle)


_WD = "SUN|MON|TUE|WED|THU|FRI|SAT"
_MM = "|".join(_MONTHS)
_FAMILIES = (
    _family(
        r"WORKD(?P<how>[#M])(?P<n>\d+|L)",
        31,
        lambda nth, _: lambda year: year.nth_of_months(year.workdays(), nth),
    ),
    _family(r"WEEKD(?P<how>[#MX])(?P<n>\d+|L)", 7, _day_of_week),
    _family(r"WEEK(?P<how>[#MX])(?P<n>\d+|L)", 53, _week_of_year),
    _family(r"WEEK(?P<how>#)(?P<n>[EO])", 53, _week_of_year),
    _family(rf"WEKR(?P<name>[1-7]|{_WD})(?P<how>[#MX])(?P<n>\d+|L)", 53, _week_of_year),
    _family(
        r"MNTHD(?P<how>[#MX])(?P<n>\d+|L)",
        31,
        lambda nth, _: lambda year: year.nth_of_months(year.all, nth),
    ),
    _family(
        rf"(?P<x>X?)(?P<name>{_WD})(?P<how>[#M])(?P<n>\d+|L)",
        5,
        lambda nth, name: lambda year: year.nth_of_months(year.weekday(_WEEKDAYS.index(name)), nth),
    ),
    _family(
        rf"(?P<x>X?)(?P<name>{_MM})(?P<how>[#M])(?P<n>\d+|L)",
        31,
        lambda nth, name: lambda year: _pick(year.month(_MONTHS.index(name)), nth),
    ),
    _family(
        r"CYCL(?P<how>[#MX])(?P<n>\d+|L)",
        365,
        lambda nth, _: _of_period(lambda _, first, last: list(range(first, last + 1)))(nth),
        cycle=True,
    ),
    _family(r"CYCP(?P<how>#)(?P<n>\d+|L)", 30, _nth_period, cycle=True),
    _family(r"CWEEK(?P<how>[#MX])(?P<n>\d+|L)", 53, _week_of_period, cycle=True),
    _family(r"CWEEK(?P<how>#)(?P<n>[EO])", 53, _week_of_period, cycle=True),
    _family(
        r"CWRK(?P<how>[#MX])(?P<n>\d+|L)",
        365,
        lambda nth, _: _of_period(_workdays_between)(nth),
        cycle=True,
    ),
    _family(
        rf"(?P<x>X?)C(?P<name>{_WD})(?P<how>[#M])(?P<n>\d+|L)",
        53,
        lambda nth, name: _of_period(_weekday_between(name))(nth),
        cycle=True,
    ),
)
