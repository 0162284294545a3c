"""What the ledger's tables hold, as values: one frozen class per kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hoist_airflow.clock import instant
from hoist_airflow.ledger.store import Row

JOB_COLUMNS = (
    "job, dag_id, box, is_box, success, failure, box_terminator, job_terminator, auto_hold, status,"
    " status_at, last_start, last_end, exit_code, try_number, run_id, noexec, iced_run, hold_run,"
    " kill_at, end_facts"
)
EVENT_COLUMNS = "id, at, kind, job, status, exit_code, try_number, run_id, name, value, source"


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


@dataclass(frozen=True, slots=True)
class JobRow:
    """The current state of a job or box; `run_id` is the run that last started or activated it."""

    job: str
    dag_id: str | None
    box: str | None
    is_box: bool
    success: str | None
    failure: str | None
    box_terminator: bool
    job_terminator: bool
    auto_hold: bool
    status: str
    status_at: datetime | None
    last_start: datetime | None
    last_end: datetime | None
    exit_code: int | None
    try_number: int | None
    run_id: str | None
    noexec: bool
    iced_run: str | None
    hold_run: str | None
    kill_at: datetime | None
    end_facts: str | None
    """What its ends change: `facts.text_of`."""

    @classmethod
    def of(cls, row: Row) -> JobRow:
        """From a row of JOB_COLUMNS."""
        return cls(
            job=row[0], dag_id=row[1], box=row[2], is_box=bool(row[3]), success=row[4],
            failure=row[5], box_terminator=bool(row[6]), job_terminator=bool(row[7]),
            auto_hold=bool(row[8]), status=row[9], status_at=_instant(row[10]),
            last_start=_instant(row[11]), last_end=_instant(row[12]), exit_code=row[13],
            try_number=row[14], run_id=row[15], noexec=bool(row[16]), iced_run=row[17],
            hold_run=row[18], kill_at=_instant(row[19]), end_facts=row[20],
        )  # fmt: skip

    @property
    def shown(self) -> str:
        """The status as an operator sees it: ON_NOEXEC is a flag over INACTIVE (JIL-092)."""
        return "ON_NOEXEC" if self.noexec and self.status == "INACTIVE" else self.status


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the log."""

    id: int
    at: datetime
    kind: str
    job: str | None
    status: str | None
    exit_code: int | None
    try_number: int | None
    run_id: str | None
    name: str | None
    value: str | None
    source: str

    @classmethod
    def of(cls, row: Row) -> EventRow:
        """From a row of EVENT_COLUMNS."""
        return cls(row[0], instant(row[1]), *row[2:])


@dataclass(frozen=True, slots=True)
class Member:
    """A job or box as a DAG defines it, for the fold of its box."""

    job: str
    box: str | None = None
    is_box: bool = False
    success: str | None = None
    failure: str | None = None
    box_terminator: bool = False
    job_terminator: bool = False
    auto_hold: bool = False
    noexec: bool = False
    eager: bool = False
    """A box that waits for nothing but the start of the box around it."""
    end_facts: str | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """The jobs and boxes of one DAG; `top` is the box or stand-alone job that it is a run of."""

    dag_id: str
    top: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RunKey:
    """A cycle of a workflow: never Airflow's run id (AF-043). `business_date` is ISO, local."""

    workflow: str
    business_date: str
    sequence: int

    def text(self) -> str:
        return f"{self.workflow}/{self.business_date}/{self.sequence}"


Answer = Literal["started", "joined", "dropped"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What the run-start transaction answers."""

    answer: Answer
    key: RunKey
