"""Airflow's listener: closes a run in the ledger when its DAG run ends.

Where a Verdict is the leaf it finds nothing to do. Elsewhere, and after a lost worker (AF-064),
this is what ends the box, so that the next tick is not dropped. A listener never breaks its host:
what goes wrong is logged.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl

from hoist_airflow.ledger import default_url
from hoist_airflow.run import shared_ledger

log = logging.getLogger(__name__)


def _close(dag_run: Any, *, failed: bool) -> None:
    try:
        url = default_url()
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
            return  # no shim has written yet: this is not a run of an emitted DAG
        ledger = shared_ledger()
        if ledger.find_run(dag_run.dag_id, dag_run.run_id) is not None:
            ledger.close_run(dag_run.dag_id, dag_run.run_id, failed=failed)
    except Exception:
        log.exception("hoist: cannot close run %s of %s", dag_run.run_id, dag_run.dag_id)


class RunListener:
    """Hooks on the end of a DAG run."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        _close(dag_run, failed=False)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        _close(dag_run, failed=True)
