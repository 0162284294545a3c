"""`run_window`: may a start happen now, at the next opening, or not any more (JIL-149…151)?"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, NamedTuple

from hoist_airflow.schedule.zones import Moment, Zone, to_datetime, to_instant, zone

_DAY = 86400
_WINDOW = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\Z", re.ASCII)


class WindowDecision(NamedTuple):
    """`at`: the opening to wait for, only with `wait_until`."""

    kind: Literal["run_now", "wait_until", "not_today"]
    at: datetime | None = None


def parse_window(text: str) -> tuple[int, int]:
    """Opening and closing minute of the day of `"hh:mm-hh:mm"`. Raises `ValueError`."""
    match = _WINDOW.match(text.strip())
    if match is None:
        raise ValueError(f"not a run window: {text!r}")
    h1, m1, h2, m2 = (int(part) for part in match.groups())
    if h1 > 23 or h2 > 23 or m1 > 59 or m2 > 59:
        raise ValueError(f"not a run window: {text!r}")
    return h1 * 60 + m1, h2 * 60 + m2


def window_decision(window: str, timezone: str, now: datetime) -> WindowDecision:
    """What `run_window` says to a start that is processed at `now` (aware).

    Inside (both end minutes included): now. Outside: nearer to the next opening, or half-way: wait
    for it; nearer to the previous closing: not today, and the job becomes INACTIVE (JIL-151).
    Distances are elapsed time.
    """
    opening, closing = parse_window(window)
    place = zone(timezone)
    instant = to_instant(now)
    today = place.local(instant) // _DAY
    previous_close: int | None = None
    next_open: int | None = None
    for day in range(today - 3, today + 4):
        begin, end = interval(place, day, opening, closing)
        if begin <= instant < end + 60:
            return WindowDecision("run_now")
        if end <= instant:
            previous_close = end if previous_close is None else max(previous_close, end)
        elif begin > instant:
            next_open = begin if next_open is None else min(next_open, begin)
    assert previous_close is not None
    assert next_open is not None
    if next_open - instant <= instant - previous_close:
        return WindowDecision("wait_until", to_datetime(next_open))
    return WindowDecision("not_today")


def window_closing(window: str, timezone: str, inside: datetime) -> datetime | None:
    """The first instant after the window in which `inside` lies; None: it lies in none."""
    opening, closing = parse_window(window)
    place = zone(timezone)
    instant = to_instant(inside)
    today = place.local(instant) // _DAY
    for day in range(today - 3, today + 4):
        begin, end = interval(place, day, opening, closing)
        if begin <= instant < end + 60:
            return to_datetime(end + 60)
    return None


def next_opening(window: str, timezone: str, after: datetime) -> datetime:
    """The first opening later than `after`."""
    opening, closing = parse_window(window)
    place = zone(timezone)
    instant = to_instant(after)
    today = place.local(instant) // _DAY
    openings = (interval(place, day, opening, closing)[0] for day in range(today - 1, today + 4))
    return to_datetime(min(begin for begin in openings if begin > instant))


def interval(place: Zone, day: int, opening: int, closing: int) -> tuple[int, int]:
    """The instants of the opening and of the closing minute of the window that opens on `day`.

    Over DST (JIL-149): an opening in a gap moves to its end, in a repeated hour to the second pass;
    a closing in a gap keeps the distance to the wall time it would have had, in a repeated hour it
    is in the first pass, unless the window opens in that hour too.
    """
    local_open = day * _DAY + opening * 60
    local_close = day * _DAY + closing * 60 + (_DAY if closing < opening else 0)
    start = place.at(local_open)
    if local_close == local_open:
        return start.second, start.second
    finish = place.at(local_close)
    if finish.skipped:
        return start.second, _unshifted(place, local_close, finish)
    if finish.first != finish.second and start.first != start.second:
        return start.second, finish.second
    return start.second, finish.first


def _unshifted(place: Zone, local: int, moment: Moment) -> int:
    """A skipped local time, counted on with the offset that held before the gap."""
    return local - place.offset_at(moment.first - 1)
