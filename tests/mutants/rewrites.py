"""Changes of a correct DAG after which it means the same: `hoist verify` must never say `different`.

`why` says for each operator why the two are equal. Rule numbers are those of the semantics reference.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mutations import _rewritten
from sites import (
    Dag,
    Operator,
    Site,
    TickSets,
    by_id,
    edges,
    new_ticks,
    role,
    set_argument,
    set_dag,
    set_field,
    table,
    upstream,
)
from when import Atom, Join, When

REWRITES: list[Operator] = []
_rewrite = table(REWRITES)
# Defaults of docs/runtime.md.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Command": {
        "noexec": False,
        "exit_rule": "max: 0",
        "expand_globals": True,
        "via": "connection",
    },
    "FileWatcher": {"noexec": False, "min_size": 0, "interval": 60},
    "Gate": {"mode": "wait", "when": "true", "undefined": [], "race": False},
    "Hold": {"auto": False},
}
# With one task above they all say: that task succeeded; and skip and fail as it did (AF-010).
_ALIKE = ("all_success", "one_success", "none_failed_min_one_success", "all_done_min_one_success")


def _shuffled(key: str, given: list[Any]) -> list[Any]:
    made = list(given)
    random.Random(key).shuffle(made)
    return made


@_rewrite("reorder tasks", "the order of tasks in a file says nothing")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for key in "abc":
        if len(dag["tasks"]) > 1:
            tasks = [task["task_id"] for task in _shuffled(key, dag["tasks"])]

            def apply(made: Dag, _t: TickSets, tasks: list[str] = tasks) -> None:
                made["tasks"].sort(key=lambda one: tasks.index(one["task_id"]))
                for group in made["groups"]:
                    group["children"].reverse()

            yield Site(key, apply)


@_rewrite("reorder edges", "the order of edges says nothing")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if len(task["downstream"]) > 1:
            for key in "ab":
                other = _shuffled(key, task["downstream"])
                yield Site(
                    f"{task['task_id']}: {key}", set_field(task["task_id"], "downstream", other)
                )


@_rewrite(
    "a redundant edge",
    "A >> B >> C, B of nothing else: C waits for A's success, and fails or skips with it, through B",
)
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for above, middle in edges(dag):
        first, second = by_id(dag, above), by_id(dag, middle)
        if second["trigger_rule"] != "all_success" or upstream(dag, middle) != [above]:
            continue
        for under in second["downstream"]:
            if (
                by_id(dag, under)["trigger_rule"] == "all_success"
                and under not in first["downstream"]
            ):
                yield Site(
                    f"{above} >> {under}",
                    set_field(above, "downstream", [*first["downstream"], under]),
                )


def _empty(task_id: str, group: str | None, like: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(like)
    made.update(
        task_id=task_id, type="EmptyOperator", module="airflow.providers.standard.operators.empty",
        bases=["EmptyOperator", "BaseOperator"], trigger_rule="all_success", downstream=[], group=group,
        pool="default_pool", pool_slots=1, priority_weight=1, weight_rule="downstream", retries=0,
        retry_delay=300.0, is_empty=True, is_sensor=False, can_skip_downstream=False, deferrable=None,
        template_fields={}, hoist=None, arguments={},
    )  # fmt: skip
    return made


def _add(made: Dag, task: dict[str, Any]) -> None:
    made["tasks"].append(task)
    for group in made["groups"]:
        if group["id"] == task["group"]:
            group["children"].append(task["task_id"])


@_rewrite("an EmptyOperator on an edge", "it ends as the task above it does, at once")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for above, under in edges(dag):
        if by_id(dag, under)["trigger_rule"] in ("all_success", "all_done", "one_success"):

            def apply(made: Dag, _t: TickSets, above: str = above, under: str = under) -> None:
                first = by_id(made, above)
                middle = _empty("between", first["group"], first)
                middle["downstream"] = [under]
                first["downstream"] = [one for one in first["downstream"] if one != under] + [
                    "between"
                ]
                _add(made, middle)

            yield Site(f"{above} >> . >> {under}", apply)


@_rewrite("an EmptyOperator in front", "it succeeds when the run begins")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    roots = [t for t in dag["tasks"] if not upstream(dag, t["task_id"])]
    if all(task["trigger_rule"] == "all_success" for task in roots):

        def apply(made: Dag, _t: TickSets) -> None:
            front = _empty("begin", None, made["tasks"][0])
            front["downstream"] = [task["task_id"] for task in roots]
            _add(made, front)

        yield Site("begin", apply)


@_rewrite("commute & and |", "both sides of & and | are read at the same instant")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join):
            yield replace(node, operands=node.operands[::-1])
            yield replace(node, operands=node.operands[1:] + node.operands[:1])

    return _rewritten(dag, new)


@_rewrite("reassociate", "& and | are associative")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join) and len(node.operands) > 2:
            yield Join(node.operator, (Join(node.operator, node.operands[:2]), *node.operands[2:]))
            yield Join(node.operator, (*node.operands[:1], Join(node.operator, node.operands[1:])))

    return _rewritten(dag, new)


@_rewrite("say it twice", "x & x is x, x | x is x")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.kind:
            yield Join("&", (node, node))
            yield Join("|", (node, node))

    return _rewritten(dag, new)


@_rewrite("neutral constants", "x & true is x, x | false is x")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.kind:
            yield Join("&", (node, Atom("", test="true")))
            yield Join("|", (Atom("", test="false"), node))

    return _rewritten(dag, new)


@_rewrite("absorption", "x | (x & y) is x")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join):
            inner = Join("|" if node.operator == "&" else "&", node.operands[:2])
            yield replace(node, operands=(node.operands[0], inner, *node.operands[1:]))

    return _rewritten(dag, new)


@_rewrite("d() spelled out", "done is success, failure or terminated (JIL-066)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.kind == "d":
            yield Join("|", tuple(replace(node, kind=kind) for kind in "sft"))

    return _rewritten(dag, new)


@_rewrite("distribute", "x & (y | z) is (x & y) | (x & z), and dually")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join):
            inner = [one for one in node.operands if isinstance(one, Join)]
            if inner and len(node.operands) == 2:
                (other,) = [one for one in node.operands if one is not inner[0]]
                yield Join(
                    inner[0].operator,
                    tuple(Join(node.operator, (other, one)) for one in inner[0].operands),
                )

    return _rewritten(dag, new)


@_rewrite("rename a control task", "a control task's name means nothing")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) in ("gate", "hold", "verdict"):

            def apply(made: Dag, _t: TickSets, old: str = task["task_id"]) -> None:
                one = by_id(made, old)
                one["task_id"] = "renamed_task"
                if role(one) in ("gate", "hold"):
                    one["arguments"]["for_job"] = one["hoist"]["job"]
                for other in made["tasks"]:
                    other["downstream"] = [
                        "renamed_task" if x == old else x for x in other["downstream"]
                    ]
                for group in made["groups"]:
                    group["children"] = [
                        "renamed_task" if x == old else x for x in group["children"]
                    ]

            yield Site(task["task_id"], apply)


@_rewrite("describe and tag", "for people only")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    yield Site("description", set_dag("description", "Runs at night."))
    yield Site("tags", set_dag("tags", [*dag["tags"], "migrated"]))


@_rewrite("another file", "where a DAG's text is says nothing")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    yield Site("file", set_dag("file", "below/" + dag["file"]))


@_rewrite("a plain TaskGroup", "a plain TaskGroup is no box and has no state")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    free = [task["task_id"] for task in dag["tasks"] if task["group"] is None]
    for size in (1, len(free) // 2, len(free)):
        if size:

            def apply(made: Dag, _t: TickSets, inside: list[str] = free[:size]) -> None:
                made["groups"].append(
                    {
                        "id": "looks",
                        "parent": None,
                        "children": inside,
                        "mapped": False,
                        "hoist": None,
                    }
                )
                for task_id in inside:
                    by_id(made, task_id)["group"] = "looks"

            yield Site(f"{size} tasks", apply)


@_rewrite("say a default", "docs/runtime.md: the argument's default")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        for name, value in _DEFAULTS.get(task["type"], {}).items():
            if name not in task["arguments"]:
                yield Site(f"{task['task_id']}: {name}", set_argument(task["task_id"], name, value))


@_rewrite("spell an exit rule otherwise", "exit codes are 0 to 255")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        rule = task["arguments"].get("exit_rule") or "max: 0"
        if task["type"] == "Command" and rule.startswith("max: "):
            most = int(rule[5:])
            other = f"success: 0-{most}" if most else "success: 0"
            yield Site(
                f"{task['task_id']}: {other}", set_argument(task["task_id"], "exit_rule", other)
            )


@_rewrite("reorder claims", "resources are claimed at once (JIL-160)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        claims = (task["arguments"].get("resources") or "").split(" AND ")
        if len(claims) > 1:
            text = " AND ".join(claims[::-1])
            yield Site(task["task_id"], set_argument(task["task_id"], "resources", text))


@_rewrite("another rule of a single edge", "with one task above the rules agree (AF-010)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if task["trigger_rule"] in _ALIKE and len(upstream(dag, task["task_id"])) == 1:
            for rule in _ALIKE:
                if rule != task["trigger_rule"]:
                    yield Site(
                        f"{task['task_id']}: {rule}",
                        set_field(task["task_id"], "trigger_rule", rule),
                    )


@_rewrite("ticks of its own", "equal instants")
def _(dag: Dag, ticks: TickSets) -> Iterator[Site]:
    name = dag["timetable"]["ticks"]
    if name:

        def apply(made: Dag, t: TickSets) -> None:
            made["timetable"]["ticks"] = new_ticks(t, list(t[name]["ticks"]), t[name]["until"])

        def other_type(made: Dag, t: TickSets) -> None:
            apply(made, t)
            made["timetable"].update(
                type="EventsTimetable",
                module="airflow.timetables.events",
                summary="a list",
                arguments={},
            )

        yield Site("a set of its own", apply)
        yield Site("as a list of instants", other_type)


@_rewrite("a delay between no retries", "without retries there is no delay")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if not task["retries"]:
            yield Site(task["task_id"], set_field(task["task_id"], "retry_delay", 77.0))
