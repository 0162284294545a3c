"""`hoist redact`: nothing of the words is left, everything of the findings is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared/corpus"))
WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")

#: What hoist knows may stay: keywords, system words, and what stands in the tables.
KNOWN_FILES = ["frontend/jil/*.def", "frontend/jil/*.cpp", "frontend/cron/*.cpp", "frontend/ir/*.cpp",
               "frontend/controlm/*.def", "frontend/controlm/*.cpp",
               "frontend/ir/TzData.inc", "backend/driver/Redaction.cpp"]  # fmt: skip


@cache
def known() -> frozenset[bytes]:
    # A date keyword that is put together, a slip of one letter, and the byte order mark.
    # Of XML an attribute that every export has, and intervals (`00005M`).
    words = {b"eomwork", b"jobb", b"\xef\xbb\xbf", b"nonamespaceschemalocation"}
    for pattern in KNOWN_FILES:
        for path in ROOT.glob(pattern):
            words.update(word.lower() for word in WORD.findall(path.read_bytes()))
    return frozenset(words)


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def places(run, *arguments: str | Path) -> list[tuple]:
    """Every finding: its code, line and column, file by file in the order of reading."""
    done = run("check", *arguments, "--output", "json", "--config", "none.toml")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[tuple]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        if finding["code"] in ("P0003", "P0005"):
            continue  # files that are no definitions are not written
        place = finding.get("place", {"file": "", "start": {"line": 0, "column": 0}})
        start = place["start"]
        one = (start["line"], start["column"], finding["code"], len(finding["labels"]))
        found.setdefault(place["file"], []).append(one)
    return [
        (number, *one) for number, file in enumerate(sorted(found)) for one in sorted(found[file])
    ]


def estates() -> Iterable[tuple[str, list[str]]]:
    for folder in ("corpus/bank_night", "corpus/coverage", "corpus/oddities", "tests/conformance"):
        yield folder, []
    for file in sorted([*(ROOT / "corpus/oddities").glob("*.jil"), *(ROOT / "corpus/oddities_controlm").glob("*.xml")]):  # fmt: skip
        yield str(file.relative_to(ROOT)), []
    if REAL.exists():
        for file in sorted([*(REAL / "jil").iterdir(), *(REAL / "crontab").iterdir(), *(REAL / "controlm_xml").iterdir(), *(REAL / "controlm_json").iterdir()]):  # fmt: skip
            yield str(file), ["--dialect", "cron"] if file.parent.name == "crontab" else []


@pytest.fixture
def redact(run, tmp_path: Path):
    (tmp_path / "none.toml").write_text("")  # the settings of an estate are not written

    def start(*paths: str | Path, options: Iterable[str] = ()) -> tuple[Path, dict, str]:
        """The folder that was written, the map, and what was said."""
        out = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
        done = run("redact", *paths, "-o", out, "--map", f"{out.name}.map.json", *options)
        assert done.returncode == 0, done.stderr
        return (
            out,
            json.loads((tmp_path / f"{out.name}.map.json").read_text()),
            done.stderr.decode(),
        )

    return start


@pytest.mark.parametrize(("path", "options"), list(estates()))
def test_findings_stay_and_words_go(run, redact, path: str, options: list[str]) -> None:
    source = ROOT / path
    out, names, said = redact(source, options=options)
    assert "[C0015]" not in said, said
    assert places(run, source, *options) == places(run, out)

    # No word longer than two characters is there that was in the original, but for what is known.
    kept = known()
    read = [Path(file).read_bytes() for file in names["files"]]
    originals = {word.lower() for text in read for word in WORD.findall(text)}
    left = {
        word.lower()
        for text in texts(out)
        for word in WORD.findall(text)
        if len(word) > 2 and not word.isdigit()
    }
    leaked = {word for word in (left & originals) - kept if not re.fullmatch(rb"\d+[mhsd]", word)}
    assert not {word for word in leaked if set(word) != {ord("x")}}, leaked
    # The same length, so the same columns.
    assert [len(text) for text in read] == [len(text) for text in texts(out)]


ESTATE = """/* payments of Contoso, call +49 89 4711 */
insert_machine: paris-01  type: a  node_name: paris01.contoso.example
insert_glob: CUTOVER  value: "20991231"
calendar: CONTOSO_HOL
12/25/2026

insert_job: PAY_BOX  job_type: b
owner: payadm@paris-01
date_conditions: 1
days_of_week: mo,tu
run_calendar: CONTOSO_HOL
start_times: "06:00"
timezone: Europe/Paris
description: "the payments of Contoso"

insert_job: Pay_Load  job_type: c
box_name: "PAY_BOX"
command: /opt/contoso/bin/pay_load.sh -u payadm --db-password=Sesame99 $$CUTOVER ${REGION} %SITE% 10.20.30.40
profile: /home/payadm/.contoso_profile
std_out_file: >/var/log/contoso/Pay_Load.log
machine: paris-01
notification_emailaddress: ops@contoso.example
acme_approver: Jane Doe 4711
condition: S(PAY_BOX, 12.30) & v(CUTOVER) = "20991231" & e(Pay_Load^PRD) != 4 | s("REMOTE JOB"^PRD)
resources: (DB_SLOT, QUANTITY=2, FREE=A)
max_exit_success: 4
n_retrys: 12
status: on_hold
"""


def written(tmp_path: Path, text: str | bytes, name: str = "in/a.jil") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path.parent


def test_what_is_replaced_and_what_stays(redact, tmp_path: Path) -> None:
    out, names, _ = redact(written(tmp_path, ESTATE))
    (text,) = (one.decode() for one in texts(out))
    words = names["words"]

    for word in ("contoso", "paris01", "pay", "load", "payadm", "sesame99", "cutover", "20991231",
                 "region", "site", "ops", "acme", "approver", "jane", "doe", "4711", "remote",
                 "prd", "slot", "opt", "home", "40"):  # fmt: skip
        assert not re.search(rf"(?<![0-9a-z]){word}(?![0-9a-z])", text, re.IGNORECASE), word

    def other(name: str) -> str:
        return "".join(
            words[part.lower()].upper() if part.isupper() else words[part.lower()].title() if part.istitle()
            else words[part.lower()] if part.isalnum() else part
            for part in re.split(r"([^0-9A-Za-z]+)", name)
        )  # fmt: skip

    # The same name everywhere, in its own case and quotes.
    assert f'box_name: "{other("PAY_BOX")}"' in text
    assert f"insert_job: {other('Pay_Load')}  job_type: c" in text
    assert f"{other('pay_load')}.sh -u " in text
    assert f"/{other('Pay_Load')}." in text
    assert (
        f'condition: S({other("PAY_BOX")}, 12.30) & v({other("CUTOVER")}) = "{words["20991231"]}"'
        f" & e({other('Pay_Load')}^{other('PRD')}) != 4" in text
    )
    assert f"run_calendar: {other('CONTOSO_HOL')}" in text
    assert f"calendar: {other('CONTOSO_HOL')}\n12/25/2026" in text
    assert f"$${other('CUTOVER')} ${{{other('REGION')}}} %{other('SITE')}%" in text
    assert f"owner: {words['payadm']}@{words['paris']}-{words['01']}" in text
    assert f"resources: ({other('DB_SLOT')}, QUANTITY=2, FREE=A)" in text
    for line in ("days_of_week: mo,tu", 'start_times: "06:00"', "timezone: Europe/Paris",
                 "max_exit_success: 4", "n_retrys: 12", "status: on_hold", "type: a"):  # fmt: skip
        assert line in text
    assert names["jobs"] == {"PAY_BOX": other("PAY_BOX"), "Pay_Load": other("Pay_Load")}


def test_two_runs_write_the_same_and_the_map_turns_it_back(redact, tmp_path: Path) -> None:
    folder = written(tmp_path, ESTATE)
    first, names, _ = redact(folder)
    second, again, _ = redact(folder)
    assert texts(first) == texts(second)
    assert names["words"] == again["words"]
    assert len(set(names["words"].values())) == len(names["words"]), "two words became one"


def test_versions_are_compared_after_as_before(run, redact, tmp_path: Path) -> None:
    """The same map for both, so a report about `hoist diff` shows what it showed."""
    old = written(tmp_path, ESTATE, "old/a.jil")
    changed = ESTATE.replace("12.30", "00.30").replace("06:00", "07:00").replace("n_retrys: 12", "n_retrys: 2")  # fmt: skip
    new = written(tmp_path, changed, "new/a.jil")
    out, _, _ = redact(old, new)

    def changes(before: Path, after: Path) -> tuple[int, list[tuple]]:
        done = run("diff", before, after, "--format", "json")
        found = json.loads(done.stdout)["changes"]
        return done.returncode, [
            (one["kind"], one["aspect"], one["new"]["line"], one["new"]["column"]) for one in found
        ]

    assert changes(old, new) == changes(out / "1", out / "2")
    assert changes(old, new)[0] == 3


def test_diff_with_the_map_finds_no_other_start_schedule_or_shape(run, redact) -> None:
    source = ROOT / "corpus/bank_night"
    out, _, _ = redact(source)
    done = run("diff", source, out, "--map", "out0.map.json", "--format", "json", "--config", "none.toml")  # fmt: skip
    found = json.loads(done.stdout)
    # Commands and addresses are others, and so are variables, by which starts may part.
    structural = [
        one
        for one in found["changes"]
        if one["kind"] in ("added", "removed") or one["aspect"] in ("schedule", "shape", "limit", "retry")
    ]  # fmt: skip
    assert structural == []
    assert found["jobs"] > 50


CRONTAB = """# nightly for contoso
MAILTO=ops@contoso.example
CONTOSO_HOME=/opt/contoso
SHELL=/bin/bash
CRON_TZ=Europe/Berlin
*/5 8-17 * JAN-mar mon /opt/contoso/run.sh --region west%first line%second
@daily $CONTOSO_HOME/clean.sh >> /var/log/contoso.log 2>&1
61 * * * * /opt/contoso/broken.sh
not an entry of contoso
"""


def test_a_crontab_keeps_its_fields_and_its_errors(run, redact, tmp_path: Path) -> None:
    folder = written(tmp_path, CRONTAB, "cron/var/spool/cron/crontabs/payadm")
    out, names, said = redact(folder)
    assert "[C0015]" not in said, said
    (text,) = (one.decode() for one in texts(out))
    for word in ("contoso", "ops", "opt", "region", "west", "first", "clean", "broken", "entry"):
        assert word not in text.lower(), word
    for kept in ("MAILTO=", "SHELL=/bin/bash", "CRON_TZ=Europe/Berlin", "*/5 8-17 * JAN-mar mon /",
                 "@daily $", "61 * * * * /"):  # fmt: skip
        assert kept in text, kept
    assert not any("payadm" in str(path) for path in out.rglob("*"))
    owned = [name for name in names["jobs"] if name.startswith("payadm.")]
    assert len(owned) == 2
    assert all(names["jobs"][name].startswith(names["words"]["payadm"] + ".") for name in owned)
    assert places(run, folder) == places(run, out)


def test_a_system_crontab_is_one_again(run, redact, tmp_path: Path) -> None:
    folder = written(tmp_path, "17 * * * * root cd / && /opt/contoso/x\n5 4 * * 1 payadm y\n", "s/etc/crontab")  # fmt: skip
    out, _, _ = redact(folder)
    (text,) = (one.decode() for one in texts(out))
    assert "17 * * * * root cd / && /" in text
    assert "payadm" not in text
    assert places(run, folder) == places(run, out)


FOLDER = """<?xml version="1.0" encoding="utf-8"?>
<!-- exported for contoso by payadm -->
<DEFTABLE xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <SMART_FOLDER DATACENTER="PARIS01" FOLDER_NAME="CONTOSO_PAY" PLATFORM="UNIX" FOLDER_ORDER_METHOD="SYSTEM" ADJUST_COND="N">
  <JOB JOBNAME="CONTOSO_LOAD" TASKTYPE="Command" CMDLINE="/opt/contoso/load.sh --password=Sesame99 %%ODATE &amp;&amp; echo &#233;" RUN_AS="payadm"
       NODEID="paris01" DAYS="ALL" WEEKDAYS="1,2,FRI,mittwoch" DAYS_AND_OR="O" TIMEFROM="0830" MAXRERUN="3" DESCRIPTION="Jane Doe, 4711" ACME_APPROVER="Jane">
   <INCOND NAME="CONTOSO-READY" ODATE="PREV" AND_OR="A"/>
   <ON STMT="*" CODE="COMPSTAT EQ 4"><DOACTION ACTION="OK"/><DOMAIL DEST="ops@contoso.example" MESSAGE="failed at contoso"/></ON>
  </JOB>
  <JOB JOBNAME="contoso_Send" TASKTYPE="Dummy" DAYSCAL="CONTOSO_HOL"><VARIABLE NAME="%%REGION" VALUE="west"/></JOB>
 </SMART_FOLDER>
</DEFTABLE>
"""
API = r"""{ "Contoso_Pay": { "Type": "Folder", "ControlmServer": "paris01", "Comment": "Jane Doe",
  // of contoso
  "Contoso_Load": { "Type": "Job:Command", "Command": "/opt/contoso/load.sh\n--token geheim", "RunAs": "payadm", "Hots": "paris01",
    "When": { "WeekDays": ["MON", "FRI"], "FromTime": "0830", "DaysRelation": "OR" },
    "Wait": { "Type": "WaitForEvents", "Events": [ {"Event": "Contoso-Ready", "Date": "PreviousOrderDate"}, "OR", {"Event": "Ops-Go"} ] },
    "Slots": { "Type": "Resource:Semaphore", "Quantity": "2" } },
  "Send": { "Type": "Job:ApplicationIntegrator:CONTOSO PAYMENTS", "Account": "FR76 4711", "When": { "MonthDaysCalendar": "CONTOSO_HOL" } },
  "Order": { "Type": "Flow", "Sequence": ["Contoso_Load", "Send", "Nowhere"] } } }
"""


def test_a_name_spelt_in_references_is_no_xml_any_more(redact, tmp_path: Path) -> None:
    """Each letter of it would stay readable; so the file breaks, and C0015 says so."""
    text = FOLDER.replace("&#233;", "&#x63;&#x6F;&#x6E;")
    assert text != FOLDER
    out, _, said = redact(written(tmp_path, text, "in/a.xml"))
    assert "warning[C0015]" in said
    (other,) = texts(out)
    assert b"&#x63;" not in other and b"&#x6F;" not in other


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        ("a.xml", FOLDER, ['<?xml version="1.0" encoding="utf-8"?>', "<SMART_FOLDER DATACENTER=", 'PLATFORM="UNIX" FOLDER_ORDER_METHOD="SYSTEM" ADJUST_COND="N"',
                           "%%ODATE &amp;&amp; echo &#233;", 'DAYS="ALL" WEEKDAYS="1,2,FRI,', 'DAYS_AND_OR="O" TIMEFROM="0830" MAXRERUN="3" DESCRIPTION="Xxxx Xxx, 0000"',
                           'ODATE="PREV" AND_OR="A"', 'CODE="COMPSTAT EQ 4"', "password="]),
        ("a.json", API, ['"Type": "Folder"', '"Comment": "Xxxx Xxx"', '"Type": "Job:Command"', r'\n--token ', '"Hots": ', '"WeekDays": ["MON", "FRI"], "FromTime": "0830", "DaysRelation": "OR"',
                         '"Date": "PreviousOrderDate"}, "OR", {', '"Quantity": "2"', '"Type": "Job:']),
    ],
)  # fmt: skip
def test_control_m_keeps_its_words_and_its_errors(run, redact, tmp_path: Path, name: str, text: str, stays: list[str]) -> None:  # fmt: skip
    folder = written(tmp_path, text, f"in/{name}")
    out, _, said = redact(folder)
    assert "[C0015]" not in said, said
    (other,) = (one.decode() for one in texts(out))
    for kept in stays:
        assert kept in other, kept
    for word in ("contoso", "paris01", "payadm", "sesame99", "geheim", "jane", "doe", "4711", "ops", "region", "west", "mittwoch",
                 "acme", "approver", "ready", "hol", "pay", "send", "exported", "payments", "nowhere", "account"):  # fmt: skip
        assert not re.search(rf"(?<![0-9a-z]){word}(?![0-9a-z])", other, re.IGNORECASE), word
    assert len(places(run, folder)) > 3
    assert places(run, folder) == places(run, out)
    assert len(other) == len(text)


def test_parameters_of_plug_ins_keep_their_names(run, redact, tmp_path: Path) -> None:
    """By which hoist reads them: else the redacted watcher would be one without a path."""
    text = (
        '<DEFTABLE><FOLDER FOLDER_NAME="GEHEIM" FOLDER_ORDER_METHOD="SYSTEM"><JOB JOBNAME="W" DAYS="ALL" TASKTYPE="Job" APPL_TYPE="FileWatch" NODEID="h">'
        '<VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/geheim/f_%%ODATE..csv"/><VARIABLE NAME="%%FileWatch-MODE" VALUE="CREATE"/>'
        '<VARIABLE NAME="%%FileWatch-KRYPTO" VALUE="geheim"/></JOB></FOLDER></DEFTABLE>'
    )
    folder = written(tmp_path, text, "in/a.xml")
    out, _, said = redact(folder)
    assert "[C0015]" not in said, said
    (other,) = (one.decode() for one in texts(out))
    for kept in ("%%FileWatch-FILE_PATH", '"%%FileWatch-MODE" VALUE="CREATE"', "_%%ODATE.."):
        assert kept in other, other
    assert not re.search("geheim|krypto", other, re.IGNORECASE), other
    built = [
        run("build", path, "-o", tmp_path / f"{n}").returncode
        for n, path in enumerate((folder, out))
    ]
    assert built[0] == built[1]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"<", b"<DEFTABLE", b"<DEFTABLE><FOLDER FOLDER_NAME='geheim", b"<DEFTABLE><FOLDER geheim></DEFTABLE>", b'<DEFTABLE><FOLDER FOLDER_NAME="geheim"/>',
        b'<!DOCTYPE DEFTABLE [<!ENTITY geheim "geheim">]><DEFTABLE>&geheim;</DEFTABLE>', b"<DEFTABLE><![CDATA[geheim]]><GEHEIM X='geheim'/></DEFTABLE>",
        b'<?xml version="1.0" encoding="geheim"?><DEFTABLE/>', '<DEFTABLE><FOLDER FOLDER_NAME="geheim"/></DEFTABLE>'.encode("utf-16"),
        b'{"F": {"Type": "Folder", "geheim', b'{"F": {"Type": "Folder", "J": {"Type": "Job:Command", "Command": "geheim" "x"}}}', b'{"Type": "Folder"]}]}',
        rb'{"F": {"Type": "Folder", "Description": "\u0067\u0065geheim\"", "geheim": [[{}],1,geheim]}}',
    ],
)  # fmt: skip
def test_broken_control_m_gives_nothing_away(run, tmp_path: Path, text: bytes) -> None:
    folder = written(tmp_path, text, "in/a.xml")
    done = run("redact", folder, "-o", "out", "--dialect", "controlm")
    assert done.returncode in (0, 2), done.stderr
    for other in texts(tmp_path / "out") if done.returncode == 0 else []:
        assert b"geheim" not in other.lower().replace(b"\0", b"")
        assert len(other) == len(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("latin-1", "insert_job: Z\xfcrich  job_type: c\ncommand: gr\xfc\xdfe\nmachine: m\n".encode("latin-1")),
        ("utf-8", "insert_job: Zürich東京  job_type: c\ncommand: grüße 日本 x\nmachine: m\n".encode()),
        ("crlf", b"insert_job: Zug  job_type: c\r\ncommand: geheim\r\nmachine: m\r\n"),
        ("nul", b"insert_job: Zug\x00Wagen  job_type: c\ncommand: geheim\nmachine: m\n"),
        ("utf-16", "insert_job: Zug  job_type: c\ncommand: geheim\n".encode("utf-16")),
        ("bom", b"\xef\xbb\xbfinsert_job: Zug  job_type: c\ncommand: geheim\nmachine: m\n"),
        ("unclosed", b"insert_job: Zug  job_type: c\n/* geheim\ncommand: geheim\n\ninsert_job: Bahn\nmachine: m\n"),
        ("quote", b'insert_job: Zug  job_type: c\ncommand: "geheim\nmachine: m\nstart_times: "06:00, 25:00\n'),
        ("condition", b"insert_job: Zug  job_type: c\ncondition: s(geheim & (f(Zug | succes(Zug) AND geheim\nmachine: m\ncommand: x\n"),
        ("strays", b"insert_job: Zug  job_type: c\nsendevent -E FORCE_STARTJOB -J geheim\ngeheim zeile\n----\nmachine: m\ncommand: x\n"),
        ("unknown", b"insert_job: Zug\nkommando: geheim\ncomand: geheim\n\ninsert_geheim: Zug\nx: y\n"),
        ("allow", b"/* hoist: allow(A0003, until 2099-01-31) geheim */\ninsert_job: Zug  job_type: c\nmachine: m\ncommand: x\n"),
        ("no newline", b"insert_job: Zug  job_type: c\nmachine: m\ncommand: geheim"),
    ],
)  # fmt: skip
def test_hostile_bytes_keep_their_oddities(run, redact, tmp_path: Path, name: str, text: bytes) -> None:  # fmt: skip
    folder = written(tmp_path, text)
    out, _, said = redact(folder)
    (other,) = texts(out)
    assert "[C0015]" not in said, said
    assert places(run, folder) == places(run, out)
    assert len(other) == len(text)
    for word in (b"geheim", b"zug", b"rich", b"bahn", "geheim".encode("utf-16-le")):
        assert word not in other.lower()
    for sign in b'\r\n\x00:"/(&|':
        assert other.count(sign) == text.count(sign)
    if name != "utf-16":
        valid = [one.decode("utf-8", "surrogateescape").isprintable() for one in text.splitlines()]
        assert valid == [
            one.decode("utf-8", "surrogateescape").isprintable() for one in other.splitlines()
        ]


def test_more_short_words_than_there_are_stay_apart(redact, tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [a + b for a in letters for b in letters] + list(letters)
    text = "".join(f"insert_job: {one}  job_type: c\nmachine: m\ncommand: x\n" for one in names)
    _, mapped, said = redact(written(tmp_path, text))
    assert "[C0015]" not in said, said
    assert len(set(mapped["jobs"].values())) == len(names)


def test_a_large_file_takes_time_as_it_grows(redact, run, tmp_path: Path) -> None:
    text = "".join(
        f"insert_job: JOB_{i}  job_type: c\nmachine: host{i % 50}\ncommand: run{i}.sh {i}\n"
        for i in range(60_000)
    )
    out, names, _ = redact(written(tmp_path, text))
    assert len(names["jobs"]) == 60_000
    (other,) = texts(out)
    originals = {word for word in WORD.findall(text.encode()) if not word.isdigit()}
    assert {word.decode() for word in originals & set(WORD.findall(other))} == {
        "insert", "job", "type", "c", "machine", "command", "sh"
    }  # fmt: skip


def test_nothing_is_written_over_what_is_read(run, tmp_path: Path) -> None:
    written(tmp_path, ESTATE)
    for out in ("in", "in/deep", "./in/../in", "in/a.jil"):
        done = run("redact", "in", "-o", out)
        assert done.returncode == 2, out
        assert b"[C0001]" in done.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full/b.jil").write_text("precious")
    assert run("redact", "in", "-o", "full").returncode == 2
    assert (tmp_path / "full/b.jil").read_text() == "precious"
    assert (tmp_path / "in/a.jil").read_text() == ESTATE
    assert run("redact", "in", "-o", "new", "--map", "new/map.json").returncode == 2
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    assert run("redact", "in", "-o", "file/below").returncode == 5
