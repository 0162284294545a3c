"""Write the golden vectors that the C++ and the Python schedule engines share.

    PYTHONPATH=backend/hoist_airflow/src python tests/vectors/generate.py

The shims' engine writes them; tests/schedule/test_vectors.py holds them to an oracle that shares no
code, tests/schedule/ScheduleTest.cpp holds the C++ engine to them. Regenerate after a new `tzdata`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import tzdata

from hoist_airflow.schedule.calendars import Calendars
from hoist_airflow.schedule.cron import CrontabTicks
from hoist_airflow.schedule.orders import OrderDays
from hoist_airflow.schedule.rules import UNIX_DAY
from hoist_airflow.schedule.ticks import CalendarTicks
from hoist_airflow.schedule.windows import window_decision
from hoist_airflow.schedule.zones import zone

HERE = Path(__file__).parent

CALENDARS: dict[str, dict[str, Any]] = {
    "HOLIDAYS": {
        "kind": "standard",
        "dates": [
            "2025-12-25",
            "2025-12-26",
            "2026-01-01",
            "2026-04-03",
            "2026-05-25",
            "2026-07-03",
            "2026-12-25",
            "2026-12-26",
            "2026-12-31",
            "2027-01-01",
            "2027-01-02",
        ],
    },
    "ROWS": {
        "kind": "standard",
        "dates": [
            "2026-03-07",
            "2026-03-08 02:45",
            "2026-03-09 18:30",
            "2026-03-09",
            "2026-11-01 01:15",
        ],
    },
    "QUARTERS": {
        "kind": "cycle",
        "periods": [
            ["2026-01-01", "2026-03-31"],
            ["2026-04-01", "2026-06-30"],
            ["2026-07-06", "2026-09-30"],
            ["2026-10-01", "2027-01-10"],
        ],
    },
}
RULES = """DAILY|WORKDAYS|WEEKDAYS|WORKD#01|WORKD#10|WORKDM02|WORKD#L|FOMWORK|EOMWORK|XFOMWORK|FOMWEEK|EOMWEEK
MON|sun|MON#1|FRIM1|XTUE#2|XTUEM1|WED#5|SAT#L|WEEKD#1|WEEKD#7|WEEKDM1|WEEKDX3|WEEK#01|WEEK#E|WEEK#O|WEEKM01
WEEKM53|WEEK#L|WEEKX10|WEKRMON#01|WEKR1#01|WEKRSUNM01|WEKR7#53|WEKRFRIX02|MNTHD#15|mnthd#7|MNTHD#31|MNTHDM01|MNTHD#L
MNTHDX15|FOM|EOM|XFOM|XEOM|FEB|DEC#31|FEBM01|FEB#29|XJAN#15|XJANM01|CYCLE|CYCL#001|CYCL#100|CYCLM001|CYCLX001|CYCP#02
CYCP#L|CWEEK#01|CWEEK#E|CWEEK#O|CWEEK#L|CWEEKM02|CWEEKX01|CWRK#001|CWRK#L|CWRKM010|CWRKXL|CWRKX005|CMON#01|CFRI#L
CSUNM02|XCMON#01|XCFRIM01"""
COMBINED = [
    "(JAN & WORKD#1) | ((JAN | FEB) & MON#3) | (MAY & MONM1)",
    "FOM | EOM & JAN",
    "WORKDAYS & NOT MON & XEOMWORK",
    "FOM, EOM, XJANM01",
    "MON | XMON#1 | TUE#1",
    "XFOM & XEOM & MON",
    "XFOM | XEOM",
    "NOT (MON | TUE)",
    "NOT (XFOM & XEOM)",
    "MON AND {JAN OR FEB}, NOT MON#2",
    "(XMON#1) & MON",
    "NOT XFOM | EOM",
]
DISPOSED = [
    {"condition": rule, **actions}
    for rule in ("DEC#25 | JAN#1 | DEC#26", "MNTHD#15 | EOM | DEC", "MNTHD#L")
    for actions in [
        *({"holiday": h, "holcal": "HOLIDAYS"} for h in "OSNWP"),
        *({"non_workday": n, "holcal": "HOLIDAYS"} for n in "OSNWP"),
        *({"holiday": h, "non_workday": n, "holcal": "HOLIDAYS"} for h in "ONW" for n in "OWP"),
        {"non_workday": "W", "adjust": -1},
        {"adjust": 9},
        {"non_workday": "N", "holiday": "S", "holcal": "HOLIDAYS", "workdays": "su mo tu we th"},
    ]
]
# Zone and the years whose changes of offset are looked at.
ZONES = {
    "America/New_York": (2026, 2027),
    "Europe/London": (2026, 2027),
    "Europe/Dublin": (2026, 2027),
    "Australia/Sydney": (2026, 2027),
    "Australia/Lord_Howe": (2026, 2027),
    "Asia/Kathmandu": (1985, 1987),
    "Pacific/Apia": (2011, 2012),
    "Antarctica/Troll": (2026, 2027),
    "Africa/Casablanca": (2026, 2027),
    "America/Sao_Paulo": (2018, 2019),
    "America/Havana": (2026, 2027),
    "Asia/Gaza": (2026, 2027),
    "America/Santiago": (2045, 2046),
}
CRON_ENTRIES = """* * * * *|*/30 * * * *|30 * * * *|0 */2 * * *|15 0-5 * * *|0,30 0-3 * * *|30 2 * * *|0 0 * * *
0-59/7 1-2 * * *|30 1 * * *|0 3 * * *|5,10,15,20,25,30,35,40 2 * * *|45 23 * * *|0-59 0-3 * * *"""
CRON_DAYS = """0 0 */2 * 1|0 0 1,15 * 5|30 4 1,15 * 5|0 0 * * 0-7|0 12 29 2 *|0 0 1-7 * 1|0 0 1-7 * */7|0 0 13 * 5
0 22 * * 1-5|0 0 31 * *|*/20 9-17/4 * 1,6 *|0 6 * * 7|0 6 1-31 * 2|0 6 */32 * 2"""


def instants(ticks: list[int]) -> list[str]:
    return [datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") for t in ticks]


def rule_cases() -> Iterator[dict[str, Any]]:
    definitions = [
        {"condition": rule, "cyccal": "QUARTERS", "holcal": "HOLIDAYS"}
        for rule in [*RULES.replace("\n", "|").split("|"), *COMBINED]
    ]
    for definition in [*definitions, {}, *DISPOSED]:
        full = {"kind": "extended", **definition}
        days = Calendars({**CALENDARS, "X": full}).get("X")
        for year in (2026, 2028) if "holiday" not in full else (2026,):
            names = [
                date.fromordinal(d + UNIX_DAY).strftime("%m%d") for d in sorted(days.days_of(year))
            ]
            yield {"calendar": full, "year": year, "days": " ".join(names)}


def windows_around_changes() -> Iterator[tuple[str, int, int]]:
    for name, (first, last) in ZONES.items():
        start, end = (
            int(datetime(y, 1, 1, tzinfo=timezone.utc).timestamp()) for y in (first, last)
        )
        for change in zone(name).changes(start, end):
            yield name, change // 60 * 60 - 26 * 3600, change // 60 * 60 + 26 * 3600


def tick_cases() -> Iterator[dict[str, Any]]:
    def case(schedule: dict[str, Any], start: int, end: int) -> dict[str, Any]:
        used = (
            {**schedule, "calendars": CALENDARS}
            if "calendar" in schedule or "exclude" in schedule
            else schedule
        )
        found = CalendarTicks(**used).between(start, end)
        return {
            "schedule": schedule,
            "from": instants([start])[0],
            "to": instants([end])[0],
            "ticks": instants(found),
        }

    for name, start, end in windows_around_changes():
        times = "00:00 00:30 01:15 01:45 02:05 02:45 03:00 23:30"
        yield case({"days": "all", "times": times, "timezone": name}, start, end)
        yield case({"days": "sa su", "times": "00:45 02:15", "timezone": name}, start, end)
        yield case({"days": "all", "minutes": "0 10 45", "timezone": name}, start, end)
    start, half, end = (
        int(datetime(y, m, 1, tzinfo=timezone.utc).timestamp())
        for y, m in ((2026, 3), (2026, 6), (2027, 1))
    )
    for schedule in (
        {"calendar": "ROWS", "times": "07:00", "timezone": "America/New_York"},
        {"calendar": "ROWS", "timezone": "Asia/Kathmandu"},
        {"calendar": "ROWS", "minutes": "30", "timezone": "Europe/London"},
        {"days": "fr", "times": "23:59", "exclude": "HOLIDAYS", "timezone": "Australia/Sydney"},
        {"days": "fr", "timezone": "Australia/Sydney"},
        {"calendar": "HOLIDAYS", "exclude": "QUARTERS", "times": "12:00", "timezone": "UTC"},
    ):
        yield case(
            schedule, start, end if "times" in schedule and "ROWS" in schedule.values() else half
        )


def cron_cases() -> Iterator[dict[str, Any]]:
    def case(expression: str, name: str, start: int, end: int) -> dict[str, Any]:
        found = instants(CrontabTicks(expression, timezone=name).between(start, end))
        span = {"from": instants([start])[0], "to": instants([end])[0]}
        return {"expression": expression, "timezone": name, **span, "ticks": found}

    for name, start, end in windows_around_changes():
        for expression in CRON_ENTRIES.replace("\n", "|").split("|"):
            middle = (start + end) // 2
            yield case(expression, name, middle - 4 * 3600, middle + 4 * 3600)
    start, end = (int(datetime(2028, m, 1, tzinfo=timezone.utc).timestamp()) for m in (1, 4))
    for expression in CRON_DAYS.replace("\n", "|").split("|"):
        if "/32" not in expression:
            yield case(expression, "UTC", start, end)


def window_cases() -> Iterator[dict[str, Any]]:
    nights = {
        "America/New_York": ["2026-03-08", "2026-11-01", "2026-06-10"],
        "Europe/London": ["2026-03-29", "2026-10-25"],
        "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    }
    windows = [
        "02:00-04:00",
        "01:00-02:30",
        "02:45-03:45",
        "02:15-02:45",
        "23:30-01:30",
        "01:45-02:45",
    ]
    windows += ["01:15-01:45", "00:00-23:59", "02:30-02:30", "22:00-21:00"]
    for name, days in nights.items():
        for day in days:
            start = int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp())
            for window in windows:
                decisions: list[list[str]] = []
                for now in range(start - 6 * 3600, start + 30 * 3600, 900):
                    moment = datetime.fromtimestamp(now, timezone.utc)
                    decision = window_decision(window, name, moment)
                    at = decision.at.strftime("%m-%dT%H:%M") if decision.at else ""
                    line = [decision.kind, at]
                    if not decisions or decisions[-1][1:] != line:
                        decisions.append([moment.strftime("%m-%dT%H:%M"), *line])
                yield {"window": window, "timezone": name, "day": day, "from_then_on": decisions}


def mix(value: int, item: int) -> int:
    """FNV-1a over the eight bytes of a number, little end first."""
    for byte in (item & (2**64 - 1)).to_bytes(8, "little"):
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


def samples(count: int) -> Iterator[int]:
    """Pseudo-random seconds between 1970 and 2100, the same in C++."""
    state = 42
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 32) * 4102444800 >> 32


def zone_hashes(count: int) -> dict[str, Any]:
    names = [
        line.strip() for line in Path(tzdata.__file__).with_name("zones").read_text().splitlines()
    ]
    hashes = {}
    for name in sorted(names):
        place, value = zone(name), 14695981039346656037
        for instant in samples(count):
            value = mix(value, place.offset_at(instant))
            moment = place.at(instant)
            value = mix(value, moment.first + 2 * moment.second + moment.skipped)
        hashes[name] = f"{value:016x}"
    return {"version": tzdata.IANA_VERSION, "samples": count, "zones": hashes}


ORDER_CALENDARS: dict[str, dict[str, Any]] = {
    "WORK": {
        "kind": "standard",
        "dates": [
            day.isoformat()
            for day in (date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(730))
            if day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (5, 1), (12, 25))
        ],
    },
    "PAY": {"kind": "standard", "dates": ["2026-01-30", "2026-02-27", "2026-03-31", "2026-05-29"]},
}


def order_criteria() -> Iterator[dict[str, Any]]:
    """Scheduling criteria of Control-M (CTM-040 to CTM-047), as `order_days` takes them."""
    for days in ("all", "1 15 31", "L1 L2", "-15 -31", "L1 -31 all", "30"):
        yield {"days": days}
    for days in ("all", "1", ">1 <15", "D1 L1", "-D1 -L1", "+1 -6", "+3", "-D1 -17 -L1", "<31"):
        yield {"days": days, "calendar": "WORK"}
    for weekdays in ("mo", "mo we fr", "-sa -su", "all"):
        yield {"weekdays": weekdays}
    for weekdays in (">su", "<sa", "mo", "+sa", "-mo"):
        yield {"weekdays": weekdays, "week_calendar": "WORK"}
    for either in (False, True):
        yield {"days": "1 2 3 4 5 6 7", "weekdays": "mo", "either": either}
        yield {"days": "all", "weekdays": "mo tu we", "either": either}
        yield {"days": "-10", "weekdays": "-we", "either": either}
        yield {"calendar": "PAY", "weekdays": "fr", "either": either}
    for shift in ("ignore", "next", "previous", "keep"):
        yield {"days": "1 10 25", "confirm": "WORK", "shift": shift}
    for shift_by in (1, -2, 5):
        yield {"days": "1 10 25", "confirm": "WORK", "shift": "next", "shift_by": shift_by}
    yield {"days": "1 2", "confirm": "WORK", "shift": "next"}  # two land on one day
    yield {"days": "1 15", "months": "jan mar dec"}
    yield {"dates": "02-29 05-01 12-31"}
    yield {"days": "all", "since": "2026-03-10", "until": "2026-03-20"}
    yield {"days": "none", "weekdays": "fr", "either": True}
    yield {"included": [{"days": "1"}, {"weekdays": "mo"}], "excluded": [{"days": "L1 5"}]}
    yield {"days": "1 5 10", "included": [{"weekdays": "mo fr"}], "both": True}
    yield {"days": "1 5 10", "included": [{"weekdays": "mo fr"}]}


def order_cases() -> Iterator[dict[str, Any]]:
    """The order dates of half a year."""
    calendars = Calendars(ORDER_CALENDARS)
    first, last = (date(2026, m, d).toordinal() - UNIX_DAY for m, d in ((1, 1), (6, 30)))
    for criteria in order_criteria():
        found = OrderDays(**criteria, calendars=calendars).between_days(first, last)
        days = " ".join(date.fromordinal(day + UNIX_DAY).strftime("%m%d") for day in found)
        yield {"criteria": criteria, "days": days}


def write(name: str, cases: list[dict[str, Any]], **extra: Any) -> None:
    head = "".join(f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in extra.items())
    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / name).write_text(f'{{{head}"cases": [\n{lines}\n]}}\n', encoding="utf-8")


def main() -> None:
    write("calendars.json", list(rule_cases()), calendars=CALENDARS)
    write("ticks.json", list(tick_cases()), calendars=CALENDARS)
    write("cron.json", list(cron_cases()))
    write("windows.json", list(window_cases()))
    write("orders.json", list(order_cases()), calendars=ORDER_CALENDARS)
    zones = zone_hashes(500)
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in zones["zones"].items())
    head = f'{{"version": "{zones["version"]}", "samples": {zones["samples"]}, "zones": {{\n'
    (HERE / "zones.json").write_text(head + text + "\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
