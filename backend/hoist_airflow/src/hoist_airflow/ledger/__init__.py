"""The status ledger: what every job's and box's current status is, and the log it comes from."""

from hoist_airflow.ledger.core import Ledger, default_url
from hoist_airflow.ledger.rows import EventRow, JobRow, Member, Opened, RunKey, Topology
from hoist_airflow.ledger.store import LedgerError

__all__ = [
    "EventRow",
    "JobRow",
    "Ledger",
    "LedgerError",
    "Member",
    "Opened",
    "RunKey",
    "Topology",
    "default_url",
]
