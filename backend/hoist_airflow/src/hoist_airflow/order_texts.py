"""The texts of an order: what they are resolved with.

Nothing here imports Airflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hoist_airflow.ledger.variables import OrderVariables

if TYPE_CHECKING:
    from hoist_airflow.submission import Order


def variables_of(job: str, run_id: str, order: Order, given: Mapping[str, str]) -> OrderVariables:
    """What the texts of an order are resolved with; what is outermost has a name without slash."""
    folder = job.partition("/")[0]
    return OrderVariables(job, folder, run_id, order.day, order.ticks, given)
