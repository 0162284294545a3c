"""A DAG run as the ledger knows it: its topology, its run key, and what its tasks say to it.

`ensure_started(context)` is the first thing that every shim task does. The run key (workflow,
business date, sequence) is computed here and in the run-start transaction, nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hoist_airflow import conditions
from hoist_airflow.cycle import taken_over
from hoist_airflow.decision import GateSpec
from hoist_airflow.late import awaited
from hoist_airflow.ledger import Ledger, Member, RunKey, Topology, default_url
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.effects import Effect
from hoist_airflow.ledger.facts import text_of
from hoist_airflow.ledger.runs import StartAnswer
from hoist_airflow.schedule.calendars import day_number
from hoist_airflow.schedule.orders import OrderTicks, date_of
from hoist_airflow.schedule.zones import to_instant
from hoist_airflow.submission import Order

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

    from hoist_airflow.ledger.variables import OrderVariables
    from hoist_airflow.trigger import StartTrigger

_NEVER_DROPPED = "manual"


@lru_cache(maxsize=8)
def _ledger_at(url: str) -> Ledger:
    return Ledger.open(url)


def shared_ledger() -> Ledger:
    """The ledger of this process's configuration, opened once."""
    return _ledger_at(default_url())


# --- what the DAG says ----------------------------------------------------------------------------


def topology(dag: DAG) -> Topology:
    """The jobs and boxes of a DAG, from the shim operators and `Box` groups in it."""
    tasks: list[Any] = [task for task in dag.tasks if getattr(task, "hoist_role", None)]
    root = next((t for t in tasks if t.hoist_role == "verdict" and not boxes_around(t)), None)
    told = [t.hoist_box for t in tasks if t.hoist_box and not boxes_around(t)]
    outer = str(root.hoist_job) if root is not None else next(iter(told), dag.dag_id)
    groups: dict[str, Any] = {}
    for group in _groups(dag):
        if (name := getattr(group, "hoist_job", None)) is not None:
            groups[name] = group
    boxes: dict[str, dict[str, Any]] = {}
    parents: dict[str, str | None] = {}
    jobs: dict[str, Any] = {}
    for task in tasks:
        if task.hoist_role == "job":
            jobs[task.hoist_job] = task
            parents[task.hoist_job] = box_of(task, outer)
    for name, group in groups.items():
        around = boxes_around(group)
        parents[name] = around[0] if around else outer
        boxes[name] = dict(group.hoist_fold)
    for parent in list(parents.values()):
        if parent is not None and parent not in boxes:
            boxes[parent] = {}
            parents.setdefault(parent, None)
    auto_hold = set()
    ends = {task.hoist_job: task for task in tasks if task.hoist_role in ("job", "verdict")}
    for task in tasks:
        if task.hoist_role == "verdict":
            boxes.setdefault(task.hoist_job, {}).update(task.hoist_fold)
            parents.setdefault(task.hoist_job, None)
        elif task.hoist_role == "hold" and task.auto:
            auto_hold.add(task.hoist_job)
    controlled = {task.hoist_job for task in tasks if task.hoist_role in ("gate", "hold")}
    alone = next((name for name in sorted(parents) if parents[name] is None), outer)
    # A folder of Control-M is no box: its jobs are orders, and runs of it coexist (CTM-006).
    top = outer if outer in boxes or order_ticks(dag) is not None else alone
    eager = {n for n, box in groups.items() if _waits_for_nothing(dag, box, controlled, top)}
    terminators = {m for fold in boxes.values() for m in fold.get("terminators", ())}
    kill = {m for fold in boxes.values() for m in fold.get("kill", ())}
    members = [
        Member(
            job=name,
            box=parents[name],
            is_box=name in boxes,
            success=boxes.get(name, {}).get("success"),
            failure=boxes.get(name, {}).get("failure"),
            box_terminator=name in terminators,
            job_terminator=name in kill,
            auto_hold=name in auto_hold,
            noexec=bool(getattr(jobs.get(name), "noexec", False)),
            eager=name in eager,
            end_facts=text_of(ends[name].facts, ends[name].business_day) if name in ends else None,
        )
        for name in sorted(parents)
    ]
    return Topology(dag.dag_id, top, tuple(members))


def order_ticks(dag: Any) -> OrderTicks | None:
    """What the order dates of a DAG are counted by, if it is a folder of Control-M."""
    ticks = getattr(getattr(dag, "timetable", None), "ticks", None)
    return ticks if isinstance(ticks, OrderTicks) else None


def order_of(context: Context) -> Order:
    """The order of its folder that this DAG run is.

    A run that somebody starts by hand orders the folder, by its criteria, for the business day of
    its logical date, or for `order_date` of its configuration; with `force` whatever they say. Of a
    day that is over by then the times are those of the day on which it is ordered; so are they of a
    missed day that is ordered later (CTM-047). `only` names the jobs that are ordered, without the
    others of a plain folder (CTM-077).
    """
    task: Any = context["task"]
    run: Any = context["dag_run"]
    ticks = order_ticks(task.dag)
    assert ticks is not None, "jobs of Control-M stand in a DAG whose schedule is order_dates()"
    conf: Mapping[str, Any] = run.conf or {}
    given = conf.get("order_date")
    if given is not None:
        day = day_number(str(given))
    else:
        day = ticks.day_of(to_instant(run.logical_date or run.run_after))
    made = run.run_after
    if ticks.retro:
        made = max(made, getattr(run, "start_date", None) or made)
    today = ticks.day_of(to_instant(made))
    if "ordered_on" in conf:  # a later run of an order (CTM-093)
        today = day_number(str(conf["ordered_on"]))
    made_up = ticks.retro and _is_scheduled(context) and today > day
    return Order(
        day,
        ticks,
        forced=bool(conf.get("force")),
        ordered_on=today,
        made_up=made_up,
        only=tuple(conf.get("only") or ()),
        past=taken_over(conf["cycle"]) if "cycle" in conf else (),
    )


def _waits_for_nothing(dag: DAG, box: Any, controlled: set[str], top: str) -> bool:
    """Has a box neither a control node of its own nor a predecessor but the top's controls?"""
    if box.hoist_job in controlled or box.upstream_group_ids:
        return False
    before: list[Any] = [dag.task_dict[task] for task in box.upstream_task_ids]
    return all(getattr(t, "hoist_job", None) == top and t.hoist_role != "job" for t in before)


def _groups(dag: DAG) -> list[Any]:
    """All task groups of a DAG, without recursion (boxes nest deep)."""
    found: list[Any] = []
    open_groups: list[Any] = [dag.task_group]
    while open_groups:
        group = open_groups.pop()
        found.append(group)
        open_groups += [c for c in group.children.values() if hasattr(c, "children")]
    return found


def boxes_around(node: Any) -> list[str]:
    """Legacy names of the `Box` groups around a task or group, the innermost first."""
    names: list[str] = []
    group = node.task_group
    while group is not None:
        if (name := getattr(group, "hoist_job", None)) is not None:
            names.append(name)
        group = group.task_group
    return names


def local_tasks(node: Any, when: str) -> dict[str, list[str]]:
    """The tasks of its DAG that settle each job and box that the condition of a task reads.

    A box around the task is not settled while the task waits, so it is left out.
    """
    wanted = set(conditions.parse(when).jobs) - set(boxes_around(node)) - {node.hoist_job}
    local: dict[str, list[str]] = {}
    tasks: list[Any] = list(node.dag.tasks) if wanted else []
    for task in tasks:
        names = set(boxes_around(task))
        if getattr(task, "hoist_role", None) == "job":
            names.add(task.hoist_job)
        for name in names & wanted:
            local.setdefault(name, []).append(task.task_id)
    return {name: sorted(local[name]) for name in sorted(local)}


def box_of(task: Any, outer: str) -> str | None:
    """The legacy box of a job's task: its argument, the enclosing `Box`, else the DAG's box."""
    if task.hoist_box is not None:
        return task.hoist_box or None
    if around := boxes_around(task):
        return around[0]
    alone = task.task_id == task.dag.dag_id or task.hoist_job in (task.dag.dag_id, outer)
    return None if alone else outer


# --- the run --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One run of the DAG, as one of its tasks sees it."""

    ledger: Ledger
    key: RunKey
    dag_id: str
    run_id: str
    job: str
    box: str | None
    try_number: int
    start_event: str | None = None
    """STARTJOB or FORCE_STARTJOB, on a control node of the object that an operator started so."""
    shape: Topology | None = None
    changes: Mapping[str, Sequence[Effect]] = field(default_factory=dict)
    """Status -> what comes with it: changes of facts, orders, variables; and what the words of the
    facts' dates mean."""
    dates: Mapping[str, str | None] = field(default_factory=dict)
    variables: OrderVariables | None = None
    """What the texts of an order are resolved with."""

    def start_box(self) -> None:
        """Start the box that this control node stands in front of, if it is one."""
        shape = self.shape
        if shape is None:
            return
        if any(member.job == self.job and member.is_box for member in shape.members):
            self.ledger.start_box(self.job, self.run_id)

    def record(self, status: str, exit_code: int | None = None) -> int:
        """Record a status of this task's job; the event's id."""
        return self.ledger.record(
            self.job,
            status,
            run_id=self.run_id,
            exit_code=exit_code,
            try_number=self.try_number,
            changes=self.changes.get(status, ()),
            dates=self.dates,
            variables=self.variables,
        )

    def after(self, status: str) -> None:
        """Make what comes with a status that the ledger has already."""
        changes = self.changes.get(status, ())
        if changes:
            self.ledger.make_changes(changes, self.dates, self.job, self.run_id, self.variables)

    def has_begun(self) -> bool:
        """Has the job started in this run before: a retry, or a task that was cleared?"""
        row = self.ledger.status(self.job)
        begun = (*st.UNDER_WAY, *st.ENDED)
        return row is not None and row.run_id == self.run_id and row.status in begun

    def try_start(
        self, resources: str | None = None, reread: GateSpec | None = None
    ) -> StartAnswer:
        """Start the job if nothing forbids it (docs/runtime.md). Raises AirflowSkipException."""
        given: dict[str, Any] = {}
        if reread is not None:
            given = {"when": reread.when, "undefined": reread.undefined}
        answer = self.ledger.try_start(
            self.job, self.run_id, resources=resources, try_number=self.try_number, **given
        )
        if answer == "closed":
            _skip(f"the box of {self.job} completed without it (JIL-003)")
        return answer

    def start_trigger(self, resources: str | None = None) -> StartTrigger:
        """What a job defers on after `held` or `short`."""
        from hoist_airflow.trigger import StartTrigger

        return StartTrigger(job=self.job, run_id=self.run_id, resources=resources)

    def kill_requested(self) -> bool:
        """Has a KILLJOB come for this job?"""
        return self.ledger.kill_requested(self.job)

    def take_kill(self) -> bool:
        """Has a KILLJOB ended this job between two attempts? Told once."""
        return self.ledger.take_kill(self.job, self.run_id)

    def alarm(self, kind: str, text: str) -> None:
        """Write an alarm row about this job; never flow."""
        if kind in ("MAXRUNALARM", "MINRUNALARM"):  # the sweeper may notice it too
            self.ledger.alarm_of_attempt(kind, self.job, text, self.run_id)
            return
        self.ledger.alarm(kind, self.job, text, self.run_id)


def ensure_started(context: Context) -> Run:
    """The run of this task, started if it is the first of its run to ask.

    Starts the boxes around the task's job too, except for a task that decides whether the run's top
    object starts at all. Raises AirflowSkipException if the run is dropped.
    """
    task: Any = context["task"]
    dag: Any = task.dag
    ti: Any = context["ti"]
    run_id = str(ti.run_id)
    ledger = shared_ledger()
    shape = topology(dag)
    opened = ledger.find_run(dag.dag_id, run_id)
    if opened is None:
        order = order_of(context) if order_ticks(dag) is not None else None
        overlap = order is not None or dag.max_active_runs != 1
        if not overlap:
            _close_stale(ledger, dag.dag_id, run_id)
        tick = tick_of(context)
        opened = ledger.open_run(
            shape,
            run_id,
            tick=tick,
            business_date=(
                business_date(dag, tick) if order is None else date_of(order.day).isoformat()
            ),
            overlap=overlap,
            by_clock=_is_scheduled(context),
            event=_event_of(context),
            awaited=() if order is None else awaited(dag.tasks, order, run_id),
        )
    job = task.hoist_job
    sent = ((context["dag_run"].conf or {}) if job == shape.top else {}).get("hoist_start")
    if opened.answer == "started" and sent == "FORCE_STARTJOB":
        ledger.lift(job)
    if opened.answer == "dropped":
        _skip(f"run {run_id} is dropped: its tick fell while an earlier run was active (JIL-144)")
    starts = task.hoist_role != "verdict" or task.trigger_rule == "all_success"
    if starts and _runs_after_skipped(task) and _kept_out(ledger, shape, task, run_id):
        _skip(f"the box of {job} did not start in this run")
    if task.hoist_role != "verdict":
        ledger.enter(job, run_id, boxes=True)
    elif starts:
        ledger.start_box(job, run_id)
    box = next((m.box for m in shape.members if m.job == job), None)
    tries = int(ti.try_number or 1)
    return Run(ledger, opened.key, dag.dag_id, run_id, job, box, tries, sent, shape)


def _runs_after_skipped(task: Any) -> bool:
    """May this task run although what is above it was skipped: by its own rule, or by that of a
    plain junction in front of it (the start of a box that is itself such a task)?
    """
    junctions = [task]
    for each in junctions:
        if each.trigger_rule != "all_success":
            return True
        junctions += [up for up in each.upstream_list if getattr(up, "hoist_role", None) is None]
    return False


def _kept_out(ledger: Ledger, shape: Topology, task: Any, run_id: str) -> bool:
    """Has its own condition kept a box around this task from starting in this run?

    A task that also runs when what is above it was skipped must not start the box: if the box had
    started, a task above it in the box would have run and started it.
    """
    boxes = {member.job: member.box for member in shape.members}
    above: set[str] | None = None
    box = boxes.get(task.hoist_job)
    while box is not None:
        row = ledger.status(box)
        if row is None or row.run_id != run_id or row.status in (*st.NOT_STARTED, st.INACTIVE):
            if above is None:
                above = {
                    up.hoist_job
                    for up in task.get_flat_relatives(upstream=True)
                    if getattr(up, "hoist_role", None) in ("job", "gate", "hold")
                }
            if any(_is_inside(name, box, boxes) for name in above - {task.hoist_job}):
                return True
        box = boxes.get(box)
    return False


def _is_inside(name: str, box: str, boxes: dict[str, str | None]) -> bool:
    around = boxes.get(name)
    while around is not None and around != box:
        around = boxes.get(around)
    return around is not None


def _skip(reason: str) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    raise AirflowSkipException(reason)


def tick_of(context: Context) -> datetime:
    """The instant that a run is for: the event's, the tick's, or when it was asked for."""
    dag_run: Any = context["dag_run"]
    conf = dag_run.conf or {}
    if isinstance(at := conf.get("hoist_at"), str):
        return datetime.fromisoformat(at)
    instant = dag_run.logical_date if _is_scheduled(context) else None
    result = instant or dag_run.run_after
    assert isinstance(result, datetime)
    return result


def _event_of(context: Context) -> int | None:
    """The ledger's event that the dispatcher started the run for."""
    dag_run: Any = context["dag_run"]
    event = (dag_run.conf or {}).get("hoist_event")
    return event if isinstance(event, int) else None


def _is_scheduled(context: Context) -> bool:
    dag_run: Any = context["dag_run"]
    return str(getattr(dag_run.run_type, "value", dag_run.run_type)) != _NEVER_DROPPED


def business_date(dag: Any, tick: datetime) -> str:
    """The local date of the tick in the zone of the DAG's timetable, else of the DAG (JIL-145)."""
    ticks = getattr(dag.timetable, "ticks", None)
    if ticks is None:
        return tick.astimezone(dag.timezone).date().isoformat()
    from hoist_airflow.schedule.zones import to_instant, zone

    local = zone(str(ticks.to_dict()["timezone"])).local(to_instant(tick))
    return (date(1970, 1, 1) + timedelta(days=local // 86400)).isoformat()


def _close_stale(ledger: Ledger, dag_id: str, run_id: str) -> None:
    """Close earlier runs that ended in Airflow without the ledger hearing of it.

    Without this, one lost worker and a missing listener would drop every tick from then on.
    """
    for earlier in ledger.open_runs(dag_id):
        if earlier != run_id and _is_over(dag_id, earlier):
            ledger.close_run(dag_id, earlier, at_last_event=True)


def _is_over(dag_id: str, run_id: str) -> bool:
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    try:
        state = RuntimeTaskInstance.get_dagrun_state(dag_id, run_id)
    except AirflowRuntimeError:
        return True  # deleted: nobody will ever end it
    return str(state) in ("success", "failed")


def task_states(dag_id: str, run_id: str, task_ids: list[str] | None) -> dict[str, str | None]:
    """Airflow's states of tasks of this run (AF-020), None = all; in tasks and in triggers."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    found = RuntimeTaskInstance.get_task_states(dag_id=dag_id, run_ids=[run_id], task_ids=task_ids)
    return {k: None if v is None else str(v) for k, v in (found.get(run_id) or {}).items()}
