"""Commands on a Windows host over WinRM: one WS-Man shell per job, its environment set as data.

`cmd.exe` or PowerShell is started directly (no second `cmd` around it). Where a std file is given,
`cmd` opens it and takes the command from a variable by delayed expansion, which `cmd` does after
it has read its own line: no text of the definition is ever parsed by the wrong layer. A job runs as
the user of the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed, missing_extra
from hoist_airflow.executors.posix import split_mode
from hoist_airflow.executors.windows import (
    ended_on_windows,
    expand_percent,
    is_powershell,
    parse_set,
    profile_command,
    program,
)

_UTF8 = 65001
_OPERATION_SECONDS = 5  # how long one Receive may wait, and so how fast a kill request is seen


class WinrmExecutor(Executor):
    """One command on the host of the Airflow connection `machine` (type winrm)."""

    def __init__(self, machine: str, *, hook: Any = None) -> None:
        """`hook` stands in for the provider's `WinRMHook`: anything with `get_conn()`."""
        self._machine = machine
        self._hook = hook
        self._protocol: Any = None
        self._shell_id = ""
        self._command_id = ""
        self._output = b""
        self._killed = False
        self._timeout_error: type[Exception] = TimeoutError

    def start(self, launch: Launch) -> str:
        """See `Executor.start`."""
        self._protocol = self._connect()
        self._check_user(launch.user)
        try:
            environment = dict(launch.variables)
            if launch.profile:
                environment |= self._run_profile(launch.profile, environment)
            environment |= launch.environment
            name, arguments, extra = with_std_files(launch, environment)
            self._shell_id = self._protocol.open_shell(
                codepage=_UTF8, env_vars={**environment, **extra} or None
            )
            self._command_id = self._protocol.run_command(
                self._shell_id,
                name,
                [arguments],
                console_mode_stdin=False,
                skip_cmd_shell=True,
            )
            if launch.stdin is not None and not launch.std_in_file:
                self._protocol.send_command_input(
                    self._shell_id, self._command_id, launch.stdin, end=True
                )
        except StartFailed:
            raise
        except Exception as error:
            raise StartFailed(f"cannot start a command on {self._machine!r}: {error}") from error
        return f"on {self._machine}, WS-Man shell {self._shell_id}"

    def _connect(self) -> Any:
        try:
            from winrm.exceptions import WinRMOperationTimeoutError

            if self._hook is None:
                from airflow.providers.microsoft.winrm.hooks.winrm import WinRMHook

                self._hook = WinRMHook(
                    ssh_conn_id=self._machine, operation_timeout_sec=_OPERATION_SECONDS
                )
        except ImportError as error:
            raise missing_extra("winrm", self._machine, error) from error
        self._timeout_error = WinRMOperationTimeoutError
        try:
            return self._hook.get_conn()
        except Exception as error:
            raise StartFailed(f"cannot reach {self._machine!r}: {error}") from error

    def _check_user(self, user: str | None) -> None:
        login = getattr(self._hook, "username", None)
        if user and login and _account(user) != _account(login):
            raise StartFailed(
                f"the connection {self._machine!r} logs in as {login!r}, but the job runs as "
                f"{user!r}: give the job a connection with that log-in",
                again=False,
            )

    def _run_profile(self, profile: str, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables after the profile ran in a shell of its own."""
        shell = self._protocol.open_shell(codepage=_UTF8, env_vars=dict(environment) or None)
        try:
            line = f'/d /s /c "{profile_command(profile)}"'
            command = self._protocol.run_command(shell, "cmd.exe", [line], skip_cmd_shell=True)
            out, error, code = self._protocol.get_command_output(shell, command)
            self._protocol.cleanup_command(shell, command)
        finally:
            self._protocol.close_shell(shell)
        if code:
            words = (error or out).decode("utf-8", "backslashreplace").strip()
            raise StartFailed(f"profile {profile!r} ended with {code}: {words}", again=False)
        return parse_set(out.decode("utf-8", "replace"))

    def poll(self, seconds: float) -> Ended | None:
        """See `Executor.poll`; WinRM itself waits up to its operation time-out."""
        try:
            out, error, code, done = self._protocol.get_command_output_raw(
                self._shell_id, self._command_id
            )
        except self._timeout_error:
            return None
        except Exception as lost:
            if self._killed:
                return Ended(signal="terminate")
            raise StartFailed(
                f"the connection to {self._machine!r} was lost while the command ran: "
                f"its outcome is unknown ({lost})",
                again=False,
            ) from lost
        self._output += out + error
        if not done:
            return None
        return Ended(signal="terminate") if self._killed else ended_on_windows(int(code))

    def read(self) -> bytes:
        """See `Executor.read`."""
        output, self._output = self._output, b""
        return output

    def kill(self, *, force: bool) -> None:
        """Signal the command; `force` closes the shell, and Windows ends all it started."""
        self._killed = True
        try:
            if force:
                self._protocol.close_shell(self._shell_id)
                self._shell_id = ""
            else:
                self._protocol.cleanup_command(self._shell_id, self._command_id)
        except Exception as error:
            if force:
                raise StartFailed(
                    f"cannot kill on {self._machine!r}: {error}", again=False
                ) from error

    def close(self) -> None:
        """See `Executor.close`."""
        if self._protocol is None or not self._shell_id:
            return
        try:
            self._protocol.close_shell(self._shell_id)
        except Exception:
            return  # the outcome is known; the host drops an idle shell by itself


def with_std_files(
    launch: Launch, environment: Mapping[str, str]
) -> tuple[str, str, dict[str, str]]:
    """(program, arguments, variables to add) that start the command with its files (JIL-055).

    `cmd` reads `"!HOIST_OUT!"` as one word and replaces it when its line is already understood.
    """
    name, arguments = program(launch)
    files = {
        "HOIST_IN": (launch.std_in_file, "0<"),
        "HOIST_OUT": (launch.std_out_file, "1"),
        "HOIST_ERR": (launch.std_err_file, "2"),
    }
    extra: dict[str, str] = {}
    redirections = ""
    for variable, (path, operator) in files.items():
        if not path:
            continue
        truncate, plain = split_mode(path)
        plain = expand_percent(plain if operator != "0<" else path.strip(), environment)
        if variable == "HOIST_ERR" and extra.get("HOIST_OUT") == plain:
            redirections += " 2>&1"
            continue
        extra[variable] = plain
        mode = operator if operator == "0<" else operator + (">" if truncate else ">>")
        redirections += f' {mode}"!{variable}!"'
    if not redirections:
        return name, arguments, {}
    if is_powershell(launch.shell):
        inner = f"{name} {arguments}"
    else:
        extra["HOIST_COMMAND"] = launch.command
        inner = f'{name} /d /v:off /s /c "!HOIST_COMMAND!"'
    return "cmd.exe", f'/d /v:on /s /c "{inner}{redirections}"', extra


def _account(user: str) -> str:
    """The account name without its domain, in one case."""
    return user.rsplit("\\", 1)[-1].split("@", 1)[0].lower()
