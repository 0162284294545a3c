"""`hoist plan`: waves, constraints, conflicts, the lock file, and names that are only data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/plan.schema.json").read_text(encoding="utf-8"))
SETTINGS = json.loads((ROOT / "docs/schemas/settings.schema.json").read_text(encoding="utf-8"))


def job(name: str, *lines: str) -> str:
    body = "".join(f"{line}\n" for line in lines)
    return f"insert_job: {name}  job_type: c\ncommand: run\nmachine: m\nowner: ops@host\n{body}\n"


# Two clusters of three, tied by one dependency.
CLUSTERS = (
    job("A1", "date_conditions: 1", "days_of_week: all", 'start_times: "06:00, 18:00"')
    + job("A2", "condition: s(A1)")
    + job("A3", "condition: s(A1) & s(A2)")
    + job("B1", "condition: s(A3)")
    + job("B2", "condition: s(B1)")
    + job("B3", "condition: s(B1) & s(B2)")
)


class Planner:
    """An estate in a folder, and the tool on it."""

    def __init__(self, run: Any, folder: Path) -> None:
        self.run = run
        self.folder = folder
        (folder / "estate").mkdir()
        (folder / "estate/.git").mkdir()
        self.lock = folder / "estate/plan.lock.toml"

    def write(self, jil: str, settings: str = "") -> None:
        (self.folder / "estate/a.jil").write_bytes(jil.encode("utf-8", "surrogateescape"))
        (self.folder / "estate/hoist.toml").write_text(settings, encoding="utf-8")
        if settings:
            jsonschema.validate(tomllib.loads(settings), SETTINGS)

    def __call__(self, *options: str) -> tuple[int, dict[str, Any], str]:
        done = self.run("plan", "estate", "--format", "json", *options)
        document = {}
        if done.stdout.startswith(b"{"):
            document = json.loads(done.stdout)
            jsonschema.validate(document, SCHEMA)
        return done.returncode, document, done.stderr.decode()

    def text(self, *options: str) -> tuple[int, str, str]:
        done = self.run("plan", "estate", *options)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def plan(run, tmp_path: Path) -> Planner:
    return Planner(run, tmp_path)


def waves(document: dict[str, Any]) -> list[set[str]]:
    return [{one["name"] for one in wave["workflows"]} for wave in document["waves"]]


def reasons(document: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["reason"] for wave in document["waves"] for one in wave["workflows"]}


def test_the_cut_with_the_fewest_bridges_is_found_and_told(plan) -> None:
    plan.write(CLUSTERS, "[plan]\nwave_size = 3\nwaves = 2\n")
    code, document, _ = plan()
    assert code == 0
    assert sorted(map(sorted, waves(document))) == [
        ["A1", "A2", "A3"],
        ["B1", "B2", "B3"],
    ]
    (bridge,) = document["bridges"]
    assert (bridge["object"], bridge["from"], bridge["to"]) == ("A3", "A3", "B1")
    assert (bridge["built"], bridge["removed"]) == ("W1", "W2")
    first_is_a = waves(document)[0] == {"A1", "A2", "A3"}
    assert bridge["side"] == ("airflow_producer" if first_is_a else "legacy_producer")
    (dependency,) = bridge["dependencies"]
    assert (dependency["kind"], dependency["consumer"]) == ("status", "B1")
    assert dependency["place"]["file"].endswith("a.jil")
    assert document["waves"][0]["build"] == [0]
    assert document["waves"][1]["remove"] == [0]
    # Who waits goes back before the one waited for.
    for wave in document["waves"]:
        assert [name[1] for name in wave["rollback"]] == ["3", "2", "1"]
    # Twice a day, and what starts with it.
    assert [wave["load"] for wave in document["waves"]] == [6.0, 6.0]
    assert {wave["jobs"] for wave in document["waves"]} == {3}
    assert (
        reasons(document)["A2"] == "the other end of its 2 dependencies is in W1" or not first_is_a
    )


def test_the_load_is_what_really_ran_where_a_history_is_given(plan) -> None:
    box = 'insert_job: BOX  job_type: b\ndate_conditions: 1\ndays_of_week: all\nstart_times: "06:00"\n\n'
    plan.write(
        box
        + job("IN", "box_name: BOX")
        + job("NEW", "date_conditions: 1", "days_of_week: all", "start_mins: 0"),
        "[plan]\nwave_size = 9\n",
    )
    rows = [
        {
            "job": name,
            "start": f"2026-03-0{day}T06:00:00Z",
            "end": f"2026-03-0{day}T07:30:00Z",
            "status": "success",
        }
        for day in (1, 2, 4)
        for name in ("BOX", "IN")
    ]
    (plan.folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, document, _ = plan("--history", "runs.jsonl")
    (wave,) = document["waves"]
    loads = {each["name"]: (each["load"], each["hours"]) for each in wave["workflows"]}
    # Six runs in four days; a box lasts no longer than what is in it. NEW has none: its schedule.
    assert loads == {"BOX": (1.5, 3 * 1.5 / 4), "NEW": (24.0, 0.0)}
    assert (wave["load"], wave["hours"]) == (25.5, 1.125)
    _, text, _ = plan.text("--history", "runs.jsonl")
    assert "26 runs a day that last 1.1 hours" in text
    _, document, _ = plan()
    (wave,) = document["waves"]
    assert "hours" not in wave
    assert wave["load"] == 26.0
    # The limit is held against what ran.
    settings = "[plan]\nload_per_wave = 24\n[[plan.pin]]\nworkflow = '*'\nwave = 1\n"
    plan.write((plan.folder / "estate/a.jil").read_text(), settings)
    code, _, said = plan("--history", "runs.jsonl")
    assert code == 1
    assert "`load_per_wave` = 24" in said
    (plan.folder / "runs.jsonl").write_text("{}\n")
    code, _, said = plan("--history", "runs.jsonl")
    assert code == 2
    assert "error[M0001]" in said


def test_one_job_that_a_workflow_waits_for_twice_is_one_bridge(plan) -> None:
    box = "insert_job: BOX  job_type: b\n\n" + "".join(
        job(name, "box_name: BOX", "condition: s(P)") for name in ("X", "Y")
    )
    plan.write(
        job("P") + job("Q") + box + job("Z", "condition: s(P)"),
        "[plan]\nwave_size = 1\n",
    )
    code, document, _ = plan()
    assert code == 0
    pairs = sorted((one["object"], one["to"]) for one in document["bridges"])
    assert pairs == [("P", "BOX"), ("P", "Z")]
    (to_box,) = (one for one in document["bridges"] if one["to"] == "BOX")
    assert len(to_box["dependencies"]) == 2


def test_a_shared_resource_is_one_bridge_however_many_share_it(plan) -> None:
    text = "insert_resource: R  res_type: R  amount: 2\n\n" + "".join(
        job(name, "resources: (R, QUANTITY=1)") for name in ("A", "B", "C")
    )
    plan.write(text, "[plan]\nwave_size = 1\n")
    _, document, _ = plan()
    (bridge,) = document["bridges"]
    assert bridge["side"] == "shared"
    assert bridge["workflows"] == ["A", "B", "C"]
    assert (bridge["built"], bridge["removed"]) == ("W1", "W3")


def test_workflows_that_wait_for_each_other_move_together(plan) -> None:
    cycle = job("A", "condition: s(B, 24)") + job("B", "condition: s(A, 24)")
    plan.write(cycle + job("C") + job("D"), "[plan]\nwave_size = 2\n")
    _, document, _ = plan()
    assert {"A", "B"} in waves(document)
    assert reasons(document)["A"].startswith("moves with `B`: they wait for each other")
    plan.write(cycle, "[plan]\nwave_size = 1\n")
    plan.lock.unlink()
    code, _, said = plan()
    assert code == 1
    assert "[M0101]" in said
    assert "`A` and `B` wait for each other" in said
    assert "`wave_size` = 1" in said
    assert "split_cycles" in said
    assert not plan.lock.exists()
    plan.write(cycle, "[plan]\nwave_size = 1\nsplit_cycles = true\n")
    _, document, said = plan()
    assert "M01" not in said
    assert len(document["bridges"]) == 2


def test_each_constraint_is_kept(plan) -> None:
    jil = "".join(
        f"insert_job: {name}  job_type: c\ncommand: run\nmachine: m\nowner: {owner}\n\n"
        for name, owner in [
            ("PAY_1", "pay"), ("PAY_2", "pay"), ("PAY_3", "pay"), ("HR_1", "hr"), ("HR_2", "hr"),
            ("LED_1", "led"), ("LED_2", "led"), ("LED_3", "led"),
        ]
    )  # fmt: skip
    settings = """
[plan]
waves = 5
wave_size = 3
start = 2027-03-01
every = 7
low_risk_first = true

[[plan.pin]]
workflow = "HR_2"
wave = 2

[[plan.tier]]
tier = 2
workflow = "PAY_*"
not_before = 3

[[plan.owner]]
owner = "led"
per_wave = 2

[[plan.together]]
workflows = ["LED_1", "LED_2"]

[[plan.apart]]
workflows = ["PAY_1", "PAY_2"]

[[plan.order]]
first = "HR_1"
then = "LED_*"

[[plan.freeze]]
from = 2027-03-08
to = 2027-03-08

[[plan.freeze]]
from = 2027-03-22
to = 2027-03-22
owner = "pay"
"""
    plan.write(jil, settings)
    code, document, said = plan()
    assert code == 0, said
    # The second Monday is frozen for all; W3 falls on a day on which payments are frozen.
    dates = [wave["date"] for wave in document["waves"]]
    assert (
        dates
        == ["2027-03-01", "2027-03-15", "2027-03-22", "2027-03-29", "2027-04-05"][: len(dates)]
    )
    at = {name: n for n, names in enumerate(waves(document), 1) for name in names}
    assert all(len(names) <= 3 for names in waves(document))
    assert at["HR_2"] == 2
    payments = {at[f"PAY_{n}"] for n in (1, 2, 3)}
    assert payments <= {4, 5}
    assert at["PAY_1"] != at["PAY_2"]
    ledger = [at[f"LED_{n}"] for n in (1, 2, 3)]
    assert ledger[0] == ledger[1]
    assert max(ledger.count(wave) for wave in ledger) <= 2
    assert at["HR_1"] < min(ledger)
    assert max(wave for name, wave in at.items() if "PAY" not in name) <= min(payments)
    assert reasons(document)["HR_2"] == "pinned"
    assert "tier 2 not before W3" in reasons(document)["PAY_1"]


def test_the_smallest_conflict_is_named_with_its_places(plan) -> None:
    settings = """[plan]
wave_size = 1
waves = 9
[[plan.pin]]
workflow = "A"
wave = 2
[[plan.pin]]
workflow = "B"
wave = 2
[[plan.pin]]
workflow = "C"
wave = 3
"""
    plan.write(job("A") + job("B") + job("C"), settings)
    code, _, said = plan()
    assert code == 1
    (line,) = re.findall(r"error\[M0101\]: (.*)", said)
    assert line == (
        "no plan can meet `wave_size` = 1, the pin of `A` to W2 and the pin of `B` to W2 together"
    )
    # Each is shown where it stands.
    for number in (2, 4, 7):
        assert re.search(rf"^ *{number} \|", said, re.MULTILINE), said
    assert "pin of `C`" not in said
    assert "= note: this is the smallest set that conflicts" in said
    assert not plan.lock.exists()


def test_a_conflict_that_was_not_proved_the_smallest_is_called_minimal(plan) -> None:
    names = [f"J{number:02}" for number in range(60)]
    pins = "".join(f'[[plan.pin]]\nworkflow = "{name}"\nwave = 1\n' for name in names)
    plan.write("".join(map(job, names)), f"[plan]\nwave_size = 30\n{pins}")
    done = plan.run("plan", "estate", "--output", "json=findings.json", "--output", "text")
    assert done.returncode == 1
    assert "= note: this set is minimal" in done.stderr.decode()
    assert "the smallest set" not in done.stderr.decode()
    (found,) = json.loads((plan.folder / "findings.json").read_text())["findings"]
    assert found["code"] == "M0101"
    assert found["notes"] == [
        "this set is minimal: none of it can be spared; whether another of fewer constraints "
        "conflicts was not decided within the budget"
    ]


@pytest.mark.parametrize(
    ("settings", "code", "needed"),
    [
        ("[plan]\nwave_sise = 3\n", "C0006", "did you mean `wave_size`?"),
        ("[plan]\nwave_size = 0\n", "C0007", "a number from 1 to 1000000"),
        ("[plan]\nstart = \"2027-01-01x\"\n", "C0007", "a day is needed"),
        ("[plan]\nend = 2027-01-01\n", "C0007", "need `start`"),
        ("[plan]\nstart = 2027-02-01\nend = 2027-01-01\n", "C0007", "before `start`"),
        ("[[plan.pin]]\nworkflow = \"A\"\n", "C0007", "`wave` is needed"),
        ("[[plan.pin]]\nworkflow = \"\"\nwave = 1\n", "C0007", "must not be empty"),
        ("[[plan.pin]]\nworkflow = 3\nwave = 1\n", "C0007", "a string is needed"),
        ("[[plan.tiers]]\ntier = 1\n", "C0006", "did you mean `tier`?"),
        ("[plan]\npin = 3\n", "C0007", "[[plan.pin]]"),
        ("[plan]\nstart = 2027-01-01\n[[plan.freeze]]\nfrom = 2027-02-02\nto = 2027-02-01\n",
         "C0007", "before `from`"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_an_error_at_its_place(plan, settings, code, needed) -> None:
    plan.folder.joinpath("estate/a.jil").write_text(job("A"))
    plan.folder.joinpath("estate/hoist.toml").write_text(settings)
    exit_code, document, said = plan()
    assert (exit_code, document) == (2, {})
    assert f"[{code}]" in said
    assert needed in said
    assert not plan.lock.exists()


def test_a_pattern_that_fits_no_workflow_is_told(plan) -> None:
    plan.write(job("A"), '[[plan.pin]]\nworkflow = "GONE_*"\nwave = 1\n')
    code, _, said = plan()
    assert code == 0
    assert "warning[M0105]: `plan.pin` names no workflow: `GONE_*`" in said


def test_what_is_neither_met_nor_refuted_is_told(plan) -> None:
    """Boxes that fill their waves to the brim, if they can: bin packing, for which the budget does not do."""
    sizes = [26 + 7 * i % 24 for i in range(60)]
    jil = ""
    for number, size in enumerate(sizes):
        jil += f"insert_job: B{number}  job_type: b\n\n"
        jil += "".join(job(f"B{number}_{i}", f"box_name: B{number}") for i in range(size - 1))
    plan.write(jil, f"[plan]\njobs_per_wave = 100\nwaves = {-(-sum(sizes) // 100)}\n")
    code, document, said = plan("--budget", "20000")
    assert (code, document) == (4, {}), said
    assert "warning[M0102]: no plan was found" in said
    assert not plan.lock.exists()


def chain(count: int) -> str:
    return "".join(
        job(f"J{n:03}", *([f"condition: s(J{n - 1:03})"] if n % 10 else [])) for n in range(count)
    )


def test_a_small_change_of_the_estate_changes_the_plan_little(plan) -> None:
    settings = "[plan]\nwave_size = 12\n"
    plan.write(chain(100), settings)
    code, first, _ = plan()
    assert code == 0
    before = plan.lock.read_bytes()
    assert plan()[0] == 0
    assert plan.lock.read_bytes() == before
    assert plan("--check")[0] == 0
    # One more, one gone.
    changed = chain(100).replace(job("J055", "condition: s(J054)"), "").replace(
        "condition: s(J055)", "condition: s(J054)"
    ) + job("NEW", "condition: s(J042)")  # fmt: skip
    plan.write(changed, settings)
    code, _, said = plan("--check")
    assert code == 1
    assert "`NEW` has no wave" in said
    assert "`J055` of W" in said
    assert plan.lock.read_bytes() == before
    code, document, _ = plan()
    assert (code, document["added"]) == (0, 1)
    assert document["moved"] <= 1
    assert plan("--check")[0] == 0
    assert len(document["bridges"]) <= len(first["bridges"]) + 1


def test_the_lock_lists_bridges_and_check_sees_others(plan) -> None:
    plan.write(CLUSTERS, "[plan]\nwave_size = 3\nwaves = 2\n")
    plan()
    lock = tomllib.loads(plan.lock.read_text(encoding="utf-8"))
    assert lock["format"] == 1
    assert [len(wave["workflows"]) for wave in lock["wave"]] == [3, 3]
    (built,) = lock["wave"][0]["build"]
    assert (built["object"], built["from"], built["to"]) == ("A3", "A3", "B1")
    assert lock["wave"][1]["remove"] == [built]
    # The same workflows, another dependency between the waves.
    plan.write(CLUSTERS.replace("condition: s(A3)", "condition: s(A2)"),
               "[plan]\nwave_size = 3\nwaves = 2\n")  # fmt: skip
    code, _, said = plan("--check")
    assert code == 1
    assert "bridges or dates that it lists are others now" in said
    code, patch, _ = plan.text("--diff")
    assert code == 1
    assert '+    { side = "' in patch
    plan.write(CLUSTERS, "[plan]\nwave_size = 2\n")
    code, _, said = plan("--check")
    assert code == 1
    assert "it breaks `wave_size` = 2" in said


def test_check_without_a_plan_is_an_error_and_replan_starts_over(plan) -> None:
    plan.write(CLUSTERS, "[plan]\nwave_size = 3\n")
    code, _, said = plan("--check")
    assert code == 1
    assert "error[M0103]: the plan `" in said
    assert "there is no such file" in said
    plan()
    plan.lock.write_text("this is no plan\n")
    code, _, said = plan()
    assert code == 5
    assert "[M0104]" in said
    assert plan.lock.read_text() == "this is no plan\n"
    assert plan("--replan")[0] == 0
    assert tomllib.loads(plan.lock.read_text())["format"] == 1


@pytest.mark.parametrize(
    "lock",
    ["format = 2\n", "format = 1\nwave = 3\n", "format = 1\n[[wave]]\nname = \"W2\"\nworkflows = []\n",
     "format = 1\n[[wave]]\nname = \"W1\"\n", "format = 1\n[[wave]]\nname = \"W1\"\nworkflows = [1]\n"],
)  # fmt: skip
def test_a_lock_that_hoist_did_not_write_is_left_alone(plan, lock: str) -> None:
    plan.write(CLUSTERS)
    plan.lock.write_text(lock)
    code, _, said = plan()
    assert code == 5
    assert "[M0104]" in said
    assert plan.lock.read_text() == lock


def test_waves_that_have_moved_stay_and_nothing_joins_them(plan) -> None:
    plan.write(CLUSTERS, "[plan]\nwave_size = 3\n")
    _, document, _ = plan()
    first = waves(document)[0]
    more = CLUSTERS + job("A4", "condition: s(A1) & s(A2) & s(A3)")
    more += job("B4", "condition: s(B1) & s(B2) & s(B3)")
    plan.write(more, "[plan]\nwave_size = 5\ndone = 1\n")
    code, document, said = plan()
    assert code == 0, said
    assert waves(document)[0] == first
    assert "has moved" in reasons(document)[min(first)]


def test_the_calendar_can_be_too_short(plan) -> None:
    settings = "[plan]\nwave_size = 2\nstart = 2027-01-04\nend = 2027-01-11\n"
    plan.write(chain(10), settings)
    code, _, said = plan()
    assert code == 1
    assert "`end` = 2027-01-11 (2 waves from `start` on)" in said
    assert "`wave_size` = 2" in said


# What must stay a name: markup, quotes, tables, comments of TOML, right-to-left, invisible, long.
HOSTILE = [
    "</td><script>alert(1)</script>",
    '"""',
    "a|b`c",
    "[x](javascript:y)",
    "\u202edetrevni\u202c",
    "zero\u200bwidth",
    "'\\u0041\\",
    "#]}=1",
    "L" * 10_000,
    "\udcff\udcfe",
]


def test_hostile_names_stay_data_in_every_format(plan) -> None:
    rows = "".join(
        f"# {n}\n{n} 4 * * * ops /bin/x {name.replace('%', '')}\n" for n, name in enumerate(HOSTILE)
    )
    folder = plan.folder / "estate"
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name in HOSTILE]
    jil = "".join(job(f'"{name}"', "condition: s(P)") for name in quoted if len(name) < 60)
    plan.write(job("P") + jil, "[plan]\nwave_size = 2\n")
    (folder / "crontab").write_bytes(rows.encode("utf-8", "surrogateescape"))
    code, document, said = plan()
    assert code in (0, 1), said
    if code == 1:  # what JIL itself cannot name is refused at its place, and planned all the same
        assert "M01" not in said
    names = sorted(one["name"] for wave in document["waves"] for one in wave["workflows"])
    lock = tomllib.loads(plan.lock.read_text(encoding="utf-8"))
    assert sorted(name for wave in lock["wave"] for name in wave["workflows"]) == names
    text = plan.lock.read_text(encoding="utf-8")
    assert not re.search("[\u202a-\u202e\u200b-\u200f\u2066-\u2069]", text)
    assert plan("--check")[0] == code
    _, markdown, _ = plan.text("--format", "markdown")
    assert "<script" not in markdown
    for line in markdown.splitlines():
        if line.startswith("| ") and not line.startswith("| workflow"):
            assert line.count("|") == 8, line
    _, plain, _ = plan.text()
    assert not re.search("[\u202a-\u202e\x1b]", plain)


def test_the_estates_of_the_corpus_have_plans(hoist, estate: Path, tmp_path: Path) -> None:
    lock = tmp_path / "plan.lock.toml"
    done = hoist("plan", estate, "--lock", lock, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert lock.exists()
    assert "[M01" not in done.stderr
    again = hoist("plan", estate, "--lock", lock, "--check")
    assert "[M01" not in again.stderr
