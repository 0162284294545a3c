"""Changes of a correct DAG after which it means something else: `hoist verify` must say `different`.

An operator without a reason is judged by playing (playing.py): only mutants that Airflow plays differently
count. The others say why every mutant of theirs differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sites import (
    Dag,
    Operator,
    Site,
    Task,
    TickSets,
    below,
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
from when import Atom, Join, When, parse, places

MUTATIONS: list[Operator] = []
_mutation = table(MUTATIONS)
_RULES = (
    "all_success",
    "all_done",
    "one_success",
    "one_failed",
    "none_failed",
    "all_failed",
    "always",
)
_OTHER_KIND = {"s": "fd", "f": "std", "t": "fs", "d": "sf", "n": "s"}


def _commands(dag: Dag) -> Iterator[Task]:
    for task in dag["tasks"]:
        if task["type"] == "Command" and not task["arguments"].get("noexec"):
            yield task


def _can_fail(task: Task) -> bool:
    return task["arguments"].get("exit_rule") != "any"


def _jobs(dag: Dag) -> Iterator[Task]:
    return (task for task in dag["tasks"] if task["type"] in ("Command", "FileWatcher"))


@_mutation("drop an edge")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for above, under in edges(dag):

        def apply(made: Dag, _t: TickSets, above: str = above, under: str = under) -> None:
            by_id(made, above)["downstream"].remove(under)

        yield Site(f"{above} >> {under}", apply)


@_mutation("add a wrong edge")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    jobs = [task["task_id"] for task in _jobs(dag)]
    reach = {job: below(dag, job) for job in jobs}
    for above in jobs:
        for under in jobs:
            if above != under and under not in reach[above] and above not in reach[under]:

                def apply(made: Dag, _t: TickSets, above: str = above, under: str = under) -> None:
                    by_id(made, above)["downstream"].append(under)

                yield Site(f"{above} >> {under}", apply)


@_mutation("change a trigger rule")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        for rule in _RULES:
            if rule != task["trigger_rule"] and upstream(dag, task["task_id"]):
                yield Site(
                    f"{task['task_id']}: {rule}", set_field(task["task_id"], "trigger_rule", rule)
                )


@_mutation("drop a task")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) != "hold" and len(dag["tasks"]) > 1:
            yield Site(task["task_id"], _without(task["task_id"]))


def _without(task_id: str) -> Any:
    """Edges through the task are kept."""

    def apply(made: Dag, _t: TickSets) -> None:
        gone = by_id(made, task_id)
        made["tasks"].remove(gone)
        for task in made["tasks"]:
            if task_id in task["downstream"]:
                task["downstream"].remove(task_id)
                task["downstream"] += [
                    one for one in gone["downstream"] if one not in task["downstream"]
                ]
        for group in made["groups"]:
            group["children"] = [one for one in group["children"] if one != task_id]

    return apply


def _whens(dag: Dag) -> Iterator[tuple[Task, str, When]]:
    for task in dag["tasks"]:
        for name in {"gate": ("when",), "verdict": ("success", "failure")}.get(role(task), ()):
            if task["arguments"].get(name):
                yield task, name, parse(task["arguments"][name])


def _rewritten(dag: Dag, new: Any) -> Iterator[Site]:
    """`new(node)` yields other nodes to stand in its place."""
    for task, name, when in _whens(dag):
        for node, put in places(when):
            for other in new(node):
                text = str(put(other))
                yield Site(
                    f"{task['task_id']}: {when} -> {text}",
                    set_argument(task["task_id"], name, text),
                )


@_mutation("swap & and |")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join):
            yield replace(node, operator="|" if node.operator == "&" else "&")

    return _rewritten(dag, new)


@_mutation("drop an operand")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Join):
            for at in range(len(node.operands)):
                left = node.operands[:at] + node.operands[at + 1 :]
                yield left[0] if len(left) == 1 else replace(node, operands=left)

    return _rewritten(dag, new)


@_mutation("another function of an atom")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom):
            for kind in _OTHER_KIND.get(node.kind, ""):
                yield replace(node, kind=kind)

    return _rewritten(dag, new)


@_mutation("another test of an exit code or variable")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.kind in "ev" and node.test.startswith("="):
            yield replace(node, test="!" + node.test)
        elif isinstance(node, Atom) and node.kind and node.test.startswith("!="):
            yield replace(node, test=node.test[1:])

    return _rewritten(dag, new)


@_mutation("drop a condition")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task, name, when in _whens(dag):
        yield Site(f"{task['task_id']}: {name} {when}", set_argument(task["task_id"], name, None))


@_mutation("drop a look-back")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.lookback is not None:
            yield replace(node, lookback=None)

    return _rewritten(dag, new)


@_mutation("change a look-back")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    def new(node: When) -> Iterator[When]:
        if isinstance(node, Atom) and node.lookback is not None:
            for other in ("0", "01.00", "24.00"):
                if other != node.lookback:
                    yield replace(node, lookback=other)

    return _rewritten(dag, new)


# Not the other way: a run of a condition-only workflow that waits starts its job at the event at which
# the next run would have.
@_mutation("wait -> now")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) == "gate" and task["arguments"].get("mode") != "now":
            yield Site(task["task_id"], set_argument(task["task_id"], "mode", "now"))


@_mutation("drop the terminators or a test of a box")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        for name in ("terminators", "success", "failure"):
            if role(task) == "verdict" and task["arguments"].get(name):
                yield Site(f"{task['task_id']}: {name}", set_argument(task["task_id"], name, None))


@_mutation(
    "shift every tick by an hour",
    "runs begin at other instants: a tick of the first is none of the second",
)
def _(dag: Dag, ticks: TickSets) -> Iterator[Site]:
    name = dag["timetable"]["ticks"]
    if name and ticks[name]["ticks"]:

        def apply(made: Dag, t: TickSets) -> None:
            was = t[name]
            shifted = [one + 3600 for one in was["ticks"] if one + 3600 < was["until"]]
            made["timetable"]["ticks"] = new_ticks(t, shifted, was["until"])
            made["timetable"]["arguments"] = {"changed": True}

        if {t + 3600 for t in ticks[name]["ticks"][:-1]} - set(ticks[name]["ticks"]):
            yield Site("+1 h", apply)


@_mutation("drop one day of the calendar", "on that day no run begins")
def _(dag: Dag, ticks: TickSets) -> Iterator[Site]:
    name = dag["timetable"]["ticks"]
    days = sorted({one // 86400 for one in ticks[name]["ticks"]}) if name else []
    for day in days[:: max(1, len(days) // 3)]:

        def apply(made: Dag, t: TickSets, day: int = day) -> None:
            kept = [one for one in t[name]["ticks"] if one // 86400 != day]
            made["timetable"]["ticks"] = new_ticks(t, kept, t[name]["until"])
            made["timetable"]["arguments"] = {"changed": True}

        yield Site(f"day {day}", apply)


@_mutation("no schedule", "no run ever begins by itself")
def _(dag: Dag, ticks: TickSets) -> Iterator[Site]:
    name = dag["timetable"]["ticks"]
    if name and ticks[name]["ticks"]:

        def apply(made: Dag, _t: TickSets) -> None:
            made["timetable"].update(
                type="NullTimetable", kind="none", ticks=None, arguments={}, summary="None",
                module="airflow.timetables.simple",
            )  # fmt: skip

        yield Site("schedule=None", apply)


@_mutation("lose a member's ticks", "the member starts without waiting for its time (JIL-112)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) == "gate" and "ticks" in task["arguments"]:
            yield Site(task["task_id"], set_argument(task["task_id"], "ticks", None))


@_mutation("drop a window", "the job starts outside its window (JIL-150)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) == "gate" and "window" in task["arguments"]:
            yield Site(task["task_id"], set_argument(task["task_id"], "window", None))


@_mutation("shift a window", "at 20:00 or 23:30 the job may start on one side only")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) == "gate" and "window" in task["arguments"]:
            yield Site(task["task_id"], set_argument(task["task_id"], "window", "03:10-04:20"))


@_mutation("drop a hold", "the job starts without its operator (JIL-085)")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if role(task) == "hold":
            yield Site(task["task_id"], _without(task["task_id"]))


@_mutation(
    "one run at a time -> 16",
    "a second run starts beside one that takes longer than to the next tick",
)
def _(dag: Dag, ticks: TickSets) -> Iterator[Site]:
    name = dag["timetable"]["ticks"]
    if dag["max_active_runs"] == 1 and name and len(ticks[name]["ticks"]) > 1:
        yield Site("max_active_runs=16", set_dag("max_active_runs", 16))


@_mutation("a time limit of the run", "Airflow fails a run that takes longer")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    yield Site("dagrun_timeout", set_dag("dagrun_timeout", 1234.0))


@_mutation("depends_on_past", "after a failed run the task never starts again")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        if _can_fail(task):
            yield Site(task["task_id"], set_field(task["task_id"], "depends_on_past", True))


@_mutation("change retries", "a failed job is executed more, or less, often")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        if _can_fail(task):
            other = 0 if task["retries"] else 2
            yield Site(f"{task['task_id']}: {other}", set_field(task["task_id"], "retries", other))


@_mutation("mask exit codes", "some exit code between 0 and 255 is judged otherwise")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        for rule in ("any", "max: 9", "fail: 77", None):
            if (task["arguments"].get("exit_rule") or "max: 0") != (rule or "max: 0"):
                yield Site(
                    f"{task['task_id']}: {rule}", set_argument(task["task_id"], "exit_rule", rule)
                )


@_mutation("change a pool", "the job no longer shares the slots of its pool")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        if task["pool"] != "default_pool":
            yield Site(task["task_id"], set_field(task["task_id"], "pool", "default_pool"))
            yield Site(task["task_id"], set_field(task["task_id"], "pool", "another_pool"))


@_mutation("into a pool", "the job waits for slots that the definition does not know")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        if task["pool"] == "default_pool":
            yield Site(task["task_id"], set_field(task["task_id"], "pool", "another_pool"))


@_mutation("change the slots of a pool", "another number of jobs fits into the pool")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        if task["pool"] != "default_pool":
            yield Site(
                task["task_id"], set_field(task["task_id"], "pool_slots", task["pool_slots"] + 3)
            )


@_mutation("drop resources", "the job starts while the units are taken")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        if task["arguments"].get("resources"):
            yield Site(task["task_id"], set_argument(task["task_id"], "resources", None))


@_mutation(
    "change resources", "another number of jobs holds the units at once, or they are kept otherwise"
)
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        text = task["arguments"].get("resources") or ""
        for was, becomes in (
            ("QUANTITY=1", "QUANTITY=3"),
            ("FREE=Y", "FREE=N"),
            ("FREE=A", "FREE=Y"),
        ):
            if was in text:
                other = text.replace(was, becomes, 1)
                yield Site(
                    f"{task['task_id']}: {other}", set_argument(task["task_id"], "resources", other)
                )


@_mutation(
    "drop an alarm", "somebody is not told; failures are told unless `if_fail` says otherwise"
)
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        alarms = task["arguments"].get("alarms") or {}
        for name in alarms:
            if name not in ("if_fail", "if_terminated"):
                left = {key: value for key, value in alarms.items() if key != name}
                yield Site(
                    f"{task['task_id']}: {name}",
                    set_argument(task["task_id"], "alarms", left or None),
                )
        for name in ("if_fail", "if_terminated"):
            if alarms.get(name, True) and alarms:
                silent = {**alarms, name: False}
                yield Site(
                    f"{task['task_id']}: no {name}", set_argument(task["task_id"], "alarms", silent)
                )


@_mutation("change a command by one byte", "another text is executed")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        text = task["arguments"]["command"]
        at = len(text) // 2
        other = text[:at] + ("x" if text[at : at + 1] != "x" else "y") + text[at + 1 :]
        yield Site(task["task_id"], set_argument(task["task_id"], "command", other))


@_mutation("change the machine", "the job runs on another host")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        if isinstance(task["arguments"].get("machine"), str) and not task["arguments"].get(
            "connection"
        ):
            yield Site(task["task_id"], set_argument(task["task_id"], "machine", "elsewhere"))


@_mutation("change the owner", "the job runs as another user")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        yield Site(task["task_id"], set_argument(task["task_id"], "owner_user", "mallory"))


@_mutation("change what a command finds", "another environment, or its output goes elsewhere")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        for name in ("profile", "environment", "std_out_file", "std_err_file", "std_in_file"):
            if task["arguments"].get(name):
                yield Site(f"{task['task_id']}: {name}", set_argument(task["task_id"], name, None))


@_mutation("change term_run_time", "the job is killed at another minute, or never")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _jobs(dag):
        limit = task["arguments"].get("term_run_time")
        if limit:
            yield Site(
                f"{task['task_id']}: none", set_argument(task["task_id"], "term_run_time", None)
            )
        other = (limit or 0) + 7
        yield Site(
            f"{task['task_id']}: {other}", set_argument(task["task_id"], "term_run_time", other)
        )


@_mutation("a time limit of a task", "Airflow kills a job that takes longer")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in _commands(dag):
        limit = task["arguments"].get("term_run_time")  # minutes; a shorter one ends the job first
        if not limit or limit > 10:
            yield Site(task["task_id"], set_field(task["task_id"], "execution_timeout", 600.0))


@_mutation("noexec", "the command is executed on one side only")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if task["type"] == "Command":
            other = None if task["arguments"].get("noexec") else True
            yield Site(task["task_id"], set_argument(task["task_id"], "noexec", other))


@_mutation("change what is watched", "another file, or another size, ends the watch")
def _(dag: Dag, _ticks: TickSets) -> Iterator[Site]:
    for task in dag["tasks"]:
        if task["type"] == "FileWatcher":
            size = (task["arguments"].get("min_size") or 0) + 100
            path = task["arguments"]["path"] + "x"
            yield Site(f"{task['task_id']}: size", set_argument(task["task_id"], "min_size", size))
            yield Site(f"{task['task_id']}: path", set_argument(task["task_id"], "path", path))
