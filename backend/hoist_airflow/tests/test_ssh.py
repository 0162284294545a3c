"""The SSH executor against a real sshd on a high port of this host."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from hoist_airflow.executors.base import Launch, StartFailed

paramiko = pytest.importorskip("paramiko", reason="needs the extra ssh")
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
pytestmark = pytest.mark.skipif(
    not os.access(SSHD, os.X_OK) or not shutil.which("ssh-keygen"), reason="needs openssh-server"
)


class Hook:
    """What the provider's SSHHook gives the executor: a log-in name and a connected client."""

    def __init__(self, port: int, key: str) -> None:
        self.username = getpass.getuser()
        self._port, self._key = port, key

    def get_conn(self):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect(
            "127.0.0.1",
            port=self._port,
            username=self.username,
            key_filename=self._key,
            look_for_keys=False,
            allow_agent=False,
        )
        return client


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    home = tmp_path_factory.mktemp("sshd")
    home.chmod(0o700)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True
        )
    shutil.copy(home / "user.pub", home / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile {home}/pid\n"
        f"AuthorizedKeysFile {home}/authorized\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", home / "config"], stderr=(home / "log").open("wb")
    )
    for _ in range(100):
        if server.poll() is not None:
            pytest.skip(f"sshd does not start here: {(home / 'log').read_text()[-500:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield SimpleNamespace(port=port, key=str(home / "user"))
    server.terminate()
    server.wait()


@pytest.fixture
def executor(sshd):
    from hoist_airflow.executors.ssh import SshExecutor

    return SshExecutor("m", hook=Hook(sshd.port, sshd.key))


def test_output_and_exit_code(executor, to_end):
    ended, output = to_end(executor, Launch(job="J", command="echo out; echo err >&2; exit 99"))
    assert (ended.exit_code, ended.signal) == (99, None)
    assert sorted(output.split()) == [b"err", b"out"]


class LateOutput:
    """A channel whose exit status comes before its last output, as a busy server sends it."""

    eof_received = closed = False

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts
        self.asked = 0

    def exit_status_ready(self) -> bool:
        return True

    def recv_exit_status(self) -> int:
        return 3

    def recv_ready(self) -> bool:
        self.asked += 1
        self.eof_received = not self.parts
        return bool(self.parts) and self.asked % 4 == 0

    def recv(self, size: int) -> bytes:
        return self.parts.pop(0)[:size]


def test_output_that_comes_after_the_exit_status():
    from hoist_airflow.executors.ssh import SshExecutor

    executor = SshExecutor("m", hook=SimpleNamespace(get_conn=None))
    executor._channel = LateOutput([b"out\n", b"err\n"])
    ended = executor.poll(1)
    assert ended is not None and ended.exit_code == 3
    assert executor.read() == b"out\nerr\n"


def test_a_child_in_the_background_does_not_hold_the_job(executor, to_end):
    launch = Launch(job="J", command="sleep 1000 & echo $!; exit 4", shell="/bin/sh")
    ended, output = to_end(executor, launch)
    assert ended.exit_code == 4
    os.kill(int(output), signal.SIGKILL)  # it is alive


def test_a_signal_is_not_an_exit_code(executor, to_end):
    """JIL-058: killed by a signal is TERMINATED; exit 137 is a code like any other (V8)."""
    ended, _ = to_end(executor, Launch(job="J", command="kill -9 $$", shell="/bin/sh"))
    assert ended.exit_code is None and ended.signal


def test_exit_137_is_an_exit_code(executor, to_end):
    ended, _ = to_end(executor, Launch(job="J", command="exit 137", shell="/bin/sh"))
    assert (ended.exit_code, ended.signal) == (137, None)


def test_command_bytes_reach_the_remote_shell(executor, to_end):
    """TR-44, no quoting holes: text that every layer would like to read arrives unread."""
    nasty = '\'"\\ $HOME `id` {{ ds }} {% x %} %d ; | & \t # """ \udce9\n\n ~ * !!'
    command = "printf %s " + "'" + nasty.replace("'", "'\\''") + "'"
    ended, output = to_end(executor, Launch(job="J", command=command))
    assert ended.exit_code == 0
    assert output == nasty.encode("utf-8", "surrogateescape")


def test_stdin_environment_profile_and_files(executor, to_end, tmp_path):
    profile = tmp_path / "pro file"
    profile.write_text('FROM_PROFILE="$AUTO_JOB_NAME.p"\ncat\n')
    launch = Launch(
        job="J",
        command='cat; echo "$V|$FROM_PROFILE|${AUTOPID:+pid}"',
        stdin="no newline at end'",
        profile=str(profile),
        variables={"AUTO_JOB_NAME": "J"},
        environment={"V": "a'b\"$c"},
        std_out_file=f"> {tmp_path}/out $AUTO_JOB_NAME",
    )
    ended, output = to_end(executor, launch)
    assert ended.exit_code == 0, output
    assert (tmp_path / "out J").read_text() == "no newline at end'a'b\"$c|J.p|pid\n"


def test_kill_ends_the_whole_process_group(executor, tmp_path):
    """JIL-083: children of the command die with it."""
    command = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    with executor:
        executor.start(Launch(job="J", command=command, shell="/bin/sh"))
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            assert executor.poll(0.05) is None
        child = int((tmp_path / "child").read_text())
        executor.kill(force=False)
        while (ended := executor.poll(0.1)) is None:
            pass
        assert ended.signal
        for _ in range(100):
            try:
                state = open(f"/proc/{child}/stat").read().rsplit(")")[-1].split()[0]
            except FileNotFoundError:
                return
            if state == "Z":
                return
            time.sleep(0.05)
        raise AssertionError("the child survived")


def test_unreachable_machine_is_a_failed_start(sshd):
    from hoist_airflow.executors.ssh import SshExecutor

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        hook = Hook(closed.getsockname()[1], sshd.key)
        with pytest.raises(StartFailed, match="cannot reach 'm'") as failed:
            SshExecutor("m", hook=hook).start(Launch(job="J", command="true"))
    assert failed.value.again


def test_user_name_never_becomes_a_command(executor):
    with pytest.raises(StartFailed, match="not a user name"):
        executor.start(Launch(job="J", command="true", user="x; touch /tmp/owned"))


def test_the_connection_named_like_the_machine_decides(sshd, to_end, monkeypatch):
    """`via="connection"` with the provider's real hook: host, port and key from the connection."""
    pytest.importorskip("airflow.providers.ssh", reason="needs the extra ssh")
    extra = {"key_file": sshd.key, "no_host_key_check": True, "look_for_keys": False}
    connection = {
        "conn_type": "ssh",
        "host": "127.0.0.1",
        "login": getpass.getuser(),
        "port": sshd.port,
        "extra": extra,
    }
    monkeypatch.setenv("AIRFLOW_CONN_ETL01", json.dumps(connection))
    from hoist_airflow.executors import executor_for

    launch = Launch(job="J", command="echo remote; exit 5", user=getpass.getuser())
    ended, output = to_end(executor_for("ETL01"), launch)
    assert (ended.exit_code, output) == (5, b"remote\n")


def test_machine_without_a_connection_is_never_the_worker():
    from hoist_airflow.executors import executor_for

    with pytest.raises(StartFailed, match="no Airflow connection is named like the machine 'm9'"):
        executor_for("m9")


def test_connection_of_another_type_is_refused(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DB", '{"conn_type": "postgres"}')
    from hoist_airflow.executors import executor_for

    with pytest.raises(StartFailed, match="'DB' is of type 'postgres'"):
        executor_for("DB")


@pytest.mark.parametrize(
    ("extra", "provider"),
    [
        ("ssh", "airflow.providers.ssh.hooks.ssh"),
        ("winrm", "airflow.providers.microsoft.winrm.hooks.winrm"),
        ("kubernetes", "airflow.providers.cncf.kubernetes.hooks.kubernetes"),
    ],
)
def test_missing_extra_names_what_to_install(monkeypatch, extra, provider):
    from hoist_airflow.executors import executor_for

    monkeypatch.setitem(sys.modules, provider, None)
    with pytest.raises(StartFailed, match=rf"pip install 'hoist-airflow\[{extra}\]'") as failed:
        executor_for("m", via=extra).start(Launch(job="J", command="x"))
    assert not failed.value.again
