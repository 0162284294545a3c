"""From a pair that differs to the smallest one that still does: take away, ask, keep what differs.

Greedy delta debugging over whole jobs, attributes, conditions and their operands, events, files and
run plans, the large pieces first, until nothing more can go or the budget is spent.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import folders
import shrink_folders
from estates import Atom, Both, Condition, Crontab, Estate, Job

Pair = tuple[Any, dict[str, Any]]
"""An Estate of either scheduler or a Crontab, and a scenario."""


def shrink(pair: Pair, differs: Callable[[Pair], bool], budget: int = 300) -> Pair:
    """The smallest pair found that `differs`, which may be asked `budget` times."""
    asked = 0
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(pair):
            if asked >= budget:
                return pair
            asked += 1
            if differs(smaller):
                pair = smaller
                progress = True
                break
    return pair


def _smaller(pair: Pair) -> Iterator[Pair]:
    estate, scenario = pair
    if isinstance(estate, folders.Estate):
        yield from shrink_folders.smaller(estate, scenario)
        return
    if isinstance(estate, Crontab):
        for at in range(len(estate.lines)):
            yield Crontab(estate.lines[:at] + estate.lines[at + 1 :]), scenario
        return
    for smaller in _fewer_jobs(estate):
        yield smaller, scenario
    for less in _less_happens(scenario):
        yield estate, less
    for smaller in _plainer_jobs(estate):
        yield smaller, scenario


def _fewer_jobs(estate: Estate) -> Iterator[Estate]:
    for job in estate.jobs:
        yield without(estate, {job.name, *(each.name for each in estate.members(job.name))})
    for job in estate.jobs:
        if job.kind == "b" and job.box is not None:
            yield _dissolved(estate, job)


def _less_happens(scenario: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("events", "files"):
        entries = scenario.get(key) or []
        for at in range(len(entries)):
            yield {**scenario, key: entries[:at] + entries[at + 1 :]}
    plans = scenario.get("jobs") or {}
    for name, entries in plans.items():
        yield {**scenario, "jobs": {k: v for k, v in plans.items() if k != name}}
        if len(entries) > 1:
            yield {**scenario, "jobs": {**plans, name: entries[:1]}}


def _plainer_jobs(estate: Estate) -> Iterator[Estate]:
    for job in estate.jobs:
        for key in job.conditions:
            yield _with(estate, job, key, None)
        for key in job.attributes:
            if key not in ("start_times", "timezone"):  # they go with date_conditions
                yield _plain(estate, job, key)
    for job in estate.jobs:
        for key, condition in job.conditions.items():
            for simpler in _operands(condition):
                yield _with(estate, job, key, simpler)
    if estate.resources:
        smaller = copy.deepcopy(estate)
        smaller.resources = {}
        for job in smaller.jobs:
            job.attributes.pop("resources", None)
        yield smaller


def _plain(estate: Estate, job: Job, key: str) -> Estate:
    smaller = copy.deepcopy(estate)
    found = smaller.named(job.name)
    assert found is not None
    del found.attributes[key]
    if key == "date_conditions":
        for other in ("days_of_week", "start_times", "timezone", "run_window", "exclude_calendar"):
            found.attributes.pop(other, None)
    return smaller


def without(estate: Estate, names: set[str]) -> Estate:
    """The estate without some jobs; an atom on one of them goes, and what joined it stays."""
    kept = [copy.deepcopy(job) for job in estate.jobs if job.name not in names]
    for job in kept:
        for key, condition in list(job.conditions.items()):
            left = _purged(condition, names)
            if left is None:
                del job.conditions[key]
            else:
                job.conditions[key] = left
    return Estate(kept, dict(estate.resources))


def _purged(condition: Condition, names: set[str]) -> Condition | None:
    if isinstance(condition, Atom):
        return None if condition.job in names else condition
    left, right = _purged(condition.left, names), _purged(condition.right, names)
    if left is None or right is None:
        return left or right
    return Both(condition.operator, left, right, condition.flat)


def _dissolved(estate: Estate, box: Job) -> Estate:
    """The members of an inner box moved to the box around it."""
    smaller = without(estate, {box.name})
    for job in smaller.jobs:
        if job.box == box.name:
            job.box = box.box
    return smaller


def _with(estate: Estate, job: Job, key: str, condition: Condition | None) -> Estate:
    smaller = copy.deepcopy(estate)
    found = smaller.named(job.name)
    assert found is not None
    if condition is None:
        del found.conditions[key]
    else:
        found.conditions[key] = condition
    return smaller


def _operands(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Atom):
        return
    yield condition.left
    yield condition.right
    for left in _operands(condition.left):
        yield Both(condition.operator, left, condition.right, condition.flat)
    for right in _operands(condition.right):
        yield Both(condition.operator, condition.left, right, condition.flat)
