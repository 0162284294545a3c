"""Variables of Control-M in command lines, parameters and messages (CTM-100 to CTM-105).

`%%NAME` is replaced by its value when the job is submitted, or when a rule of its end acts: a date
of the order, a date of the clock, a variable of the definition, whose value may hold variables
again, or what somebody has set. `%%A.%%B` joins two values, `%%A..` ends a name and leaves a dot.
What else could end a name is not decided here: hoist does not translate a job in which it occurs
(docs/decisions.md), so it is an error. The value of a variable may be one function of
blank-separated arguments, `%%SUBSTR %%ODATE 3 4`, or `%%A %%PLUS 1` (CTM-103).

The same in C++: frontend/ir/AutoEdit.cpp. tests/vectors/autoedit.json holds both to it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from hoist_airflow.schedule.orders import date_of
from hoist_airflow.schedule.zones import to_datetime, to_instant

if TYPE_CHECKING:
    from hoist_airflow.schedule.orders import OrderTicks

_WORD = r"[A-Za-z][A-Za-z0-9_]*"
_WHOLE = rf"\${_WORD}|\\\\{_WORD}\\{_WORD}|\\{{0,2}}{_WORD}"
_NAME = re.compile(rf"%%({_WHOLE})(\.(?=%%)|\.\.|(?![A-Za-z0-9_$#@.\\%-]|[^\x00-\x7f]))")
_SETTING = re.compile(rf"%%({_WHOLE})=(.*)", re.DOTALL)
_FUNCTION = re.compile(r"%%(SUBSTR|\$?CALCDATE|\$CALCDTE) +(.*?) *", re.DOTALL)
_OPERATOR = re.compile(r"(.*?) %%(PLUS|MINUS) (.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
_QUANTITY = re.compile(r"(?:([+-])([DMY])|([+-]?))([0-9]{1,4})")
_POSITION = re.compile(r"[+-]?[0-9]{1,6}")
_DEEPEST = 20
_LONGEST = 1_000_000


class UndefinedVariable(ValueError):
    """A `%%NAME` that nothing gives a value; the job ends NOTOK (CTM-104)."""


@dataclass(frozen=True)
class Moment:
    """What the dates and numbers of an order are read from."""

    day: int
    now: datetime
    ticks: OrderTicks
    runs: int = 1
    """Executions of the order, this one among them."""
    order_id: str = ""

    def local(self) -> datetime:
        """What the server's clock shows."""
        return to_datetime(self.ticks.zone.local(to_instant(self.now)))


@dataclass(frozen=True, slots=True)
class Setting:
    r"""`%%NAME=value`: what a statement gives a variable, of the scope that its name says."""

    name: str
    r"""With all in front of it: `%%LOCAL`, `%%\GLOBAL`, `%%\\FOLDER`, `%%\\POOL\NAME`."""
    value: str

    @classmethod
    def parse(cls, text: str) -> Setting:
        """Raises ValueError."""
        found = _SETTING.fullmatch(text)
        if found is None:
            raise ValueError(f"expected `%%NAME=value`, not {text!r}")
        return cls(f"%%{found[1]}", found[2])

    @property
    def is_local(self) -> bool:
        """Of the order of the job."""
        return not self.name.startswith("%%\\")

    @property
    def is_of_folder(self) -> bool:
        """Of the order of the SMART folder around the job."""
        return self.name.startswith("%%\\\\") and "\\" not in self.name[4:]


def _date(of: str, form: str) -> Callable[[Moment], str]:
    def day(moment: Moment) -> date:
        if of == "O":
            return date_of(moment.day)
        if of == "R":
            return date_of(moment.ticks.day_of(to_instant(moment.now)))
        return moment.local().date()

    return lambda moment: day(moment).strftime(form)


_PARTS = {
    "DATE": "%y%m%d",
    "DAY": "%d",
    "MONTH": "%m",
    "YEAR": "%y",
    "JULDAY": "%j",
}
_LONG_PARTS = {"DATE": "%Y%m%d", "YEAR": "%Y"}

SYSTEM: dict[str, Callable[[Moment], str]] = {
    **{f"{of}{part}": _date(of, form) for of in ("", "O", "R") for part, form in _PARTS.items()},
    **{
        f"${of}{part}": _date(of, form)
        for of in ("", "O", "R")
        for part, form in _LONG_PARTS.items()
    },
    "TIME": lambda moment: moment.local().strftime("%H%M%S"),
    "BLANK": lambda _moment: " ",
    "RUNCOUNT": lambda moment: str(moment.runs),
    "RN": lambda moment: str(moment.runs),
    "ORDERID": lambda moment: moment.order_id,
}
"""CTM-101."""

Stored = Callable[[str], str | None]
r"""What somebody has set, by the name with all in front of it (`%%\GLOBAL`); None: nothing."""


def _nothing(_name: str) -> None:
    return None


def resolve(
    text: str,
    variables: Mapping[str, str],
    moment: Moment,
    stored: Stored = _nothing,
    *,
    is_value: bool = False,
) -> str:
    r"""The text with all variables replaced. Raises UndefinedVariable.

    `variables` are those of the definition by name, those of the folder around the job as `\\NAME`;
    `is_value`: it is what a statement gives a variable, which may be a function.
    """
    resolution = _Resolution(variables, moment, stored)
    return resolution.value(text, 0) if is_value else resolution.text(text, 0)


@dataclass(frozen=True)
class _Resolution:
    variables: Mapping[str, str]
    moment: Moment
    stored: Stored
    made: dict[str, str] = field(default_factory=dict)
    """Once for each name: what stands for others twice would else double at each step."""

    def text(self, text: str, depth: int) -> str:
        if depth > _DEEPEST:
            raise UndefinedVariable("variables that stand for each other")
        out: list[str] = []
        at = size = 0
        while (start := text.find("%%", at)) >= 0:
            found = _NAME.match(text, start)
            if found is None:
                raise UndefinedVariable(
                    f"cannot tell which variable {text[start : start + 40]!r} names"
                )
            out += [text[at:start], self._value_of(found[1], depth), "." * (found[2] == "..")]
            size += len(out[-2])
            if size > _LONGEST:
                raise UndefinedVariable(f"%%{found[1]} makes too many letters")
            at = found.end()
        return "".join([*out, text[at:]])

    def value(self, text: str, depth: int) -> str:
        if found := _FUNCTION.fullmatch(text):
            name, wanted = found[1], 3 if found[1] == "SUBSTR" else 2
            given = [one for one in found[2].split(" ") if one]
        elif found := _OPERATOR.fullmatch(text):
            name, wanted = found[2], 2
            left, right = ([one for one in side.split(" ") if one] for side in (found[1], found[3]))
            given = [*left, *right] if len(left) == 1 else []
        else:
            return self.text(text, depth)
        if len(given) != wanted:
            raise UndefinedVariable(f"%%{name}: cannot tell what it means with so many arguments")
        arguments = [self.text(one, depth) for one in given]
        try:
            return _FUNCTIONS[name](*arguments)
        except (ValueError, OverflowError) as error:
            raise UndefinedVariable(f"%%{name} {' '.join(arguments)}: {error}") from error

    def _value_of(self, name: str, depth: int) -> str:
        if name not in self.made:
            self.made[name] = self._fresh_value_of(name, depth)
        return self.made[name]

    def _fresh_value_of(self, name: str, depth: int) -> str:
        """The narrowest scope counts: the order, its definition, its folder, the server."""
        if "\\" in name:
            order: tuple[str, ...] = (f"%%{name}", name)
        else:
            order = (f"%%{name}", name, f"%%\\\\{name}", f"\\\\{name}")
        for key in order:
            if key.startswith("%%"):
                if (value := self.stored(key)) is not None:
                    return value
            elif key in self.variables:
                return self.value(self.variables[key], depth + 1)
        if name in SYSTEM:
            return SYSTEM[name](self.moment)
        if "\\" not in name and (value := self.stored(f"%%\\{name}")) is not None:
            return value
        raise UndefinedVariable(f"%%{name} has no value")


def _substring(text: str, first: str, length: str) -> str:
    """The first letter is number 1."""
    if not text.isascii():
        raise ValueError(f"{text!r} has letters of which it is not sure how many they are")
    if not (_POSITION.fullmatch(first) and _POSITION.fullmatch(length)):
        raise ValueError("expected a position and a length")
    begin, count = int(first) - 1, int(length)
    if begin < 0 or count < 1 or begin + count > len(text):
        raise ValueError(f"{text!r} has no such part")
    return text[begin : begin + count]


def _add_days(given: str, days: str) -> str:
    """Both forms of a date, yymmdd and yyyymmdd, as it was given."""
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", days):
        raise ValueError("expected a number of days")
    return _moved(given, "D", int(days))


def _add_quantity(given: str, quantity: str) -> str:
    """`+3`, `-M1`, `+Y2`: days, months, years; a month that is too short ends it."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError("expected a quantity, as +3, -M1 or +Y2")
    count = int(found[4]) * (-1 if "-" in (found[1], found[3]) else 1)
    return _moved(given, found[2] or "D", count)


def _moved(given: str, unit: str, count: int) -> str:
    if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", given):
        raise ValueError("expected a date")
    form = "%y%m%d" if len(given) == 6 else "%Y%m%d"
    day = datetime.strptime(given, form).date()
    if unit == "D":
        return _written(day + timedelta(days=count), form)
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("there is no such year")
    last = monthrange(year, month + 1)[1]
    return _written(date(year, month + 1, min(day.day, last)), form)


def _written(day: date, form: str) -> str:
    return day.strftime(form) if form == "%y%m%d" else f"{day.year:04}{day:%m%d}"


def _sum(left: str, right: str, sign: int) -> str:
    if not (_NUMBER.fullmatch(left) and _NUMBER.fullmatch(right)):
        raise ValueError("expected two numbers")
    return str(int(left) + sign * int(right))


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "SUBSTR": _substring,
    "CALCDATE": _add_days,
    "$CALCDATE": _add_days,
    "$CALCDTE": _add_quantity,
    "PLUS": lambda left, right: _sum(left, right, 1),
    "MINUS": lambda left, right: _sum(left, right, -1),
}
"""CTM-103."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def order_id(number: int) -> str:
    """Five letters of base 36 (CTM-101)."""
    text = ""
    while number or len(text) < 5:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
