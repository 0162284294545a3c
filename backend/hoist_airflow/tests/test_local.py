"""The local executor and its start script: bytes, files, environment, users, process groups."""

from __future__ import annotations

import os
import pwd
import subprocess
from random import Random

import pytest

from hoist_airflow.executors.base import Launch, StartFailed
from hoist_airflow.executors.local import LocalExecutor, login_shell
from hoist_airflow.executors.posix import MarkerFilter, path_word, start_script

SHELLS = [shell for shell in ("/bin/dash", "/bin/bash", "/bin/sh") if os.access(shell, os.X_OK)]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX host")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "text",
    [
        "/apps/eod/load.sh",
        "{{ ds }} {% raw %} {# c #}",
        'it\'s "quoted" \\ \\\\ \\n',
        '"""triple"""',
        "a\nb\n\nc",
        "%d %s %% 100%",
        "$HOME ${X} $(id) `id` $$ $? $1",
        "* ~ ? [a-z] ! & | ; < > ( ) { } #",
        "caf\u00e9 \udce9\udcff tab\tcr\r bell\a",
        " leading and trailing ",
        "",
    ],
)
def test_text_reaches_the_shell_byte_for_byte(to_end, tmp_path, shell, text):
    """What `SHELL -c` gets is the definition's text: shown by a shell that prints its argument."""
    spy = tmp_path / "spy"
    spy.write_text('#!/bin/sh\nprintf "%s" "$2"\n')
    spy.chmod(0o755)
    ended, output = to_end(LocalExecutor(), Launch(job="J", command=text, shell=str(spy)))
    assert ended.exit_code == 0
    assert output == text.encode("utf-8", "surrogateescape")
    # And a real shell reads it as its own language.
    quoted = "printf %s '" + text.replace("'", "'\\''") + "'"
    _, output = to_end(LocalExecutor(), Launch(job="J", command=quoted, shell=shell))
    assert output == text.encode("utf-8", "surrogateescape")


def test_fuzz_command_stdin_and_environment_bytes(to_end, tmp_path):
    """Any bytes but NUL, in every place at once; seeded, so that a failure repeats."""
    spy = tmp_path / "spy"
    spy.write_text('#!/bin/sh\nprintf "%s\\0%s\\0" "$2" "$V"\ncat\n')
    spy.chmod(0o755)
    choose = Random(20261124)
    alphabet = [bytes([byte]) for byte in range(1, 256)]
    special = [each.encode() for each in "'\"\\$`%!\n\r{}()&|;<>*?#~ "] + [
        b"{{",
        b"EOF\n",
        b"'\\''",
    ]
    for _ in range(150):
        texts = [
            b"".join(choose.choices(alphabet + special * 10, k=choose.randrange(60)))
            for _ in range(3)
        ]
        command, value, stdin = (each.decode("utf-8", "surrogateescape") for each in texts)
        launch = Launch(
            job="J", command=command, shell=str(spy), environment={"V": value}, stdin=stdin
        )
        _, output = to_end(LocalExecutor(), launch)
        assert output == texts[0] + b"\0" + texts[1] + b"\0" + texts[2]


def test_nul_is_refused():
    with pytest.raises(StartFailed, match="NUL"):
        LocalExecutor().start(Launch(job="J", command="a\0b"))


@pytest.mark.parametrize("name", ["A=B", "A B", "", "1A", "A\n", "é"])
def test_environment_names_cannot_carry_code(name):
    with pytest.raises(StartFailed, match="not a name"):
        Launch(job="J", command="true", environment={name: "x"})


def test_std_files_truncate_append_and_expand(to_end, tmp_path):
    """JIL-055, TR-49: `>` truncates, `>>` and nothing append; the path's variables expand."""

    def write(text: str, mode: str) -> str:
        launch = Launch(
            job="J",
            command=f"echo {text}",
            variables={"AUTO_JOB_NAME": "it's"},
            std_out_file=f"{mode}{tmp_path}/$AUTO_JOB_NAME.${{NONE}}log",
        )
        ended, output = to_end(LocalExecutor(), launch)
        assert (ended.exit_code, output) == (0, b"")
        return (tmp_path / "it's.log").read_text()

    assert write("1", "") == "1\n"
    assert write("2", "") == "1\n2\n"
    assert write("3", ">>") == "1\n2\n3\n"
    assert write("4", "> ") == "4\n"


def test_a_path_is_never_code(to_end, tmp_path):
    path = f"{tmp_path}/$(touch {tmp_path}/owned)`touch {tmp_path}/owned`;x"
    assert b'"${' not in path_word("$(a) `b` $1 $")
    (tmp_path / "owned").unlink(missing_ok=True)
    to_end(LocalExecutor(), Launch(job="J", command="echo x", std_out_file=path))
    assert not (tmp_path / "owned").exists()


def test_both_outputs_to_one_file(to_end, tmp_path):
    both = f"> {tmp_path}/both"
    command = "echo 1; echo 2 >&2; echo 3"
    launch = Launch(job="J", command=command, std_out_file=both, std_err_file=both)
    to_end(LocalExecutor(), launch)
    assert (tmp_path / "both").read_text() == "1\n2\n3\n"


def test_a_file_that_cannot_be_opened_is_a_failure_with_words(to_end):
    launch = Launch(job="J", command="echo ran", std_out_file="/nowhere/at/all")
    ended, output = to_end(LocalExecutor(), launch)
    assert ended.exit_code not in (0, None)
    assert b"/nowhere/at/all" in output
    assert b"ran" not in output


def test_standard_input(to_end, tmp_path):
    (tmp_path / "in").write_text("from the file")
    launch = Launch(job="J", command="cat", std_in_file=f"{tmp_path}/in")
    assert to_end(LocalExecutor(), launch)[1] == b"from the file"
    assert to_end(LocalExecutor(), Launch(job="J", command="cat"))[1] == b""
    _, output = to_end(LocalExecutor(), Launch(job="J", command="cat", stdin="Hi\nBye\n"))
    assert output == b"Hi\nBye\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_profile_is_sourced_before_the_command(to_end, tmp_path, shell):
    """JIL-056: it sees the job's variables, may set its own without export, and read its input."""
    profile = tmp_path / "my profile"
    profile.write_text('FROM="$AUTO_JOB_NAME+"\nOVER=profile\ncat\n')
    launch = Launch(
        job="J",
        command='echo "$FROM $OVER"',
        shell=shell,
        profile=str(profile),
        variables={"AUTO_JOB_NAME": "J"},
        environment={"OVER": "definition"},
    )
    assert to_end(LocalExecutor(), launch)[1] == b"J+ definition\n"


@pytest.mark.skipif("/bin/bash" not in SHELLS, reason="needs bash")
def test_profile_is_read_by_the_jobs_own_shell(to_end, tmp_path):
    (tmp_path / "p").write_text('a=(1 2); [[ x == x ]] && B="${a[1]}"\n')
    launch = Launch(job="J", command="echo $B", shell="/bin/bash", profile=str(tmp_path / "p"))
    assert to_end(LocalExecutor(), launch)[1] == b"2\n"


def test_environment_is_clean(to_end, monkeypatch):
    """The worker's secrets are not the job's."""
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    _, output = to_end(LocalExecutor(), Launch(job="J", command="env"))
    assert b"secret" not in output
    assert f"USER={pwd.getpwuid(os.geteuid()).pw_name}\n".encode() in output


def test_signal_and_exit_code_differ(to_end):
    ended, _ = to_end(LocalExecutor(), Launch(job="J", command="kill -9 $$", shell="/bin/sh"))
    assert ended.signal == "SIGKILL"
    ended, _ = to_end(LocalExecutor(), Launch(job="J", command="exit 137", shell="/bin/sh"))
    assert ended.exit_code == 137


def test_a_daemon_left_behind_does_not_keep_the_job(to_end):
    ended, output = to_end(LocalExecutor(), Launch(job="J", command="sleep 300 & echo $!"))
    os.kill(int(output), 9)
    assert ended.exit_code == 0


def test_much_output_arrives_whole(to_end):
    _, output = to_end(LocalExecutor(), Launch(job="J", command="head -c 5000000 /dev/zero"))
    assert len(output) == 5_000_000


def test_command_longer_than_the_system_takes_is_a_failure(to_end):
    ended, output = to_end(LocalExecutor(), Launch(job="J", command="true " + "x" * 3_000_000))
    assert ended.exit_code not in (0, None)
    assert output


def test_unknown_user_is_refused():
    with pytest.raises(StartFailed, match="'no-such-user' does not exist") as failed:
        LocalExecutor().start(Launch(job="J", command="true", user="no-such-user"))
    assert not failed.value.again


def test_switch_user_off_runs_as_the_worker(to_end):
    executor = LocalExecutor(switch_user=False)
    ended, _ = to_end(executor, Launch(job="J", command="true", user="no-such-user"))
    assert ended.exit_code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_becomes_the_owner(to_end):
    """TR-49: run-as, with the owner's home, groups and shell."""
    launch = Launch(job="J", command="id -un; echo $HOME $LOGNAME", user="nobody")
    _, output = to_end(LocalExecutor(), launch)
    assert output.decode().split() == ["nobody", pwd.getpwnam("nobody").pw_dir, "nobody"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_other_workers_go_through_sudo(to_end, tmp_path, monkeypatch):
    """Not root: `sudo -n -H -u OWNER -- SHELL -s`, the script on standard input."""
    sudo = tmp_path / "sudo"
    sudo.write_text(
        f"#!/bin/sh\nprintf '%s ' \"$@\" >> {tmp_path}/asked\n"
        'while [ "$1" != -- ]; do shift; done\nshift; exec "$@"\n'
    )
    sudo.chmod(0o755)
    real = subprocess.Popen

    def start(args, **kwargs):
        return real([str(sudo), *args[1:]] if args[0] == "sudo" else args, **kwargs)

    monkeypatch.setattr("subprocess.Popen", start)
    me = pwd.getpwnam("nobody")
    monkeypatch.setattr("os.geteuid", lambda: me.pw_uid)
    _, output = to_end(LocalExecutor(), Launch(job="J", command="echo ran", user="root"))
    assert output == b"ran\n"
    assert (tmp_path / "asked").read_text().startswith("-n -H -u root -- /bin/")


def test_accounts_without_log_in_use_sh():
    assert login_shell("/usr/sbin/nologin") == login_shell("/bin/false") == "/bin/sh"
    assert login_shell("/no/such/shell") == login_shell("") == "/bin/sh"


def test_marker_is_found_in_any_split():
    """The line with the process group may arrive in pieces, after other output."""
    whole = b"motd\nhoist-n 10 20\nout"
    for first in range(len(whole)):
        for second in range(first, len(whole), 5):
            marker = MarkerFilter("n")
            pieces = (whole[:first], whole[first:second], whole[second:])
            output = b"".join(marker.feed(piece) for piece in pieces) + marker.rest()
            assert (output, marker.process_group) == (b"motd\nout", 20)


def test_script_is_one_group():
    """The shell must have read everything before the job's own input is opened."""
    script = start_script(Launch(job="J", command="x", stdin="y"), "n")
    assert script.startswith(b"{\n") and script.endswith(b"\n}\n")
