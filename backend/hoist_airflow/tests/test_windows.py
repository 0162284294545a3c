"""The local executor of a Windows worker, with `CreateProcess` replaced by a recording stand-in."""

from __future__ import annotations

import subprocess

import pytest

from hoist_airflow.executors.base import Launch, StartFailed
from hoist_airflow.executors.windows import WindowsExecutor


@pytest.fixture
def started(monkeypatch):
    """The lines given to `CreateProcess`; each prints its input and two variables, and exits 3."""
    lines: list[str] = []
    real = subprocess.Popen

    def start(line, creationflags=0, **kwargs):
        lines.append(line)
        script = 'cat; printf "%s|%s" "$V" "$AIRFLOW__CORE__FERNET_KEY"; echo error >&2; exit 3'
        return real(["/bin/sh", "-c", script], **kwargs)

    monkeypatch.setattr(subprocess, "Popen", start)
    return lines


def test_command_environment_input_and_output(started, to_end, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    launch = Launch(
        job="J", command=r'C:\x y\run.bat "unbalanced & %A%', environment={"V": "v"}, stdin="in\n"
    )
    ended, output = to_end(WindowsExecutor(), launch)
    assert started == [r'cmd.exe /d /s /c "C:\x y\run.bat "unbalanced & %A%"']
    assert (ended.exit_code, output) == (3, b"in\nv|error\n")


def test_std_files(started, to_end, tmp_path):
    (tmp_path / "in").write_text("from file\n")
    (tmp_path / "J.out").write_text("before\n")
    launch = Launch(
        job="J",
        command="x",
        variables={"AUTO_JOB_NAME": "J"},
        std_in_file=f"{tmp_path}/in",
        std_out_file=f">{tmp_path}/%auto_job_name%.out",
        std_err_file=f"{tmp_path}/%AUTO_JOB_NAME%.err",
    )
    assert to_end(WindowsExecutor(), launch)[1] == b""
    assert (tmp_path / "J.out").read_text() == "from file\n|"
    assert (tmp_path / "J.err").read_text() == "error\n"


def test_another_user_needs_winrm():
    with pytest.raises(StartFailed, match="WinRM connection"):
        WindowsExecutor().start(Launch(job="J", command="x", user="svc"))
