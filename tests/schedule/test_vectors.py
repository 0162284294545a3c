"""The golden vectors hold for the shims' engine and for an oracle that shares no code with it."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
sys.path[:0] = [str(HERE), str(VECTORS)]
# The pinned package `tzdata`, whose release hoist embeds, not whatever the system has installed.
reset_tzpath(to=())

import generate  # noqa: E402
import oracle  # noqa: E402


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def short(moments: list[datetime]) -> list[str]:
    return [moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in moments]


def test_calendars_jil157_jil158() -> None:
    stored = load("calendars.json")
    assert stored["cases"] == list(generate.rule_cases())
    for case in stored["cases"]:
        known = {**stored["calendars"], "X": case["calendar"]}
        found = [day.strftime("%m%d") for day in oracle.calendar_days("X", known, case["year"])]
        assert " ".join(found) == case["days"], case["calendar"]


def test_ticks_jil149() -> None:
    stored = load("ticks.json")
    assert stored["cases"] == list(generate.tick_cases())
    for case in stored["cases"]:
        schedule = {**case["schedule"], "calendars": stored["calendars"]}
        start, end = oracle.utc(case["from"]), oracle.utc(case["to"])
        found = oracle.calendar_ticks(schedule, start, end)
        assert short(found) == case["ticks"], case["schedule"]


def test_cron002_cron008() -> None:
    stored = load("cron.json")
    assert stored["cases"] == list(generate.cron_cases())
    for case in stored["cases"]:
        place = ZoneInfo(case["timezone"])
        start, end = oracle.utc(case["from"]), oracle.utc(case["to"])
        found = oracle.cron_ticks(case["expression"], place, start, end)
        assert short(found) == case["ticks"], (case["expression"], case["timezone"], case["from"])


def test_windows_jil150_jil151() -> None:
    assert load("windows.json")["cases"] == json.loads(json.dumps(list(generate.window_cases())))


def test_order_dates_ctm040() -> None:
    """The C++ engine is the other side (OrderVectorsTest.cpp), with readings of its own tests."""
    stored = load("orders.json")
    assert stored["cases"] == json.loads(json.dumps(list(generate.order_cases())))
    days = {json.dumps(case["criteria"]): case["days"].split() for case in stored["cases"]}
    # CTM-043's example and C12, by hand.
    plus = days['{"days": "+1 -6", "calendar": "WORK"}']
    assert plus[:5] == ["0101", "0102", "0105", "0107", "0108"]
    assert days['{"days": "1", "calendar": "WORK"}'] == ["0401", "0601"]
    assert days['{"days": ">1 <15", "calendar": "WORK"}'][:2] == ["0102", "0115"]


def test_zones_against_the_standard_library() -> None:
    """Offsets of every zone at pseudo-random instants; and what the C++ test compares with."""
    stored = load("zones.json")
    assert stored == generate.zone_hashes(stored["samples"])
    for name in stored["zones"]:
        place, ours = ZoneInfo(name), generate.zone(name)
        # Since 1995: for two zones the system's older history is another one.
        for instant in [i for i in generate.samples(80) if i > 788918400]:
            offset = datetime.fromtimestamp(instant, timezone.utc).astimezone(place).utcoffset()
            assert offset is not None
            assert ours.offset_at(instant) == offset.total_seconds(), (name, instant)


@pytest.mark.parametrize("year", [2026, 2027])
def test_weekdays_of_the_oracle_and_ours_agree_on_plain_years(year: int) -> None:
    known: dict[str, dict[str, Any]] = {"X": {"kind": "extended", "condition": "MON#2 | FOMWORK"}}
    ours = generate.Calendars(known).get("X").days_of(year)
    theirs = oracle.calendar_days("X", known, year)
    assert [date.fromordinal(d + generate.UNIX_DAY) for d in sorted(ours)] == theirs
