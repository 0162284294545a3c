"""The reference interpreter: every file of tests/semantics/files plays its scenarios and finds what it expects."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path

import jsonschema
import pytest
from play import Scene, scenes_of

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FILES = sorted((HERE / "files").iterdir())


def schema(name: str) -> jsonschema.Draft202012Validator:
    content = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


SCENARIO, TRACE = schema("scenario"), schema("trace")


def simulate(binary: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, "simulate", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_file(file: Path, hoist_binary: str, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "JIL-" in text or "CRON-" in text, "the first line names the rules"
    for steps in scenes_of(text):
        scene = Scene(steps)
        SCENARIO.validate(scene.scenario)
        config, script = tmp_path / "hoist.toml", tmp_path / "scenario.json"
        config.write_text('timezone = "UTC"\n[autosys]\n' + "\n".join(scene.toml) + "\n")
        script.write_text(json.dumps(scene.scenario))
        done = simulate(
            hoist_binary, file, "--scenario", script, "--config", config, "--format", "json"
        )
        assert done.returncode in (0, 1), done.stderr
        trace = json.loads(done.stdout)
        TRACE.validate(trace)
        scene.judge(trace)


def test_a_misspelt_name_is_shown_at_its_place(hoist_binary: str, tmp_path: Path) -> None:
    """C0012: every unknown key, job, event and status of a scenario, with line, column and the name meant."""
    jil, script = tmp_path / "a.jil", tmp_path / "s.json"
    jil.write_text("insert_job: EXTRACT  job_type: c\ncommand: x\nmachine: m\n")
    script.write_text(
        '{"format": 1, "start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z",\n'
        ' "jobs": {"EXTRAKT": [{"duration": 5}]},\n'
        ' "event": [],\n'
        ' "events": [{"at": "2026-03-02T01:00:00Z", "event": "FORCESTARTJOB", "job": "EXTRACT"},\n'
        '            {"at": "2026-03-02 01:00", "event": "STARTJOB", "job": "EXTRACT"}],\n'
        ' "ties": "inner-first"}\n'
    )
    done = simulate(hoist_binary, jil, "--scenario", script)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("error[C0012]") == 5, done.stderr
    for place, meant in (("2:11", "EXTRACT"), ("3:2", "events"), ("4:53", "FORCE_STARTJOB")):
        assert f"{script}:{place}" in done.stderr, done.stderr
        assert f"did you mean `{meant}`?" in done.stderr
    assert f"{script}:5:20" in done.stderr
    assert f"{script}:6:10" in done.stderr
    done = simulate(hoist_binary, jil, "--explain", "EXTRAKT")
    assert done.returncode == 2
    assert "did you mean `EXTRACT`?" in done.stderr


@pytest.mark.parametrize("wrong", ["", "[", '{"format": 2}', "[" * 40, '{"start": 5}', "\x00"])
def test_what_is_no_scenario_is_refused(wrong: str, hoist_binary: str, tmp_path: Path) -> None:
    jil, script = tmp_path / "a.jil", tmp_path / "s.json"
    jil.write_text("insert_job: A  job_type: c\ncommand: x\nmachine: m\n")
    script.write_text(wrong)
    done = simulate(hoist_binary, jil, "--scenario", script)
    assert done.returncode == 2
    assert "error[C0012]" in done.stderr


def test_ctm078_who_is_told_what(hoist_binary: str, tmp_path: Path) -> None:
    xml, script = tmp_path / "a.xml", tmp_path / "s.json"
    xml.write_text(
        '<DEFTABLE><FOLDER FOLDER_NAME="F" FOLDER_ORDER_METHOD="SYSTEM">'
        '<JOB JOBNAME="A" TASKTYPE="Dummy" DAYS="ALL"><ON STMT="*" CODE="OK">'
        '<DOMAIL DEST="ops" URGENCY="V" SUBJECT="%%JOBNAME" MESSAGE="ran for %%$ODATE"/></ON></JOB>'
        "</FOLDER></DEFTABLE>"
    )
    script.write_text(
        '{"format": 1, "start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z"}'
    )
    given = (xml, "--scenario", script, "--timezone", "UTC")
    trace = json.loads(simulate(hoist_binary, *given, "--format", "json").stdout)
    TRACE.validate(trace)
    assert trace["alarms"] == [
        {
            "at": "2026-03-02T07:00:00Z", "job": "F/A", "alarm": "MAIL", "odate": "2026-03-02",
            "destination": "ops", "urgency": "very urgent", "text": "A\nran for 20260302",
        }
    ]  # fmt: skip
    lines = simulate(hoist_binary, *given).stdout.splitlines()
    (told,) = [line.partition(" alarm ")[2].strip() for line in lines if " alarm " in line]
    assert told == "MAIL to ops: A␊ran for 20260302"


def test_text_and_explain(hoist_binary: str, tmp_path: Path) -> None:
    jil, script = tmp_path / "a.jil", tmp_path / "s.json"
    jil.write_text(
        'insert_job: B  job_type: b\ndate_conditions: 1\ndays_of_week: all\nstart_times: "06:00"\n'
        "insert_job: X  job_type: c\nbox_name: B\ncommand: x\nmachine: m\n"
        "insert_job: Y  job_type: c\nbox_name: B\ncommand: y\nmachine: m\ncondition: s(X)\n"
    )
    script.write_text(
        '{"format": 1, "start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z",'
        ' "jobs": {"X": [{"duration": 60, "exit_code": 3}]}}'
    )
    done = simulate(hoist_binary, jil, "--scenario", script, "--timezone", "UTC")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2026-03-02 (UTC)",
        "06:00:00  B         STARTING     tick 06:00",
        "06:00:00  B         RUNNING      its members may start",
        "06:00:00    X       ACTIVATED    B has started",
        "06:00:00    Y       ACTIVATED    B has started",
        "06:00:00    X       STARTING     B has started",
        "06:00:00    X       RUNNING      executes",
        "06:01:00    X       FAILURE (3)  exit code 3",
        "06:01:00    X       alarm        JOBFAILURE",
        "",
        "waiting at the end",
        "  Y  ACTIVATED: X has changed: waits for s(X)",
        "",
        "2 starts, 1 failed, 1 alarm, 2 opportunities without a start",
    ]
    done = simulate(hoist_binary, jil, "--scenario", script, "--timezone", "UTC", "--explain", "Y")
    assert done.stdout.splitlines() == [
        "Y, in box B",
        "condition: s(X)",
        "no times of its own",
        "",
        "2026-03-02 (UTC)",
        "06:00:00  ACTIVATED     B has started [JIL-110]",
        "06:00:00  no start      B has started: waits for s(X) [JIL-003]",
        "06:01:00  no start      X has changed: waits for s(X) [JIL-003]",
    ]
    done = simulate(hoist_binary, jil, "--explain", "NOBODY")
    assert done.returncode == 2
    assert "there is no such job" in done.stderr
    assert done.stdout == ""


def test_an_ordinary_day(hoist_binary: str, tmp_path: Path) -> None:
    """Without a scenario: today, 24 hours, everything succeeds, `avg_runtime` is how long it takes."""
    jil = tmp_path / "a.jil"
    jil.write_text(
        "insert_job: A  job_type: c\ncommand: x\nmachine: m\navg_runtime: 7\nsuccess_codes: 4-6\n"
        'date_conditions: 1\ndays_of_week: all\nstart_times: "00:00"\n'
        "insert_job: F  job_type: f\nwatch_file: /in/x\nmachine: m\n"
        'date_conditions: 1\ndays_of_week: all\nstart_times: "00:00"\n'
    )
    done = simulate(hoist_binary, jil, "--timezone", "UTC", "--format", "json")
    trace = json.loads(done.stdout)
    TRACE.validate(trace)
    events = [(e["job"], e["status"], e["at"][11:]) for e in trace["events"]]
    assert ("A", "SUCCESS", "00:07:00Z") in events
    assert ("F", "SUCCESS", "00:01:00Z") in events


def test_ten_times_the_jobs_take_about_ten_times_the_time(
    hoist_binary: str, tmp_path: Path
) -> None:
    """Processor time of reading and playing a day; a scan over all jobs for each event would be a factor of 100."""

    def seconds(count: int) -> float:
        jil = tmp_path / f"{count}.jil"
        lines = [
            'insert_job: BOX  job_type: b\ndate_conditions: 1\ndays_of_week: all\nstart_times: "00:00"\n'
        ]
        for i in range(count):
            condition = f"condition: s(J{i - 1})\n" if i % 100 else ""
            lines.append(
                f"insert_job: J{i}  job_type: c\nbox_name: BOX\ncommand: x\nmachine: m\n{condition}"
            )
        jil.write_text("".join(lines))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = simulate(hoist_binary, jil, "--timezone", "UTC", "--format", "json")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert json.loads(done.stdout)["final"]["BOX"]["status"] == "SUCCESS"
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    small, large = seconds(1_500), seconds(15_000)
    assert large < 30 * max(small, 0.02), (small, large)
