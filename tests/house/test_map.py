"""`hoist inventory` and `hoist map`: what they tell, and that names stay data in all formats."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
NIGHT = ROOT / "corpus/bank_night"

ESTATE = """
insert_machine: etl01
type: a
insert_job: EXTRACT  job_type: c
command: /opt/etl/run.sh extract --region NY --out /data/ny.csv
machine: etl01
owner: etl@bank
date_conditions: y
days_of_week: all
start_times: "01:00"
std_out_file: /data/ny.flag
insert_job: EXTRACT_AGAIN  job_type: c
command: /opt/etl/run.sh extract --region NY --out /data/ny.csv
machine: etl01
owner: etl@bank
insert_job: EXTRACT_2  job_type: c
command: /opt/etl/run.sh extract --region NY --out /data/ny.csv --retry 2
machine: etl01
owner: etl@bank
insert_job: WATCH  job_type: f
machine: etl01
watch_file: /data/ny.flag
insert_job: REPORT  job_type: c
command: /opt/rep/report.sh /data/ny.csv
machine: etl01
date_conditions: y
days_of_week: all
start_times: "03:00"
insert_job: NEVER  job_type: c
command: echo never
machine: etl01
condition: s(EXTRACT) & f(EXTRACT)
insert_job: BEHIND  job_type: c
command: echo behind
machine: etl01
condition: s(NEVER)
"""


def runs(late: bool = False) -> str:
    lines = []
    for day in range(1, 8):
        end = "03:10" if late and day == 4 else "02:20"
        lines.append(
            {
                "job": "EXTRACT",
                "start": f"2026-03-0{day}T01:00:00Z",
                "end": f"2026-03-0{day}T{end}:00Z",
                "status": "success",
            }
        )
        lines.append(
            {
                "job": "REPORT",
                "start": f"2026-03-0{day}T03:00:00Z",
                "end": f"2026-03-0{day}T03:0{day}:00Z",
                "status": "failure" if day == 2 else "success",
                "exit_code": 1 if day == 2 else 0,
            }
        )
    return "".join(json.dumps(line) + "\n" for line in reversed(lines))


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    file = tmp_path / "estate.jil"
    file.write_text(ESTATE, encoding="utf-8")
    return file


def read(hoist, *arguments: object) -> dict:
    done = hoist(*arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    schema = json.loads(
        (ROOT / f"docs/schemas/{arguments[0]}.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(document, schema)
    return document


def test_json_is_what_its_schemas_say(hoist) -> None:
    inventory, found = read(hoist, "inventory", NIGHT), read(hoist, "map", NIGHT)
    assert inventory["totals"]["jobs"] == len(found["jobs"])
    assert sum(row["jobs"] for row in inventory["by_kind"]) == len(found["jobs"])
    assert sum(each["jobs"] for each in inventory["workflows"]) == len(found["jobs"])
    names = {each["id"] for each in found["jobs"]}
    assert all(each["consumer"] in names for each in found["dependencies"])
    assert {each["kind"] for each in found["dependencies"]} >= {
        "status",
        "resource",
        "calendar",
        "variable",
    }
    # Each piece of evidence leads to the text.
    for each in found["dependencies"]:
        if each["kind"] in ("status", "exit_code"):
            line = (
                (ROOT / each["evidence"]["file"])
                .read_text(encoding="utf-8")
                .splitlines()[each["evidence"]["line"] - 1]
            )
            assert each["object"].split("^")[0] in line


def test_what_never_runs_what_nobody_waits_for_and_what_is_there_twice(hoist, estate: Path) -> None:
    inventory = read(hoist, "inventory", estate)
    assert inventory["never_run"] == [
        {"job": "NEVER", "code": "A0003"},
        {"job": "BEHIND", "code": "A0003"},
    ]
    assert inventory["unawaited"] == [
        "EXTRACT_AGAIN",
        "EXTRACT_2",
        "WATCH",
        "REPORT",
        "BEHIND",
    ]
    assert {"exact": True, "jobs": ["EXTRACT", "EXTRACT_AGAIN"]} in inventory["alike"]
    assert {"exact": False, "jobs": ["EXTRACT", "EXTRACT_2"]} in inventory["alike"]
    assert len(inventory["alike"]) == 2


def test_fidelity_is_that_of_the_worst_construct(hoist, tmp_path: Path) -> None:
    (tmp_path / "e.jil").write_text(
        "insert_job: PLAIN  job_type: c\ncommand: a\nmachine: m\n"
        "insert_job: QUERY  job_type: SQL\nsql_command: select 1\nmachine: m\n"
        "insert_job: BROKEN  job_type: c\ncommand: a\nmachine: m\ncondition: s(\n",
        encoding="utf-8",
    )
    found = {
        each["name"]: each["fidelity"] for each in read(hoist, "inventory", tmp_path)["workflows"]
    }
    assert found == {"PLAIN": "exact", "QUERY": "unmapped", "BROKEN": "refused"}


def test_a_history_gives_statistics_and_the_orders_that_only_the_clock_keeps(
    hoist, estate: Path, tmp_path: Path
) -> None:
    history = tmp_path / "runs.jsonl"
    history.write_text(runs(), encoding="utf-8")
    inventory = read(hoist, "inventory", estate, "--history", history)
    assert inventory["runs"][1] == {
        "job": "REPORT",
        "runs": 7,
        "failures": 1,
        "terminated": 0,
        "p50": 240,
        "p95": 420,
        "p99": 420,
        "longest": 420,
    }
    custom = [
        each
        for each in read(hoist, "map", estate, "--history", history)["dependencies"]
        if each["kind"] == "time_order"
    ]
    assert len(custom) == 1
    assert (custom[0]["strength"], custom[0]["object"]) == ("soft", "/data/ny.csv")
    assert (
        custom[0]["text"]
        == "by custom: in 7 of 7 runs it started after this had ended, by 40 min at least; "
        "both name /data/ny.csv"
    )
    # Once it was late: then nothing keeps the order, and nothing is told.
    history.write_text(runs(late=True), encoding="utf-8")
    found = read(hoist, "map", estate, "--history", history)["dependencies"]
    assert [each for each in found if each["kind"] == "time_order"] == []


def test_an_order_that_a_condition_keeps_is_no_custom(hoist, estate: Path, tmp_path: Path) -> None:
    history = tmp_path / "runs.jsonl"
    history.write_text(runs(), encoding="utf-8")
    estate.write_text(
        ESTATE.replace('start_times: "03:00"', 'start_times: "03:00"\ncondition: s(EXTRACT)'),
        encoding="utf-8",
    )
    found = read(hoist, "map", estate, "--history", history)["dependencies"]
    assert [each for each in found if each["kind"] == "time_order"] == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "it is no JSON"),
        ("[1]", "it is no JSON object"),
        (
            '{"job": "A", "start": "2026-03-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}',
            "it has no `status`",
        ),
        (
            '{"job": "A", "start": "2026-03-01 00:00", "end": "2026-03-01T00:00Z", "status": "success"}',
            "`start` is no time with an offset",
        ),
        (
            '{"job": "A", "start": "2026-03-01T02:00Z", "end": "2026-03-01T00:00Z", "status": "success"}',
            "it ends before it starts",
        ),
        (
            '{"job": "A", "start": "2026-03-01T00:00Z", "end": "2026-03-01T00:00Z", "status": "ok"}',
            "`status` is success, failure or terminated",
        ),
        ('{"job": "A", "strat": "x"}', "`strat` is not known"),
    ],
)
def test_a_line_that_is_no_run_is_an_error(
    hoist, estate: Path, tmp_path: Path, line: str, why: str
) -> None:
    history = tmp_path / "runs.jsonl"
    history.write_text(runs() + line + "\n", encoding="utf-8")
    done = hoist("inventory", estate, "--history", history)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"[M0001]: this line of the run history is no run: {why}" in done.stderr
    assert "runs.jsonl:15:" in done.stderr


def test_lines_of_the_history_fit_its_schema_and_strangers_are_told(
    hoist, estate: Path, tmp_path: Path
) -> None:
    schema = json.loads((ROOT / "docs/schemas/history.schema.json").read_text(encoding="utf-8"))
    stranger = runs().replace("REPORT", "GONE")
    for line in stranger.splitlines():
        jsonschema.validate(json.loads(line), schema)
    history = tmp_path / "runs.jsonl"
    history.write_text(stranger, encoding="utf-8")
    done = hoist("inventory", estate, "--history", history)
    assert (
        "warning[M0002]: 7 runs of the run history name jobs that the estate does not define, "
        "such as `GONE`" in done.stderr
    )


def test_a_crontab_and_jil_depend_on_each_other(hoist, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_text(
        "insert_job: W  job_type: c\ncommand: a\nmachine: m\ncondition: v(GO) = 1\n",
        encoding="utf-8",
    )
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "cron.d/batch").write_text(
        '0 5 * * * root sendevent -E SET_GLOBAL -G "GO=1"\n', encoding="utf-8"
    )
    found = read(hoist, "map", tmp_path)
    dialects = {each["id"]: each["dialect"] for each in found["workflows"]}
    workflows = {each["id"]: each["workflow"] for each in found["jobs"]}
    (edge,) = found["dependencies"]
    assert dialects[workflows[edge["producer"]]] == "cron"
    assert dialects[workflows[edge["consumer"]]] == "autosys"
    assert (edge["kind"], edge["strength"], edge["crosses_workflows"]) == (
        "variable",
        "hard",
        True,
    )


def test_the_page_does_not_show_secrets(hoist, tmp_path: Path) -> None:
    (tmp_path / "e.jil").write_text(
        "insert_job: LOGIN  job_type: c\ncommand: sqlplus scott/tiger9@ORCL\nmachine: m\n"
        "description: nightly\n",
        encoding="utf-8",
    )
    page = hoist("map", tmp_path).stdout
    assert "tiger9" not in page
    assert "the command holds a secret" in page
    assert "nightly" in page


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "'\"><img/src=x/onerror=alert(1)>",
    "=HYPERLINK(1)",
    "@SUM(1)",
    "a\u202egnp.exe",
    "a\u2028b",
    "`${alert(1)}`",
    "&lt;b&gt;",
    '"];n0->n1;"',
    "#quot;]-->x",
    "@DATA@",
    "__proto__",
    "L" + "o" * 10_000 + "ng",
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    estate = "".join(
        f"insert_job: {name}  job_type: c\nmachine: {name}\nowner: {name}\n"
        f"command: echo {name}; # </script><img src=x onerror=alert(2)>\n"
        f"description: {name}\napplication: {name}\ncondition: s({name}x)\n"
        for name in HOSTILE
    )
    file = tmp_path / "hostile.jil"
    file.write_text(estate, encoding="utf-8")
    return file


class Tags(html.parser.HTMLParser):
    """The elements of a page, and what stands in its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data


def test_hostile_names_stay_data_on_the_page(hoist, hostile: Path) -> None:
    ordinary = Tags(hoist("map", ROOT / "corpus/coverage/01.jil").stdout)
    page = Tags(hoist("map", hostile).stdout)
    assert page.tags == ordinary.tags
    assert page.handlers == []
    assert page.scripts[1:] == ordinary.scripts[1:]
    assert not set(page.scripts[0]) & set("<>&\u2028\u2029\u202e")
    data = json.loads(page.scripts[0])
    names = {row[0] for row in data["j"]}
    assert {name for name in HOSTILE if name.isprintable() and not set(name) & set('#"')} <= names


def test_hostile_names_stay_data_in_the_other_formats(hoist, hostile: Path) -> None:
    rows = list(
        csv.reader(io.StringIO(hoist("inventory", hostile, "--format", "csv").stdout, newline=""))
    )
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]
    ordinary = Tags(hoist("inventory", ROOT / "corpus/coverage/01.jil", "--format", "html").stdout)
    page = Tags(hoist("inventory", hostile, "--format", "html").stdout)
    assert set(page.tags) <= set(ordinary.tags)
    assert page.handlers == []
    jobs = {each["name"] for each in read(hoist, "map", hostile)["jobs"]}
    assert "a\u202egnp.exe" in jobs
    inventory = read(hoist, "inventory", hostile)
    roots = {each["name"] for each in inventory["workflows"]}
    assert roots <= jobs
    assert "a\u202egnp.exe" in roots
    assert max(map(len, roots)) > 10_000
    assert max(map(len, jobs)) > 10_000
    text = hoist("inventory", hostile).stdout
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 1000
    for line in hoist("map", hostile, "--format", "dot").stdout.splitlines()[4:-1]:
        assert re.fullmatch(r'\s*n\d+( -> n\d+)? \[label="([^"\\]|\\.)*"(, \w+=\w+)*\];', line), (
            line[:200]
        )
    for line in hoist("map", hostile, "--format", "mermaid").stdout.splitlines()[1:]:
        assert re.fullmatch(
            r"\s*n\d+ ?(\[|\(\[|-\.->\||-->\|)"
            r'"[^"<>;`|\[\](){}\\]*(#\d+;[^"<>;`|\[\](){}\\]*)*"'
            r"(\]|\]\)|\| n\d+)",
            line,
        ), line[:200]


def test_every_run_writes_the_same_bytes(hoist) -> None:
    for arguments in (
        ["map"],
        ["map", "--format", "dot"],
        ["map", "--format", "json"],
        ["inventory"],
        ["inventory", "--format", "html"],
    ):
        first, second = (hoist(*arguments, NIGHT, "--jobs", threads) for threads in ("1", "3"))
        assert first.stdout == second.stdout
        assert first.stdout


def test_waves_and_verdicts_are_those_of_the_plan_and_the_certificates(
    hoist, estate: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.lock.toml"
    plan.write_text(
        'format = 1\n[[wave]]\nname = "W1"\nworkflows = ["EXTRACT"]\n'
        '[[wave]]\nname = "W2"\nworkflows = ["REPORT"]\n'
    )
    folder = tmp_path / "certificates"
    folder.mkdir()
    certificate = {
        "format": 1,
        "workflow": "EXTRACT",
        "verdict": "equivalent",
        "hashes": {"ir": "0" * 64, "site": "0" * 64},
    }
    (folder / "EXTRACT.json").write_text(json.dumps(certificate))
    workflows = {
        each["name"]: each
        for each in read(hoist, "map", estate, "--plan", plan, "--certificates", folder)[
            "workflows"
        ]
    }
    assert (workflows["EXTRACT"]["wave"], workflows["REPORT"]["wave"]) == ("W1", "W2")
    assert workflows["EXTRACT"]["verdict"] == "void", "it was given to another definition"
    assert not {"wave", "verdict"} & set(workflows["WATCH"])
    # As `hoist plan` reads it: what that would not take, the map does not show.
    for wrong in (
        "nonsense",
        'format = 2\n[[wave]]\nname = "W1"\nworkflows = ["EXTRACT"]\n',
        'format = 1\n[[wave]]\nname = "W2"\nworkflows = ["EXTRACT"]\n',
    ):
        plan.write_text(wrong)
        for command in (("map", "--plan"), ("plan", "--lock")):
            done = hoist(command[0], estate, command[1], plan)
            assert "error[M0104]" in done.stderr, wrong
            # The map was asked for with a wrong file; the plan and the runbook do not write.
            assert done.returncode == (2 if command[0] == "map" else 5)
    done = hoist("map", estate, "--plan", tmp_path / "none.toml")
    assert done.returncode == 2
    assert "error[C0008]" in done.stderr


def test_workflows_with_one_name_have_the_waves_of_the_plan(hoist, tmp_path: Path) -> None:
    """A crontab entry and a job may have one name: the plan counts them, and so does the map."""
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate/a.jil").write_text(
        "insert_job: A  job_type: c\nmachine: m\ncommand: a\n"
        "insert_job: caf\udce9  job_type: c\nmachine: m\ncommand: a\n",
        encoding="utf-8",
        errors="surrogateescape",
    )
    settings = "[plan]\nwave_size = 1\n"
    (tmp_path / "estate/hoist.toml").write_text(settings)
    plan = tmp_path / "plan.lock.toml"
    made = hoist("plan", tmp_path / "estate", "--lock", plan, "--format", "json")
    assert made.returncode == 0, made.stderr
    document = read(hoist, "map", tmp_path / "estate", "--plan", plan)
    assert sorted(each["wave"] for each in document["workflows"]) == ["W1", "W2"]


def test_a_folder_without_certificates_is_an_error(hoist, estate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    done = hoist("map", estate, "--certificates", folder)
    assert done.returncode == 2
    assert "there is no certificate in it" in done.stderr
