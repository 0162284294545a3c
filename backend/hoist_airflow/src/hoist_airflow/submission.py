"""When an ordered Control-M job may be submitted: a function of the ledger, the order, the time.

All submission criteria must hold at one instant (CTM-004): the time window, the facts that the job
waits for, and that the order is still there. What a job waits for in vain makes it vanish: it is
neither a failure nor work that was done (CTM-052, CTM-005). Nothing here imports Airflow.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hoist_airflow import conditions
from hoist_airflow.cycle import Execution
from hoist_airflow.decision import Decision
from hoist_airflow.ledger import status as st
from hoist_airflow.schedule.orders import OrderTicks, date_of, next_of, parse_clock, previous_of
from hoist_airflow.schedule.zones import to_datetime, to_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hoist_airflow.ledger import Ledger
    from hoist_airflow.schedule.orders import OrderDays

FOR_EVER = 99
"""MAXWAIT=99 keeps an order until it has run (CTM-005)."""
_MOST_WINDOWS = 2 * FOR_EVER
"""Days whose windows are told at once: more than any order stays but one that stays for ever."""
CONFIRM = "`hoistctl confirm`"
AFTER_ALL = ">"
"""TIMETO=">": at any time after TIMEFROM, also after its business day (CTM-051)."""


@dataclass(frozen=True)
class Order:
    """One order of a folder: its business day, and what its days and times are counted by."""

    day: int
    ticks: OrderTicks
    forced: bool = False
    """By hand, whatever the scheduling criteria say (CTM-006)."""
    ordered_on: int | None = None
    """The business day on which it was ordered. Where its own is over by then, its times count from
    this one on: else nobody could order a day that was missed."""
    made_up: bool = False
    """Ordered later, as New Day of its day was missed (CTM-047)."""
    only: tuple[str, ...] = ()
    """The jobs of a plain folder that are ordered alone (CTM-077); empty: all."""
    past: tuple[Execution, ...] = ()
    """The earlier runs of a folder that runs again (CTM-093), each of which was a DAG run."""

    @property
    def since(self) -> int:
        """The business day from which on its times count."""
        return self.day if self.ordered_on is None else max(self.day, self.ordered_on)

    def holds(self, job: str) -> bool:
        """Is the job ordered in it, if its scheduling criteria say so?"""
        return not self.only or job in self.only

    def day_of(self, word: str, sets: Sequence[OrderDays | OrderTicks]) -> int | None:
        """The business day that words mean for an entity with these scheduling criteria (CTM-012);
        None: there is none. Raises ValueError for words that mean no day.
        """
        if word == "":
            return self.day
        if word == "previous order date":
            return self.day - 1 if self.forced else previous_of(sets, self.day)
        if word == "next order date":
            return self.day + 1 if self.forced else next_of(sets, self.day)
        return self.day + int(word.removeprefix("order date "))

    def dates(self, sets: Sequence[OrderDays | OrderTicks], words: set[str]) -> dict[str, Any]:
        """What the words of facts mean for an entity with these scheduling criteria (CTM-012)."""
        found: dict[str, str | None] = {}
        for word in sorted(words):
            if word and "order date" not in word:
                continue
            day = self.day_of(word, sets)
            found[word] = None if day is None else date_of(day).strftime("%m%d")
        return found

    def removed_at(
        self, max_wait: int, *, ended_badly: bool, timezone: str | None = None
    ) -> int | None:
        """The New Day at which an order that has not run is removed; None: never (CTM-005).

        It is the server's, the first at which the days that it stays are over in its own zone, too.
        """
        if max_wait >= FOR_EVER:
            return None
        day = self.since + 1 + max_wait
        end = self.ticks.in_zone(timezone).instant(day)
        while self.ticks.instant(day) < end:
            day += 1
        return self.ticks.instant(day + int(ended_badly))

    def kept_until(
        self, now: int, max_wait: int, *, ended_badly: bool, timezone: str | None = None
    ) -> int | None:
        """The New Day that removes an order which ends at `now`; None: none does (CTM-005)."""
        at = self.removed_at(max_wait, ended_badly=ended_badly, timezone=timezone)
        return at if at is None or now <= at else self.ticks.instant(self.ticks.day_of(now) + 1)

    def spans(
        self,
        time_from: str | None,
        time_to: str | None,
        *,
        first_day: int | None = None,
        until: int | None = None,
        from_days: int = 0,
        to_days: int = 0,
        timezone: str | None = None,
    ) -> list[tuple[int, int | None]]:
        """When it may be submitted: first and last instants, in order (CTM-048, CTM-050).

        A window comes again on each day that begins before the order is removed (`until`; None: it
        stays for ever), by the clocks of its `timezone`, from `first_day` on; without a TIMETO the
        time after TIMEFROM ends with the day (CTM-051: `>` says that it does not). With `from_days`
        or `to_days`, days behind the order date, there is one window.
        """
        ticks = self.ticks.in_zone(timezone)

        def at(clock: str, day: int) -> int:
            return ticks.instant(day, parse_clock(clock))

        is_open = time_to == AFTER_ALL or (time_from is None and time_to is None)
        if is_open or from_days or to_days:
            day = self.since + from_days
            first = ticks.instant(day) if time_from is None else at(time_from, day)
            ends = time_to is not None and time_to != AFTER_ALL
            return [(first, at(str(time_to), self.since + to_days) if ends else None)]
        found: list[tuple[int, int | None]] = []
        begins = self.since if first_day is None else max(self.since, first_day)
        for day in range(begins, begins + _MOST_WINDOWS):
            begin, end = ticks.instant(day), ticks.instant(day + 1) - 1
            if until is not None and begin >= until:
                break
            first = begin if time_from is None else at(time_from, day)
            last = end if time_to is None else at(time_to, day)
            found += [(first, last)] if first <= last else [(begin, last), (first, end)]  # it wraps
        return found

    def at(self, minute: int, timezone: str | None = None) -> int:
        """The instant of a minute of the day, of the day on which its times count (CTM-048)."""
        return self.ticks.in_zone(timezone).instant(self.since, minute)


@dataclass(frozen=True)
class SubmitSpec:
    """A submission in one run, as plain data: what a trigger keeps over a restart."""

    job: str
    dag_id: str
    run_id: str
    spans: list[list[int | None]]
    removed_at: int | None = None
    when: str = "true"
    dates: dict[str, str | None] = field(default_factory=dict)
    confirmed_for: str | None = None
    """The order date, yyyymmdd, for which somebody must have confirmed it; None: nobody need."""
    stopped_by: list[str] = field(default_factory=list)
    """Jobs whose end ends the folder around it (CTM-091)."""
    resources: str | None = None
    """Units that it takes when all else holds, as text: see `ledger.resources`."""
    not_before: int | None = None
    """Of a cycle: the time of its next execution (CTM-060)."""
    not_after: int | None = None
    """Of a cycle at times: the last instant at which that time may still be met (CTM-063)."""
    runs: int = 0
    """Executions of the cycle so far."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `SubmitSpec(**…)` is the inverse."""
        return asdict(self)


def decide(ledger: Ledger, spec: SubmitSpec) -> Decision:  # noqa: PLR0911  (one return a rule)
    """May it be submitted now? `skip`: it never will be."""
    now = to_instant(ledger.clock.now())
    if not spec.runs and ledger.was_killed(spec.job, spec.run_id):
        return Decision("killed", "killed while it waited (JIL-083)")
    if spec.removed_at is not None and now >= spec.removed_at:
        return Decision("skip", "it was not submitted by New Day, and is removed (CTM-005)")
    if stopper := stopped(ledger, spec.stopped_by, spec.run_id):
        return Decision("skip", f"{stopper} has ended its folder (CTM-091)")
    if spec.not_after is not None and now > spec.not_after:
        return Decision("pass", "that time has been missed: there may be a later one (CTM-063)")
    window = _opening(spec, now if spec.not_before is None else max(now, spec.not_before))
    if window is None:
        return Decision("skip", "the last time for its submission has passed (CTM-052)")
    if window[0] > now:
        at = to_datetime(window[0])
        wake = at if spec.not_after is None else min(at, to_datetime(spec.not_after + 1))
        return Decision("wait", f"it may be submitted from {at.isoformat()} on", wake)
    row = ledger.status(spec.job)
    if row is not None and row.status == st.ON_HOLD:
        return Decision("wait", "on hold until an operator frees it", _wake(spec, window[1]))
    if spec.confirmed_for and not ledger.is_confirmed(spec.job, spec.confirmed_for):
        return Decision("wait", f"waits for {CONFIRM} {spec.confirmed_for}", _wake(spec, window[1]))
    condition = conditions.parse(spec.when)
    facts = ledger.holding_facts(condition.facts, spec.dates)
    released = None
    if condition.fold(lambda atom: atom is True or atom in facts):
        short = ledger.short_of(spec.job, spec.run_id, spec.resources) if spec.resources else []
        if not short:
            return Decision("pass", spec.when)
        missing = [f"units of {name}" for name in short]
        released = ledger.next_release(str(spec.resources))
    else:
        missing = [_shown(fact, spec) for fact in condition.facts if fact not in facts]
    wakes = [at for at in (_wake(spec, window[1]), released) if at is not None]
    return Decision("wait", f"waits for {', '.join(missing)}", min(wakes, default=None))


def stopped(ledger: Ledger, jobs: Sequence[str], run_id: str) -> str | None:
    """The one of the jobs that has ended in this run."""
    return next((job for job in jobs if ledger.outcome(job, run_id) in st.ENDED), None)


def was_removed(ledger: Ledger, spec: SubmitSpec) -> bool:
    """Did New Day find it waiting (CTM-005)? Else its last time had passed before (CTM-052)."""
    if spec.removed_at is None or to_instant(ledger.clock.now()) < spec.removed_at:
        return False
    return any(last is None or last + 1 >= spec.removed_at for _first, last in spec.spans)


def _opening(spec: SubmitSpec, begin: int) -> tuple[int, int | None] | None:
    """The first instant from `begin` on at which its times let it start, and the last one of that
    window; None: there is none before it is removed.
    """
    windows = [
        (max(first or 0, begin), last)
        for first, last in spec.spans
        if last is None or begin <= last
    ]
    found = min(windows, key=lambda window: window[0], default=None)
    if found is None or (spec.removed_at is not None and found[0] >= spec.removed_at):
        return None
    return found


def _wake(spec: SubmitSpec, closes: int | None) -> Any:
    """When the time alone changes the answer."""
    last = [at + 1 for at in (closes, spec.not_after) if at is not None]
    ends = last if spec.removed_at is None else [*last, spec.removed_at]
    return to_datetime(min(ends)) if ends else None


def _shown(fact: conditions.FactAtom, spec: SubmitSpec) -> str:
    date = spec.dates.get(fact.date, fact.date)
    return f"{fact.name} {date or 'of a date that does not exist'}".rstrip()
