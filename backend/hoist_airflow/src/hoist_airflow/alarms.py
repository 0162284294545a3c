"""Who is told how a job or a box ended: rows of the ledger, never flow (JIL-153, TR-50)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KEYS = frozenset(
    {
        "max_run",
        "min_run",
        "if_fail",
        "if_terminated",
        "must_start",
        "must_complete",
        "notify",
        "notify_on",
        "message",
    }
)
"""What an `alarms` argument may hold (docs/runtime.md, "Job identity")."""


def check(alarms: Mapping[str, Any] | None) -> None:
    """Raises ValueError for a key that there is not."""
    unknown = sorted(set(alarms or ()) - KEYS)
    if unknown:
        raise ValueError(f"unknown alarms {unknown}: known are {sorted(KEYS)}")


def of_outcome(alarms: Mapping[str, Any], status: str, reason: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each alarm that an end in `status` raises."""
    said = alarms.get("message")
    if status == "FAILURE" and alarms.get("if_fail", True):
        yield "JOBFAILURE", f"{said}: {reason}" if said else reason
    if status == "TERMINATED" and alarms.get("if_terminated", True):
        yield "JOBTERMINATED", f"{said}: {reason}" if said else reason
    addresses = alarms.get("notify")
    if addresses is None or (status == "SUCCESS" and alarms.get("notify_on") != "completion"):
        return
    # Without an address the legacy system asks its own configuration, which no definition holds.
    whom = ", ".join(addresses) or "no address is defined"
    yield "NOTIFICATION", f"{whom}: {said}: {status}" if said else f"{whom}: {status}"
