"""The timetables inside real Airflow: they serialise by class path, and offer the right tick."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

import pytest


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.fixture
def offer(airflow_runs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str | None]:
    """Ask a timetable what Airflow's scheduler asks, at a chosen now."""
    import pendulum
    from airflow.timetables.base import DataInterval, TimeRestriction

    from hoist_airflow.schedule import timetables

    def ask(
        timetable: timetables.TickTimetable,
        now: str,
        last: str | None,
        *,
        earliest: str | None = None,
        catchup: bool = False,
    ) -> str | None:
        monkeypatch.setattr(timetables, "_now", lambda: utc(now))
        at = pendulum.instance(utc(last)) if last else None
        info = timetable.next_dagrun_info(
            last_automated_data_interval=at and DataInterval.exact(at),
            restriction=TimeRestriction(
                pendulum.instance(utc(earliest)) if earliest else None, None, catchup
            ),
        )
        if info is None:
            return None
        assert info.run_after == info.logical_date
        return info.run_after.strftime("%Y-%m-%dT%H:%M")

    return ask


def test_serialises_with_the_resolved_calendar(airflow_runs: ModuleType, tmp_path: Path) -> None:
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    from hoist_airflow import calendars, crontab, legacy_calendar

    definitions = {
        "RUN": {"kind": "extended", "condition": "EOM", "non_workday": "P", "holcal": "HOL"},
        "HOL": {"kind": "standard", "dates": ["2026-12-31"]},
        "OTHER": {"kind": "standard", "dates": ["2026-01-01"]},
    }
    (tmp_path / "calendars.json").write_text(json.dumps({"format": 1, "calendars": definitions}))
    known = calendars(str(tmp_path / "dag.py"))
    schedules = [
        legacy_calendar(calendar="RUN", times="18:30", timezone="Europe/London", calendars=known),
        legacy_calendar(days="mo tu", minutes="0 30", timezone="America/New_York"),
        crontab("0 0 */2 * 1", timezone="America/New_York", flavour="cronie"),
    ]
    for schedule in schedules:
        data = json.loads(json.dumps(DagSerialization.to_dict(DAG("d", schedule=schedule))))
        assert "OTHER" not in json.dumps(data)
        loaded = DagSerialization.from_dict(data).timetable
        assert type(loaded) is type(schedule)
        assert loaded.serialize() == schedule.serialize()
        start = utc("2026-11-01T00:00")
        assert loaded.next_tick(start) == schedule.next_tick(start)


def test_offers_the_next_tick(offer: Callable[..., str | None]) -> None:
    from hoist_airflow import legacy_calendar

    daily = legacy_calendar(days="all", times="06:00")
    assert offer(daily, "2026-05-05T06:00", "2026-05-04T06:00") == "2026-05-05T06:00"
    assert offer(daily, "2026-05-05T06:01", "2026-05-05T06:00") == "2026-05-06T06:00"


def test_a_late_scheduler_skips_no_tick(offer: Callable[..., str | None]) -> None:
    from hoist_airflow import crontab

    each_minute = crontab("* * * * *")
    assert offer(each_minute, "2026-05-05T06:04", "2026-05-05T06:00") == "2026-05-05T06:01"
    hourly = crontab("0 * * * *")
    assert offer(hourly, "2026-05-05T07:58", "2026-05-05T06:00") == "2026-05-05T07:00"


def test_jil006_after_an_outage_the_latest_missed_tick(offer: Callable[..., str | None]) -> None:
    from hoist_airflow import crontab, legacy_calendar

    daily = legacy_calendar(days="all", times="06:00")
    assert offer(daily, "2026-05-09T05:00", "2026-05-04T06:00") == "2026-05-08T06:00"
    hourly = crontab("0 * * * *")
    assert offer(hourly, "2026-05-05T12:30", "2026-05-05T06:00") == "2026-05-05T12:00"
    assert offer(hourly, "2026-05-05T12:02", "2026-05-05T06:00") == "2026-05-05T12:00"


def test_the_first_tick_is_not_before_the_dag_existed(offer: Callable[..., str | None]) -> None:
    from hoist_airflow import legacy_calendar

    daily = legacy_calendar(days="all", times="06:00")
    assert offer(daily, "2026-05-05T12:00", None) == "2026-05-06T06:00"
    # ... but a parse right after the tick does not lose it.
    assert offer(daily, "2026-05-05T06:01", None) == "2026-05-05T06:00"
    assert offer(daily, "2026-05-05T12:00", None, earliest="2026-06-01T06:00") == "2026-06-01T06:00"
    early = offer(daily, "2026-05-05T12:00", None, earliest="2026-01-01T06:00", catchup=True)
    assert early == "2026-01-01T06:00"


def test_jil147_an_exhausted_calendar_offers_nothing(offer: Callable[..., str | None]) -> None:
    from hoist_airflow import legacy_calendar

    once = {"ONCE": {"kind": "standard", "dates": ["2026-05-05"]}}
    schedule = legacy_calendar(calendar="ONCE", calendars=once)
    assert offer(schedule, "2026-05-01T00:00", None) == "2026-05-05T00:00"
    assert offer(schedule, "2026-05-06T00:00", "2026-05-05T00:00") is None


def test_tr51_a_tick_during_a_long_run_is_offered_after_it(
    offer: Callable[..., str | None],
) -> None:
    """max_active_runs=1: the ledger drops 11:00 and 12:00 by their instants: offer both."""
    from hoist_airflow import legacy_calendar

    hourly = legacy_calendar(days="all", minutes="0")
    at_creation = offer(hourly, "2026-05-05T10:00", "2026-05-05T10:00")
    assert at_creation == "2026-05-05T11:00"
    assert offer(hourly, "2026-05-05T12:30", at_creation) == "2026-05-05T12:00"
    assert offer(hourly, "2026-05-05T12:31", "2026-05-05T12:00") == "2026-05-05T13:00"
