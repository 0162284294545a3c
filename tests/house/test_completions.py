"""The completion scripts, asked by the shells that they are for."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

# zsh completes in its line editor only. Whatever is offered goes through `compadd`: here it also prints it,
# between marks, and a line `done` follows.
ZSH = r"""
PS1= PS2= RPS1=
unsetopt zle_bracketed_paste prompt_sp prompt_cr
fpath=({scripts} $fpath)
autoload -Uz compinit && compinit -u -d {folder}/.dump
compadd() {{
    [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\ * ]] && {{ builtin compadd "$@"; return }}
    local -a hits
    builtin compadd -A hits "$@"
    print -r -- "<<${{(j: :)hits}}>>"
    builtin compadd "$@" # or the next, wider kind of match would be tried
}}
offer() {{ zle complete-word; print -r -- "<done>" }}
zle -N offer
bindkey '^I' offer
cd {folder}
"""


@pytest.fixture(scope="session")
def scripts(hoist_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completions")
    for shell, name in (("bash", "hoist.bash"), ("zsh", "_hoist"), ("fish", "hoist.fish")):
        done = subprocess.run([hoist_binary, "completions", shell], capture_output=True, check=True)
        (folder / name).write_bytes(done.stdout)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the shells look for files."""
    (tmp_path / "estate").mkdir()
    (tmp_path / "night.jil").write_text("")
    return tmp_path


def bash(scripts: Path, folder: Path, typed: str) -> set[str]:
    """What bash's own completion would offer: the function, else files, as `complete` was told."""
    words = typed.split(" ")
    program = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _hoist;'
        ' printf "%s\\n" "${COMPREPLY[@]}"; complete -p hoist'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", scripts / "hoist.bash", *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *offered, how = done.stdout.splitlines()
    assert how == "complete -o default -F _hoist hoist"
    return set(filter(None, offered))


def fish(scripts: Path, folder: Path, typed: str) -> set[str]:
    program = f"source {scripts / 'hoist.fish'}; complete -C '{typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", program],
        cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


def zsh(scripts: Path, folder: Path, typed: str) -> set[str]:
    (folder / ".setup").write_text(ZSH.format(scripts=scripts, folder=folder))
    shell, terminal = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-f", "-i"],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "COLUMNS": "400"},
    )  # fmt: skip
    os.close(terminal)
    seen = ""
    try:
        os.write(shell, f"source {folder}/.setup; echo re''ady\n".encode())
        for mark, answer in (("ready\r", f"{typed}\t"), ("<done>", "")):
            while mark not in seen:
                seen += os.read(shell, 65536).decode()
            os.write(shell, answer.encode())
    finally:
        process.kill()
        process.wait()
        os.close(shell)
    return {word for hits in re.findall("<<(.*?)>>", seen) for word in hits.split()}


@pytest.mark.parametrize("shell", [bash, zsh, fish])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("hoist co", {"config", "coverage", "completions"}),
        ("hoist graph --format ", {"dot", "mermaid", "json"}),
        ("hoist verify --format ", {"text", "json"}),
        ("hoist check --tim", {"--timezone"}),
        ("hoist check --dial", {"--dialect"}),
        ("hoist version --dial", set()),
        ("hoist completions ", {"bash", "zsh", "fish"}),
        ("hoist explain A000", {f"A000{n}" for n in range(1, 10)}),
    ],
)
def test_the_shell_offers_what_the_table_says(
    scripts: Path, folder: Path, shell: Callable[..., set[str]], typed: str, offered: set[str]
) -> None:
    assert {word.rstrip("/") for word in shell(scripts, folder, typed)} == offered


@pytest.mark.parametrize("shell", [bash, zsh, fish])
def test_a_folder_is_offered_where_only_a_folder_fits(
    scripts: Path, folder: Path, shell: Callable[..., set[str]]
) -> None:
    offered = {word.rstrip("/") for word in shell(scripts, folder, "hoist build -o ")}
    assert offered == {"estate"}


def test_bash_takes_a_value_after_an_equals_sign(scripts: Path, folder: Path) -> None:
    assert bash(scripts, folder, "hoist graph --format = d") == {"dot"}
    assert bash(scripts, folder, "hoist graph --format =") == {"dot", "mermaid", "json"}


def test_fish_offers_files_as_paths(scripts: Path, folder: Path) -> None:
    assert {"night.jil", "estate/"} <= fish(scripts, folder, "hoist check ")
