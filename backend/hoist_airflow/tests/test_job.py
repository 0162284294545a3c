"""A job's life around `perform`: what the ledger hears, in which order, and what Airflow sees."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)
from fake_run import FakeRun

from hoist_airflow.command import Command
from hoist_airflow.job import JobTerminated, legacy
from hoist_airflow.opaque import Opaque, Unsupported
from hoist_airflow.settings import Settings


@pytest.fixture
def run(monkeypatch):
    fake = FakeRun()
    module = ModuleType("hoist_airflow.run")
    module.ensure_started = lambda context: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hoist_airflow.run", module)
    return fake


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    site = Settings(restart_constant=0, restart_factor=0, kill_poll=0.05, kill_grace=0.3)
    for name in ("command", "settings"):
        monkeypatch.setattr(f"hoist_airflow.{name}.settings", lambda: site)


def context(try_number: int = 1, max_tries: int = 0):
    return {"ti": SimpleNamespace(try_number=try_number, max_tries=max_tries)}


class Plain(BaseOperator):
    def __init__(self, *, action=None, **kwargs):
        super().__init__(**kwargs)
        self.action = action

    def execute(self, context):
        return self.action() if self.action else "done"


def command(text: str, **kwargs) -> Command:
    return Command(task_id="J", command=text, shell="/bin/sh", **kwargs)


def test_success_is_recorded_with_its_exit_code(run):
    command("exit 3", exit_rule="success: 0,3").execute(context())
    assert run.events == [("STARTING", None), ("RUNNING", None), ("SUCCESS", 3)]


def test_v8_exit_137_is_a_code_and_not_listed_as_failure(run):
    """V8: `fail_codes: 1`, a process that exits with 137 -> SUCCESS."""
    command("exit 137", exit_rule="fail: 1").execute(context())
    assert run.events[-1] == ("SUCCESS", 137)


def test_v7_exit_3_in_success_codes(run):
    command("exit 3", exit_rule="success: 0,3").execute(context())
    assert run.events[-1] == ("SUCCESS", 3)


def test_exit_99_is_a_failure_not_a_skip(run):
    """TR-44: BashOperator would skip."""
    with pytest.raises(AirflowException) as failed:
        command("exit 99").execute(context())
    assert not isinstance(failed.value, (AirflowSkipException, AirflowFailException))
    assert run.events[-1] == ("FAILURE", 99)
    assert run.alarms == ["JOBFAILURE"]


def test_signal_is_terminated(run):
    """JIL-058, TR-44: `t()` is true and `f()` false."""
    with pytest.raises(AirflowFailException):
        command("kill -9 $$", expand_globals=False).execute(context())
    assert run.statuses == ["STARTING", "RUNNING", "TERMINATED"]


def test_v9_only_the_last_attempt_is_a_failure(run):
    """V9, JIL-054: three executions, one FAILURE, one MAX_RETRYS alarm."""
    task = command("exit 1", retries=2)
    for attempt in (1, 2, 3):
        with pytest.raises(AirflowException):
            task.execute(context(attempt, 2))
    ends = [event for event in run.events if event[0] in ("RESTART", "FAILURE")]
    assert ends == [("RESTART", 1), ("RESTART", 1), ("FAILURE", 1)]
    assert run.alarms == ["JOBFAILURE", "MAX_RETRYS"]
    assert task.retry_delay == timedelta(seconds=10)


def test_v10_term_run_time_kills_the_group_and_is_never_retried(run, tmp_path):
    """V10, TR-45: TERMINATED by an exception that Airflow does not retry; children die too."""
    text = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    task = command(text, term_run_time=0.01, retries=2)
    with pytest.raises(AirflowFailException):
        task.execute(context(1, 2))
    assert run.statuses == ["STARTING", "RUNNING", "TERMINATED"]
    assert run.alarms == ["JOBTERMINATED"]
    assert_gone(int((tmp_path / "child").read_text()))


def test_command_that_ignores_a_kind_kill_is_killed(run):
    task = command("trap '' TERM; while :; do sleep 0.1; done", term_run_time=0.001)
    with pytest.raises(AirflowFailException):
        task.execute(context())
    assert run.statuses[-1] == "TERMINATED"


def test_kill_request_is_terminated(run):
    """JIL-083: KILLJOB on a running command."""
    run.kill = True
    with pytest.raises(AirflowFailException, match="KILLJOB"):
        command("sleep 300", retries=3).execute(context(1, 3))
    assert run.statuses[-1] == "TERMINATED"


def test_airflow_ending_the_task_is_terminated(run):
    task = command("sleep 300")
    task.on_kill()
    with pytest.raises(AirflowFailException):
        task.execute(context())
    assert run.statuses[-1] == "TERMINATED"


def test_any_ignores_the_exit_status(run):
    """CRON-010."""
    command("kill -9 $$", exit_rule="any", expand_globals=False).execute(context())
    command("exit 7", exit_rule="any").execute(context())
    assert run.statuses.count("SUCCESS") == 2


def test_noexec_goes_through_its_life_without_executing(run, tmp_path):
    """JIL-092."""
    command(f"touch {tmp_path}/ran", noexec=True, resources="(R, QUANTITY=1)").execute(context())
    assert run.statuses == ["STARTING", "RUNNING", "SUCCESS"]
    assert run.events[-1] == ("SUCCESS", 0)
    assert run.claimed == [None]
    assert not (tmp_path / "ran").exists()


def test_noexec_of_the_ledger(run, tmp_path):
    run.answers = ["noexec"]
    command(f"touch {tmp_path}/ran").execute(context())
    assert run.statuses == ["STARTING", "RUNNING", "SUCCESS"]
    assert not (tmp_path / "ran").exists()


def test_iced_job_is_left_alone(run, tmp_path):
    run.answers = ["iced"]
    command(f"touch {tmp_path}/ran").execute(context())
    assert run.statuses == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("answer", ["held", "short"])
def test_waiting_defers_and_then_starts(run, answer):
    """JIL-160, JIL-085: no worker slot while units are short or the job is held."""
    run.answers = [answer, "started"]
    task = command("true", resources="(R, QUANTITY=2)")
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context())
    assert deferred.value.method_name == "start_again"
    assert deferred.value.trigger.resources == "(R, QUANTITY=2)"
    assert run.statuses == []
    task.start_again(context(), event=None)
    assert run.statuses == ["STARTING", "RUNNING", "SUCCESS"]


def test_failed_start_is_restart_apart_from_retries(run, monkeypatch):
    """JIL-054: a machine that cannot be reached is RESTART; the command's retries are untouched."""
    from hoist_airflow.executors import StartFailed, local

    reached = []

    def choose(machine, via):
        reached.append(machine)
        if len(reached) < 3:
            raise StartFailed(f"cannot reach {machine!r}")
        return local.LocalExecutor()

    monkeypatch.setattr("hoist_airflow.command.executor_for", choose)
    command("true", machine=("m1", "m2")).execute(context())
    assert run.statuses == [
        *("STARTING", "RESTART", "STARTING", "RESTART", "STARTING"),
        *("RUNNING", "SUCCESS"),
    ]
    assert {reached[0], reached[1]} == {"m1", "m2"}, "the next machine of the list (JIL-051)"


def test_start_that_cannot_succeed_fails_at_once(run):
    with pytest.raises(AirflowException, match="does not exist on this worker"):
        command("true", owner_user="nobody-of-this-name").execute(context())
    assert run.statuses == ["STARTING", "FAILURE"]


def test_alarms_are_rows_and_never_change_flow(run):
    """JIL-153, TR-50."""
    alarms = {"max_run": 0.0001, "min_run": 5, "if_fail": False, "notify": ["ops@example.org"]}
    with pytest.raises(AirflowException):
        command("sleep 1.2; exit 1", alarms=alarms).execute(context())
    assert run.alarms == ["MAXRUNALARM", "MINRUNALARM", "NOTIFICATION"]
    assert run.events[-1] == ("FAILURE", 1)


@pytest.mark.parametrize(
    ("notify_on", "alarms"), [("completion", ["NOTIFICATION"]), ("failure", [])]
)
@pytest.mark.parametrize("addresses", [["ops@example.org"], []])
def test_a_success_is_told_only_where_every_end_is(run, notify_on, alarms, addresses):
    """`send_notification: y` against `f`; without an address the row still stands."""
    told = {"notify": addresses, "notify_on": notify_on}
    command("true", alarms=told).execute(context())
    assert run.alarms == alarms


def test_globals_expand_at_the_start(run, tmp_path):
    """JIL-162, TR-47; a single `$` belongs to the shell."""
    run.ledger = type(run.ledger)({"DAY": "2026-11-24"})
    out = tmp_path / "2026-11-24.out"
    command(
        'x=1; echo "$$DAY $${DAY} $x $V"',
        environment={"V": "$$DAY!"},
        std_out_file=f"> {tmp_path}/$$DAY.out",
    ).execute(context())
    assert out.read_text() == "2026-11-24 2026-11-24 1 2026-11-24!\n"


def test_dollars_of_cron_belong_to_the_shell(run, tmp_path):
    run.ledger = type(run.ledger)({"DAY": "expanded"})
    command("DAY=x; echo $$DAY", expand_globals=False, std_out_file=f"{tmp_path}/out").execute(
        context()
    )
    assert (tmp_path / "out").read_text().removesuffix("DAY\n").isdecimal()


def test_environment_of_jil_056(run, tmp_path):
    command(
        'echo "$AUTO_JOB_NAME|$AUTORUN|$AUTOSERV|$AUTO_BOX_NAME|$((AUTOPID - $PPID > 0))"',
        job="legacy name",
        std_out_file=f"{tmp_path}/out",
    ).execute(context())
    assert (tmp_path / "out").read_text() == "legacy name|202611240003|ACE|B|1\n"


def test_command_is_no_template():
    """AF-031: a command that ends in `.sh` or holds `{{` is text."""
    assert Command.template_fields == ()
    assert command("/x/y.sh").command == "/x/y.sh"


@pytest.mark.parametrize("rule", ["", "max", "max: x", "success:", "fail: 1-", "ok: 1", "any: 1"])
def test_bad_exit_rule_is_an_import_error(rule):
    with pytest.raises(ValueError, match="is not an exit rule"):
        command("true", exit_rule=rule)


def test_unsupported_always_fails_and_says_what(run):
    task = Unsupported(task_id="J", reason="SAP step", definition={"sap_step": "x"}, retries=3)
    with pytest.raises(AirflowFailException, match=r"SAP step\n  sap_step: x"):
        task.execute(context(1, 3))
    assert run.statuses == ["STARTING", "RUNNING", "FAILURE"]


def test_opaque_names_its_kind(run):
    with pytest.raises(AirflowFailException, match="'SAP' needs a mapping"):
        Opaque(task_id="J", kind="SAP").execute(context())


def test_legacy_records_around_any_operator(run):
    task = legacy(Plain)(task_id="J", job="LEGACY", term_run_time=2)
    assert task.execute(context()) == "done"
    assert run.events == [("STARTING", None), ("RUNNING", None), ("SUCCESS", 0)]
    assert task.hoist_job == "LEGACY"
    assert task.execution_timeout == timedelta(minutes=2)
    assert isinstance(task, Plain)
    assert legacy(Plain) is legacy(Plain)


def raiser(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "seen", "status"),
    [
        (ValueError("x"), ValueError, "FAILURE"),
        (AirflowException("x"), AirflowException, "FAILURE"),
        (AirflowFailException("x"), AirflowFailException, "FAILURE"),
        (AirflowTaskTimeout("x"), AirflowFailException, "TERMINATED"),
        (AirflowSkipException("x"), AirflowSkipException, "INACTIVE"),
    ],
)
def test_legacy_outcomes(run, error, seen, status):
    """A time-out becomes TERMINATED and cannot be retried (TR-45)."""
    with pytest.raises(seen):
        legacy(Plain)(task_id="J", action=raiser(error)).execute(context())
    assert run.statuses == ["STARTING", "RUNNING", status]


def test_legacy_retry_is_restart(run):
    with pytest.raises(ValueError, match="x"):
        legacy(Plain)(task_id="J", action=raiser(ValueError("x")), retries=1).execute(context(1, 1))
    assert run.statuses[-1] == "RESTART"


def test_legacy_is_killed_on_request(run):
    """JIL-083 for an operator that knows nothing of it: its `on_kill`, then TERMINATED."""
    killed = []

    class Sleeper(Plain):
        def on_kill(self):
            killed.append(True)

    run.kill = True
    before = signal.getsignal(signal.SIGUSR1)
    with pytest.raises(JobTerminated):
        legacy(Sleeper)(task_id="J", action=lambda: time.sleep(60)).execute(context())
    assert killed == [True]
    assert run.statuses[-1] == "TERMINATED"
    assert signal.getsignal(signal.SIGUSR1) is before


def test_legacy_deferral_ends_recorded(run):
    class Deferring(Plain):
        def execute(self, context):
            self.defer(trigger=SimpleNamespace(), method_name="after")

        def after(self, context, event=None):
            return event

    task = legacy(Deferring)(task_id="J")
    with pytest.raises(TaskDeferred):
        task.execute(context())
    assert run.statuses == ["STARTING", "RUNNING"]
    assert task.resume_execution("after", {"event": 5}, context()) == 5
    assert run.statuses == ["STARTING", "RUNNING", "SUCCESS"]


def test_broken_trigger_is_a_recorded_failure(run):
    run.answers = ["short"]
    task = command("true", resources="(R, QUANTITY=1)")
    with pytest.raises(Exception, match=r"Trigger"):
        task.resume_execution("__fail__", {"error": "Trigger failure"}, context())
    assert run.statuses == ["FAILURE"]


def assert_gone(process: int) -> None:
    for _ in range(200):
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat") as stat:
                if stat.read().rsplit(")")[-1].split()[0] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {process} survived")
