"""`hoist drift`: what changed in the live scheduler, and which certificates are void."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]

BOX = """insert_job: {box}  job_type: b
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
"""
JOB = "insert_job: {name}  job_type: c\nbox_name: {box}\ncommand: {name}.sh\nmachine: m\n"

NIGHT = BOX.format(box="NIGHT") + JOB.format(name="A", box="NIGHT") + JOB.format(
    name="B", box="NIGHT"
) + "condition: s(A) & s(A)\n"  # fmt: skip
DAY = BOX.format(box="DAY") + JOB.format(name="C", box="DAY")


@pytest.fixture
def drift(run, tmp_path: Path):
    """Compare two texts; the exit code, the JSON, and the findings as text."""

    def compare(old: str, new: str, *options: str) -> tuple[int, dict[str, Any], str]:
        (tmp_path / "estate").mkdir(exist_ok=True)
        (tmp_path / "estate/a.jil").write_text(old)
        (tmp_path / "export.jil").write_text(new)
        done = run("drift", "estate", "--against", "export.jil", "--format", "json", *options)
        changes = json.loads(done.stdout) if done.stdout else {}
        if changes:
            schema = json.loads((ROOT / "docs/schemas/changes.schema.json").read_text())
            jsonschema.validate(changes, schema)
        return done.returncode, changes, done.stderr.decode()

    return compare


def test_another_layout_is_no_drift(drift):
    assert drift(NIGHT, NIGHT.replace("condition: s(A) & s(A)", "condition:   s( A )"))[0] == 0


def test_what_changed_came_and_went_is_told_at_its_place_in_the_export(drift):
    live = NIGHT.replace("command: A.sh", "command: other.sh") + JOB.format(name="N", box="NIGHT")
    code, changes, text = drift(NIGHT + DAY, live)
    assert code == 3
    kinds = {(one["job"], one["kind"]) for one in changes["changes"]}
    assert {("A", "changed"), ("N", "added"), ("C", "removed")} <= kinds
    (changed,) = (one for one in changes["changes"] if one["job"] == "A")
    assert changed["new"]["file"] == "export.jil"
    assert changed["old"]["file"] == "estate/a.jil"
    assert "[V0007]" in text


def test_an_export_is_needed(run):
    done = run("drift", "estate")
    assert done.returncode == 2
    assert b"--against" in done.stderr


def test_the_units_of_a_resource_and_the_node_of_a_machine_are_behaviour(drift):
    old = (
        "insert_resource: R  res_type: R  amount: 2\n"
        "insert_machine: m  type: a  node_name: one\n"
        "insert_job: A  job_type: c\ncommand: a\nmachine: m\nresources: (R, QUANTITY=1)\n"
    )
    code, changes, _ = drift(old, old.replace("amount: 2", "amount: 1"))
    assert (code, [one["aspect"] for one in changes["changes"]]) == (3, ["resource"])
    assert "amount: 1" in changes["changes"][0]["after"]
    code, changes, _ = drift(old, old.replace("node_name: one", "node_name: two"))
    assert (code, [one["aspect"] for one in changes["changes"]]) == (3, ["action"])
    assert drift(old, old)[0] == 0


def states(changes: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    return {one["workflow"]: (one["state"], one["reasons"]) for one in changes["certificates"]}


@pytest.fixture
def certified(run, tmp_path: Path):
    """Certificates of `hoist verify` for an estate; no DAG is there, which changes no hash."""

    def write(text: str) -> dict[str, str]:
        (tmp_path / "estate").mkdir(exist_ok=True)
        (tmp_path / "estate/a.jil").write_text(text)
        (tmp_path / "export.json").write_text(
            json.dumps(
                {
                    "format": 1,
                    "exporter": "hoist-airflow 0",
                    "airflow": "3.3.0",
                    "horizon": {"from": 1767225600, "to": 1769904000},
                    "import_errors": {},
                    "tick_sets": {},
                    "dags": [],
                }
            )
        )
        done = run("verify", "estate", "--serialized", "export.json", "--certificates", "certs")
        assert done.returncode in (3, 4), done.stderr
        return {
            json.loads(path.read_text())["workflow"]: json.loads(path.read_text())["hashes"]["ir"]
            for path in (tmp_path / "certs").glob("*.json")
        }

    return write


def test_certificates_hold_until_the_live_scheduler_says_something_else(drift, certified):
    assert sorted(certified(NIGHT + DAY)) == ["DAY", "NIGHT"]
    code, changes, _ = drift(NIGHT + DAY, NIGHT + DAY, "--certificates", "certs")
    assert code == 0
    assert states(changes) == {"DAY": ("valid", []), "NIGHT": ("valid", [])}

    later = DAY.replace("06:00", "07:00")
    code, changes, text = drift(NIGHT + DAY, NIGHT + later, "--certificates", "certs")
    assert code == 3
    assert states(changes)["NIGHT"] == ("valid", [])
    state, reasons = states(changes)["DAY"]
    assert state == "void"
    assert "other times" in reasons[0]
    assert "[V0011]" in text

    code, changes, _ = drift(NIGHT + DAY, NIGHT, "--certificates", "certs")
    assert code == 3
    assert "no such workflow" in states(changes)["DAY"][1][0]


def test_a_rewritten_definition_voids_by_hash_and_says_that_nothing_changed(drift, certified):
    certified(NIGHT)
    live = NIGHT.replace("s(A) & s(A)", "s(A) & (s(A) | f(A) & s(A))")
    code, changes, text = drift(NIGHT, live, "--certificates", "certs")
    assert (code, changes["changes"]) == (4, []), text
    state, reasons = states(changes)["NIGHT"]
    assert state == "void"
    assert "`B` differently, though no change" in reasons[0]


def test_what_changed_in_the_repository_voids_as_well(drift, certified):
    certified(NIGHT)
    changed = NIGHT.replace("A.sh", "new.sh")
    code, changes, _ = drift(changed, changed, "--certificates", "certs")
    assert (code, changes["changes"]) == (4, [])
    assert "changed after it was written" in states(changes)["NIGHT"][1][0]
    assert changes["without_certificate"] == []
    code, changes, _ = drift(NIGHT + DAY, NIGHT + DAY, "--certificates", "certs")
    assert (code, changes["without_certificate"]) == (0, ["DAY"])


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 1, "hashes": 3}', "\xff\x00"])
def test_what_is_no_certificate_is_refused(drift, tmp_path: Path, content: str):
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/x.json").write_text(content, encoding="latin-1")
    code, _, text = drift(NIGHT, NIGHT, "--certificates", "certs")
    assert code == 2
    assert "[V0005]" in text


def test_sarif_tells_changes_and_void_certificates(drift, certified, tmp_path: Path):
    certified(NIGHT)
    live = NIGHT.replace("A.sh", "new.sh")
    drift(NIGHT, live, "--certificates", "certs", "--output", "sarif=drift.sarif")
    log = json.loads((tmp_path / "drift.sarif").read_text())
    schema = json.loads((ROOT / "tests/schemas/sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema)(schema).validate(log)
    rules = {result["ruleId"] for result in log["runs"][0]["results"]}
    assert rules == {"V0007", "V0011"}
