"""WinRM and Windows: pywinrm against a recorded fake transport, without a Windows host.

What is asserted is what goes over the wire: the WS-Man messages, parsed back from pywinrm's XML.
"""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from hoist_airflow.executors.base import Launch, StartFailed
from hoist_airflow.executors.windows import (
    ended_on_windows,
    expand_percent,
    parse_set,
    profile_command,
    program,
)

winrm = pytest.importorskip("winrm", reason="needs the extra winrm")

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"


class Transport:
    """Answers WS-Man messages as a Windows host does, and keeps what was asked."""

    def __init__(self, outputs=(b"out",), code: int = 0) -> None:
        self.asked: list[ET.Element] = []
        self.outputs = list(outputs)
        self.code = code
        self.dropped = False

    def close_session(self) -> None:
        pass

    def send_message(self, message: bytes | str) -> bytes:
        if self.dropped:
            raise ConnectionError("gone")
        root = ET.fromstring(message)
        self.asked.append(root)
        action = self._one(root, "Action").rsplit("/", 1)[-1]
        return getattr(self, action.lower())(root).encode()

    @staticmethod
    def _one(root: ET.Element, name: str) -> str:
        return next((node.text or "" for node in root.iter() if node.tag.endswith("}" + name)), "")

    def of(self, action: str) -> list[ET.Element]:
        return [root for root in self.asked if self._one(root, "Action").endswith("/" + action)]

    def command_line(self) -> tuple[str, str]:
        root = self.of("Command")[-1]
        return self._one(root, "Command"), self._one(root, "Arguments")

    def variables(self) -> dict[str, str]:
        root = self.of("Create")[-1]
        nodes = [node for node in root.iter() if node.tag.endswith("}Variable")]
        return {node.attrib["Name"]: node.text or "" for node in nodes}

    def create(self, root: ET.Element) -> str:
        return '<e xmlns:w="w"><w:Selector Name="ShellId">SHELL-1</w:Selector></e>'

    def command(self, root: ET.Element) -> str:
        return "<e><CommandId>COMMAND-1</CommandId></e>"

    def send(self, root: ET.Element) -> str:
        self.stdin = base64.b64decode(self._one(root, "Stream"))
        return "<e/>"

    def receive(self, root: ET.Element) -> str:
        text = base64.b64encode(self.outputs.pop(0)).decode() if self.outputs else ""
        state = "Running" if self.outputs else "Done"
        end = "" if self.outputs else f"<ExitCode>{self.code}</ExitCode>"
        return (
            f'<e><x:Stream xmlns:x="x" Name="stdout">{text}</x:Stream>'
            f'<CommandState State="{SHELL}/CommandState/{state}">{end}</CommandState></e>'
        )

    def signal(self, root: ET.Element) -> str:
        return f"<e><RelatesTo>{self._one(root, 'MessageID')}</RelatesTo></e>"

    delete = signal


@pytest.fixture
def machine():
    from winrm.protocol import Protocol

    from hoist_airflow.executors.winrm import WinrmExecutor

    def make(**kwargs):
        transport = Transport(**kwargs)
        protocol = Protocol("http://host:5985/wsman", username="svc", password="x")
        protocol.transport = transport
        hook = SimpleNamespace(username=r"BANK\svc_etl", get_conn=lambda: protocol)
        return WinrmExecutor("win01", hook=hook), transport

    return make


@pytest.mark.parametrize(
    "command",
    [
        r"C:\apps\eod\load.bat /d \\share\in",
        r'"C:\Program Files\x\run.exe" "a b" %PATH% & echo ^& "unbalanced',
        "powershell -File x.ps1 -Name 'a' {{ ds }} $env:X",
        "caf\u00e9 <a> & </a> ]]>",
    ],
)
def test_command_reaches_cmd_as_it_is(machine, to_end, command):
    executor, transport = machine(outputs=[b"one\r\n", b"two"], code=3)
    ended, output = to_end(executor, Launch(job="J", command=command))
    assert (ended.exit_code, output) == (3, b"one\r\ntwo")
    assert transport.command_line() == ("cmd.exe", f'/d /s /c "{command}"')
    options = {
        node.attrib["Name"]: node.text
        for node in transport.of("Command")[-1].iter()
        if node.tag.endswith("}Option")
    }
    assert options["WINRS_SKIP_CMD_SHELL"] == "TRUE"
    assert len(transport.of("Delete")) == 1


def test_environment_is_data(machine, to_end):
    executor, transport = machine()
    launch = Launch(
        job="J",
        command="x.bat",
        variables={"AUTO_JOB_NAME": "J"},
        environment={"V": 'a & b "c" %d%'},
    )
    to_end(executor, launch)
    assert transport.variables() == {"AUTO_JOB_NAME": "J", "V": 'a & b "c" %d%'}


def test_std_files_are_opened_by_cmd_without_rereading_the_command(machine, to_end):
    """JIL-055 on Windows: `%AUTO_JOB_NAME%` in the path; the command travels as a variable."""
    executor, transport = machine()
    launch = Launch(
        job="J",
        command=r'D:\x.bat "unbalanced & <',
        variables={"AUTO_JOB_NAME": "NIGHT"},
        std_out_file=r"> D:\log\%auto_job_name% 1.out",
        std_err_file=r"D:\log\%AUTO_JOB_NAME%.err",
    )
    to_end(executor, launch)
    assert transport.command_line() == (
        "cmd.exe",
        '/d /v:on /s /c "cmd.exe /d /v:off /s /c "!HOIST_COMMAND!"'
        ' 1>"!HOIST_OUT!" 2>>"!HOIST_ERR!""',
    )
    variables = transport.variables()
    assert variables["HOIST_COMMAND"] == launch.command
    assert variables["HOIST_OUT"] == r"D:\log\NIGHT 1.out"
    assert variables["HOIST_ERR"] == r"D:\log\NIGHT.err"


def test_powershell_gets_its_text_encoded(machine, to_end):
    executor, transport = machine()
    text = "Get-Date; 'it''s' | % { $_ }\n\"x\""
    to_end(executor, Launch(job="J", command=text, shell="powershell.exe"))
    name, arguments = transport.command_line()
    assert name == "powershell.exe"
    assert base64.b64decode(arguments.rsplit(" ", 1)[-1]).decode("utf-16-le") == text


def test_profile_runs_first_and_leaves_its_variables(machine, to_end):
    executor, transport = machine(outputs=[b"A=1\r\n=C:=C:\\\r\nV=profile\r\n"])
    launch = Launch(
        job="J", command="x", profile=r"C:\auto profile.bat", environment={"V": "definition"}
    )
    to_end(executor, launch)
    assert transport.variables() == {"A": "1", "V": "definition"}
    first = transport.of("Command")[0]
    assert Transport._one(first, "Arguments") == (
        '/d /s /c "call "C:\\auto profile.bat" >nul && set"'
    )


def test_standard_input_is_sent(machine, to_end):
    executor, transport = machine()
    to_end(executor, Launch(job="J", command="x", stdin="Hi\nBye\n"))
    assert transport.stdin == b"Hi\nBye\n"


def test_kill_signals_and_then_closes_the_shell(machine):
    executor, transport = machine(outputs=[b"", b"", b""])
    with executor:
        executor.start(Launch(job="J", command="x"))
        assert executor.poll(0) is None
        executor.kill(force=False)
        assert Transport._one(transport.of("Signal")[0], "Code").endswith("signal/terminate")
        executor.poll(0)
        ended = executor.poll(0)
        assert ended is not None and ended.signal
        executor.kill(force=True)
        assert len(transport.of("Delete")) == 1


def test_lost_connection_is_no_outcome(machine):
    executor, transport = machine()
    with pytest.raises(StartFailed, match="outcome is unknown"):
        executor.start(Launch(job="J", command="x"))
        transport.dropped = True
        executor.poll(0)


def test_another_owner_needs_another_connection(machine):
    executor, _ = machine()
    executor.start(Launch(job="J", command="x", user="SVC_ETL@bank.example"))
    executor, _ = machine()
    with pytest.raises(StartFailed, match="runs as 'other'"):
        executor.start(Launch(job="J", command="x", user="other"))


def test_cmd_takes_one_line():
    with pytest.raises(StartFailed, match="first line"):
        program(Launch(job="J", command="a\nb"))


@pytest.mark.parametrize("path", ['a"b', "%A%"])
def test_profile_path_cannot_carry_code(path):
    with pytest.raises(StartFailed, match="not a path"):
        profile_command(path)


def test_small_words_of_windows():
    assert expand_percent("%a%%B%%nope%", {"A": "1", "b": "2"}) == "12%nope%"
    assert parse_set("A=1=2\r\n=C:=x\nB=\n") == {"A": "1=2", "B": ""}
    assert ended_on_windows(-1073741510).signal == "CTRL+C"
    assert ended_on_windows(-1).exit_code == 0xFFFFFFFF
