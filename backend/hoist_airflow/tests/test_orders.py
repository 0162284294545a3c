"""Orders of Control-M without Airflow's engine: order dates, submission, facts, variables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from ledger_world import START, World

from hoist_airflow import conditions, hoistctl
from hoist_airflow.autoedit import Moment, UndefinedVariable, order_id, resolve
from hoist_airflow.conditions import ConditionSyntaxError, FactAtom
from hoist_airflow.ledger import LedgerError
from hoist_airflow.ledger.effects import Force, effect
from hoist_airflow.ledger.facts import Change
from hoist_airflow.run import order_of
from hoist_airflow.schedule import order_dates, order_days, timetables
from hoist_airflow.schedule.orders import (
    OrderDays,
    OrderTicks,
    date_of,
    days_in_all,
    next_of,
    previous_of,
)
from hoist_airflow.schedule.rules import UNIX_DAY
from hoist_airflow.schedule.zones import to_datetime, to_instant
from hoist_airflow.submission import Order, SubmitSpec, decide


def number(day: date) -> int:
    return day.toordinal() - UNIX_DAY


MONDAY = number(date(2026, 3, 2))
DAILY = OrderTicks(order_days(days="all"))


@pytest.fixture
def world() -> World:
    return World.at("sqlite:///:memory:")


def spec(order: Order, *, when: str = "true", max_wait: int = 0, **times: Any) -> SubmitSpec:
    words = {fact.date for fact in conditions.parse(when).facts}
    return SubmitSpec(
        "J", "F", "r",
        [list(span) for span in stays(order, times.get("time_from"), times.get("time_to"))],
        order.removed_at(max_wait, ended_badly=False),
        when,
        order.dates([order.ticks], words),
    )  # fmt: skip


# --- order dates and times ------------------------------------------------------------------------


def test_tr30_c1_a_time_before_new_day_is_the_next_mornings() -> None:
    """New Day 06:00, TIMEFROM 0200: the order of 3 March runs on the morning of the 4th."""
    ticks = OrderTicks(order_days(days="all"), new_day="06:00", timezone="Europe/Berlin")
    third = number(date(2026, 3, 3))
    assert to_datetime(ticks.instant(third, 120)) == datetime(2026, 3, 4, 1, tzinfo=timezone.utc)
    two_in_the_morning = to_instant(datetime(2026, 3, 4, 1, tzinfo=timezone.utc))
    assert date_of(ticks.day_of(two_in_the_morning)) == date(2026, 3, 3)


@pytest.mark.parametrize("new_day", ["00:00", "02:30", "07:00", "23:59"])
@pytest.mark.parametrize("place", ["UTC", "Europe/Berlin", "America/New_York", "+05:30"])
def test_business_days_tile_the_year(place: str, new_day: str) -> None:
    """Over both changes of clocks each instant has one business day."""
    ticks = OrderTicks(order_days(days="all"), new_day=new_day, timezone=place)
    for day in range(number(date(2026, 1, 1)), number(date(2027, 1, 1))):
        start, end = ticks.instant(day), ticks.instant(day + 1)
        assert start < end
        assert [ticks.day_of(at) for at in (start, (start + end) // 2, end - 1)] == [day] * 3


def test_ctm056_a_new_day_in_the_gap_comes_when_the_clock_passes_it() -> None:
    ticks = OrderTicks(order_days(days="all"), new_day="02:30", timezone="Europe/Berlin")
    day = number(date(2026, 3, 29))
    assert to_datetime(ticks.instant(day)) == datetime(2026, 3, 29, 1, tzinfo=timezone.utc)


def test_tr32_c2_prev_is_the_consumers_own_last_date() -> None:
    mondays, workdays = order_days(weekdays="mo"), order_days(weekdays="mo tu we th fr")
    assert previous_of([mondays, DAILY], MONDAY) == MONDAY - 7
    assert previous_of([workdays], MONDAY) == MONDAY - 3
    assert next_of([workdays], MONDAY + 4) == MONDAY + 7
    assert previous_of([order_days(days="1", until="2026-02-01", since="2026-02-01")], 20500) == (
        number(date(2026, 2, 1))
    )
    assert next_of([order_days(days="all", until="2026-03-02")], MONDAY) is None
    order = Order(MONDAY, DAILY)
    words = {"", "previous order date", "next order date", "order date +2", "any date"}
    assert order.dates([mondays], words) == {
        "": "0302",
        "previous order date": "0223",
        "next order date": "0309",
        "order date +2": "0304",
    }
    forced = Order(MONDAY, DAILY, forced=True)  # CTM-012
    assert forced.dates([mondays], words)["previous order date"] == "0301"


def test_ctm006_an_order_for_a_day_that_is_over_counts_from_the_day_it_is_made_on() -> None:
    late = Order(MONDAY, DAILY, ordered_on=MONDAY + 2)
    wednesday = Order(MONDAY + 2, DAILY)
    assert stays(late, "09:00", "05:00") == stays(wednesday, "09:00", "05:00")
    assert late.removed_at(1, ended_badly=True) == wednesday.removed_at(1, ended_badly=True)
    assert late.dates([], {""}) == {"": "0302"}
    ahead = Order(MONDAY + 2, DAILY, ordered_on=MONDAY)
    assert ahead.spans(None, None) == wednesday.spans(None, None)


def test_days_of_folders_around_count(world: World) -> None:
    inside = days_in_all([order_days(days="1 2 3"), order_days(weekdays="mo")], MONDAY, MONDAY + 60)
    assert [date_of(day).isoformat() for day in inside] == ["2026-03-02"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"days": "32"},
        {"days": "D1"},
        {"days": ">3"},
        {"weekdays": "xx"},
        {"weekdays": ">mo"},
        {"months": "jan"},
        {"days": "1", "shift": "sideways"},
        {"days": "1", "calendar": "NOWHERE"},
        {"dates": "13-01"},
        {"included": [order_days(included=[order_days(days="1")])]},
    ],
)
def test_criteria_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        order_days(**wrong)


def test_criteria_survive_serialisation() -> None:
    calendars = {"W": {"kind": "standard", "dates": ["2026-03-03", "2026-03-10"]}}
    one = order_days(
        weekdays="mo",
        included=[order_days(days="D1", calendar="W", calendars=calendars)],
        excluded=[order_days(days="1")],
        confirm="W",
        shift="next",
        calendars=calendars,
    )
    found = one.between_days(MONDAY - 40, MONDAY + 40)
    assert OrderDays(**one.to_dict()).between_days(MONDAY - 40, MONDAY + 40) == found
    assert [date_of(day).isoformat() for day in found] == ["2026-03-03", "2026-03-10"]
    timetable = order_dates(one, order_days(days="5"), new_day="06:30", timezone="Europe/Berlin")
    again = type(timetable).deserialize(timetable.serialize())
    assert again.serialize() == timetable.serialize()
    assert again.next_tick(START) == datetime(2026, 3, 3, 5, 30, tzinfo=timezone.utc)


# --- the timetable --------------------------------------------------------------------------------


def stays(
    order: Order, time_from: str | None, time_to: str | None, *, max_wait: int = 0, **more: Any
) -> list[tuple[int, int | None]]:
    """Its windows until it is removed."""
    until = order.removed_at(max_wait, ended_badly=False, timezone=more.get("timezone"))
    return order.spans(time_from, time_to, until=until, **more)


def offered(timetable: Any, now: datetime, last: date | None, patch: Any) -> str | None:
    patch.setattr(timetables, "_now", lambda: now)
    interval = None
    if last is not None:
        begin = timetable.ticks.instant(number(last))
        interval = DataInterval(to_datetime(begin), to_datetime(begin + 86400))
    info = timetable.next_dagrun_info(
        last_automated_data_interval=interval,
        restriction=TimeRestriction(None, None, catchup=False),
    )
    return None if info is None else f"{info.run_after:%d %H:%M} {info.logical_date:%d %H:%M}"


def test_ctm047_a_missed_day_is_lost_and_the_current_one_is_ordered_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timetable = order_dates(days="all")
    at = datetime(2026, 3, 5, 23, tzinfo=timezone.utc)
    assert offered(timetable, at, date(2026, 3, 2), monkeypatch) == "05 07:00 05 07:00"
    early = datetime(2026, 3, 5, 6, 59, tzinfo=timezone.utc)
    assert offered(timetable, early, date(2026, 3, 2), monkeypatch) == "04 07:00 04 07:00"
    assert offered(timetable, at, date(2026, 3, 5), monkeypatch) == "06 07:00 06 07:00"
    # A definition that is new waits for the next New Day.
    assert offered(timetable, at, None, monkeypatch) == "06 07:00 06 07:00"


def test_ctm047_retro_orders_each_missed_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    timetable = order_dates(weekdays="mo tu we", retro=True)
    at = datetime(2026, 3, 5, 23, tzinfo=timezone.utc)

    def then(last: date | None) -> str | None:
        return offered(timetable, at, last, monkeypatch)

    assert then(date(2026, 3, 2)) == "03 07:00 03 07:00"
    assert then(date(2026, 3, 3)) == "04 07:00 04 07:00"
    assert then(date(2026, 3, 4)) == "09 07:00 09 07:00"
    assert then(None) == "09 07:00 09 07:00"  # there was no order to miss


def test_ctm047_the_times_of_a_missed_day_are_those_of_the_day_that_makes_up_for_it() -> None:
    class Task:
        class dag:
            dag_id = "F"
            timetable = order_dates(days="all", retro=True)

    class Run:
        conf = None
        run_type = "scheduled"
        logical_date = run_after = to_datetime(DAILY.instant(MONDAY))
        start_date = to_datetime(DAILY.instant(MONDAY + 3) + 60)

    context: Any = {"task": Task, "dag_run": Run}
    order = order_of(context)
    assert (order.day, order.since, order.made_up) == (MONDAY, MONDAY + 3, True)
    Run.start_date = to_datetime(DAILY.instant(MONDAY) + 60)
    assert not order_of(context).made_up
    Run.run_type, Run.start_date = "manual", to_datetime(DAILY.instant(MONDAY + 3) + 60)
    assert not order_of(context).made_up  # somebody wants it
    Task.dag.timetable = order_dates(days="all")
    assert order_of(context).since == MONDAY


def test_ctm006_a_user_daily_orders_the_business_day_that_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evening = OrderTicks(order_days(weekdays="mo"), at="18:00")
    assert instants(evening, MONDAY, MONDAY + 7) == ["2026-03-02 18:00"]
    night = OrderTicks(order_days(weekdays="mo"), at="05:00")
    assert instants(night, MONDAY, MONDAY + 7) == ["2026-03-03 05:00"]
    assert night.day_of_tick(night.tick(MONDAY)) == MONDAY
    assert OrderTicks.of(night.to_dict()).tick(MONDAY) == night.tick(MONDAY)
    # Within its day it is ordered late; the run's interval is the business day all the same.
    timetable = order_dates(days="all", at="18:00")
    late = datetime(2026, 3, 5, 6, 59, tzinfo=timezone.utc)
    assert offered(timetable, late, date(2026, 3, 2), monkeypatch) == "04 18:00 04 07:00"
    # The clock skips both the time and the New Day behind it.
    gap = OrderTicks(order_days(days="all"), new_day="02:30", at="02:15", timezone="Europe/Berlin")
    saturday = number(date(2026, 3, 28))
    assert gap.day_of_tick(gap.tick(saturday)) == saturday
    with pytest.raises(ValueError, match="CTM-006"):
        OrderTicks(order_days(days="all"), at="18:00", early=True)


def instants(ticks: OrderTicks, first: int, end: int) -> list[str]:
    found = ticks.between(first * 86400, end * 86400)
    return [f"{to_datetime(at):%Y-%m-%d %H:%M}" for at in found]


def test_ctm080_ctm081_what_an_order_keeps_is_free_when_it_is_removed(world: World) -> None:
    """Or has ended OK; what it does not keep, at once."""
    needs = "(controlm_DB, QUANTITY=1, FREE=Y) AND (controlm_T, QUANTITY=ALL, FREE=A)"
    definition = {"kind": "renewable", "amount": 1}
    world.ledger.load({"resources": {"controlm_DB": definition, "controlm_T": definition}})
    until = to_datetime(DAILY.instant(MONDAY + 2))
    given = {"resources": needs, "in_line": False, "kept_until": to_instant(until) * 1_000_000}
    assert world.ledger.try_start("F/A", "monday", **given) == "started"
    world.ledger.record("F/A", "RESTART", run_id="monday")
    assert world.ledger.short_of("F/B", "monday", needs) == ["controlm_DB"]
    assert world.ledger.short_of("F/A", "monday", needs) == []
    assert world.ledger.try_start("F/A", "monday", **given) == "started"
    world.ledger.record("F/A", "FAILURE", run_id="monday")
    assert world.ledger.short_of("F/A", "tuesday", needs) == ["controlm_DB"]
    assert world.ledger.next_release(needs) == until
    world.clock.set(until)
    assert world.ledger.short_of("F/A", "tuesday", needs) == []
    assert world.ledger.next_release(needs) is None
    assert world.ledger.try_start("F/A", "tuesday", **given) == "started"
    world.ledger.record("F/A", "SUCCESS", run_id="tuesday")
    assert world.ledger.short_of("F/B", "tuesday", needs) == []


def test_nobody_but_a_person_orders_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    timetable = order_dates(weekdays="mo", by_hand=True)
    assert offered(timetable, START, None, monkeypatch) is None
    assert timetable.ticks.between_days(MONDAY, MONDAY + 7) == [MONDAY, MONDAY + 7]


# --- submission -----------------------------------------------------------------------------------


def test_tr33_c5_what_waits_at_new_day_is_removed(world: World) -> None:
    order = Order(MONDAY, DAILY)
    waiting = spec(order, when="fact(X)")
    world.to(3, 6, 59)
    assert decide(world.ledger, waiting).kind == "wait"
    world.to(3, 7)
    assert decide(world.ledger, waiting).kind == "skip"
    longer = spec(order, when="fact(X)", max_wait=1)
    assert decide(world.ledger, longer).kind == "wait"
    world.ledger.change_fact(True, "X", "0302")
    assert decide(world.ledger, longer).kind == "pass"
    world.to(4, 7)
    assert decide(world.ledger, longer).kind == "skip"
    for_ever = spec(order, when="fact(X)", max_wait=99)
    world.to(30, 0)
    assert decide(world.ledger, for_ever).kind == "pass"


def test_tr37_the_last_time_passes_without_a_failure(world: World) -> None:
    order = Order(MONDAY, DAILY)
    windowed = spec(order, time_from="22:00", time_to="03:00")
    for day, hour, minute, kind in (
        (2, 7, 0, "wait"),
        (2, 21, 59, "wait"),
        (2, 22, 0, "pass"),
        (3, 3, 0, "pass"),
        (3, 3, 1, "skip"),
    ):
        world.to(day, hour, minute)
        assert decide(world.ledger, windowed).kind == kind, (day, hour, minute)
    # CTM-050: TO comes first after New Day, so the window wraps.
    wrapped = spec(order, time_from="22:00", time_to="09:00")
    for day, hour, kind in ((2, 8, "pass"), (2, 10, "wait"), (2, 23, "pass"), (3, 6, "pass")):
        world.to(day, hour)
        assert decide(world.ledger, wrapped).kind == kind, (day, hour)
    open_ended = spec(order, time_from="22:00", time_to=">", max_wait=1)
    world.to(4, 6)
    assert decide(world.ledger, open_ended).kind == "pass"


def test_a_wait_says_when_time_alone_changes_it(world: World) -> None:
    order = Order(MONDAY, DAILY)
    world.to(2, 8)
    early = decide(world.ledger, spec(order, time_from="22:00"))
    assert early.wake == datetime(2026, 3, 2, 22, tzinfo=timezone.utc)
    late = decide(world.ledger, spec(order, when="fact(X)", time_to="09:00"))
    assert late.wake == datetime(2026, 3, 2, 9, tzinfo=timezone.utc) + timedelta(seconds=1)
    assert "X 0302" in late.reason


# --- facts ----------------------------------------------------------------------------------------


def test_tr31_facts_stay_until_somebody_deletes_them(world: World) -> None:
    dates = {"": "0302", "previous order date": None}
    world.to(2, 8)
    world.ledger.record(
        "A", "SUCCESS", run_id="r", changes=[Change.parse("+fact(X^S)")], dates=dates
    )
    order = Order(MONDAY, DAILY)
    wanted = spec(order, when="fact(X^S) | fact(Y, no date)")
    assert [decide(world.ledger, wanted).kind for _ in range(2)] == ["pass", "pass"]
    assert decide(world.ledger, spec(order, when="fact(X)")).kind == "wait"  # another table
    assert decide(world.ledger, spec(order, when="fact(X^S, any date)")).kind == "pass"
    assert decide(world.ledger, spec(order, when="fact(X^S, previous order date)")).kind == "wait"
    world.ledger.record(
        "C", "SUCCESS", run_id="r", changes=[Change.parse("-fact(X^S, any date)")], dates=dates
    )
    assert decide(world.ledger, wanted).kind == "wait"


def test_ctm014_changes_are_made_in_their_order(world: World) -> None:
    changes = [Change.parse(text) for text in ("+fact(X)", "-fact(X)", "+fact(Y, no date)")]
    world.ledger.record("A", "SUCCESS", changes=changes, dates={"": "0302"})
    assert [(row.name, row.date) for row in world.ledger.fact_table()] == [("Y", "STAT")]
    kinds = [event.kind for event in world.ledger.events()]
    assert kinds == ["status", "fact_added", "fact_deleted", "fact_added"]


def test_c13_a_date_has_no_year(world: World) -> None:
    world.ledger.change_fact(True, "X", "0101")
    order = Order(number(date(2027, 1, 1)), DAILY)
    world.clock.set(datetime(2027, 1, 1, 8, tzinfo=timezone.utc))
    assert decide(world.ledger, spec(order, when="fact(X)")).kind == "pass"


@pytest.mark.parametrize(
    "text", ["+fact(X, any date)", "fact(X)", "+s(X)", "+fact(X) & fact(Y)", "-fact(X, someday)"]
)
def test_changes_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ConditionSyntaxError):
        Change.parse(text)


def test_ctm077_orders_stand_among_changes() -> None:
    assert effect(r"force(A\ \(1\)/B, order date -2)") == Force("A (1)/B", "order date -2")
    assert effect("+fact(X)") == Change(True, FactAtom("X"))
    for text in ("force(X, any date)", "force(X, no date)", "force(X) & fact(Y)", "force()"):
        with pytest.raises(ConditionSyntaxError):
            effect(text)


def test_a_fact_reads_back_as_it_was_printed() -> None:
    parsed = conditions.parse(r"fact(A\ B^S\(1\), order date -12) & (fact(C) | fact(D, date 0315))")
    assert parsed.facts == (
        FactAtom("A B", "S(1)", "order date -12"),
        FactAtom("C"),
        FactAtom("D", "", "date 0315"),
    )


def test_operators_change_facts(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert hoistctl.main(["--ledger", url, "fact", "add", "X", "0302", "--server", "S"]) == 0
    assert hoistctl.main(["--ledger", url, "fact", "add", "X", "0302", "--server", "S"]) == 0
    assert "was there" in capsys.readouterr().out
    assert hoistctl.main(["--ledger", url, "facts", "X"]) == 0
    assert "X     0302  S" in capsys.readouterr().out
    assert hoistctl.main(["--ledger", url, "fact", "delete", "X", "0302", "--server", "S"]) == 0
    assert hoistctl.main(["--ledger", url, "facts"]) == 0
    assert "0302" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        hoistctl.main(["--ledger", url, "fact", "add", "X", "1302"])


def test_a_ledger_without_the_table_asks_for_an_upgrade(tmp_path: Any) -> None:
    from hoist_airflow.ledger import Ledger, schema
    from hoist_airflow.ledger.store import Store

    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Store(url).write() as tx:
        schema.upgrade(tx, 2)
    with pytest.raises(LedgerError, match="upgrade"):
        Ledger.open(url)
    with Store(url).write() as tx:
        assert schema.upgrade(tx) == 2
    assert Ledger.open(url).fact_table() == []


# --- variables ------------------------------------------------------------------------------------

BERLIN = OrderTicks(order_days(days="all"), timezone="Europe/Berlin")
NIGHT = Moment(MONDAY, datetime(2026, 3, 3, 1, 2, 3, tzinfo=timezone.utc), BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("load %%$ODATE now", "load 20260302 now"),
        ("FILE_%%$ODATE..CTL", "FILE_20260302.CTL"),  # CTM-102
        ("%%ODATE.%%A", "260302value"),
        ("%%OYEAR/%%OMONTH/%%ODAY %%$OYEAR", "26/03/02 2026"),
        ("%%$DATE %%DATE %%TIME", "20260303 260303 020203"),  # TR-30: the clock, not the order
        ("%%RDATE", "260302"),
        ("a%%BLANK..b", "a .b"),
        ("%%NESTED", "value-20260302"),
        ("100% $$ {{ ds }} {% raw %}", "100% $$ {{ ds }} {% raw %}"),
    ],
)
def test_ctm101_ctm102_variables(text: str, expected: str) -> None:
    assert resolve(text, {"A": "value", "NESTED": "value-%%$ODATE"}, NIGHT) == expected


def test_ctm104_what_stands_for_others_twice_is_read_once() -> None:
    known = {"V0": ""} | {f"V{n}": f"%%V{n - 1}.%%V{n - 1}.%%V{n - 1}" for n in range(1, 19)}
    asked: list[str] = []

    def stored(name: str) -> None:
        asked.append(name)

    assert resolve("<%%V18>", known, NIGHT, stored) == "<>"
    assert len(asked) < 100  # of 3 ** 18


@pytest.mark.parametrize(
    "text",
    ["%%UNKNOWN", "%%", "%%A.txt", "%%A-b", r"%%\G", r"%%\\V", "%%A%%A", "%%LOOP", "%%ODATÉ"],
)
def test_ctm104_what_is_not_sure_is_an_error(text: str) -> None:
    with pytest.raises(UndefinedVariable):
        resolve(text, {"A": "value", "LOOP": "%%LOOP"}, NIGHT)


VECTORS = json.loads(
    (Path(__file__).resolve().parents[3] / "tests" / "vectors" / "autoedit.json").read_text()
)


@pytest.mark.parametrize("case", VECTORS["values"], ids=lambda case: case["text"])
def test_ctm103_functions(case: dict[str, Any]) -> None:
    now = to_datetime(DAILY.instant(MONDAY))
    moment = Moment(MONDAY, now, DAILY, runs=2, order_id=order_id(36_005))
    known = {"V": case["text"], "A": "a1", "B": "b1"}
    if case.get("unclear") or case.get("none"):
        with pytest.raises(UndefinedVariable) as raised:
            resolve("%%V", known, moment)
        assert ("cannot tell" in str(raised.value)) == case.get("unclear", False)
    elif "value" in case:
        assert resolve("<%%V>", known, moment) == f"<{case['value']}>"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["text"] or "empty")
def test_the_compiler_reads_the_same_variables(case: dict[str, Any]) -> None:
    """tests/airflow_backend/FoldersTest.cpp has the same vectors."""
    names = ("A", "A_1", "A1", "B", "C", "$ODATE", "\\\\V")
    known = {name: f"<{name}>" for name in names}
    stored = {f"%%{name}": f"<{name}>" for name in ("\\GLOBAL", "\\G", "\\\\P\\V")}
    if case.get("unclear"):
        with pytest.raises(UndefinedVariable, match="cannot tell"):
            resolve(case["text"], known, NIGHT, stored.get)
    else:
        found = resolve(case["text"], known, NIGHT, stored.get)
        assert re.findall(r"<([^>]*)>", found) == case["names"].split()


# --- confirmations, windows of several days -------------------------------------------------------


def test_ctm004_a_confirmation_is_of_one_order(world: World) -> None:
    """That of another day, or of last year's same day, is another one; a rerun needs none again."""
    order = Order(MONDAY, DAILY)
    asked = replace(spec(order), confirmed_for="20260302")
    world.to(2, 8)
    assert decide(world.ledger, asked).kind == "wait"
    for other in ("20250302", "20260303"):
        world.ledger.confirm("J", other)
    assert decide(world.ledger, asked).kind == "wait"
    assert world.ledger.confirm("J", "20260302")
    assert not world.ledger.confirm("J", "20260302")
    assert decide(world.ledger, asked).kind == "pass"


def test_operators_confirm(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ["--ledger", f"sqlite:///{tmp_path / 'ledger.db'}"]
    assert hoistctl.main([*ledger, "confirm", "F/J", "2026-03-02"]) != 0  # nobody has heard of it
    assert hoistctl.main([*ledger, "confirm", "F/J", "2026-03-02", "--new"]) == 0
    assert hoistctl.main([*ledger, "facts"]) == 0
    assert "F/J" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        hoistctl.main([*ledger, "confirm", "F/J", "2026-02-30", "--new"])


def test_ctm050_windows_of_the_days_that_it_stays() -> None:
    order = Order(MONDAY, DAILY)
    day = 86400
    first, second = stays(order, "10:00", "12:00", max_wait=1)
    assert second == (first[0] + day, None if first[1] is None else first[1] + day)
    assert [last - begin for begin, last in stays(order, "10:00", None, max_wait=1) if last] == [
        21 * 3600 - 1,
        21 * 3600 - 1,
    ]
    assert stays(order, "10:00", ">", max_wait=1) == [(first[0], None)]
    assert stays(order, None, None, max_wait=2) == [(DAILY.instant(MONDAY), None)]


def test_ctm050_days_behind_the_order_date_make_one_window() -> None:
    order = Order(MONDAY, DAILY)
    ((first, last),) = order.spans("10:00", "09:00", from_days=1, to_days=2)
    assert first == DAILY.instant(MONDAY + 1, 10 * 60)
    assert last == DAILY.instant(MONDAY + 2, 9 * 60)


def test_ctm005_who_is_there_for_ever_has_its_window_on_each_day() -> None:
    order = Order(MONDAY, DAILY)
    assert order.removed_at(99, ended_badly=True) is None
    windows = order.spans("10:00", "12:00", first_day=MONDAY + 400)
    assert windows[0][0] == DAILY.instant(MONDAY + 400, 10 * 60)
    assert len(windows) > 99


def test_ctm055_a_zone_has_its_own_days_and_is_ordered_the_day_before() -> None:
    timetable = order_dates(days="all", early=True)
    info = timetable._run_at(to_datetime(DAILY.instant(MONDAY - 1)))
    assert info.logical_date == to_datetime(DAILY.instant(MONDAY))
    assert timetable._tick_of(info.data_interval) == info.run_after
    order = Order(MONDAY, timetable.ticks)
    tokyo = "Asia/Tokyo"
    ((first, last),) = order.spans("08:00", None, until=None, timezone=tokyo)[:1]
    assert to_datetime(first).isoformat() == "2026-03-01T23:00:00+00:00"
    assert last == DAILY.in_zone(tokyo).instant(MONDAY + 1) - 1
    # What is left of the server's day belongs to the next one there.
    assert len(stays(order, "08:00", None, timezone=tokyo)) == 2
    assert order.removed_at(0, ended_badly=False, timezone=tokyo) == DAILY.instant(MONDAY + 1)
    # A day that ends after the server's stays over its New Day.
    assert order.removed_at(0, ended_badly=False, timezone="America/New_York") == DAILY.instant(
        MONDAY + 2
    )
