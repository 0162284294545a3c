"""`hoist runbook`, `hoist plan --bridges` and the exercise: what is printed exists, and is data."""

from __future__ import annotations

import html
import html.parser
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIMS = ROOT / "backend/hoist_airflow/src"
FENCE = re.compile(r"^(`{3,})sh\n(.*?)^\1$", re.MULTILINE | re.DOTALL)

SMALL = """\
insert_job: EOD  job_type: b
date_conditions: 1
days_of_week: all
start_times: "22:00"
insert_job: LOAD  job_type: c  box_name: EOD  machine: m1  owner: svc
command: load.sh $$DAY
auto_hold: 1
insert_job: -dash.x  job_type: c  machine: m1
command: d.sh
condition: s(LOAD) & v(DAY) = "x"
insert_job: LATER  job_type: c  machine: m1
command: l.sh
condition: s(EOD) | e(-dash.x) = 4
"""
PLAN = """\
format = 1
[[wave]]
name = "W1"
workflows = ["EOD"]
[[wave]]
name = "W2"
workflows = ["-dash.x"]
[[wave]]
name = "W3"
workflows = ["LATER"]
"""


def lines_of(folder: Path) -> dict[str, Path]:
    """Every command line of the pages, with a page that has it."""
    return {
        line: page
        for page in sorted(folder.rglob("*.md"))
        for _, block in FENCE.findall(page.read_text(encoding="utf-8"))
        for line in block.splitlines()
    }


def tree(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def small(run, tmp_path: Path) -> Path:
    """The runbook of the small estate."""
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate/a.jil").write_text(SMALL)
    (tmp_path / "plan.lock.toml").write_text(PLAN)
    done = run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    assert done.returncode == 0, done.stderr.decode()
    return tmp_path / "book"


def check(run) -> subprocess.CompletedProcess[bytes]:
    return run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book", "--check")


def test_the_same_input_gives_the_same_bytes_and_check_tells_what_is_stale(
    run, small: Path, tmp_path: Path
) -> None:
    assert check(run).returncode == 0
    first = tree(small)
    run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    assert tree(small) == first
    (small / "index.md").write_text("edited")
    (small / "workflows/EOD.html").unlink()
    done = check(run)
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        "would change: index.md",
        "would change: workflows/EOD.html",
    ]
    (tmp_path / "estate/a.jil").write_text(SMALL.replace("LATER", "LAST"))
    (tmp_path / "plan.lock.toml").write_text(PLAN.replace("LATER", "LAST"))
    assert "would go: workflows/LATER.md" in check(run).stdout.decode()
    run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    assert not (small / "workflows/LATER.md").exists()
    assert check(run).returncode == 0


def test_a_runbook_is_refused_where_it_would_be_read_and_without_a_plan(
    run, small: Path, tmp_path: Path
) -> None:
    del small
    into = run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "estate/book")
    assert into.returncode == 2
    assert run("runbook", "estate", "--plan", "none.toml", "-o", "b").returncode == 1
    assert run("runbook", "estate").returncode == 2
    assert not (tmp_path / "b").exists()


def test_the_rows_are_those_that_the_workflow_uses(small: Path) -> None:
    eod = (small / "workflows/EOD.md").read_text()
    assert "Defined to wait for you: <code>LOAD</code>" in eod
    assert "-G DAY=VALUE" in eod
    assert "RELEASE_RESOURCE" not in eod
    assert "No clock starts it" not in eod
    assert "No clock starts it" in (small / "workflows/LATER.md").read_text()
    later = (small / "workflows/LATER.md").read_text()
    assert "Defined to wait" not in later


def test_what_goes_back_is_what_waits_first(run, tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate/a.jil").write_text(SMALL)
    (tmp_path / "plan.lock.toml").write_text(
        'format = 1\n[[wave]]\nname = "W1"\nworkflows = ["EOD", "-dash.x", "LATER"]\n'
    )
    done = run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    assert done.returncode == 0, done.stderr.decode()
    back = (tmp_path / "book/01-W1/wave.md").read_text().split("## Back")[1]
    paused = re.findall(r"^airflow dags pause --yes (.*)$", back, re.MULTILINE)
    assert paused == ["LATER", "_-dash.x", "EOD"]


FOLDERS = """\
<DEFTABLE>
  <SMART_FOLDER FOLDER_NAME="LOOP" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" CYCLIC="1" INTERVAL="00120M">
    <INCOND NAME="-GO" ODATE="PREV"/>
    <JOB JOBNAME="it's &quot;A&quot;" TASKTYPE="Command" CMDLINE="a" NODEID="h" DAYS="ALL" MAXRERUN="2" CONFIRM="1">
      <VARIABLE NAME="%%\\G" VALUE="1"/>
      <ON STMT="*" CODE="NOTOK"><DOACTION ACTION="RERUN"/></ON>
      <OUTCOND NAME="A `id` OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
  </SMART_FOLDER>
  <FOLDER FOLDER_NAME="P" DATACENTER="CTM" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="X" TASKTYPE="Command" CMDLINE="x" NODEID="h" DAYS="1">
      <INCOND NAME="A `id` OK" ODATE="ODAT"/>
      <OUTCOND NAME="-GO" ODATE="ODAT" SIGN="+"/>
      <SHOUT WHEN="LATETIME" TIME="0900" DEST="ops" MESSAGE="late"/>
    </JOB>
  </FOLDER>
</DEFTABLE>
"""


@pytest.fixture
def folders(run, tmp_path: Path) -> Path:
    """The runbook of an estate of Control-M."""
    (tmp_path / "folders").mkdir()
    (tmp_path / "folders/a.xml").write_text(FOLDERS)
    done = run("plan", "folders", "--lock", "folders.toml")
    assert done.returncode == 0, done.stderr.decode()
    done = run("runbook", "folders", "--plan", "folders.toml", "-o", "pages")
    assert done.returncode == 0, done.stderr.decode()
    return tmp_path / "pages"


def test_the_pages_of_control_m_speak_of_control_m(folders: Path) -> None:
    pages = {path.stem: path.read_text() for path in folders.rglob("*.md")}
    assert not [name for name, text in pages.items() if "AutoSys" in text or "JIL-" in text]
    wave, loop, plain = pages["wave"], pages["LOOP"], pages["P"]
    assert "order these folders no more" in wave.split("## Forward")[1].split("## Back")[0]
    assert "Control-M orders them again" in wave.split("## Back")[1]
    assert "hoistctl facts -- -GO" in wave  # of another day: the ledger must have it before
    for words in ("Confirm", "Variables of the server", "next runs of a cyclic folder", "MAXRERUN"):
        assert words in loop and words not in plain
    assert "told that something is late" in plain and "told that something is late" not in loop
    assert "Force, of one job" in plain and "Force, of one job" not in loop
    assert """--conf '{"order_date":"2026-03-02","force":true,"only":["P/X"]}'""" in plain
    assert "No clock starts it" not in loop  # New Day does


def test_what_is_refused_stays_and_no_command_is_about_it(run, tmp_path: Path) -> None:
    (tmp_path / "folders").mkdir()
    (tmp_path / "folders/a.xml").write_text("""\
<DEFTABLE>
  <SMART_FOLDER FOLDER_NAME="-p q" DATACENTER="-C" FOLDER_ORDER_METHOD="SYSTEM" DAYS="ALL" CONFIRM="1">
    <JOB JOBNAME="J" TASKTYPE="Command" CMDLINE="j %%\\RATE" NODEID="h" DAYS="ALL">
      <OUTCOND NAME="-a" ODATE="ODAT" SIGN="+"/>
      <OUTCOND NAME="-b" ODATE="ODAT" SIGN="+"/>
    </JOB>
    <SUB_FOLDER JOBNAME="EMPTY" DAYS="ALL"/>
  </SMART_FOLDER>
  <SMART_FOLDER FOLDER_NAME="BAD" DATACENTER="-C" FOLDER_ORDER_METHOD="SYSTEM" DAYS="1">
    <VARIABLE NAME="%%\\V" VALUE="1"/>
    <JOB JOBNAME="X" TASKTYPE="Command" CMDLINE="x" NODEID="h" DAYS="1"/>
  </SMART_FOLDER>
</DEFTABLE>
""")
    run("plan", "folders", "--lock", "folders.toml")
    run("runbook", "folders", "--plan", "folders.toml", "-o", "pages")
    pages = {
        path.stem: html.unescape(path.read_text()) for path in (tmp_path / "pages").rglob("*.md")
    }
    bad, wave = pages["BAD"], pages["wave"]
    assert "Control-M goes on with it" in bad
    assert "orders it no more" not in bad and "airflow" not in bad and "hoistctl" not in bad
    assert "hoist refuses these, so they have no DAG: <code>BAD</code>" in wave
    (no_more,) = re.findall(r"order these folders no more.*", wave)
    assert "BAD" not in no_more and "-p q" in no_more
    assert not [line for line in lines_of(tmp_path / "pages") if "BAD" in line]
    good = pages["_-p_q"]
    assert "hoistctl status -- '-p q' '-p q/J' '-p q/EMPTY'" in good
    assert "hoistctl facts -- -a -b" in good
    assert "hoistctl fact add --server=-C -- -a 0302" in good
    assert "hoistctl confirm -- '-p q' 2026-03-02" in good
    assert "JOB_ON_HOLD -J'-p q/J'" in good, "the last is a folder without a task"
    assert "it reads <code>%%\\RATE</code>" in good
    for line in lines_of(tmp_path / "pages"):
        words = shlex.split(line)
        if words[0] == "hoistctl":
            hoistctl_parser().parse_args(words[1:])


def test_a_variable_of_the_server_orders_the_waves(run, tmp_path: Path) -> None:
    (tmp_path / "folders").mkdir()
    (tmp_path / "folders/hoist.toml").write_text("[plan]\nwave_size = 1\n")
    (tmp_path / "folders/a.xml").write_text("""\
<DEFTABLE>
  <FOLDER FOLDER_NAME="AREADS" DATACENTER="C" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="R" TASKTYPE="Command" CMDLINE="r %%RATE" NODEID="h" DAYS="ALL"/>
  </FOLDER>
  <FOLDER FOLDER_NAME="SETS" DATACENTER="C" FOLDER_ORDER_METHOD="SYSTEM">
    <JOB JOBNAME="S" TASKTYPE="Command" CMDLINE="s" NODEID="h" DAYS="ALL">
      <VARIABLE NAME="%%\\RATE" VALUE="1"/></JOB>
  </FOLDER>
</DEFTABLE>
""")
    done = run("plan", "folders", "--lock", "folders.toml", "--output", "json=found.json")
    assert done.returncode == 0, done.stderr.decode()
    lock = (tmp_path / "folders.toml").read_text()
    assert re.findall(r'^    "(\w+)",$', lock, re.MULTILINE) == ["SETS", "AREADS"]
    found = json.loads((tmp_path / "found.json").read_text())["findings"]
    (told,) = [each for each in found if each["code"] == "M0211"]
    assert told["object"] == "%%\\RATE"
    run("runbook", "folders", "--plan", "folders.toml", "-o", "pages")
    wave = next((tmp_path / "pages").glob("01-*/wave.md")).read_text()
    assert "Nothing crosses" not in wave and "<code>M0211</code>" in wave
    page = html.unescape((tmp_path / "pages/workflows/AREADS.md").read_text())
    assert "it reads <code>%%\\RATE</code>" in page
    assert "It waits for: <code>SETS</code>" in page
    assert not list((tmp_path / "pages").glob("*/bridges.json")) or "RATE" not in "".join(
        path.read_text() for path in (tmp_path / "pages").glob("*/bridges.json")
    )


@pytest.fixture(scope="module")
def airflow_parser() -> Any:
    parser = pytest.importorskip("airflow.cli.cli_parser")
    return parser.get_parser()


def hoistctl_parser() -> Any:
    sys.path.insert(0, str(SHIMS))
    from hoist_airflow import hoistctl

    return hoistctl._parser()


def test_every_command_that_is_printed_exists(
    run, hoist, small: Path, folders: Path, tmp_path: Path, airflow_parser: Any
) -> None:
    done = hoist(
        "plan", "corpus/bank_night", "--properties", "corpus/bank_night/env.properties",
        "--lock", tmp_path / "bank.toml", "--bridges", tmp_path / "bridges",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = hoist(
        "runbook", "corpus/bank_night", "--properties", "corpus/bank_night/env.properties",
        "--plan", tmp_path / "bank.toml", "-o", tmp_path / "bank",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = lines_of(small) | lines_of(folders) | lines_of(tmp_path / "bank")
    seen = set()
    for line, page in lines.items():
        words = shlex.split(line)
        seen.add(words[0])
        if words[0] == "hoist":
            said = run(*words[1:], "--help")
            assert said.returncode == 0, (line, page, said.stderr.decode())
        elif words[0] in ("hoistctl", "airflow"):
            parser = hoistctl_parser() if words[0] == "hoistctl" else airflow_parser
            try:
                parser.parse_args(words[1:])
            except SystemExit as refused:
                pytest.fail(f"{page}: {line}: {refused}")
        else:
            assert words[0] in ("jil", "patch", "SELECT"), line
    assert seen == {"hoist", "hoistctl", "airflow", "jil", "SELECT"}
    # `plan --bridges` writes what the runbook writes for each wave.
    for name, text in tree(tmp_path / "bridges").items():
        assert (tmp_path / "bank" / name).read_bytes() == text


def test_the_queries_run_on_a_ledger(small: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(SHIMS))
    from hoist_airflow.ledger import Ledger

    Ledger.open(f"sqlite:///{tmp_path}/ledger.db").record("LOAD", "SUCCESS")
    queries = [line for line in lines_of(small) if line.startswith("SELECT")]
    assert queries
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for query in queries:
            database.execute(query).fetchall()


# --- hostile names --------------------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>",
    "a`b``c```d",
    "x|y](http://evil.example)[z",
    "'; DROP TABLE hoist_jobs; --$(reboot)`id`",
    "rtl\u202egpj.exe",
    "&amp;&#60;img src=x onerror=y>",
    "L" * 10_000,
]


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for key, value in attrs if key == "href"]
        assert not [key for key, _ in attrs if key.startswith("on") or key == "src"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_names_stay_data_in_markdown_html_shell_and_sql(run, tmp_path: Path) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    (tmp_path / "estate").mkdir()
    text = "".join(
        f"insert_job: {name}\njob_type: c\nmachine: m{i}\nowner: {name}\ncommand: c\n"
        for i, name in enumerate(EVIL)
    )
    text += 'insert_job: USE\njob_type: c\nmachine: m\ncommand: c\ncondition: v(a) = "`<b>"\n'
    (tmp_path / "estate/a.jil").write_text(text, encoding="utf-8")
    made = run("plan", "estate", "--lock", "plan.lock.toml")
    assert made.returncode in (0, 1), made.stderr.decode()
    done = run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    assert done.returncode in (0, 1), done.stderr.decode()
    pages = sorted((tmp_path / "book").rglob("*.md"))
    assert len(pages) > len(EVIL) // 2
    reader = markdown_it.MarkdownIt("commonmark").enable("table")
    for page in pages:
        source = page.read_text(encoding="utf-8")
        assert "\u202e" not in source
        for token in reader.parse(source):
            assert token.type != "html_block"
            for child in token.children or []:
                if child.type == "html_inline":
                    assert child.content in ("<code>", "</code>")
                if child.type == "link_open":
                    assert re.fullmatch(r"(\.\./)?[A-Za-z0-9_./-]+\.md", child.attrs["href"])
        seen = Tags()
        seen.feed(page.with_suffix(".html").read_text(encoding="utf-8"))
        assert seen.tags <= {
            "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "pre",
            "code", "table", "tr", "th", "td", "a",
        }  # fmt: skip
        assert all(re.fullmatch(r"(\.\./)?[A-Za-z0-9_./-]+\.html", link) for link in seen.links)
        assert "\u202e" not in seen.text
    for line in lines_of(tmp_path / "book"):
        if not line.startswith("SELECT"):
            words = shlex.split(line)  # each name is one word
            assert words[0] in ("hoist", "hoistctl", "airflow", "jil", "patch")
            assert not {"reboot", "DROP", "id"} & set(words), line
    assert "reboot" not in "".join(
        path.read_text() for path in (tmp_path / "book").rglob("apply.jil")
    )


def test_a_shell_reads_the_words_that_were_meant(run, tmp_path: Path) -> None:
    """Every line of every page in a real bash, whose programs only print their words."""
    (tmp_path / "estate").mkdir()
    text = "".join(
        f"insert_job: {name}\njob_type: c\nmachine: m{i}\ncommand: c\n"
        for i, name in enumerate(EVIL)
    )
    (tmp_path / "estate/a.jil").write_text(text, encoding="utf-8")
    run("plan", "estate", "--lock", "plan.lock.toml")
    run("runbook", "estate", "--plan", "plan.lock.toml", "-o", "book")
    lines = [line for line in lines_of(tmp_path / "book") if not line.startswith("SELECT")]
    assert any("reboot" in line for line in lines), "the names are in the commands"
    programs = "".join(
        f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}\n"
        for name in ("hoist", "hoistctl", "airflow", "jil", "patch", "reboot", "id")
    )
    for line in lines:
        command = line.split(" < ")[0]
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-eu", "-c", programs + command],
            capture_output=True,
            env={"PATH": "/nowhere", "AUTOUSER": "U", "AUTOSERV": "S"},
            check=True,
        )
        words = shlex.split(command.replace("$AUTOUSER", "U").replace("$AUTOSERV", "S"))
        assert done.stdout.decode().split("\0")[:-1] == words, line


def test_hostile_names_stay_data_in_what_a_wave_changes(run, tmp_path: Path) -> None:
    """`plan --bridges`: JIL that hoist reads again, a patch that `patch` takes, lists that are JSON."""
    (tmp_path / "estate").mkdir()
    text = "".join(
        f"insert_job: {name}\njob_type: c\nmachine: m{i}\ncommand: c\n"
        for i, name in enumerate(EVIL)
    )
    text += "insert_job: x.1  job_type: c\nmachine: m\ncommand: echo '*/ insert_job: BAD'\n"
    text += "insert_job: LAST  job_type: c\nmachine: m\ncommand: l\ncondition: s(x.1)"
    text += "".join(f' & v(G{i}) = "{name}"' for i, name in enumerate(EVIL[:2])) + "\n"
    (tmp_path / "estate/a.jil").write_text(text, encoding="utf-8")
    crontab = "".join(
        f"{i} 4 * * * ops echo {name.replace('%', '')}\n" for i, name in enumerate(EVIL)
    )
    (tmp_path / "estate/cron.d").mkdir()
    (tmp_path / "estate/cron.d/batch").write_text(crontab, encoding="utf-8")
    (tmp_path / "hoist.toml").write_text(
        "[plan]\nwave_size = 1\n[[plan.order]]\nfirst = 'x.1'\nthen = 'LAST'\n"
    )
    done = run("plan", "estate", "--config", "hoist.toml", "--bridges", "out", "--lock", "l.toml")
    assert done.returncode in (0, 1), done.stderr.decode()
    folders = sorted((tmp_path / "out").iterdir())
    assert all(re.fullmatch(r"\d\d-W\d+", folder.name) for folder in folders)
    applied = "".join(path.read_text() for path in sorted((tmp_path / "out").rglob("apply.jil")))
    assert "update_job: x.1" in applied
    for name in EVIL:
        assert name not in applied
    names = re.findall(r"^update_job: (.*)$", applied, re.MULTILINE)
    assert all(re.fullmatch(r"[A-Za-z0-9._:#\\-]{1,64}", name) for name in names)
    for path in (tmp_path / "out").rglob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert all(isinstance(name, str) for name in document["to_legacy"]["stand_ins"])
    patches = sorted((tmp_path / "out").rglob("crontab.patch"))
    assert len(patches) == len(EVIL) - 1, "cron would cut the longest: refused, so it stays"
    for path in patches:
        subprocess.run(
            ["patch", "-p0", "-i", path, "--dry-run"], cwd=tmp_path, check=True, capture_output=True
        )


# --- bridges --------------------------------------------------------------------------------------


def test_each_wave_and_its_undo_give_the_sample_estate_back(hoist, tmp_path: Path) -> None:
    properties = ["--properties", "corpus/bank_night/env.properties"]
    made = hoist(
        "plan", "corpus/bank_night", *properties, "--lock", tmp_path / "p", "--bridges",
        tmp_path / "bridges",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    waves = sorted((tmp_path / "bridges").iterdir())
    estate = tmp_path / "estate"
    shutil.copytree(ROOT / "corpus/bank_night", estate)
    for number, wave in enumerate(waves):
        shutil.copy(wave / "apply.jil", estate / f"91_{number:02}.jil")
    changed = hoist("diff", "corpus/bank_night", estate, *properties)
    assert changed.returncode == 3, changed.stderr
    said = hoist("check", estate, *properties, "--ignore", "ALL", "--select", "P,L")
    assert "error" not in said.stderr, said.stderr
    for number, wave in enumerate(reversed(waves)):
        shutil.copy(wave / "undo.jil", estate / f"92_{number:02}.jil")
    undone = hoist("diff", "corpus/bank_night", estate, *properties)
    assert undone.returncode == 0, undone.stdout + undone.stderr


def test_a_crontab_is_patched_and_patched_back(run, tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    tab = "MAILTO=ops\n5 4 * * * /bin/one\n6 4 * * * /bin/two\n"
    (tmp_path / "estate/ops.crontab").write_text(tab)
    made = run("plan", "estate", "--dialect", "cron", "--lock", "p.toml", "--bridges", "b")
    assert made.returncode == 0, made.stderr.decode()
    (patch,) = (tmp_path / "b").rglob("crontab.patch")
    for back in ([], ["-R"]):
        subprocess.run(["patch", "-p0", "-s", *back, "-i", patch], cwd=tmp_path, check=True)
        text = (tmp_path / "estate/ops.crontab").read_text()
        assert text == (tab if back else tab.replace("5 4", "# moved to Airflow: 5 4").replace(
            "6 4", "# moved to Airflow: 6 4"))  # fmt: skip


def test_the_files_of_a_page_lie_where_its_commands_look(run, tmp_path: Path) -> None:
    """All commands are typed in one folder, the one in which the runbook was made."""
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate/a.jil").write_text(SMALL)
    (tmp_path / "estate/ops.crontab").write_text("5 4 * * * /bin/one\n")
    (tmp_path / "hoist.toml").write_text("[plan]\nwave_size = 2\n")
    settings = ("--config", "hoist.toml")
    run("plan", "estate", *settings, "--lock", "plan.lock.toml")
    done = run("runbook", "estate", *settings, "--plan", "plan.lock.toml", "-o", "my book")
    assert done.returncode == 0, done.stderr.decode()
    paths, patches = set(), 0
    for line in lines_of(tmp_path / "my book"):
        words = shlex.split(line)
        paths |= {words[at + 1] for at, word in enumerate(words) if word in ("<", "--bridges")}
        if words[0] == "patch" and "-R" not in words:
            subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True, capture_output=True)
            patches += 1
    assert patches == 1
    assert {Path(path).name for path in paths} >= {"apply.jil", "undo.jil", "bridges.json"}
    assert all((tmp_path / path).is_file() for path in paths), paths
    (check_line,) = [line for line in lines_of(tmp_path / "my book") if "--check" in line]
    assert run(*shlex.split(check_line)[1:]).returncode == 0


# --- the exercise ---------------------------------------------------------------------------------


def test_the_exercise_can_be_typed(hoist_binary: str, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "hoist").symlink_to(Path(hoist_binary).resolve())
    ctl = tools / "hoistctl"
    ctl.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hoist_airflow.hoistctl "$@"\n')
    ctl.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    shutil.copytree(ROOT / "corpus/bank_night", work / "bank")
    page = (ROOT / "docs/exercise.md").read_text(encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(SHIMS),
        "HOIST_LEDGER": f"sqlite:///{work}/ledger.db",
    }
    typed = [line for _, block in FENCE.findall(page) for line in block.splitlines()]
    assert len(typed) > 25
    for line in typed:
        wanted = re.search(r" # exit (\d+)$", line)
        done = subprocess.run(
            ["sh", "-c", line], cwd=work, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == (int(wanted[1]) if wanted else 0), (
            line,
            done.stdout,
            done.stderr,
        )
