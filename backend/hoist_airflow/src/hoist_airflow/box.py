"""`Box`: a task group that is a legacy box, with a status of its own in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import TaskGroup

from hoist_airflow import conditions


def fold_of(
    success: str | None, failure: str | None, terminators: Sequence[str], kill: Sequence[str]
) -> dict[str, Any]:
    """What a box or a verdict says of its box's completion, checked; unsaid keys are absent.

    Raises ConditionSyntaxError.
    """
    for text in (success, failure):
        if text is not None:
            conditions.parse(text)
    given = {
        "success": success,
        "failure": failure,
        "terminators": tuple(terminators) or None,
        "kill": tuple(kill) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


class Box(TaskGroup):
    """A box inside a DAG (docs/runtime.md, "Box"); `job`: legacy name, default the group id."""

    def __init__(
        self,
        group_id: str,
        *,
        success: str | None = None,
        failure: str | None = None,
        job: str | None = None,
        terminators: Sequence[str] = (),
        kill: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("prefix_group_id", False)
        # Known before the base class adds the group to its parent.
        self.hoist_job = job if job is not None else group_id
        self.hoist_fold = fold_of(success, failure, terminators, kill)
        super().__init__(group_id, **kwargs)
