"""`hoist verify` on what hoist emits, loaded by real Airflow: no accusation, few unknowns, few assumptions.

Estates of corpus/ and tests/conformance always; the real JIL of `HOIST_CORPUS` where it is there.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from compiled import ROOT, compile_estate, hoist_binary

pytestmark = pytest.mark.usefixtures("airflow_home")

ESTATES: dict[str, tuple[list[str], list[str]]] = {
    "bank_night": (
        ["corpus/bank_night"],
        [
            "--properties",
            "corpus/bank_night/env.properties",
            "-D",
            "HOIST_DEMO_DIR=/var/lib/night",
        ],
    ),
    "coverage": (["corpus/coverage"], []),
    "oddities": (["corpus/oddities"], []),
    "conformance": (["tests/conformance"], ["-D", "RUN=/var/lib/run"]),
}


def export(folder: Path, target: Path) -> Path:
    """What Airflow loads of a folder, as `hoistctl export-dags` tells it."""
    done = subprocess.run(
        [sys.executable, "-m", "hoist_airflow.hoistctl", "export-dags", folder, "-o", target],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr[-2000:]
    return target


def verify(*arguments: str | Path) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON of `--format json` (valid against its schema), and the findings."""
    done = subprocess.run(
        [hoist_binary(), "verify", *map(str, arguments), "--format", "json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode in (0, 1, 3, 4, 5), (done.returncode, done.stderr[-2000:])
    verdicts = json.loads(done.stdout)
    jsonschema.validate(verdicts, _schema())
    return done.returncode, verdicts, done.stderr


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        (ROOT / "docs/schemas/verdicts.schema.json").read_text(encoding="utf-8")
    )
    return schema


def judged(paths: list[str], options: list[str], scratch: Path) -> tuple[int, dict[str, Any], str]:
    """Build, export, verify."""
    compile_estate(*paths, out=scratch / "dags", options=options)
    loaded = export(scratch / "dags", scratch / "export.json")
    return verify(
        *paths, *options, "--serialized", loaded, "--manifest", scratch / "dags/hoist.manifest.json"
    )


@pytest.mark.parametrize("name", ESTATES)
def test_own_output_is_never_accused(name: str, tmp_path: Path) -> None:
    paths, options = ESTATES[name]
    _, verdicts, findings = judged(paths, options, tmp_path)
    different = [w for w in verdicts["workflows"] if w["verdict"] == "different"]
    assert different == [], json.dumps(different, indent=1)[:3000]
    assert "error[V" not in findings, findings[:3000]
    # What hoist does not translate (adapters, refused workflows) is told as unknown, with a reason.
    unknown = [w for w in verdicts["workflows"] if w["verdict"] == "unknown"]
    assert all(w["unknowns"] for w in unknown)
    plain = [
        w
        for w in unknown
        if not any(
            word in u["reason"]
            for u in w["unknowns"]
            for word in ("not translated", "no model", "refuses")
        )
    ]
    assert plain == [], json.dumps(plain, indent=1)[:3000]
    assert len(unknown) <= 0.06 * len(verdicts["workflows"])


@pytest.mark.parametrize("name", ["bank_night", "coverage", "oddities"])
def test_a_redacted_estate_has_the_same_verdicts(name: str, tmp_path: Path) -> None:
    """Workflow by workflow, with the same kinds of assumptions, differences and unknowns."""
    (paths, _), settings = ESTATES[name], tmp_path / "none.toml"
    settings.write_text("")  # those of an estate name its machines and jobs
    done = subprocess.run(
        [hoist_binary(), "redact", *paths, "-o", tmp_path / "redacted", "--map", tmp_path / "map"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = json.loads((tmp_path / "map").read_text(encoding="utf-8"))["jobs"]
    found = []
    for estate, other in ((paths, names), ([str(tmp_path / "redacted")], {})):
        scratch = tmp_path / str(len(found))
        scratch.mkdir()
        _, verdicts, _ = judged(estate, ["--config", str(settings)], scratch)
        found.append({
            other.get(one["workflow"], one["workflow"]): (
                one["verdict"],
                sorted(a["name"].split(":")[0] for a in one["assumptions"]),
                sorted(d["aspect"] for d in one["differences"]),
                len(one["unknowns"]),
            )
            for one in verdicts["workflows"]
        })  # fmt: skip
    assert len(found[0]) > 10
    assert found[0] == found[1]


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    """Also of what only shows between workflows: every second pool becomes another one."""
    paths, options = ESTATES["bank_night"]
    compile_estate(*paths, out=tmp_path / "dags", options=options)
    loaded = json.loads(export(tmp_path / "dags", tmp_path / "export.json").read_text())
    tasks = [
        task for row in loaded["dags"] for task in row["tasks"] if task["pool"] != "default_pool"
    ]
    assert len(tasks) > 4
    for task in tasks[::2]:
        task["pool"] = "another"
    (tmp_path / "changed.json").write_text(json.dumps(loaded))
    manifest = tmp_path / "dags/hoist.manifest.json"
    common = [*paths, *options, "--serialized", tmp_path / "changed.json", "--manifest", manifest]
    code, verdicts, findings = alone = verify(*common, "--jobs", "1")
    assert code == 3
    assert "would run at once although" in json.dumps(verdicts)
    for jobs in ("2", "3", "8"):
        assert verify(*common, "--jobs", jobs) == alone, findings


def test_few_assumptions_and_none_is_the_claim(tmp_path: Path) -> None:
    paths, options = ESTATES["bank_night"]
    _, verdicts, _ = judged(paths, options, tmp_path)
    names = [[a["name"] for a in w["assumptions"]] for w in verdicts["workflows"]]
    assert statistics.median(map(len, names)) <= 2
    assert not any("equivalent" in name or "same" in name for row in names for name in row)


def test_real_definitions(tmp_path: Path) -> None:
    corpus = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared/corpus")) / "jil"
    if not corpus.is_dir():
        pytest.skip("no real definitions here: name their folder in HOIST_CORPUS")
    counts: dict[str, int] = {}
    for number, file in enumerate(sorted(corpus.iterdir())):
        scratch = tmp_path / str(number)
        _, verdicts, _ = judged([str(file)], ["--dialect", "jil"], scratch)
        for workflow in verdicts["workflows"]:
            counts[workflow["verdict"]] = counts.get(workflow["verdict"], 0) + 1
            assert workflow["verdict"] != "different", json.dumps(workflow, indent=1)[:3000]
    total = sum(counts.values())
    good = counts.get("equivalent", 0) + counts.get("equivalent-if", 0)
    assert good >= 0.9 * total, counts


def test_assumptions_can_be_refused(tmp_path: Path) -> None:
    options = ["-D", "RUN=x"]
    paths = ["tests/conformance/v06_stuck_box.jil"]
    folder = tmp_path / "dags"
    compile_estate(*paths, out=folder, options=options)
    loaded = export(folder, tmp_path / "export.json")
    common = [*paths, *options, "--serialized", loaded]
    assert verify(*common)[0] == 0
    assert verify(*common, "--require", "site-rule:*,stuck-box-ends")[0] == 0
    code, _, findings = verify(*common, "--require", "site-rule:*")
    assert code == 4
    assert "V0004" in findings


def test_certificates_are_written(tmp_path: Path) -> None:
    compile_estate(
        "tests/conformance/box_nested.jil", out=tmp_path / "dags", options=["-D", "RUN=x"]
    )
    loaded = export(tmp_path / "dags", tmp_path / "export.json")
    verify(
        "tests/conformance/box_nested.jil", "-D", "RUN=x", "--serialized", loaded,
        "--certificates", tmp_path / "certificates",
    )  # fmt: skip
    (certificate,) = (tmp_path / "certificates").iterdir()
    said = json.loads(certificate.read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "docs/schemas/certificate.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(said, schema)
    assert said["workflow"] == "NEST"


def test_a_bad_export_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": 1')
    done = subprocess.run(
        [hoist_binary(), "verify", "tests/conformance/box_nested.jil", "--serialized", bad],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "V0005" in done.stderr


def test_the_dags_are_loaded_by_the_python_that_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    compile_estate("tests/conformance/box_nested.jil", out=folder, options=["-D", "RUN=x"])
    arguments = ["tests/conformance/box_nested.jil", "-D", "RUN=x", "--dags", folder, "--python"]
    assert verify(*arguments, sys.executable)[0] == 0
    done = subprocess.run(
        [hoist_binary(), "verify", *map(str, arguments), "/no/such/python"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "V0006" in done.stderr


HAND_WRITTEN = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

with DAG(dag_id="HAND", schedule="0 6 * * *", max_active_runs=1):
    a = BashOperator(task_id="A", bash_command="a")
    b = BashOperator(task_id="B", bash_command="b")
    h = BashOperator(task_id="H", bash_command="h", trigger_rule="{rule}")
    {between}
"""
DEFINITION = """insert_job: HAND  job_type: b
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
insert_job: A  job_type: c
box_name: HAND
command: a
machine: m
insert_job: B  job_type: c
box_name: HAND
command: b
machine: m
condition: s(A)
insert_job: H  job_type: c
box_name: HAND
command: h
machine: m
condition: {condition}
"""


def hand_written(
    scratch: Path, condition: str, rule: str, between: str
) -> tuple[int, dict[str, Any], str]:
    """A definition against a DAG that a person wrote; only starts are looked at."""
    definition = scratch / "hand.jil"
    definition.write_text(DEFINITION.format(condition=condition))
    (scratch / "dags").mkdir()
    (scratch / "dags/hand.py").write_text(HAND_WRITTEN.format(rule=rule, between=between))
    code, verdicts, findings = verify(
        definition, "--serialized", export(scratch / "dags", scratch / "x.json")
    )
    (workflow,) = verdicts["workflows"]
    return code, workflow, findings


def starts(workflow: dict[str, Any]) -> set[str]:
    return {d["job"] for d in workflow["differences"] if d["aspect"] in ("start", "order")}


def test_a_handler_that_fires_for_a_job_that_never_ran(tmp_path: Path) -> None:
    """TR-07: `one_failed` fires on upstream_failed."""
    # With t(B), or a B that was killed would be told first.
    code, workflow, findings = hand_written(tmp_path, "f(B) | t(B)", "one_failed", "a >> b >> h")
    assert code == 3
    assert starts(workflow) == {"H"}
    (told,) = [d for d in workflow["differences"] if d["job"] == "H" and d["aspect"] == "start"]
    assert any(line.startswith("given: A ") for line in told["story"]), told
    assert not any(line.startswith("given: B ") for line in told["story"]), told
    assert any(line.startswith("airflow: ") and "H STARTING" in line for line in told["story"])
    assert "V0001" in findings


def test_plain_edges_of_a_person_are_not_accused(tmp_path: Path) -> None:
    _, workflow, _ = hand_written(tmp_path, "s(A) & s(B)", "all_success", "a >> b >> h")
    assert starts(workflow) == set()
    assert not any("start" in u["reason"] for u in workflow["unknowns"])


def test_an_or_of_successes_as_one_success(tmp_path: Path) -> None:
    _, workflow, _ = hand_written(tmp_path, "s(A) | s(B)", "one_success", "a >> b; [a, b] >> h")
    assert starts(workflow) == set()


def test_an_or_that_waits_for_both(tmp_path: Path) -> None:
    """TR-04."""
    _, workflow, _ = hand_written(tmp_path, "s(A) | s(B)", "all_success", "a >> b; [a, b] >> h")
    assert starts(workflow) == {"H"}


def test_what_an_operator_does_may_be_unknown(tmp_path: Path) -> None:
    between = 'x = PythonOperator(task_id="X", python_callable=print); a >> b >> x >> h'
    _, workflow, findings = hand_written(tmp_path, "s(B)", "all_success", between)
    assert any("PythonOperator" in u["reason"] for u in workflow["unknowns"])
    assert "V0002" in findings
    assert starts(workflow) == set()


def test_a_file_that_does_not_import(tmp_path: Path) -> None:
    code, _, findings = hand_written(tmp_path, "s(B)", "all_success", "raise ValueError('x')")
    assert code == 3  # its workflow has no DAG
    assert "V0003" in findings
