"""Jobs whose action hoist does not translate: tasks that always fail, and say what is missing.

An unsupported action becomes a task, so that the rest of its workflow is translated and nothing is
dropped in silence; it never succeeds, so that nothing after it runs on work that was not done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from hoist_airflow.job import Job

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hoist_airflow.run import Run


class Unsupported(Job, BaseOperator):
    """Always FAILURE, with `reason`; `definition` is the legacy one, verbatim, for the message."""

    template_fields = ()
    ui_color = "#f4d9d6"

    def __init__(
        self,
        *,
        reason: str,
        definition: Mapping[str, Any] | None = None,
        machine: str | tuple[str, ...] | None = None,
        via: str = "connection",
        connection: str | None = None,
        **kwargs: Any,
    ) -> None:
        """`machine`, `via` and `connection` say where it would run, for whoever maps it."""
        super().__init__(**kwargs)
        self.machine = machine
        self.via = via
        self.connection = connection
        self.reason = reason
        self.definition = dict(definition or {})

    def perform(self, run: Run, context: Context) -> NoReturn:
        """Fail for good: a retry cannot help."""
        run.record("RUNNING")
        lines = [f"  {name}: {value}" for name, value in self.definition.items()]
        what = "\n".join([f"{self.hoist_job} was not translated: {self.reason}", *lines])
        raise AirflowFailException(what)


class Opaque(Unsupported):
    """A job of a type that runs through an adapter hoist has no mapping for: `kind="SAP"`."""

    def __init__(
        self, *, kind: str, definition: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("reason", f"its type {kind!r} needs a mapping in hoist.toml")
        super().__init__(definition=definition, **kwargs)
        self.kind = kind
