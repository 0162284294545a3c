"""The life of a legacy job inside an Airflow task: identity, start, recorded outcome, retries.

`Job` is the mixin of every operator that stands for a legacy job; `legacy(OperatorClass)` gives
it to any Airflow operator. The ledger knows the outcome *before* the task raises, so that
conditions on `f`, `t` and exit codes read what happened, not what Airflow made of it (AF-013).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)

from hoist_airflow import conditions, routing
from hoist_airflow.alarms import check as check_alarms
from hoist_airflow.alarms import of_outcome
from hoist_airflow.decision import GateSpec, outside_window
from hoist_airflow.ledger.facts import EndChanges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Context

    from hoist_airflow.run import Run

    _Base = BaseOperator  # what the mixin is mixed into
else:
    _Base = object

RETRY_DELAY = timedelta(seconds=10)
"""RestartConstant's default; the legacy delay is the scheduler's configuration (JIL-054)."""


class JobFailed(AirflowException):
    """The job's own failure (FAILURE); Airflow retries it while attempts remain."""

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class JobTerminated(AirflowFailException):
    """The job was killed (TERMINATED): by a signal, `term_run_time` or KILLJOB; never retried."""


class Job(_Base):
    """Mixin of the operators that stand for a legacy job (docs/runtime.md, "Job identity").

    A subclass implements `perform`; this class answers for everything around it.
    """

    hoist_role = "job"

    def __init__(
        self,
        *,
        job: str | None = None,
        box: str | None = None,
        noexec: bool = False,
        resources: str | None = None,
        when: str | None = None,
        undefined: Sequence[str] = (),
        window: str | None = None,
        timezone: str | None = None,
        alarms: Mapping[str, Any] | None = None,
        facts: Mapping[str, Sequence[str]] | None = None,
        business_day: str | None = None,
        term_run_time: float | None = None,
        retries: int | None = 0,
        retry_delay: timedelta | float = RETRY_DELAY,
        **kwargs: Any,
    ) -> None:
        super().__init__(retries=retries, retry_delay=retry_delay, **kwargs)
        check_alarms(alarms)
        if term_run_time is not None and term_run_time <= 0:
            raise ValueError("term_run_time is minutes above 0, or None")
        if when is not None:
            conditions.parse(when)
        EndChanges.of(facts or {}, business_day)
        self.facts = {status: tuple(changes) for status, changes in (facts or {}).items()}
        self.business_day = business_day
        self.hoist_job: str = self.task_id if job is None else job
        self.hoist_box = box
        self.hoist_resources = resources  # `resources` is an attribute of Airflow's own
        self.when = when
        self.undefined = tuple(undefined)
        self.window = window
        self.timezone = timezone
        self.noexec = noexec
        self.alarms = dict(alarms or {})
        self.term_run_time = term_run_time

    def perform(self, run: Run, context: Context) -> Any:
        """Do the job's work: call `run.record("RUNNING")` once it runs, then return or raise.

        Returning is SUCCESS; `JobFailed` is FAILURE, `JobTerminated` is TERMINATED. May defer, with
        a method name that goes through `resume`.
        """
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Airflow's entry: the whole life of the job up to its end or its first deferral."""
        return self._start(context)

    def start_again(self, context: Context, event: Any = None) -> Any:
        """Entry after waiting for a release, for resource units or for the condition again."""
        if event and event.get("kind") == "skip":
            raise AirflowSkipException(event["reason"])
        if event and event.get("kind") == "killed":  # the ledger has its end already
            raise JobTerminated(event["reason"])
        return self._start(context)

    def _start(self, context: Context) -> Any:
        run = self._run(context)
        resources = None if self.noexec else self.hoist_resources
        log = self.log
        reread = self._reread(run)
        if reread is not None:
            self._mind_the_window(run, reread)
        answer = run.try_start(resources=resources, reread=reread)
        if answer == "killed":
            reason = "killed between two attempts (JIL-083)"
            self._tell(run, "TERMINATED", reason)
            raise JobTerminated(f"{self.hoist_job} was {reason}")
        if answer == "false":
            assert reread is not None
            log.info("%s left its queue, but waits again for %s", self.hoist_job, reread.when)
            self._wait_again(reread)
        if answer in ("held", "short"):
            log.info("%s waits: %s", self.hoist_job, _WAITS[answer])
            self.defer(trigger=run.start_trigger(resources=resources), method_name="start_again")
        if answer == "iced":
            log.info("%s is ON_ICE: it does not run and nobody waits for it", self.hoist_job)
            return None
        if self.noexec or answer == "noexec":
            log.info("%s is ON_NOEXEC: it succeeds without executing (JIL-092)", self.hoist_job)
            run.record("RUNNING")
            run.record("SUCCESS", exit_code=0)  # as if it had run: e(JOB) = 0 holds
            return None
        return self._recorded(run, context, self.perform)

    def _reread(self, run: Run) -> GateSpec | None:
        """The start conditions that must hold when the job leaves its queue (JIL-095), if any.

        None for a retry, a cleared task and a forced start (JIL-054, JIL-081).
        """
        if (self.when is None and self.window is None) or run.start_event == "FORCE_STARTJOB":
            return None
        if run.has_begun():
            return None
        from hoist_airflow.run import local_tasks

        when = "true" if self.when is None else self.when
        return GateSpec(
            task_id=self.task_id,
            dag_id=run.dag_id,
            run_id=run.run_id,
            job=self.hoist_job,
            when=when,
            window=None if run.start_event == "STARTJOB" else self.window,
            timezone=self.timezone,
            undefined=list(self.undefined),
            local=local_tasks(self, when),
            records=False,
        )

    def _mind_the_window(self, run: Run, reread: GateSpec) -> None:
        closed = outside_window(run.ledger, reread)
        if closed is None:
            return
        self.log.info("%s: %s", closed.kind, closed.reason)
        if closed.kind == "skip":
            raise AirflowSkipException(closed.reason)
        run.ledger.leave_queue(self.hoist_job)
        self._wait_again(reread)

    def _wait_again(self, reread: GateSpec) -> None:
        from hoist_airflow.trigger import GateTrigger

        self.defer(trigger=GateTrigger(**reread.to_dict()), method_name="start_again")

    def resume(self, context: Context, work: Any) -> Any:
        """Continue after a deferral of `perform`: `work(run, context)` under the same recording."""
        return self._recorded(self._run(context), context, work)

    def _run(self, context: Context) -> Run:
        from hoist_airflow.run import ensure_started

        return ensure_started(context)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Airflow's entry after a deferral: a trigger that broke is a recorded failure too."""
        ahead = super().resume_execution
        if next_method != "__fail__":
            return ahead(next_method, next_kwargs, context)
        return self.resume(context, lambda run, again: ahead(next_method, next_kwargs, again))

    def _recorded(self, run: Run, context: Context, work: Any) -> Any:
        """Run `work` and record its outcome before Airflow hears of it."""
        if routing.decide(run, self.hoist_job) != "execute":
            raise AirflowFailException(f"no way to run {self.hoist_job} in this routing state")
        try:
            run, ended = self._performed(run, context, work)
            result = ended()
        except TaskDeferred:
            raise
        except JobTerminated as terminated:
            self._terminated(run, str(terminated))
            raise
        except AirflowTaskTimeout as timeout:
            # Airflow would retry a time-out; a terminated job is never retried (JIL-054, TR-45).
            self._terminated(run, f"time-out: {timeout}")
            raise AirflowFailException(f"{self.hoist_job} is TERMINATED: {timeout}") from timeout
        except AirflowSkipException:
            run.record("INACTIVE")
            raise
        except AirflowFailException as failed:
            self._failed(run, getattr(failed, "exit_code", None), str(failed), again=False)
            raise
        except Exception as failed:
            code = getattr(failed, "exit_code", None)
            self._failed(run, code, str(failed), again=attempts_remain(context))
            raise
        run.record("SUCCESS", exit_code=0 if result is None else exit_code_of(result))
        self._tell(run, "SUCCESS")
        return None if isinstance(result, ExitCode) else result

    def _performed(self, run: Run, context: Context, work: Any) -> tuple[Run, Callable[[], Any]]:
        """The run as its end is recorded in it, and the end: it returns or raises."""
        return run, partial(work, run, context)

    def _terminated(self, run: Run, reason: str) -> None:
        if run.take_kill():  # the ledger has its end already
            run.after("TERMINATED")
        else:
            run.record("TERMINATED")
        self._tell(run, "TERMINATED", reason)

    def _failed(self, run: Run, exit_code: int | None, reason: str, *, again: bool) -> None:
        if again:
            run.record("RESTART", exit_code=exit_code)
            return
        run.record("FAILURE", exit_code=exit_code)
        self._tell(run, "FAILURE", reason)
        if self.retries:
            run.alarm("MAX_RETRYS", reason)

    def _tell(self, run: Run, status: str, reason: str = "") -> None:
        for kind, text in of_outcome(self.alarms, status, reason):
            run.alarm(kind, text)


_WAITS = {
    "held": "ON_HOLD until an operator releases it",
    "short": "RESWAIT until its resources are free",
}


class ExitCode(int):
    """What `perform` returns to have a successful exit code recorded."""


def exit_code_of(result: Any) -> int:
    """The exit code to record for a successful result: a command's own, else 0."""
    return int(result) if isinstance(result, ExitCode) else 0


def attempts_remain(context: Context) -> bool:
    """Whether Airflow will try this task again after a failure."""
    ti: Any = context["ti"]
    return bool(ti.try_number <= ti.max_tries)


_Operator = TypeVar("_Operator", bound=BaseOperator)


@cache
def legacy(operator: type[_Operator]) -> type[_Operator]:
    """A subclass of `operator` with the job identity and the ledger recording around `execute`.

    Its `term_run_time` is Airflow's `execution_timeout`, recorded TERMINATED. A kill request stops
    it through its own `on_kill`, while it runs on a worker; while it is deferred, the request is
    honoured when it resumes.
    """

    class Legacy(Job, operator):  # type: ignore[misc, valid-type]
        __doc__ = f"{operator.__name__} as a legacy job: see docs/runtime.md, `legacy`."

        def __init__(self, *, term_run_time: float | None = None, **kwargs: Any) -> None:
            if term_run_time is not None:
                limit = timedelta(minutes=term_run_time)
                given = kwargs.get("execution_timeout")
                kwargs["execution_timeout"] = limit if given is None else min(limit, given)
            super().__init__(term_run_time=term_run_time, **kwargs)

        def perform(self, run: Run, context: Context) -> Any:
            run.record("RUNNING")
            with killable(self, run):
                return operator.execute(self, context)

        def resume_execution(
            self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
        ) -> Any:
            if next_method in ("start_again", "__fail__"):
                return super().resume_execution(next_method, next_kwargs, context)

            def work(run: Run, context: Context) -> Any:
                with killable(self, run):
                    return operator.resume_execution(self, next_method, next_kwargs, context)

            return self.resume(context, work)

    Legacy.__name__ = Legacy.__qualname__ = f"Legacy{operator.__name__}"
    Legacy.__module__ = __name__
    return Legacy


class _KillRequested(BaseException):
    """Raised in the main thread by a kill request; no `except Exception` of an operator eats it."""


def killable(task: Any, run: Run) -> AbstractContextManager[None]:
    """Within it, a kill request of the ledger stops `task` and ends in `JobTerminated`."""
    if threading.current_thread() is not threading.main_thread():
        return nullcontext()
    return _listen_for_kill(task, run)


@contextmanager
def _listen_for_kill(task: Any, run: Run) -> Iterator[None]:
    from hoist_airflow.settings import settings

    over = threading.Event()
    main = threading.main_thread().ident or 0

    def listen() -> None:
        while not over.wait(settings().kill_poll):
            if run.kill_requested():
                task.on_kill()
                signal.pthread_kill(main, signal.SIGUSR1)
                return

    def stop(number: int, frame: object) -> None:
        if not over.is_set():
            raise _KillRequested

    before = signal.signal(signal.SIGUSR1, stop)
    thread = threading.Thread(target=listen, name="hoist-kill", daemon=True)
    thread.start()
    try:
        yield
    except _KillRequested:
        raise JobTerminated(f"{task.hoist_job} was killed on request (JIL-083)") from None
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGUSR1, before)
