"""What a change of an export is, and the tables that operators of both kinds register in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Dag = dict[str, Any]
Task = dict[str, Any]
TickSets = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """One place of a DAG that an operator can change; `apply` changes a copy of the DAG in place."""

    where: str
    apply: Callable[[Dag, TickSets], None]


@dataclass(frozen=True)
class Operator:
    """`why`: why Airflow's behaviour differs (or does not) by the change; "" : decided by playing both DAGs."""

    name: str
    why: str
    sites: Callable[[Dag, TickSets], Iterator[Site]]


def changed(dag: Dag, site: Site, tick_sets: TickSets) -> Dag:
    """A changed copy; new tick sets are added to `tick_sets`."""
    made = copy.deepcopy(dag)
    site.apply(made, tick_sets)
    return made


def table(operators: list[Operator]) -> Callable[..., Any]:
    """A decorator that registers a generator of sites."""

    def named(name: str, why: str = "") -> Callable[[Any], Any]:
        def register(sites: Callable[[Dag, TickSets], Iterator[Site]]) -> Any:
            operators.append(Operator(name, why, sites))
            return sites

        return register

    return named


def role(task: Task) -> str:
    """job, gate, hold, verdict, or "" of a stock operator."""
    return str(task["hoist"]["role"]) if task["hoist"] else ""


def by_id(dag: Dag, task_id: str) -> Task:
    """The task of this id."""
    return next(task for task in dag["tasks"] if task["task_id"] == task_id)


def edges(dag: Dag) -> list[tuple[str, str]]:
    """(upstream, downstream)."""
    return [(task["task_id"], below) for task in dag["tasks"] for below in task["downstream"]]


def upstream(dag: Dag, task_id: str) -> list[str]:
    """Direct ones."""
    return [above for above, below in edges(dag) if below == task_id]


def below(dag: Dag, task_id: str) -> set[str]:
    """All that is downstream, directly or not."""
    downstream = {task["task_id"]: task["downstream"] for task in dag["tasks"]}
    seen: set[str] = set()
    open_ = [task_id]
    while open_:
        for one in downstream[open_.pop()]:
            if one not in seen:
                seen.add(one)
                open_.append(one)
    return seen


def set_argument(task_id: str, name: str, value: Any) -> Callable[[Dag, TickSets], None]:
    """`value` None: the argument is dropped. Template fields follow."""

    def apply(dag: Dag, _ticks: TickSets) -> None:
        task = by_id(dag, task_id)
        if value is None:
            task["arguments"].pop(name, None)
        else:
            task["arguments"][name] = value
        if name in task["template_fields"]:
            task["template_fields"][name] = value

    return apply


def set_field(task_id: str, name: str, value: Any) -> Callable[[Dag, TickSets], None]:
    """A field that every task has."""

    def apply(dag: Dag, _ticks: TickSets) -> None:
        by_id(dag, task_id)[name] = value

    return apply


def set_dag(name: str, value: Any) -> Callable[[Dag, TickSets], None]:
    """A field of the DAG."""

    def apply(dag: Dag, _ticks: TickSets) -> None:
        dag[name] = value

    return apply


def new_ticks(ticks: TickSets, ticked: list[int], until: int) -> str:
    """The name of a tick set with these ticks."""
    name = f"t{max((int(one[1:]) for one in ticks), default=-1) + 1}"
    ticks[name] = {"ticks": ticked, "until": until}
    return name
