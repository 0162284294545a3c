"""Shared by the shims' unit tests: how to run one command to its end on any executor."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hoist_airflow.executors.base import Ended, Executor, Launch

Run = Callable[..., tuple[Ended, bytes]]


def run_to_end(executor: Executor, launch: Launch) -> tuple[Ended, bytes]:
    """Start, collect all output, and return how it ended."""
    with executor:
        executor.start(launch)
        output = executor.read()
        while True:
            ended = executor.poll(0.2)
            output += executor.read()
            if ended is not None:
                return ended, output


@pytest.fixture
def to_end() -> Run:
    """`to_end(executor, launch)` -> (how it ended, its output)."""
    return run_to_end
