"""`hoist simulate` on definitions with errors: what could not be read is not guessed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

DEFINITION = """insert_job: BROKEN  job_type: c
command: a
machine: m
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
condition: s(A) &
insert_job: WHOLE  job_type: c
command: a
machine: m
date_conditions: 1
days_of_week: all
start_times: "06:00"
timezone: UTC
"""


def test_a_job_whose_condition_cannot_be_read_does_not_start(tmp_path: Path) -> None:
    binary = os.environ.get("HOIST_BINARY")
    if not binary:
        pytest.skip("no hoist binary: name one in HOIST_BINARY")
    (tmp_path / "broken.jil").write_text(DEFINITION)
    done = subprocess.run(
        [binary, "simulate", "broken.jil", "--format", "json"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    trace = json.loads(done.stdout)
    assert {event["job"] for event in trace["events"] if "job" in event} == {"WHOLE"}
    (told,) = [each for each in trace["not_started"] if each["job"] == "BROKEN"]
    assert "errors" in json.dumps(told)
