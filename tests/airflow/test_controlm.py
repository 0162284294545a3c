"""Folders of Control-M, compiled and played: the shims' own code and Airflow's trigger rules on a virtual clock, night
after night; and one folder in real Airflow. Each trap of section D is what a naive translation gets wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from compiled import ROOT, Compiled, compile_estate

from hoist_airflow.clock import VirtualClock
from hoist_airflow.dispatch import Subscriptions, dispatch_once
from hoist_airflow.ledger import Ledger

BASH = "airflow.providers.standard.operators.bash.BashOperator"
CASES = ROOT / "tests" / "airflow_backend" / "cases"


def folder(*jobs: str, name: str = "F", kind: str = "FOLDER", more: str = "") -> str:
    return (
        f'<{kind} FOLDER_NAME="{name}" FOLDER_ORDER_METHOD="SYSTEM" {more}>{"".join(jobs)}</{kind}>'
    )


def job(name: str, attributes: str = 'DAYS="ALL"', children: str = "") -> str:
    return f'<JOB JOBNAME="{name}" TASKTYPE="Command" CMDLINE="run.sh" NODEID="h" {attributes}>{children}</JOB>'


def waits(name: str, date: str = "ODAT", more: str = 'AND_OR="A"') -> str:
    return f'<INCOND NAME="{name}" ODATE="{date}" {more}/>'


def adds(name: str, date: str = "ODAT", sign: str = "+") -> str:
    return f'<OUTCOND NAME="{name}" ODATE="{date}" SIGN="{sign}"/>'


def on(code: str, action: str) -> str:
    return f'<ON STMT="*" CODE="{code}">{action}</ON>'


class Played:
    """What a play told: when each job started and how it ended, by instant."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.events = [e for e in world.events if e.kind == "status"]

    def starts(self, name: str) -> list[str]:
        """Instants at which executions started, "dd hh:mm"."""
        return [
            f"{event.at:%d %H:%M}"
            for event in self.events
            if event.job == name and event.status == "RUNNING"
        ]

    def states(self, task: str) -> list[str]:
        """Airflow's final state of a task in each run, by order date."""
        runs = sorted(self.world.runs, key=lambda run: run.run_after)
        found = []
        for run in runs:
            if task in run.tasks:
                state = run.tasks[task].state
                found.append("none" if state is None else str(state.value))
        return found

    def facts(self) -> list[tuple[str, str]]:
        return self.world.facts


@pytest.fixture
def play(airflow_runs: ModuleType, tmp_path: Path) -> Any:
    """Compile folders and play them from one instant to another (UTC)."""
    sys.path.insert(0, str(ROOT / "tests" / "differential"))
    import virtual_airflow

    def run(
        *folders: str,
        start: str,
        end: str,
        config: str = "",
        confirmed: Sequence[tuple[str, str]] = (),
        **scenario: Any,
    ) -> Played:
        (tmp_path / "hoist.toml").write_text(config)
        source = tmp_path / "estate.xml"
        source.write_text(f"<DEFTABLE>{''.join(folders)}</DEFTABLE>")
        options = ["--config", tmp_path / "hoist.toml"]
        built = compile_estate(source, out=tmp_path / "dags", options=options)
        assert built.exit_code == 0, built.findings
        bag = virtual_airflow.Bag.of(built.folder)
        world = virtual_airflow.VirtualAirflow(
            bag, {"start": f"{start}Z", "end": f"{end}Z", **scenario}
        )
        for one, date in confirmed:
            world.ledger.confirm(one, date)
        close = world.ledger.store.close
        world.ledger.store.close = lambda: None  # the facts are read afterwards
        world.play()
        world.alarms = world.ledger.alarms()
        world.facts = [(row.name, row.date) for row in world.ledger.fact_table()]
        close()
        return Played(world)

    return run


def test_tr30_a_time_before_new_day_and_a_weekday_are_those_of_the_order_date(
    play: Any,
) -> None:
    """`0 2 * * *` would run on the morning of the order date itself, `FRI` on Friday's."""
    told = play(
        folder(
            job("NIGHT", 'DAYS="ALL" TIMEFROM="0200"'),
            job("FRI", 'WEEKDAYS="FRI" TIMEFROM="0200"'),
        ),
        start="2026-03-05T06:00:00",  # a Thursday
        end="2026-03-08T06:00:00",
    )
    assert told.starts("F/NIGHT") == ["06 02:00", "07 02:00", "08 02:00"]
    assert told.starts("F/FRI") == ["07 02:00"]
    assert told.states("FRI") == ["skipped", "success", "skipped"]


def test_tr31_facts_are_no_edges(play: Any) -> None:
    """Two producers: the first is enough. Another folder's fact. A third job that deletes. STAT stays."""
    told = play(
        folder(
            job("SLOW", children=adds("X")),
            job("FAST", children=adds("X")),
            job("EITHER", children=waits("X")),
            job("STATIC", children=adds("S", "STAT"), attributes='WEEKDAYS="MON"'),
            job("KEPT", children=waits("S", "STAT")),
            job("TAKER", 'DAYS="ALL" TIMEFROM="0900"', adds("THERE", sign="-")),
        ),
        folder(job("OTHER", children=adds("THERE")), name="G"),
        folder(job("LATE", 'DAYS="ALL" TIMEFROM="1000"', waits("THERE")), name="H"),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:59:00",
        jobs={"F/SLOW": [{"duration": 3600}]},
        default={"duration": 600},
    )
    assert told.starts("F/EITHER") == ["02 07:10", "03 07:10"]
    assert told.starts("F/KEPT") == ["02 07:10", "03 07:00"]
    assert told.starts("H/LATE") == []
    assert told.states("LATE")[0] == "skipped"


def test_tr32_c2_prev_goes_by_the_consumers_own_order_dates(play: Any) -> None:
    """Monday's wait is for last Monday's fact, whatever the daily producer does on Sunday."""
    told = play(
        folder(
            job("DAILY", children=adds("X")),
            job("WEEKLY", 'WEEKDAYS="MON"', waits("X", "PREV") + adds("W")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-10T06:00:00",
        default={"duration": 600},
    )
    assert told.starts("F/WEEKLY") == ["09 07:00"]
    assert told.states("WEEKLY")[0] == "skipped"
    assert ("W", "0309") in told.facts()


@pytest.mark.parametrize(
    ("rules", "runs"), [("", 1), (on("NOTOK", '<DOACTION ACTION="RERUN"/>'), 3)]
)
def test_tr33_c7_c8_reruns_need_a_rule(play: Any, rules: str, runs: int) -> None:
    told = play(
        folder(job("A", 'DAYS="ALL" MAXRERUN="2" INTERVAL="00005M"', rules)),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        default={"duration": 60, "exit_code": 1},
    )
    assert told.starts("F/A") == ["02 07:00", "02 07:06", "02 07:12"][:runs]
    assert told.states("A") == ["failed"]


def test_tr33_c5_maxwait_is_how_long_it_waits(play: Any) -> None:
    """A fact that comes a day later: MAXWAIT 0 has gone by then, MAXWAIT 1 runs; nothing is killed."""
    told = play(
        folder(
            job("GONE", children=waits("X", "STAT")),
            job("STAYS", 'DAYS="ALL" MAXWAIT="1"', waits("X", "STAT")),
        ),
        folder(job("X", 'DAYS="3" TIMEFROM="1200"', adds("X", "STAT")), name="G"),
        start="2026-03-02T06:00:00",
        end="2026-03-03T23:00:00",
        default={"duration": 600},
    )
    assert told.starts("F/GONE") == ["03 12:10"]  # the order of the 3rd; that of the 2nd has gone
    assert told.states("GONE") == ["skipped", "success"]
    assert told.starts("F/STAYS") == ["03 12:10", "03 12:10"]


def test_tr35_c10_a_folder_with_a_branch_that_is_not_taken_never_ends(
    play: Any,
) -> None:
    """ADJUST_COND N: B waits for A, which is ordered on Mondays only, and goes with the day."""
    smart = folder(
        adds("DONE"),
        job("A", 'WEEKDAYS="MON"', adds("A")),
        job("B", children=waits("A") + adds("B")),
        kind="SMART_FOLDER",
        more='DAYS="ALL"',
    )
    told = play(
        smart,
        start="2026-03-02T06:00:00",
        end="2026-03-04T08:00:00",
        default={"duration": 600},
    )
    assert told.starts("F/B") == ["02 07:10"]
    assert told.states("B")[:2] == ["success", "skipped"]
    assert [fact for fact in told.facts() if fact[0] == "DONE"] == [("DONE", "0302")]
    assert told.states("F.end")[:2] == ["success", "skipped"]


def test_ctm090_a_smart_folder_waits_for_its_own_criteria_and_fails_with_its_jobs(
    play: Any,
) -> None:
    smart = folder(
        waits("GO"),
        adds("DONE"),
        job("A"),
        job("B"),
        kind="SMART_FOLDER",
        more='DAYS="ALL" TIMEFROM="0800"',
    )
    told = play(
        smart,
        folder(job("GO", 'DAYS="ALL" TIMEFROM="0900"', adds("GO")), name="G"),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"F/B": [{"duration": 60, "exit_code": 1}]},
        default={"duration": 600},
    )
    assert told.starts("F/A") == told.starts("F/B") == ["02 09:10"]
    assert told.states("F.end") == ["failed"]
    assert ("DONE", "0302") not in told.facts()


def test_tr36_c9_rules_decide_the_verdict_before_dependents(play: Any) -> None:
    told = play(
        folder(
            job(
                "TOLERANT",
                children=adds("T") + on("COMPSTAT EQ 4", '<DOACTION ACTION="OK"/>'),
            ),
            job("AFTER", children=waits("T")),
            job(
                "BAD",
                children=adds("OK") + on("NOTOK", '<DOCOND NAME="BAD" ODATE="ODAT" SIGN="+"/>'),
            ),
            job("HANDLER", children=waits("BAD")),
            job("NEVER", children=waits("OK")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"F/TOLERANT": [{"exit_code": 4}], "F/BAD": [{"exit_code": 1}]},
    )
    assert told.starts("F/AFTER") == ["02 07:01"]
    assert told.starts("F/HANDLER") == ["02 07:01"]
    assert told.starts("F/NEVER") == []


def test_ctm070_rules_are_asked_in_three_rounds(play: Any) -> None:
    """A code makes it OK, its output NOTOK again, and a rule on NOTOK that stands first hears of it."""
    condition = '<DOCOND NAME="{}" ODATE="ODAT" SIGN="+"/>'
    rules = (
        on("NOTOK", condition.format("BAD") + '<DOACTION ACTION="RERUN"/>')
        + on("*ORA-?????*", '<DOACTION ACTION="NOTOK"/>')
        + on("COMPSTAT EQ 4", '<DOACTION ACTION="OK"/>' + condition.format("FOUR"))
        + on("FAILCOUNT EQ 2", condition.format("TWICE"))
    )
    told = play(
        folder(
            job("A", 'DAYS="ALL" MAXRERUN="5" INTERVAL="00010M"', rules + adds("GOOD")),
            *(job(f"ON-{name}", children=waits(name)) for name in ("GOOD", "BAD", "FOUR", "TWICE")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={
            "F/A": [
                {"exit_code": 4, "output": "done\nORA-00942: no such table\n"},
                {"exit_code": 1},
                {"exit_code": 4, "output": "ORA-1"},
            ]
        },
    )
    assert told.starts("F/A") == ["02 07:00", "02 07:11", "02 07:22"]
    assert told.starts("F/ON-FOUR") == told.starts("F/ON-BAD") == ["02 07:01"]
    assert told.starts("F/ON-TWICE") == ["02 07:12"]
    assert told.starts("F/ON-GOOD") == ["02 07:23"]


def test_ctm075_a_rule_turns_what_a_folder_comes_to(play: Any) -> None:
    """CTM-091: the folder around it sees a sub-folder that is OK; what is in it has failed all the same."""
    inner = '<SUB_FOLDER JOBNAME="U" DAYS="ALL">{}</SUB_FOLDER>'
    saved = on("NOTOK", '<DOACTION ACTION="OK"/>')
    told = play(
        folder(
            inner.format(job("A") + saved + adds("SAVED")), job("B"), adds("ALL"),
            name="S", kind="SMART_FOLDER", more='DAYS="ALL"',
        ),
        folder(
            job("C"), on("OK", '<DOACTION ACTION="NOTOK"/>'), adds("NEVER"),
            name="T", kind="SMART_FOLDER", more='DAYS="ALL"',
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"S/U/A": [{"exit_code": 1}]},
    )  # fmt: skip
    assert told.facts() == [("ALL", "0302"), ("SAVED", "0302")]
    states = {run.dag_id: run.state for run in told.world.runs}
    assert states == {"S": "success", "T": "failed"}


def test_tr37_the_last_time_to_start_is_no_failure(play: Any) -> None:
    told = play(
        folder(
            job("EARLY", children=adds("X")),
            job("LATE", 'DAYS="ALL" TIMETO="0730"', waits("X") + adds("Y")),
            job("NEXT", children=waits("Y")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T08:00:00",
        jobs={"F/EARLY": [{"duration": 3600}, {"duration": 600}]},
    )
    assert told.starts("F/LATE") == ["03 07:10"]
    assert told.states("LATE") == ["skipped", "success"]
    assert told.states("NEXT")[0] == "skipped"
    first = min(told.world.runs, key=lambda run: run.run_after)
    assert first.state == "success"


def test_af015_a_run_fails_with_a_job_that_nobody_can_wait_for_any_more(play: Any) -> None:
    """What waits for two jobs is skipped with the one; the other one fails later (CTM-052)."""
    day = folder(
        job("EARLY", 'DAYS="ALL" TIMETO="0800"', waits("NEVER") + adds("E")),
        job("LONG", children=adds("L")),
        job("BOTH", children=waits("E") + waits("L")),
    )
    span = {"start": "2026-03-02T00:00:00", "end": "2026-03-04T00:00:00"}
    plans = [{"duration": 7200, "exit_code": 3}, {"duration": 7200, "exit_code": 0}]
    played = play(day, **span, jobs={"F/LONG": plans})
    assert played.states("LONG") == ["failed", "success"]
    assert played.states("BOTH") == ["skipped", "skipped"]
    states = [run.state for run in sorted(played.world.runs, key=lambda run: run.run_after)]
    assert states == ["failed", "success"]


def test_ctm006_a_user_daily_orders_at_its_time(play: Any) -> None:
    """For the business day that it is then; what its time has passed for is not submitted."""
    night = folder(
        job("MON", 'WEEKDAYS="1" TIMEFROM="1000"'), job("DAY", 'DAYS="ALL" TIMETO="1200"')
    ).replace('"SYSTEM"', '"NIGHT"')
    span = {"start": "2026-03-02T00:00:00", "end": "2026-03-04T12:00:00"}
    played = play(night, **span, config='[controlm.user_dailies]\nNIGHT = "18:00"\n')
    assert played.starts("F/MON") == ["02 18:00"]
    assert played.starts("F/DAY") == []
    played = play(night, **span, config='[controlm.user_dailies]\nNIGHT = "05:30"\n')
    assert played.starts("F/MON") == ["03 05:30"]
    assert played.states("MON") == ["skipped", "success", "skipped"]


def test_ctm080_a_folder_holds_its_units_until_it_has_ended(play: Any) -> None:
    """Or, where it has no end, until New Day removes it (CTM-091)."""
    unit = '<QUANTITATIVE NAME="DB" QUANT="1"/>'
    night = folder(
        job("A"), job("B", 'DAYS="ALL" TIMEFROM="0900" TIMETO="1000"', waits("GO")),
        kind="SMART_FOLDER", more='DAYS="ALL"', name="N",
    ).replace("</SMART_FOLDER>", f"{unit}</SMART_FOLDER>")  # fmt: skip
    late = job("C", 'DAYS="ALL" TIMEFROM="0710" MAXWAIT="1"', unit)
    go = job("GO", 'WEEKDAYS="1"', adds("GO"))
    span = {"start": "2026-03-02T00:00:00", "end": "2026-03-03T12:00:00"}
    config = "[controlm.resources]\nDB = 1\n"
    day = folder(late, go, name="D")
    played = play(night, day, **span, config=config, jobs={"N/B": [LONG]})
    assert played.starts("D/C")[0] == "02 09:40"
    played = play(night, folder(late, name="D"), **span, config=config)
    assert played.starts("N/A") == ["02 07:00", "03 07:00"]
    assert played.starts("D/C") == []  # the folder of the next day was there before


def test_ctm080_ctm081_who_ends_notok_keeps_its_units_until_new_day(play: Any) -> None:
    kept = '<QUANTITATIVE NAME="DB" QUANT="1" ONFAIL="K"/><CONTROL NAME="T" TYPE="E"/>'
    table, unit = '<CONTROL NAME="T" TYPE="E"/>', '<QUANTITATIVE NAME="DB" QUANT="1"/>'
    day = folder(
        job("BAD", 'WEEKDAYS="1"', kept),
        job("UNIT", 'WEEKDAYS="1" TIMEFROM="0800" TIMETO="&gt;" MAXWAIT="3"', unit),
        job("TABLE", 'WEEKDAYS="1" TIMEFROM="0800"', table),
    )
    span = {"start": "2026-03-02T00:00:00", "end": "2026-03-05T12:00:00"}
    config = "[controlm.resources]\nDB = 1\n"
    failed = {"F/BAD": [{"duration": 60, "exit_code": 1}]}
    played = play(day, **span, config=config, jobs=failed)
    assert played.starts("F/TABLE") == ["02 08:00"]
    assert played.starts("F/UNIT") == ["04 07:00"]  # BAD stays a day longer (CTM-005)
    assert play(day, **span, config=config).starts("F/UNIT") == ["02 08:00"]


LONG = {"duration": 2400, "exit_code": 0}


def test_ctm019_the_sole_consumer_that_deletes_is_an_edge(play: Any) -> None:
    told = play(
        folder(
            job("A", children=adds("X")),
            job("B", children=waits("X") + adds("X", sign="-")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        default={"duration": 600},
    )
    assert told.starts("F/B") == ["02 07:10"]
    assert told.facts() == []


def test_ctm080_units_are_slots_that_a_waiting_task_leaves(play: Any) -> None:
    """One unit: A, which waits for a fact, does not keep it from B; C waits for B's end."""
    unit = '<QUANTITATIVE NAME="SLOT" QUANT="1"/>'
    told = play(
        folder(
            job("A", children=unit + waits("X")),
            job("B", children=unit),
            job("C", children=unit),
            job("X", 'DAYS="ALL" TIMEFROM="1200"', adds("X", "ODAT") + adds("X2")),
            job("X2", children=waits("X2") + adds("X", "PREV")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        config="[controlm.resources]\nSLOT = 1\n",
        default={"duration": 3600},
    )
    assert told.starts("F/B") == ["02 07:00"]
    assert told.starts("F/C") == ["02 08:00"]
    assert told.starts("F/A") == ["02 13:00"]


def test_ctm081_who_shares_a_lock_excludes_only_who_excludes_others(play: Any) -> None:
    shared, exclusive = (f'<CONTROL NAME="DB" TYPE="{kind}"/>' for kind in "SE")
    told = play(
        folder(
            job("READ1", children=shared),
            job("READ2", children=shared),
            job("WRITE1", children=exclusive),
            job("WRITE2", children=exclusive),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        default={"duration": 3600},
    )
    assert told.starts("F/READ1") == told.starts("F/READ2")
    alone = [told.starts(f"F/{name}")[0] for name in ("READ1", "WRITE1", "WRITE2")]
    assert sorted(alone) == ["02 07:00", "02 08:00", "02 09:00"]


def test_ctm080_several_resources_are_taken_at_once_or_not_at_all(play: Any) -> None:
    """BOTH waits until both are free, and takes neither before: B2 has SLOT although BOTH waits."""
    slot, tape = (f'<QUANTITATIVE NAME="{name}" QUANT="1"/>' for name in ("SLOT", "TAPE"))
    told = play(
        folder(
            job("A", children=tape + adds("A-DONE")),
            job("BOTH", 'DAYS="ALL" TIMEFROM="0705"', children=slot + tape),
            job("B2", 'DAYS="ALL" TIMEFROM="0710"', children=slot),
            job("LAST", children=waits("A-DONE") + '<CONTROL NAME="DB" TYPE="E"/>' + slot),
            job("ALONE", 'DAYS="ALL" TIMEFROM="0915"', children='<CONTROL NAME="DB" TYPE="E"/>'),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        config="[controlm.resources]\nSLOT = 1\nTAPE = 1\n",
        default={"duration": 3600},
    )
    assert told.starts("F/A") == ["02 07:00"]
    assert told.starts("F/B2") == ["02 07:10"]
    second, third = sorted(told.starts(f"F/{name}")[0] for name in ("BOTH", "LAST"))
    assert (second, third) == ("02 08:10", "02 09:10")
    # LAST holds both its resources, or has given both back.
    assert told.starts("F/ALONE") in (["02 09:15"], ["02 10:10"])


def test_ctm080_a_rerun_takes_its_units_again(play: Any) -> None:
    both = '<QUANTITATIVE NAME="SLOT" QUANT="1"/><CONTROL NAME="DB"/>'
    told = play(
        folder(
            job("A", 'DAYS="ALL" MAXRERUN="1" INTERVAL="00010M"',
                children=both + on("NOTOK", '<DOACTION ACTION="RERUN"/>')),
            job("B", 'DAYS="ALL" TIMEFROM="0730"', children=both),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        config="[controlm.resources]\nSLOT = 1\n",
        jobs={"F/A": [{"exit_code": 1, "duration": 3600}, {"duration": 60}]},
        default={"duration": 3600},
    )  # fmt: skip
    assert told.starts("F/B") == ["02 08:00"]
    assert told.starts("F/A") == ["02 07:00", "02 09:00"]


def test_ctm055_a_zone_has_its_own_days(play: Any) -> None:
    told = play(
        folder(job("EAST", 'DAYS="ALL" TIMEZONE="Asia/Tokyo" TIMEFROM="0800"')),
        folder(job("WEST", 'DAYS="ALL" TIMEZONE="America/New_York" TIMEFROM="0600"'), name="G"),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:00:00",
    )
    # 08:00 of 3 and 4 March there; before New Day it is the next morning's (CTM-048).
    assert told.starts("F/EAST") == ["02 23:00", "03 23:00"]
    assert told.starts("G/WEST") == ["03 11:00"]


def test_ctm005_a_window_comes_again_for_ever(play: Any) -> None:
    told = play(
        folder(
            job("A", 'WEEKDAYS="1" TIMEFROM="1000" TIMETO="1100" MAXWAIT="99"', waits("X")),
            job("X", 'WEEKDAYS="1,5" TIMEFROM="1200"', adds("X", "PREV")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-09T06:00:00",
    )
    assert told.starts("F/A") == ["07 10:00"]


def test_ctm076_a_folder_has_its_own_failure_path(play: Any) -> None:
    """CTM-091: it ends when all that is in it has ended."""
    rules = on(
        "NOTOK", '<DOCOND NAME="BAD" ODATE="ODAT" SIGN="+"/><DOMAIL DEST="ops@example.com"/>'
    ) + on("OK", '<DOCOND NAME="BAD" ODATE="PREV" SIGN="-"/>')
    told = play(
        folder(
            job("A"), job("B", 'DAYS="ALL" TIMEFROM="0900"'), rules, adds("GOOD"),
            name="S", kind="SMART_FOLDER", more='DAYS="ALL"',
        ),
        folder(job("HANDLER", children=waits("BAD"))),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:00:00",
        jobs={"S/A": [{"exit_code": 1}, {}]},
    )  # fmt: skip
    assert [start[:4] for start in told.starts("F/HANDLER")] == ["02 0"]
    assert told.facts() == [("GOOD", "0303")]  # the next day has taken BAD away
    notices = [alarm for alarm in told.world.alarms if alarm[:2] == ("S", "NOTIFICATION")]
    assert [text for _job, _kind, text in notices] == ["ops@example.com: "]


def force(folder_: str, name: str = "", date: str = "ODAT") -> str:
    named = f'NAME="{name}"' if name else ""
    return f'<DOFORCEJOB TABLE_NAME="{folder_}" {named} ODATE="{date}"/>'


def test_ctm077_a_rule_orders_a_job_of_another_folder(play: Any) -> None:
    """At once, whatever its days; its own waits hold; what orders it waits for nothing."""
    told = play(
        folder(job("A", children=on("NOTOK", force("FIX", "REPAIR"))), name="LOAD"),
        folder(
            job("REPAIR", 'WEEKDAYS="0"', waits("TOOLS") + adds("REPAIRED")),
            job("OTHER", 'WEEKDAYS="0"', waits("REPAIRED")),
            name="FIX",
        ),
        folder(job("T", 'DAYS="ALL" TIMEFROM="1200"', adds("TOOLS")), name="TOOLS"),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:00:00",
        jobs={"LOAD/A": [{"exit_code": 1}, {}]},
    )  # fmt: skip
    assert told.starts("FIX/REPAIR") == ["02 12:01"]
    assert told.starts("FIX/OTHER") == []  # it is not ordered
    assert ("REPAIRED", "0302") in told.facts()
    (run,) = [run for run in told.world.runs if run.dag_id == "FIX"]
    assert run.conf["only"] == ["FIX/REPAIR"]
    assert run.state == "success"
    assert [run.state for run in told.world.runs if run.dag_id == "LOAD"] == ["failed", "success"]


@pytest.mark.parametrize("code", [0, 1])
def test_ctm077_a_job_of_a_smart_folder_is_ordered_alone(play: Any, code: int) -> None:
    """Without its folder: it waits neither for what the folder waits for nor has the folder an end; its own waits
    hold, ADJUST_COND does not. The run is red with it all the same."""
    told = play(
        folder(job("A", children=on("OK", force("S", "X"))), name="LOAD"),
        folder(
            waits("NEVER"),
            adds("S-OK"),
            job("X", children=waits("W") + adds("X-OK")),
            job("P", 'WEEKDAYS="0"', adds("W")),
            '<SUB_FOLDER JOBNAME="U" DAYS="ALL">' + job("Y") + adds("U-OK") + "</SUB_FOLDER>",
            name="S",
            kind="SMART_FOLDER",
            more='DAYS="ALL" ADJUST_COND="Y"',
        ),
        folder(job("T", 'DAYS="ALL" TIMEFROM="1200"', adds("W")), name="TOOLS"),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"S/X": [{"exit_code": code}]},
    )  # fmt: skip
    assert told.starts("S/X") == ["02 12:01"]
    assert told.starts("S/U/Y") == []
    added = {name for name, _date in told.facts()}
    assert added == ({"W", "X-OK"} if code == 0 else {"W"})
    (run,) = [run for run in told.world.runs if run.conf.get("only")]
    assert (run.conf["only"], run.state) == (["S/X"], "failed" if code else "success")


def test_ctm077_a_fact_of_the_day_lets_what_is_forced_start(play: Any) -> None:
    """TR-31 for forced orders: the fact that the order of New Day left is that of the forced one, too."""
    told = play(
        folder(
            job("A", 'DAYS="ALL" TIMEFROM="0800"', adds("A-OK")),
            job("B", 'DAYS="ALL" TIMEFROM="0800"', waits("A-OK")),
            name="FIX",
        ),
        folder(job("X", 'DAYS="ALL" TIMEFROM="1000"', on("OK", force("FIX"))), name="X"),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"FIX/A": [{"duration": 60}, {"duration": 3600}]},
    )  # fmt: skip
    assert told.starts("FIX/A") == ["02 08:00", "02 10:01"]
    assert told.starts("FIX/B") == ["02 08:01", "02 10:01"]  # not behind the forced A


def test_ctm093_a_folder_runs_again_and_its_facts_stay(play: Any) -> None:
    """TR-31, TR-34 for folders: in its second run B has its fact already, so no edge may hold it back;
    where B takes the fact away it waits again. Each run is a DAG run of the same order."""
    loop = 'DAYS="ALL" CYCLIC="1" INTERVAL="00060M" IND_CYCLIC="E" MAXRERUN="2" TIMETO="0500"'
    told = play(
        folder(
            job("A", children=adds("A-OK") + adds("T-OK")),
            job("B", children=waits("A-OK")),
            job("T", children=waits("T-OK") + '<OUTCOND NAME="T-OK" ODATE="ODAT" SIGN="-"/>'),
            kind="SMART_FOLDER",
            more=loop,
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"F/B": [{"duration": 60}, {"duration": 60, "exit_code": 1}, {"duration": 60}]},
    )
    assert told.starts("F/A") == ["02 07:00", "02 08:02", "02 09:04"]
    assert told.starts("F/B") == ["02 07:01", "02 08:02", "02 09:04"]
    assert told.starts("F/T") == ["02 07:01", "02 08:03", "02 09:05"]
    assert [run.state for run in told.world.runs] == ["success", "failed", "success"]
    assert {run.conf.get("order_date", "2026-03-02") for run in told.world.runs} == {"2026-03-02"}


@pytest.mark.parametrize(
    ("date", "day", "start"),
    [
        ("ODAT", "03", "03 07:01"),
        ("PREV", "02", "03 07:01"),
        ("NEXT", "05", "05 07:00"),  # a day that has not begun is waited for
        ("+1", "04", "04 07:00"),
    ],
)
def test_ctm077_the_order_date_is_counted_by_who_orders(
    play: Any, date: str, day: str, start: str
) -> None:
    told = play(
        folder(job("A", 'WEEKDAYS="1,2,4"', on("OK", force("FIX", date=date)))),
        folder(job("R", children=adds("R-OK")), name="FIX", kind="SMART_FOLDER").replace("SYSTEM", ""),
        start="2026-03-03T06:00:00",
        end="2026-03-05T09:00:00",
        jobs={"F/A": [{}, {"exit_code": 1}]},
    )  # fmt: skip
    assert told.starts("FIX/R") == [start]
    assert told.facts() == [("R-OK", f"03{day}")]


@pytest.mark.parametrize(
    ("adjust", "monday", "tuesday"),
    [
        ("N", ["A 07:00", "B 08:00", "C 09:00"], []),
        ("Y", ["A 07:00", "B 08:00", "C 09:00"], ["B 07:00", "C 08:00"]),
        ("D", ["A 07:00", "B 08:00", "C 09:00"], ["A 07:00", "B 07:00", "C 08:00"]),
        ("B", ["A 07:00", "B 08:00", "C 09:00"], ["B 07:00", "C 08:00"]),
    ],
)
def test_ctm092_waits_for_what_is_not_ordered(
    play: Any, adjust: str, monday: list[str], tuesday: list[str]
) -> None:
    """The rule's own test: A on Mondays, B and C daily, A before B before C."""
    told = play(
        folder(
            job("A", 'WEEKDAYS="1"', adds("A-OK")),
            job("B", children=waits("A-OK") + adds("B-OK")),
            job("C", children=waits("B-OK")),
            name="S", kind="SMART_FOLDER", more=f'DAYS="ALL" ADJUST_COND="{adjust}"',
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:00:00",
        default={"duration": 3600},
    )  # fmt: skip
    starts = sorted((at, name) for name in "ABC" for at in told.starts(f"S/{name}"))
    assert [f"{name} {at[3:]}" for at, name in starts if at.startswith("02")] == monday
    assert [f"{name} {at[3:]}" for at, name in starts if at.startswith("03")] == tuesday


def test_ctm092_over_a_bridge_it_waits_for_what_lies_before(play: Any) -> None:
    told = play(
        folder(
            job("A", 'DAYS="ALL" TIMEFROM="1000"', adds("A-OK")),
            job("B", 'WEEKDAYS="1"', waits("A-OK") + adds("B-OK")),
            job("C", children=waits("B-OK")),
            name="S", kind="SMART_FOLDER", more='DAYS="ALL" ADJUST_COND="B"',
        ),
        start="2026-03-03T06:00:00",
        end="2026-03-04T06:00:00",
        default={"duration": 3600},
    )  # fmt: skip
    assert told.starts("S/C") == ["03 11:00"]


def test_ctm091_a_job_ends_its_folder(play: Any) -> None:
    """What waits is not submitted any more, what runs comes to its end."""
    told = play(
        folder(
            job("A"),
            job("LAST", 'DAYS="ALL" TIMEFROM="0730" END_FOLDER="1"'),
            job("LATE", 'DAYS="ALL" TIMEFROM="0900"'),
            job("NEVER", children=waits("X")),
            adds("ENDED"),
            name="S", kind="SMART_FOLDER", more='DAYS="ALL"',
        ),
        folder(job("AFTER", children=waits("ENDED"))),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"S/A": [{"duration": 7200}]},
        default={"duration": 600},
    )  # fmt: skip
    assert told.starts("S/LATE") == told.starts("S/NEVER") == []
    assert told.starts("F/AFTER") == ["02 09:00"]


def test_ctm091_an_inner_folder_that_is_ended_ends_the_outer_one_too(play: Any) -> None:
    inner = '<SUB_FOLDER JOBNAME="U" DAYS="ALL">{}</SUB_FOLDER>'
    ender, waiting = job("LAST", 'DAYS="ALL" END_FOLDER="1"'), job("NEVER", children=waits("X"))
    told = play(
        folder(
            inner.format(ender + waiting), adds("ENDED"),
            name="S", kind="SMART_FOLDER", more='DAYS="ALL"',
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
    )  # fmt: skip
    assert told.starts("S/U/NEVER") == []
    assert told.facts() == [("ENDED", "0302")]


def messages(alarms: list[tuple[str | None, str, str]]) -> list[tuple[str | None, str]]:
    return [(job_, text) for job_, kind, text in alarms if kind == "NOTIFICATION"]


def test_ctm078_all_messages_of_an_end_are_told_in_their_order(play: Any) -> None:
    """Of several rules, on OK, on a code, of each attempt; SHOUT behind the rules."""
    mail = '<DOMAIL DEST="ops@example.com" SUBJECT="A" MESSAGE="failed: %%RUNCOUNT"/>'
    rules = (
        on("NOTOK", mail + '<DOACTION ACTION="RERUN"/>')
        + on("COMPSTAT EQ 4", '<DOSHOUT DEST="ops" URGENCY="V" MESSAGE="four"/>')
        + on("OK", '<DOMAIL DEST="dev" MESSAGE="at last"/>')
        + '<SHOUT WHEN="OK" DEST="dev" MESSAGE="shouted"/>'
        + '<SHOUT WHEN="NOTOK" DEST="ops" MESSAGE="alas"/>'
    )
    told = play(
        folder(job("A", 'DAYS="ALL" MAXRERUN="1"', rules), job("B", children=on("NOTOK", mail))),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        jobs={"F/A": [{"exit_code": 4}, {"exit_code": 0}]},
    )
    assert messages(told.world.alarms) == [
        ("F/A", "ops (very urgent): four"),
        ("F/A", "ops@example.com: A\nfailed: 1"),
        ("F/A", "ops: alas"),
        ("F/A", "dev: at last"),
        ("F/A", "dev: shouted"),
    ]


def test_ctm078_messages_are_rows_of_the_ledger_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """Of a command, of an operator of the site, of what cannot start, and of the folder."""
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            '<VARIABLE NAME="%%STATE" VALUE="untouched"/>',
            '<JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="true" DAYS="ALL">'
            + on(
                "OK",
                '<DOSHOUT DEST="ops" MESSAGE="was %%STATE"/><DOVARIABLE NAME="%%\\\\STATE" VALUE="done"/>'
                '<DOMAIL DEST="%%STATE" SUBJECT="$(id); {{ ds }}" MESSAGE="%%JOBNAME: %%$ODATE"/>',
            )
            + adds("A")
            + '<SHOUT WHEN="EXECTIME" TIME="&lt;005" DEST="ops" MESSAGE="%%JOBNAME of %%$ODATE: short"/>'
            '<SHOUT WHEN="EXECTIME" TIME="&gt;005" DEST="ops" MESSAGE="long"/>'
            '<SHOUT WHEN="LATESUB" TIME="0900" DEST="ops" MESSAGE="late"/>' + "</JOB>",
            job(
                "SITE",
                children=waits("A") + '<SHOUT WHEN="OK" DEST="dev" MESSAGE="%%STATE"/>' + adds("S"),
            ),
            '<JOB JOBNAME="NEVER" TASKTYPE="Command" CMDLINE="echo %%\\NEVER" DAYS="ALL">'
            + waits("S")
            + on("NOTOK", '<DOMAIL DEST="ops" MESSAGE="no %%\\NEVER"/>')
            + "</JOB>",
            '<SHOUT WHEN="NOTOK" DEST="ops" URGENCY="U" MESSAGE="%%JOBNAME ended: %%STATE"/>'
            '<SHOUT WHEN="LATETIME" TIME="0900" DEST="ops" MESSAGE="late"/>',
            kind="SMART_FOLDER",
            more='DAYS="ALL"',
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text(
        '[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "F/SITE"\n'
        'operator = "airflow.providers.standard.operators.empty.EmptyOperator"\n'
        '[[rule]]\njob = "*"\nexecutor = "local"\n'
    )
    built: Compiled = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": "2026-01-31"})
    assert ended.succeeded >= {"A", "SITE"} and ended.failed >= {"NEVER", "F.end"}, ended
    assert messages(Ledger.open(ledger_url).alarms()) == [
        ("F/A", "ops: was untouched"),
        ("F/A", "done: $(id); {{ ds }}\nA: 20260131"),
        ("F/A", "ops: A of 20260131: short"),
        ("F/SITE", "dev: done"),
        ("F/NEVER", "ops: no %%\\NEVER"),
        ("F", "ops (urgent): F ended: done"),
    ]
    # Two days later all that was due is judged: it was submitted, and all has ended.
    later = Ledger.open(ledger_url, clock=VirtualClock(datetime.now(timezone.utc) + timedelta(2)))
    with later.store.read() as tx:
        assert {row[0] for row in tx.all("SELECT kind FROM hoist_dues")} == {
            "submitted", "ended", "over",
        }  # fmt: skip
    assert later.tell_late() == 0
    with later.store.read() as tx:
        assert tx.one("SELECT COUNT(*) FROM hoist_dues") == (0,)


def test_rules_of_folders_next_to_each_other_import(
    airflow_runs: ModuleType, tmp_path: Path
) -> None:
    """The cases of the lowering's own tests, with their calendar, in real Airflow."""
    for name in ("folder", "smart_folder", "order_days"):
        built = compile_estate(CASES / f"{name}.xml", CASES / "calendar.xml", out=tmp_path / name)
        assert built.exit_code == 0, built.findings
        loaded = airflow_runs.load(built.folder)
        assert not loaded.import_errors, loaded.import_errors
        for dag in loaded.dags.values():
            assert airflow_runs.round_trip(dag).dag_id == dag.dag_id


def test_a_folder_runs_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """Script and command on the worker, dates of the order, an edge, a dummy, facts."""
    script = tmp_path / "it's.sh"
    script.write_text(f'#!/bin/sh\necho "$1|$2" > {tmp_path}/args\n')
    script.chmod(0o755)
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            f'<JOB JOBNAME="A" TASKTYPE="Job" MEMLIB="{tmp_path}" MEMNAME="it\'s.sh" DAYS="ALL">'
            '<VARIABLE NAME="%%PARM1" VALUE="%%$ODATE"/><VARIABLE NAME="%%PARM2" VALUE="a; b $HOME"/>'
            + adds("A")
            + "</JOB>",
            f'<JOB JOBNAME="B" TASKTYPE="Command" CMDLINE="echo %%JOBNAME %%V $$ > {tmp_path}/b" DAYS="ALL">'
            '<VARIABLE NAME="%%V" VALUE="%%OYEAR"/>' + waits("A") + adds("B") + "</JOB>",
            f'<JOB JOBNAME="C" TASKTYPE="Dummy" DAYS="ALL">{waits("B")}{adds("C", "NEXT")}</JOB>',
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text('[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n')
    built: Compiled = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    today = datetime.now(timezone.utc)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": f"{today:%Y-%m-%d}"})
    assert ended.succeeded == {"A", "B", "C"}, ended
    assert (tmp_path / "args").read_text() == f"{today:%Y%m%d}|a; b $HOME\n"
    words = (tmp_path / "b").read_text().split()
    assert words[:2] == ["B", f"{today:%y}"] and words[2].isdigit()


def test_ctm093_a_folder_runs_again_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """What ends says in the ledger what follows; the dispatcher starts that, the last run starts nothing."""
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            f'<JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="echo %%$ODATE >> {tmp_path}/a" DAYS="ALL"/>',
            kind="SMART_FOLDER",
            more='DAYS="ALL" CYCLIC="1" CYCLIC_TYPE="V" CYCLIC_INTERVAL_SEQUENCE="+1M" MAXWAIT="99"',
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text('[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n')
    built: Compiled = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": "2026-01-31"})
    assert ended.succeeded == {"F.when", "A", "F.end"}, ended
    started: list[tuple[str, dict[str, Any]]] = []

    def start(dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        started.append((dag_id, conf))
        return True

    ledger = Ledger.open(ledger_url)
    dispatch_once(ledger, Subscriptions.of(built.manifest), start)
    ((dag_id, conf),) = started
    assert (dag_id, conf["order_date"], conf["cycle"]["runs"]) == ("F", "2026-01-31", 1)
    conf["cycle"]["past"][0][:2] = [
        each - 60 for each in conf["cycle"]["past"][0][:2]
    ]  # a minute ago
    again = airflow_runs.real_run(loaded["F"], conf=conf)
    assert again.succeeded == {"F.when", "A", "F.end"}, again
    assert (tmp_path / "a").read_text() == "20260131\n20260131\n"
    dispatch_once(ledger, Subscriptions.of(built.manifest), start)
    assert len(started) == 1  # its sequence has one interval


def test_ctm100_variables_of_orders_folders_and_the_server_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """Set at submission, by rules, for the folder and for a pool; read by the job behind, and in a message."""
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            r'<VARIABLE NAME="%%LAST" VALUE="none"/>'
            f'<JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="echo %%RUNCOUNT %%ORDERID %%TRY %%LAST > {tmp_path}/a" DAYS="ALL">'
            r'<VARIABLE NAME="%%TRY" VALUE="4"/><VARIABLE NAME="%%\BEGUN" VALUE="%%$CALCDTE %%$ODATE +M1"/>'
            r'<ON STMT="*" CODE="OK"><DOVARIABLE NAME="%%TRY" VALUE="%%TRY %%PLUS 1"/>'
            r'<DOVARIABLE NAME="\\LAST" VALUE="$(false) %%TRY"/><DOVARIABLE NAME="%%\\P\N" VALUE="%%SUBSTR %%LAST 1 3"/>'
            r'<DOVARIABLE NAME="%%\BAD" VALUE="%%SUBSTR %%LAST 1 99"/></ON>' + adds("A") + "</JOB>",
            f'<JOB JOBNAME="B" TASKTYPE="Command" CMDLINE="echo \'%%LAST\' %%BEGUN \'%%\\\\P\\N\' > {tmp_path}/b" DAYS="ALL">'
            + waits("A")
            + adds("B")
            + "</JOB>",
            r'<JOB JOBNAME="C" TASKTYPE="Command" CMDLINE="echo %%\NEVER" DAYS="ALL">'
            + waits("B")
            + '<ON STMT="*" CODE="NOTOK"><DOMAIL DEST="ops" MESSAGE="%%JOBNAME %%LAST %%RUNCOUNT"/></ON></JOB>',
            kind="SMART_FOLDER",
            more='DAYS="ALL"',
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text('[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n')
    built: Compiled = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": "2026-01-31"})
    assert ended.succeeded >= {"A", "B"}, ended
    assert "C" in ended.failed  # CTM-104
    count, order, tries, last = (tmp_path / "a").read_text().split()
    assert (count, len(order), tries, last) == ("1", 5, "4", "none")
    assert (tmp_path / "b").read_text() == "$(false) 5 20260228 $(f\n"  # never code
    ledger = Ledger.open(ledger_url)
    assert ledger.globals() == {r"%%\BEGUN": "20260228", r"%%\\P\N": "$(f"}
    told = {(job, kind): text for job, kind, text in ledger.alarms()}
    assert told["F/A", "VARIABLENOTSET"].startswith(r"%%\BAD is not set")
    assert told["F/C", "NOTIFICATION"] == "ops: C $(false) 5 1"


def test_ctm006_what_says_no_day_is_never_ordered_by_new_day(play: Any) -> None:
    """ "None" beside an everyday job, and around one; the whole folder where all say so."""
    told = play(
        folder(job("EVERY"), job("NONE", "")),
        folder(
            f'<SUB_FOLDER JOBNAME="S">{job("IN")}</SUB_FOLDER>',
            job("BESIDE", "", '<RULE_BASED_CALENDARS NAME="*"/>'),
            kind="SMART_FOLDER",
            name="G",
            more='DAYS="ALL"',
        ),
        folder(job("ALONE", ""), name="H"),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:00:00",
    )
    assert told.starts("F/EVERY") == ["02 07:00", "03 07:00"]
    assert told.starts("F/NONE") == told.starts("G/S/IN") == told.starts("H/ALONE") == []
    assert told.states("NONE") == ["skipped", "skipped"]
    assert told.starts("G/BESIDE") == ["02 07:00", "03 07:00"]  # the days of its folder


def test_ctm050_a_window_comes_again_on_each_day_that_maxwait_keeps(play: Any) -> None:
    """The fact comes after TIMETO, or before the next TIMEFROM: it starts in the next window."""
    told = play(
        folder(
            job("TO", 'DAYS="2" TIMETO="0900" MAXWAIT="1"', waits("X", "STAT")),
            job("FROM", 'DAYS="2" TIMEFROM="1000" MAXWAIT="2"', waits("Y", "STAT")),
            job(
                "PAST",
                'DAYS="2" TIMEFROM="1000" TIMETO="&gt;" MAXWAIT="2"',
                waits("Y", "STAT"),
            ),
            job("GONE", 'DAYS="2" TIMETO="0900" MAXWAIT="1"', waits("Y2", "STAT")),
        ),
        folder(
            job("X", 'DAYS="2" TIMEFROM="1200"', adds("X", "STAT")),
            job("Y", 'DAYS="3" TIMEFROM="0730"', adds("Y", "STAT")),
            job("Y2", 'DAYS="3" TIMEFROM="0930"', adds("Y2", "STAT")),
            name="G",
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-05T06:00:00",
        default={"duration": 600},
    )
    assert told.starts("F/TO") == ["03 07:00"]
    assert told.starts("F/FROM") == ["03 10:00"]
    assert told.starts("F/PAST") == ["03 07:40"]
    assert told.starts("F/GONE") == []
    assert told.states("GONE") == ["skipped"]


def test_ctm004_a_job_waits_for_the_confirmation_of_one_order(play: Any) -> None:
    """It starts when all holds; the order of the next day is another one. A folder that waits, too."""
    told = play(
        folder(
            job("A", 'DAYS="ALL" CONFIRM="1" TIMEFROM="0800"', adds("A")),
            job("B", children=waits("A")),
            job("FREE", 'DAYS="ALL" CONFIRM="0"'),
        ),
        folder(job("IN"), kind="SMART_FOLDER", name="G", more='DAYS="ALL" CONFIRM="1"'),
        start="2026-03-02T06:00:00",
        end="2026-03-04T06:59:00",
        confirmed=[("F/A", "20260302"), ("F/A", "20250303"), ("G", "20260303")],
    )
    assert told.starts("F/A") == ["02 08:00"]
    assert told.starts("F/B") == ["02 08:01"]
    assert told.starts("F/FREE") == ["02 07:00", "03 07:00"]
    assert told.starts("G/IN") == ["03 07:00"]


def test_a_job_that_is_not_translated_fails_and_stops_nothing_else(play: Any) -> None:
    """A plug-in, a script that lies nowhere, a cycle of nothing (CTM-061), an unclear variable: each waits as it should, and ends NOTOK."""
    bad = on("NOTOK", '<DOCOND NAME="BAD" ODATE="ODAT" SIGN="+"/>')
    told = play(
        folder(
            '<JOB JOBNAME="PLUG" APPL_TYPE="FILE_TRANS" DAYS="ALL">'
            '<VARIABLE NAME="%%FTP-HOST" VALUE="h"/>' + adds("P") + bad + "</JOB>",
            '<JOB JOBNAME="NOWHERE" TASKTYPE="Job" MEMNAME="a.sh" DAYS="ALL" TIMEFROM="0900">'
            + adds("N")
            + "</JOB>",
            '<JOB JOBNAME="CYCLE" TASKTYPE="Dummy" DAYS="ALL" CYCLIC="1" INTERVAL="00000M">'
            + adds("C")
            + "</JOB>",
            '<JOB JOBNAME="UNCLEAR" TASKTYPE="Command" CMDLINE="%%A.txt" WEEKDAYS="TUE"/>',
            job("HANDLER", children=waits("BAD")),
            job("AFTER", children=waits("N")),
            job("OTHER"),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        default={"duration": 600},
    )
    assert told.states("PLUG") == told.states("NOWHERE") == told.states("CYCLE") == ["failed"]
    assert told.states("UNCLEAR") == ["skipped"]  # a Monday
    assert told.starts("F/NOWHERE") == ["02 09:00"]
    assert told.starts("F/HANDLER") == told.starts("F/OTHER") == ["02 07:00"]
    assert told.starts("F/AFTER") == []
    assert told.facts() == [("BAD", "0302")]


CYCLIC = 'DAYS="ALL" CYCLIC="1"'


def test_tr34_a_cyclic_job_is_one_task_that_runs_again(play: Any) -> None:
    """CTM-060, CTM-062: from start, end and target; CTM-066: who waits for its fact runs once."""
    every = f'{CYCLIC} INTERVAL="00015M" TIMETO="0800"'
    told = play(
        folder(
            job("S", f'{every} IND_CYCLIC="S"', adds("S")),
            job("E", f'{every} IND_CYCLIC="E"'),
            job("T", f'{every} IND_CYCLIC="T"'),
            job("AFTER", children=waits("S")),
            job("TAKES", f'{CYCLIC} INTERVAL="00005M"', waits("S") + adds("S", sign="-")),
        ),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:59:00",
        default={"duration": 60},
        jobs={
            "F/TAKES": [{"duration": 30}],
            **{f"F/{name}": [{"duration": 20 * 60}, {"duration": 60}] for name in "SET"},
        },
    )
    assert told.starts("F/S") == ["02 07:00", "02 07:20", "02 07:35", "02 07:50"]
    assert told.starts("F/E") == ["02 07:00", "02 07:35", "02 07:51"]
    assert told.starts("F/T") == ["02 07:00", "02 07:20", "02 07:30", "02 07:45", "02 08:00"]
    assert told.starts("F/AFTER") == ["02 07:20"]
    assert told.starts("F/TAKES") == ["02 07:20", "02 07:25", "02 07:36", "02 07:51"]
    assert [told.states(name) for name in ("S", "E", "T", "AFTER")] == [["success"]] * 4


def test_ctm063_ctm064_how_cycles_end(play: Any) -> None:
    """A sequence, times, MAXRERUN, a rule; the order ends as its last execution, its folder after it."""
    stops = on("NOTOK", '<DOACTION ACTION="SPCYC"/>')
    times = 'CYCLIC_TYPE="S" CYCLIC_TOLERANCE="5" CYCLIC_TIMES_SEQUENCE="0900,0800,0905"'
    told = play(
        folder(
            job("V", f'{CYCLIC} CYCLIC_TYPE="V" CYCLIC_INTERVAL_SEQUENCE="+30M,+1H"'),
            job("L", f"{CYCLIC} {times}"),
            job("M", f'{CYCLIC} INTERVAL="00010M" MAXRERUN="2"'),
            adds("OK"),
            kind="SMART_FOLDER",
            more='DAYS="ALL"',
        ),
        folder(job("X", f'{CYCLIC} INTERVAL="00010M"', stops), name="G"),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:59:00",
        default={"duration": 60},
        jobs={
            "F/L": [{"duration": 66 * 60}, {"duration": 60}],
            "F/M": [{"duration": 60}, {"duration": 60, "exit_code": 1}, {"duration": 60}],
            "G/X": [{"duration": 60}, {"duration": 60, "exit_code": 1}],
        },
    )
    assert told.starts("F/V") == ["02 07:00", "02 07:30", "02 08:30"]
    assert told.starts("F/L") == ["02 08:00", "02 09:06"]  # 09:00 is too late by then
    assert told.starts("F/M") == ["02 07:00", "02 07:10", "02 07:20"]
    assert told.states("M") == told.states("F.end") == ["success"]
    assert told.facts() == [("OK", "0302")]
    assert told.starts("G/X") == ["02 07:00", "02 07:10"]
    assert told.states("X") == ["failed"]


def test_a_cycle_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three executions of one task: it is deferred between them, and its fact comes again (CTM-066)."""
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.1")
    (tmp_path / "poll.sh").write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n")
    (tmp_path / "poll.sh").chmod(0o755)
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            f'<JOB JOBNAME="POLL" TASKTYPE="Command" CMDLINE="{tmp_path}/poll.sh" {CYCLIC} INTERVAL="00000M" MAXRERUN="2">'
            + adds("P")
            + "</JOB>"
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text('[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n')
    built = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    loaded = airflow_runs.register(built.folder)
    today = datetime.now(timezone.utc)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": f"{today:%Y-%m-%d}"})
    assert ended.state == "success", ended
    assert (tmp_path / "runs").read_text() == "run\n" * 3
    ledger = Ledger.open(ledger_url)
    ends = [one.status for one in ledger.events() if one.job == "F/POLL" and one.kind == "status"]
    assert ends == ["STARTING", "RUNNING", "SUCCESS"] * 3


def test_the_only_server_is_that_of_folders_that_name_none(play: Any) -> None:
    told = play(
        folder(job("A", children=adds("X"))),
        folder(job("B", children=waits("X")), name="G", more='DATACENTER="PROD"'),
        start="2026-03-02T06:00:00",
        end="2026-03-03T06:00:00",
        default={"duration": 600},
    )
    assert told.starts("G/B") == ["02 07:10"]


def test_commands_scripts_and_operators_of_the_site_in_real_airflow(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """An empty command line ends OK; scripts inside the definition, and in the site's folder; a mapped plug-in."""
    (tmp_path / "s.sh").write_text(f"#!/bin/sh\necho script > {tmp_path}/s\n")
    (tmp_path / "s.sh").chmod(0o755)
    inside = (
        f"#!/bin/bash&#10;x=%%V&#10;[[ -n $x ]] &amp;&amp; echo $x $BASH_VERSION > {tmp_path}/i"
    )
    source = tmp_path / "estate.xml"
    source.write_text(
        "<DEFTABLE>"
        + folder(
            f'<JOB JOBNAME="E" TASKTYPE="Command" CMDLINE="" DAYS="ALL">{adds("E")}</JOB>',
            f'<JOB JOBNAME="S" TASKTYPE="Job" MEMNAME="s.sh" DAYS="ALL">{waits("E")}</JOB>',
            f'<JOB JOBNAME="I" TASKTYPE="Job" MEMNAME="x" INSTREAM_JCL="{inside}" USE_INSTREAM_JCL="Y" DAYS="ALL">'
            f'<VARIABLE NAME="%%V" VALUE="v%%$ODATE"/>{waits("E")}</JOB>',
            f'<JOB JOBNAME="P" APPL_TYPE="SAP" DAYS="ALL">{waits("E")}{adds("P")}</JOB>',
            f'<JOB JOBNAME="L" TASKTYPE="Dummy" DAYS="ALL">{waits("P")}</JOB>',
        )
        + "</DEFTABLE>"
    )
    config = tmp_path / "hoist.toml"
    config.write_text(
        '[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n'
        f'[[rule]]\njob_type = "SAP"\noperator = "{BASH}"\n'
        f'arguments = {{ bash_command = "echo {{job}} > {tmp_path}/p" }}\n'
        f'[[rule]]\njob = "F/S"\noperator = "{BASH}"\n'
        f'arguments = {{ bash_command = "{tmp_path}/{{command}} " }}\n'
    )
    built: Compiled = compile_estate(source, out=tmp_path / "dags", options=["--config", config])
    assert built.exit_code == 0, built.findings
    loaded = airflow_runs.register(built.folder)
    today = datetime.now(timezone.utc)
    ended = airflow_runs.real_run(loaded["F"], conf={"order_date": f"{today:%Y-%m-%d}"})
    assert ended.succeeded == {"E", "S", "I", "P", "L"}, ended
    assert (tmp_path / "s").read_text() == "script\n"
    assert (tmp_path / "i").read_text().startswith(f"v{today:%Y%m%d} ")
    assert (tmp_path / "p").read_text() == "F/P\n"
