"""What jobs of Control-M do beside commands: they wait for files, and ask databases.

Submitted, repeated and followed up like any other job (`hoist_airflow.order`). `%%NAME` in a path
or a query is resolved when the job starts (CTM-104); nothing of a definition is a template.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator

from hoist_airflow.autoedit import UndefinedVariable
from hoist_airflow.command import choose_machine
from hoist_airflow.detection import WILDCARDS, FileDetected
from hoist_airflow.executors import StartFailed
from hoist_airflow.executors.choose import KINDS
from hoist_airflow.job import JobFailed, JobTerminated, killable
from hoist_airflow.order import Ordered
from hoist_airflow.watcher import files

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run

_LATE = 7  # what the file watcher of Control-M ends with when its time is over


def _resolved(run: Run, text: str) -> str:
    assert run.variables is not None
    try:
        with run.ledger.store.read() as tx:
            return run.variables.resolve(tx, run.ledger.clock.now(), text)
    except UndefinedVariable as error:
        raise JobFailed(f"{run.job}: {error} (CTM-104)") from error


class OrderedFileWatcher(Ordered, BaseOperator):
    """Waits until a file is created, or deleted, without a worker slot (CTM-120 to CTM-124)."""

    template_fields = ()
    ui_color = "#e6ecf5"

    def __init__(
        self,
        *,
        path: str,
        deletes: bool = False,
        min_size: int = 0,
        weighs_patterns: bool = False,
        interval: float = 60,
        size_interval: float = 10,
        size_looks: int = 3,
        time_limit: float = 0,
        machine: str | None = None,
        via: str = "connection",
        connection: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if interval <= 0 or size_interval <= 0:
            raise ValueError("intervals are seconds above 0")
        if size_looks < 1 or min_size < 0 or time_limit < 0:
            raise ValueError("size_looks is above 0, min_size and time_limit are not below it")
        if via not in KINDS:
            raise ValueError(f"via={via!r} is none of {', '.join(KINDS)}")
        self.path = path
        self.deletes = deletes
        self.min_size = min_size
        self.weighs_patterns = weighs_patterns
        self.interval = interval
        self.size_interval = size_interval
        self.size_looks = size_looks
        self.time_limit = time_limit
        self.machine = machine
        self.via = via
        self.connection = connection

    def perform(self, run: Run, context: Context) -> NoReturn:
        """Hand the waiting over to the triggerer."""
        ti: Any = context["ti"]
        path = _resolved(run, self.path)
        is_pattern = any(letter in path for letter in WILDCARDS)
        path = path.replace("[", "[[]")  # no wildcard of Control-M, but one of those who look
        machine = self.connection or choose_machine(
            self.machine, self.hoist_job, run.key.text(), ti.try_number
        )
        run.record("RUNNING")
        self.defer(
            trigger=FileDetected(
                job=self.hoist_job,
                path=path,
                machine=machine,
                via=self.via,
                interval=self.interval,
                size_interval=self.size_interval,
                until=time.time() + self.time_limit * 60 if self.time_limit else None,
                rule={
                    "deletes": self.deletes,
                    "pattern": is_pattern and not self.weighs_patterns,
                    "min_size": self.min_size,
                    "looks": self.size_looks,
                },
                seen=self._there(path, machine) if self.deletes else (),
            ),
            method_name="detected",
        )

    def _there(self, path: str, machine: str | None) -> list[str]:
        """What may be deleted, kept with the trigger: a triggerer that restarts still knows it."""
        try:
            return sorted(file.name for file in files(path, machine, self.via))
        except StartFailed as failed:
            if not failed.again:
                raise JobFailed(f"{self.hoist_job}: {failed}") from failed
            return []

    def detected(self, context: Context, event: dict[str, str]) -> None:
        """The triggerer's answer."""

        def judge(run: Run, context: Context) -> None:
            status, words = event["status"], event["words"]
            if status == "terminated":
                raise JobTerminated(f"{self.hoist_job} ended NOTOK: {words}")
            if status != "found":
                code = _LATE if status == "late" else None
                raise JobFailed(f"{self.hoist_job} ended NOTOK: {words}", code)
            self.log.info("%s", words)

        self.resume(context, judge)


class OrderedQuery(Ordered, BaseOperator):
    """Executes one SQL statement over an Airflow connection (CTM-125)."""

    template_fields = ()
    ui_color = "#ede6f5"

    def __init__(
        self,
        *,
        query: str,
        conn_id: str,
        autocommit: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.conn_id = conn_id
        self.autocommit = autocommit

    def perform(self, run: Run, context: Context) -> None:
        """One statement, one transaction; what the database says against it is NOTOK."""
        from airflow.providers.common.sql.hooks.sql import DbApiHook
        from airflow.sdk import BaseHook

        query = _resolved(run, self.query).rstrip().removesuffix(";")
        run.record("RUNNING")
        try:
            hook = BaseHook.get_connection(self.conn_id).get_hook()
        except Exception as failed:
            raise JobFailed(
                f"{self.hoist_job}: no connection {self.conn_id!r}: {failed}"
            ) from failed
        if not isinstance(hook, DbApiHook):
            raise JobFailed(f"{self.hoist_job}: connection {self.conn_id!r} is no database")
        with killable(self, run):
            hook.run(query, autocommit=self.autocommit)
        self.log.info("%s has executed its query", self.hoist_job)
