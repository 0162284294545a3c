"""The one question a job asks before any effect: does it execute here, in this state of migration?

Every job operator calls `decide`, so the same DAG serves every routing state of its workflow. A
migration has one state so far: Airflow executes what it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hoist_airflow.run import Run

Decision = Literal["execute"]


def decide(run: Run, job: str) -> Decision:
    """What `job` does in `run`: "execute" = have the effects of its definition."""
    del run, job  # the workflow's routing state will be looked up by these
    return "execute"
