"""`hoist check --fix`: safe fixes change no behaviour, and nothing else in a file changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JOBS = "".join(f"insert_job: {name}   job_type: c\ncommand: a\nmachine: m\n" for name in "ABC")
MIXED = JOBS + "insert_job: D   job_type: c\ncommand: d\nmachine: m\ncondition: {}\n"
FENCE = re.compile(r"^```jil[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def texts() -> dict[str, bytes]:
    """Every definition of the project that something is found in."""
    found = {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for folder in ("corpus/oddities", "tests/jil/files")
        for path in sorted((ROOT / folder).glob("*.jil"))
    }
    for page in sorted((ROOT / "docs/diagnostics").glob("*.md")):
        for number, text in enumerate(FENCE.findall(page.read_text(encoding="utf-8"))):
            found[f"{page.stem}/{number}"] = text.encode()
    return found


def test_safe_fixes_change_no_behaviour(run, tmp_path: Path) -> None:
    fixed = 0
    for name, before in texts().items():
        for file in ("old.jil", "new.jil"):
            (tmp_path / file).write_bytes(before)
        done = run("check", "--fix", "new.jil", "--dialect", "jil")
        assert done.returncode in (0, 1), (name, done.stderr.decode())
        if (tmp_path / "new.jil").read_bytes() == before:
            continue
        fixed += 1
        compared = run("diff", "old.jil", "new.jil", "--dialect", "jil", "--format", "json")
        assert compared.returncode in (0, 1), (name, compared.stdout.decode())
        assert json.loads(compared.stdout)["changes"] == [], name
    assert fixed >= 2  # the pages of A0006 and P1044 at least


def test_unsafe_fixes_end(run, tmp_path: Path) -> None:
    for name, before in texts().items():
        (tmp_path / "a.jil").write_bytes(before)
        done = run("check", "--fix", "--unsafe-fixes", "a.jil", "--dialect", "jil")
        assert done.returncode in (0, 1), (name, done.stderr.decode())
        assert b"rounds" not in done.stderr, (name, done.stderr.decode())


def test_the_parentheses_that_autosys_runs_by(run, tmp_path: Path) -> None:
    file = tmp_path / "a.jil"
    file.write_text(MIXED.format("s(A) | s(B) & s(C)"), encoding="utf-8")
    assert b"1 finding can be fixed with `--fix`" in run("check", "a.jil").stderr
    done = run("check", "--fix", "a.jil")
    assert done.returncode == 0, done.stderr.decode()
    assert b"hoist: 1 finding fixed\n" in done.stderr
    assert b"A0006" not in done.stderr
    assert file.read_text(encoding="utf-8") == MIXED.format("(s(A) | s(B)) & s(C)")


@pytest.mark.parametrize(
    ("condition", "options", "code"),
    [
        ("s(A, ${LB})", ["-D", "LB=1.5"], b"P1044"),  # a fix would write down this site's value
        ("s(A) | s(~{$J}~) & s(C)", [], b"A0006"),  # … or make the placeholder plain text
        ("s(A) | s(%J%) & s(C)", ["-D", "J=B"], b""),
        ("s(A) | /* why */ s(B) & s(C)", [], b""),  # … or lose the comment
    ],
)
def test_no_fix_where_it_would_lose_what_was_written(
    run, tmp_path: Path, condition: str, options: list[str], code: bytes
) -> None:
    file = tmp_path / "a.jil"
    text = MIXED.format(condition)
    file.write_text(text, encoding="utf-8")
    done = run("check", "--fix", "a.jil", *options)
    assert code in done.stderr, done.stderr.decode()
    assert b"fixed" not in done.stderr
    assert file.read_text(encoding="utf-8") == text


def test_the_rest_of_the_file_stays_byte_for_byte(run, tmp_path: Path) -> None:
    text = MIXED.format("s(A, 1.5)  | s(B)").replace("\n", "\r\n").encode()
    text = b"\xef\xbb\xbf/* \xe4 */\r\n \t" + text + b"# no final line end \xff"
    (tmp_path / "a.jil").write_bytes(text)
    (tmp_path / "a.jil").chmod(0o604)
    run("check", "--fix", "a.jil")
    assert (tmp_path / "a.jil").read_bytes() == text.replace(b"1.5", b"01.05")
    assert (tmp_path / "a.jil").stat().st_mode & 0o777 == 0o604


def test_unsafe_fixes_are_counted_and_applied_on_demand(run, tmp_path: Path) -> None:
    file = tmp_path / "a.jil"
    text = MIXED.format("s(A, 1.5)").replace("insert_job: B ", "insert_jib: B ")
    file.write_text(text, encoding="utf-8")
    done = run("check", "--fix", "a.jil")
    assert done.returncode == 1
    assert b"hoist: 1 finding fixed; 1 more with `--unsafe-fixes`\n" in done.stderr
    done = run("check", "--fix", "--unsafe-fixes", "a.jil")
    assert done.returncode == 0, done.stderr.decode()
    assert file.read_text(encoding="utf-8") == MIXED.format("s(A, 01.05)")


def test_added_lines_have_the_line_ends_of_the_file(run, tmp_path: Path) -> None:
    page = (ROOT / "docs/diagnostics/A0009.md").read_text(encoding="utf-8")
    text = FENCE.findall(page)[0].replace("\n", "\r\n").encode()
    (tmp_path / "a.jil").write_bytes(text)
    done = run("check", "--fix", "--unsafe-fixes", "a.jil")
    after = (tmp_path / "a.jil").read_bytes()
    assert b"box_success: " in after, done.stderr.decode()
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b"A0009" not in done.stderr


def test_diff_shows_and_writes_nothing(run, tmp_path: Path) -> None:
    text = MIXED.format("s(A, 1.5)").encode()
    (tmp_path / "a.jil").write_bytes(text)
    done = run("check", "--diff", "a.jil")
    assert done.returncode == 1
    assert done.stdout.startswith(b"--- a.jil\n+++ a.jil\n@@ -10,4 +10,4 @@\n")
    assert done.stdout.endswith(b"-condition: s(A, 1.5)\n+condition: s(A, 01.05)\n")
    assert done.stderr == b"hoist: 1 finding would be fixed\n"
    assert (tmp_path / "a.jil").read_bytes() == text
    assert run("check", "--diff", "-", input=text).stdout.endswith(b"+condition: s(A, 01.05)\n")
    (tmp_path / "a.jil").write_bytes(text.replace(b"1.5", b"01.05"))
    done = run("check", "--diff", "a.jil")
    assert (done.returncode, done.stdout) == (0, b"")


def test_what_is_allowed_in_the_source_is_not_fixed(run, tmp_path: Path) -> None:
    text = MIXED.format("s(A, 1.5)").replace("condition", "# hoist: allow(P1044) so\ncondition")
    (tmp_path / "a.jil").write_text(text, encoding="utf-8")
    run("check", "--fix", "a.jil")
    assert (tmp_path / "a.jil").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "arguments", [["--fix", "-"], ["--unsafe-fixes", "a.jil"], ["--diff", "--output", "json", "-"]]
)
def test_what_makes_no_sense_is_refused(run, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.jil").write_text(JOBS, encoding="utf-8")
    done = run("check", *arguments, input=JOBS.encode())
    assert done.returncode == 2, done.stderr.decode()


def test_a_link_is_not_written_through(run, tmp_path: Path) -> None:
    text = MIXED.format("s(A, 1.5)")
    (tmp_path / "away").mkdir()
    (tmp_path / "away/real.jil").write_text(text, encoding="utf-8")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/a.jil").symlink_to("../away/real.jil")
    done = run("check", "--fix", "here")
    assert done.returncode == 5
    assert b"symbolic link" in done.stderr
    assert (tmp_path / "away/real.jil").read_text(encoding="utf-8") == text
