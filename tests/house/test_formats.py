"""What hoist writes for machines is valid by its schema; tests/schemas/README.md says whose."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]


def errors(schema: Path, document: Any) -> list[str]:
    """Return what the schema has to say against the document, with the place of each complaint."""
    content = json.loads(schema.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(content)
    kind.check_schema(content)
    found = kind(content).iter_errors(document)
    return [f"{error.json_path}: {error.message[:300]}" for error in found][:20]


def test_sarif_is_valid_with_relative_uris_and_fingerprints(
    hoist, estate: Path, tmp_path: Path
) -> None:
    file = tmp_path / "findings.sarif"
    done = hoist("check", estate.relative_to(ROOT), "--output", f"sarif={file}")
    assert done.returncode in (0, 1), done.stderr
    log = json.loads(file.read_text(encoding="utf-8"))
    assert errors(ROOT / "tests/schemas/sarif-2.1.0.json", log) == []
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    levels = [result["level"] for result in run["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    for result in run["results"]:
        assert result["ruleId"] in rules
        # The one that GitHub compares; without a location it refuses the file.
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert result["locations"]
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert not uri.startswith(("/", "file:")), uri


FORMATS = ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown"]


def test_every_format_comes_in_one_run_and_is_valid(hoist, estate: Path, tmp_path: Path) -> None:
    path = estate.relative_to(ROOT)
    done = hoist("check", path, *(f"--output={name}={tmp_path / name}" for name in FORMATS))
    assert done.returncode in (0, 1), done.stderr
    text = {name: (tmp_path / name).read_text(encoding="utf-8") for name in FORMATS}
    findings = json.loads(text["json"])
    assert errors(ROOT / "docs/schemas/findings.schema.json", findings) == []
    count = len(findings["findings"])
    quality = json.loads(text["gitlab"])
    assert errors(ROOT / "tests/schemas/gitlab-codequality.json", quality) == []
    assert len({issue["fingerprint"] for issue in quality}) == len(quality) == count
    schema = ROOT / "tests/schemas/junit.xsd"
    judged = subprocess.run(
        ["xmllint", "--noout", "--schema", schema, tmp_path / "junit"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stderr
    assert len(ElementTree.parse(tmp_path / "junit").findall(".//testcase")) == max(count, 1)
    command = re.compile(r"::(error|warning|notice) [^\r\n]*::[^\r\n]*")
    commands = text["github"].splitlines()
    assert all(command.fullmatch(line) for line in commands)
    assert len(commands) == len(text["concise"].splitlines()) == count
    rows = count + 1 if count else 0
    assert text["markdown"].count("\n| ") == rows or "findings are shown" in text["markdown"]


def test_fingerprints_survive_lines_that_move(hoist, tmp_path: Path) -> None:
    def prints(text: str) -> list[str]:
        file = tmp_path / "a.jil"
        file.write_text(text, encoding="utf-8")
        hoist("check", file, "--output", f"sarif={tmp_path / 'a.sarif'}")
        log = json.loads((tmp_path / "a.sarif").read_text(encoding="utf-8"))
        return sorted(
            result["partialFingerprints"]["primaryLocationLineHash"]
            for result in log["runs"][0]["results"]
        )

    text = "insert_job: A job_type: c\nmachine: m\ncommand: x\ncondition: s(NOBODY)\n"
    other = "insert_job: B job_type: c\nmachine: m\ncommand: x\n"
    before = prints(text)
    assert before
    assert set(before) < set(prints("/* moved */\n\n" + other + "\n" + text))


def test_a_counterexample_is_a_code_flow(hoist, tmp_path: Path) -> None:
    box = (
        'insert_job: BX job_type: b\ndate_conditions: 1\ndays_of_week: all\nstart_times: "06:00"\n'
    )
    job = "insert_job: {} job_type: c\nbox_name: BX\nmachine: m\ncommand: x\n"
    base = box + job.format("A") + job.format("B")
    for name, condition in (("old", "s(A)"), ("new", "d(A)")):
        (tmp_path / f"{name}.jil").write_text(base + f"condition: {condition}\n", encoding="utf-8")
    log = tmp_path / "diff.sarif"
    done = hoist("diff", tmp_path / "old.jil", tmp_path / "new.jil", "--output", f"sarif={log}")
    assert done.returncode == 3, done.stderr
    document = json.loads(log.read_text(encoding="utf-8"))
    assert errors(ROOT / "tests/schemas/sarif-2.1.0.json", document) == []
    (result,) = document["runs"][0]["results"]
    threads = {
        thread["id"]: thread["locations"] for thread in result["codeFlows"][0]["threadFlows"]
    }
    assert set(threads) == {"before", "after"}
    assert all(step["location"]["physicalLocation"] for steps in threads.values() for step in steps)


# Names that mean something to a format; a newline cannot stand in a name of JIL.
HOSTILE = ["`x`|y", "::error::x", "]]><b>", "##[group]x", "@team", "-->", "${{x}}", "%0A::error::"]


def test_names_never_become_code(hoist, tmp_path: Path) -> None:
    file = tmp_path / "a.jil"
    names = [*HOSTILE, "caf\udce9", "esc\x1b[31m"]
    file.write_bytes(
        "".join(f"insert_job: {name} job_type: zz\nbox_name: {name}\n\n" for name in names).encode(
            "utf-8", "surrogateescape"
        )
    )
    hoist("check", file, *(f"--output={name}={tmp_path / name}" for name in FORMATS))
    root = ElementTree.parse(tmp_path / "junit").getroot()
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "system-out"
    }  # fmt: skip
    said = "".join(root.itertext())
    assert all(name in said for name in HOSTILE)
    commands = (tmp_path / "github").read_text(encoding="utf-8")
    lines = commands.split("\n")[:-1]
    assert all(re.match(r"::(error|warning|notice) file=", line) for line in lines)
    assert len(lines) == len(
        json.loads((tmp_path / "json").read_text(encoding="utf-8"))["findings"]
    )
    table = (tmp_path / "markdown").read_text(encoding="utf-8")
    assert {line.count("|") for line in table.splitlines()[3:] if line} == {5}
    assert "`" not in table
    assert set(re.findall(r"<[^>]*>", table)) <= {
        "<!-- hoist findings -->",
        "<code>",
        "</code>",
        "<br>",
    }


def test_a_runner_of_github_takes_no_command_from_text(hoist_binary: str, tmp_path: Path) -> None:
    file = tmp_path / "a.jil"
    file.write_text("insert_job: ##[add-mask]x job_type: zz\n", encoding="utf-8")
    for output in ("text", "concise"):
        done = subprocess.run(
            [hoist_binary, "check", file, "--output", output],
            capture_output=True, text=True, env={"GITHUB_ACTIONS": "true"}, check=False,
        )  # fmt: skip
        assert "## [add-mask]x" in done.stdout + done.stderr
        assert "##[" not in done.stdout + done.stderr


def test_findings_as_json_parse_and_two_formats_come_at_once(
    hoist, estate: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.sarif"
    path = estate.relative_to(ROOT)
    hoist("check", path, "--output", f"json={first}", "--output", f"sarif={second}")
    json.loads(first.read_text(encoding="utf-8"))
    json.loads(second.read_text(encoding="utf-8"))


def test_the_manifest_is_valid_and_complete(hoist, estate: Path, tmp_path: Path) -> None:
    output = tmp_path / "dags"
    done = hoist("build", estate.relative_to(ROOT), "-o", output)
    assert done.returncode in (0, 1, 5), done.stderr
    manifest = json.loads((output / "hoist.manifest.json").read_text(encoding="utf-8"))
    assert errors(ROOT / "docs/schemas/manifest.schema.json", manifest) == []
    written = {file.name for file in output.iterdir() if file.name != "hoist.manifest.json"}
    assert written == set(manifest["files"])
    assert {dag["file"] for dag in manifest["dags"]} <= written


def test_two_builds_give_the_same_bytes(hoist, estate: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "one", tmp_path / "two"]
    for output in outputs:
        hoist("build", estate.relative_to(ROOT), "-o", output)
    one, two = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in outputs)
    assert one == two


@pytest.mark.parametrize("wrong", [{}, {"version": 2}, {"version": 1, "files": {"a": "b"}}])
def test_the_schema_of_the_manifest_refuses(wrong: dict[str, Any]) -> None:
    assert errors(ROOT / "docs/schemas/manifest.schema.json", wrong)
