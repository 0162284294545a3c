"""Variables of Control-M in command lines and parameters (CTM-100 to CTM-105).

`%%NAME` is replaced by its value when the job is submitted: a date of the order, a date of the
clock, or a variable of the definition, whose value may hold variables again. `%%A.%%B` joins two
values, `%%A..` ends a name and leaves a dot. What else could end a name is not decided here: hoist
does not translate a job in which it occurs (docs/decisions.md), so it is an error. The value of a
variable may be one function of blank-separated arguments: `%%SUBSTR %%ODATE 3 4` (CTM-103).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hoist_airflow.schedule.orders import date_of
from hoist_airflow.schedule.zones import to_datetime, to_instant

if TYPE_CHECKING:
    from hoist_airflow.schedule.orders import OrderTicks

_NAME = re.compile(
    r"%%(\$?[A-Za-z][A-Za-z0-9_]*)"
    r"(\.(?=%%)|\.\.|(?![A-Za-z0-9_$#@.\\%-]|[^\x00-\x7f]))"
)
_FUNCTION = re.compile(r"%%(SUBSTR|\$?CALCDATE|\$CALCDTE) +(.*?) *", re.DOTALL)
_DEEPEST = 20


class UndefinedVariable(ValueError):
    """A `%%NAME` that nothing gives a value; the job ends NOTOK (CTM-104)."""


@dataclass(frozen=True)
class Moment:
    """What the dates of an order are read from."""

    day: int
    now: datetime
    ticks: OrderTicks

    def local(self) -> datetime:
        """What the server's clock shows."""
        return to_datetime(self.ticks.zone.local(to_instant(self.now)))


def _order(form: str) -> Callable[[Moment], str]:
    return lambda moment: date_of(moment.day).strftime(form)


def _clock(form: str) -> Callable[[Moment], str]:
    return lambda moment: moment.local().strftime(form)


def _working(form: str) -> Callable[[Moment], str]:
    return lambda m: date_of(m.ticks.day_of(to_instant(m.now))).strftime(form)


SYSTEM: dict[str, Callable[[Moment], str]] = {
    "ODATE": _order("%y%m%d"),
    "$ODATE": _order("%Y%m%d"),
    "ODAY": _order("%d"),
    "OMONTH": _order("%m"),
    "OYEAR": _order("%y"),
    "$OYEAR": _order("%Y"),
    "DATE": _clock("%y%m%d"),
    "$DATE": _clock("%Y%m%d"),
    "TIME": _clock("%H%M%S"),
    "RDATE": _working("%y%m%d"),
    "BLANK": lambda _moment: " ",
}
"""CTM-101. The same names in C++: backend/airflow/AutoEdit.cpp."""


def resolve(text: str, variables: Mapping[str, str], moment: Moment, depth: int = 0) -> str:
    """The text with all variables replaced. Raises UndefinedVariable."""
    if depth > _DEEPEST:
        raise UndefinedVariable("variables that stand for each other")
    out: list[str] = []
    at = 0
    while (start := text.find("%%", at)) >= 0:
        out.append(text[at:start])
        found = _NAME.match(text, start)
        if found is None:
            raise UndefinedVariable(
                f"cannot tell which variable {text[start : start + 40]!r} names"
            )
        name, end = found[1], found[2]
        if name in variables:
            out.append(_value(variables[name], variables, moment, depth + 1))
        elif name in SYSTEM:
            out.append(SYSTEM[name](moment))
        else:
            raise UndefinedVariable(f"%%{name} has no value")
        if end == "..":
            out.append(".")
        at = found.end()
    out.append(text[at:])
    return "".join(out)


def _value(text: str, variables: Mapping[str, str], moment: Moment, depth: int) -> str:
    function = _FUNCTION.fullmatch(text)
    if function is None:
        return resolve(text, variables, moment, depth)
    name = function[1]
    arguments = [resolve(one, variables, moment, depth) for one in function[2].split(" ") if one]
    try:
        if name == "SUBSTR" and len(arguments) == 3:
            return _substring(*arguments)
        if name != "SUBSTR" and len(arguments) == 2:
            return _add_days(*arguments)
        raise ValueError("cannot tell what it means with so many arguments")
    except ValueError as error:
        raise UndefinedVariable(f"%%{name} {' '.join(arguments)}: {error}") from error


def _substring(text: str, first: str, length: str) -> str:
    """The first letter is number 1."""
    begin, count = int(first) - 1, int(length)
    if begin < 0 or count < 1 or begin + count > len(text):
        raise ValueError(f"{text!r} has no such part")
    return text[begin : begin + count]


def _add_days(date: str, days: str) -> str:
    """Both forms of a date, yymmdd and yyyymmdd, as it was given."""
    if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", date) or not re.fullmatch(r"[+-]?[0-9]{1,4}", days):
        raise ValueError("expected a date and a number of days")
    form = "%y%m%d" if len(date) == 6 else "%Y%m%d"
    return (datetime.strptime(date, form) + timedelta(days=int(days))).strftime(form)
