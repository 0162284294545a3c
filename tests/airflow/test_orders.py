"""Orders of Control-M in real Airflow: the shims' side, DAGs written by hand. Compiled ones: test_controlm.py."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest

HEAD = """
from airflow.sdk import DAG
from hoist_airflow import FolderEnd, FolderStart, OrderedCommand, OrderedDummy, order_dates, order_days

with DAG("F", schedule=order_dates(days="all", new_day="00:00"), catchup=False, max_active_runs=16):
"""
TODAY = datetime.now(timezone.utc).date()


def folder(body: str) -> str:
    return HEAD + "\n".join(f"    {line}" for line in body.strip().splitlines()) + "\n"


def conf(day: date = TODAY, **more: object) -> dict[str, object]:
    return {"order_date": day.isoformat(), **more}


def facts(url: str) -> list[tuple[str, str]]:
    from hoist_airflow.ledger import Ledger

    return [(row.name, row.date) for row in Ledger.open(url).fact_table()]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.1")


def test_facts_join_jobs_and_a_command_reads_its_order_date(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            f"""
a = OrderedCommand(task_id="A", command="echo %%$ODATE.%%SUFFIX > {tmp_path}/a", via="local", shell="/bin/sh",
                   variables={{"SUFFIX": "x"}}, on_ok=["+fact(A-OK)"])
b = OrderedDummy(task_id="B", when="fact(A-OK) & fact(C-OK)", on_ok=["+fact(B-OK)", "-fact(A-OK)"])
c = OrderedDummy(task_id="C", on_ok=["+fact(C-OK)"])
[a, c] >> b  # `dag.test` runs one task after the other
"""
        ),
        conf=conf(),
    )
    assert ended.state == "success", ended
    assert ended.succeeded == {"A", "B", "C"}
    assert (tmp_path / "a").read_text() == f"{TODAY:%Y%m%d}x\n"
    assert facts(ledger_url) == [("B-OK", f"{TODAY:%m%d}"), ("C-OK", f"{TODAY:%m%d}")]


def test_tr33_tr37_what_waited_in_vain_vanishes(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """An order of yesterday whose condition never came: removed at New Day, neither failed nor done."""
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            """
OrderedDummy(task_id="A", when="fact(X)", on_ok=["+fact(A)"])
OrderedDummy(task_id="B", on_ok=["+fact(B)"], max_wait=1)
OrderedDummy(task_id="C", time_to="00:00", max_wait=1)
OrderedDummy(task_id="D", days=order_days(dates="02-29"), max_wait=9)
"""
        ),
        conf=conf(TODAY - timedelta(days=1)),
        run_after=datetime.combine(TODAY - timedelta(days=1), time(12), timezone.utc),
    )
    assert ended.state == "success"
    assert ended.skipped == {"A", "C", "D"}
    assert ended.succeeded == {"B"}
    assert [name for name, _ in facts(ledger_url)] == ["B"]


@pytest.mark.parametrize("retro", [False, True])
def test_ctm047_a_missed_day_is_made_up_for_where_retro_says_so(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path, retro: bool
) -> None:
    """The scheduler made the run of some days ago only now."""
    text = folder('OrderedDummy(task_id="A", on_ok=["+fact(A)"], time_to="23:59")')
    past = datetime.combine(TODAY - timedelta(days=5 + retro), time(0), timezone.utc)
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        text.replace('new_day="00:00"', f'new_day="00:00", retro={retro}'),
        conf=conf(past.date()),
        run_after=past,
    )
    assert ended.succeeded == ({"A"} if retro else set())
    assert facts(ledger_url) == ([("A", f"{past:%m%d}")] if retro else [])


def test_ctm006_an_order_by_hand_for_a_day_that_is_over_runs(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder('OrderedDummy(task_id="A", on_ok=["+fact(A)"])'),
        conf=conf(TODAY - timedelta(days=3)),
    )
    assert ended.succeeded == {"A"}
    assert facts(ledger_url) == [("A", f"{TODAY - timedelta(days=3):%m%d}")]


def test_c10_a_folder_with_what_never_ran_has_no_end(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """CTM-091: not even a bad one; Airflow's run is red all the same, as a job in it failed."""
    from hoist_airflow.ledger import Ledger

    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            """
a = OrderedCommand(task_id="A", command="exit 3", via="local", shell="/bin/sh")
b = OrderedDummy(task_id="B", time_to="00:00")
c = OrderedDummy(task_id="C", days=order_days(dates="02-29"))
[a, b, c] >> FolderEnd(task_id="F.end", of="F", on_ok=["+fact(F)"])
"""
        ),
        conf=conf(),
    )
    assert ended.state == "failed"
    assert ended.failed == {"A", "F.end"}
    row = Ledger.open(ledger_url).status("F")
    assert row is not None and row.status == "INACTIVE"


def test_a_folder_in_which_nothing_is_due_ends_ok(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            """
c = OrderedDummy(task_id="C", days=order_days(dates="02-29"))
c >> FolderEnd(task_id="F.end", of="F", on_ok=["+fact(F)"])
"""
        ),
        conf=conf(),
    )
    assert ended.succeeded == {"F.end"}
    assert facts(ledger_url) == [("F", f"{TODAY:%m%d}")]


def test_a_failure_adds_its_own_fact_and_the_folder_is_not_ok(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            """
start = FolderStart(task_id="F.when", of="F", when="fact(GO, any date)")
a = OrderedCommand(task_id="A", command="exit 3", via="local", shell="/bin/sh",
                   on_ok=["+fact(OK)"], on_notok=["+fact(BAD)", "+fact(GO, no date)"])
b = OrderedDummy(task_id="B", when="fact(BAD)", trigger_rule="all_done")
end = FolderEnd(task_id="F.end", of="F", on_ok=["+fact(F)"])
go = OrderedDummy(task_id="G", on_ok=["+fact(GO, previous order date)"])
go >> start >> a >> end
a >> b >> end
"""
        ),
        conf=conf(),
    )
    assert ended.state == "failed"
    assert ended.failed == {"A", "F.end"}
    assert ended.succeeded == {"F.when", "B", "G"}
    yesterday = TODAY - timedelta(days=1)
    assert facts(ledger_url) == [
        ("BAD", f"{TODAY:%m%d}"),
        ("GO", f"{yesterday:%m%d}"),
        ("GO", "STAT"),
    ]


def test_reruns_check_the_criteria_again(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path
) -> None:
    """TR-33, C8: a fact that the first attempt deletes is asked for by the second."""
    ended = airflow_runs.run_file(
        tmp_path / "dags",
        folder(
            f"""
a = OrderedCommand(task_id="A", command="echo x >> {tmp_path}/runs; exit 1", via="local", shell="/bin/sh",
                   retries=2, retry_delay=0.1, on_notok=["+fact(FAILED)"])
b = OrderedDummy(task_id="B", when="fact(FAILED)", trigger_rule="all_done")
a >> b
"""
        ),
        conf=conf(),
    )
    assert ended.failed == {"A"} and ended.succeeded == {"B"}
    assert (tmp_path / "runs").read_text() == "x\n" * 3
