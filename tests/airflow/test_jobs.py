"""Job operators executed by real Airflow on a real ledger: outcomes, retries, kills, bytes.

The vectors of autosys.md section 11 that a run shows (V7-V10) and the traps TR-44, TR-45, TR-48,
TR-49, each with what Airflow made of the task beside what the ledger has.
"""

from __future__ import annotations

import threading
import time

import pytest

HEAD = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
from hoist_airflow import Command, FileWatcher, Opaque, Unsupported, legacy

with DAG({dag_id!r}, schedule=None, catchup=False, max_active_runs=1) as dag:
"""


@pytest.fixture
def night(airflow_runs, ledger_url, tmp_path, monkeypatch):
    """`night(body)` really runs a DAG of these tasks; -> (run, ledger, statuses of a job)."""
    pytest.importorskip("hoist_airflow.run")
    monkeypatch.setenv("AIRFLOW__HOIST__KILL_POLL", "0.05")
    monkeypatch.setenv("AIRFLOW__HOIST__KILL_GRACE", "1")
    monkeypatch.setenv("HOIST_POLL_SECONDS", "0.05")
    from hoist_airflow.ledger import Ledger

    class Night:
        def __init__(self) -> None:
            self.folder = tmp_path
            self.ledger = Ledger.open(ledger_url)

        def run(self, body: str, **given: str):
            lines = "\n".join("    " + line for line in body.strip().splitlines())
            source = HEAD.format(dag_id=f"night_{time.monotonic_ns()}") + lines + "\n"
            for name, value in given.items():
                source = source.replace(f"@{name}@", repr(value))
            return airflow_runs.run_file(tmp_path / "dags", source)

        def statuses(self, job: str) -> list[str]:
            events = self.ledger.events(limit=100_000)
            return [event.status for event in events if event.job == job and event.status]

        def when(self, job: str, status: str, act) -> threading.Thread:
            """Call `act` from another thread once `job` has `status`."""

            def wait() -> None:
                while (row := self.ledger.status(job)) is None or row.status != status:
                    time.sleep(0.02)
                act()

            thread = threading.Thread(target=wait, daemon=True)
            thread.start()
            return thread

    return Night()


def test_exit_codes_signals_and_noexec(night):
    """V7, V8, JIL-058, TR-44, JIL-092: one run, each job with the outcome of its rule."""
    run = night.run(
        """
Command(task_id="v7", command="exit 3", exit_rule="success: 0,3")
Command(task_id="v8", command="exit 137", exit_rule="fail: 1")
Command(task_id="max4", command="exit 5", exit_rule="max: 4")
Command(task_id="e99", command="exit 99")
Command(task_id="killed", command="kill -9 $$", expand_globals=False)
Command(task_id="noexec", command="exit 1", noexec=True)
Opaque(task_id="sap", kind="SAP", definition={"sap_job_name": "X"})
"""
    )
    assert run.succeeded == {"v7", "v8", "noexec"}
    assert run.failed == {"max4", "e99", "killed", "sap"}
    assert run.skipped == set()
    rows = {job: night.ledger.status(job) for job in run.tasks}
    assert {job: (row.status, row.exit_code) for job, row in rows.items()} == {
        "v7": ("SUCCESS", 3),
        "v8": ("SUCCESS", 137),
        "max4": ("FAILURE", 5),
        "e99": ("FAILURE", 99),
        "killed": ("TERMINATED", None),
        "noexec": ("SUCCESS", 0),
        "sap": ("FAILURE", None),
    }


def test_v9_failure_is_retried_and_told_once(night):
    """V9, JIL-054: `n_retrys: 2`, always fails -> three executions, one FAILURE."""
    run = night.run(
        """
Command(task_id="v9", command="echo x >> " + @out@ + "; exit 1", retries=2, retry_delay=0)
""",
        out=f"{night.folder}/ran",
    )
    assert (night.folder / "ran").read_text() == "x\n" * 3
    assert run.failed == {"v9"}
    statuses = night.statuses("v9")
    assert statuses.count("STARTING") == 3
    assert statuses.count("RESTART") == 2
    assert statuses.count("FAILURE") == 1


def test_v10_termination_is_never_retried(night):
    """V10, TR-45: `term_run_time` with retries -> TERMINATED, one execution."""
    run = night.run(
        """
Command(task_id="v10", command="echo x >> " + @out@ + "; sleep 600", retries=2, retry_delay=0,
        term_run_time=0.01)
Command(task_id="self", command="kill -9 $$", retries=2, retry_delay=0, expand_globals=False)
""",
        out=f"{night.folder}/ran",
    )
    assert (night.folder / "ran").read_text() == "x\n"
    assert run.failed == {"v10", "self"}
    assert night.statuses("v10").count("TERMINATED") == 1
    assert night.statuses("self").count("STARTING") == 1


TEXT = '{{ ds }} {% raw %} {# #} \'q\' "d" \\ \\n """ %s 100% $HOME `id`\n\n\ttab \u00e9\udce9'


def test_text_reaches_the_shell_byte_for_byte(night):
    """AF-031: no template, no template file, no quoting layer; also through the DAG processor."""
    script = night.folder / "run.sh"
    script.write_text("#!/bin/sh\necho script > " + str(night.folder / "script.out") + "\n")
    script.chmod(0o755)
    quoted = "printf %s '" + TEXT.replace("'", "'\\''") + "'"
    run = night.run(
        """
Command(task_id="text", command=@quoted@, std_out_file=@out@, shell="/bin/sh")
Command(task_id="in", command="cat", stdin=@text@, std_out_file=@copy@)
Command(task_id="script", command=@script@)
""",
        quoted=quoted,
        text=TEXT,
        script=str(script),
        out=f"> {night.folder}/out",
        copy=f"> {night.folder}/copy",
    )
    assert run.state == "success"
    assert (night.folder / "out").read_bytes() == TEXT.encode("utf-8", "surrogateescape")
    assert (night.folder / "copy").read_bytes() == TEXT.encode("utf-8", "surrogateescape")
    assert (night.folder / "script.out").read_text() == "script\n"


def test_kill_request_ends_a_running_job(night):
    """JIL-083: KILLJOB -> TERMINATED, not retried."""
    night.when("long", "RUNNING", lambda: night.ledger.send("KILLJOB", "long"))
    run = night.run('Command(task_id="long", command="sleep 600", retries=3, retry_delay=0)')
    assert run.failed == {"long"}
    assert night.statuses("long")[-1] == "TERMINATED"


def test_short_of_resources_it_waits_without_failing(night):
    """JIL-160: RESWAIT while units are taken, then the job starts; its units come back."""
    night.ledger.load({"resources": {"TAPE": {"kind": "renewable", "amount": 1}}})
    claim = "(TAPE, QUANTITY=1, FREE=N)"

    def release() -> None:
        night.ledger.send("RELEASE_RESOURCE", "first", "TAPE")

    night.when("second", "RESWAIT", release)
    run = night.run(
        f"""
first = Command(task_id="first", command="true", resources="{claim}")
second = Command(task_id="second", command="true", resources="(TAPE, QUANTITY=1)")
first >> second
"""
    )
    assert run.state == "success"
    assert "RESWAIT" in night.statuses("second")
    assert night.statuses("second")[-3:] == ["STARTING", "RUNNING", "SUCCESS"]
    assert night.ledger.claims("second") == {}


def test_file_watcher_waits_for_a_stable_file(night):
    """JIL-061, TR-48: deferred, then found; a limit ends it TERMINATED, never by itself."""
    file = night.folder / "arrives"
    night.when("watch", "RUNNING", lambda: file.write_text("12345"))
    run = night.run(
        """
FileWatcher(task_id="watch", path=@file@, min_size=5, interval=0.1)
FileWatcher(task_id="never", path=@file@ + ".never", interval=0.1, term_run_time=0.005, retries=2)
""",
        file=str(file),
    )
    assert run.succeeded == {"watch"}
    assert run.failed == {"never"}
    assert night.statuses("watch")[-1] == "SUCCESS"
    assert night.statuses("never")[-3:] == ["STARTING", "RUNNING", "TERMINATED"]


def test_std_files_and_profile_and_globals(night):
    """TR-49, JIL-055, JIL-056, JIL-162."""
    night.ledger.set_global("DAY", "MON")
    profile = night.folder / "profile"
    profile.write_text('FROM_PROFILE="of $AUTO_JOB_NAME"\n')
    out = night.folder / "files.MON"
    out.write_text("before\n")
    run = night.run(
        """
first = Command(task_id="files", command='echo "$FROM_PROFILE $$DAY"', profile=@profile@,
                std_out_file=@folder@ + "/$AUTO_JOB_NAME.$$DAY")
second = Command(task_id="again", job="files 2", command="echo only", std_out_file=@trunc@)
first >> second
""",
        profile=str(profile),
        folder=str(night.folder),
        trunc=f"> {night.folder}/trunc",
    )
    assert run.state == "success"
    assert out.read_text() == "before\nof files MON\n"
    assert (night.folder / "trunc").read_text() == "only\n"


def test_legacy_wraps_an_airflow_operator(night):
    run = night.run(
        """
def work():
    return 5
def fail():
    raise ValueError("wanted")
legacy(PythonOperator)(task_id="good", job="GOOD JOB", python_callable=work)
legacy(PythonOperator)(task_id="bad", python_callable=fail, retries=1, retry_delay=0)
"""
    )
    assert run.succeeded == {"good"}
    assert run.failed == {"bad"}
    assert night.ledger.status("GOOD JOB").status == "SUCCESS"
    assert [s for s in night.statuses("bad") if s in ("RESTART", "FAILURE")] == [
        "RESTART",
        "FAILURE",
    ]


def test_a_held_job_waits_for_its_release(night, monkeypatch):
    """JIL-085: no slot, no failure while ON_HOLD; released once it has begun to wait."""
    from hoist_airflow.run import Run

    night.ledger.record("held", "INACTIVE")
    night.ledger.send("JOB_ON_HOLD", "held")
    real = Run.start_trigger
    waits = []

    def start_trigger(self, resources=None):
        waits.append(self.job)
        night.ledger.send("JOB_OFF_HOLD", "held")
        return real(self, resources=resources)

    monkeypatch.setattr(Run, "start_trigger", start_trigger)
    run = night.run('Command(task_id="held", command="true")')
    assert waits == ["held"]
    assert run.succeeded == {"held"}
    assert night.statuses("held")[-1] == "SUCCESS"
