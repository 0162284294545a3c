"""The interface between a job operator and the machine its command runs on.

An executor starts one command, streams what it prints, says how it ended and can kill everything it
started. It knows nothing of Airflow tasks, retries or statuses: `term_run_time`, kill requests and
exit rules are the operator's, so that they mean the same on every kind of machine.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class StartFailed(Exception):
    """The command could not be started: machine unreachable, log-in refused, no such user.

    The legacy scheduler's state for it is RESTART, tried again under limits of its own, apart from
    the retries of a job whose command failed (JIL-054).
    """

    def __init__(self, message: str, *, again: bool = True) -> None:
        """`again` is False where a second try cannot help: an extra or a user is missing."""
        super().__init__(message)
        self.again = again


@dataclass(frozen=True)
class Launch:
    """Everything that decides what runs, already expanded; text is sent byte for byte.

    Text that came from bytes that are not UTF-8 holds them as surrogate escapes (PEP 383).
    """

    job: str
    command: str
    stdin: str | None = None
    user: str | None = None
    shell: str | None = None
    profile: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment of JIL-056: set before the profile, which may read it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The definition's own variables: set after the profile, which they override."""
    std_in_file: str | None = None
    std_out_file: str | None = None
    std_err_file: str | None = None

    def __post_init__(self) -> None:
        for name in (*self.variables, *self.environment):
            if not _ENVIRONMENT_NAME.match(name):
                raise StartFailed(
                    f"{name!r} is not a name for an environment variable", again=False
                )


@dataclass(frozen=True)
class Ended:
    """How a command ended: an exit code, or the signal that killed it; never both (JIL-058)."""

    exit_code: int | None = None
    signal: str | None = None

    def __str__(self) -> str:
        if self.signal is not None:
            return f"killed by {self.signal}"
        return f"exit code {self.exit_code}"


class Executor(ABC):
    """One command on one machine. Use as a context manager; leaving it frees the connection."""

    @abstractmethod
    def start(self, launch: Launch) -> str:
        """Start the command and return words for the log that say where it runs.

        Raises `StartFailed`. The command is not known to have run if this raises.
        """

    @abstractmethod
    def poll(self, seconds: float) -> Ended | None:
        """Wait up to `seconds` for output or the end; None while the command runs.

        Raises `StartFailed` with `again=False` if the machine was lost and the outcome with it.
        """

    @abstractmethod
    def read(self) -> bytes:
        """The output since the last call (standard output and error as they came); may be empty."""

    @abstractmethod
    def kill(self, *, force: bool) -> None:
        """Ask the command and everything it started to end; `force` does not ask."""

    @abstractmethod
    def close(self) -> None:
        """Free the connection; the command is left as it is."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def encode(text: str) -> bytes:
    """The bytes that `text` stands for; NUL cannot be passed to any program."""
    if "\0" in text:
        raise StartFailed("a NUL byte cannot be part of a command or its environment", again=False)
    return text.encode("utf-8", "surrogateescape")


def missing_extra(extra: str, machine: str | None, error: ImportError) -> StartFailed:
    """The error that names what to install."""
    return StartFailed(
        f"machine {machine!r} needs {extra}: pip install 'hoist-airflow[{extra}]' ({error})",
        again=False,
    )
