"""Smaller pairs of folders of Control-M and a scenario: the steps of shrink.py for them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from folders import Entity, Estate, Waits

_KEPT = ("TASKTYPE", "CMDLINE", "NODEID", "APPL_TYPE")
_OF_CYCLES = (
    "INTERVAL", "MAXRERUN", "CYCLIC_TYPE", "CYCLIC_INTERVAL_SEQUENCE", "CYCLIC_TIMES_SEQUENCE",
)  # fmt: skip
"""Without one of them a cycle runs at each instant, or is none."""


def smaller(made: Estate, scenario: dict[str, Any]) -> Iterator[tuple[Estate, dict[str, Any]]]:
    """One piece less each time, the large ones first."""
    for one in made.entities:
        kept = [e for e in made.entities if not f"{e.path}/".startswith(f"{one.path}/")]
        if any(e.kind == "JOB" for e in kept):
            yield _with_entities(made, kept), scenario
    for less in _less_happens(scenario):
        yield made, less
    for at, one in enumerate(made.entities):
        for plainer in _plainer(one):
            entities = [*made.entities]
            entities[at] = plainer
            yield _with_entities(made, entities), scenario
    for key, value in (("timezone", "UTC"), ("new_day", "07:00"), ("server", ""), ("total", 0)):
        if getattr(made, key) != value:
            changed = copy.copy(made)
            setattr(changed, key, value)
            yield changed, scenario


def _with_entities(made: Estate, entities: list[Entity]) -> Estate:
    changed = copy.copy(made)
    changed.entities = entities
    return changed


def _less_happens(scenario: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("events", "conditions"):
        entries = scenario[key]
        for at in range(len(entries)):
            yield {**scenario, key: entries[:at] + entries[at + 1 :]}
    plans = scenario["jobs"]
    for name, entries in plans.items():
        yield {**scenario, "jobs": {k: v for k, v in plans.items() if k != name}}
        if len(entries) > 1:
            yield {**scenario, "jobs": {**plans, name: entries[:1]}}


def _plainer(one: Entity) -> Iterator[Entity]:
    def changed(**fields: Any) -> Entity:
        made = copy.copy(one)
        for key, value in fields.items():
            setattr(made, key, value)
        return made

    for key in ("changes", "rules", "shouts"):
        entries = getattr(one, key)
        for at in range(len(entries)):
            yield changed(**{key: entries[:at] + entries[at + 1 :]})
    groups = one.waits.groups
    for at, group in enumerate(groups):
        yield changed(waits=Waits(groups[:at] + groups[at + 1 :], one.waits.either))
        for number in range(len(group) if len(group) > 1 else 0):
            fewer = group[:number] + group[number + 1 :]
            yield changed(waits=Waits([*groups[:at], fewer, *groups[at + 1 :]], one.waits.either))
    if one.units:
        yield changed(units=0)
    if one.tapes:
        yield changed(tapes=0)
    if one.lock:
        yield changed(lock="")
    given = one.attributes
    is_cyclic = "CYCLIC" in given
    if is_cyclic:
        of_cycle = (*_OF_CYCLES, "CYCLIC", "IND_CYCLIC", "CYCLIC_TOLERANCE")
        yield changed(attributes={k: v for k, v in given.items() if k not in of_cycle})
    for key in given:
        if is_cyclic and key in ("CYCLIC", *_OF_CYCLES):
            continue
        if key not in _KEPT and not (key == "DAYS" and given[key] == "ALL"):
            yield changed(attributes={k: v for k, v in given.items() if k != key})
    days = [key for key in ("WEEKDAYS", "DAYSCAL", "CONFCAL", "DAYS_AND_OR") if key in given]
    if days or given.get("DAYS", "ALL") != "ALL":
        rest = {k: v for k, v in given.items() if k not in (*days, "DAYS", "SHIFT")}
        yield changed(attributes={**rest, "DAYS": "ALL"})
