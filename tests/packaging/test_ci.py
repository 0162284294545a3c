"""The GitHub Action and the GitLab component: valid, closed to injection, and run here step by step.

A runner is played in a shallow clone of a real repository, with the wheel of this release.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "templates/gate/action.yml"
COMPONENT = ROOT / "templates/gate/template.yml"
BIN = Path(sys.executable).parent

JOB = "insert_job: {0}  job_type: c\ncommand: {1}\nmachine: m\n"
MACHINE = "insert_machine: m\ntype: a\n"

Done = subprocess.CompletedProcess[str]


def version() -> str:
    found = re.search(
        r"^project\(hoist VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE
    )
    assert found
    return found[1]


def action() -> dict[str, Any]:
    return yaml.safe_load(ACTION.read_text())


def component() -> tuple[dict[str, Any], dict[str, Any]]:
    header, body = yaml.safe_load_all(COMPONENT.read_text())
    return header["spec"]["inputs"], body


def test_both_install_the_version_of_this_tree() -> None:
    assert action()["inputs"]["version"]["default"] == version()
    assert component()[0]["version"]["default"] == version()


def check_schema(name: str, file: Path) -> None:
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", name, file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_fits_the_schema_of_schemastore() -> None:
    check_schema("vendor.github-actions", ACTION)


def test_the_component_fits_the_schema_of_gitlab(tmp_path: Path) -> None:
    """GitLab's schema is of one document; a component is two."""
    for number, document in enumerate(COMPONENT.read_text().split("---\n")):
        file = tmp_path / f"{number}.yml"
        file.write_text(document)
        check_schema("vendor.gitlab-ci", file)


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-config", "--persona=auditor", ACTION],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_hold_no_expression() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]
    (job,) = component()[1].values()
    assert "$[[" not in "".join(job["script"])
    # GitLab would read `$NAME` in a variable as another variable.
    for name, value in job["variables"].items():
        if "$[[" in str(value) and name != "HOIST_VERSION":  # that one is held to its pattern
            assert value["expand"] is False, name


def git(folder: Path, *arguments: str | Path) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


class Origin:
    """A repository with `main`, a branch that left it, and the merge of both that GitHub tries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "jobs").mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.commit("machines", MACHINE)
        self.commit("load", JOB.format("LOAD", "load"))
        git(folder, "switch", "-q", "-c", "work")

    def commit(self, name: str, text: str) -> str:
        (self.folder / f"jobs/{name}.jil").write_text(text)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", name)
        return git(self.folder, "rev-parse", "HEAD")

    def pull_request(self) -> tuple[str, str]:
        """`main` goes on; its tip, and the merge."""
        git(self.folder, "switch", "-q", "main")
        base = self.commit("other", JOB.format("OTHER", "other"))
        git(self.folder, "switch", "-q", "--detach")
        git(self.folder, "merge", "-q", "-m", "merge", "work")
        return base, git(self.folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(quiet_git: None, tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def packages(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of PyPI this release."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(dist))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def checkout(origin: Origin, commit: str, folder: Path, depth: str = "--depth=1") -> Path:
    """As actions/checkout does it."""
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"file://{origin.folder}")
    git(folder, "fetch", "-q", "--no-tags", depth, "origin", commit)
    git(folder, "checkout", "-q", "--detach", commit)
    return folder


class GitHub:
    """Runs the steps of the action; expressions are looked up in inputs and the event."""

    def __init__(self, folder: Path, temp: Path, event: dict[str, str], sha: str) -> None:
        self.folder, self.event = folder, event
        self.temp = temp
        temp.mkdir()
        self.environment = {
            **os.environ, "RUNNER_TEMP": str(temp), "GITHUB_ACTIONS": "true", "GITHUB_SHA": sha,
            "GITHUB_OUTPUT": str(temp / "output"), "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        }  # fmt: skip

    def value_of(self, template: str, inputs: dict[str, str]) -> str:
        found = re.fullmatch(r"\$\{\{ (.+) \}\}", template)
        if not found:
            return template
        for name in found[1].split(" || "):
            kind, _, rest = name.partition(".")
            value = inputs[rest] if kind == "inputs" else self.event.get(rest, "")
            if value:
                return value
        return ""

    def run(self, **given: str) -> Done:
        defined = action()["inputs"]
        assert set(given) <= set(defined)
        inputs = {name: row.get("default", "") for name, row in defined.items()} | given
        for step in action()["runs"]["steps"]:
            environment = {name: self.value_of(text, inputs) for name, text in step["env"].items()}
            script = self.temp / "script"
            script.write_text(step["run"])
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
                cwd=self.folder, env=self.environment | environment,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                break
        return done

    def outputs(self) -> dict[str, str]:
        rows = (self.temp / "output").read_text().splitlines()
        return dict(row.split("=", 1) for row in rows)


def test_a_pull_request_on_github_in_a_shallow_clone(
    packages: None, origin: Origin, tmp_path: Path
) -> None:
    origin.commit("load", JOB.format("LOAD", "load_all"))
    base, merge = origin.pull_request()
    folder = checkout(origin, merge, tmp_path / "runner")
    runner = GitHub(folder, tmp_path / "temp", {"event.pull_request.base.sha": base}, merge)
    done = runner.run(paths="jobs\n")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "::error file=jobs/load.jil,line=1," in done.stdout
    assert "1 to approve" in done.stderr, "what `main` got since is no change of this branch"
    assert "No commit in common" not in done.stderr
    outputs = runner.outputs()
    assert outputs["exit-code"] == "3"
    (run,) = json.loads((folder / outputs["sarif"]).read_text())["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["V0007"]
    assert "V0007" in (tmp_path / "temp/summary").read_text()


def test_a_first_push_on_github_asks_the_settings(
    packages: None, origin: Origin, tmp_path: Path
) -> None:
    (origin.folder / "hoist.toml").write_text('[gate]\nagainst = "origin/main"\n')
    commit = origin.commit("load", "/* the same */\n" + JOB.format("LOAD", "load"))
    folder = checkout(origin, commit, tmp_path / "runner", "--depth=9")
    git(folder, "fetch", "-q", "origin", "main:refs/remotes/origin/main")
    runner = GitHub(folder, tmp_path / "temp", {"event.before": "0" * 40}, commit)
    done = runner.run(paths="jobs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert runner.outputs()["exit-code"] == "0"


@pytest.mark.parametrize(
    "given",
    [
        {"paths": "$(touch pwned)\n`touch pwned`\n'; touch pwned; '"},
        {"paths": "jobs", "against": "$(touch pwned)"},
        {"paths": "jobs", "against": "--upload-pack=touch pwned"},
        {"paths": "jobs", "version": "0.1.0 --index-url=https://example.com"},
        {"paths": "jobs", "version": "$(touch pwned)"},
        {"paths": "jobs", "serialized": '"; touch pwned; "'},
    ],
    ids=str,
)
def test_inputs_are_no_code_on_github(
    packages: None, origin: Origin, tmp_path: Path, given: dict[str, str]
) -> None:
    base, merge = origin.pull_request()
    folder = checkout(origin, merge, tmp_path / "runner")
    runner = GitHub(folder, tmp_path / "temp", {"event.pull_request.base.sha": base}, merge)
    done = runner.run(**given)
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert not list(tmp_path.rglob("pwned"))


def gitlab(folder: Path, given: dict[str, str], predefined: dict[str, str]) -> Done:
    """Runs the job of the component as a runner does: one script, in the shell of the image."""
    inputs, body = component()
    assert set(given) <= set(inputs)
    values = {name: row["default"] for name, row in inputs.items()} | given
    ((_, job),) = body.items()
    variables = {}
    for name, row in job["variables"].items():
        text = row["value"] if isinstance(row, dict) else row
        variables[name] = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda m: values[m[1]], text)
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(job["script"])],
        cwd=folder, env={**os.environ, **predefined, **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_merge_request_on_gitlab(packages: None, origin: Origin, tmp_path: Path) -> None:
    left = git(origin.folder, "rev-parse", "main")
    commit = origin.commit("load", JOB.format("LOAD", "load_all"))
    folder = checkout(origin, commit, tmp_path / "runner", "--depth=1000")
    done = gitlab(folder, {"paths": "jobs"}, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": left})
    assert done.returncode == 3, done.stdout + done.stderr
    (issue,) = json.loads((folder / "gl-code-quality-report.json").read_text())
    assert issue["location"]["path"] == "jobs/load.jil"
    ((_, job),) = component()[1].items()
    promised = [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]
    assert all((folder / name).is_file() for name in promised)


def test_inputs_are_no_code_on_gitlab(packages: None, origin: Origin, tmp_path: Path) -> None:
    commit = origin.commit("load", JOB.format("LOAD", "load"))
    folder = checkout(origin, commit, tmp_path / "runner")
    for given in (
        {"paths": "$(touch pwned)\n*\n'; touch pwned; '"},
        {"against": "$(touch pwned)"},
        {"serialized": "`touch pwned`"},
    ):
        done = gitlab(folder, given, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": commit})
        assert done.returncode in (1, 2), done.stdout + done.stderr
        assert not list(tmp_path.rglob("pwned"))
