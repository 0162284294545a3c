"""Jobs of Control-M that are no commands, compiled and run by real Airflow: file watchers wait for real files, queries
change a real database; what has no form fails, with all that its definition says.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from compiled import Compiled, compile_estate

from hoist_airflow.ledger import Ledger

TODAY = datetime.now(timezone.utc)


def plug_in(name: str, kind: str, children: str = "", /, **parameters: str) -> str:
    """A job; the variables are those of the plug-in, and `V`."""
    prefix = {"FileWatch": "FileWatch-", "DATABASE": "DB-", "FILE_TRANS": "FTP-"}[kind]
    given = {
        key if key == "V" else prefix + key.replace("__", "-"): value
        for key, value in parameters.items()
    }
    variables = "".join(
        f'<VARIABLE NAME="%%{key}" VALUE={quoteattr(value)}/>' for key, value in given.items()
    )
    return f'<JOB JOBNAME="{name}" APPL_TYPE="{kind}" TASKTYPE="Job" DAYS="ALL">{variables}{children}</JOB>'


def query(name: str, text: str, children: str = "", **more: str) -> str:
    given = {"ACCOUNT": "BOOKS", "EXEC_TYPE": "Open Query", "QTXT__N001__SUBQTXT": text, **more}
    return plug_in(name, "DATABASE", children, **given)


def waits(name: str) -> str:
    return f'<INCOND NAME="{name}" ODATE="ODAT" AND_OR="A"/>'


def adds(name: str) -> str:
    return f'<OUTCOND NAME="{name}" ODATE="ODAT" SIGN="+"/>'


Run = Callable[..., tuple[Any, Compiled]]


@pytest.fixture
def run(
    airflow_runs: ModuleType, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Compile one folder and run its order of today."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_BOOKS", json.dumps({"conn_type": "sqlite", "host": f"{tmp_path}/books.db"})
    )
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.1")

    def compile_and_run(
        *jobs: str, source: str = "", name: str = "estate.xml"
    ) -> tuple[Any, Compiled]:
        text = (
            source
            or f'<DEFTABLE><FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM">{"".join(jobs)}</FOLDER></DEFTABLE>'
        )
        (tmp_path / name).write_text(text)
        config = tmp_path / "hoist.toml"
        config.write_text(
            '[controlm]\nnew_day = "00:00"\n[[rule]]\njob = "*"\nexecutor = "local"\n'
        )
        built = compile_estate(tmp_path / name, out=tmp_path / "dags", options=["--config", config])
        loaded = airflow_runs.register(built.folder)
        return airflow_runs.real_run(loaded["F"], conf={"order_date": f"{TODAY:%Y-%m-%d}"}), built

    return compile_and_run


def once_running(ledger_url: str, job: str, do: Callable[[], object]) -> None:
    """Do something a moment after the job has begun to wait."""

    def watch() -> None:
        ledger = Ledger.open(ledger_url)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            row = ledger.status(job)
            if row is not None and row.status == "RUNNING":
                time.sleep(1)
                do()
                return
            time.sleep(0.2)

    threading.Thread(target=watch, daemon=True).start()


QUICK = {"INT_FILE_SEARCHES": "1", "INT_FILESIZE_COMPARISON": "1", "NUM_OF_ITERATIONS": "1"}


def test_ctm120_watchers_wait_for_real_files(run: Run, ledger_url: str, tmp_path: Path) -> None:
    """One file of the order date, one match of a pattern with a bracket, one that goes; the rest follows."""
    (tmp_path / "lock").write_text("x")
    (tmp_path / "a[1].csv").write_text("x")
    arrives = tmp_path / f"in{TODAY:%y%m%d}.csv"
    once_running(ledger_url, "F/COMES", lambda: arrives.write_text("12345"))
    once_running(ledger_url, "F/GOES", (tmp_path / "lock").unlink)
    ended, built = run(
        plug_in(
            "COMES", "FileWatch", adds("C"), V="in", FILE_PATH=f"{tmp_path}/%%V.%%ODATE..csv",
            MODE="CREATE", MIN_DET_SIZE="5B", TIME_LIMIT="1", START_TIME="NOW", STOP_TIME="0", **QUICK,
        ),
        plug_in("ANY", "FileWatch", FILE_PATH=f"{tmp_path}/a[1].*", MIN_DET_SIZE="1G", **QUICK),
        plug_in("GOES", "FileWatch", adds("G"), FILE_PATH=f"{tmp_path}/lock", MODE="DELETE", TIME_LIMIT="1", **QUICK),
        f'<JOB JOBNAME="L" TASKTYPE="Dummy" DAYS="ALL">{waits("C")}{waits("G")}</JOB>',
    )  # fmt: skip
    assert built.exit_code == 0, built.findings
    assert ended.succeeded == {"COMES", "ANY", "GOES", "L"}, ended


def test_ctm124_a_file_that_does_not_come_is_notok(
    run: Run, ledger_url: str, tmp_path: Path
) -> None:
    """After its minute; what follows from NOTOK follows, with the exit code of Control-M's utility."""
    on = '<ON STMT="*" CODE="NOTOK"><DOCOND NAME="BAD" ODATE="ODAT" SIGN="+"/></ON>'
    ended, built = run(
        plug_in("W", "FileWatch", adds("OK") + on, FILE_PATH=f"{tmp_path}/none", TIME_LIMIT="1", **QUICK)
    )  # fmt: skip
    assert built.exit_code == 0
    assert ended.failed == {"W"}, ended
    ledger = Ledger.open(ledger_url)
    assert [row.name for row in ledger.fact_table()] == ["BAD"]
    row = ledger.status("F/W")
    assert row is not None and (row.status, row.exit_code) == ("FAILURE", 7)


def test_ctm125_a_query_in_a_real_database(run: Run, tmp_path: Path) -> None:
    """CTM-117: over the connection of the profile's name. Percent signs, quotes and braces of the statement reach the
    database; one that fails changes nothing.
    """
    with sqlite3.connect(tmp_path / "books.db") as books:
        books.execute("create table t (d text, w text)")
    ended, built = run(
        query(
            "INTO", "insert into t values ('%%V', '{{ ds }} 100%  :x ?');", adds("I"), V="d%%$ODATE"
        ),
        query("BAD", "insert into nowhere values (1)", waits("I"), AUTOCOMMIT="Y"),
        query("AFTER", "update t set w = w || '!' where d like 'd%'", waits("I") + adds("A")),
    )
    assert built.exit_code == 0, built.findings
    assert (ended.failed, ended.succeeded) == ({"BAD"}, {"INTO", "AFTER"}), ended
    with sqlite3.connect(tmp_path / "books.db") as books:
        assert books.execute("select * from t").fetchall() == [
            (f"d{TODAY:%Y%m%d}", "{{ ds }} 100%  :x ?!")
        ]
    connections = json.loads((built.folder / "connections.json").read_text())
    assert connections == {"BOOKS": {"conn_type": "generic"}}


def test_ctm120_ctm125_json_says_the_same(run: Run, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "books.db").close()
    (tmp_path / "in").write_text("123")
    ended, built = run(
        source=json.dumps(
            {
                "F": {
                    "Type": "SimpleFolder",
                    "OrderMethod": "Automatic",
                    "W": {
                        "Type": "Job:FileWatcher:Create",
                        "Path": f"{tmp_path}/in",
                        "SearchInterval": "1",
                        "FileSizeInterval": 1,
                        "Iterations": "1",
                        "MinimumSize": "3B",
                        "TimeLimit": "1",
                        "When": {"MonthDays": ["ALL"]},
                    },
                    "Q": {
                        "Type": "Job:Database:EmbeddedQuery",
                        "ConnectionProfile": "BOOKS",
                        "Query": "create table t (\n\ta text)",
                        "OutputExecutionLog": "Y",
                        "When": {"MonthDays": ["ALL"]},
                    },
                    "Flow": {"Type": "Flow", "Sequence": ["W", "Q"]},
                }
            }
        ),
        name="estate.json",
    )
    assert built.exit_code == 0, built.findings
    assert ended.succeeded == {"W", "Q"}, ended
    with sqlite3.connect(tmp_path / "books.db") as books:
        assert books.execute("select name from sqlite_master").fetchall() == [("t",)]


REFUSED = {
    "AGE": plug_in("J", "FileWatch", FILE_PATH="/in/f", MIN_AGE="0Y0M1D"),
    "STOP_TIME": plug_in("J", "FileWatch", FILE_PATH="/in/f", STOP_TIME="+0100"),
    "ITERATIONS": plug_in("J", "FileWatch", FILE_PATH="/in/f", NUM_OF_ITERATIONS="0"),
    "TIME_LIMIT": plug_in("J", "FileWatch", FILE_PATH="/in/f", TIME_LIMIT="%%V", V="5"),
    "CONNTYPE": plug_in("J", "FileWatch", FILE_PATH="/in/f", CONNTYPE="SFTP"),
    "`f`": plug_in("J", "FileWatch", FILE_PATH="f"),
    "`C:": plug_in("J", "FileWatch", FILE_PATH="C:\\in\\f"),
    "FILE_PATH": plug_in("J", "FileWatch", MODE="CREATE"),
    "%%NOBODY": plug_in("J", "FileWatch", FILE_PATH="/in/%%NOBODY"),
    "ON": plug_in(
        "J", "FileWatch", '<ON STMT="*" CODE="COMPSTAT EQ 7"><DOACTION ACTION="OK"/></ON>', FILE_PATH="/in/f"
    ),
    "Query": query("J", "select 1; select 2"),
    "APPEND_OUTPUT": query("J", "select 1", APPEND_OUTPUT="Y"),
    "OUTPUT_FORMAT": query("J", "select 1", OUTPUT_FORMAT="CSV"),
    "SUBQLENGTH": query("J", "select 1", QTXT__N001__SUBQLENGTH="7"),
    "DATABASE": query("J", "select 1", EXEC_TYPE="Stored Procedure"),
    "FILE_TRANS": plug_in("J", "FILE_TRANS", LPATH1="/out/a", RPATH1="/in/", LHOST="h", RHOST="r", UPLOAD1="1"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_form_is_named_and_fails(run: Run, what: str) -> None:
    ended, built = run(REFUSED[what])
    findings = [one for one in built.findings.splitlines() if "F0002" in one]
    assert any(what in one for one in findings), built.findings
    assert ended.failed == {"J"}, ended
    text = (built.folder / "F.py").read_text()
    assert "definition=" in text and ("OrderedUnsupported" in text or "OrderedOpaque" in text)
