"""`hoist gate` in real git repositories: what is new is told, what is equal passes."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = 'insert_job: NIGHT  job_type: b\ndate_conditions: 1\nrun_calendar: WORK\nstart_times: "06:00"\ntimezone: UTC\n'


def day(ahead: int) -> datetime.date:
    """Schedules are compared from today on."""
    return datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=ahead)


def calendar(*ahead: int) -> str:
    return "calendar: WORK\n" + "".join(f"{day(each):%m/%d/%Y}\n" for each in ahead)


CALENDAR = calendar(40, 41)


def job(name: str, condition: str = "", more: str = "") -> str:
    said = f"condition: {condition}\n" if condition else ""
    return (
        f"insert_job: {name}  job_type: c\nbox_name: NIGHT\ncommand: /opt/{name.lower()}.sh\n"
        f"machine: m\n{said}{more}"
    )


BASE = {
    "machines.jil": "insert_machine: m\ntype: a\n",
    "calendars.txt": CALENDAR,
    "night.jil": HEAD + job("LOAD") + job("CHECK", "s(LOAD)") + job("SEND", "s(CHECK) & s(LOAD)"),
    "report.jil": "insert_job: REPORT  job_type: c\ncommand: r\nmachine: m\ncondition: s(SEND, 12.00)\n",
    # An old finding, which nobody is bothered with.
    "old.jil": "insert_job: OLD  job_type: c\ncommand: o\nmachine: m\ncondition: s(NOBODY)\n",
}


class Repository:
    def __init__(self, folder: Path, hoist: Callable[..., Any]) -> None:
        self.folder, self.hoist = folder, hoist
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        environment = {
            **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
        }  # fmt: skip
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True,
            capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            path = self.folder / "jobs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def gate(self, *options: str, paths: tuple[str, ...] = ("jobs",)) -> Any:
        return self.hoist("gate", *paths, *options, cwd=self.folder)


@pytest.fixture
def repository(hoist, tmp_path: Path) -> Repository:
    made = Repository(tmp_path, hoist)
    made.commit(BASE)
    made.git("switch", "-q", "-c", "work")
    return made


def test_nothing_new_passes_with_old_findings(repository: Repository) -> None:
    done = repository.gate("--against", "main")
    assert done.returncode == 0, done.stderr
    assert "0 new, " in done.stderr
    assert "0 new, 0 that" not in done.stderr, "the old finding is counted"
    assert "NOBODY" not in done.stderr


RENAMED_AND_REORDERED = HEAD + (
    job("SEND", "s(LOADER) & s(CHECK)")
    + job("CHECK", "s(LOADER)")
    + job("LOADER").replace("loader.sh", "load.sh")
)


def test_renaming_and_reordering_pass(repository: Repository) -> None:
    repository.commit({"night.jil": RENAMED_AND_REORDERED})
    done = repository.gate("--against", "main")
    assert done.returncode == 0, done.stderr
    assert "note[V0009]: `LOADER` is taken for `LOAD` under a new name" in done.stderr
    assert "0 to approve, 0 that may pass, 1 renamed" in done.stderr


def test_of_a_realistic_change_set_only_what_changes_behaviour_fails(
    repository: Repository,
) -> None:
    """A rename, a reordered condition, a dropped look-back, a shifted calendar."""
    repository.commit({
        "night.jil": RENAMED_AND_REORDERED,
        "report.jil": BASE["report.jil"].replace(", 12.00", ""),
        "calendars.txt": calendar(40, 42),
    })  # fmt: skip
    done = repository.gate("--against", "main", "--output", "text", "--output", "sarif")
    assert done.returncode == 3, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error[")]
    assert len(errors) == 2, done.stderr
    assert "error[V0007]: start of `REPORT` changed" in done.stderr
    assert "error[V0007]: schedule of `NIGHT` changed" in done.stderr
    # A day as each side lives it, and the first instants that one side has alone.
    assert "`REPORT` does not start before, and starts at" in done.stderr
    assert f"only before: 1 times, first at {day(41)} 06:00Z" in done.stderr
    assert f"only after: 1 times, first at {day(42)} 06:00Z" in done.stderr
    assert (
        "2 to approve, 0 that may pass, 1 renamed, 2 written differently and equal" in done.stderr
    )
    results = json.loads(done.stdout)["runs"][0]["results"]
    failing = [each for each in results if each["level"] == "error"]
    assert sorted(each["ruleId"] for each in failing) == ["V0007", "V0007"]
    flows = [each for each in failing if "codeFlows" in each]
    assert flows, "the played day is a code flow"


def test_a_new_finding_is_told_and_an_old_one_that_moved_is_not(repository: Repository) -> None:
    repository.commit({
        "old.jil": "/* moved down */\n\n" + BASE["old.jil"],
        "new.jil": BASE["old.jil"].replace("OLD", "NEW").replace("NOBODY", "NOBODY_ELSE"),
    })  # fmt: skip
    done = repository.gate("--against", "main")
    assert "NOBODY_ELSE" in done.stderr
    assert "`NOBODY`" not in done.stderr
    assert done.returncode == 3, "a job more is a change"
    (repository.folder / "hoist.toml").write_text('[gate]\nagainst = "main"\nchanges = ["added"]\n')
    done = repository.gate()
    assert done.returncode in (0, 1), done.stderr
    assert "`gate.changes` of hoist.toml lets it pass" in done.stderr


def test_an_approval_has_a_name_a_reason_and_an_end(repository: Repository) -> None:
    repository.commit({"night.jil": BASE["night.jil"].replace("06:00", "07:00")})
    settings = repository.folder / "hoist.toml"
    row = (
        '[[allow]]\ncode = "V0007"\nobject = "NIGHT"\nevidence = "schedule:*"\nby = "operations"\n'
        'reason = "the feed comes later"\n'
    )
    settings.write_text(row)
    assert repository.gate("--against", "main").returncode == 0
    settings.write_text(row.replace("schedule:*", "start:*"))
    assert repository.gate("--against", "main").returncode == 3, "of another aspect"
    settings.write_text(row + "until = 2020-01-01\n")
    assert repository.gate("--against", "main").returncode == 3, "it has ended"


def test_what_the_other_branch_changed_since_is_no_change_of_this_one(
    repository: Repository,
) -> None:
    repository.commit({"note.jil": "/* nothing */\n"})
    repository.git("switch", "-q", "main")
    repository.commit({"night.jil": BASE["night.jil"].replace("06:00", "08:00")})
    repository.git("switch", "-q", "work")
    done = repository.gate("--against", "main")
    assert done.returncode == 0, done.stderr
    assert "where this branch left `main`" in done.stderr


def test_from_a_folder_inside_and_by_absolute_paths(repository: Repository) -> None:
    repository.commit({"night.jil": BASE["night.jil"].replace("06:00", "07:00")})
    inside = repository.hoist("gate", ".", "--against", "main", cwd=repository.folder / "jobs")
    assert inside.returncode == 3, inside.stderr
    with_slash = repository.gate("--against", "main", paths=("./jobs/",))
    assert "1 to approve" in with_slash.stderr
    absolute = repository.gate("--against", "main", paths=(str(repository.folder / "jobs"),))
    assert absolute.returncode == 3, absolute.stderr
    assert "1 to approve" in inside.stderr
    assert "1 to approve" in absolute.stderr


@pytest.mark.parametrize(
    ("reference", "said"),
    [("nowhere", "there is no commit `nowhere` here"), ("--upload-pack=x", "there is no commit")],
)
def test_a_revision_that_is_not_there(repository: Repository, reference: str, said: str) -> None:
    done = repository.gate(f"--against={reference}")
    assert done.returncode == 2
    assert "error[V0010]" in done.stderr
    assert said in done.stderr


def test_nothing_to_compare_with(repository: Repository) -> None:
    done = repository.gate()
    assert done.returncode == 2
    assert "--against REF" in done.stderr


def test_outside_of_a_repository(hoist, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_text(BASE["old.jil"])
    environment = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = hoist("gate", "a.jil", "--against", "main", cwd=tmp_path, env=environment)
    assert done.returncode == 2, done.stderr
    assert "error[V0010]" in done.stderr


@pytest.mark.parametrize(
    "name", ["a file.jil", "a\nb.jil", 'quoted "it\'s".jil', "-o.jil", "ä.jil"]
)
def test_names_of_files(repository: Repository, name: str) -> None:
    repository.commit({name: job("ODD")})
    repository.git("switch", "-q", "-c", "next")
    assert repository.gate("--against", "work").returncode == 0
    repository.commit({name: job("ODD").replace("/opt", "/usr")})
    done = repository.gate("--against", "work")
    assert done.returncode == 3, done.stderr
    assert "error[V0007]: action of `ODD` changed" in done.stderr
    assert "1 to approve" in done.stderr


def test_a_deleted_file_takes_its_jobs_with_it(repository: Repository) -> None:
    (repository.folder / "jobs/report.jil").unlink()
    repository.commit({})
    done = repository.gate("--against", "main")
    assert done.returncode == 3, done.stderr
    assert "`REPORT`" in done.stderr
    assert "jobs/report.jil:1" in done.stderr, "where it was"
    (repository.folder / "hoist.toml").write_text('[gate]\nchanges = ["removed"]\n')
    assert repository.gate("--against", "main").returncode == 0


def test_what_is_not_committed_yet_counts_too(repository: Repository) -> None:
    (repository.folder / "jobs/night.jil").write_text(BASE["night.jil"].replace("06:00", "07:00"))
    done = repository.gate("--against", "HEAD")
    assert done.returncode == 3, done.stderr


def test_an_estate_that_the_revision_does_not_have(repository: Repository) -> None:
    repository.commit({"../other/new.jil": job("NEW").replace("box_name: NIGHT\n", "")})
    done = repository.gate("--against", "main", paths=("other",))
    assert done.returncode == 3
    assert "`other` is not there in that revision: all of it is new" in done.stderr
    (repository.folder / "hoist.toml").write_text('[gate]\nchanges = ["added"]\n')
    assert repository.gate("--against", "main", paths=("other",)).returncode == 0


def test_an_old_finding_of_a_renamed_job_is_no_new_one(repository: Repository) -> None:
    repository.commit({"old.jil": BASE["old.jil"].replace("OLD", "ELDER")})
    done = repository.gate("--against", "main")
    assert done.returncode == 0, done.stderr
    assert "NOBODY" not in done.stderr
    assert "1 renamed" in done.stderr


def test_a_shallow_clone(repository: Repository, hoist, tmp_path: Path) -> None:
    repository.commit({"night.jil": BASE["night.jil"].replace("06:00", "07:00")})
    clone = repository.folder / "clone"
    repository.git(
        "clone", "-q", "--depth=1", "--no-single-branch", f"file://{tmp_path}", str(clone)
    )
    done = hoist("gate", "jobs", "--against", "main", cwd=clone)
    assert done.returncode == 2, done.stderr
    assert "there is no commit `main` in this shallow clone" in done.stderr
    assert "fetch-depth: 0" in done.stderr
    # With both ends and nothing between them the ends are compared, and that is said.
    done = hoist("gate", "jobs", "--against", "origin/main", cwd=clone)
    assert done.returncode == 3, done.stderr
    assert "1 to approve" in done.stderr
    assert "No commit in common with `origin/main` is known here" in done.stderr


def test_links_are_followed_as_on_a_disk(repository: Repository) -> None:
    folder = repository.folder / "jobs"
    (repository.folder / "shared").mkdir()
    (repository.folder / "shared/extra.txt").write_text(job("EXTRA"))
    (folder / "extra.jil").symlink_to("../shared/extra.txt")
    (folder / "nowhere").symlink_to("/does/not/exist")
    (folder / "all").symlink_to("../shared")
    (folder / ".hidden").symlink_to("../shared")
    repository.commit({})
    repository.git("switch", "-q", "-c", "next")
    done = repository.gate("--against", "work")
    assert "0 to approve" in done.stderr, done.stderr
    (repository.folder / "shared/extra.txt").write_text(job("EXTRA").replace("/opt", "/usr"))
    done = repository.gate("--against", "work")
    assert "error[V0007]: action of `EXTRA` changed" in done.stderr


def test_a_folder_that_is_a_link(repository: Repository) -> None:
    (repository.folder / "link").symlink_to("jobs")
    repository.commit({})
    done = repository.gate("--against", "HEAD", paths=("link",))
    assert done.returncode == 2
    assert "`link` is a symbolic link there; name what it leads to" in done.stderr


def test_a_map_names_what_is_renamed(repository: Repository) -> None:
    """Renamed and changed at once: only a person knows that it is the same job."""
    repository.commit({
        "report.jil": BASE["report.jil"].replace("insert_job: REPORT", "insert_job: DAILY")
        .replace("command: r", "command: r2")
    })  # fmt: skip
    done = repository.gate("--against", "main")
    assert "`DAILY`" in done.stderr
    assert "2 to approve" in done.stderr
    (repository.folder / "map.json").write_text('{"jobs": {"REPORT": "DAILY"}}')
    done = repository.gate("--against", "main", "--map", "map.json")
    assert "error[V0007]: action of `DAILY` changed" in done.stderr
    assert "1 to approve, 0 that may pass, 1 renamed" in done.stderr


def test_dags_are_verified_by_the_policy(repository: Repository) -> None:
    """An export in which the workflow's DAG is missing is no equivalence."""
    export = {"format": 1, "airflow": "3.3.2", "horizon": {"from": 0, "to": 86400}, "dags": []}
    (repository.folder / "export.json").write_text(json.dumps(export))
    (repository.folder / "map.json").write_text('{"dags": {"NIGHT": "night"}}')
    done = repository.gate("--against", "main", "--serialized", "export.json", "--map", "map.json")
    assert done.returncode == 3, done.stderr
    assert "error[V0001]" in done.stderr
    assert "  DAGs      3 workflows: 0 equivalent, 0 equivalent if, 3 different" in done.stderr


def test_a_path_that_is_nowhere_is_no_clean_estate(repository: Repository) -> None:
    """Neither side can read it, so nothing is new; a gate that passes then would watch nothing."""
    done = repository.gate("--against", "main", paths=("jobs", "jbos"))
    assert done.returncode == 1, done.stderr
    assert "error[P0001]: cannot read `jbos`" in done.stderr
