"""Calendar rules, dispositions, ticks over DST and run windows, as the semantics state them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from hoist_airflow.schedule.calendars import CalendarError, Calendars
from hoist_airflow.schedule.cron import CrontabTicks, parse_fields
from hoist_airflow.schedule.rules import UNIX_DAY, RuleError
from hoist_airflow.schedule.ticks import CalendarTicks, Ticks
from hoist_airflow.schedule.windows import window_decision
from hoist_airflow.schedule.zones import UnknownZone, zone

NY = "America/New_York"


def days(definition: dict[str, object], year: int = 2026, **others: dict[str, object]) -> list[str]:
    """The days of an extended calendar in a year, as mm-dd."""
    calendar = Calendars({"X": {"kind": "extended", **definition}, **others}).get("X")
    return [
        date.fromordinal(d + UNIX_DAY).strftime("%m-%d") for d in sorted(calendar.days_of(year))
    ]


def local_ticks(ticks: Ticks, start: str, end: str, place: str = NY) -> list[str]:
    """Ticks between two local times, as `dd hh:mm:ss offset`."""
    info = ZoneInfo(place)
    a, b = (int(datetime.fromisoformat(t).replace(tzinfo=info).timestamp()) for t in (start, end))
    return [datetime.fromtimestamp(t, info).strftime("%d %H:%M:%S %z") for t in ticks.between(a, b)]


HOLIDAYS = {"kind": "standard", "dates": ["2026-12-25", "2026-12-26"]}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("fom & mar", ["03-01"]),
        ("MNTHDM01 & FEB", ["02-28"]),
        ("MNTHD#0000000015 & FEB", ["02-15"]),
        ("MNTHD#L & FEB", ["02-28"]),
        ("MON#1 & JAN", ["01-05"]),
        ("MONM1 & MAY", ["05-25"]),
        ("JAN#1 | JANM01", ["01-01", "01-31"]),
        ("WEEK#01", [f"01-{d:02}" for d in range(1, 8)]),
        ("WEEKM01", ["12-31"]),
        ("WEKRMON#01", [f"01-{d:02}" for d in range(5, 12)]),
        ("WEKR1#01", [f"01-{d:02}" for d in range(5, 12)]),
        ("WEEKD#1 & JAN", ["01-01", "01-08", "01-15", "01-22", "01-29"]),
        ("{WORKD#1} & JAN", ["01-01"]),
        ("WORKD#L & JAN", ["01-30"]),
        ("EOMWORK & JAN", ["01-30"]),
        # Left to right: (A | B) & C, not A | (B & C).
        ("FOM | EOM & JAN", ["01-01", "01-31"]),
        ("(FOM & JAN) | (EOM & JAN)", ["01-01", "01-31"]),
        # Exclusions subtract, whatever stands before them (JIL-157).
        ("MON & JAN & XMON#1", ["01-12", "01-19", "01-26"]),
        ("MON & JAN & NOT MON#1", ["01-12", "01-19", "01-26"]),
        ("JAN & MON, XMON#1, JAN & MON#1", ["01-12", "01-19", "01-26"]),
    ],
)
def test_jil157_keywords(rule: str, expected: list[str]) -> None:
    assert days({"condition": rule}) == expected


def test_jil157_no_condition_is_every_day_and_a_lone_exclusion_takes_from_it() -> None:
    assert len(days({})) == 365
    assert len(days({"condition": "MNTHDX15"})) == 353


@pytest.mark.parametrize(
    ("rule", "offset"),
    [
        *[
            ("FOM &", 5),
            ("FOM EOM", 4),
            ("WORKDX01", 0),
            ("CWEK#1", 0),
            ("FOM | $", 6),
            ("(FOM", 4),
        ],
        # Nine digits say little about a number of ten.
        *[("MNTHD#999999999", 0), ("MNTHD#00000000112", 0), ("WORKD#0", 0), ("WEEK#4294967297", 0)],
        *[("MON#6", 0), ("MNTHD#0", 0), ("XMON", 0), ("FOM)", 3), ("(" * 200, 100), ("WEEK#54", 0)],
    ],
)
def test_jil157_bad_rules_say_where(rule: str, offset: int) -> None:
    with pytest.raises(CalendarError) as caught:
        days({"condition": rule})
    cause = caught.value.__cause__
    assert isinstance(cause, RuleError)
    assert cause.offset == offset


@pytest.mark.parametrize(
    ("holiday", "expected"), [("N", "12-26"), ("W", "12-28"), ("P", "12-24"), ("S", "12-25")]
)
def test_jil158_holiday_actions(holiday: str, expected: str) -> None:
    rule = {"condition": "DEC#25", "holiday": holiday, "holcal": "H"}
    assert days(rule, H=HOLIDAYS) == [expected]


def test_jil158_only_and_the_rest() -> None:
    only = {"condition": "DEC", "holiday": "O", "holcal": "H"}
    assert days(only, H=HOLIDAYS) == ["12-25", "12-26"]
    # Without holiday: a holcal date is a non-workday, whatever its weekday.
    weekend = {"condition": "DEC", "non_workday": "O", "holcal": "H"}
    assert "12-25" in days(weekend, H=HOLIDAYS)
    assert days({"condition": "MNTHD#01", "non_workday": "W"})[:3] == ["01-01", "02-02", "03-02"]
    assert days({"condition": "MNTHD#01", "adjust": -1})[-1] == "12-31"


def test_jil159_cycles() -> None:
    cycle = {
        "kind": "cycle",
        "periods": [["2026-01-10", "2026-02-05"], ["2026-07-01", "2026-07-10"]],
    }
    chosen = {"condition": "CWEEK#01", "cyccal": "C"}
    assert days(chosen, C=cycle) == [
        *(f"01-{d}" for d in range(10, 17)),
        *(f"07-{d:02}" for d in range(1, 8)),
    ]
    assert days({"condition": "CYCLM001", "cyccal": "C"}, C=cycle) == ["02-05", "07-10"]
    assert days({"condition": "CWRK#L", "cyccal": "C"}, C=cycle) == ["02-05", "07-10"]
    assert days({"condition": "CYCP#02 & CMON#1", "cyccal": "C"}, C=cycle) == ["07-06"]
    with pytest.raises(CalendarError, match="no cyccal"):
        days({"condition": "CYCLE"})


def test_v11_start_mins_in_both_passes() -> None:
    ticks = CalendarTicks(days="all", minutes="0 30", timezone=NY)
    assert local_ticks(ticks, "2026-11-01T01:00", "2026-11-01T02:00") == [
        "01 01:00:00 -0400",
        "01 01:30:00 -0400",
        "01 01:00:00 -0500",
        "01 01:30:00 -0500",
    ]


def test_v12_start_times_in_the_second_pass() -> None:
    ticks = CalendarTicks(days="all", times="01:15", timezone=NY)
    assert local_ticks(ticks, "2026-11-01T00:00", "2026-11-01T23:00") == ["01 01:15:00 -0500"]


def test_jil149_spring() -> None:
    ticks = CalendarTicks(days="all", times="02:45 02:05", timezone=NY)
    night = "2026-03-08T00:00", "2026-03-08T05:00"
    assert local_ticks(ticks, *night) == ["08 03:00:05 -0400"]
    ticks = CalendarTicks(days="all", minutes="0 20 40", timezone=NY)
    assert local_ticks(ticks, "2026-03-08T01:40", "2026-03-08T03:20") == [
        "08 01:40:00 -0500",
        "08 03:00:00 -0400",
    ]


def test_jil146_rows_with_a_time_of_their_own() -> None:
    rows = {"R": {"kind": "standard", "dates": ["2026-05-04", "2026-05-05 18:30", "2026-05-06"]}}
    ticks = CalendarTicks(calendar="R", times="07:00", timezone=NY, calendars=rows)
    assert local_ticks(ticks, "2026-05-01T00:00", "2026-06-01T00:00") == [
        "04 07:00:00 -0400",
        "05 18:30:00 -0400",
        "06 07:00:00 -0400",
    ]
    # JIL-147: the calendar ends, and with it the ticks.
    assert ticks.next_tick(datetime(2026, 5, 7, tzinfo=timezone.utc)) is None
    assert ticks.last_tick(datetime(2030, 1, 1, tzinfo=timezone.utc)) == datetime(
        2026, 5, 6, 11, tzinfo=timezone.utc
    )


def test_cron002_a_star_with_a_step_is_a_star() -> None:
    ticks = CrontabTicks("0 0 */2 * 1")
    start = datetime(2026, 6, 1, tzinfo=timezone.utc)
    found = ticks.between(int(start.timestamp()), int((start + timedelta(days=30)).timestamp()))
    assert [datetime.fromtimestamp(t, timezone.utc).day for t in found] == [1, 15, 29]


@pytest.mark.parametrize(
    "text",
    [
        "5/15 * * * *",
        "60 * * * *",
        "* * * *",
        "*/0 * * * *",
        "0~9 * * * *",
        "* * ? * *",
        "@reboot",
    ],
)
def test_cron003_what_vixie_rejects(text: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        parse_fields(text)


@pytest.mark.parametrize(
    ("entry", "spring", "autumn"),
    [
        ("30 2 * * *", ["08 03:00:00 -0400"], []),
        ("0,30 2 * * *", ["08 03:00:00 -0400", "08 03:00:10 -0400"], []),
        ("30 1 * * *", ["08 01:30:00 -0500"], ["01 01:30:00 -0400"]),
        ("*/40 1-2 * * *", ["08 01:00:00 -0500", "08 01:40:00 -0500"], None),
        ("30 * * * *", None, ["01 01:30:00 -0400", "01 01:30:00 -0500"]),
        ("30 0-3 * * *", None, ["01 01:30:00 -0400"]),
    ],
)
def test_cron008_dst(entry: str, spring: list[str] | None, autumn: list[str] | None) -> None:
    ticks = CrontabTicks(entry, timezone=NY)
    if spring is not None:
        assert local_ticks(ticks, "2026-03-08T01:00", "2026-03-08T03:30") == spring
    if autumn is not None:
        assert local_ticks(ticks, "2026-11-01T01:00", "2026-11-01T02:00") == autumn


@pytest.mark.parametrize(
    ("hour", "kind"), [(5, "not_today"), (20, "wait_until"), (15, "wait_until"), (3, "run_now")]
)
def test_jil151_the_nearer_end_decides(hour: int, kind: str) -> None:
    now = datetime(2026, 5, 5, hour, tzinfo=timezone.utc)
    decision = window_decision("02:00-04:00", "UTC", now)
    assert decision.kind == kind
    assert (decision.at is not None) == (kind == "wait_until")


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        # Spring: the vendor's three examples (JIL-149).
        ("01:00-02:30", "2026-03-08T07:30", "2026-03-08T07:31"),
        ("02:45-03:45", "2026-03-08T07:00", "2026-03-08T06:59"),
        ("02:15-02:45", "2026-03-08T07:45", "2026-03-08T07:46"),
        # Autumn: closing in the first pass, opening in the second.
        ("23:30-01:30", "2026-11-01T05:30", "2026-11-01T05:31"),
        ("01:45-02:45", "2026-11-01T06:45", "2026-11-01T05:45"),
    ],
)
def test_jil149_run_window_over_dst(window: str, inside: str, outside: str) -> None:
    def kind(text: str) -> str:
        return window_decision(window, NY, datetime.fromisoformat(text + ":00+00:00")).kind

    assert kind(inside) == "run_now"
    assert kind(outside) != "run_now"


def test_zones_by_name_offset_and_rule() -> None:
    assert zone("+05:30").offset_at(0) == 19800
    berlin, posix = zone("Europe/Berlin"), zone("CET-1CEST,M3.5.0,M10.5.0/3")
    for instant in range(1_700_000_000, 1_800_000_000, 777_777):
        assert berlin.offset_at(instant) == posix.offset_at(instant)
    for bad in ("Mars/Olympus", "../../etc/passwd", "", "CET-1CEST"):
        with pytest.raises(UnknownZone):
            zone(bad)
