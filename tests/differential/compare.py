"""What both sides must agree on, told alike: a story is every start and end of every job and box.

A story is exact: neither side has latency, so the instants must agree too, and with them every
order. Left out are the words that nobody can react to (RUNNING, ACTIVATED) and the exit code of
what did not end by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from virtual_airflow import VirtualAirflow

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


def verdicts(world: VirtualAirflow) -> list[str]:
    """Runs whose Airflow state is not what the ledger says of their top box or job (TR-10)."""
    wrong = []
    for run in world.runs:
        shape = world.bag.topologies.get(run.dag_id)
        if run.state not in ("success", "failed") or shape is None:
            continue
        last = next(
            (
                event.status
                for event in reversed(world.events)
                if event.job == shape.top and event.run_id == run.run_id and event.status in TOLD
            ),
            None,
        )
        if last is not None and (run.state == "success") != (last == "SUCCESS"):
            wrong.append(f"+ run {run.run_id} of {run.dag_id} is {run.state}, {shape.top} {last}")
    return wrong


def outlasts(world: VirtualAirflow) -> bool:
    """Does a run go on though its top box has ended: a member waits in an inner box that is RUNNING?

    AutoSys would start the box again at its next tick; Airflow runs one run at a time (`LIMITS`).
    """
    for run in world.runs:
        shape = world.bag.topologies.get(run.dag_id)
        if run.state != "running" or shape is None:
            continue
        told = [event.status for event in world.events if event.job == shape.top]
        if told and told[-1] in ("SUCCESS", "FAILURE", "TERMINATED"):
            return True
    return False


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
