"""`hoist verify` on folders of Control-M: what hoist writes is proved, each error put into it is found, rewrites are not
accused. The DAGs are loaded by real Airflow once; errors are made in what it exported.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compiled import ROOT, compile_estate, hoist_binary
from test_verify import export, verify

pytestmark = pytest.mark.usefixtures("airflow_home")

Export = dict[str, Any]

DEFINITION = r"""<?xml version="1.0" encoding="utf-8"?>
<DEFTABLE>
  <SMART_FOLDER FOLDER_NAME="NIGHT" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" TIMEFROM="0800">
    <INCOND NAME="OPEN" ODATE="ODAT" AND_OR="A"/>
    <JOB JOBNAME="EXTRACT" TASKTYPE="Command" CMDLINE="extract %%LOADED" NODEID="h" DAYS="ALL" MAXRERUN="2" INTERVAL="00005M">
      <VARIABLE NAME="%%LOADED" VALUE="%%$ODATE"/>
      <ON STMT="*" CODE="COMPSTAT EQ 4"><DOACTION ACTION="OK"/></ON>
      <ON STMT="*" CODE="NOTOK"><DOCOND NAME="E-BAD" ODATE="ODAT" SIGN="+"/><DOACTION ACTION="RERUN"/></ON>
      <OUTCOND NAME="E-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="LOAD" TASKTYPE="Command" CMDLINE="load" NODEID="h" DAYS="ALL" TIMETO="1200">
      <INCOND NAME="E-OK" ODATE="ODAT" AND_OR="A"/>
      <INCOND NAME="OTHER" ODATE="STAT" AND_OR="A"/>
      <OUTCOND NAME="L-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="HISTORY" TASKTYPE="Command" CMDLINE="history" NODEID="h" DAYS="ALL">
      <INCOND NAME="L-OK" ODATE="PREV" AND_OR="A"/>
      <QUANTITATIVE NAME="DB" QUANT="2" ONFAIL="R" ONOK="R"/>
    </JOB>
    <JOB JOBNAME="WRITER" TASKTYPE="Command" CMDLINE="write" NODEID="h" DAYS="ALL">
      <CONTROL NAME="TABLE" TYPE="E"/>
    </JOB>
    <JOB JOBNAME="READER" TASKTYPE="Command" CMDLINE="read" NODEID="h" DAYS="ALL">
      <CONTROL NAME="TABLE" TYPE="S"/>
    </JOB>
    <JOB JOBNAME="LOADER" TASKTYPE="Command" CMDLINE="load" NODEID="h" DAYS="ALL">
      <CONTROL NAME="INDEX" TYPE="E"/><QUANTITATIVE NAME="TAPE" QUANT="1"/>
    </JOB>
    <JOB JOBNAME="MONDAY" TASKTYPE="Command" CMDLINE="monday" NODEID="h" WEEKDAYS="1">
      <INCOND NAME="L-OK" ODATE="ODAT" AND_OR="A"/>
    </JOB>
    <JOB JOBNAME="EITHER" TASKTYPE="Dummy" DAYS="ALL">
      <INCOND NAME="E-OK" ODATE="ODAT" AND_OR="A"/>
      <INCOND NAME="E-BAD" ODATE="ODAT" AND_OR="O"/>
    </JOB>
    <OUTCOND NAME="N-OK" ODATE="ODAT" SIGN="+"/>
    <ON STMT="*" CODE="NOTOK">
      <DOCOND NAME="N-BAD" ODATE="ODAT" SIGN="+"/>
      <DOMAIL DEST="ops@example.com" SUBJECT="the night failed"/>
    </ON>
  </SMART_FOLDER>
  <FOLDER FOLDER_NAME="DAY" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="FIX" TASKTYPE="Command" CMDLINE="fix" NODEID="h" DAYS="ALL">
      <INCOND NAME="E-BAD" ODATE="ODAT" AND_OR="A"/>
    </JOB>
    <JOB JOBNAME="EXCUSE" TASKTYPE="Command" CMDLINE="excuse" NODEID="h" DAYS="ALL">
      <INCOND NAME="N-BAD" ODATE="ODAT" AND_OR="A"/>
    </JOB>
    <JOB JOBNAME="REPORT" TASKTYPE="Command" CMDLINE="report" NODEID="h" DAYS="ALL" TIMEFROM="0900" TIMETO="&gt;" MAXWAIT="1">
      <INCOND NAME="N-OK" ODATE="ODAT" AND_OR="A"/>
      <ON STMT="*" CODE="NOTOK"><DOMAIL DEST="ops@example.com" SUBJECT="report failed"/></ON>
      <OUTCOND NAME="N-OK" ODATE="ODAT" SIGN="-"/>
      <OUTCOND NAME="R-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="SEND" TASKTYPE="Command" CMDLINE="send" NODEID="h" DAYS="ALL" TIMEFROM="0900" TIMETO="&gt;" MAXWAIT="1">
      <INCOND NAME="R-OK" ODATE="ODAT" AND_OR="A"/>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="EAST" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="OPEN" TASKTYPE="Command" CMDLINE="open" NODEID="h" DAYS="ALL" TIMEZONE="Asia/Tokyo"
         TIMEFROM="0800" TIMETO="1800" MAXWAIT="99" RETRO="1">
      <INCOND NAME="N-OK" ODATE="ODAT" AND_OR="A"/>
      <ON STMT="*" CODE="OK"><DOFORCEJOB TABLE_NAME="HELP" NAME="CALL" ODATE="NEXT"/></ON>
      <ON STMT="*" CODE="NOTOK"><DOFORCEJOB TABLE_NAME="HELP"/></ON>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="HELP" DATACENTER="CTM">
    <JOB JOBNAME="CALL" TASKTYPE="Command" CMDLINE="call" NODEID="h">
      <OUTCOND NAME="CALLED" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="TELL" TASKTYPE="Command" CMDLINE="tell" NODEID="h">
      <INCOND NAME="CALLED" ODATE="ODAT" AND_OR="A"/>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="MISSED" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="MADE" TASKTYPE="Command" CMDLINE="made" NODEID="h" DAYS="ALL" RETRO="1"/>
    <JOB JOBNAME="LOST" TASKTYPE="Command" CMDLINE="lost" NODEID="h" DAYS="ALL"/>
  </FOLDER>
  <SMART_FOLDER FOLDER_NAME="HOLDER" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL">
    <CONTROL NAME="WHOLE" TYPE="E"/>
    <JOB JOBNAME="HELD" TASKTYPE="Command" CMDLINE="held" NODEID="h" DAYS="ALL"/>
  </SMART_FOLDER>
  <FOLDER FOLDER_NAME="KEEPER" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="KEEP" TASKTYPE="Command" CMDLINE="keep" NODEID="h" DAYS="ALL">
      <QUANTITATIVE NAME="DISK" QUANT="1" ONFAIL="K" ONOK="R"/>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="EVENING" DATACENTER="CTM" FOLDER_ORDER_METHOD="EVE">
    <JOB JOBNAME="SWEEP" TASKTYPE="Command" CMDLINE="sweep" NODEID="h" DAYS="ALL"/>
  </FOLDER>
  <FOLDER FOLDER_NAME="JOIN" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="EARLY" TASKTYPE="Command" CMDLINE="early" NODEID="h" DAYS="ALL" TIMETO="1000">
      <INCOND NAME="N-OK" ODATE="ODAT" AND_OR="A"/>
      <OUTCOND NAME="EARLY-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="LONG" TASKTYPE="Command" CMDLINE="long" NODEID="h" DAYS="ALL">
      <OUTCOND NAME="LONG-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="BOTH" TASKTYPE="Command" CMDLINE="both" NODEID="h" DAYS="ALL">
      <INCOND NAME="EARLY-OK" ODATE="ODAT" AND_OR="A"/>
      <INCOND NAME="LONG-OK" ODATE="ODAT" AND_OR="A"/>
    </JOB>
  </FOLDER>
  <SMART_FOLDER FOLDER_NAME="MONTH" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" ADJUST_COND="Y">
    <JOB JOBNAME="CLOSE" TASKTYPE="Command" CMDLINE="close" NODEID="h" DAYS="L1">
      <OUTCOND NAME="CLOSED" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="BOOK" TASKTYPE="Command" CMDLINE="book" NODEID="h" DAYS="ALL" END_FOLDER="1">
      <INCOND NAME="CLOSED" ODATE="ODAT" AND_OR="A"/>
    </JOB>
    <JOB JOBNAME="EXTRA" TASKTYPE="Command" CMDLINE="extra" NODEID="h" DAYS="ALL" TIMEFROM="1400"/>
  </SMART_FOLDER>
  <FOLDER FOLDER_NAME="ROUND" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="POLL" TASKTYPE="Command" CMDLINE="poll" NODEID="h" DAYS="ALL" TIMETO="1200" CYCLIC="1" INTERVAL="00060M" IND_CYCLIC="S" MAXRERUN="3">
      <ON STMT="*" CODE="NOTOK"><DOACTION ACTION="SPCYC"/></ON>
      <OUTCOND NAME="P-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="STEPS" TASKTYPE="Command" CMDLINE="steps" NODEID="h" DAYS="ALL" CYCLIC="1" CYCLIC_TYPE="V" CYCLIC_INTERVAL_SEQUENCE="+30M,+4H" IND_CYCLIC="T"/>
    <JOB JOBNAME="TIMES" TASKTYPE="Command" CMDLINE="times" NODEID="h" DAYS="ALL" CYCLIC="1" CYCLIC_TYPE="S" CYCLIC_TIMES_SEQUENCE="1000,0800" CYCLIC_TOLERANCE="5"/>
    <JOB JOBNAME="POLLED" TASKTYPE="Command" CMDLINE="polled" NODEID="h" DAYS="ALL">
      <INCOND NAME="P-OK" ODATE="ODAT" AND_OR="A"/>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="DROP" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="COMES" APPL_TYPE="FileWatch" TASKTYPE="Job" NODEID="h" DAYS="ALL">
      <VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/in/%%STAMP..*"/>
      <VARIABLE NAME="%%FileWatch-MODE" VALUE="CREATE"/>
      <VARIABLE NAME="%%FileWatch-MIN_DET_SIZE" VALUE="2K"/>
      <VARIABLE NAME="%%FileWatch-FILESIZE_WILDCARD" VALUE="Y"/>
      <VARIABLE NAME="%%FileWatch-INT_FILE_SEARCHES" VALUE="30"/>
      <VARIABLE NAME="%%FileWatch-INT_FILESIZE_COMPARISON" VALUE="5"/>
      <VARIABLE NAME="%%FileWatch-NUM_OF_ITERATIONS" VALUE="4"/>
      <VARIABLE NAME="%%FileWatch-TIME_LIMIT" VALUE="90"/>
      <VARIABLE NAME="%%STAMP" VALUE="d%%ODATE"/>
    </JOB>
    <JOB JOBNAME="GOES" APPL_TYPE="FileWatch" TASKTYPE="Job" NODEID="h" DAYS="ALL">
      <VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/in/lock"/>
      <VARIABLE NAME="%%FileWatch-MODE" VALUE="DELETE"/>
    </JOB>
    <JOB JOBNAME="ASKS" APPL_TYPE="DATABASE" TASKTYPE="Job" NODEID="h" DAYS="ALL">
      <VARIABLE NAME="%%DB-ACCOUNT" VALUE="BOOKS"/>
      <VARIABLE NAME="%%DB-EXEC_TYPE" VALUE="Open Query"/>
      <VARIABLE NAME="%%DB-QTXT-N001-SUBQTXT" VALUE="delete from t where d = '%%V'"/>
      <VARIABLE NAME="%%V" VALUE="%%$ODATE"/>
    </JOB>
  </FOLDER>
  <SMART_FOLDER FOLDER_NAME="JUDGED" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL">
    <JOB JOBNAME="CHECK" TASKTYPE="Command" CMDLINE="check" NODEID="h" DAYS="ALL" MAXRERUN="2" INTERVAL="00005M">
      <ON STMT="*" CODE="NOTOK"><DOCOND NAME="C-BAD" ODATE="ODAT" SIGN="+"/><DOACTION ACTION="RERUN"/></ON>
      <ON STMT="*" CODE="COMPSTAT EQ 4"><DOACTION ACTION="OK"/><DOCOND NAME="FOUR" ODATE="ODAT" SIGN="+"/><DOVARIABLE NAME="%%\FOUR" VALUE="%%$ODATE"/></ON>
      <ON STMT="*" CODE="*ERR?OR*"><DOACTION ACTION="NOTOK"/></ON>
      <ON STMT="*" CODE="FAILCOUNT EQ 2"><DOCOND NAME="TWICE" ODATE="ODAT" SIGN="+"/></ON>
    </JOB>
    <JOB JOBNAME="WATCH" TASKTYPE="Command" CMDLINE="watch" NODEID="h" DAYS="ALL" CYCLIC="1" INTERVAL="00060M">
      <ON STMT="*" CODE="RUNCOUNT GE 3"><DOACTION ACTION="SPCYC"/></ON>
      <ON STMT="*" CODE="COMPSTAT EQ 4"><DOSHOUT DEST="ops" MESSAGE="four: %%RUNCOUNT"/></ON>
      <SHOUT WHEN="EXECTIME" TIME="&gt;030" DEST="ops" URGENCY="U" MESSAGE="%%ODATE: long"/>
    </JOB>
    <ON STMT="*" CODE="NOTOK"><DOACTION ACTION="OK"/><DOSHOUT DEST="ops" MESSAGE="judged"/></ON>
    <SHOUT WHEN="OK" DEST="dev" MESSAGE="judged in the end"/>
    <OUTCOND NAME="J-OK" ODATE="ODAT" SIGN="+"/>
  </SMART_FOLDER>
  <FOLDER FOLDER_NAME="HEARD" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="ON4" TASKTYPE="Command" CMDLINE="four" NODEID="h" DAYS="ALL"><INCOND NAME="FOUR" ODATE="ODAT"/></JOB>
    <JOB JOBNAME="ONBAD" TASKTYPE="Command" CMDLINE="bad" NODEID="h" DAYS="ALL"><INCOND NAME="C-BAD" ODATE="ODAT"/></JOB>
    <JOB JOBNAME="ON2" TASKTYPE="Command" CMDLINE="twice" NODEID="h" DAYS="ALL"><INCOND NAME="TWICE" ODATE="ODAT"/></JOB>
    <JOB JOBNAME="ONJ" TASKTYPE="Command" CMDLINE="judged" NODEID="h" DAYS="ALL"><INCOND NAME="J-OK" ODATE="ODAT"/></JOB>
  </FOLDER>
  <SMART_FOLDER FOLDER_NAME="LATER" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" TIMEFROM="2000">
    <SUB_FOLDER JOBNAME="NIL" DAYS="ALL"><OUTCOND NAME="NIL-OK" ODATE="ODAT" SIGN="+"/></SUB_FOLDER>
    <JOB JOBNAME="LATE" TASKTYPE="Command" CMDLINE="late" NODEID="h" DAYS="ALL"/>
  </SMART_FOLDER>
  <SMART_FOLDER FOLDER_NAME="AGAIN" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" CYCLIC="1" INTERVAL="00060M" MAXRERUN="3">
    <JOB JOBNAME="PING" TASKTYPE="Command" CMDLINE="ping" NODEID="h" DAYS="ALL"><OUTCOND NAME="PINGED" ODATE="ODAT" SIGN="+"/></JOB>
    <JOB JOBNAME="USE" TASKTYPE="Command" CMDLINE="use" NODEID="h" DAYS="ALL"><INCOND NAME="PINGED" ODATE="ODAT"/></JOB>
    <ON STMT="*" CODE="NOTOK"><DOACTION ACTION="SPCYC"/></ON>
  </SMART_FOLDER>
  <SMART_FOLDER FOLDER_NAME="SHARED" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL">
    <VARIABLE NAME="%%LOAD" VALUE="none"/>
    <JOB JOBNAME="GIVE" TASKTYPE="Command" CMDLINE="give %%TRY %%ORDERID" NODEID="h" DAYS="ALL" MAXRERUN="2">
      <VARIABLE NAME="%%TRY" VALUE="0"/><VARIABLE NAME="%%\BEGUN" VALUE="%%$ODATE"/>
      <ON STMT="*" CODE="NOTOK"><DOVARIABLE NAME="%%TRY" VALUE="%%TRY %%PLUS 1"/><DOACTION ACTION="RERUN"/></ON>
      <ON STMT="*" CODE="OK"><DOVARIABLE NAME="%%\\LOAD" VALUE="%%$ODATE"/><DOVARIABLE NAME="%%\\P\LAST" VALUE="%%RUNCOUNT"/></ON>
      <OUTCOND NAME="G-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <JOB JOBNAME="TAKE" TASKTYPE="Command" CMDLINE="take %%LOAD %%BEGUN %%\\P\LAST" NODEID="h" DAYS="ALL">
      <INCOND NAME="G-OK" ODATE="ODAT" AND_OR="A"/>
    </JOB>
    <JOB JOBNAME="NOTE" TASKTYPE="Dummy" DAYS="ALL">
      <VARIABLE NAME="%%TEXT" VALUE="noted"/><VARIABLE NAME="%%WHO" VALUE="dev"/>
      <ON STMT="*" CODE="OK"><DOVARIABLE NAME="%%\NOTED" VALUE="%%TEXT"/><DOMAIL DEST="%%WHO" URGENCY="U" SUBJECT="note" MESSAGE="%%\NOTED"/></ON>
      <SHOUT WHEN="OK" DEST="ops" MESSAGE="done"/><SHOUT WHEN="LATETIME" TIME="0900" DEST="ops" MESSAGE="%%JOBNAME is late"/>
    </JOB>
    <ON STMT="*" CODE="NOTOK"><DOVARIABLE NAME="%%\BEGUN" VALUE="bad"/></ON>
  </SMART_FOLDER>
</DEFTABLE>
"""
INDEX = "controlm-lock_INDEX"
SETTINGS = """
[controlm.resources]
DB = 4
TAPE = 2
DISK = 3
[controlm.user_dailies]
EVE = "18:00"
"""


class Judged:
    """The definition, and what Airflow exported of hoist's own DAGs."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.source = scratch / "estate.xml"
        self.source.write_text(DEFINITION, encoding="utf-8")
        self.settings = scratch / "hoist.toml"
        self.settings.write_text(SETTINGS, encoding="utf-8")
        compile_estate(self.source, out=scratch / "dags", options=["--config", str(self.settings)])
        self.exported: Export = json.loads(
            export(scratch / "dags", scratch / "export.json").read_text(encoding="utf-8")
        )

    def verdicts(self, exported: Export) -> dict[str, dict[str, Any]]:
        """By workflow."""
        path = self.scratch / "changed.json"
        path.write_text(json.dumps(exported), encoding="utf-8")
        _, told, _ = verify(
            self.source, "--config", self.settings, "--serialized", path,
            "--manifest", self.scratch / "dags" / "hoist.manifest.json",
        )  # fmt: skip
        return {one["workflow"]: one for one in told["workflows"]}


@pytest.fixture(scope="module")
def judged(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return Judged(tmp_path_factory.mktemp("orders"))


def test_what_hoist_writes_is_proved(judged: Judged) -> None:
    for one in judged.verdicts(judged.exported).values():
        assert one["verdict"] == "equivalent-if", one
        names = [each["name"] for each in one["assumptions"]]
        assert {name.split(":")[0] for name in names} <= {
            "new-day", "user-daily", "conditions-by-jobs-alone", "ledger-holds-facts", "connection", "pool",
            "folders-stay-for-their-jobs", "pool-waiters-in-order", "claims-in-any-order", "ordered-by-hand",
            "file-is-there", "connection-profile-is-the-connection",
            "order-ids-are-names", "late-messages-swept",
        }  # fmt: skip


def task(exported: Export, name: str) -> dict[str, Any]:
    """A task by its id, or by the end of the job that it stands for."""
    found: list[dict[str, Any]] = [
        each for dag in exported["dags"] for each in dag["tasks"] if each["task_id"] == name
    ]
    assert len(found) == 1, name
    return found[0]


def dag(exported: Export, name: str) -> dict[str, Any]:
    (found,) = [each for each in exported["dags"] if each["dag_id"] == name]
    return found


def arguments(name: str, **changed: Any) -> Callable[[Export], None]:
    def change(exported: Export) -> None:
        given = task(exported, name)["arguments"]
        for key, value in changed.items():
            if value is None:
                assert key in given
                del given[key]
            else:
                assert given.get(key) != value
                given[key] = value

    return change


def fields(name: str, **changed: Any) -> Callable[[Export], None]:
    def change(exported: Export) -> None:
        assert any(task(exported, name)[key] != value for key, value in changed.items())
        task(exported, name).update(changed)

    return change


def no_edge(before: str, behind: str) -> Callable[[Export], None]:
    return lambda exported: task(exported, before)["downstream"].remove(behind)


def edge(before: str, behind: str) -> Callable[[Export], None]:
    return lambda exported: task(exported, before)["downstream"].append(behind)


def runs(name: str, **changed: Any) -> Callable[[Export], None]:
    return lambda exported: dag(exported, name).update(changed)


def without(name: str, argument: str) -> Callable[[Export], None]:
    """An argument of a timetable."""
    return lambda exported: dag(exported, name)["timetable"]["arguments"].pop(argument)


def shifted_ticks(exported: Export) -> None:
    ticks = exported["tick_sets"][dag(exported, "NIGHT")["timetable"]["ticks"]]
    ticks["ticks"] = [tick + 3600 for tick in ticks["ticks"]]


def lost_day(exported: Export) -> None:
    days = exported["day_sets"][task(exported, "MONDAY")["arguments"]["days"]["order_days"]]
    del days["days"][len(days["days"]) // 2]


def lost_task(exported: Export) -> None:
    tasks = dag(exported, "DAY")["tasks"]
    tasks[:] = [one for one in tasks if one["task_id"] != "FIX"]


def rules(name: str, change: Callable[[list[Any]], Any]) -> Callable[[Export], None]:
    """In the list of its rules."""
    return lambda exported: change(task(exported, name)["arguments"]["rules"])


NOTES = r"%%\NOTED=%%TEXT"
TELLS = "tell %%WHO (urgent): note\n%%\\NOTED"
LATE = "tell ops: %%JOBNAME is late"
ERRORS: dict[str, Callable[[Export], None]] = {
    # CTM-070 to CTM-076
    "a rule on the status is lost": rules("CHECK", lambda all: all.pop(0)),
    "a rule on a code is lost": rules("CHECK", lambda all: all.pop(1)),
    "a rule on output is lost": rules("CHECK", lambda all: all.pop(2)),
    "a rule on failures is lost": rules("CHECK", lambda all: all.pop(3)),
    "all rules are lost": arguments("CHECK", rules=None),
    "a listed rule sets another value": rules(
        "CHECK", lambda all: all[1]["do"].__setitem__(2, r"%%\FOUR=%%$DATE")
    ),
    "a listed rule sets nothing": rules("CHECK", lambda all: all[1]["do"].pop(2)),
    "another code": rules("CHECK", lambda all: all[1].update(on="code = 5")),
    "a greater code": rules("CHECK", lambda all: all[1].update(on="code >= 4")),
    "an even code": rules("CHECK", lambda all: all[1].update(on="code even")),
    "another pattern": rules("CHECK", lambda all: all[2].update(on="output *ERROR*")),
    "a wider pattern": rules("CHECK", lambda all: all[2].update(on="output *ERR*OR*")),
    "failures are executions": rules("CHECK", lambda all: all[3].update(on="runs = 2")),
    "one failure more": rules("CHECK", lambda all: all[3].update(on="failures = 3")),
    "the verdict is another": rules("CHECK", lambda all: all[2].update(do=["ok"])),
    "what a rule adds is lost": rules("CHECK", lambda all: all[1].update(do=["ok"])),
    "no rerun is left": fields("CHECK", retries=0),
    "it is rerun after 4": rules("CHECK", lambda all: all[1].update(do=["rerun"])),
    "a cycle is stopped later": rules("WATCH", lambda all: all[0].update(on="runs >= 4")),
    "a cycle is not stopped": arguments("WATCH", rules=None),
    "a folder is not made OK": arguments("JUDGED.end", rules=None),
    "a folder is made NOTOK": rules("JUDGED.end", lambda all: all[0].update(do=["notok"])),
    "an edge is lost": no_edge("EXTRACT", "LOAD"),
    "a wait becomes an edge": edge("REPORT", "FIX"),
    "a wait is lost": arguments("FIX", when=None),
    "one of two waits is lost": arguments("LOAD", when=None),
    "and for or": arguments("EITHER", when="fact(E-OK^CTM) & fact(E-BAD^CTM)"),
    "the order date for PREV": arguments("HISTORY", when="fact(L-OK^CTM)"),
    "a day before for PREV of Mondays": arguments(
        "HISTORY", when="fact(L-OK^CTM, next order date)"
    ),
    "another name": arguments("LOAD", when="fact(OTHERS^CTM, no date)"),
    "STAT is dated": arguments("LOAD", when="fact(OTHER^CTM)"),
    "no end of the window": arguments("LOAD", time_to=None),
    "another end of the window": arguments("LOAD", time_to="13:00"),
    "the folder's time is lost": arguments("NIGHT.when", time_from=None),
    "the folder's wait is lost": arguments("NIGHT.when", when=None),
    "a later time": arguments("REPORT", time_from="10:00"),
    "it is removed at once": arguments("REPORT", max_wait=None),
    "it stays too long": arguments("REPORT", max_wait=2),
    "the token is not taken": arguments("REPORT", on_ok=["+fact(R-OK^CTM)"]),
    "the failure path is lost": arguments("EXTRACT", on_notok=None),
    "the folder leaves nothing": arguments("NIGHT.end", on_ok=None),
    "the folder's failure path is lost": arguments("NIGHT.end", on_notok=None),
    # CTM-073, CTM-078
    "nobody is told of the folder": arguments("NIGHT.end", on_notok=["+fact(N-BAD^CTM)"]),
    "nobody is told of a code": rules("WATCH", lambda all: all.pop(1)),
    "told of each code": rules("WATCH", lambda all: all[1].update(on="any")),
    "the folder's last verdict is told to nobody": rules("JUDGED.end", lambda all: all.pop(1)),
    "told by the verdict before the rules": rules("JUDGED.end", lambda all: all[1].update(on="ok")),
    "told of what is not the end": rules("JUDGED.end", lambda all: all[1].update(on="ended notok")),
    "told before it is set": arguments("NOTE", on_ok=[TELLS, NOTES, "tell ops: done"]),
    "told twice": arguments("NOTE", on_ok=[NOTES, TELLS, TELLS, "tell ops: done"]),
    "told in another order": arguments("NOTE", on_ok=[NOTES, "tell ops: done", TELLS]),
    "less urgent": arguments(
        "NOTE", on_ok=[NOTES, TELLS.replace(" (urgent)", ""), "tell ops: done"]
    ),
    "SHOUT is lost": arguments("NOTE", on_ok=[NOTES, TELLS]),
    "told of NOTOK, too": arguments("NOTE", on_notok=["tell ops: done"]),
    "whom a message names is lost": arguments("NOTE", variables={"TEXT": "noted"}),
    "nobody is told that it is late": arguments("NOTE", late=None),
    "late at another time": arguments("NOTE", late={"not ended by 10:00": [LATE]}),
    "late to begin": arguments("NOTE", late={"not submitted by 09:00": [LATE]}),
    "late, and others are told": arguments(
        "NOTE", late={"not ended by 09:00": [LATE.replace("ops", "dev")]}
    ),
    "nobody is told that it runs long": arguments("WATCH", late=None),
    "late as hoist would not write it": arguments(
        "LOAD", late={"not submitted by 08:00": ["tell ops: %%TIME"]}
    ),
    "the start of the folder may be late": arguments(
        "NIGHT.when", late={"runs over 5 minutes": ["tell ops: x"]}
    ),
    "the folder may be late": arguments("NIGHT.end", late={"not ended by 09:00": ["tell ops: x"]}),
    "told by a channel more": arguments("LOAD", alarms={"notify": ["ops"]}),
    "exit code 4 fails": arguments("EXTRACT", exit_rule=None),
    "exit code 5 is OK": arguments("EXTRACT", exit_rule="success: 0,4-5"),
    "nothing fails": arguments("EXTRACT", exit_rule="any"),
    "no rerun": fields("EXTRACT", retries=0),
    "one rerun more": fields("EXTRACT", retries=3),
    "reruns come later": fields("EXTRACT", retry_delay=600.0),
    "it is run again": fields("LOAD", retries=1),
    "killed after an hour": fields("LOAD", execution_timeout=3600.0),
    "another command": arguments("LOAD", command="load "),
    "another variable": arguments("EXTRACT", variables={"LOADED": "%%$DATE"}),
    "a variable is lost": arguments("EXTRACT", variables=None),
    "another host": arguments("LOAD", machine="g"),
    "another user": arguments("LOAD", owner_user="root"),
    "no pool": fields("HISTORY", pool="default_pool"),
    "fewer slots": fields("HISTORY", pool_slots=1),
    "a lock is lost": fields("WRITER", pool="default_pool", pool_slots=1),
    "a lock of one unit that readers share": fields("WRITER", pool_slots=1),
    "readers exclude each other": fields("READER", pool_slots=1_000_000),
    "another lock": fields("READER", pool="controlm_DB"),
    "a claim is lost": arguments("LOADER", resources=None),
    "it shares what it excludes others from": arguments(
        "LOADER", resources=f"({INDEX}, QUANTITY=1, FREE=A) AND (controlm_TAPE, QUANTITY=1, FREE=A)"
    ),
    "a pool for one of two": lambda exported: (
        arguments("LOADER", resources=None)(exported),
        fields("LOADER", pool="controlm_TAPE")(exported),
    ),
    "a wait for what is not ordered": arguments("BOOK", adjust=None),
    "it runs although it is not scheduled": arguments("BOOK", adjust="dummy"),
    "its end does not end the folder": arguments("BOOK", ends_folder=None),
    "another end ends the folder": arguments("CLOSE", ends_folder=True),
    "the zone is lost": arguments("OPEN", timezone=None),
    "another zone": arguments("OPEN", timezone="Europe/Berlin"),
    "missed days are lost": without("EAST", "retro"),
    "orders come when their day has begun": without("EAST", "early"),
    "days behind the order date": arguments("OPEN", from_days=1),
    "nobody is told": arguments("REPORT", on_notok=None),
    "somebody else is told": arguments("REPORT", on_notok=["tell dev@example.com: report failed"]),
    "something else is told": arguments("REPORT", on_notok=["tell ops@example.com: failed"]),
    "a member before its folder": no_edge("NIGHT.when", "EXTRACT"),
    "the end does not wait": no_edge("HISTORY", "NIGHT.end"),
    "one run at a time": runs("DAY", max_active_runs=1),
    "missed days are made up": runs("DAY", catchup=True),
    "runs are stopped": runs("DAY", dagrun_timeout=7200.0),
    "an hour late": shifted_ticks,
    "a Monday is lost": lost_day,
    "a job is lost": lost_task,
    # CTM-077
    "nothing is ordered": arguments("OPEN", on_notok=None),
    "a job is ordered for the whole folder": arguments("OPEN", on_notok=["force(HELP/CALL)"]),
    "another job is ordered": arguments("OPEN", on_ok=["force(HELP/TELL, next order date)"]),
    "ordered for another day": arguments("OPEN", on_ok=["force(HELP/CALL)"]),
    "orders wait for older ones": runs("HELP", max_active_runs=16),
    # CTM-047
    "a missed day is made up for": arguments("LOST", retro=None),
    "a missed day is lost": arguments("MADE", retro=False),
    # CTM-080, CTM-081
    "a folder holds nothing": arguments("HOLDER.when", resources=None),
    "a folder shares what it excludes others from": arguments(
        "HOLDER.when", resources="(controlm-lock_WHOLE, QUANTITY=1, FREE=A)"
    ),
    "what fails gives it back": arguments("KEEP", resources="(controlm_DISK, QUANTITY=1, FREE=A)"),
    # CTM-006
    "New Day orders it": without("EVENING", "at"),
    "the User Daily runs at another time": lambda exported: dag(exported, "EVENING")["timetable"][
        "arguments"
    ].update(at="18:30"),
    "nobody orders it": lambda exported: dag(exported, "EVENING")["timetable"]["arguments"].update(
        by_hand=True
    ),
    # AF-015
    "a run does not fail with its job": no_edge("LONG", "join_verdict"),
    "a run fails with none of its jobs": fields("join_verdict", trigger_rule="all_done"),
    "the end waits for what may be skipped": lambda exported: (
        edge("LOADER", "LOAD")(exported),
        no_edge("LOADER", "NIGHT.end")(exported),
    ),
    # CTM-060 to CTM-066
    "it runs once": arguments("STEPS", cycle=None),
    "another interval": arguments("POLL", cycle="every 59m from start"),
    "from the end": arguments("POLL", cycle="every 1h from end"),
    "from the target": arguments("POLL", cycle="every 1h from target"),
    "one interval only": arguments("STEPS", cycle="every 30m from target"),
    "a longer sequence": arguments("STEPS", cycle="after 30m 4h 4h from target"),
    "a sequence from the start": arguments("STEPS", cycle="after 30m 4h from start"),
    "another time": arguments("TIMES", cycle="at 08:00 10:01 tolerance 5m"),
    "a time more": arguments("TIMES", cycle="at 08:00 10:00 12:00 tolerance 5m"),
    "it may be later": arguments("TIMES", cycle="at 08:00 10:00 tolerance 6m"),
    "it may not be late": arguments("TIMES", cycle="at 08:00 10:00"),
    "as often as there is time": arguments("POLL", max_reruns=None),
    "one execution more": arguments("POLL", max_reruns=4),
    "it goes on after NOTOK": arguments("POLL", stop_on=None),
    "it stops after OK": arguments("POLL", stop_on="ok"),
    # CTM-120 to CTM-125
    "another file": arguments("COMES", path="/in/%%STAMP..csv"),
    "any size": arguments("COMES", min_size=None),
    "a kilobyte is a thousand": arguments("COMES", min_size=2000),
    "the first match is enough": arguments("COMES", weighs_patterns=None),
    "it looks more rarely": arguments("COMES", interval=None),
    "its size is looked at more rarely": arguments("COMES", size_interval=None),
    "its size is looked at more often": arguments("COMES", size_looks=5),
    "it gives up": arguments("GOES", time_limit=5),
    "it never gives up": arguments("COMES", time_limit=None),
    "a file on another host": arguments("COMES", machine="g"),
    "a variable of its path is lost": arguments("COMES", variables=None),
    "it waits for what should go": arguments("GOES", deletes=None),
    "it waits until it goes": arguments("COMES", deletes=True),
    "another query": arguments("ASKS", query="delete from t"),
    "another database": arguments("ASKS", conn_id="OTHER"),
    "it commits at once": arguments("ASKS", autocommit=True),
    "a variable of the query is lost": arguments("ASKS", variables={"V": "20260301"}),
    "no query at all": fields("ASKS", type="OrderedDummy"),
    "a watcher for a command": fields("FIX", type="OrderedFileWatcher"),
    "another job is cyclic": arguments("FIX", cycle="every 1h from start"),
    "an empty folder ends before the one around it begins": lambda exported: task(
        exported, "LATER.when"
    )["downstream"].remove("NIL.end"),
    # CTM-093
    "the folder does not run again": arguments(
        "AGAIN.when", cycle=None, max_reruns=None, stop_on=None
    ),
    "the folder runs again at other times": arguments("AGAIN.when", cycle="every 1h from end"),
    "the folder runs again without a limit": arguments("AGAIN.when", max_reruns=None),
    "it runs again after NOTOK, too": arguments("AGAIN.when", stop_on=None),
    # CTM-073, CTM-100 to CTM-104
    "nothing is set at submission": arguments("GIVE", sets=None),
    "another value at submission": arguments("GIVE", sets=[r"%%\BEGUN=%%$DATE"]),
    "it sets what it did not": arguments("TAKE", sets=[r"%%\BEGUN=x"]),
    "nothing is set after OK": arguments("GIVE", on_ok=["+fact(G-OK)"]),
    "one of two is set": arguments("GIVE", on_ok=["+fact(G-OK)", r"%%\\LOAD=%%$ODATE"]),
    "of another pool": arguments(
        "GIVE", on_ok=["+fact(G-OK)", r"%%\\LOAD=%%$ODATE", r"%%\\Q\LAST=%%RUNCOUNT"]
    ),
    "of the server for the folder": arguments(
        "GIVE", on_ok=["+fact(G-OK)", r"%%\LOAD=%%$ODATE", r"%%\\P\LAST=%%RUNCOUNT"]
    ),
    "it counts by two": arguments("GIVE", on_notok=["%%TRY=%%TRY %%PLUS 2"]),
    "it counts when it is OK": arguments("GIVE", on_ok=["+fact(G-OK)", "%%TRY=%%TRY %%PLUS 1"]),
    "another first value": arguments("GIVE", variables={"TRY": "1"}),
    "another value of the folder": arguments("TAKE", variables={r"\\LOAD": "some"}),
    "its own value hides the folder's": arguments("TAKE", variables={"LOAD": "none"}),
    "the folder sets nothing": arguments("SHARED.end", on_notok=None),
    "the folder sets it when it is OK": lambda exported: (
        arguments("SHARED.end", on_notok=None)(exported),
        arguments("SHARED.end", on_ok=[r"%%\BEGUN=bad"])(exported),
    ),
    "a job of nothing notes something else": arguments(
        "NOTE", variables={"TEXT": "other", "WHO": "dev"}
    ),
    "a job of nothing notes nothing": arguments("NOTE", on_ok=None),
}


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_is_found(judged: Judged, name: str) -> None:
    changed = copy.deepcopy(judged.exported)
    ERRORS[name](changed)
    assert changed != judged.exported
    told = judged.verdicts(changed)
    verdicts = {one["verdict"] for one in told.values()}
    assert "different" in verdicts, [
        (w["workflow"], w["verdict"], w["differences"], w["unknowns"]) for w in told.values()
    ]


def test_tr31_an_edge_in_a_folder_that_rules_order_is_not_proved(judged: Judged) -> None:
    """Orders of one day stand side by side: the fact that one left is no end of the other's job."""
    changed = copy.deepcopy(judged.exported)
    arguments("TELL", when=None)(changed)
    edge("CALL", "TELL")(changed)
    assert judged.verdicts(changed)["HELP"]["verdict"] == "unknown"


@pytest.mark.parametrize(
    "forced",
    [
        [],
        [{"name": "HELP", "dag_id": "HELP"}],
        [{"name": "HELP", "dag_id": "HELP"}, {"name": "HELP/CALL", "dag_id": "HELP"}],
        [
            {"name": "HELP", "dag_id": "HELP"},
            {"name": "HELP/CALL", "dag_id": "HELP", "jobs": ["HELP/TELL"]},
        ],
    ],
)
def test_ctm077_what_the_dispatcher_runs_says_the_manifest(
    judged: Judged, forced: list[dict[str, Any]]
) -> None:
    path = judged.scratch / "dags" / "hoist.manifest.json"
    original = path.read_text(encoding="utf-8")
    manifest = json.loads(original)
    assert manifest["forced"] == [
        {"name": "HELP", "dag_id": "HELP"},
        {"name": "HELP/CALL", "dag_id": "HELP", "jobs": ["HELP/CALL"]},
    ]
    path.write_text(json.dumps({**manifest, "forced": forced}), encoding="utf-8")
    try:
        told = judged.verdicts(judged.exported)
    finally:
        path.write_text(original, encoding="utf-8")
    assert told["EAST"]["verdict"] == "different"


def as_facts(exported: Export) -> None:
    """Edges that stand for waits, written as waits."""
    tasks = dag(exported, "NIGHT")["tasks"]
    one = next(each for each in tasks if each["task_id"] == "EXTRACT")
    one["downstream"].remove("LOAD")
    load = task(exported, "LOAD")["arguments"]
    load["when"] = f"fact(E-OK^CTM) & {load['when']}"


def in_another_order(exported: Export) -> None:
    for each in dag(exported, "NIGHT")["tasks"]:
        each["downstream"].reverse()
    dag(exported, "NIGHT")["tasks"].reverse()


REWRITES: dict[str, Callable[[Export], None]] = {
    "edges as waits": as_facts,
    "another order": in_another_order,
    "or in another order": arguments("EITHER", when="fact(E-BAD^CTM) | fact(E-OK^CTM)"),
    "and distributed over or": arguments(
        "EITHER",
        when="(fact(E-OK^CTM) | fact(E-BAD^CTM)) & (fact(E-BAD^CTM) | fact(E-OK^CTM))",
    ),
    "absorbed": arguments(
        "EITHER", when="fact(E-OK^CTM) | fact(E-BAD^CTM) | (fact(E-OK^CTM) & fact(E-BAD^CTM))"
    ),
    "the same exit codes": arguments("EXTRACT", exit_rule="fail: 1-3,5-4294967295"),
    "added twice": arguments("LOAD", on_ok=["+fact(L-OK^CTM)", "+fact(L-OK^CTM)"]),
    "an edge that follows from others": edge("EXTRACT", "MONDAY"),
    "rules of other rounds first": rules("CHECK", lambda all: all.append(all.pop(0))),
    "another letter for one letter": rules("CHECK", lambda all: all[2].update(on="output ERR$OR")),
    "a rule twice": rules("CHECK", lambda all: all.insert(2, all[1])),
    "attempts that no rule asks for": rules("CHECK", lambda all: all[0]["do"].remove("rerun")),
    "minutes for an hour": arguments("POLL", cycle="every 60m from start"),
    "times in another order": arguments("TIMES", cycle="at 08:00 10:00 tolerance 5m"),
}


@pytest.mark.parametrize("name", REWRITES)
def test_no_rewrite_is_accused(judged: Judged, name: str) -> None:
    changed = copy.deepcopy(judged.exported)
    REWRITES[name](changed)
    told = judged.verdicts(changed)
    accused = [one for one in told.values() if one["verdict"] == "different"]
    assert not accused
    if name not in ("an edge that follows from others",):
        assert {one["verdict"] for one in told.values()} == {"equivalent-if"}, told


def test_what_no_day_shows_is_unknown(judged: Judged) -> None:
    """Of another server nobody says what its table holds."""
    changed = copy.deepcopy(judged.exported)
    arguments("LOAD", when="fact(OTHER^CTN, no date)")(changed)
    assert judged.verdicts(changed)["NIGHT"]["verdict"] == "unknown"


def test_ctm066_who_waits_for_the_end_of_a_cycle_is_not_proved(judged: Judged) -> None:
    changed = copy.deepcopy(judged.exported)
    edge("POLL", "POLLED")(changed)
    assert judged.verdicts(changed)["ROUND"]["verdict"] == "unknown"


def test_ctm093_an_edge_in_a_folder_that_runs_again_is_not_proved(judged: Judged) -> None:
    """It would hold back each run anew, where the fact of the first run stays."""
    changed = copy.deepcopy(judged.exported)
    edge("PING", "USE")(changed)
    assert judged.verdicts(changed)["AGAIN"]["verdict"] == "unknown"


def test_a_condition_of_an_edge_may_be_left_out(judged: Judged) -> None:
    changed = copy.deepcopy(judged.exported)
    arguments("REPORT", on_ok=["-fact(N-OK^CTM)"])(changed)
    told = judged.verdicts(changed)["DAY"]
    names = {one["name"] for one in told["assumptions"]}
    assert told["verdict"] == "equivalent-if"
    assert "nobody-else-reads-conditions:DAY/REPORT" in names


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_folders_are_proved(seed: int, tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    subprocess.run(
        [
            sys.executable, ROOT / "scripts" / "generate_controlm.py",
            "--jobs", "300", "--seed", str(seed), estate,
        ],
        check=True,
    )  # fmt: skip
    compile_estate(estate, out=tmp_path / "dags", options=["--config", str(estate / "hoist.toml")])
    loaded = export(tmp_path / "dags", tmp_path / "export.json")
    _, told, _ = verify(
        estate, "--config", estate / "hoist.toml", "--serialized", loaded,
        "--manifest", tmp_path / "dags" / "hoist.manifest.json",
    )  # fmt: skip
    assert len(told["workflows"]) > 10
    assert {one["verdict"] for one in told["workflows"]} <= {"equivalent", "equivalent-if"}


def test_a_refused_folder_has_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "estate.xml").write_text(
        DEFINITION.replace('JOBNAME="FIX"', 'JOBNAME="FIX" TIMEZONE="TOK"'),
        encoding="utf-8",
    )
    (tmp_path / "hoist.toml").write_text(SETTINGS, encoding="utf-8")
    done = subprocess.run(
        [
            hoist_binary(), "build", tmp_path / "estate.xml", "-o", tmp_path / "dags",
            "--config", tmp_path / "hoist.toml",
        ],
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 5
    loaded = export(tmp_path / "dags", tmp_path / "export.json")
    code, told, _ = verify(
        tmp_path / "estate.xml", "--config", tmp_path / "hoist.toml", "--serialized", loaded,
        "--manifest", tmp_path / "dags" / "hoist.manifest.json",
    )  # fmt: skip
    (day,) = [one for one in told["workflows"] if one["workflow"] == "DAY"]
    assert (code, day["verdict"]) == (4, "unknown")
    assert "refuses" in day["unknowns"][0]["reason"]


def test_what_has_no_criteria_is_not_ordered(tmp_path: Path) -> None:
    """BMC's "None (Manual Order)": with its folder it would run on each day (CTM-006)."""
    source = tmp_path / "estate.xml"
    source.write_text(
        '<DEFTABLE><SMART_FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL">'
        '<JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="a" NODEID="h" DAYS="ALL"/>'
        '<JOB JOBNAME="B" TASKTYPE="Command" CMDLINE="b" NODEID="h"/>'
        "</SMART_FOLDER></DEFTABLE>",
        encoding="utf-8",
    )
    compile_estate(source, out=tmp_path / "dags")
    loaded = export(tmp_path / "dags", tmp_path / "export.json")
    exported = json.loads(loaded.read_text(encoding="utf-8"))
    days = exported["day_sets"][task(exported, "B")["arguments"]["days"]["order_days"]]
    assert days["days"] == []
    _, told, _ = verify(
        source, "--serialized", loaded, "--manifest", tmp_path / "dags" / "hoist.manifest.json"
    )
    assert [one["verdict"] for one in told["workflows"]] == ["equivalent-if"]
    del task(exported, "B")["arguments"]["days"]
    loaded.write_text(json.dumps(exported), encoding="utf-8")
    _, told, _ = verify(
        source, "--serialized", loaded, "--manifest", tmp_path / "dags" / "hoist.manifest.json"
    )
    assert [one["verdict"] for one in told["workflows"]] == ["different"]
