"""`hoistctl export-dags`: what Airflow made of a folder of DAG files, as one JSON document.

`hoist verify --serialized` reads it (docs/schemas/serialized.schema.json). Nothing here knows what
the emitter meant: control fields come from the DAG as the scheduler sees it, through Airflow's JSON
and back; what that JSON leaves out (AF-004) comes from the live operator; the instants of a
schedule come from Airflow's own timetable objects (`hoist_airflow.export_ticks`).
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import tempfile
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from hoist_airflow import __version__
from hoist_airflow.run import topology

FORMAT = 1
KNOWN = ((3, 1), (3, 3))
"""The first and the last Airflow whose objects this module knows."""

# Effective values of stock operators, by class name of any ancestor: AF-004, and what decides how
# a task ends. A constructor argument that was given is exported too, whatever its operator.
_STOCK: dict[str, str] = {
    "BashOperator": ("bash_command env append_env cwd skip_on_exit_code output_encoding"),
    "SSHOperator": (
        "command ssh_conn_id remote_host cmd_timeout conn_timeout environment get_pty "
        "skip_on_exit_code"
    ),
    "WinRMOperator": "command ssh_conn_id remote_host timeout",
    "BaseSensorOperator": (
        "poke_interval timeout mode soft_fail never_fail silent_fail exponential_backoff max_wait"
    ),
    "ExternalTaskSensor": (
        "external_dag_id external_task_id external_task_ids external_task_group_id allowed_states "
        "skipped_states failed_states execution_delta execution_date_fn check_existence "
        "deferrable"
    ),
    "FileSensor": "filepath fs_conn_id recursive deferrable",
    "TriggerDagRunOperator": (
        "trigger_dag_id trigger_run_id conf logical_date reset_dag_run wait_for_completion "
        "poke_interval allowed_states failed_states skip_when_already_exists "
        "deferrable"
    ),
    "PythonOperator": "python_callable op_args op_kwargs skip_on_exit_code",
    "ShortCircuitOperator": "ignore_downstream_trigger_rules",
    "KubernetesPodOperator": "image cmds arguments namespace skip_on_exit_code",
}
_CALLBACKS = (
    "on_execute_callback",
    "on_failure_callback",
    "on_success_callback",
    "on_retry_callback",
    "on_skipped_callback",
)
_HOOKS = {"_pre_execute_hook": "pre_execute", "_post_execute_hook": "post_execute"}
# Of the deserialised task; what a later Airflow renames is null.
_CONTROL = (
    "pool",
    "pool_slots",
    "priority_weight",
    "queue",
    "retries",
    "retry_delay",
    "retry_exponential_backoff",
    "max_retry_delay",
    "execution_timeout",
    "depends_on_past",
    "wait_for_downstream",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
    "run_as_user",
    "is_setup",
    "is_teardown",
    "on_failure_fail_dagrun",
)
_WEIGHTS = {
    "_DownstreamPriorityWeightStrategy": "downstream",
    "_UpstreamPriorityWeightStrategy": "upstream",
    "_AbsolutePriorityWeightStrategy": "absolute",
}

_DAY = 86_400
_DAYS_BEFORE, _DAYS_BEHIND = 400, 40

_PREFIX = re.compile(r"^unusual_prefix_[0-9a-f]{40}_")


class ExportError(ValueError):
    """The folder cannot be exported: no Airflow that is known, no such folder."""


@dataclass
class TickSets:
    """The sets of instants of all timetables; equal timetables share one."""

    low: int
    high: int
    _found: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: dict[str, str | None] = field(default_factory=dict)
    _days: dict[str, dict[str, Any]] = field(default_factory=dict)
    _day_ids: dict[str, str] = field(default_factory=dict)

    def of(
        self,
        timetable: Any,
        earliest: datetime | None = None,
        latest: datetime | None = None,
        *,
        catchup: bool = False,
    ) -> str | None:
        """The id of the timetable's set between two dates of its DAG; None: cannot be told."""
        from hoist_airflow import export_ticks

        span = export_ticks.Span.of(self.low, self.high, earliest, latest, catchup=catchup)
        kind = type(timetable)
        told = [kind.__module__, kind.__qualname__, timetable.serialize(), span.key(timetable)]
        key = json.dumps(told, sort_keys=True, default=str)
        if key not in self._ids:
            ticks = export_ticks.enumerate_ticks(timetable, span)
            name = None if ticks is None else f"t{len(self._found)}"
            if name is not None and ticks is not None:
                self._found[name] = {"ticks": ticks.ticks, "until": ticks.until}
            self._ids[key] = name
        return self._ids[key]

    def days_of(self, criteria: Any) -> str:
        """The id of the set of order dates of scheduling criteria (`OrderDays`, `OrderTicks`).

        Around the horizon as far as PREV and NEXT of its days look: a year and more before.
        """
        key = json.dumps([type(criteria).__name__, criteria.to_dict()], sort_keys=True, default=str)
        if key not in self._day_ids:
            first, last = self.low // _DAY - _DAYS_BEFORE, self.high // _DAY + _DAYS_BEHIND
            name = self._day_ids[key] = f"d{len(self._days)}"
            days = criteria.between_days(first, last)
            self._days[name] = {"first": first, "last": last, "days": days}
        return self._day_ids[key]

    def to_dict(self) -> dict[str, Any]:
        """As in the export."""
        return self._found

    def days_to_dict(self) -> dict[str, Any]:
        """As in the export."""
        return self._days


# --- values ---------------------------------------------------------------------------------------


def plain(value: Any, ticks: TickSets | None = None, depth: int = 0) -> Any:  # noqa: PLR0911, PLR0912
    """`value` as JSON can hold it, the same in every process: never an object's address."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return plain(value.value, ticks, depth)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (tzinfo, bytes, range)):
        return str(value)
    if depth > 50:
        return {"class": _class_name(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(item, ticks, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, ticks, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item, ticks, depth + 1) for item in value), key=json.dumps)
    if ticks is not None and hasattr(value, "between_days") and hasattr(value, "to_dict"):
        return {"order_days": ticks.days_of(value)}
    if ticks is not None and hasattr(value, "next_dagrun_info") and hasattr(value, "serialize"):
        return {
            "ticks": ticks.of(value),
            "type": type(value).__name__,
            "arguments": plain(value.serialize(), None, depth + 1),
        }
    if type(value).__name__ in ("ArgNotSet", "SetDuringExecution", "NotSetType"):
        return None
    if inspect.isroutine(value) or inspect.isclass(value):
        return {"name": _class_name(value)}
    for told in ("name", "uri"):  # assets
        if isinstance(getattr(value, told, None), str):
            return {"class": _class_name(type(value)), told: getattr(value, told)}
    return {"class": _class_name(type(value))}


def _class_name(one: Any) -> str:
    return f"{_module(one)}.{getattr(one, '__qualname__', type(one).__name__)}"


def _module(one: Any) -> str | None:
    """The module; of a DAG file without the hash of its path that Airflow puts before its name."""
    name = getattr(one, "__module__", None)
    return None if name is None else _PREFIX.sub("", str(name))


@cache
def _base_arguments() -> frozenset[str]:
    """What every operator takes: said by the task's own fields."""
    from airflow.sdk import BaseOperator

    return frozenset(inspect.signature(BaseOperator.__init__).parameters)


@cache
def _redefined(operator: Hashable) -> frozenset[str]:
    """Arguments of BaseOperator to which a shim gives a meaning of its own (`resources`)."""
    names: set[str] = set()
    for one in cast("type", operator).__mro__:
        if one.__module__.partition(".")[0] == "hoist_airflow" and "__init__" in vars(one):
            names.update(inspect.signature(vars(one)["__init__"]).parameters)
    return frozenset(names - {"retries", "retry_delay", "trigger_rule"})  # told as fields


def _bases(operator: type) -> list[str]:
    names: list[str] = []
    for one in operator.__mro__:
        names.append(one.__name__)
        if one.__name__ == "BaseOperator":
            break
    return names


def _arguments(live: Any, bases: Iterable[str], ticks: TickSets) -> dict[str, Any]:
    """What was given to the constructor, and the effective values of stock operators."""
    if _is_mapped(live):
        found: dict[str, Any] = dict(live.partial_kwargs)
        expand = getattr(live, "expand_input", None)
        found["expand"] = getattr(expand, "value", None)
    else:
        found = dict(getattr(live, "_BaseOperator__init_kwargs", {}))
        for base in bases:
            for name in _STOCK.get(base, "").split():
                if hasattr(live, name):
                    found[name] = getattr(live, name)
    said = _base_arguments() - _redefined(cast(Hashable, type(live)))
    return {
        name: plain(value, ticks)
        for name, value in sorted(found.items())
        if name not in said and not name.startswith("_")
    }


def _is_mapped(task: Any) -> bool:
    return bool(getattr(task, "is_mapped", False))


# --- tasks and groups -----------------------------------------------------------------------------


def _task(live: Any, seen: Any, group: str | None, ticks: TickSets) -> dict[str, Any]:
    """One task: `seen` by the scheduler, `live` in the file."""
    mapped = _is_mapped(live)
    operator = live.operator_class if mapped else type(live)
    bases = _bases(operator) if isinstance(operator, type) else [str(live.task_type)]
    told: dict[str, Any] = {
        "task_id": str(seen.task_id),
        "type": str(seen.task_type),
        "module": _module(operator),
        "bases": bases,
        "trigger_rule": plain(seen.trigger_rule),
        "downstream": sorted(seen.downstream_task_ids),
        "group": group,
    }
    told.update({name: plain(getattr(seen, name, None)) for name in _CONTROL})
    told["weight_rule"] = _weight_rule(seen)
    told["mapped"] = mapped
    of = live.partial_kwargs if mapped else {n: getattr(live, n, None) for n in _CALLBACKS}
    told["callbacks"] = [name for name in _CALLBACKS if of.get(name)] + [
        name for hook, name in _HOOKS.items() if getattr(live, hook, None)
    ]
    told["outlets"] = plain(list(getattr(live, "outlets", None) or ()))
    told["inlets"] = plain(list(getattr(live, "inlets", None) or ()))
    told["is_empty"] = bool(getattr(seen, "inherits_from_empty_operator", False))
    told["is_sensor"] = bool(getattr(seen, "_is_sensor", False)) or "BaseSensorOperator" in bases
    told["is_branch"] = any(name in bases for name in ("BranchMixIn", "BaseBranchOperator"))
    told["can_skip_downstream"] = bool(getattr(seen, "inherits_from_skipmixin", False))
    deferrable = getattr(live, "deferrable", None)
    told["deferrable"] = deferrable if isinstance(deferrable, bool) else None
    fields = live.partial_kwargs if mapped else {}
    told["template_fields"] = {
        str(name): plain(fields.get(name) if mapped else getattr(live, name, None))
        for name in getattr(live, "template_fields", ())
    }
    role = getattr(live, "hoist_role", None)
    told["hoist"] = None
    if role is not None and not mapped:
        told["hoist"] = {"role": role, "job": live.hoist_job, "box": live.hoist_box}
    told["arguments"] = _arguments(live, bases, ticks)
    return told


def _weight_rule(seen: Any) -> str:
    rule = seen.weight_rule
    return (
        str(plain(rule))
        if isinstance(rule, str)
        else _WEIGHTS.get(type(rule).__name__, _class_name(type(rule)))
    )


def _groups(dag: Any, ticks: TickSets) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """All task groups, an outer one before those in it; and the group of each task."""
    found: list[dict[str, Any]] = []
    group_of: dict[str, str] = {}
    eager = {member.job for member in topology(dag).members if member.eager}
    pending: list[tuple[Any, str | None]] = [(dag.task_group, None)]
    while pending:
        group, parent = pending.pop(0)
        own = None if group is dag.task_group else str(group.group_id)
        children = list(group.children.items())
        if own is not None:
            fold = getattr(group, "hoist_fold", None)
            days = getattr(group, "hoist_days", None)
            found.append(
                {
                    "id": own,
                    "parent": parent,
                    "children": [str(name) for name, _child in children],
                    "mapped": type(group).__name__ == "MappedTaskGroup",
                    "order_days": None if days is None else ticks.days_of(days),
                    "hoist": None
                    if fold is None
                    else {
                        "job": group.hoist_job,
                        "success": fold.get("success"),
                        "failure": fold.get("failure"),
                        "terminators": list(fold.get("terminators", ())),
                        "kill": list(fold.get("kill", ())),
                        "eager": group.hoist_job in eager,
                    },
                }
            )
        for name, child in children:
            if hasattr(child, "children"):
                pending.append((child, own))
            elif own is not None:
                group_of[str(name)] = own
    return found, group_of


# --- DAGs -----------------------------------------------------------------------------------------


def _timetable(dag: Any, ticks: TickSets) -> dict[str, Any]:
    from hoist_airflow import export_ticks

    timetable = dag.timetable
    kind = export_ticks.kind_of(timetable)
    name = None
    if kind == "ticks" or (kind == "assets" and hasattr(timetable, "timetable")):
        restriction = getattr(dag, "_time_restriction", None)
        earliest = getattr(restriction, "earliest", dag.start_date)
        latest = getattr(restriction, "latest", dag.end_date)
        clock = timetable if kind == "ticks" else timetable.timetable
        name = ticks.of(clock, earliest, latest, catchup=bool(dag.catchup))
        if name is None and kind == "ticks":
            kind = "unknown"
    return {
        "type": type(timetable).__name__,
        "module": type(timetable).__module__,
        "summary": str(getattr(timetable, "summary", "")),
        "kind": kind,
        "ticks": name,
        "assets": export_ticks.assets_of(timetable) if kind == "assets" else [],
        "order_days": ticks.days_of(timetable.ticks)
        if hasattr(getattr(timetable, "ticks", None), "between_days")
        else None,
        "arguments": plain(timetable.serialize()),
    }


def _dag(live: Any, folder: Path, hashes: dict[Path, str], ticks: TickSets) -> dict[str, Any]:
    document = json.loads(json.dumps(_serialization().to_dict(live)))
    seen = _serialization().from_dict(document)
    for key in ("fileloc", "relative_fileloc", "_processor_dags_folder"):
        document.get("dag", {}).pop(key, None)  # where the folder lies is not what the DAG is
    path = Path(live.fileloc)
    while not path.is_file() and path != path.parent:
        path = path.parent  # a DAG in a zip file
    if path not in hashes:
        hashes[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    groups, group_of = _groups(live, ticks)
    told: dict[str, Any] = {
        "dag_id": str(seen.dag_id),
        "file": _relative(Path(live.fileloc), folder),
        "sha256": hashes[path],
        "serialized_sha256": hashlib.sha256(
            json.dumps(document, sort_keys=True).encode()
        ).hexdigest(),
        "timetable": _timetable(seen, ticks),
    }
    for name in (
        "max_active_runs",
        "max_active_tasks",
        "catchup",
        "dagrun_timeout",
        "is_paused_upon_creation",
        "fail_fast",
        "description",
        "max_consecutive_failed_dag_runs",
        "start_date",
        "end_date",
    ):
        told[name] = plain(getattr(seen, name, None))
    told["tags"] = sorted(str(tag) for tag in seen.tags)
    told["callbacks"] = [
        name for name in ("on_success_callback", "on_failure_callback") if getattr(live, name, None)
    ]
    told["deadline"] = bool(getattr(live, "deadline", None))
    told["groups"] = groups
    told["tasks"] = [
        _task(task, seen.task_dict[task.task_id], group_of.get(task.task_id), ticks)
        for task in sorted(live.tasks, key=lambda one: str(one.task_id))
    ]
    return told


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


@cache
def _serialization() -> Any:
    """The class that makes the scheduler's JSON (AF-001)."""
    from airflow.serialization import serialized_objects

    module: Any = serialized_objects
    return getattr(module, "DagSerialization", None) or module.SerializedDAG


def _dag_bag(folder: Path) -> Any:
    try:
        module = import_module("airflow.dag_processing.dagbag")
    except ImportError:  # before 3.2
        module = import_module("airflow.models.dagbag")
    extra: dict[str, Any] = {}
    if "include_examples" in inspect.signature(module.DagBag.__init__).parameters:
        extra["include_examples"] = False
    return module.DagBag(dag_folder=str(folder), **extra)


def airflow_version() -> str:
    """The version of the Airflow at hand. Raises ExportError for one that is not known."""
    try:
        import airflow
    except ImportError as missing:
        raise ExportError(f"no Airflow to load DAGs with: {missing}") from missing
    text = str(airflow.__version__)
    parts = text.split(".")
    known = len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit()
    if not known or not KNOWN[0] <= (int(parts[0]), int(parts[1])) <= KNOWN[1]:
        low, high = (".".join(map(str, one)) for one in KNOWN)
        raise ExportError(f"Airflow {text}: export-dags knows Airflow {low} to {high}")
    return text


def first_of_month(now: datetime | None = None) -> datetime:
    """The default start of the horizon."""
    now = now or datetime.now(timezone.utc)
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def export_dags(folder: Path, start: datetime, days: int) -> dict[str, Any]:
    """The export of a folder (docs/schemas/serialized.schema.json). Raises ExportError."""
    if not folder.exists():
        raise ExportError(f"{folder}: no such file or folder")
    if days <= 0:
        raise ExportError("--days is above 0")
    version = airflow_version()
    low = int(start.timestamp())
    ticks = TickSets(low, low + days * 86400)
    bag = _dag_bag(folder)
    errors = {
        _relative(folder / str(path), folder): str(text) for path, text in bag.import_errors.items()
    }
    hashes: dict[Path, str] = {}
    dags = []
    for _name, dag in sorted(bag.dags.items()):
        try:
            dags.append(_dag(dag, folder, hashes, ticks))
        except Exception as wrong:
            # Airflow's DAG processor reports a DAG that cannot be serialised the same way.
            file = _relative(Path(dag.fileloc), folder)
            text = f"{dag.dag_id}: {type(wrong).__name__}: {wrong}"
            errors[file] = f"{errors[file]}\n{text}" if file in errors else text
    return {
        "format": FORMAT,
        "exporter": f"hoist-airflow {__version__}",
        "airflow": version,
        "horizon": {"from": ticks.low, "to": ticks.high},
        "import_errors": dict(sorted(errors.items())),
        "tick_sets": ticks.to_dict(),
        "day_sets": ticks.days_to_dict(),
        "dags": dags,
    }


def write(document: dict[str, Any], path: Path) -> None:
    """Write the export as a whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            json.dump(document, out, separators=(",", ":"))
            out.write("\n")
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
