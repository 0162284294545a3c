"""Runs the demo's nights: real Airflow operators, triggers and gates on the DAGs that hoist wrote.

Run by scripts/demo, which sets the environment. Each run is Airflow's own `dag.test()`, so no server has to be
started; the market data producer runs in a second process with a metadata database of its own, and meets the
consumer only in the status ledger, as two Airflow deployments would.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

PRODUCER, CONSUMER, LATCH = "MKT_NY_CLOSE", "NY_EOD", "MKT_NY_PUBLISH"
FAILING = "NY_SETTLE_NET"
_WAIT_SECONDS = 120


@contextlib.contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Send everything that Airflow prints to a file."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("ab") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            os.close(kept[0])
            os.close(kept[1])


class Night:
    """Airflow with the demo's DAGs, its ledger, and the runs so far."""

    def __init__(self, demo: Path) -> None:
        self.demo = demo
        self.night = demo / "night"
        self.at = datetime.now(timezone.utc).replace(microsecond=0)
        self.rows: list[tuple[str, str, str, str, str]] = []
        with quiet(demo / "airflow.log"):
            from airflow.dag_processing.bundles.manager import DagBundlesManager
            from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
            from airflow.utils.db import initdb

            initdb()
            bag = BundleDagBag(
                dag_folder=str(demo / "dags"),
                bundle_path=demo / "dags",
                bundle_name="dags-folder",
            )
            DagBundlesManager().sync_bundles_to_db()
            sync_bag_to_db(bag, "dags-folder", None)
        self.bag = bag
        if bag.import_errors:
            sys.exit(f"demo: Airflow cannot import {dict(bag.import_errors)}")
        from hoist_airflow.ledger import Ledger

        self.manifest = json.loads((demo / "dags" / "hoist.manifest.json").read_text())
        self.ledger = Ledger.open()
        self.ledger.load(self.manifest)

    def run(self, dag_id: str, why: str, conf: dict[str, Any] | None = None) -> str:
        """One run; -> its state in Airflow. Adds a row to the final table."""
        self.at += timedelta(seconds=1)
        last = self.ledger.last_event()
        with quiet(self.demo / "airflow.log"):
            run = self.bag.dags[dag_id].test(logical_date=self.at, run_conf=conf)
        seen = [e for e in self.ledger.events(last, 100_000) if e.job and e.status]
        started = [e.job for e in seen if e.status == "RUNNING"]
        failed = sorted({e.job for e in seen if e.status in ("FAILURE", "TERMINATED")})
        row = self.ledger.status(dag_id)
        verdict = row.shown if row else "-"
        detail = f"{len(started)} started" + (f"; failed: {', '.join(failed)}" if failed else "")
        self.rows.append((dag_id, str(run.state.value), verdict, detail, why))
        return str(run.state.value)

    def dispatch(self) -> None:
        """What `hoistctl dispatch` does: start the runs that events start."""
        from hoist_airflow.dispatch import Subscriptions, dispatch_once

        def start(dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
            event = conf["hoist_event"]
            found = next(e for e in self.ledger.events(event - 1, 1))
            what = f"{found.job or found.name} became {found.status or found.value}"
            self.run(dag_id, f"no clock: event {event}, {what}", conf)
            return True

        dispatch_once(self.ledger, Subscriptions.of(self.manifest), start)

    def status(self, job: str) -> str:
        row = self.ledger.status(job)
        return row.shown if row else "never run"


def produce(demo: Path) -> None:
    """The second process: once the consumer's gate waits, deliver the files and run the producer."""
    night = Night(demo)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not night.ledger.open_runs(CONSUMER):
        if time.monotonic() > deadline:
            sys.exit(f"demo: {CONSUMER} has not started")
        time.sleep(0.2)
    time.sleep(3)  # long enough to see that the gate holds
    if night.status("NY_EXTRACT_TRADES") not in ("never run", "INACTIVE", "ACTIVATED"):
        sys.exit(f"demo: the gate of {CONSUMER} did not hold")
    print(f"   {CONSUMER}.when holds: {LATCH} is {night.status(LATCH)}; the vendors deliver now")
    sys.stdout.flush()
    for name in ("equity", "rates", "fx", "options"):
        (night.night / "in" / f"ny_{name}.csv").write_text("id,price\nA,100.00\nB,250.00\n")
    night.run(PRODUCER, "its tick, 16:45 New York")
    (demo / "producer.json").write_text(json.dumps(night.rows))


def main(demo: Path) -> None:
    """Both nights and the table."""
    began = time.monotonic()
    print("== load the DAGs into Airflow")
    night = Night(demo)
    print(f"   {len(night.bag.dags)} DAGs, no import error")

    print(f"== a good night: {CONSUMER} starts first and must wait for {LATCH}")
    home = demo / "airflow-producer"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    environment = dict(
        os.environ,
        AIRFLOW_HOME=str(home),
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home / 'airflow.db'}",
        AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(home / "logs"),
    )
    sys.stdout.flush()
    producer = subprocess.Popen([sys.executable, __file__, str(demo), "produce"], env=environment)
    try:
        state = night.run(CONSUMER, f"its tick, 18:30; its gate waited for {LATCH}")
        if producer.wait(_WAIT_SECONDS):
            sys.exit("demo: the producer's process failed; see build/demo/airflow.log")
    finally:
        if producer.poll() is None:
            producer.kill()
            producer.wait()
    produced = json.loads((demo / "producer.json").read_text())
    print(f"   {CONSUMER}: {state}, {night.status(CONSUMER)}")
    night.dispatch()
    good = len(night.rows)

    print(f"== a failing night: {FAILING} fails")
    (night.night / "fail" / FAILING).touch()
    state = night.run(CONSUMER, f"its tick; {LATCH} is still a success of the last 12 hours")
    print(f"   {CONSUMER}: {state}, {night.status(CONSUMER)}")
    handler, page = night.status("NY_SETTLE_REPAIR_CHECK"), night.status("NY_EOD_PAGE")
    print(f"   handlers: NY_SETTLE_REPAIR_CHECK {handler}, NY_EOD_PAGE {page}")
    night.dispatch()

    good_rows = [tuple(row) for row in produced] + night.rows[:good]
    table = [("", "WORKFLOW", "DAG RUN", "LEGACY STATUS", "JOBS", "WHY IT RAN")]
    table += [("good", *row) for row in good_rows]
    table += [("failing", *row) for row in night.rows[good:]]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    print()
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())
    wrong = [
        what
        for what, holds in {
            "the good night is green": night.rows[0][1:3] == ("success", "SUCCESS"),
            "the failing night is red": night.rows[good][1:3] == ("failed", "FAILURE"),
            "the handlers ran": (handler, page) == ("SUCCESS", "SUCCESS"),
            "success starts the sweep": any(row[0] == "NY_SWEEP" for row in night.rows[:good]),
            "failure opens a ticket": night.status("NY_EOD_FAILED_TICKET") == "SUCCESS",
        }.items()
        if not holds
    ]
    control = f"HOIST_LEDGER={os.environ['HOIST_LEDGER']} {Path(sys.executable).parent}/hoistctl"
    print(f"""
where to look
  DAGs       {demo}/dags/NY_EOD.py, beside corpus/bank_night/20_ny_eod.jil
  manifest   {demo}/dags/hoist.manifest.json: each construct, its target and fidelity
  findings   {demo}/findings.txt
  ledger     {control} status NY_EOD NY_SETTLE_NET NY_SETTLE_REPAIR
             {control} events
  the night  {demo}/night/night.log, job output in {demo}/night/logs
  Airflow    {demo}/airflow.log
it took {time.monotonic() - began:.0f} s""")
    if wrong:
        sys.exit("demo: NOT as promised: " + "; ".join(wrong))


if __name__ == "__main__":
    if sys.argv[2:] == ["produce"]:
        produce(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]))
