"""The script that starts a job on a POSIX host, local or remote: data quoted once, in one place.

The script is sent to a Bourne-like shell on its standard input, never as a command line. It says
its process group (for a kill), sets the environment, sources the profile, opens the files and then
*becomes* the user's shell with the command as one argument (`exec SHELL -c COMMAND`), so that the
process which ends is the one whose exit code or signal the host reports (JIL-057, JIL-058).
It is one brace group, so the shell has read all of it before the job's own input is opened.
"""

from __future__ import annotations

import re

from hoist_airflow.executors.base import Launch, encode

# A remote log-in shell may be anything, even csh: this constant is valid in all of them.
READ_SCRIPT = (
    '/bin/sh -c \'case $SHELL in */bash|*/ksh|*/ksh93|*/zsh|*/dash) exec "$SHELL" -s;; esac; '
    "exec /bin/sh -s'"
)
BOURNE = frozenset({"sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh"})

_PATH_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_PROCESS_GROUP = (
    b"hoist_g=; if [ -r /proc/$$/stat ]; then read -r hoist_g </proc/$$/stat; "
    b"hoist_g=${hoist_g##*) }; hoist_g=${hoist_g#* }; hoist_g=${hoist_g#* }; "
    b"hoist_g=${hoist_g%% *}; fi\n"
    b'[ -n "$hoist_g" ] || hoist_g=`ps -o pgid= -p $$ 2>/dev/null`\n'
)


def quoted(text: str) -> bytes:
    """`text` as one word of a Bourne shell, whatever bytes it holds."""
    return b"'" + encode(text).replace(b"'", b"'\\''") + b"'"


def path_word(path: str) -> bytes:
    """A file path as one shell word in which `$NAME` and `${NAME}` are looked up (JIL-055).

    Nothing else of the shell's language works in it: no command substitution, no globbing.
    """
    word = b""
    at = 0
    for variable in _PATH_VARIABLE.finditer(path):
        if variable.start() > at:
            word += quoted(path[at : variable.start()])
        word += b'"${' + (variable[1] or variable[2]).encode() + b'-}"'
        at = variable.end()
    if at < len(path) or not word:
        word += quoted(path[at:])
    return word


def split_mode(path: str) -> tuple[bool, str]:
    """(truncate?, path) of a std file: `>` truncates, `>>` or nothing appends (JIL-055)."""
    if path.startswith(">>"):
        return False, path[2:].strip()
    if path.startswith(">"):
        return True, path[1:].strip()
    return False, path.strip()


def _redirections(launch: Launch) -> bytes:
    if launch.std_in_file:
        words = [b"0<" + path_word(launch.std_in_file.strip())]
    elif launch.stdin is not None:
        words = [b"0<&3 3<&-"]
    else:
        words = [b"0</dev/null"]
    for number, path in ((b"1", launch.std_out_file), (b"2", launch.std_err_file)):
        if not path:
            continue
        truncate, name = split_mode(path)
        if number == b"2" and launch.std_out_file and split_mode(launch.std_out_file)[1] == name:
            words.append(b"2>&1")  # one open file, or the two would overwrite each other
        else:
            words.append(number + (b">" if truncate else b">>") + path_word(name))
    return b" ".join(words)


def marker_line(nonce: str) -> bytes:
    """What the line that tells the process group begins with."""
    return b"hoist-" + nonce.encode() + b" "


def start_script(launch: Launch, nonce: str, *, shell: str | None = None) -> bytes:
    """The whole script. `shell` is the user's shell; None takes it from the host's `$SHELL`."""
    shell = launch.shell or shell
    lines = [b"{", _PROCESS_GROUP.rstrip(b"\n")]
    lines.append(b"printf '%s\\n' \"" + marker_line(nonce) + b'$$ ${hoist_g:-$$}"; unset hoist_g')
    lines += [_export(name, value) for name, value in launch.variables.items()]
    lines.append(b"AUTOPID=$$; export AUTOPID")
    lines.append(b'cd "${HOME:-/}" 2>/dev/null || cd /')
    if launch.profile:
        lines.append(b"set -a; . " + path_word(_as_path(launch.profile)) + b" </dev/null; set +a")
    lines += [_export(name, value) for name, value in launch.environment.items()]
    if launch.stdin is not None and not launch.std_in_file:
        lines.append(
            b'hoist_t=`mktemp "${TMPDIR:-/tmp}/hoist.XXXXXX"` || exit 126; '
            b"printf '%s' " + quoted(launch.stdin) + b' >"$hoist_t" || exit 126; '
            b'exec 3<"$hoist_t"; rm -f "$hoist_t"; unset hoist_t'
        )
    program = quoted(shell) if shell else b'"${SHELL:-/bin/sh}"'
    lines.append(
        b"exec " + program + b" -c " + quoted(launch.command) + b" " + _redirections(launch)
    )
    return b"\n".join([*lines, b"}", b""])


def _export(name: str, value: str) -> bytes:
    return name.encode() + b"=" + quoted(value) + b"; export " + name.encode()


def _as_path(profile: str) -> str:
    """`.` looks a name without a slash up in PATH; a profile is a file of the home directory."""
    return profile if "/" in profile else f"./{profile}"


class MarkerFilter:
    """Takes the line that tells the process group out of a job's output."""

    def __init__(self, nonce: str) -> None:
        self._marker = marker_line(nonce)
        self._held = b""
        self.process_group: int | None = None

    def feed(self, output: bytes) -> bytes:
        """The output without the marker line; holds back what may still become the line."""
        if self.process_group is not None:
            return output
        self._held += output
        start = self._held.find(self._marker)
        if start < 0:
            keep = max(0, len(self._held) - len(self._marker))
            passed, self._held = self._held[:keep], self._held[keep:]
            return passed
        end = self._held.find(b"\n", start)
        if end < 0:
            return b""
        numbers = self._held[start + len(self._marker) : end].split()
        self.process_group = int(numbers[-1])
        passed, self._held = self._held[:start] + self._held[end + 1 :], b""
        return passed

    def rest(self) -> bytes:
        """What was held back, when no more comes."""
        passed, self._held = self._held, b""
        return passed


KILL = 'kill -s "$1" -- "-$2"'
"""The body of `/bin/sh -c BODY kill SIGNAL GROUP`: a whole process group, no quoting."""


def kill_command(signal: str, process_group: int) -> str:
    """A remote command line for a kill: two values that we made, no text of the definition."""
    return f"/bin/sh -c 'kill -s {signal} -- -{process_group:d}'"
