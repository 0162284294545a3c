"""When a gate lets its job start: a function of the ledger, the gate and its sibling tasks.

The operator asks `decide` once and, where it says `wait`, defers to a trigger that asks it again.
Meaning: docs/runtime.md, "Gate". Nothing here imports Airflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from hoist_airflow import conditions
from hoist_airflow.ledger import JobRow, Ledger
from hoist_airflow.ledger import status as st

if TYPE_CHECKING:
    from collections.abc import Callable

# Airflow's states after which a task of this run does nothing more.
FINAL_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


@dataclass(frozen=True)
class GateSpec:
    """A gate in one run, as plain data: what a trigger keeps over a restart of the triggerer."""

    task_id: str
    dag_id: str
    run_id: str
    job: str
    when: str = "true"
    mode: str = "wait"
    ticks: dict[str, Any] | None = None
    # The DAG's own times, of which Airflow drops all that fall while this run waits.
    dag_ticks: dict[str, Any] | None = None
    window: str | None = None
    timezone: str | None = None
    race: bool = False
    undefined: list[str] = field(default_factory=list)
    # An `n()` atom is recorded as a start when it passes; False: the job itself does so (JIL-095).
    records: bool = True
    # Jobs and boxes of this DAG that the condition reads -> the tasks that must end for them.
    local: dict[str, list[str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `GateSpec(**…)` is the inverse."""
        return asdict(self)

    @property
    def is_open(self) -> bool:
        """Does it ask for nothing?"""
        return self.when == "true" and self.ticks is None and self.window is None

    @property
    def condition(self) -> conditions.Condition:
        return conditions.parse(self.when)


@dataclass(frozen=True)
class Decision:
    """`wake`: with `wait`, an instant at which time alone may change the answer."""

    kind: Literal["pass", "skip", "wait", "killed"]
    reason: str
    wake: datetime | None = None


def decide(  # noqa: PLR0911  (one return a rule, in the order of the rules)
    ledger: Ledger, gate: GateSpec, states: Callable[[], Mapping[str, str | None]]
) -> Decision:
    """May the gate's job start now? `states` reads Airflow's states of the tasks in `gate.local`.

    The states are read before the ledger: a job's outcome is in the ledger before its task ends, so
    what the ledger says of a task that has ended is final.
    """
    condition = gate.condition
    final = _settled(gate, states() if gate.local else {})
    now = ledger.clock.now()
    snapshot = ledger.snapshot((*condition.jobs, gate.job), condition.variables, gate.undefined)
    row = snapshot.job(gate.job)
    assert isinstance(row, JobRow)
    mine = row.run_id == gate.run_id and row.status in (*st.UNDER_WAY, *st.ENDED)
    if condition.excludes and mine and row.status in st.UNDER_WAY:
        if not row.is_box and ledger.last_source(gate.job) == _source(gate):
            return Decision("pass", "passed before, when it recorded the start")
        if row.is_box:
            return Decision("pass", "the box has started")
    if gate.race and mine:
        return Decision("skip", f"{gate.job} has started by another way")
    if ledger.box_is_over(gate.job, gate.run_id):
        return Decision("skip", f"the box of {gate.job} completed without it (JIL-003)")
    if (missed := _missed_at_box_start(ledger, gate, row)) is not None:
        return missed
    if gate.ticks is not None and (wake := _tick_to_wait_for(ledger, gate, row, now)) is not None:
        return Decision("wait", f"the next tick of {gate.job} is {wake.isoformat()}", wake)
    if not condition.evaluate(snapshot, gate.job, now):
        if gate.mode == "now":
            return Decision("skip", f"not now: {gate.when}")
        closing, upcoming = _closing_to_wait_for(ledger, gate, row, now)
        if closing is None and not condition.can_become_true(
            snapshot, gate.job, now, lambda job: job in final or job in gate.undefined
        ):
            return Decision("skip", f"cannot become true any more in this run: {gate.when}")
        if closing is not None and now >= closing:
            return _missed(ledger, gate, row)
        return Decision("wait", f"waits for {gate.when}", closing or upcoming)
    if (closed := outside_window(ledger, gate)) is not None:
        return closed
    return _pass(ledger, gate, condition)


def _pass(ledger: Ledger, gate: GateSpec, condition: conditions.Condition) -> Decision:
    if not (condition.excludes and gate.records):
        return Decision("pass", gate.when)
    # JIL-076: found true and recorded as started in one transaction.
    answer = ledger.try_start(
        gate.job, gate.run_id, when=gate.when, undefined=gate.undefined, source=_source(gate)
    )
    if answer == "closed":
        return Decision("skip", f"the box of {gate.job} completed without it (JIL-003)")
    if answer == "false" and gate.mode == "now":
        return Decision("skip", f"not now: {gate.when}")
    if answer in ("false", "held"):
        return Decision("wait", f"{gate.job}: {answer}")
    return Decision("pass", gate.when)


def _source(gate: GateSpec) -> str:
    return f"gate:{gate.task_id}"


def _settled(gate: GateSpec, states: Mapping[str, str | None]) -> frozenset[str]:
    """Jobs of this DAG whose status nothing in this run can change any more."""
    return frozenset(
        job
        for job, tasks in gate.local.items()
        if tasks and all(states.get(task) in FINAL_STATES for task in tasks)
    )


def _tick_to_wait_for(
    ledger: Ledger, gate: GateSpec, row: JobRow, now: datetime
) -> datetime | None:
    """None: a tick is pending (JIL-112), one since the job's last start. Else the next tick."""
    from hoist_airflow.schedule.timetables import LegacyCalendarTimetable

    timetable = LegacyCalendarTimetable.deserialize(gate.ticks or {})
    last = timetable.last_tick(now)
    if row.last_start is not None:
        # JIL-144: a tick that fell while the job ran never existed.
        over = row.last_start if row.last_end is None else max(row.last_start, row.last_end)
        pending = last is not None and last > over
    else:
        # Never started: what came before this run was before the job's time.
        since = ledger.run_instant(gate.dag_id, gate.run_id) or now
        pending = last is not None and last >= since
    if pending and gate.window is not None:
        # JIL-151: the tick that missed its window is gone (pin: JIL-144's arm is cleared).
        missed = ledger.last_missed(gate.job)
        pending = missed is None or last is None or last > missed
    if pending:
        return None
    upcoming = timetable.next_tick(now)
    return upcoming if upcoming is not None else datetime.max.replace(tzinfo=now.tzinfo)


def _closing_to_wait_for(
    ledger: Ledger, gate: GateSpec, row: JobRow, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When the window closes in which a tick waits for the condition: there it is missed (JIL-151).

    It is so where the condition is false for good: until then its box is RUNNING. A tick before
    the opening waits for the opening only: no closing takes it away. The next one may lie in the
    window; Airflow drops the ticks of a DAG while its run waits, the legacy scheduler does not.
    Without a closing, the second is the tick to come that may have one.
    """
    if gate.window is None:
        return None, None
    from hoist_airflow.schedule.timetables import LegacyCalendarTimetable
    from hoist_airflow.schedule.windows import next_opening, window_closing

    zone = gate.timezone or "UTC"
    if gate.ticks is not None:
        own = LegacyCalendarTimetable.deserialize(gate.ticks).last_tick(now)
        return None if own is None else window_closing(gate.window, zone, own), None
    tick = ledger.run_instant(gate.dag_id, gate.run_id)
    if tick is None or gate.dag_ticks is None or row.box is not None:
        return None if tick is None else window_closing(gate.window, zone, tick), None
    timetable = LegacyCalendarTimetable.deserialize(gate.dag_ticks)
    while tick is not None and tick <= now:
        if (closing := window_closing(gate.window, zone, tick)) is not None:
            return closing, None
        opening = next_opening(gate.window, zone, tick)
        tick = timetable.next_tick(opening - timedelta(microseconds=1))
    return None, tick


def _missed(ledger: Ledger, gate: GateSpec, row: JobRow) -> Decision:
    if row.status != st.INACTIVE:
        ledger.record(gate.job, st.INACTIVE, run_id=gate.run_id, source=_source(gate))
    return Decision("skip", f"missed the run window {gate.window} (JIL-151)")


def _missed_at_box_start(ledger: Ledger, gate: GateSpec, row: JobRow) -> Decision | None:
    """JIL-151: whether its window lets a member run in a box run is decided when the box starts."""
    box = ledger.status(row.box) if gate.window is not None and row.box is not None else None
    if box is None or box.last_start is None or box.run_id != gate.run_id:
        return None
    found = outside_window(ledger, gate, at=box.last_start)
    return found if found is not None and found.kind == "skip" else None


def outside_window(ledger: Ledger, gate: GateSpec, at: datetime | None = None) -> Decision | None:
    """JIL-151, at an instant or now; None: inside the window, or there is none."""
    from hoist_airflow.schedule.windows import window_decision

    if gate.window is None:
        return None
    found = window_decision(gate.window, gate.timezone or "UTC", at or ledger.clock.now())
    if found.kind == "run_now":
        return None
    if found.kind == "wait_until":
        return Decision("wait", f"the run window opens at {found.at}", found.at)
    ledger.record(gate.job, st.INACTIVE, run_id=gate.run_id, source=_source(gate))
    return Decision("skip", f"missed the run window {gate.window} (JIL-151)")
