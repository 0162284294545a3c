"""The clock as an interface: everything that asks for the time asks one of these."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Clock(Protocol):
    """Tells the present instant, aware, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)


class VirtualClock:
    """A clock that moves only when told: tests and replays own time."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(timezone.utc)

    def now(self) -> datetime:
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to `instant` (aware)."""
        self._now = instant.astimezone(timezone.utc)

    def advance(self, **delta: float) -> None:
        """Move on by `timedelta(**delta)`."""
        self._now += timedelta(**delta)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC: the form in which the ledger stores an aware instant."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {instant!r}")
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant(value: int) -> datetime:
    """The inverse of `micros`."""
    return _EPOCH + timedelta(microseconds=value)
