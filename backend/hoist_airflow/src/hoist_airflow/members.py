"""What the members of a SMART folder are to each other: ADJUST_COND and END_FOLDER.

Nothing here imports Airflow: a task is what has a `task_group`, a DAG what has `tasks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hoist_airflow import conditions
from hoist_airflow.conditions import FactAtom
from hoist_airflow.ledger.effects import changes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hoist_airflow.submission import Order

ADJUST = ("drop", "dummy", "bridge")
"""ADJUST_COND Y, D and B: waits for what is not ordered are dropped; it is ordered as a dummy; what
waits for it waits for what it would have waited for (CTM-092)."""


_DEEPEST = 64


def folder_of(task: Any) -> Any:
    """The group that stands for the folder around a job; around the folder, for its own tasks."""
    group = task.task_group
    return group.task_group if hasattr(task, "hoist_of") and group is not None else group


def group_key(group: Any) -> tuple[str | None, ...]:
    """What groups are compared by, as tasks hold proxies of them; the DAG's own has no id."""
    return () if group is None else (group.group_id,)


def adjusted(task: Any, order: Order) -> str | None:
    """What a member waits for on the day of an order (CTM-092)."""
    if task.when is None or task.adjust not in ("drop", "bridge") or order.only:
        return task.when if task.when is None else str(task.when)
    return _adjusted(task, task.when, order, depth=0) or "true"


def _adjusted(task: Any, when: str, order: Order, depth: int) -> str | None:
    def text_of(fact: FactAtom) -> str | None:
        producers = list(_producers(task, fact))
        if not producers or any(one.is_ordered(order) for one in producers):
            return str(fact)
        if task.adjust == "drop" or depth > _DEEPEST:
            return None
        found = []
        for one in producers:
            when = _awaited(one)
            above = None if when is None else _adjusted(task, when, order, depth + 1)
            if above is None:
                return None
            found.append(above)
        return f"({' | '.join([str(fact), *found])})"

    return conditions.parse(when).rewritten(text_of)


def _awaited(member: Any) -> str | None:
    """What a member waits for; of a folder says its start."""
    tasks = [member]
    if hasattr(member, "hoist_of"):
        tasks = [t for t in member.dag.tasks if getattr(t, "hoist_of", None) == member.hoist_of]
    return next((str(t.when) for t in tasks if getattr(t, "when", None) is not None), None)


def _producers(task: Any, fact: FactAtom) -> Iterator[Any]:
    """The other members of the folder that add the fact for their own order date."""
    if fact.date:
        return
    here = group_key(folder_of(task))
    for one in task.dag.tasks:
        adds = getattr(one, "effects", ())
        is_other = getattr(one, "hoist_job", None) != task.hoist_job
        if not adds or not is_other or group_key(folder_of(one)) != here:
            continue
        if any(change.adds and change.fact == fact for change in changes_in(adds)):
            yield one


def stoppers(task: Any, group: Any) -> list[str]:
    """The jobs whose end lets nothing more be submitted in `group`, a folder of the task's DAG, or
    in one around it (CTM-091).
    """
    groups = set()
    while group is not None:
        groups.add(group_key(group))
        group = group.task_group
    return [
        str(one.hoist_job)
        for one in task.dag.tasks
        if getattr(one, "ends_folder", False) and group_key(one.task_group) in groups
    ]
