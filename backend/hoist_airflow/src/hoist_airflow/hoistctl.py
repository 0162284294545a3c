"""`hoistctl`: the operator's command; each subcommand is a row of a table.

Exit codes: 0 done, 1 the ledger or Airflow refused (or a DAG file does not import), 2 usage.
`wait` ends as the job ended: with its exit code, by a signal where it was TERMINATED.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hoist_airflow import bridge
from hoist_airflow.clock import instant
from hoist_airflow.dispatch import (
    DispatchError,
    RestStarter,
    Subscriptions,
    dispatch_once,
    follow,
    sweep_alarms,
)
from hoist_airflow.ledger import Ledger, LedgerError, default_url, schema
from hoist_airflow.ledger.control import JOB_EVENTS, START_EVENTS, EventError
from hoist_airflow.ledger.facts import NO_DATE
from hoist_airflow.ledger.store import Store

Arguments = argparse.Namespace
_EVENTS = (*JOB_EVENTS, *START_EVENTS, "SET_GLOBAL")


def _status(ledger: Ledger, given: Arguments) -> int:
    rows = ledger.jobs()
    if given.jobs:
        rows = [row for row in rows if row.job in given.jobs]
    table = [("JOB", "STATUS", "SINCE", "LAST START", "LAST END", "EXIT", "RUN")]
    for row in rows:
        code = "" if row.exit_code is None else str(row.exit_code)
        times = (_time(row.status_at), _time(row.last_start), _time(row.last_end))
        table.append((row.job, row.shown, *times, code, row.run_id or ""))
    _print(table)
    missing = sorted(set(given.jobs) - {row.job for row in rows})
    for job in missing:
        print(f"hoistctl: the ledger does not know {job!r}", file=sys.stderr)
    return 1 if missing else 0


def _events(ledger: Ledger, given: Arguments) -> int:
    table = [("ID", "AT", "KIND", "JOB OR NAME", "STATUS OR VALUE", "EXIT", "SOURCE")]
    for event in ledger.events(given.after, given.limit):
        code = "" if event.exit_code is None else str(event.exit_code)
        what = event.status if event.status is not None else event.value
        name = event.job if event.job is not None else event.name
        at = _time(event.at)
        table.append((str(event.id), at, event.kind, name or "", what or "", code, event.source))
    _print(table)
    return 0


def _sendevent(ledger: Ledger, given: Arguments) -> int:
    if given.event == "SET_GLOBAL":
        name, equals, value = (given.set_global or "").partition("=")
        if not equals or not name:
            raise EventError("SET_GLOBAL needs -G NAME=VALUE")
        ledger.set_global(name, value)
        return 0
    if not given.job:
        raise EventError(f"{given.event} needs -J JOB")
    value = {"CHANGE_STATUS": given.status, "RELEASE_RESOURCE": given.resource}.get(given.event)
    if given.event not in START_EVENTS and ledger.status(given.job) is None and not given.new:
        raise EventError(f"the ledger does not know {given.job!r} (--new makes it known)")
    ledger.send(given.event, given.job, value)
    return 0


def _globals(ledger: Ledger, _given: Arguments) -> int:
    _print([("NAME", "VALUE"), *ledger.globals().items()])
    return 0


def _facts(ledger: Ledger, given: Arguments) -> int:
    table = [("NAME", "DATE", "SERVER", "SINCE")]
    for row in ledger.fact_table(given.names):
        table.append((row.name, row.date, row.server, _time(instant(row.at))))
    _print(table)
    return 0


def _fact(ledger: Ledger, given: Arguments) -> int:
    adds = given.action == "add"
    if not ledger.change_fact(adds, given.name, given.date, given.server):
        print(f"{_plain(given.name)} {given.date}: " + ("was there" if adds else "is not there"))
    return 0


def _confirm(ledger: Ledger, given: Arguments) -> int:
    if not given.new and ledger.status(given.job) is None:
        raise EventError(f"the ledger does not know {given.job!r} (--new makes it known)")
    if not ledger.confirm(given.job, given.date):
        print(f"{_plain(given.job)} {given.date}: was confirmed")
    return 0


def _order_date(text: str) -> str:
    """yyyymmdd of yyyy-mm-dd."""
    return datetime.strptime(text, "%Y-%m-%d").strftime("%Y%m%d")


def _fact_date(text: str) -> str:
    """mmdd of a day that exists in some year, or STAT (CTM-011)."""
    if text == NO_DATE:
        return text
    if len(text) != 4 or not text.isdecimal():
        raise ValueError
    return datetime.strptime("2000" + text, "%Y%m%d").strftime("%m%d")


def _alarms(ledger: Ledger, _given: Arguments) -> int:
    _print([("JOB", "ALARM", "TEXT"), *((a or "", b, c) for a, b, c in ledger.alarms())])
    return 0


def _dispatch(ledger: Ledger, given: Arguments) -> int:
    manifest = _manifest(given.manifest)
    beside = Path(given.manifest).with_name("calendars.json")
    calendars = _calendars(beside) if beside.exists() else None
    start = RestStarter(given.airflow_url, _token)
    if given.once:
        subscriptions = Subscriptions.of(manifest)
        alarms = sweep_alarms(ledger, manifest, calendars)  # whatever Airflow says to the rest
        started = dispatch_once(ledger, subscriptions, start)
        print(f"started {started} runs, wrote {alarms} alarms")
        return 0
    follow(
        ledger,
        manifest,
        start,
        interval=given.interval,
        calendars=calendars,
        report=lambda text: print(text, file=sys.stderr, flush=True),
    )
    return 0


def _wait(ledger: Ledger, given: Arguments) -> int:
    with bridge.forwarding_kills(ledger, given.job) as sleep:
        print(f"waiting for {_plain(given.job)}", flush=True)
        end = bridge.wait(
            ledger, given.job, interval=given.interval, timeout=given.timeout, sleep=sleep
        )
    if end is None:
        raise bridge.BridgeError(f"{given.job}: no end within {given.timeout:g} s")
    print(f"{_plain(given.job)} is {end.status} in Airflow", flush=True)
    if end.status == "TERMINATED":
        bridge.die_terminated()
    if end.exit_code is not None:
        return end.exit_code
    return int(given.success if end.status == "SUCCESS" else given.failure)


def _mirror(ledger: Ledger, given: Arguments) -> int:
    bridges, send = _bridges(given.bridges), bridge.Sendevent(given.sendevent)
    return _repeat(given, "sent", lambda: bridge.mirror_once(ledger, bridges, send))


def _feed(ledger: Ledger, given: Arguments) -> int:
    bridges, log = _bridges(given.bridges), Path(given.log)
    return _repeat(given, "brought", lambda: bridge.feed_once(ledger, bridges, log))


def _repeat(given: Arguments, verb: str, once: Callable[[], int]) -> int:
    if given.once:
        print(f"{verb} {once()} events")
        return 0
    bridge.follow(once, given.interval, lambda text: print(text, file=sys.stderr, flush=True))
    return 0


def _bridges(path: str) -> bridge.Bridges:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise bridge.BridgeError(f"bridges {path}: {wrong}") from wrong
    if not isinstance(found, dict):
        raise bridge.BridgeError(f"bridges {path}: not an object")
    return bridge.Bridges.of(found)


def _load(ledger: Ledger, given: Arguments) -> int:
    ledger.load(_manifest(given.manifest))
    return 0


def _export(given: Arguments) -> int:
    """`export-dags`: needs Airflow and no ledger."""
    from hoist_airflow import export

    start = given.start or export.first_of_month()
    target = Path(given.output)
    if not target.parent.is_dir():
        raise export.ExportError(f"{target.parent}: no such folder")
    document = export.export_dags(Path(given.dags_dir), start, given.days)
    export.write(document, target)
    errors = document["import_errors"]
    for file, text in errors.items():
        last = text.strip().splitlines()[-1] if text.strip() else ""
        print(f"hoistctl: {_plain(file)}: {_plain(last)}", file=sys.stderr)
    tasks = sum(len(dag["tasks"]) for dag in document["dags"])
    print(f"{target}: {len(document['dags'])} DAGs, {tasks} tasks, {len(errors)} import errors")
    return 1 if errors else 0


def _instant(text: str) -> datetime:
    """An ISO-8601 instant; without an offset it is UTC."""
    at = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)
    return at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)


def _calendars(path: Path) -> Any:
    from hoist_airflow.schedule import calendars

    return calendars(str(path))


def _token() -> str:
    """A bearer token: HOIST_AIRFLOW_TOKEN, or the file named by HOIST_AIRFLOW_TOKEN_FILE."""
    if name := os.environ.get("HOIST_AIRFLOW_TOKEN_FILE"):
        return Path(name).read_text(encoding="utf-8").strip()
    return os.environ.get("HOIST_AIRFLOW_TOKEN", "")


def _manifest(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise DispatchError(f"manifest {path}: {wrong}") from wrong
    if not isinstance(found, dict):
        raise DispatchError(f"manifest {path}: not an object")
    return found


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def _print(table: Sequence[tuple[str, ...]]) -> None:
    # A name may hold anything: a control character must not move the operator's cursor.
    shown = [[_plain(cell) for cell in row] for row in table]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]))]
    for row in shown:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _argument(*flags: str, **given: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return flags, given


_MANIFEST = _argument("--manifest", required=True, help="hoist.manifest.json")
_BRIDGES = _argument("--bridges", required=True, metavar="FILE", help="bridges.json of the wave")
_ONCE = _argument("--once", action="store_true", help="to the end of the log, then stop")
_INTERVAL = _argument("--interval", type=float, default=5.0, help="seconds between looks")
# Subcommand -> what it does, its help, its arguments.
_COMMANDS: dict[str, tuple[Callable[[Ledger, Arguments], int], str, list[Any]]] = {
    "status": (
        _status,
        "the current status of jobs and boxes",
        [_argument("jobs", nargs="*", metavar="JOB")],
    ),
    "events": (
        _events,
        "the log",
        [
            _argument("--after", type=int, default=0, help="only events after this id"),
            _argument("--limit", type=int, default=1000),
        ],
    ),
    "sendevent": (
        _sendevent,
        "send an operator's event (JIL-080)",
        [
            _argument("-E", dest="event", required=True, choices=_EVENTS),
            _argument("-J", dest="job", help="legacy name"),
            _argument("-s", dest="status", help="for CHANGE_STATUS"),
            _argument("-G", dest="set_global", metavar="NAME=VALUE", help="for SET_GLOBAL"),
            _argument("-R", dest="resource", help="for RELEASE_RESOURCE; default all"),
            _argument("--new", action="store_true", help="a job the ledger has not heard of"),
        ],
    ),
    "globals": (_globals, "the global variables", []),
    "facts": (
        _facts,
        "the dated facts of Control-M (conditions, events)",
        [_argument("names", nargs="*", metavar="NAME")],
    ),
    "fact": (
        _fact,
        "add or delete a dated fact, as an operator of Control-M does",
        [
            _argument("action", choices=("add", "delete")),
            _argument("name", metavar="NAME"),
            _argument("date", metavar="DATE", type=_fact_date, help="mmdd, or STAT"),
            _argument("--server", default="", help="whose table (DATACENTER of the folder)"),
        ],
    ),
    "confirm": (
        _confirm,
        "confirm a job's order of one date, which waits for it (CONFIRM of Control-M)",
        [
            _argument("job", metavar="JOB", help="legacy name"),
            _argument("date", metavar="ORDERDATE", type=_order_date, help="yyyy-mm-dd"),
            _argument("--new", action="store_true", help="a job the ledger has not heard of"),
        ],
    ),
    "alarms": (_alarms, "the alarms", []),
    "dispatch": (
        _dispatch,
        "follow the log, start the runs that no clock starts, sweep alarms",
        [
            _MANIFEST,
            _ONCE,
            _INTERVAL,
            _argument(
                "--airflow-url",
                default=os.environ.get("HOIST_AIRFLOW_URL", "http://localhost:8080"),
                help="of the API server; bearer token in HOIST_AIRFLOW_TOKEN[_FILE]",
            ),
        ],
    ),
    "wait": (
        _wait,
        "the command of a stand-in in AutoSys: end as the moved job ends, with its exit code",
        [
            _argument("-J", dest="job", required=True, help="legacy name"),
            _argument("--success", type=int, default=0, help="code of a SUCCESS without one"),
            _argument("--failure", type=int, default=1, help="code of a FAILURE without one"),
            _argument("--timeout", type=float, help="seconds; then it fails (default: none)"),
            _INTERVAL,
        ],
    ),
    "mirror": (
        _mirror,
        "follow the log and tell AutoSys, by sendevent, what moved jobs do",
        [
            _BRIDGES,
            _ONCE,
            _INTERVAL,
            _argument("--sendevent", default="sendevent", help="AutoSys's command"),
        ],
    ),
    "feed": (
        _feed,
        "follow AutoSys's event log and tell the ledger what jobs do that have not moved",
        [
            _BRIDGES,
            _argument("--log", required=True, metavar="FILE", help="event_demon.$AUTOSERV"),
            _ONCE,
            _INTERVAL,
        ],
    ),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hoistctl", description="The operator's hand on the ledger."
    )
    parser.add_argument("--ledger", help="URL (default: HOIST_LEDGER, Airflow's [hoist] ledger)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_run, text, arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for flags, given in arguments:
            command.add_argument(*flags, **given)
    ledger = commands.add_parser("ledger", help="the ledger's schema and what the estate defines")
    actions = ledger.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("init", "make the schema in an empty database"),
        ("upgrade", "bring the schema to this package's version"),
        ("version", "of the schema in the database, and of this package"),
    ):
        actions.add_parser(name, help=text)
    load = actions.add_parser("load", help="seed globals and resources")
    load.add_argument(*_MANIFEST[0], **_MANIFEST[1])
    dump = commands.add_parser(
        "export-dags",
        help="what Airflow made of a folder of DAG files, for hoist verify",
        description="Load a folder with this environment's Airflow and write what it loaded.",
    )
    dump.add_argument("dags_dir", metavar="DAGS_DIR")
    dump.add_argument("-o", dest="output", required=True, metavar="FILE")
    dump.add_argument(
        "--from",
        dest="start",
        type=_instant,
        metavar="ISO",
        help="where ticks are listed from; default: the first of this month, UTC",
    )
    dump.add_argument("--days", type=int, default=400, help="how many days of ticks")
    return parser


def _schema(url: str, action: str) -> int:
    """`ledger init|upgrade|version`: on a database whose schema may be of any version."""
    store = Store(url)
    if action == "version":
        with store.read() as tx:
            had = schema.version(tx)
        print(f"{store.dialect.describe}: schema {had or 'none'}, this package {schema.VERSION}")
        return 0
    with store.write() as tx:
        had = schema.version(tx)
        if action == "init" and had is not None:
            raise LedgerError(f"the database has a ledger already, schema {had}")
        schema.upgrade(tx)
    print(f"{store.dialect.describe}: schema {schema.VERSION}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911  (one a way to end)
    """The command's entry; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "export-dags":
            return _export(given)
        url = given.ledger or default_url()
        if given.command != "ledger":
            return _COMMANDS[given.command][0](Ledger.open(url), given)
        if given.action == "load":
            return _load(Ledger.open(url), given)
        return _schema(url, given.action)
    except BrokenPipeError:
        return 0
    except (
        LedgerError,
        EventError,
        DispatchError,
        bridge.BridgeError,
        OSError,
        ValueError,
    ) as refused:
        print(f"hoistctl: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
