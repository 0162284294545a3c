"""The `Command` operator: one legacy command, run where, as whom and how its definition says.

Nothing of the definition is a template and nothing of it is put into another command line: the text
reaches the user's shell byte for byte (docs/runtime.md, `Command`).
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from hoist_airflow.executors import Ended, Executor, Launch, StartFailed, executor_for
from hoist_airflow.executors.choose import KINDS
from hoist_airflow.exit_rule import ExitRule
from hoist_airflow.job import ExitCode, Job, JobFailed, JobTerminated
from hoist_airflow.settings import Settings, settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run

_SLICE = 0.5  # seconds between two looks at the clock while a command runs
_LONGEST_LINE = 1 << 16
_AIRFLOW_GRACE = 2  # Airflow's supervisor kills a task that has not ended 5 s after its SIGTERM


class Command(Job, BaseOperator):
    """Runs a legacy command (docs/runtime.md, "Job identity" and `Command`)."""

    template_fields = ()
    ui_color = "#e8f0e4"

    def __init__(
        self,
        *,
        command: str,
        stdin: str | None = None,
        expand_globals: bool = True,
        machine: str | tuple[str, ...] | None = None,
        owner_user: str | None = None,
        exit_rule: str = "max: 0",
        profile: str | None = None,
        environment: Mapping[str, str] | None = None,
        shell: str | None = None,
        std_in_file: str | None = None,
        std_out_file: str | None = None,
        std_err_file: str | None = None,
        via: str = "connection",
        connection: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if via not in KINDS:
            raise ValueError(f"via={via!r} is none of {', '.join(KINDS)}")
        ExitRule.parse(exit_rule)
        self.command = command
        self.stdin = stdin
        self.expand_globals = expand_globals
        self.machine = machine
        self.owner_user = owner_user
        self.exit_rule = exit_rule
        self.profile = profile
        self.environment = dict(environment or {})
        self.shell = shell
        self.std_in_file = std_in_file
        self.std_out_file = std_out_file
        self.std_err_file = std_err_file
        self.via = via
        self.connection = connection
        self._end_asked = False

    def on_kill(self) -> None:
        """Airflow ends the task; the loop of `perform` kills the command and records TERMINATED."""
        self._end_asked = True

    def perform(self, run: Run, context: Context) -> ExitCode:
        """Start the command, stream its output, judge its end; see `Job.perform`."""
        ti: Any = context["ti"]
        site = settings()
        launch = self._launch(run, site)
        with self._start_somewhere(run, launch, site, ti.try_number) as executor:
            run.record("RUNNING")
            try:
                ended, reason = self._watch(run, executor, site)
            except StartFailed as lost:
                raise JobFailed(f"{self.hoist_job}: {lost}") from lost
            except BaseException:
                executor.kill(force=True)
                raise
        return self._verdict(ended, reason)

    def _launch(self, run: Run, site: Settings) -> Launch:
        """The definition with its global variables expanded as of now (JIL-162, TR-47)."""
        expand: Callable[[str], str] = run.ledger.expand_globals if self.expand_globals else str

        def each(text: str | None) -> str | None:
            return None if text is None else expand(text)

        variables = {
            "AUTO_JOB_NAME": self.hoist_job,
            "AUTORUN": run_number(run),
            "AUTOSERV": site.instance,
            "AUTOUSER": site.autouser,
        }
        if run.box:
            variables["AUTO_BOX_NAME"] = run.box
        try:
            return Launch(
                job=self.hoist_job,
                command=expand(self.command),
                stdin=self.stdin,
                user=self.owner_user,
                shell=self.shell,
                profile=each(self.profile),
                variables=variables,
                environment={name: expand(value) for name, value in self.environment.items()},
                std_in_file=each(self.std_in_file),
                std_out_file=each(self.std_out_file),
                std_err_file=each(self.std_err_file),
            )
        except StartFailed as error:
            raise JobFailed(f"{self.hoist_job}: {error}") from error

    def _start_somewhere(self, run: Run, launch: Launch, site: Settings, attempt: int) -> Executor:
        """Start on the machine, or on one of a list (JIL-051), trying again as JIL-054 says.

        A failed start is RESTART, with limits of its own; `retries` is for commands that failed.
        """
        tries = 0
        while True:
            machine = self.connection or choose_machine(
                self.machine, self.hoist_job, run.key.text(), attempt + tries
            )
            executor = None
            try:
                executor = executor_for(machine, self.via)
                self.log.info("started %s", executor.start(launch))
                return executor
            except StartFailed as failed:
                if executor is not None:
                    executor.close()
                tries += 1
                if not failed.again or tries > site.max_restart_tries:
                    raise JobFailed(f"{self.hoist_job} could not start: {failed}") from failed
                wait = site.restart_wait(tries)
                self.log.warning("%s; start %d follows in %g s", failed, tries + 1, wait)
                run.record("RESTART")
                self._wait(run, wait, site)
                run.record("STARTING")
            except BaseException:
                if executor is not None:
                    executor.close()
                raise

    def _wait(self, run: Run, seconds: float, site: Settings) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._end_asked or run.kill_requested():
                raise JobTerminated(f"{self.hoist_job} was killed before it started")
            time.sleep(min(left, site.kill_poll))

    def _watch(self, run: Run, executor: Executor, site: Settings) -> tuple[Ended, str | None]:
        """Follow the command to its end; (how it ended, why we killed it or None)."""
        began = time.monotonic()
        limits = _Limits(self, began, site)
        lines = _Lines(self.log, self._heard)
        reason: str | None = None
        killed_at = began
        forced = False
        try:
            while (ended := executor.poll(_SLICE)) is None:
                lines.feed(executor.read())
                now = time.monotonic()
                limits.alarm_if_long(run, now)
                if reason is None:
                    reason = limits.reason_to_kill(run, now)
                    if reason is not None:
                        self.log.warning("killing %s: %s", self.hoist_job, reason)
                        executor.kill(force=False)
                        killed_at = now
                elif not forced and now - killed_at >= self._grace(site):
                    executor.kill(force=True)
                    forced = True
                elif now - killed_at >= 2 * self._grace(site):
                    # The machine does not tell the end of what it was told to kill.
                    return Ended(signal="SIGKILL"), reason
            lines.feed(executor.read())
        finally:
            lines.flush()
        limits.alarm_if_short(run, time.monotonic())
        return ended, reason

    def _heard(self, line: bytes) -> None:
        """A line of its output, without its end; of one of many kilobytes a part."""

    def _grace(self, site: Settings) -> float:
        return min(site.kill_grace, _AIRFLOW_GRACE) if self._end_asked else site.kill_grace

    def end_asked(self) -> bool:
        """Whether Airflow asked the task to end."""
        return self._end_asked

    def _verdict(self, ended: Ended, reason: str | None) -> ExitCode:
        """SUCCESS by returning, FAILURE and TERMINATED by raising (JIL-057, JIL-058)."""
        rule = ExitRule.parse(self.exit_rule)
        if reason is not None:
            raise JobTerminated(f"{self.hoist_job} is TERMINATED: {reason}")
        if ended.exit_code is None:
            if rule.kind == "any":
                return ExitCode(0)
            raise JobTerminated(f"{self.hoist_job} is TERMINATED: {ended}")
        if rule.is_success(ended.exit_code):
            self.log.info("%s ended with %s: SUCCESS", self.hoist_job, ended)
            return ExitCode(ended.exit_code)
        raise JobFailed(
            f"{self.hoist_job} ended with {ended}: FAILURE by `{self.exit_rule}`", ended.exit_code
        )


class _Limits:
    """The clock of one execution: `term_run_time`, kill requests, run-time alarms (JIL-153)."""

    def __init__(self, task: Command, began: float, site: Settings) -> None:
        self._task = task
        self._began = began
        self._poll = site.kill_poll
        self._next_poll = began
        self._told_long = False

    def reason_to_kill(self, run: Run, now: float) -> str | None:
        limit = self._task.term_run_time
        if limit is not None and now - self._began >= limit * 60:
            return f"it ran for {limit:g} minutes (term_run_time)"
        if self._task.end_asked():
            return "Airflow ended the task"
        if now >= self._next_poll:
            self._next_poll = now + self._poll
            if run.kill_requested():
                return "killed on request (KILLJOB)"
        return None

    def alarm_if_long(self, run: Run, now: float) -> None:
        limit = self._task.alarms.get("max_run")
        if limit is not None and not self._told_long and now - self._began >= limit * 60:
            self._told_long = True
            run.alarm("MAXRUNALARM", f"{self._task.hoist_job} runs for {limit:g} minutes or more")

    def alarm_if_short(self, run: Run, now: float) -> None:
        limit = self._task.alarms.get("min_run")
        if limit is not None and now - self._began < limit * 60:
            run.alarm("MINRUNALARM", f"{self._task.hoist_job} ran for less than {limit:g} minutes")


class _Lines:
    """Turns output into log lines; bytes that are not UTF-8 are shown escaped."""

    def __init__(self, log: Any, heard: Callable[[bytes], None]) -> None:
        self._log = log
        self._heard = heard
        self._rest = b""

    def feed(self, output: bytes) -> None:
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._rest) > _LONGEST_LINE:
            self.flush()

    def flush(self) -> None:
        if self._rest:
            self._tell(self._rest)
            self._rest = b""

    def _tell(self, line: bytes) -> None:
        line = line.rstrip(b"\r")
        self._heard(line)
        self._log.info("%s", line.decode("utf-8", "backslashreplace"))


def choose_machine(
    machine: str | tuple[str, ...] | None, job: str, run_key: str, attempt: int
) -> str | None:
    """One machine of a list (JIL-051): spread over jobs and runs, the next one at each attempt.

    The legacy scheduler picks the least loaded; Airflow workers do not know that load.
    """
    if machine is None or isinstance(machine, str):
        return machine
    if not machine:
        return None
    first = zlib.crc32(f"{job}\0{run_key}".encode("utf-8", "surrogateescape"))
    return machine[(first + attempt - 1) % len(machine)]


def run_number(run: Run) -> str:
    """AUTORUN: a number that grows with each run of the workflow (JIL-056)."""
    return f"{run.key.business_date.replace('-', '')}{run.key.sequence:04d}"
