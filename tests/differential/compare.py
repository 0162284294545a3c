"""What both sides must agree on, told alike: a story is every start and end of every job and box.

A story is exact: neither side has latency, so the instants must agree too, and with them every
order. Left out are the words that nobody can react to (RUNNING, ACTIVATED) and the exit code of
what did not end by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from virtual_airflow import VirtualAirflow

ENDED = ("SUCCESS", "FAILURE", "TERMINATED")
TOLD = ("STARTING", "RESTART", "SUCCESS", "FAILURE", "TERMINATED")

Line = tuple[str, int, str]  # job, second of the epoch, status
Story = list[Line]


def airflow_story(world: VirtualAirflow) -> Story:
    """From the ledger's log."""
    return [
        (event.job, round(event.at.timestamp()), event.status)
        for event in world.events
        if event.kind == "status" and event.job and event.status in TOLD and event.at >= world.begin
    ]


def legacy_story(trace: Mapping[str, Any]) -> Story:
    """From the trace of `hoist simulate`."""
    return [
        (event["job"], int(_instant(event["at"]).timestamp()), event["status"])
        for event in trace["events"]
        if event["status"] in TOLD
    ]


def difference(legacy: Story, airflow: Story) -> list[str]:
    """The first lines in which the two differ, as `- legacy` and `+ Airflow`; empty: none."""
    there, here = sorted(legacy, key=_by_time), sorted(airflow, key=_by_time)
    if there == here:
        return []
    missing, extra = _minus(there, here), _minus(here, there)
    lines = [(*line, "-") for line in missing] + [(*line, "+") for line in extra]
    lines.sort(key=lambda line: (line[1], line[0], line[3]))
    return [f"{sign} {text_of(at)} {job} {status}" for job, at, status, sign in lines[:12]]


def second_of(line: str) -> int:
    """The second of a line of `difference`; 0 for one of `verdicts`, which has none."""
    word = line.split()[1]
    return int(_instant(word).timestamp()) if word[0].isdigit() else 0


def verdicts(world: VirtualAirflow) -> list[str]:
    """Runs whose Airflow state is not what the ledger says of their top box or job (TR-10)."""
    wrong = []
    for run in world.runs:
        shape = world.bag.topologies.get(run.dag_id)
        if run.state not in ("success", "failed") or shape is None:
            continue
        told = [event.status for event in _of_top(world, run) if event.status in TOLD]
        if told and (run.state == "success") != (told[-1] == "SUCCESS"):
            wrong.append(
                f"+ run {run.run_id} of {run.dag_id} is {run.state}, {shape.top} {told[-1]}"
            )
    return wrong


@dataclass(frozen=True)
class Cut:
    """From this second on the two sides go their own ways, by an assumption that hoist has named."""

    second: int
    assumption: str


def cut_of(world: VirtualAirflow, trace: Mapping[str, Any]) -> Cut | None:
    """The first instant at which a scenario leaves what an assumption of the manifest promises."""
    legacy = legacy_story(trace)
    cuts = [
        *_stuck_boxes(world),
        *_members_that_outlast(world, legacy),
        *_early_releases(world),
        *_lines_before_a_pool(world),
        *_excluded_days(world, trace),
    ]
    named = [cut for dag_id, cut in cuts if cut.assumption in world.bag.assumptions.get(dag_id, ())]
    return min(named, key=lambda cut: cut.second, default=None)


def until(story: Story, cut: Cut) -> Story:
    """What happened before the cut."""
    return [line for line in story if line[1] < cut.second]


def _stuck_boxes(world: VirtualAirflow) -> Iterator[tuple[str, Cut]]:
    """An inner box RUNNING for ever although the box around it has ended: there it keeps its
    members out of the next run too, here the end of the DAG run has ended it."""
    for run in world.runs:
        if not run.left_running:
            continue
        shape = world.bag.topologies[run.dag_id]
        for event in world.events:
            again = event.job == shape.top and event.status == "STARTING"
            if again and event.run_id != run.run_id and event.at >= run.ended_at:
                yield run.dag_id, Cut(round(event.at.timestamp()), "stuck-box-ends")
                break


def _members_that_outlast(world: VirtualAirflow, legacy: Story) -> Iterator[tuple[str, Cut]]:
    """AutoSys starts a box again whose members still go on; here its DAG run is not over yet."""
    for run in world.runs:
        shape = world.bag.topologies.get(run.dag_id)
        ends = [event.at for event in _of_top(world, run) if event.status in ENDED]
        if shape is None or not ends:
            continue
        begun = round(_of_top(world, run)[0].at.timestamp())
        over = round(ends[0].timestamp())
        last = round(world.end.timestamp() if run.ended_at is None else run.ended_at.timestamp())
        for job, at, status in legacy:
            again = job == shape.top and status == "STARTING" and at > begun
            if again and over <= at < last:
                yield run.dag_id, Cut(at, "members-end-before-next-start")
                break


def _early_releases(world: VirtualAirflow) -> Iterator[tuple[str, Cut]]:
    """A release before the ledger has seen the box of the job that is on hold (JIL-118)."""
    for event in world.scenario.get("events") or []:
        if event["event"] != "JOB_OFF_HOLD":
            continue
        at = _instant(event["at"])
        for dag_id, dag in world.bag.dags.items():
            known = any(
                told.at < at and told.run_id is not None and told.job == event["job"]
                for told in world.events
            )
            if not known and any(
                getattr(task, "hoist_job", None) == event["job"] for task in dag.live.tasks
            ):
                assumption = f"released-after-first-start:{event['job']}"
                yield dag_id, Cut(round(at.timestamp()), assumption)


def _lines_before_a_pool(world: VirtualAirflow) -> Iterator[tuple[str, Cut]]:
    """Several tasks wait for slots of a pool: AutoSys has a line, Airflow's scheduler weights."""
    for pool, at in world.contested.items():
        for dag_id in world.bag.dags:
            yield dag_id, Cut(round(at.timestamp()), f"pool-waiters-in-order:{pool}")


def _excluded_days(world: VirtualAirflow, trace: Mapping[str, Any]) -> Iterator[tuple[str, Cut]]:
    """An excluded day makes a top object INACTIVE (JIL-120, TR-43); here its status stays."""
    for dag_id, shape in world.bag.topologies.items():
        for event in trace["events"]:
            is_it = event["job"] == shape.top and event["status"] == "INACTIVE"
            if is_it and event["rule"] == "JIL-120":
                second = round(_instant(event["at"]).timestamp())
                yield dag_id, Cut(second, "excluded-day-keeps-status")
                break


def _of_top(world: VirtualAirflow, run: Any) -> list[Any]:
    """The log's lines about the top object of a run, in that run."""
    shape = world.bag.topologies.get(run.dag_id)
    if shape is None:
        return []
    return [
        event
        for event in world.events
        if event.job == shape.top and event.run_id == run.run_id and event.kind == "status"
    ]


def _by_time(line: Line) -> tuple[int, str, str]:
    return line[1], line[0], line[2]


def _minus(left: Story, right: Story) -> Story:
    rest = list(right)
    found = []
    for line in left:
        if line in rest:
            rest.remove(line)
        else:
            found.append(line)
    return found


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(second: int) -> str:
    """As the interpreter's trace writes an instant."""
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
