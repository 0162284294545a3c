"""The dispatcher: follows the ledger's log and starts the DAG runs that no clock starts.

For each event on a job or variable to which the manifest subscribes a DAG it triggers that DAG,
with a run id made from the event: asking twice is harmless, so a position persisted after the
triggers (at least once) gives exactly one run an event. It also writes the alarms that no task
writes: those of the end of a box, and those of the clock.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from hoist_airflow.alarms import of_outcome
from hoist_airflow.ledger import EventRow, Ledger
from hoist_airflow.ledger import status as st
from hoist_airflow.ledger.control import START_EVENTS

CURSOR = "dispatch"
_BATCH = 500


class DispatchError(RuntimeError):
    """Airflow refused a trigger, or the manifest cannot be used."""


class Starter(Protocol):
    """Triggers a DAG run; False if a run with that id is there already."""

    def __call__(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> bool: ...


@dataclass(frozen=True)
class RestStarter:
    """Triggers through Airflow's REST API, `POST /api/v2/dags/{id}/dagRuns`.

    `token` is asked for every request, so that it may be renewed; it returns a bearer token or "".
    """

    url: str
    token: Callable[[], str]
    timeout: float = 30

    def __call__(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        target = f"{self.url.rstrip('/')}/api/v2/dags/{urllib.parse.quote(dag_id, safe='')}/dagRuns"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token := self.token():
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(target, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout):
                return True
        except urllib.error.HTTPError as refused:
            if refused.code == 409:
                return False  # the run id exists: done before
            text = refused.read(2000).decode("utf-8", "replace")
            raise DispatchError(f"{dag_id}: Airflow says {refused.code}: {text}") from refused
        except OSError as unreachable:
            raise DispatchError(f"{self.url}: {unreachable}") from unreachable


@dataclass(frozen=True)
class Subscriptions:
    """Who listens to what: job -> DAGs, variable -> DAGs; box -> whom its ends are told."""

    jobs: Mapping[str, list[str]]
    variables: Mapping[str, list[str]]
    outcomes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    forced: Mapping[str, list[tuple[str, list[str]]]] = field(default_factory=dict)
    """What rules of Control-M order -> the DAG, and its jobs that are ordered alone (none: all)."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Subscriptions:
        """From the manifest's keys `subscriptions`, `forced` and `alarms`. Raises DispatchError."""
        jobs: dict[str, list[str]] = {}
        variables: dict[str, list[str]] = {}
        given = manifest.get("subscriptions", [])
        if not isinstance(given, list):
            raise DispatchError("manifest: `subscriptions` is not a list")
        for entry in given:
            if not isinstance(entry, dict) or not isinstance(entry.get("dag_id"), str):
                raise DispatchError(f"manifest: not a subscription: {entry!r}")
            for name in entry.get("jobs", []):
                jobs.setdefault(name, []).append(entry["dag_id"])
            for name in entry.get("variables", []):
                variables.setdefault(name, []).append(entry["dag_id"])
        outcomes = {
            entry["job"]: entry["outcomes"]
            for entry in manifest.get("alarms", [])
            if "outcomes" in entry
        }
        forced: dict[str, list[tuple[str, list[str]]]] = {}
        for entry in manifest.get("forced", []):
            forced.setdefault(entry["name"], []).append((entry["dag_id"], entry.get("jobs", [])))
        return cls(jobs, variables, outcomes, forced)

    def dags_for(self, event: EventRow) -> list[str]:
        """The DAGs that an event may start: a change of status (JIL-002) or of a variable."""
        if event.kind == "status" and event.job is not None:
            if event.status in st.WAKES_NOBODY or event.value == st.NO_NEWS:
                return []
            return self.jobs.get(event.job, [])
        if event.kind == "variable" and event.name is not None:
            return self.variables.get(event.name, [])
        return []


def dispatch_once(ledger: Ledger, subscriptions: Subscriptions, start: Starter) -> int:
    """Follow the log to its end from the persisted position; how many runs it started.

    Raises DispatchError when Airflow refuses a trigger: the position then stays before that event.
    """
    position = ledger.cursor(CURSOR) or 0
    started = 0
    while events := ledger.events(position, _BATCH):
        for event in events:
            _tell(ledger, subscriptions, event)
            try:
                for dag_id, conf in _starts(ledger, subscriptions, event):
                    started += start(dag_id, f"hoist__{event.id}", conf)
            except DispatchError:
                ledger.set_cursor(CURSOR, position)
                raise
            position = event.id
        ledger.set_cursor(CURSOR, position)
    return started


def _tell(ledger: Ledger, subscriptions: Subscriptions, event: EventRow) -> None:
    """The end of a box: no task carries its alarms, as one of a job carries the job's."""
    if event.kind != "status" or event.status not in st.ENDED or event.job is None:
        return
    alarms = subscriptions.outcomes.get(event.job)
    if alarms is None:
        return
    for kind, text in of_outcome(alarms, event.status, f"box {event.job} is {event.status}"):
        ledger.alarm(kind, event.job, text, event.run_id, once=f"{kind}/{event.id}")


def _starts(
    ledger: Ledger, subscriptions: Subscriptions, event: EventRow
) -> list[tuple[str, dict[str, Any]]]:
    conf: dict[str, Any] = {"hoist_event": event.id, "hoist_at": event.at.isoformat()}
    if event.kind in START_EVENTS and event.job is not None:
        row = ledger.status(event.job)
        if row is None or row.dag_id is None:
            ledger.alarm(
                "STARTJOBFAIL", event.job, f"{event.kind}: no DAG of this job is in the ledger",
                once=f"start/{event.id}",
            )  # fmt: skip
            return []
        if row.box is not None:
            ledger.alarm(
                "STARTJOBFAIL", event.job,
                f"{event.kind}: {event.job} is a member of {row.box}: clear its task in the run",
                once=f"start/{event.id}",
            )  # fmt: skip
            return []
        return [(row.dag_id, conf | {"hoist_start": event.kind})]
    if event.kind == "forced":
        return _forced(ledger, subscriptions, event, conf)
    if event.kind == "again":  # the next run of a folder (CTM-093)
        return [(str(event.name), conf | json.loads(str(event.value)))]
    return [(dag_id, conf) for dag_id in dict.fromkeys(subscriptions.dags_for(event))]


def _forced(
    ledger: Ledger, subscriptions: Subscriptions, event: EventRow, conf: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """CTM-077: the order that a rule made, as a run of its folder's DAG."""
    found = subscriptions.forced.get(event.name or "", [])
    if not found:
        ledger.alarm(
            "FORCEJOBFAIL", event.job or "", f"{event.name}: no DAG of it is in the manifest",
            once=f"forced/{event.id}",
        )  # fmt: skip
    conf = conf | {"order_date": event.value, "force": True}
    return [(dag_id, conf | ({"only": jobs} if jobs else {})) for dag_id, jobs in found]


def follow(
    ledger: Ledger,
    manifest: Mapping[str, Any],
    start: Starter,
    *,
    interval: float,
    calendars: Any,
    report: Callable[[str], None],
) -> None:
    """Dispatch and sweep for ever, `interval` seconds apart; a refused trigger is tried again."""
    subscriptions = Subscriptions.of(manifest)
    while True:
        try:
            if started := dispatch_once(ledger, subscriptions, start):
                report(f"started {started}")
        except DispatchError as refused:
            report(str(refused))
        sweep_alarms(ledger, manifest, calendars)
        time.sleep(interval)


# --- alarms by the clock --------------------------------------------------------------------------

_LOOK_BACK = timedelta(days=1)


def sweep_alarms(ledger: Ledger, manifest: Mapping[str, Any], calendars: Any = None) -> int:
    """Write the alarms that are due: must_*, max_run, min_run (JIL-152, JIL-153), and `late` of
    orders (CTM-078), of which the manifest says nothing.

    Each once a tick or attempt, whoever sweeps and how often. Ticks older than a day are not looked
    at. `calendars`: what the names in a `schedule` mean. Returns how many were written.
    """
    now = ledger.clock.now()
    written = ledger.tell_late()
    for entry in manifest.get("alarms", []):
        job = entry["job"]
        if not {"max_run", "min_run", "schedule"} & entry.keys():
            continue
        row = ledger.status(job)
        limit = entry.get("max_run")
        running = row is not None and row.status in st.UNDER_WAY and row.last_start is not None
        if limit is not None and row is not None and running:
            assert row.last_start is not None
            if now - row.last_start >= timedelta(minutes=limit):
                text = f"{job} runs for {limit:g} minutes or more"
                written += ledger.alarm_of_attempt("MAXRUNALARM", job, text, row.run_id)
        least = entry.get("min_run")
        if least is not None and row is not None and row.status in st.ENDED:
            ran = row.last_end - row.last_start if row.last_end and row.last_start else None
            if ran is not None and ran < timedelta(minutes=least):
                text = f"{job} ran for less than {least:g} minutes"
                written += ledger.alarm_of_attempt("MINRUNALARM", job, text, row.run_id)
        if "schedule" in entry:
            written += _sweep_ticks(ledger, entry, now, calendars)
    return written


def _sweep_ticks(ledger: Ledger, entry: Mapping[str, Any], now: datetime, calendars: Any) -> int:
    from hoist_airflow.schedule import legacy_calendar

    timetable = legacy_calendar(**{"calendars": calendars, **entry["schedule"]})
    job = entry["job"]
    ticks: list[datetime] = []
    tick = timetable.last_tick(now)
    while tick is not None and now - tick <= _LOOK_BACK:
        ticks.append(tick)
        tick = timetable.last_tick(tick - timedelta(seconds=1))
    ticks.reverse()
    written = 0
    for kind, done in (
        ("must_start", ledger.started_since),
        ("must_complete", ledger.ended_since),
    ):
        for tick in ticks:
            due = _due(entry.get(kind) or [], tick, entry["schedule"])
            if due is None or due > now or done(job, tick):
                continue
            written += ledger.alarm(
                f"{kind.upper()}_ALARM", job,
                f"{job} of {tick.isoformat()} had not done so by {due.isoformat()}",
                once=f"{kind}/{job}/{tick.isoformat()}",
            )  # fmt: skip
    return written


def _due(times: list[str], tick: datetime, schedule: Mapping[str, Any]) -> datetime | None:
    """The instant that belongs to a tick: `+minutes` after it, or a time of the clock (JIL-152).

    The n-th time belongs to the n-th start time. With `start_mins`, or where the counts differ,
    which the compiler has said, there is one relative time, or the next clock time after the tick.
    """
    if not times:
        return None
    minute = _local_minute(tick, str(schedule.get("timezone", "UTC")))
    starts = [_minute(text) for text in str(schedule.get("times") or "").split()]
    if len(starts) == len(times) and minute in starts:
        times = [times[starts.index(minute)]]
    waits = [
        int(text[1:]) if text.startswith("+") else (_minute(text) - minute) % 1440 for text in times
    ]
    return tick + timedelta(minutes=waits[0] if times[0].startswith("+") else min(waits))


def _minute(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    return hours * 60 + minutes


def _local_minute(tick: datetime, timezone: str) -> int:
    from hoist_airflow.schedule.zones import to_instant, zone

    return int(zone(timezone).local(to_instant(tick)) % 86400 // 60)
