"""`hoist diff` of Control-M: what changed in behaviour, with a day that shows it; rewriting is no change."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]


def folder(*jobs: str, more: str = "") -> str:
    return (
        '<DEFTABLE><FOLDER FOLDER_NAME="F" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">'
        f"{''.join(jobs)}</FOLDER>{more}</DEFTABLE>"
    )


def job(name: str, attributes: str = 'DAYS="ALL"', children: str = "") -> str:
    return (
        f'<JOB JOBNAME="{name}" TASKTYPE="Command" CMDLINE="{name.lower()}" NODEID="h" {attributes}>'
        f"{children}</JOB>"
    )


def waits(name: str, date: str = "ODAT", join: str = "A", bracket: str = "") -> str:
    said = f' OP="{bracket}"' if bracket else ""
    return f'<INCOND NAME="{name}" ODATE="{date}" AND_OR="{join}"{said}/>'


def adds(name: str, sign: str = "+", date: str = "ODAT") -> str:
    return f'<OUTCOND NAME="{name}" ODATE="{date}" SIGN="{sign}"/>'


def on(code: str, *actions: str) -> str:
    return f'<ON STMT="*" CODE="{code}">{"".join(actions)}</ON>'


OK, NOTOK, RERUN = (f'<DOACTION ACTION="{what}"/>' for what in ("OK", "NOTOK", "RERUN"))


def diff(tmp_path: Path, old: str, new: str, *options: str) -> tuple[int, dict[str, Any]]:
    binary = os.environ.get("HOIST_BINARY")
    if not binary:
        pytest.skip("no hoist binary: name one in HOIST_BINARY")
    (tmp_path / "old.xml").write_text(old)
    (tmp_path / "new.xml").write_text(new)
    done = subprocess.run(
        [binary, "diff", "old.xml", "new.xml", "--format", "json", *options],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    changes = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs/schemas/changes.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(changes, schema)
    return done.returncode, changes


A = job("A", children=adds("A-OK") + on("COMPSTAT EQ 4", OK) + on("NOTOK", RERUN))
B = job("B", children=adds("B-OK"))
C = job("C", 'DAYS="ALL" TIMEFROM="0900" TIMETO="1800"', waits("A-OK") + waits("B-OK"))
BASE = folder(A, B, C)

EQUAL = {
    "in another order": folder(C, B, A),
    "waits in another order": folder(
        A, B, job("C", 'DAYS="ALL" TIMEFROM="0900" TIMETO="1800"', waits("B-OK") + waits("A-OK"))
    ),
    "a wait twice": folder(
        A,
        B,
        job(
            "C",
            'DAYS="ALL" TIMEFROM="0900" TIMETO="1800"',
            waits("A-OK") + waits("B-OK") + waits("A-OK"),
        ),
    ),
    "all weekdays for all days": folder(
        A, job("B", 'WEEKDAYS="0,1,2,3,4,5,6"', children=adds("B-OK")), C
    ),
    "a code by two rules": folder(
        job(
            "A",
            children=adds("A-OK")
            + on("COMPSTAT EQ 4", OK)
            + on("COMPSTAT EQ 4", OK)
            + on("NOTOK", RERUN),
        ),
        B,
        C,
    ),
    "from New Day on": folder(A, job("B", 'DAYS="ALL" TIMEFROM="0700"', children=adds("B-OK")), C),
}


@pytest.mark.parametrize("name", EQUAL)
def test_rewriting_is_no_change(tmp_path: Path, name: str) -> None:
    code, changes = diff(tmp_path, BASE, EQUAL[name])
    assert (code, changes["changes"]) == (0, [])


CHANGED = {
    "a wait less": (
        folder(A, B, job("C", 'DAYS="ALL" TIMEFROM="0900" TIMETO="1800"', waits("A-OK"))),
        ("F/C", "start", True),
    ),
    "or": (
        folder(
            A,
            B,
            job(
                "C",
                'DAYS="ALL" TIMEFROM="0900" TIMETO="1800"',
                waits("A-OK") + waits("B-OK", join="O"),
            ),
        ),
        ("F/C", "start", True),
    ),
    "an hour later": (
        folder(
            A,
            B,
            job("C", 'DAYS="ALL" TIMEFROM="1000" TIMETO="1800"', waits("A-OK") + waits("B-OK")),
        ),
        ("F/C", "start", True),
    ),
    "not on Sundays": (
        folder(A, B, job("C", 'WEEKDAYS="1,2,3,4,5,6"', waits("A-OK") + waits("B-OK"))),
        ("F/C", "schedule", False),
    ),
    "four fails": (
        folder(job("A", children=adds("A-OK") + on("NOTOK", RERUN)), B, C),
        ("F/A", "verdict", True),
    ),
    "another condition": (
        folder(A, job("B", children=adds("B-DONE")), C),
        ("F/C", "start", True),
    ),
    "deleted": (
        folder(A, job("B", children=adds("B-OK") + adds("A-OK", "-")), C),
        ("F/B", "order", True),
    ),
    "by hand": (
        BASE.replace('FOLDER_ORDER_METHOD="SYSTEM"', 'FOLDER_ORDER_METHOD=""'),
        ("F", "schedule", False),
    ),
    "another command": (BASE.replace('CMDLINE="b"', 'CMDLINE="bb"'), ("F/B", "action", False)),
}


MAIL = '<DOMAIL DEST="ops" URGENCY="R" MESSAGE="%%RUNCOUNT failed"/>'
TOLD = {
    "somebody else": (on("NOTOK", MAIL.replace("ops", "dev")), ["alarm"]),
    "of all ends": (on("*", MAIL), ["alarm"]),
    "nobody": ("", ["alarm"]),
    "twice": (on("NOTOK", MAIL + MAIL), ["alarm"]),
    "when it is late, too": (
        on("NOTOK", MAIL) + '<SHOUT WHEN="LATESUB" TIME="0900" DEST="ops" MESSAGE="late"/>',
        ["alarm"],
    ),
    "by SHOUT": ('<SHOUT WHEN="NOTOK" DEST="ops" MESSAGE="%%RUNCOUNT failed"/>', []),
    "by a mail whose subject says it": (
        on("NOTOK", '<DOMAIL DEST="ops" SUBJECT="%%RUNCOUNT failed"/>'),
        [],
    ),
    "by a rule behind another one": (on("OK", RERUN) + on("NOTOK", MAIL), []),
}


@pytest.mark.parametrize("name", TOLD)
def test_ctm078_who_is_told_what_is_compared_by_meaning(tmp_path: Path, name: str) -> None:
    after, expected = TOLD[name]
    code, changes = diff(
        tmp_path, folder(job("A", children=on("NOTOK", MAIL))), folder(job("A", children=after))
    )
    assert [one["aspect"] for one in changes["changes"]] == expected, changes
    assert (code != 0) == bool(expected)


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_told_once_it_can_be_seen(tmp_path: Path, name: str) -> None:
    new, (who, aspect, isPlayed) = CHANGED[name]
    code, changes = diff(tmp_path, BASE, new)
    assert code == 3
    (told, *_) = [one for one in changes["changes"] if (one["job"], one["aspect"]) == (who, aspect)]
    assert told["kind"] == "changed"
    assert bool(told["story"]) is isPlayed
    if isPlayed:
        assert any(line.startswith("before: ") for line in told["story"])


def test_a_condition_that_nobody_waits_for_is_told(tmp_path: Path) -> None:
    """Somebody else may wait for it: another server, an operator."""
    new = folder(A, job("B", children=adds("B-OK") + adds("FOR-OTHERS")), C)
    code, changes = diff(tmp_path, BASE, new)
    (told,) = changes["changes"]
    assert (code, told["job"], told["aspect"]) == (3, "F/B", "order")
    assert "FOR-OTHERS" in told["after"]


def test_renamed_jobs_are_the_same(tmp_path: Path) -> None:
    new = BASE.replace('JOBNAME="B"', 'JOBNAME="BETTER"').replace('CMDLINE="better"', 'CMDLINE="b"')
    (tmp_path / "map.json").write_text(json.dumps({"jobs": {"F/B": "F/BETTER"}}))
    code, changes = diff(tmp_path, BASE, new, "--map", "map.json")
    assert (code, changes["changes"]) == (0, []), changes
