"""Local time to instants and back, with the gaps and overlaps of DST made explicit (JIL-149).

Instants are integer seconds since 1970-01-01T00:00Z. A *local* time is the same count with the
zone's offset added: what a wall clock shows. Zone data come from the pinned package `tzdata`, so
that all machines agree; the operating system's files are never read.

A zone is named by an IANA name, by a fixed offset `+05:30`, or by a POSIX TZ string with explicit
rules (`CET-1CEST,M3.5.0,M10.5.0/3`): the three forms into which hoist resolves JIL-148.
"""

from __future__ import annotations

import re
import struct
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from io import BytesIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)
_FIXED = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)
_POSIX = re.compile(
    r"[A-Za-z<][^,\x00-\x20]*,[MJ0-9][^,\x00-\x20]*,[MJ0-9][^,\x00-\x20]*\Z", re.ASCII
)
_IANA = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*\Z", re.ASCII)


class UnknownZone(ValueError):
    """A name that is neither an IANA zone, a fixed offset, nor a POSIX string with rules."""


class Moment(NamedTuple):
    """What a local time means: `first == second` unless the zone repeats or skips it.

    `skipped`: both are the first instant after the gap, and `gap_start` is the local time at which
    the gap begins; else `first` and `second` are the two passes.
    """

    first: int
    second: int
    skipped: bool = False


def _posix_zone(text: str) -> tzinfo:
    """A zone that follows a POSIX TZ string: a TZif file whose footer is all it says."""
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1)
    v1 = header + struct.pack(">lbb", 0, 0, 0) + b"\0"
    try:
        return ZoneInfo.from_file(BytesIO(v1 + v1 + b"\n" + text.encode("ascii") + b"\n"))
    except (ValueError, KeyError) as error:
        raise UnknownZone(f"{text!r} is not a POSIX time zone: {error}") from error


def _tzinfo(name: str) -> tzinfo:
    if match := _FIXED.match(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(offset if sign == "+" else -offset)
    if _POSIX.match(name):
        return _posix_zone(name)
    if not _IANA.match(name):
        raise UnknownZone(f"unknown time zone {name!r}")
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        with place.open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise UnknownZone(f"unknown time zone {name!r}") from error


class Zone:
    """One time zone. Equal names give the same object (`zone()`)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._info = _tzinfo(name)
        self._utc = timezone.utc

    def offset_at(self, instant: int) -> int:
        """Seconds east of UTC at an instant."""
        moment = datetime.fromtimestamp(instant, self._info)
        return _seconds(moment.utcoffset())

    def local(self, instant: int) -> int:
        """What the wall clock shows at an instant."""
        return instant + self.offset_at(instant)

    def at(self, local: int) -> Moment:
        """The instants of a local time."""
        wall = _EPOCH + timedelta(seconds=local)
        before = _seconds(wall.replace(tzinfo=self._info, fold=0).utcoffset())
        after = _seconds(wall.replace(tzinfo=self._info, fold=1).utcoffset())
        if before >= after:
            return Moment(local - before, local - after)
        end = self._change(local - after, local - before)
        return Moment(end, end, skipped=True)

    def _change(self, low: int, high: int) -> int:
        """The first instant of (low, high] whose offset is that of `high`."""
        target = self.offset_at(high)
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset_at(middle) == target:
                high = middle
            else:
                low = middle
        return high

    def changes(self, start: int, end: int) -> list[int]:
        """The instants in [start, end) from which the zone's offset is another one.

        Found by looking every twelve hours: two changes that cancel within half a day are missed,
        and no zone has had such since 1970.
        """
        found = []
        step = 43200
        low, offset = start - 1, self.offset_at(start - 1)
        while low < end - 1:
            high = min(low + step, end - 1)
            now = self.offset_at(high)
            if now != offset:
                found.append(self._change(low, high))
                offset = now
            low = high
        return found


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None
    return offset.days * 86400 + offset.seconds


@cache
def zone(name: str) -> Zone:
    """The zone of that name.

    Raises `UnknownZone`.
    """
    return Zone(name)


def to_instant(moment: datetime) -> int:
    """Seconds since the epoch of an aware datetime; a fraction of a second is cut off."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime is no instant")
    delta = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return delta.days * 86400 + delta.seconds


def to_datetime(instant: int) -> datetime:
    """The UTC datetime of an instant."""
    return datetime.fromtimestamp(instant, timezone.utc)
