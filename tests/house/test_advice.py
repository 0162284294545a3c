"""What a finding says fits what was written: the message, the place and the advice, by the tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HEAD = "insert_job: A  job_type: c\nmachine: m\ncommand: echo a\n"
NO_NOT = "conditions have no NOT"
BOX = """insert_job: BOX  job_type: b
insert_job: X  job_type: c
machine: m
command: x
box_name: BOX
{rule}
insert_job: H  job_type: c
machine: m
command: h
box_name: BOX
condition: f(X)
insert_job: E  job_type: c
machine: m
command: e
box_name: BOX
condition: {condition}
"""


@pytest.fixture
def findings(hoist, tmp_path: Path):
    """Check a text; the findings, each with `at`: what stands at its place."""

    def check(text: str, code: str = "") -> list[dict[str, Any]]:
        file = tmp_path / "a.jil"
        file.write_bytes(text.encode())
        done = hoist("check", file, "--output", "json")
        found = json.loads(done.stdout)["findings"]
        for one in found:
            place = one.get("place")
            if place:
                one["at"] = text.encode()[
                    place["start"]["offset"] : place["end"]["offset"]
                ].decode()
        return [one for one in found if not code or one["code"] == code]

    return check


@pytest.mark.parametrize(
    ("condition", "at", "found", "advice"),
    [
        ("s(B) not f(C)", "not", "found `not`", NO_NOT),
        ("not f(C)", "not", "found `not`", NO_NOT),
        ("s(B) & NOT f(C)", "NOT", "found `NOT`", NO_NOT),
        ("s(B) & !f(C)", "!f", "found `!f`", NO_NOT),
        (
            "s(B) &",
            "&",
            "found the end of the condition",
            "`&` joins two conditions: the one behind",
        ),
        ("(s(B) or)", ")", "found `)`", "`or` joins two conditions: the one behind"),
        ("s(B) && s(C)", "&", "found `&`", "`&` joins two conditions: the one behind"),
        ("| s(B)", "|", "found `|`", "`|` joins two conditions: the one before"),
        ("s(B) s(C)", "s", "found `s`", "write `&` before it"),
        ("s(B) (s(C))", "(", "found `(`", "write `&` before it"),
        ("s(B) & C", "C", "found `C`", "`s(C)` is true when `C` succeeded"),
        ("sucess(B)", "sucess", "found `sucess`", "did you mean `success`?"),
        ("v(GO^PRD) = 1", "^", "expected `)`, found `^`", "a global variable belongs to one"),
        ("e(B) = 99999999999", "99999999999", "expected an exit code", ""),
    ],
)
def test_a_broken_condition_is_advised(findings, condition, at, found, advice) -> None:
    (one,) = findings(HEAD + f"condition: {condition}\n", "P1040")
    assert one["at"] == at
    assert found in one["message"]
    assert [advice in text for text in one["helps"]] == ([True] if advice else [])


def test_an_unknown_word_before_a_parenthesis_is_not_taken_for_a_job(findings) -> None:
    (one,) = findings(HEAD + "condition: whenever(B)\n", "P1040")
    assert one["helps"] == []


@pytest.mark.parametrize(
    ("attribute", "bad"),
    [
        ("start_times: 25:00, 10:00, 10:61, noon", ["25:00", "10:61", "noon"]),
        ('start_times: "25:00,10:00,26:00"', ["25:00", "26:00"]),
        (r"start_times: 25\:00, 10\:00, 26\:00", [r"25\:00", r"26\:00"]),
        ("start_mins: 60, 5, -1", ["60", "-1"]),
        ("days_of_week: xx, mo, yy", ["xx", "yy"]),
        ("must_start_times: 99, +5, +x", ["99", "+x"]),
        ("must_complete_times: 24:00, 25:00", ["24:00", "25:00"]),
        ("success_codes: 1, x, 5-2, 7", ["x", "5-2"]),
        ("fail_codes: a,b", ["a", "b"]),
    ],
)
def test_each_bad_entry_of_a_list_is_told_at_its_own_place(findings, attribute, bad) -> None:
    found = findings(HEAD + f"date_conditions: 1\n{attribute}\n", "P1023")
    assert [one["at"] for one in found] == bad
    for one, entry in zip(found, bad, strict=True):
        assert f"`{entry.replace(chr(92), '')}` is no value" in one["message"]


def test_names_that_differ_in_case_only_are_not_called_the_same_id(findings) -> None:
    (one,) = findings(HEAD + HEAD.replace(": A", ": a"), "A0024")
    assert one["message"] == (
        "`A`, `a` become ids that differ in upper and lower case only in Airflow: each gets a hash"
    )
    assert one["text"] == "becomes `a` without a hash"
    assert [label["text"] for label in one["labels"]] == ["becomes `A` without a hash"]
    (one,) = findings(HEAD.replace(": A", ": A#1") + HEAD.replace(": A", ": A_1"), "A0024")
    assert one["message"] == "`A#1`, `A_1` become the same id in Airflow: each gets a hash"
    assert [label["text"] for label in one["labels"]] == ["the same id"]


@pytest.mark.parametrize(
    "rule", ["MNTHD#999999999", "MNTHD#00000000112", "MNTHD#" + "9" * 400, "WORKD#0", "CYCL#0"]
)
def test_an_absurd_ordinal_in_a_calendar_is_told(findings, rule) -> None:
    found = findings(f"extended_calendar: CAL\ncondition: FOM | {rule}\n" + HEAD, "P1052")
    assert [one["at"] for one in found] == [rule]
    assert "the number must be 1 to" in found[0]["message"]


@pytest.mark.parametrize(
    ("rule", "condition", "advice"),
    [
        ("", "e(X) = 4", "`box_success: s(X)`"),
        ("", "e(X) = 0", "`box_success: s(X) & s(E)`"),
        ("max_exit_success: 4", "e(X) > 4", "`box_success: s(X)`"),
        ("max_exit_success: 4", "e(X) = 4", "a `box_success` that is true whichever way"),
    ],
)
def test_the_offered_box_success_comes_true(findings, rule, condition, advice) -> None:
    text = BOX.format(rule=rule or "n_retrys: 0", condition=condition)
    (one,) = findings(text, "A0009")
    assert [advice in help for help in one["helps"]] == [True]
    fixes = one["fixes"]
    assert len(fixes) == advice.startswith("`box_success")
    for fix in fixes:
        offset = fix["place"]["start"]["offset"]
        assert findings(text[:offset] + fix["replacement"] + text[offset:], "A0009") == []


@pytest.mark.parametrize(
    ("attribute", "damage"),
    [
        ("condition", "the job starts at the wrong time"),
        ("box_success", "the box ends at the wrong time"),
    ],
)
def test_what_a_missing_parenthesis_does_is_told(findings, attribute, damage) -> None:
    text = HEAD + HEAD.replace(": A", ": B") + HEAD.replace(": A", ": C")
    text += f"insert_job: J  job_type: b\n{attribute}: s(A) | s(B) & s(C)\n"
    (one,) = findings(text, "A0006")
    assert damage in one["helps"][1]


def test_two_readings_that_never_differ_are_none(findings) -> None:
    text = HEAD + HEAD.replace(": A", ": B") + "condition: {}\n"
    assert findings(text.format("s(A) | s(A) & d(A)"), "A0006") == []
    assert len(findings(text.format("d(A) | s(A) & f(A)"), "A0006")) == 1


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ("01:00", "the start waits for 02:00"),
        ("05:00", "closed the shorter time ago: no start ever happens"),
        ("05:00, 20:00", "20:00 waits for 02:00, 05:00 does not happen"),
    ],
)
def test_what_becomes_of_a_start_outside_the_window_is_told(findings, times, told) -> None:
    """JIL-151, with the times of its own example."""
    text = HEAD + 'date_conditions: 1\ndays_of_week: all\nrun_window: "02:00-04:00"\n'
    (one,) = findings(text + f'start_times: "{times}"\n', "A0025")
    assert one["text"] == told


def test_fifty_open_quotes_are_fifty_errors_and_the_rest_compiles(hoist, tmp_path: Path) -> None:
    text = "".join(
        f"insert_job: GOOD{n}  job_type: c\nmachine: m\ncommand: echo {n}\n"
        f'insert_job: BAD{n}  job_type: c\nmachine: m\ndescription: "open\ncommand: echo {n}\n'
        for n in range(50)
    )
    file = tmp_path / "a.jil"
    file.write_text(text, encoding="utf-8")
    done = hoist("build", file, "-o", tmp_path / "dags", "--output", "json")
    errors = [one for one in json.loads(done.stdout)["findings"] if one["code"] == "P1007"]
    lines = text.splitlines()
    assert len(errors) == 50
    for one in errors:
        assert lines[one["place"]["start"]["line"] - 1] == 'description: "open'
    assert done.returncode == 5
    manifest = json.loads((tmp_path / "dags/hoist.manifest.json").read_text(encoding="utf-8"))
    assert sorted(row["dag_id"] for row in manifest["dags"]) == sorted(
        f"GOOD{n}" for n in range(50)
    )
    assert len(manifest["refused"]) == 50
