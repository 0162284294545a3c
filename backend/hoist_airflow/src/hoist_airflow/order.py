"""Jobs of Control-M: each task submits itself when its criteria hold.

An order of a folder is a DAG run; its tasks are orders of the folder's jobs. A task that must wait
does so in a trigger, without a worker slot, and reads all its criteria again when it starts
(CTM-004). What is not ordered on the run's date, or was removed before it could run, ends skipped
(TR-33, TR-37). Meaning: docs/runtime.md, "Orders".
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from hoist_airflow import conditions
from hoist_airflow.autoedit import Setting, UndefinedVariable
from hoist_airflow.command import Command
from hoist_airflow.cycle import EARLIER_RUN, Cycle, Execution, Slot
from hoist_airflow.ending import Ear, End, Fired, FollowedUp
from hoist_airflow.executors import Ended, Launch, StartFailed
from hoist_airflow.job import ExitCode, Job, JobFailed, JobTerminated, exit_code_of, legacy
from hoist_airflow.late import Late
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.effects import Effect, Force, effect
from hoist_airflow.ledger.facts import Change
from hoist_airflow.members import ADJUST, adjusted, folder_of, stoppers
from hoist_airflow.opaque import Opaque, Unsupported
from hoist_airflow.order_texts import variables_of
from hoist_airflow.run import order_of
from hoist_airflow.schedule.orders import (
    OrderDays,
    OrderTicks,
    date_of,
    days_in_all,
    parse_clock,
)
from hoist_airflow.schedule.zones import to_datetime, to_instant, zone
from hoist_airflow.submission import (
    AFTER_ALL,
    FOR_EVER,
    Order,
    SubmitSpec,
    decide,
    stopped,
    was_removed,
)
from hoist_airflow.trigger import SubmitTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run
    from hoist_airflow.settings import Settings

ENDED_NOTOK = (st.FAILURE, st.TERMINATED)
_NOTOK = (*ENDED_NOTOK, st.RESTART)
_STOPS = {"ok": (st.SUCCESS,), "notok": ENDED_NOTOK, "any": tuple(st.ENDED)}


class Ordered(FollowedUp, Job):
    """Mixin of the operators that stand for a job or folder of Control-M."""

    def __init__(
        self,
        *,
        days: OrderDays | None = None,
        when: str | None = None,
        time_from: str | None = None,
        time_to: str | None = None,
        from_days: int = 0,
        to_days: int = 0,
        max_wait: int = 0,
        confirm: bool = False,
        retro: bool = True,
        adjust: str | None = None,
        ends_folder: bool = False,
        on_ok: Sequence[str] = (),
        on_notok: Sequence[str] = (),
        cycle: str | None = None,
        max_reruns: int = 0,
        stop_on: str | None = None,
        rules: Sequence[Mapping[str, Any]] = (),
        late: Mapping[str, Sequence[str]] | None = None,
        variables: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("box", "")
        super().__init__(**kwargs)
        if when is not None:
            conditions.parse(when)
        for clock in (time_from, time_to):
            if clock is not None and clock != AFTER_ALL:
                parse_clock(clock)
        if not 0 <= max_wait <= FOR_EVER:
            raise ValueError(f"max_wait is 0 to {FOR_EVER} days, not {max_wait}")
        self.follow_up(on_ok, on_notok, rules)
        if cycle is None and (max_reruns or stop_on):
            raise ValueError("max_reruns and stop_on are of a cycle")
        if cycle is not None and self.retries:
            raise ValueError("a cycle has no retries: after NOTOK it goes on (CTM-065)")
        if stop_on is not None and stop_on not in _STOPS:
            raise ValueError(f"stop_on={stop_on!r} is none of {', '.join(_STOPS)}")
        self.hoist_late = Late.parse(late or {})
        if cycle is not None and self.hoist_late.asks("submitted", "ended"):
            raise ValueError("a cycle is submitted and ends many times: by no time is it late")
        self._cycle = None if cycle is None else Cycle.parse(cycle)
        self._order: Order | None = None
        self.cycle = cycle
        self.max_reruns = max_reruns
        self.stop_on = stop_on
        self.days = days
        self.when = when
        self.time_from = time_from
        self.time_to = time_to
        self.from_days, self.to_days = from_days, to_days
        self.max_wait = max_wait
        if self.timezone is not None:
            zone(self.timezone)
        if adjust is not None and adjust not in ADJUST:
            raise ValueError(f"adjust={adjust!r} is none of {', '.join(ADJUST)}")
        self.confirm = confirm
        self.retro = retro
        self.adjust, self.ends_folder = adjust, ends_folder
        if self.rules and stop_on:
            raise ValueError("beside `rules`, stop_on would come in no known order")
        self._ear = Ear(())
        self._fired: Fired | None = None
        self.variables = dict(variables or {})

    def criteria(self) -> list[OrderDays | OrderTicks]:
        """All scheduling criteria that decide about its order dates: its own and its folders'."""
        own = [] if self.days is None else [self.days]
        return [*own, *criteria_around(self)]

    def is_ordered(self, order: Order) -> bool:
        """Do its scheduling criteria choose the day of the order?

        What is not scheduled is ordered with its folder too, to do nothing, where the folder says
        so.
        """
        if order.made_up and not self.retro:  # New Day did not order it in time (CTM-047)
            return False
        fills = self.adjust == "dummy"
        chosen = chosen_by(criteria_around(self) if fills else self.criteria(), order)
        return chosen and order.holds(self.hoist_job)

    def submission(self, run: Run, order: Order) -> SubmitSpec:
        """Its submission criteria in one run, as plain data."""
        when = adjusted(self, order) or "true"
        words = {fact.date for fact in conditions.parse(when).facts}
        before = run.ledger.outcome(self.hoist_job, run.run_id)
        ended_badly = before in _NOTOK and self.cycle is None
        # Who is there for ever looks from today on, and asks again before those days are over.
        today = order.ticks.day_of(to_instant(run.ledger.clock.now()))
        removed_at = order.removed_at(
            self.max_wait, ended_badly=ended_badly, timezone=self.timezone
        )
        spans = order.spans(
            self.time_from,
            self.time_to,
            first_day=today - 1 if removed_at is None else None,
            until=removed_at,
            from_days=self.from_days,
            to_days=self.to_days,
            timezone=self.timezone,
        )
        return SubmitSpec(
            job=self.hoist_job,
            dag_id=run.dag_id,
            run_id=run.run_id,
            spans=[list(span) for span in spans],
            removed_at=removed_at,
            confirmed_for=date_of(order.day).strftime("%Y%m%d") if self.confirm else None,
            when=when,
            dates=order.dates(self.criteria(), words),
            stopped_by=stoppers(self, folder_of(self)),
            resources=None if self.noexec else self.hoist_resources,
        )

    def _start(self, context: Context) -> Any:
        run = self._run(context)
        order = order_of(context)
        if not self.is_ordered(order):
            raise AirflowSkipException(f"{self.hoist_job} is not ordered on this day (CTM-003)")
        past = self._past(run, order) if self.cycle else []
        spec = self._next_submission(run, order, past)
        if spec is None:
            return self._cycle_over(run, past, "no time is left (CTM-063)")
        decision = decide(run.ledger, spec)
        self.log.info("%s: %s", decision.kind, decision.reason)
        if decision.kind == "skip":
            if past and not was_removed(run.ledger, spec):
                return self._cycle_over(run, past, decision.reason)
            if past or run.ledger.outcome(self.hoist_job, run.run_id) == st.RESTART:
                run.record("INACTIVE")  # the run that was to follow is not made
            raise AirflowSkipException(f"{self.hoist_job}: {decision.reason}")
        answer = None
        if decision.kind == "pass":
            answer = run.ledger.try_start(
                self.hoist_job,
                run.run_id,
                when=spec.when,
                dates=spec.dates,
                try_number=run.try_number,
                resources=spec.resources,
                in_line=False,
                kept_until=_micros(
                    order.removed_at(self.max_wait, ended_badly=True, timezone=self.timezone)
                ),
            )
        if answer == "killed" or decision.kind == "killed":
            run.take_kill()
            run.after("TERMINATED")
            raise JobTerminated(f"{self.hoist_job} was killed before it ran (JIL-083)")
        if answer not in ("started", "noexec", "iced"):
            self.defer(trigger=SubmitTrigger(**spec.to_dict()), method_name="start_again")
        if answer != "started":
            self.log.info("%s is not executed: an operator bypasses it", self.hoist_job)
            run.record("RUNNING")
            run.record("SUCCESS", exit_code=0)
            return None
        return self._submitted(run, context)

    def _submitted(self, run: Run, context: Context) -> Any:
        if self.adjust == "dummy" and not chosen_by(self.criteria(), order_of(context)):
            self.log.info("%s is not scheduled: it does nothing (CTM-092)", self.hoist_job)
            return self._recorded(
                run, context, lambda run, _context: run.record("RUNNING") and None
            )
        return self._recorded(run, context, self.perform)

    # --- cycles: one task, an execution at a time; what was is in the ledger (CTM-060) ---

    def _recorded(self, run: Run, context: Context, work: Any) -> Any:
        self._fired = None  # a process may run several orders
        try:
            result = super()._recorded(run, context, work)
        except AirflowSkipException:
            raise
        except Exception:
            self._wait_for_next(run, context)
            raise
        self._wait_for_next(run, context)
        return result

    def _wait_for_next(self, run: Run, context: Context) -> None:
        """After an execution: defer until the next one; returns if it was the last one."""
        if self.cycle is None:
            return
        if self._fired is not None and "stop" in self._fired.actions:
            self.log.info("a rule stops the cycle of %s (CTM-064)", self.hoist_job)
            return
        past = run.ledger.executions(self.hoist_job, run.run_id)
        spec = self._next_submission(run, order_of(context), past)
        if spec is None or (decision := decide(run.ledger, spec)).kind == "skip":
            self.log.info("the cycle of %s is over (CTM-064)", self.hoist_job)
            return
        self.log.info("execution %d has ended; %s", len(past), decision.reason)
        self.defer(trigger=SubmitTrigger(**spec.to_dict()), method_name="start_again")

    def _past(self, run: Run, order: Order) -> list[Execution]:
        """The executions of its order so far."""
        return run.ledger.executions(self.hoist_job, run.run_id)

    def _next_submission(
        self, run: Run, order: Order, past: Sequence[Execution]
    ) -> SubmitSpec | None:
        """When it may be submitted, or submitted again; None: its cycle is over."""
        spec = self.submission(run, order)
        if self._cycle is None:
            return spec
        if past and past[-1].try_number not in (EARLIER_RUN, run.try_number):
            # It was cleared: an operator's rerun is now.
            return replace(spec, runs=len(past))
        if past and past[-1].ended is not None:
            if self.stop_on is not None and past[-1].status in _STOPS[self.stop_on]:
                return None
            if self.max_reruns and len(past) > self.max_reruns:
                return None
        now = to_instant(run.ledger.clock.now())
        at = partial(order.at, timezone=self.timezone)
        slot: Slot | None = self._cycle.next(past, at, now)
        if slot is None:
            return None
        return replace(spec, not_before=slot.not_before, not_after=slot.not_after, runs=len(past))

    def _cycle_over(self, run: Run, past: Sequence[Execution], why: str) -> None:
        """No execution follows: the order has ended as its last one did (CTM-064)."""
        if not past:
            raise AirflowSkipException(f"{self.hoist_job}: {why}")
        status = past[-1].status or "TERMINATED"
        if run.ledger.outcome(self.hoist_job, run.run_id) != status:  # an operator held it since
            replace(run, changes={}).record(status)
        if status != "SUCCESS":
            raise AirflowFailException(f"{self.hoist_job} ended NOTOK, and {why}")

    def _run(self, context: Context) -> Run:
        """The run with what follows from this job's end (CTM-014, CTM-076)."""
        self._order = order_of(context)
        run = super()._run(context)
        if not self.rules:
            return self._effective(run, self.on_ok, self.on_notok)
        # Where nothing is executed: bypassed, or killed before it ran.
        ok = self._rules.fired(self._counted(run, End(True, 0, stays=True)))
        bad = self._rules.fired(self._counted(run, End(False, stays=True)))
        return self._effective(run, (*self.on_ok, *ok.effects), bad.effects)

    def _effective(self, run: Run, on_ok: Sequence[str], on_notok: Sequence[str]) -> Run:
        assert self._order is not None
        run = with_effects(run, self._order, self.criteria(), on_ok=on_ok, on_notok=on_notok)
        return replace(
            run,
            changes=self.hoist_late.beside(run.changes),
            variables=variables_of(self.hoist_job, run.run_id, self._order, self.variables),
        )

    # --- rules: what ended is judged before its end is recorded (CTM-070) ---

    def _performed(self, run: Run, context: Context, work: Any) -> tuple[Run, Callable[[], Any]]:
        if not self.rules:
            return super()._performed(run, context, work)
        self._ear = Ear(self._rules.patterns)
        result, failed = None, None
        try:
            result = work(run, context)
        except AirflowSkipException:
            raise
        except Exception as error:
            failed = error
        end = self._counted(run, _end_of(result, failed))
        self._fired = fired = self._rules.fired(replace(end, matched=self._ear.heard))
        run = self._effective(run, (*self.on_ok, *fired.effects), fired.effects)
        return run, partial(self._judged, end, fired, result, failed)

    def _judged(self, end: End, fired: Fired, result: Any, failed: Exception | None) -> Any:
        """The end as the rules turn it: it returns or raises."""
        if fired.ok:
            if failed is not None:
                self.log.info("%s: a rule makes it OK", failed)
            return ExitCode(end.exit_code or 0) if failed is not None else result
        if failed is None:
            failed = JobFailed(f"{self.hoist_job} ended NOTOK: a rule says so", end.exit_code)
        if self._rules.has("rerun") and "rerun" not in fired.actions:
            raise NotAgain(str(failed), end.exit_code) from failed
        raise failed

    def _counted(self, run: Run, end: End) -> End:
        """With the executions of the order so far; a manual rerun is none of a rule (CTM-067)."""
        if not self._rules.counts:
            return end
        past = run.ledger.executions(self.hoist_job, run.run_id)
        before = past[:-1]
        reruns = 0 if self.cycle else sum(one.ended is None for one in before)
        failures = sum(one.status != st.SUCCESS for one in before)
        return replace(end, runs=max(1, len(past)), reruns=reruns, failures=failures)

    def _heard(self, line: bytes) -> None:
        self._ear.hear(line)

    def keep_units(self, run: Run, order: Order, *, open_end: bool = False) -> None:
        """What an order that ends NOTOK now keeps, or one that will not end, it keeps until it is
        removed (CTM-080); a claim says already when that is, for one that ends in its days.
        """
        if not self.hoist_resources:
            return
        now = to_instant(run.ledger.clock.now())
        bad, zone_ = not open_end, self.timezone
        until = order.kept_until(now, self.max_wait, ended_badly=bad, timezone=zone_)
        if open_end or until != order.removed_at(self.max_wait, ended_badly=bad, timezone=zone_):
            at = None if until is None else to_datetime(until)
            run.ledger.keep_units(self.hoist_job, run.run_id, at, now=open_end)

    def _terminated(self, run: Run, reason: str) -> None:
        if self._order is not None:
            self.keep_units(run, self._order)
        super()._terminated(run, reason)

    def _failed(self, run: Run, exit_code: int | None, reason: str, *, again: bool) -> None:
        if self._order is not None:
            self.keep_units(run, self._order)
        if again and stopped(run.ledger, stoppers(self, folder_of(self)), run.run_id):
            super()._failed(run, exit_code, reason, again=False)
            raise AirflowFailException(f"{reason}; its folder has been ended (CTM-091)")
        super()._failed(run, exit_code, reason, again=again)
        if again:
            run.after("FAILURE")  # each execution that ends NOTOK has its actions


def _micros(at: int | None) -> int | None:
    return None if at is None else at * 1_000_000


class NotAgain(AirflowFailException):
    """It ended NOTOK, and no rule reruns it."""

    def __init__(self, message: str, exit_code: int | None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class DiedBySignal(JobFailed):
    """It ran, and left no exit code."""


def _end_of(result: Any, failed: Exception | None) -> End:
    """Of what did not come to an end by itself no rule turns the verdict: its work is not done."""
    if failed is None:
        return End(True, exit_code_of(result))
    code = failed.exit_code if isinstance(failed, JobFailed) else None
    return End(False, code, stays=code is None and not isinstance(failed, DiedBySignal))


def chosen_by(sets: Sequence[OrderDays | OrderTicks], order: Order) -> bool:
    """Do these scheduling criteria order the day of the order?"""
    return order.forced or not sets or bool(days_in_all(sets, order.day, order.day))


def with_effects(
    run: Run,
    order: Order,
    sets: Sequence[OrderDays | OrderTicks],
    *,
    on_ok: Sequence[str],
    on_notok: Sequence[str],
) -> Run:
    """The run with what its ends change and order (CTM-014, CTM-076, CTM-077)."""
    words = set()

    def known(text: str) -> Effect:
        one = effect(text)
        if isinstance(one, Change):
            words.add(one.fact.date)
        if not isinstance(one, Force):
            return one
        day = order.day_of(one.date, sets)
        if day is None:  # without such an order date the day beside it
            day = order.day + (1 if one.date.startswith("next") else -1)
        return replace(one, day=date_of(day).isoformat())

    ok, notok = (tuple(map(known, texts)) for texts in (on_ok, on_notok))
    return replace(
        run,
        changes={"SUCCESS": ok, "FAILURE": notok, "TERMINATED": notok},
        dates=order.dates(sets, words),
    )


def criteria_around(task: Any) -> list[OrderDays | OrderTicks]:
    """The scheduling criteria of the folders around a task."""
    found: list[OrderDays | OrderTicks] = []
    group = task.task_group
    while group is not None:
        if isinstance(days := getattr(group, "hoist_days", None), OrderDays):
            found.append(days)
        group = group.task_group
    ticks = task.dag.timetable.ticks
    return [*found, ticks] if ticks.any_of else found


class OrderedCommand(Ordered, Command):
    """A job of Control-M that runs a command line, or a script with parameters.

    Variables (`%%NAME`) are resolved when the job is submitted (CTM-104), after those that it sets
    itself for others (`sets`).
    """

    def __init__(
        self,
        *,
        command: str | None = None,
        script: str | None = None,
        parameters: Sequence[str] = (),
        sets: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        if (command is None) == (script is None):
            raise ValueError("one of command and script must be given, not both")
        super().__init__(command=command or "", expand_globals=False, **kwargs)
        self.script = script
        self.parameters = tuple(parameters)
        for one in sets:
            Setting.parse(one)
        self.sets = tuple(sets)
        self._text = ""

    def perform(self, run: Run, context: Context) -> Any:
        try:
            self._text = self._resolved(run)
        except UndefinedVariable as error:
            raise JobFailed(f"{self.hoist_job}: {error} (CTM-104)") from error
        return super().perform(run, context)

    def _resolved(self, run: Run) -> str:
        known = run.variables
        assert known is not None
        for text in self.sets:  # those in front of one without a value stay set
            with run.ledger.writing() as book:
                known.set(book, Setting.parse(text))
        with run.ledger.store.read() as tx:
            now = run.ledger.clock.now()
            if self.script is None:
                return known.resolve(tx, now, self.command)
            words = [known.resolve(tx, now, each) for each in (self.script, *self.parameters)]
        return " ".join(shlex.quote(word) for word in words)

    def _verdict(self, ended: Ended, reason: str | None) -> ExitCode:
        """A process that a signal ended is NOTOK like any other, and runs again like it."""
        if reason is None and ended.exit_code is None and self.exit_rule != "any":
            raise DiedBySignal(f"{self.hoist_job} ended NOTOK: {ended}")
        return super()._verdict(ended, reason)

    def _launch(self, run: Run, site: Settings) -> Launch:
        try:
            return Launch(
                job=self.hoist_job, command=self._text, user=self.owner_user, shell=self.shell
            )
        except StartFailed as error:
            raise JobFailed(f"{self.hoist_job}: {error}") from error


class OrderedDummy(Ordered, BaseOperator):
    """A job that does nothing, ends OK at once, and has all that follows from its end (CTM-021)."""

    ui_color = "#f4f4f4"

    def __init__(self, **kwargs: Any) -> None:  # Airflow looks for one in each operator
        super().__init__(**kwargs)

    def perform(self, run: Run, context: Context) -> None:
        run.record("RUNNING")


class OrderedUnsupported(Ordered, Unsupported):
    """A job that hoist does not translate: submitted as it would be, it always ends NOTOK."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class OrderedOpaque(Ordered, Opaque):
    """A job of a plug-in that hoist has no mapping for: `kind="FileTransfer"`; always NOTOK."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


_Operator = TypeVar("_Operator", bound=BaseOperator)


@cache
def ordered(operator: type[_Operator]) -> type[_Operator]:
    """A subclass of the site's `operator`, submitted as a job of Control-M (see `legacy`)."""
    base: Any = legacy(operator)

    class OfOrder(Ordered, base):  # type: ignore[misc]
        __doc__ = f"{operator.__name__} as a job of Control-M: see docs/runtime.md, `ordered`."

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    OfOrder.__name__ = OfOrder.__qualname__ = f"Ordered{operator.__name__}"
    OfOrder.__module__ = __name__
    return OfOrder
