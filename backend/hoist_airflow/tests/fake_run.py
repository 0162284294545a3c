"""A ledger run that only remembers: a job's life can be tested without a database."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class FakeLedger:
    """Global variables, expanded the way JIL-162 says for the plain case."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables

    def expand_globals(self, text: str) -> str:
        for name, value in self._variables.items():
            text = text.replace("$${" + name + "}", value).replace("$$" + name, value)
        return text


class FakeRun:
    """Records what a job operator says to `hoist_airflow.run` (docs/runtime.md)."""

    def __init__(self, job: str = "J", **variables: str) -> None:
        self.job = job
        self.box = "B"
        self.key = SimpleNamespace(
            business_date="2026-11-24", sequence=3, text=lambda: "B/2026-11-24/3"
        )
        self.ledger = FakeLedger(variables)
        self.events: list[tuple[str, int | None]] = []
        self.alarms: list[str] = []
        self.answers = ["started"]
        self.claimed: list[str | None] = []
        self.reread: list[Any] = []
        self.begun = False
        self.start_event: str | None = None
        self.dag_id, self.run_id = "D", "r"
        self.kill = False

    def has_begun(self) -> bool:
        return self.begun

    def try_start(self, *, resources: str | None = None, reread: Any = None) -> str:
        self.claimed.append(resources)
        self.reread.append(reread)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer in ("started", "noexec"):
            self.record("STARTING")
        return answer

    def start_trigger(self, *, resources: str | None = None) -> Any:
        return SimpleNamespace(resources=resources)

    def record(self, status: str, exit_code: int | None = None) -> None:
        self.events.append((status, exit_code))

    def alarm(self, kind: str, text: str) -> None:
        self.alarms.append(kind)

    def kill_requested(self) -> bool:
        return self.kill

    def take_kill(self) -> bool:
        return False

    @property
    def statuses(self) -> list[str]:
        return [status for status, _ in self.events]
