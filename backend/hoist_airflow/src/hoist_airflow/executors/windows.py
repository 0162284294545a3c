"""How Windows runs a job's command: `cmd.exe`, PowerShell, batch files, environment, std files.

Used by the worker itself on Windows and, through WinRM, on remote Windows machines. A command is
never put between other commands of one line: files are opened and variables set by the layer below
`cmd.exe` (`CreateProcess` here, the WS-Man shell there).
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed, encode
from hoist_airflow.executors.posix import split_mode

_PERCENT_VARIABLE = re.compile(r"%([A-Za-z_][A-Za-z0-9_()]*)%")
_POWERSHELL = frozenset({"powershell", "powershell.exe", "pwsh", "pwsh.exe"})
# NTSTATUS codes by which Windows reports a process that was stopped rather than ended by itself.
_KILLED = {
    0xC000013A: "CTRL+C",
    0xC0000005: "an access violation",
    0xC00000FD: "a stack overflow",
    0x40010004: "the debugger",
}


def is_powershell(shell: str | None) -> bool:
    """Whether `shell` names Windows PowerShell or PowerShell 7."""
    return shell is not None and shell.replace("\\", "/").rsplit("/", 1)[-1].lower() in _POWERSHELL


def expand_percent(text: str, environment: Mapping[str, str]) -> str:
    """`%NAME%` of a std file's path, names compared without case (JIL-055); unknown ones stay."""
    known = {name.upper(): value for name, value in environment.items()}
    return _PERCENT_VARIABLE.sub(lambda found: known.get(found[1].upper(), found[0]), text)


def ended_on_windows(code: int) -> Ended:
    """An exit code of Windows as unsigned 32 bits; the NTSTATUS codes of a stop are signals."""
    code &= 0xFFFFFFFF
    if code in _KILLED:
        return Ended(signal=_KILLED[code])
    return Ended(exit_code=code)


def program(launch: Launch) -> tuple[str, str]:
    """(program, arguments) as `CreateProcess` takes them.

    `cmd /d /s /c "COMMAND"` strips exactly the outer quotes; PowerShell gets its text encoded, so
    neither sees a byte that another layer has read first. `cmd` ends a command at its first line.
    """
    shell = launch.shell
    encode(launch.command)
    if is_powershell(shell):
        text = launch.command.encode("utf-16-le", "surrogatepass")
        encoded = base64.b64encode(text).decode("ascii")
        return shell or "powershell.exe", f"-NoProfile -NonInteractive -EncodedCommand {encoded}"
    if any(ord(each) < 32 and each != "\t" for each in launch.command):
        raise StartFailed(
            "cmd.exe runs only the first line of a command: put the lines in a .bat file",
            again=False,
        )
    return shell or "cmd.exe", f'/d /s /c "{launch.command}"'


class WindowsExecutor(Executor):
    """Runs a job's command on this worker when it is a Windows host."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._files: list[IO[bytes]] = []
        self._killed = False
        self._log: IO[bytes] | None = None
        self._log_read = 0

    def start(self, launch: Launch) -> str:
        """See `Executor.start`. Another user needs the WinRM executor with his own log-in."""
        import tempfile

        if launch.user:
            raise StartFailed(
                f"a local Windows worker cannot run a job as {launch.user!r}: "
                "give the machine a WinRM connection with that user's log-in",
                again=False,
            )
        line = " ".join(program(launch))
        environment = {**os.environ, **launch.variables, **self._profile(launch.profile)}
        environment |= launch.environment
        for name in [name for name in environment if name.startswith("AIRFLOW__")]:
            del environment[name]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close())
        stdin: int | IO[bytes] = subprocess.DEVNULL
        if launch.std_in_file:
            path = expand_percent(launch.std_in_file.strip(), environment)
            stdin = self._keep(self._open(path, "rb"))
        elif launch.stdin is not None:
            stdin = self._keep(tempfile.TemporaryFile())  # noqa: SIM115
            stdin.write(encode(launch.stdin))
            stdin.seek(0)
        stdout = self._std_file(launch.std_out_file, environment)
        stderr = self._std_file(launch.std_err_file, environment)
        try:
            self._process = subprocess.Popen(
                line,
                stdin=stdin,
                stdout=stdout or self._log,
                stderr=stderr or self._log,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise StartFailed(f"cannot run {launch.shell or 'cmd.exe'}: {error}") from error
        return f"on this Windows worker, process {self._process.pid}"

    def _keep(self, file: IO[bytes]) -> IO[bytes]:
        self._files.append(file)
        return file

    def _open(self, path: str, mode: str) -> IO[bytes]:
        try:
            opened: IO[bytes] = Path(path).open(mode)  # noqa: SIM115
        except OSError as error:
            raise StartFailed(f"cannot open {path!r}: {error}", again=False) from error
        return opened

    def _std_file(self, path: str | None, environment: Mapping[str, str]) -> IO[bytes] | None:
        if not path:
            return None
        truncate, name = split_mode(path)
        return self._keep(self._open(expand_percent(name, environment), "wb" if truncate else "ab"))

    @staticmethod
    def _profile(profile: str | None) -> dict[str, str]:
        """The environment after `call PROFILE`, read back with `set`."""
        if not profile:
            return {}
        done = subprocess.run(
            f'cmd.exe /d /s /c "{profile_command(profile)}"', capture_output=True, check=False
        )
        return parse_set(done.stdout.decode("utf-8", "surrogateescape"))

    def poll(self, seconds: float) -> Ended | None:
        """See `Executor.poll`."""
        assert self._process is not None
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return Ended(signal="taskkill") if self._killed else ended_on_windows(code)

    def read(self) -> bytes:
        """See `Executor.read`."""
        if self._log is None:
            return b""
        size = os.fstat(self._log.fileno()).st_size
        here = self._log.seek(self._log_read)
        chunk = self._log.read(min(size - here, 1 << 20))
        self._log_read += len(chunk)
        self._log.seek(0, os.SEEK_END)
        return chunk

    def kill(self, *, force: bool) -> None:
        """End the whole process tree."""
        assert self._process is not None
        self._killed = True
        force_flag = ["/F"] if force else []
        arguments = ["taskkill", "/T", *force_flag, "/PID", str(self._process.pid)]
        subprocess.run(arguments, check=False, capture_output=True)

    def close(self) -> None:
        """See `Executor.close`."""
        for file in self._files:
            file.close()
        if self._log is not None:
            self._log.close()


def profile_command(profile: str) -> str:
    """The line that runs a profile and prints the environment it leaves."""
    if '"' in profile or "%" in profile:
        raise StartFailed(f"{profile!r} is not a path of a Windows profile", again=False)
    return f'call "{profile}" >nul && set'


def parse_set(output: str) -> dict[str, str]:
    """What `set` printed, as a mapping; hidden entries such as `=C:` are left out."""
    pairs = (line.partition("=") for line in output.splitlines() if not line.startswith("="))
    return {name: value for name, equals, value in pairs if equals}
