"""Airflow on a virtual clock: the shims' own code and Airflow's own trigger rules, without latency.

AF-070 carried further. Whether a task may start is asked of Airflow's `TriggerRuleDep` on the
*deserialised* DAG; what it then does is the shims' own `execute`, on a ledger in memory whose clock
moves only when nothing is left to do at an instant. So gates, holds, verdicts, the run start, the
fold of boxes and the dispatcher are the real ones. Played here, and nothing else:

- the scheduler's loop: runs at ticks (the timetables' own `_next`), `max_active_runs`, pools,
  retries, and the state of a run by its leaves (AF-015);
- commands and file watchers: how long they take and how they end says the scenario;
- deferral: a trigger's question is asked again whenever the ledger or a task has changed.

A box that would hang for ever in AutoSys hangs here too: that hoist ends its run instead is an
assumption that it names, and it would hide what comes after (`_hangs`).

`order`: of several things that can be done at an instant, None does the one that stands first in
the definition, a `random.Random` any (AF-011: one task at a time, so that races show),
`SameEveryDay` that of the same task in every run, and `OrderOfEachInstant` what a search draws.
"""

from __future__ import annotations

import bisect
import collections
import heapq
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from airflow.utils.state import State, TaskInstanceState
from run_dag import _is_effective_leaf, _StubTask, load, round_trip
from virtual_ledger import job_row, open_ledger

import hoist_airflow.gate as gate_module

# Not used here, but imported before any seam is replaced: a module that first loads while one is
# would keep the stand-in for the rest of the process.
import hoist_airflow.listener
import hoist_airflow.run as run_module
import hoist_airflow.trigger  # noqa: F401
from hoist_airflow.clock import VirtualClock
from hoist_airflow.command import Command
from hoist_airflow.dispatch import Subscriptions, dispatch_once
from hoist_airflow.executors import Ended
from hoist_airflow.job import JobFailed, JobTerminated
from hoist_airflow.ledger import EventRow, fold
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.control import START_EVENTS, EventError
from hoist_airflow.ledger.rows import JobRow
from hoist_airflow.order import OrderedDummy
from hoist_airflow.order_actions import OrderedFileWatcher, OrderedQuery
from hoist_airflow.schedule import timetables
from hoist_airflow.schedule.ticks import Ticks
from hoist_airflow.watcher import FileWatcher

MAX_STEPS = 20_000
"""Things done at one instant before the engine calls it a loop that never ends."""


@dataclass
class LoadedDag:
    """A DAG as its file made it (operators) and as the scheduler sees it (rules)."""

    live: Any
    seen: Any
    leaves: list[str]

    @cached_property
    def by_depth(self) -> list[Any]:
        """Its tasks; all members of a box are looked at before those inside them."""
        depths = {name: len(run_module.boxes_around(t)) for name, t in self.live.task_dict.items()}
        return sorted(self.seen.tasks, key=lambda task: depths[task.task_id])


class _KnownTicks:
    """What a schedule's own `between` told about some days."""

    def __init__(self, ticks: Ticks, near: datetime) -> None:
        self.ticks = ticks  # kept, so that its id stays its own
        self.first = near - timedelta(days=4)
        self.last = near + timedelta(days=8)
        told = ticks.between(int(self.first.timestamp()), int(self.last.timestamp()))
        self.told = [datetime.fromtimestamp(each, timezone.utc) for each in told]
        self.later = _next_tick(ticks, self.last - timedelta(seconds=1))

    def covers(self, at: datetime) -> bool:
        """Is it one of the days?"""
        return self.first <= at < self.last - timedelta(seconds=1)

    def after(self, at: datetime) -> datetime | None:
        """As `Ticks.next_tick`."""
        place = bisect.bisect_right(self.told, at)
        return self.told[place] if place < len(self.told) else self.later

    def until(self, at: datetime) -> datetime | None:
        """As `Ticks.last_tick`."""
        place = bisect.bisect_right(self.told, at)
        return self.told[place - 1] if place else _last_tick(self.ticks, at)


@dataclass
class Bag:
    """What `hoist build` wrote, loaded: DAGs, manifest, pools."""

    dags: dict[str, LoadedDag]
    manifest: dict[str, Any]
    pools: dict[str, int]
    subscriptions: Subscriptions
    assumptions: dict[str, list[str]] = field(default_factory=dict)
    topologies: dict[str, Any] = field(default_factory=dict)
    timetables: dict[str, Any] = field(default_factory=dict)
    ticks: dict[int, _KnownTicks] = field(default_factory=dict)

    def timetable(self, data: Mapping[str, Any]) -> Any:
        """Stands for `LegacyCalendarTimetable.deserialize`: a gate asks for each decision."""
        key = json.dumps(data, sort_keys=True)
        if key not in self.timetables:
            calendar = timetables.CalendarTicks(**data)
            self.timetables[key] = timetables.LegacyCalendarTimetable(calendar)
        return self.timetables[key]

    def known(self, ticks: Ticks, near: datetime) -> _KnownTicks:
        """The ticks of a schedule around an instant, enumerated once for all scenarios."""
        found = self.ticks.get(id(ticks))
        if found is None or not found.covers(near):
            found = self.ticks[id(ticks)] = _KnownTicks(ticks, near)
        return found

    @classmethod
    def of(cls, folder: Path) -> Bag:
        """Load the folder as Airflow does; fails on an import error."""
        loaded = load(folder)
        assert not loaded.import_errors, loaded.import_errors
        manifest = json.loads((folder / "hoist.manifest.json").read_text(encoding="utf-8"))
        dags = {}
        for dag_id, live in sorted(loaded.dags.items()):
            seen = round_trip(live)
            leaves = [t.task_id for t in seen.tasks if _is_effective_leaf(seen, t)]
            dags[dag_id] = LoadedDag(live, seen, leaves)
        pools: dict[str, int] = {}
        if (file := folder / "pools.json").exists():
            pools = {k: int(v["slots"]) for k, v in json.loads(file.read_text()).items()}
        assumptions = {dag["dag_id"]: dag["assumptions"] for dag in manifest["dags"]}
        return cls(dags, manifest, pools, Subscriptions.of(manifest), assumptions)


class SameEveryDay:
    """An order of the tasks that a seed draws: a tie of each day comes out alike on all of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ranks: dict[tuple[str, str], float] = {}

    def choice(self, steps: list[_Step]) -> _Step:
        """As `random.Random` has it."""
        return min(steps, key=lambda step: self._rank(step.task))

    def _rank(self, task: _Task) -> float:
        return self.ranks.setdefault((task.dag_id, task.task_id), self.random.random())


class OrderOfEachInstant:
    """A random order for each instant, which a search may draw anew for one of them."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self.clock = clock  # set by the world that is played
        self.drawn: collections.Counter[int] = collections.Counter()
        self.random, self.at = random.Random(), -1

    def draw_again(self, second: int) -> None:
        """Another order for this second; the others stay."""
        self.drawn[second] += 1

    def choice(self, steps: list[_Step]) -> _Step:
        """As `random.Random` has it."""
        assert self.clock is not None
        at = round(self.clock().timestamp())
        if at != self.at:
            self.at, self.random = at, random.Random(f"{at}/{self.drawn[at]}")
        return self.random.choice(steps)


_next_tick, _last_tick = Ticks.next_tick, Ticks.last_tick


@dataclass
class _Run:
    """A DAG run, and its `dag_run` in the context of its tasks."""

    dag: LoadedDag
    dag_id: str
    run_id: str
    run_type: str
    logical_date: datetime | None
    run_after: datetime
    conf: dict[str, Any]
    state: str = "queued"
    tasks: dict[str, _Task] = field(default_factory=dict)
    ended_at: datetime | None = None
    left_running: bool = False  # it has ended, but a box inside it goes on for ever (JIL-114)
    awake: bool = True  # a task may start, or a trigger be asked: worth a look
    changed: bool = True  # since it was last asked whether it has ended

    def touch(self) -> None:
        """One of its tasks has changed."""
        self.awake = self.changed = True


class _Task(_StubTask):
    """A task instance: what `TriggerRuleDep` and the shims look at."""

    output = ""
    """What the command that runs prints."""


@dataclass(frozen=True)
class _Step:
    """What can be done at an instant."""

    task: _Task
    do: Callable[[], None]


class _Work:
    """Stands for the trigger of a command that runs: the engine ends it when its time has come."""


def _perform(task: Any, run: Any, context: Any) -> None:
    """What a job does instead of its command: tell the ledger that it runs, and take its time."""
    run.record("RUNNING")
    raise TaskDeferred(trigger=_Work(), method_name="over")


class VirtualAirflow:
    """One scenario being played on the DAGs of a bag."""

    def __init__(
        self,
        bag: Bag,
        scenario: Mapping[str, Any],
        order: random.Random | SameEveryDay | OrderOfEachInstant | None = None,
    ) -> None:
        self.bag = bag
        self.scenario = scenario
        self.order = order
        self.begin = _instant(scenario["start"])
        self.end = _instant(scenario["end"])
        self.clock = VirtualClock(self.begin)
        if isinstance(order, OrderOfEachInstant):
            order.clock, order.at = self.clock.now, -1
        self.ledger = open_ledger(self.clock)
        self.runs: list[_Run] = []
        self.live: list[_Run] = []  # those that have not ended
        self.queued = 0
        self.by_id: dict[tuple[str, str], _Run] = {}
        self.heap: list[tuple[datetime, int, int, Callable[[], None]]] = []
        self.pushed = 0
        self.starts: dict[str, int] = {}
        self.last_tick: dict[str, datetime] = {}
        self.rule = TriggerRuleDep()
        self.dispatched = -1
        self.asked: dict[int, tuple[int, int]] = {}
        self.due: dict[str, datetime | None] = {}
        given = bag.subscriptions
        again = any(
            getattr(task, "cycle", None) and hasattr(task, "hoist_of")
            for dag in bag.dags.values()
            for task in dag.live.tasks
        )  # folders that run again
        listened = given.jobs or given.variables or given.forced or again
        self.dispatches = bool(listened) or any(
            event["event"] in START_EVENTS for event in scenario.get("events") or []
        )
        self.events: list[EventRow] = []
        self.changes = 0
        self.contested: dict[str, datetime] = {}  # since when a pool has several waiters
        self.begun: dict[str, datetime] = {}  # when somebody last began to run in a pool
        self.asked_of: collections.Counter[str] = collections.Counter()  # gates executed, by job

    # --- the scenario ----------------------------------------------------------------------------

    def play(self) -> VirtualAirflow:
        """Play it to its end."""
        with _played(self):
            self._store_statuses()
            self.clock.set(self.begin)
            self.ledger.load(self.bag.manifest)
            for name, value in sorted((self.scenario.get("globals") or {}).items()):
                self.ledger.set_global(name, value)
            self.ledger.set_cursor("dispatch", self.ledger.last_event())
            for event in self.scenario.get("events") or []:
                self._push(_instant(event["at"]), lambda event=event: self._happen(event), 0)
            for dag_id, dag in self.bag.dags.items():
                if hasattr(dag.live.timetable, "next_tick"):
                    last = self.begin - timedelta(microseconds=1)
                    self.last_tick[dag_id] = last
                    self.due[dag_id] = dag.live.timetable.next_tick(last)
                    self._await_tick(dag_id)
            self._settle()
            while self.heap and self.heap[0][0] < self.end:
                at, _, _, happen = heapq.heappop(self.heap)
                self.clock.set(at)
                happen()
                self._settle()
            self.events = self.ledger.events(limit=1_000_000)
        return self

    def told(self, job: str, *statuses: str) -> bool:
        """Has a job had one of these statuses?"""
        return any(event.job == job and event.status in statuses for event in self.events)

    def _push(self, at: datetime, happen: Callable[[], None], rank: int = 2) -> None:
        """`rank`: at one instant comes first what is from outside (0), then ticks (1)."""
        self.pushed += 1
        heapq.heappush(self.heap, (at, rank, self.pushed, happen))

    def _store_statuses(self) -> None:
        stored = self.scenario.get("statuses") or {}
        for job, row in sorted(stored.items(), key=lambda item: item[1].get("at") or ""):
            if row.get("last_start"):
                self.clock.set(_instant(row["last_start"]))
                self.ledger.record(job, st.STARTING)
            self.clock.set(_instant(row.get("last_end") or row["at"]))
            self.ledger.record(job, row["status"], exit_code=row.get("exit_code"))

    def _happen(self, event: Mapping[str, Any]) -> None:
        kind, job = event["event"], event.get("job")
        if kind == "SET_GLOBAL":
            self.ledger.set_global(event["name"], event["value"])
        elif kind == "EXTERNAL_STATUS":
            status, code = event["status"], event.get("exit_code")
            self.ledger.record(job, status, exit_code=code, source="bridge")
        else:
            with suppress(EventError), self.ledger.store.undoable():  # ignored, JIL-090
                self.ledger.send(kind, job, event.get("status"))

    # --- runs --------------------------------------------------------------------------------------

    def _await_tick(self, dag_id: str) -> None:
        dag = self.bag.dags[dag_id]
        tick = dag.live.timetable.next_tick(max(self.clock.now(), self.last_tick[dag_id]))
        if tick is not None and tick < self.end:
            self._push(tick, lambda: self._await_tick(dag_id), 1)

    def _offer_ticks(self) -> bool:
        """Make the runs that the scheduler would make now (max_active_runs, no catch-up)."""
        made = False
        now = self.clock.now()
        for dag_id, due in list(self.due.items()):
            if due is None or due > now:
                continue
            dag = self.bag.dags[dag_id]
            if len(self._active(dag_id)) >= dag.seen.max_active_runs:
                continue
            tick = dag.live.timetable._next(self.last_tick[dag_id], None, catchup=False)
            if tick is not None and tick <= now:
                self.last_tick[dag_id] = tick
                self.due[dag_id] = dag.live.timetable.next_tick(tick)
                # Plain, as the clock here: pendulum does not subtract the one from the other.
                offered = dag.live.timetable._run_at(tick).logical_date
                date = datetime.fromtimestamp(offered.timestamp(), timezone.utc)
                self._add(_Run(dag, dag_id, _tick_id(tick), "scheduled", date, tick, {}))
                made = True
        return made

    def _active(self, dag_id: str) -> list[_Run]:
        return [r for r in self.live if r.dag_id == dag_id]

    def _add(self, run: _Run) -> None:
        self.runs.append(run)
        self.live.append(run)
        self.queued += 1
        self.by_id[run.dag_id, run.run_id] = run

    def _trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        if (dag_id, run_id) in self.by_id:
            return False
        now = self.clock.now()
        self._add(_Run(self.bag.dags[dag_id], dag_id, run_id, "manual", None, now, conf))
        return True

    def _begin_runs(self) -> bool:
        begun = False
        for run in self.live if self.queued else ():
            if run.state != "queued":
                continue
            running = [r for r in self._active(run.dag_id) if r.state != "queued"]
            if len(running) >= run.dag.seen.max_active_runs:
                continue
            run.state = "running"
            self.queued -= 1
            begun = True
            for task in run.dag.by_depth:
                run.tasks[task.task_id] = _Task(
                    task=task,
                    task_id=task.task_id,
                    state=None,
                    map_index=-1,
                    dag_id=run.dag_id,
                    run_id=run.run_id,
                    dag_run=run,
                    try_number=1,
                    max_tries=task.retries,
                    live=run.dag.live.task_dict[task.task_id],
                    trigger=None,
                    method=None,
                    dirty=True,
                    ready=False,
                    plan=None,
                    token=0,
                )
        return begun

    # --- one instant -------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Do what can be done at this instant, one thing at a time."""
        for _ in range(MAX_STEPS):
            self._kill()
            if self._dispatch() or self._offer_ticks() or self._begin_runs():
                continue
            doable = self._doable()
            step = next(doable, None) if self.order is None else self._choose(list(doable))
            if step is not None:
                step.do()
                continue
            if not self._end_runs():
                return
        raise AssertionError(f"{MAX_STEPS} steps at {self.clock.now()}: this never ends")

    def _choose(self, steps: list[_Step]) -> _Step | None:
        assert self.order is not None
        return self.order.choice(steps) if steps else None

    def _dispatch(self) -> bool:
        newest = self.ledger.last_event()
        if newest == self.dispatched or not self.dispatches:
            return False
        self.dispatched = newest
        return dispatch_once(self.ledger, self.bag.subscriptions, self._trigger) > 0

    def _doable(self) -> Iterator[_Step]:
        """Tasks whose rule lets them start, and triggers that have something to say."""
        for run in self.live:
            if run.state != "running" or not run.awake:
                continue
            self._spread(run)
            waits = False
            for task in run.tasks.values():
                if task.ready and task.state is None:
                    waits = True
                    if self._has_slot(task):
                        yield _Step(task, lambda task=task: self._execute(task))
                elif task.state == TaskInstanceState.DEFERRED and not isinstance(
                    task.trigger, _Work
                ):
                    waits = True
                    # What its trigger has let go needs a slot again, to look for itself.
                    decision = self._ask(task) if self._has_slot(task) else None
                    if decision is not None:
                        yield _Step(task, lambda task=task, said=decision: self._resume(task, said))
            run.awake = waits

    def _spread(self, run: _Run) -> None:
        """Let Airflow's rules decide for the tasks below what has changed."""
        while True:
            changed = False
            for task in run.tasks.values():
                if not task.dirty:
                    continue
                task.dirty = False
                if task.state is not None:
                    continue
                ups = [run.tasks[up] for up in task.task.upstream_task_ids]
                context = DepContext(
                    flag_upstream_failed=True,
                    ignore_unmapped_tasks=True,
                    finished_tis=[up for up in ups if up.state in State.finished],
                )
                statuses = list(self.rule.get_dep_statuses(task, context, session=None))
                if task.state is not None:  # the rule decided: skipped or upstream_failed
                    changed = True
                    self._finished(task)
                else:
                    task.ready = all(status.passed for status in statuses)
            if not changed:
                return

    def _finished(self, task: _Task) -> None:
        self.changes += 1
        for below in task.task.downstream_task_ids:
            task.dag_run.tasks[below].dirty = True

    def _has_slot(self, task: _Task) -> bool:
        pool = task.task.pool
        if pool not in self.bag.pools:
            return True
        used = sum(
            other.task.pool_slots
            for run in self.live
            for other in run.tasks.values()
            if other.task.pool == pool and isinstance(other.trigger, _Work)
        )
        if used + task.task.pool_slots <= self.bag.pools[pool]:
            return True
        now = self.clock.now()
        if self._waiters(pool) > 1 or (self.begun.get(pool) == now and self._wants(task)):
            self.contested.setdefault(pool, now)
        return False

    def _wants(self, task: _Task) -> bool:
        """Would it run now if it had a slot?"""
        if task.state != TaskInstanceState.DEFERRED or task.trigger is None:
            return task.ready and task.state is None
        return bool(task.trigger.ask(self.ledger, _states(task.dag_run)).kind != "wait")

    def _waiters(self, pool: str, *, deferred: bool = False) -> int:
        def waits(task: _Task) -> bool:
            if deferred and task.state == TaskInstanceState.DEFERRED:
                return not isinstance(task.trigger, _Work)
            return task.ready and task.state is None

        return sum(
            other.task.pool == pool and waits(other)
            for run in self.live
            for other in run.tasks.values()
        )

    # --- tasks -------------------------------------------------------------------------------------

    def _execute(self, task: _Task) -> None:
        task.ready = False
        if getattr(task.live, "hoist_role", None) == "gate":
            self.asked_of[task.live.hoist_job] += 1
        self._call(task, lambda context: type(task.live).execute(task.live, context))

    def _call(self, task: _Task, work: Callable[[Any], Any]) -> None:
        """Run operator code as Airflow's task runner would, and keep what became of it."""
        task.trigger = task.method = None
        task.dag_run.touch()
        context = {"task": task.live, "ti": task, "dag_run": task.dag_run}
        try:
            work(context)
        except TaskDeferred as deferred:
            task.state = TaskInstanceState.DEFERRED
            task.trigger, task.method = deferred.trigger, deferred.method_name
            self.changes += 1
            if isinstance(task.trigger, _Work):
                self._run_job(task)
            return
        except AirflowSkipException:
            task.state = TaskInstanceState.SKIPPED
        except AirflowFailException:
            task.state = TaskInstanceState.FAILED
        except AssertionError:
            raise
        except Exception as failed:
            if type(failed).__module__.split(".")[0] not in ("airflow", "hoist_airflow"):
                raise
            if task.try_number <= task.max_tries:
                task.try_number += 1
                task.state = TaskInstanceState.UP_FOR_RETRY
                delay = task.live.retry_delay
                # It waits at once, like them, and like those whose triggers may let them go now.
                if not delay and self._waiters(task.task.pool, deferred=True):
                    self.contested.setdefault(task.task.pool, self.clock.now())
                self._push(self.clock.now() + delay, lambda: self._again(task))
                return
            task.state = TaskInstanceState.FAILED
        else:
            task.state = TaskInstanceState.SUCCESS
        self._finished(task)

    def _again(self, task: _Task) -> None:
        task.state = None
        task.dirty = True
        task.dag_run.touch()

    def _ask(self, task: _Task) -> Any:
        """What a deferred task's trigger has to say; None: nothing yet."""
        mark = (self.ledger.last_event(), self.changes)
        if self.asked.get(id(task)) == mark and task.token == 0:
            return None
        self.asked[id(task)] = mark
        task.token = 0
        decision = task.trigger.ask(self.ledger, _states(task.dag_run))
        if decision.kind != "wait":
            return decision
        if decision.wake is not None and decision.wake < self.end:
            self._push(decision.wake, lambda: setattr(task, "token", 1))
        return None

    def _resume(self, task: _Task, decision: Any) -> None:
        method, event = task.method, {"kind": decision.kind, "reason": decision.reason}
        self._call(task, lambda context: getattr(task.live, method)(context, event))

    def _run_job(self, task: _Task) -> None:
        """The command runs: when and how it ends says the scenario."""
        job = task.live.hoist_job
        number = self.starts[job] = self.starts.get(job, 0) + 1
        plans = (self.scenario.get("jobs") or {}).get(job) or [self.scenario.get("default") or {}]
        plan = plans[min(number, len(plans)) - 1]
        if isinstance(task.live, OrderedDummy):
            plan = {"duration": 0}  # others look at the facts between its start and its end
        task.output = plan.get("output", "")
        now = self.clock.now()
        self.begun[task.task.pool] = now
        attempt = task.try_number
        if isinstance(task.live, FileWatcher):
            found = self._stable_at(task.live, now)
            end = None if found is None else (found, Ended(exit_code=0), None)
        else:
            ended = (
                Ended(signal="SIGKILL")
                if plan.get("terminated")
                else Ended(exit_code=int(plan.get("exit_code", 0)))
            )
            end = (now + timedelta(seconds=plan.get("duration", 60)), ended, None)
        limit = task.live.term_run_time
        if limit is not None:
            over = now + timedelta(minutes=limit)
            if end is None or over < end[0]:
                end = (over, Ended(signal="SIGTERM"), f"it ran for {limit:g} minutes")
        if end is not None:
            at, how, reason = end
            trigger = task.trigger
            self._push(at, lambda: self._over(task, trigger, attempt, how, reason))

    def _stable_at(self, task: Any, now: datetime) -> datetime | None:
        """JIL-061: it looks once an interval; there, large enough and unchanged at two looks."""
        interval = timedelta(seconds=task.interval)
        arrivals = [
            max(now, _instant(file["at"]))
            for file in self.scenario.get("files") or []
            if file["path"] == task.path and file.get("size", 0) >= task.min_size
        ]
        if not arrivals:
            return None
        looks = -((now - min(arrivals)) // interval)
        return now + (looks + 1) * interval

    def _over(
        self, task: _Task, trigger: Any, attempt: int, how: Ended, reason: str | None
    ) -> None:
        if task.trigger is not trigger or task.try_number != attempt:
            return  # killed before
        self._end_job(task, how, reason)

    def _end_job(self, task: _Task, how: Ended, reason: str | None) -> None:
        def work(run: Any, context: Any) -> Any:
            if isinstance(task.live, Command):
                for line in task.output.split("\n"):
                    task.live._heard(line.encode())
                return task.live._verdict(how, reason)
            if reason is not None:
                raise JobTerminated(reason)
            if how.exit_code != 0:
                raise JobFailed(str(how), how.exit_code)
            return None

        self._call(task, lambda context: task.live.resume(context, work))

    def _kill(self) -> None:
        """Jobs for which a KILLJOB has come (JIL-083, JIL-117)."""
        mark = self.ledger.last_event()
        if self.asked.get(0) == (mark, 0):
            return
        self.asked[0] = (mark, 0)
        if not self.ledger.store.tx.one("SELECT 1 FROM hoist_jobs WHERE kill_at IS NOT NULL"):
            return
        for run in self.live:
            for task in list(run.tasks.values()):
                if isinstance(task.trigger, _Work) and self.ledger.kill_requested(
                    task.live.hoist_job
                ):
                    self._end_job(task, Ended(signal="SIGTERM"), "killed on request (KILLJOB)")

    def _end_runs(self) -> bool:
        ended = False
        waiting = (TaskInstanceState.DEFERRED, TaskInstanceState.UP_FOR_RETRY)
        for run in list(self.live):
            if run.state != "running" or not run.changed:
                continue
            run.changed = False
            if any(
                # ready, but not started: it waits for a pool
                task.state in waiting or (task.ready and task.state is None)
                for task in run.tasks.values()
            ):
                continue
            if self._hangs(run):
                run.state = "hanging"
                continue
            self.live.remove(run)
            states = {name: task.state for name, task in run.tasks.items()}
            stuck = any(state is None for state in states.values())
            bad = any(states[leaf] in State.failed_states for leaf in run.dag.leaves)
            run.state = "failed" if stuck or bad else "success"
            run.ended_at = self.clock.now()
            run.left_running = any(row.run_id == run.run_id for row in self._running_boxes())
            if self.ledger.find_run(run.dag_id, run.run_id) is not None:
                self.ledger.close_run(run.dag_id, run.run_id, failed=run.state == "failed")
            ended = True
        return ended

    def _running_boxes(self) -> list[JobRow]:
        return [row for row in self.ledger.jobs() if row.is_box and row.status in st.UNDER_WAY]

    def _hangs(self, run: _Run) -> bool:
        shape = self.bag.topologies.get(run.dag_id)
        top = None if shape is None else self.ledger.status(shape.top)
        return (
            top is not None
            and top.is_box
            and top.run_id == run.run_id
            and top.status in st.UNDER_WAY
        )


def _tick_id(tick: datetime) -> str:
    return f"scheduled__{tick.isoformat()}"


def _states(run: _Run) -> dict[str, str | None]:
    return {
        name: None if task.state is None else str(task.state.value)
        for name, task in run.tasks.items()
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


@contextmanager
def _played(world: VirtualAirflow) -> Iterator[None]:
    """The seams through which the shims reach the outside, pointed at this world."""

    def states(dag_id: str, run_id: str, _tasks: Any) -> dict[str, str | None]:
        return _states(world.by_id[dag_id, run_id])

    def is_over(dag_id: str, run_id: str) -> bool:
        run = world.by_id.get((dag_id, run_id))
        return run is None or run.state in ("success", "failed")

    def shape(dag: Any) -> Any:
        known = world.bag.topologies
        if dag.dag_id not in known:
            known[dag.dag_id] = topology(dag)
        return known[dag.dag_id]

    def close(book: Any, box: Any) -> Any:
        # As the real one, unless a member keeps the box RUNNING (JIL-114).
        if box.status in st.UNDER_WAY and (
            book.exists(box.job, st.INCOMPLETE) or fold.verdict(book, box) is None
        ):
            return box
        around = book.job(box.box) if box.box is not None else None
        if box.status in st.NOT_STARTED and around is not None and around.status in st.UNDER_WAY:
            return box  # it may never start, and so keeps the box around it RUNNING, too
        return close_box(book, box)

    close_box = fold.close_box
    topology = run_module.topology
    seams: list[tuple[Any, str, Any]] = [
        (run_module, "shared_ledger", lambda: world.ledger),
        (run_module, "task_states", states),
        (run_module, "_is_over", is_over),
        (run_module, "topology", shape),
        (gate_module, "task_states", states),
        (fold, "close_box", close),
        (timetables, "_now", world.clock.now),
        (timetables.LegacyCalendarTimetable, "deserialize", world.bag.timetable),
        (Ticks, "next_tick", lambda ticks, after: world.bag.known(ticks, after).after(after)),
        (Ticks, "last_tick", lambda ticks, at: world.bag.known(ticks, at).until(at)),
        (JobRow, "of", job_row),
        (Command, "perform", _perform),
        (FileWatcher, "perform", _perform),
        (OrderedDummy, "perform", _perform),
        (OrderedFileWatcher, "perform", _perform),
        (OrderedQuery, "perform", _perform),
        (ExecutorSafeguard, "test_mode", True),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in seams]
    for owner, name, value in seams:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        world.ledger.store.close()
