"""`hoist reduce`: the result shows the finding, and without any one statement it does not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = re.compile(r"^(?=[ \t]*(?:insert|update|delete|override)_\w+:|calendar:|extended_calendar:)", re.MULTILINE)  # fmt: skip


def findings(run, *arguments: str | Path) -> set[tuple[str, str]]:
    done = run("check", *arguments, "--output", "json")
    assert done.returncode in (0, 1), done.stderr
    return {(one["code"], one.get("object", "")) for one in json.loads(done.stdout)["findings"]}


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def reduce(run, tmp_path: Path) -> Callable[..., Path]:
    def start(source: Path, code: str, name: str | None = None, *options: str) -> Path:
        out = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
        about = ["--object", name] if name is not None else []
        done = run("reduce", source, "--code", code, *about, "-o", out, *options)
        assert done.returncode == 0, done.stderr
        return out

    return start


def statements(text: str) -> list[str]:
    return [one for one in STATEMENT.split(text) if one.strip()]


def assert_minimal(run, out: Path, wanted: tuple[str, str], tmp_path: Path) -> None:
    """Without any one statement the finding is gone."""
    kept = files(out)
    for path, text in kept.items():
        pieces = statements(text)
        for i in range(len(pieces)):
            smaller = tmp_path / "smaller"
            for other, content in kept.items():
                (smaller / other).parent.mkdir(parents=True, exist_ok=True)
                (smaller / other).write_text(content, errors="surrogateescape")
            rest = "".join(pieces[:i] + pieces[i + 1 :])
            (smaller / path).write_text(rest, errors="surrogateescape")
            assert wanted not in findings(run, smaller), f"{path} without:\n{pieces[i]}"


@pytest.mark.parametrize("path", ["corpus/bank_night", "corpus/oddities", "tests/conformance"])
def test_every_code_of_an_estate_is_kept_and_minimal(run, reduce, tmp_path: Path, path: str) -> None:  # fmt: skip
    source = ROOT / path
    shown: dict[str, str] = {}
    for code, name in sorted(findings(run, source)):
        if code not in ("P0003", "P0005", "P0007", "P0008", "P0009", "P0010") and not name.startswith(str(source)):  # fmt: skip
            shown.setdefault(code, name)
    assert len(shown) > 3
    for number, (code, name) in enumerate(shown.items()):
        config = source / "hoist.toml"
        extra = ["--config", str(config)] if config.exists() else []
        out = reduce(source, code, name, *extra)
        if config.exists():
            (out / "hoist.toml").write_bytes(config.read_bytes())
        left = findings(run, out)
        assert (code, name) in left
        jil = {one: text for one, text in files(out).items() if one.endswith((".jil", ".cal"))}
        assert sum(len(statements(text)) for text in jil.values()) <= 12, (code, jil)
        if number % 4 == 0:
            (out / "hoist.toml").unlink(missing_ok=True)
            if (code, name) in findings(run, out):
                assert_minimal(run, out, (code, name), tmp_path / str(number))


NOISE = "".join(f"insert_job: N{i}  job_type: c\nmachine: m\ncommand: n{i}\n\n" for i in range(200))
CIRCLE = (
    "insert_job: A  job_type: c\nowner: me\nmachine: m\ncommand: a\n"
    "condition: (s(B) & s(N1)) | (s(B) & v(X) = 1)\n\n"
    "insert_job: B  job_type: c\nmachine: m\ncommand: b\ncondition: s(N2) & s(C, 12)\n\n"
    "insert_job: C  job_type: c\nmachine: m\ncommand: c\ncondition: s(A)\n\n"
)


def circle(tmp_path: Path, text: str = "") -> Path:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    (folder / "a.jil").write_text(NOISE + CIRCLE + text)
    (folder / "b.jil").write_text(NOISE.replace("N", "M"))
    return folder


def test_statements_attributes_and_operands_go(run, reduce, tmp_path: Path) -> None:
    folder = circle(tmp_path)
    wanted = next(one for one in sorted(findings(run, folder)) if one[0] == "A0002")
    out = reduce(folder, *wanted)
    (text,) = files(out).values()
    assert wanted in findings(run, out)
    assert re.findall(r"insert_job: (\w+)", text) == ["A", "B", "C"]
    for gone in ("owner", "machine", "command", "N1", "N2", "v(X)"):
        assert gone not in text
    assert_minimal(run, out, wanted, tmp_path)


FOLDERS = "<DEFTABLE>\n{}</DEFTABLE>\n".format(
    "".join(
        f'<FOLDER FOLDER_NAME="F{i}" DATACENTER="D">\n'
        + "".join(
            f'  <JOB JOBNAME="J{j}" TASKTYPE="Command" CMDLINE="x" RUN_AS="me">\n    <INCOND NAME="C{j}" ODATE="ODAT"/>\n'
            f'    <OUTCOND NAME="C{j + 1}" ODATE="{"PREV" if (i, j) != (7, 3) else "never"}"/>\n  </JOB>\n'
            for j in range(9)
        )
        + "</FOLDER>\n"
        for i in range(20)
    )
)  # fmt: skip
API = json.dumps(
    {
        f"F{i}": {"Type": "Folder", "ControlmServer": "D"}
        | {f"J{j}": {"Type": "Job:Command", "Command": "x", "When": {"MonthDays": ["1", "2", "33" if (i, j) == (7, 3) else "3"]}} for j in range(9)}
        for i in range(20)
    },
    indent=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("a.xml", FOLDERS, r'<DEFTABLE>\s*<FOLDER FOLDER_NAME="F7"\s*>\s*<JOB JOBNAME="J3"\s*>\s*<OUTCOND\s+ODATE="never"/>\s*</JOB>\s*</FOLDER>\s*</DEFTABLE>\s*'),
        ("a.json", API, r'{\s*"F7": {\s*"Type": "Folder",\s*"J3": {\s*"Type": "Job:Command",\s*"When": {\s*"MonthDays": \[\s*"33"\s*\]\s*}\s*}\s*}\s*}'),
    ],
)  # fmt: skip
def test_control_m_shrinks_to_one_element(run, reduce, tmp_path: Path, name: str, text: str, left: str) -> None:  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_text(text)
    (folder / f"other_{name}").write_text(text.replace("F", "G").replace("GOLDER", "FOLDER").replace("DEGTABLE", "DEFTABLE").replace('"Golder"', '"Folder"').replace("never", "ODAT").replace('"33"', '"3"'))  # fmt: skip
    out = reduce(folder, "P3013", "F7/J3")
    ((_, small),) = files(out).items()
    assert re.fullmatch(left, small), small
    assert ("P3013", "F7/J3") in findings(run, out)


def test_two_runs_write_the_same_bytes(run, reduce, tmp_path: Path) -> None:
    folder = circle(tmp_path)
    assert files(reduce(folder, "A0002")) == files(reduce(folder, "A0002"))


def test_the_object_decides_which(run, reduce, tmp_path: Path) -> None:
    folder = circle(tmp_path)
    text = (folder / "a.jil").read_text()
    (folder / "a.jil").write_text(text + "insert_job: Z1\nbox_name: GONE1\ncommand: z\n\ninsert_job: Z2\nbox_name: GONE2\ncommand: z\n")  # fmt: skip
    wanted = [one for one in sorted(findings(run, folder)) if one[1] == "Z2" and one[0][0] == "L"]
    assert wanted
    (left,) = files(reduce(folder, *wanted[0])).values()
    assert "Z2" in left
    assert "Z1" not in left


def test_a_crontab_loses_its_other_lines(run, reduce, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "my.crontab").write_text("A=1\n" + "0 1 * * * /bin/fine\n" * 3 + "0 0 31 2 * /bin/never\n5 5 * * * /bin/x\n")  # fmt: skip
    out = reduce(folder, "P2019")
    assert files(out) == {"my.crontab": "0 0 31 2 * /bin/never\n"}


def test_the_budget_bounds_the_tries(run, tmp_path: Path) -> None:
    folder = circle(tmp_path)
    done = run("reduce", folder, "--code", "A0002", "-o", "out", "--budget", "2")
    assert done.returncode == 0
    assert b"2 tries; the budget ended" in done.stderr
    assert "A0002" in {one[0] for one in findings(run, tmp_path / "out")}


@pytest.mark.parametrize("code", ["A0002", "V0001", "P0007"])
def test_what_is_not_shown_cannot_be_reduced(run, tmp_path: Path, code: str) -> None:
    (tmp_path / "a.jil").write_text(NOISE)
    done = run("reduce", "a.jil", "--code", code, "-o", "out")
    assert done.returncode == 2
    assert b"[C0016]" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jil", "-o", "out"], b"--code"),
        (["a.jil", "--code", "A0002"], b"-o DIR"),
        (["a.jil", "--code", "Z9", "-o", "out"], b"[C0011]"),
        ([".", "--code", "A0002", "-o", "out"], b"[C0001]"),
    ],
)
def test_usage(run, tmp_path: Path, arguments: list[str], said: bytes) -> None:
    (tmp_path / "a.jil").write_text(CIRCLE)
    done = run("reduce", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        b"insert_job: Z\xfcrich\r\nkommando: x\r\n\r\ninsert_job: B\r\nmachine: m\r\n",
        b"insert_job: A\x00B\nkommando: x\n",
        b"kommando: x\n",
        b"\xef\xbb\xbfinsert_job: A\nkommando: x\n/* never closed\ninsert_job: B\n",
        b"insert_job: A\ncondition: s(((((\nkommando: x\n",
    ],
)
def test_hostile_bytes(run, reduce, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.jil").write_bytes(text)
    for code, name in sorted(findings(run, "a.jil")):
        out = reduce(Path("a.jil"), code, name)
        assert code in {one[0] for one in findings(run, out)}


def test_ten_thousand_jobs_take_seconds(reduce, tmp_path: Path) -> None:
    folder = circle(tmp_path)
    (folder / "large.jil").write_text(
        "".join(
            f"insert_job: L{i}  job_type: c\nmachine: m\ncommand: l\ncondition: s(L{i - 1})\n\n"
            for i in range(1, 10_000)
        )
    )
    begin = time.monotonic()
    reduce(folder, "A0002")
    assert time.monotonic() - begin < 30
