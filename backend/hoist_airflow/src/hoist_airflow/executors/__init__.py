"""How a job's command reaches its machine: one small interface, four ways to serve it.

`base` has the interface, `choose` picks an executor for a machine. The modules behind extras
(`ssh`, `winrm`, `kubernetes`) are imported only when a job needs one.
"""

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed
from hoist_airflow.executors.choose import executor_for

__all__ = ["Ended", "Executor", "Launch", "StartFailed", "executor_for"]
