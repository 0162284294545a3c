"""Which executor reaches a machine: by the type of the Airflow connection that has its name.

Where a machine is and how to log in to it is the site's knowledge, kept where Airflow keeps such
knowledge. A machine without a connection is an error, never silently the worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hoist_airflow.executors.base import Executor, StartFailed
from hoist_airflow.executors.local import local_executor

if TYPE_CHECKING:
    from airflow.sdk import Connection

KINDS = ("connection", "local", "ssh", "winrm", "kubernetes")
# Airflow connection type -> the executor for it.
_BY_TYPE = {
    "local": "local",
    "fs": "local",
    "ssh": "ssh",
    "sftp": "ssh",
    "winrm": "winrm",
    "kubernetes": "kubernetes",
}


def kind_of(machine: str | None, via: str) -> str:
    """One of `local`, `ssh`, `winrm`, `kubernetes`; raises `StartFailed` if it cannot be known."""
    if via not in KINDS:
        raise StartFailed(f"via={via!r} is none of {', '.join(KINDS)}", again=False)
    if via != "connection":
        return via
    if machine is None:
        return "local"
    conn_type = str(connection(machine).conn_type or "")
    kind = _BY_TYPE.get(conn_type)
    if kind is None:
        raise StartFailed(
            f"the Airflow connection {machine!r} is of type {conn_type!r}; a machine needs one of "
            f"{', '.join(sorted(_BY_TYPE))}",
            again=False,
        )
    return kind


def executor_for(machine: str | None, via: str = "connection") -> Executor:
    """A fresh executor for one command on `machine`; None is the worker itself.

    Raises `StartFailed`, with `again=False` for what waiting cannot mend: no such connection, a
    connection of another type, an extra that is not installed.
    """
    kind = kind_of(machine, via)
    if kind == "local":
        from hoist_airflow.settings import settings

        return local_executor(switch_user=settings().switch_user)
    if machine is None:
        raise StartFailed(f"via={via!r} needs a machine", again=False)
    if kind == "ssh":
        from hoist_airflow.executors.ssh import SshExecutor

        return SshExecutor(machine)
    if kind == "winrm":
        from hoist_airflow.executors.winrm import WinrmExecutor

        return WinrmExecutor(machine)
    from hoist_airflow.executors.kubernetes import KubernetesExecutor

    return KubernetesExecutor(machine)


def connection(machine: str) -> Connection:
    """The Airflow connection that is named like the machine."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException

    try:
        return BaseHook.get_connection(machine)
    except (AirflowException, RuntimeError) as error:
        raise StartFailed(
            f"no Airflow connection is named like the machine {machine!r}: create one of type "
            f"ssh, winrm, kubernetes or local ({error})",
            again=False,
        ) from error
