"""`hoist diff`: changes of behaviour are told with a played example, rewriting is not accused."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]

BOX = """insert_job: BX  job_type: b
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
"""


def job(name: str, condition: str = "", box: str = "BX", more: str = "") -> str:
    said = f"condition: {condition}\n" if condition else ""
    return (
        f"insert_job: {name}  job_type: c\nbox_name: {box}\ncommand: {name.lower()}\nmachine: m\n"
        f"{said}{more}"
    )


def diff(tmp_path: Path, old: str, new: str, *options: str) -> tuple[int, dict[str, Any], str]:
    binary = os.environ.get("HOIST_BINARY")
    if not binary:
        pytest.skip("no hoist binary: name one in HOIST_BINARY")
    (tmp_path / "old.jil").write_text(old)
    (tmp_path / "new.jil").write_text(new)
    done = subprocess.run(
        [binary, "diff", "old.jil", "new.jil", "--format", "json", *options],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    changes = json.loads(done.stdout) if done.stdout else {}
    if changes:
        schema = json.loads((ROOT / "docs/schemas/changes.schema.json").read_text(encoding="utf-8"))
        jsonschema.validate(changes, schema)
    return done.returncode, changes, done.stderr


BASE = BOX + job("A") + job("B") + job("C", "s(A) & (s(B) | f(B))") + job("D", "s(C)")

EQUAL = {
    "distributed": BOX + job("A") + job("B") + job("C", "(s(A) & s(B)) | (f(B) & s(A))") + job("D", "s(C)"),
    "reordered": job("D", "s(C)") + job("C", "(f(B) | s(B)) & s(A)") + job("B") + BOX + job("A"),
    "repeated": BOX + job("A") + job("B") + job("C", "s(A) & s(A) & (s(B) | f(B))") + job("D", "s(C)"),
    "nested": BOX + "insert_job: INNER job_type: b\nbox_name: BX\n" + job("A", box="INNER")
    + job("B", box="INNER") + job("C", "s(A) & (s(B) | f(B))") + job("D", "s(C)"),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_rewriting_is_no_change(name: str, tmp_path: Path) -> None:
    code, changes, findings = diff(tmp_path, BASE, EQUAL[name])
    assert (code, changes["changes"]) == (0, []), findings


CHANGED = {
    "a lost branch": (BASE.replace("(s(B) | f(B))", "s(B)"), "start", "C"),
    "done for success": (BASE.replace("condition: s(C)", "condition: d(C)"), "start", "D"),
    "a lost condition": (BASE.replace("condition: s(C)\n", ""), "start", "D"),
    "another time": (BASE.replace("06:00", "07:00"), "schedule", "BX"),
    "another command": (BASE.replace("command: d", "command: e"), "action", "D"),
    "retries": (BASE + "n_retrys: 2\n", "retry", "D"),
    "exit codes": (BASE + "max_exit_success: 4\n", "action", "D"),
    "box_success": (
        BASE.replace("timezone: UTC\n", "timezone: UTC\nbox_success: s(A)\n"),
        None,
        None,
    ),
    "a terminator": (BASE.replace("command: a\n", "command: a\nbox_terminator: 1\n"), None, None),
    "a new job": (BASE + job("E", "s(D)"), "shape", "E"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_told(name: str, tmp_path: Path) -> None:
    new, aspect, about = CHANGED[name]
    code, changes, findings = diff(tmp_path, BASE, new)
    assert code == 3, findings
    if aspect:
        assert [(c["aspect"], c["job"]) for c in changes["changes"]] == [(aspect, about)], findings
    for change in changes["changes"]:
        if change["aspect"] == "start":
            assert any(
                line.startswith("after: ") or line.startswith("before: ")
                for line in change["story"]
            )
    assert "V0007" in findings


def test_a_lookback_that_was_dropped(tmp_path: Path) -> None:
    old = BOX.replace("timezone", "condition: s(X, 12.00)\ntimezone") + job("A")
    new = BOX.replace("timezone", "condition: s(X)\ntimezone") + job("A")
    other = "insert_job: X job_type: c\ncommand: x\nmachine: m\n"
    code, changes, _ = diff(tmp_path, old + other, new + other)
    assert code == 3
    assert any("BX" in c["job"] or "A" in c["job"] for c in changes["changes"])


def test_renames_are_no_change_with_a_map(tmp_path: Path) -> None:
    new = BASE.replace("insert_job: C", "insert_job: C2").replace("s(C)", "s(C2)")
    assert diff(tmp_path, BASE, new)[0] == 3
    (tmp_path / "map.json").write_text(json.dumps({"jobs": {"C": "C2"}}))
    code, changes, findings = diff(tmp_path, BASE, new, "--map", "map.json")
    assert (code, changes["changes"]) == (0, []), findings


def test_removed_jobs_are_told(tmp_path: Path) -> None:
    code, changes, _ = diff(tmp_path, BASE, BASE.replace(job("D", "s(C)"), ""))
    assert code == 3
    assert [(c["kind"], c["job"]) for c in changes["changes"]] == [("removed", "D")]


def test_two_paths_are_needed(tmp_path: Path) -> None:
    code, _, findings = diff(tmp_path, BASE, BASE, "third.jil")
    assert code == 2
    assert "two versions" in findings


def test_the_budget_ends_what_takes_too_long(tmp_path: Path) -> None:
    pairs = [(f"P{n}", f"Q{n}") for n in range(7)]
    jobs = "".join(job(name) for pair in pairs for name in pair)
    product = " & ".join(f"(s({p}) | f({q}))" for p, q in pairs)
    terms = [""]
    for p, q in pairs:
        terms = [f"{t} & {a}" if t else a for t in terms for a in (f"s({p})", f"f({q})")]
    total = " | ".join(f"({term})" for term in terms)
    old, new = BOX + jobs + job("Z", product), BOX + jobs + job("Z", total)
    code, changes, _ = diff(tmp_path, old, new)
    assert (code, changes["changes"]) == (0, [])
    code, changes, findings = diff(tmp_path, old, new, "--budget", "1")
    assert code == 4
    assert "V0008" in findings
    assert {c["kind"] for c in changes["changes"]} == {"undecided"}
