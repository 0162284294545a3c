"""`hoist simulate` on definitions with errors: what could not be read is not guessed."""

from __future__ import annotations

import json
from pathlib import Path


def job(name: str, more: str = "") -> str:
    return (
        f"insert_job: {name}  job_type: c\ncommand: a\nmachine: m\ndate_conditions: 1\n"
        f'days_of_week: all\nstart_times: "06:00"\ntimezone: UTC\n{more}'
    )


def test_a_job_whose_condition_cannot_be_read_does_not_start(run, tmp_path: Path) -> None:
    (tmp_path / "broken.jil").write_text(job("BROKEN", "condition: s(A) &\n") + job("WHOLE"))
    done = run("simulate", "broken.jil", "--format", "json")
    assert done.returncode == 1
    trace = json.loads(done.stdout)
    assert {event["job"] for event in trace["events"] if "job" in event} == {"WHOLE"}
    (told,) = [each for each in trace["not_started"] if each["job"] == "BROKEN"]
    assert "errors" in json.dumps(told)
