"""Commands on the worker itself: a process group of its own, killed as a whole.

On POSIX the start script of `posix` runs in the job's shell; on Windows see `windows`. The job's
environment is a clean log-in environment, not the worker's: Airflow's secrets are not the job's
business, and legacy jobs never saw them (JIL-056).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed
from hoist_airflow.executors.posix import BOURNE, KILL, MarkerFilter, start_script

_KEPT = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_NUMERIC", "LC_TIME", "TZ")
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NO_LOGIN = frozenset({"", "nologin", "false"})


class LocalExecutor(Executor):
    """Runs a job's command on this POSIX host, as the worker's user or as another."""

    def __init__(self, *, switch_user: bool = True) -> None:
        """`switch_user` False runs every job as the worker's user (demonstrations)."""
        self._switch_user = switch_user
        self._process: subprocess.Popen[bytes] | None = None
        self._nonce = uuid.uuid4().hex
        self._filter = MarkerFilter(self._nonce)
        self._sudo: list[str] = []
        self._output = b""

    def start(self, launch: Launch) -> str:
        """Start the script in a session of its own; see `Executor.start`."""
        import pwd

        me = pwd.getpwuid(os.geteuid())
        user = me
        if launch.user and self._switch_user:
            try:
                user = pwd.getpwnam(launch.user)
            except KeyError:
                raise StartFailed(
                    f"user {launch.user!r} does not exist on this worker", again=False
                ) from None
        shell = launch.shell or login_shell(user.pw_shell)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            "HOME": user.pw_dir,
            "LOGNAME": user.pw_name,
            "USER": user.pw_name,
            "SHELL": shell,
            "PATH": _PATH,
        }
        # The script needs a Bourne shell, and a profile the job's own one.
        reader = shell if Path(shell).name in BOURNE else "/bin/sh"
        arguments = [reader, "-s"]
        identity: dict[str, int | list[int]] = {}
        if user.pw_uid != me.pw_uid and me.pw_uid == 0:
            identity = {
                "user": user.pw_uid,
                "group": user.pw_gid,
                "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid),
            }
        elif user.pw_uid != me.pw_uid:
            self._sudo = ["sudo", "-n", "-H", "-u", user.pw_name, "--"]
            arguments = [*self._sudo, reader, "-s"]
        with tempfile.TemporaryFile() as script:
            script.write(start_script(launch, self._nonce, shell=shell))
            script.seek(0)
            try:
                self._process = subprocess.Popen(
                    arguments,
                    stdin=script,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd="/",
                    start_new_session=True,
                    **identity,  # type: ignore[call-overload]
                )
            except OSError as error:
                raise StartFailed(
                    f"cannot run {arguments[0]!r} as {user.pw_name!r}: {error}", again=False
                ) from error
        os.set_blocking(self._pipe, False)
        return f"on this worker as {user.pw_name}, process {self._process.pid}"

    @property
    def _pipe(self) -> int:
        assert self._process is not None and self._process.stdout is not None
        return self._process.stdout.fileno()

    def poll(self, seconds: float) -> Ended | None:
        """See `Executor.poll`; a daemon that holds the pipe open does not keep the job alive."""
        assert self._process is not None
        if self._process.poll() is None:
            select.select([self._pipe], [], [], seconds)
            if not self._drain():
                # The pipe was closed by the job itself; only the end is left to wait for.
                try:
                    self._process.wait(seconds)
                except subprocess.TimeoutExpired:
                    return None
        code = self._process.poll()
        if code is None:
            return None
        self._drain()
        self._output += self._filter.rest()
        if code < 0:
            return Ended(signal=signal_name(-code))
        return Ended(exit_code=code)

    def _drain(self) -> bool:
        """Take what the pipe holds; False once it is closed."""
        while True:
            try:
                chunk = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._output += self._filter.feed(chunk)
            if len(self._output) >= 1 << 20:
                return True  # let the caller write it out: output has no limit, memory has

    def read(self) -> bytes:
        """See `Executor.read`."""
        output, self._output = self._output, b""
        return output

    def kill(self, *, force: bool) -> None:
        """Signal the whole process group; through sudo where the job runs as another user."""
        assert self._process is not None
        number = signal.SIGKILL if force else signal.SIGTERM
        group = self._process.pid
        if self._sudo:
            group = self._filter.process_group or group
            name = number.name.removeprefix("SIG")
            subprocess.run(
                [*self._sudo, "/bin/sh", "-c", KILL, "kill", name, str(group)], check=False
            )
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            return

    def close(self) -> None:
        """See `Executor.close`."""
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()


def login_shell(shell: str) -> str:
    """The shell of a password entry; accounts that may not log in run jobs in `/bin/sh`."""
    return "/bin/sh" if Path(shell).name in _NO_LOGIN or not Path(shell).exists() else shell


def signal_name(number: int) -> str:
    """`SIGKILL` of 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def local_executor(*, switch_user: bool = True) -> Executor:
    """The executor for this worker's operating system."""
    if sys.platform == "win32":
        from hoist_airflow.executors.windows import WindowsExecutor

        return WindowsExecutor()
    return LocalExecutor(switch_user=switch_user)
