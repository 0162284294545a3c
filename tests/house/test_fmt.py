"""`hoist fmt` changes the layout and nothing else, in every JIL file there is; how it is used."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared/corpus")) / "jil"
UGLY = b"insert_job:A   job_type:c\n  machine:  m  \n\n\n  command:a\n"
NEAT = b"insert_job: A   job_type: c\nmachine: m\ncommand: a\n"


def jil_files() -> list[Path]:
    own = [*(ROOT / "corpus").rglob("*.jil"), *(ROOT / "tests").rglob("*.jil")]
    real = sorted(REAL.iterdir()) if REAL.is_dir() else []
    return sorted(own) + real


def bare(text: bytes) -> bytes:
    """What a layout cannot change: everything but blanks, in their order."""
    return re.sub(rb"\s+", b"", text).lower()


@pytest.mark.parametrize("file", jil_files(), ids=lambda path: path.stem)
def test_every_file_keeps_its_meaning_and_is_laid_out_once(file: Path, run, tmp_path: Path) -> None:
    before = file.read_bytes()
    done = run("fmt", "-", "--dialect", "jil", input=before)
    assert done.returncode == 0, done.stderr.decode()
    after = done.stdout
    assert bare(after) == bare(before)
    assert run("fmt", "-", "--dialect", "jil", input=after).stdout == after
    (tmp_path / "old.jil").write_bytes(before)
    (tmp_path / "new.jil").write_bytes(after)
    compared = run("diff", "old.jil", "new.jil", "--dialect", "jil", "--format", "json")
    assert compared.returncode in (0, 1), compared.stdout.decode()  # 1: errors of the file itself
    assert b'"changes": []' in compared.stdout


def test_there_is_something_to_lay_out(run) -> None:
    changed = sum(
        run("fmt", "--check", "-", "--dialect", "jil", input=file.read_bytes()).returncode
        for file in sorted((ROOT / "corpus").rglob("*.jil"))
    )
    assert changed > 10


def test_files_are_written_once_and_keep_their_mode(run, tmp_path: Path) -> None:
    file = tmp_path / "a.jil"
    file.write_bytes(UGLY)
    file.chmod(0o640)
    done = run("fmt", "a.jil")
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"hoist: 1 file reformatted, 0 files left unchanged\n"
    assert file.read_bytes() == NEAT
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jil"]
    assert run("fmt", "a.jil").stderr == b"hoist: 0 files reformatted, 1 file left unchanged\n"


def test_check_lists_and_diff_shows_and_neither_writes(run, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_bytes(UGLY)
    (tmp_path / "b.jil").write_bytes(NEAT.replace(b"A", b"B"))
    done = run("fmt", "--check", ".")
    assert (done.returncode, done.stdout) == (1, b"would reformat a.jil\n")
    done = run("fmt", "--diff", "a.jil", "b.jil")
    assert done.returncode == 1
    assert done.stdout.startswith(
        b"--- a.jil\n+++ a.jil\n@@ -1,5 +1,3 @@\n-insert_job:A   job_type:c"
    )
    assert b"+insert_job: A   job_type: c\n+machine: m\n+command: a\n" in done.stdout
    assert (tmp_path / "a.jil").read_bytes() == UGLY
    assert run("fmt", "--check", "b.jil").returncode == 0
    assert run("fmt", "--diff", "b.jil").stdout == b""


def test_standard_input_goes_to_standard_output(run) -> None:
    done = run("fmt", "-", input=UGLY)
    assert (done.returncode, done.stdout) == (0, NEAT)


def test_what_is_wrong_stays_and_is_told(run, tmp_path: Path) -> None:
    broken = b'insert_job:   A\n  command: "open\n'
    (tmp_path / "a.jil").write_bytes(broken)
    done = run("fmt", "a.jil")
    assert done.returncode == 0
    assert (tmp_path / "a.jil").read_bytes() == broken
    assert b"`a.jil`: 1 statement is left as it is" in done.stderr


def test_a_crontab_is_left_alone(run, tmp_path: Path) -> None:
    text = b"0 5 * * *   /opt/bin/report --all\n"
    (tmp_path / "jobs.cron").write_bytes(text)
    done = run("fmt", "jobs.cron", "--dialect", "cron")
    assert done.returncode == 0
    assert b"`jobs.cron` is left as it is: hoist lays out JIL, not cron" in done.stderr
    assert (tmp_path / "jobs.cron").read_bytes() == text
    assert run("fmt", "-", "--dialect", "cron", input=text).stdout == text


def test_a_link_is_not_written_through(run, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away/real.jil").write_bytes(UGLY)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/a.jil").symlink_to("../away/real.jil")
    done = run("fmt", "here")
    assert done.returncode == 5
    assert b"[F0011]" in done.stderr
    assert b"symbolic link" in done.stderr
    assert (tmp_path / "away/real.jil").read_bytes() == UGLY
    assert (tmp_path / "here/a.jil").is_symlink()


def test_what_cannot_be_read_is_an_error(run) -> None:
    done = run("fmt", "absent.jil")
    assert done.returncode == 1
    assert b"absent.jil" in done.stderr
