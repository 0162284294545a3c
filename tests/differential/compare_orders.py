"""What both sides must agree on of Control-M: every execution of every order, and every fact.

As compare.py, with the order date beside the job's name; a folder's lines are those that the DAG
has nodes for: its start where it waits for something, its end where anything follows from it. A
fact that comes or goes is a line, a message with its destination and text, and a fact that is left
over, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from compare import Cut, Line, Story, difference, until
from virtual_orders import VirtualOrders, instant

from hoist_airflow.ledger.effects import changes_in
from hoist_airflow.order_folders import FolderEnd
from hoist_airflow.schedule.calendars import day_number
from hoist_airflow.schedule.orders import date_of
from hoist_airflow.schedule.zones import to_datetime

_TOLD = {
    "STARTING": "STARTING",
    "RESTART": "RESTART",
    "SUCCESS": "SUCCESS",
    "FAILURE": "FAILURE",
    "TERMINATED": "FAILURE",  # Control-M has one word for both
}


def compared(
    world: VirtualOrders, trace: Mapping[str, Any], waits: Mapping[str, set[str]]
) -> tuple[list[str], str]:
    """The difference, and the assumption by which only a part was compared.

    `waits`: the names of the facts of its order date that each job waits for by its definition.
    """
    there, here = legacy_story(world, trace), airflow_story(world)
    found = difference(there, here) + verdicts(world)
    if not found or (cut := cut_of(world, waits)) is None:
        return found, ""
    return difference(until(there, cut), until(here, cut)), cut.assumption.split(":")[0]


def airflow_story(world: VirtualOrders) -> Story:
    """From the ledger's log, and its facts at the end."""
    story: list[Line] = []
    for event in world.events:
        if event.at < world.begin:
            continue
        second = round(event.at.timestamp())
        if event.kind == "status" and event.job and event.status in _TOLD:
            job = f"{event.job}@{world.order_date(event)}"
            story.append((job, second, _TOLD[event.status]))
        elif event.kind in ("fact_added", "fact_deleted"):
            name = str(event.name).partition("^")[0]
            date = "****" if event.value == "any date" else str(event.value)
            story.append((f"{name} {date}", second, event.kind.removeprefix("fact_").upper()))
        elif event.kind == "variable" and event.source != "operator":
            story.append((str(event.name), second, f"= {event.value}"))
        elif event.kind == "order_variable":
            of = f"{event.job}@{world.order_date(event)}"
            story.append((f"{event.name} of {of}", second, f"= {event.value}"))
    for second, job, run_id, text in world.messages:
        story.append((f"{job}@{world.date_of_run(run_id, job)}", second, f"tells {text}"))
    end = round(world.end.timestamp())
    return story + [(fact, end, "LEFT") for fact in world.facts]


def legacy_story(world: VirtualOrders, trace: Mapping[str, Any]) -> Story:
    """From the trace of `hoist simulate`, without the lines of folders that have no node."""
    roles = _roles(world)
    story: list[Line] = []
    for event in trace["events"]:
        status = _TOLD.get(event["status"])
        needed = "start" if status == "STARTING" else "end"
        if status is not None and needed in roles.get(event["job"], ()):
            job = f"{event['job']}@{event['odate']}"
            story.append((job, _second(event["at"]), status))
    for change in trace.get("condition_changes", ()):
        verb = "ADDED" if change["sign"] == "+" else "DELETED"
        story.append((f"{change['name']} {change['date']}", _second(change["at"]), verb))
    for variable in trace.get("variables_set", ()):
        of = f" of {variable['job']}@{variable['odate']}" if "job" in variable else ""
        story.append((variable["name"] + of, _second(variable["at"]), f"= {variable['value']}"))
    for alarm in trace.get("alarms", ()):
        if "text" in alarm:
            urgency = f" ({alarm['urgency']})" if "urgency" in alarm else ""
            whom = alarm["destination"] or "no address is defined"
            of = f"{alarm['job']}@{alarm['odate']}"
            story.append((of, _second(alarm["at"]), f"tells {whom}{urgency}: {alarm['text']}"))
    end = _second(trace["end"])
    return story + [(fact, end, "LEFT") for fact in trace.get("conditions", ())]


def _roles(world: VirtualOrders) -> dict[str, set[str]]:
    roles: dict[str, set[str]] = {}
    for task in _tasks(world):
        name = type(task).__name__
        both = {"start", "end"}
        of = {"FolderStart": {"start"}, "FolderEnd": {"end"}}.get(name, both)
        roles.setdefault(task.hoist_job, set()).update(of)
    return roles


def _tasks(world: VirtualOrders) -> Iterator[Any]:
    for dag in world.bag.dags.values():
        yield from (task for task in dag.live.tasks if getattr(task, "hoist_job", None))


def verdicts(world: VirtualOrders) -> list[str]:
    """Runs whose Airflow state is not what became of their jobs: failed if one ended NOTOK."""
    wrong = []
    last: dict[tuple[str, str], dict[str, str]] = {}
    for event in world.events:
        if event.kind == "status" and event.job and event.run_id and event.status:
            dag_id = world.dag_of[event.job.partition("/")[0]]
            last.setdefault((dag_id, event.run_id), {})[event.job] = event.status
    for run in world.runs:
        if run.state not in ("success", "failed"):
            continue
        told = last.get((run.dag_id, run.run_id), {})
        turned = {  # rules decide how these end, whatever is in them
            task.hoist_job
            for task in run.dag.live.tasks
            if isinstance(task, FolderEnd)
            and task.rules
            and told.get(task.hoist_job) in ("SUCCESS", "FAILURE")
        }
        bad = sorted(
            job
            for job, status in told.items()
            if _TOLD.get(status) == "FAILURE"
            and not any(job.startswith(f"{folder}/") for folder in turned)
        )
        if bool(bad) != (run.state == "failed"):
            wrong.append(
                f"+ run {run.run_id} of {run.dag_id} is {run.state}, NOTOK: {', '.join(bad)}"
            )
    return wrong


# --- where a scenario leaves what an assumption of the manifest promises ---------------------------


def cut_of(world: VirtualOrders, waits: Mapping[str, set[str]]) -> Cut | None:
    """The first instant of that."""
    cuts = [
        *_facts_by_hand(world, waits),
        *_second_orders(world),
        *_reruns_of_a_later_day(world),
        *_lines_before_a_pool(world),
    ]
    named = [cut for dag_id, cut in cuts if cut.assumption in world.bag.assumptions.get(dag_id, ())]
    return min([*named, *_twins(world)], key=lambda cut: cut.second, default=None)


def _twins(world: VirtualOrders) -> Iterator[Cut]:
    """Two orders of one job start at one instant: which of the job's executions is whose?"""
    begun: set[tuple[str | None, datetime]] = set()
    for event in world.events:
        if event.kind == "status" and event.status == "STARTING":
            if (event.job, event.at) in begun:
                yield Cut(round(event.at.timestamp()), "a tie")
            begun.add((event.job, event.at))


def _facts_by_hand(
    world: VirtualOrders, waits: Mapping[str, set[str]]
) -> Iterator[tuple[str, Cut]]:
    """Somebody adds or deletes what is an edge here; or it is there at first."""
    edges: dict[str, str] = {}  # name -> DAG
    for dag_id, dag in world.bag.dags.items():
        for task in dag.live.tasks:
            names = waits.get(getattr(task, "hoist_job", ""), set())
            texts = [text for up in task.upstream_list for text in getattr(up, "on_ok", ())]
            added = {change.fact.name for change in changes_in(texts)}
            edges |= dict.fromkeys(names & added, dag_id)
    for event in world.scenario.get("events") or []:
        if event.get("name") in edges:
            yield edges[event["name"]], Cut(_second(event["at"]), "conditions-by-jobs-alone")
    for fact in world.scenario.get("conditions") or []:
        if fact["name"] in edges:
            begin = round(world.begin.timestamp())
            yield edges[fact["name"]], Cut(begin, "conditions-by-jobs-alone")


def _second_orders(world: VirtualOrders) -> Iterator[tuple[str, Cut]]:
    """A folder is ordered for a day for which it has been ordered."""
    seen = set()
    for run in world.runs:
        ticks = run.dag.live.timetable.ticks
        at = round(run.run_after.timestamp())
        day = run.conf.get("order_date") or date_of(ticks.day_of(at)).isoformat()
        if (run.dag_id, day) in seen:
            yield run.dag_id, Cut(at, "conditions-by-jobs-alone")
        seen.add((run.dag_id, day))


def _reruns_of_a_later_day(world: VirtualOrders) -> Iterator[tuple[str, Cut]]:
    """A job between two executions when its day is over: it stays (CTM-005). Whether its times count
    again then is said nowhere, nor whether its folder stays with it."""
    jobs = {task.hoist_job: task for task in _tasks(world) if task.hoist_role == "job"}
    for event in world.events:
        task = jobs.get(event.job or "")
        if task is None or event.status != "RESTART":
            continue
        day = day_number(world.order_date(event))
        over = to_datetime(task.dag.timetable.ticks.instant(day + 1 + task.max_wait))
        starts = (
            one.at
            for one in world.events
            if one.id > event.id  # what ends at once has a start of the same instant behind it
            and (one.job, one.run_id, one.status) == (event.job, event.run_id, "STARTING")
        )
        if next(starts, over) >= over:
            second = max(round(over.timestamp()), round(event.at.timestamp()))
            yield task.dag.dag_id, Cut(second, f"reruns-in-their-day:{event.job}")


def _lines_before_a_pool(world: VirtualOrders) -> Iterator[tuple[str, Cut]]:
    """Several tasks wait for slots: Control-M has priorities, Airflow's scheduler weights."""
    lines = ("pool-waiters-in-order:", "claims-in-any-order:")
    for dag_id, assumptions in world.bag.assumptions.items():
        for assumption in assumptions:
            if assumption.startswith(lines):
                for at in world.contested.values():
                    yield dag_id, Cut(round(at.timestamp()), assumption)


def _second(text: str) -> int:
    return round(instant(text).timestamp())
