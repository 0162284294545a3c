"""Commands on a remote POSIX host over SSH: the start script on the channel's standard input.

The only remote command lines are constants of our own (and a user name of harmless letters), so
no text of a definition is ever read by the log-in shell. A kill goes to the job's process group
through a second channel of the same connection.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed, missing_extra
from hoist_airflow.executors.posix import READ_SCRIPT, MarkerFilter, kill_command, start_script

_PLAIN_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?\Z")
_FIRST_LINE_SECONDS = 10
# How long a command's last output may take after its exit status, in silence and in all. A child in
# the background may hold the channel open for ever.
_LAST_SILENCE_SECONDS, _LAST_OUTPUT_SECONDS = 1.0, 10.0


class SshExecutor(Executor):
    """One command on the host of the Airflow connection `machine` (types ssh, sftp)."""

    def __init__(self, machine: str, *, hook: Any = None) -> None:
        """`hook` stands in for the provider's `SSHHook`: anything with `get_conn()`."""
        self._machine = machine
        self._hook = hook
        self._client: Any = None
        self._channel: Any = None
        self._filter = MarkerFilter("")
        self._sudo = ""
        self._output = b""
        self._killed = False

    def start(self, launch: Launch) -> str:
        """See `Executor.start`."""
        self._client = self._connect()
        self._sudo = self._switch(launch.user)
        nonce = uuid.uuid4().hex
        self._filter = MarkerFilter(nonce)
        try:
            self._channel = self._client.get_transport().open_session()
            self._channel.set_combine_stderr(True)
            self._channel.exec_command(f"exec {self._sudo}{READ_SCRIPT}")
            self._channel.sendall(start_script(launch, nonce))
            self._channel.shutdown_write()
        except Exception as error:
            raise StartFailed(f"cannot start a command on {self._machine!r}: {error}") from error
        until = time.monotonic() + _FIRST_LINE_SECONDS
        while self._filter.process_group is None and time.monotonic() < until:
            if self._channel.exit_status_ready() and not self._channel.recv_ready():
                break
            self._wait(0.1)
        return f"on {self._machine}, process group {self._filter.process_group}"

    def _connect(self) -> Any:
        if self._hook is None:
            try:
                from airflow.providers.ssh.hooks.ssh import SSHHook
            except ImportError as error:
                raise missing_extra("ssh", self._machine, error) from error
            self._hook = SSHHook(ssh_conn_id=self._machine)
        try:
            return self._hook.get_conn()
        except Exception as error:
            raise StartFailed(f"cannot reach {self._machine!r}: {error}") from error

    def _switch(self, user: str | None) -> str:
        """The sudo prefix for a job whose owner is not the connection's log-in."""
        login = getattr(self._hook, "username", None)
        if not user or user == login:
            return ""
        if not _PLAIN_USER.match(user):
            raise StartFailed(f"{user!r} is not a user name of a POSIX host", again=False)
        return f"sudo -n -H -u {user} -- "

    def poll(self, seconds: float) -> Ended | None:
        """See `Executor.poll`. A signal's death is told by a channel that ends without a status."""
        if not self._channel.exit_status_ready():
            self._wait(seconds)
            if not self._channel.exit_status_ready():
                return None
        self._take_the_rest()
        self._output += self._filter.rest()
        code = int(self._channel.recv_exit_status())
        if code >= 0:
            return Ended(exit_code=code)
        transport = self._client.get_transport()
        if transport is None or not transport.is_active():
            raise StartFailed(
                f"the connection to {self._machine!r} was lost while the command ran: "
                "its outcome is unknown",
                again=False,
            )
        return Ended(signal="a signal")

    def _wait(self, seconds: float) -> None:
        """Wait for output or the end, up to `seconds`."""
        until = time.monotonic() + seconds
        while True:
            if self._channel.recv_ready():
                self._take()
                return
            if self._channel.exit_status_ready() or self._channel.closed:
                return
            left = until - time.monotonic()
            if left <= 0:
                return
            self._channel.status_event.wait(min(left, 0.1))

    def _take_the_rest(self) -> None:
        """The exit status may come before the last output (RFC 4254 knows no order of the two)."""
        end = time.monotonic() + _LAST_OUTPUT_SECONDS
        quiet = time.monotonic() + _LAST_SILENCE_SECONDS
        while time.monotonic() < min(end, quiet):
            if self._channel.recv_ready():
                self._take()
                quiet = time.monotonic() + _LAST_SILENCE_SECONDS
            elif self._channel.eof_received or self._channel.closed:
                break
            else:
                time.sleep(0.01)
        while self._channel.recv_ready():
            self._take()

    def _take(self) -> None:
        self._output += self._filter.feed(self._channel.recv(1 << 16))

    def read(self) -> bytes:
        """See `Executor.read`."""
        output, self._output = self._output, b""
        return output

    def kill(self, *, force: bool) -> None:
        """Signal the remote process group through a second channel; see `Executor.kill`."""
        self._killed = True
        group = self._filter.process_group
        if group is None:
            self._channel.close()
            return
        command = kill_command("KILL" if force else "TERM", group)
        channel = self._client.get_transport().open_session()
        try:
            channel.exec_command(self._sudo + command)
            channel.recv_exit_status()
        finally:
            channel.close()

    def close(self) -> None:
        """See `Executor.close`."""
        if self._channel is not None:
            self._channel.close()
        if self._client is not None:
            self._client.close()
