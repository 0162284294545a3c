"""`hoist init` proposes settings that hoist takes, and changes nothing that is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[2]


def init(binary: str, folder: Path, *paths: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, "init", *paths], cwd=folder, capture_output=True, text=True, check=False
    )


def uncommented(text: str) -> str:
    """Return the proposal with every suggestion taken."""
    return re.sub(r"^# (?=\[\[|\w+ = )", "", text, flags=re.MULTILINE)


def test_what_it_proposes_can_be_taken(hoist, hoist_binary: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "corpus/bank_night", tmp_path / "estate")
    (tmp_path / "estate/hoist.toml").unlink()
    done = init(hoist_binary, tmp_path, "estate")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "hoist.toml").read_text(encoding="utf-8")
    # As it stands it says nothing.
    assert all(value == {} for value in tomllib.loads(text).values())
    taken = tomllib.loads(uncommented(text))
    assert {"autosys", "findings", "rule", "timezone"} <= set(taken)
    machines = {rule["machine"] for rule in taken["rule"] if "machine" in rule}
    assert any(machine.startswith("ny") for machine in machines)
    assert any("job_type" in rule for rule in taken["rule"])
    taken_file = tmp_path / "taken.toml"
    taken_file.write_text(uncommented(text), encoding="utf-8")
    assert hoist("config", tmp_path, "--config", taken_file).returncode == 0
    # The run from there finds it.
    found = subprocess.run(
        [hoist_binary, "config", "estate"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[0] == "# hoist.toml" or "/hoist.toml" in found.stdout


def test_it_never_writes_over_settings(hoist_binary: str, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_text("insert_job: A job_type: c\nmachine: m\ncommand: x\n")
    (tmp_path / "hoist.toml").write_text("# mine\n")
    done = init(hoist_binary, tmp_path, "a.jil")
    assert done.returncode == 5
    assert "[F0011]" in done.stderr
    assert (tmp_path / "hoist.toml").read_text() == "# mine\n"


def test_names_stay_inside_their_comments(hoist_binary: str, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_bytes(
        b"insert_job: A job_type: c\nmachine: m]x\\y\x7f\xff\ncommand: x\n"
    )
    assert init(hoist_binary, tmp_path, "a.jil").returncode == 0
    text = (tmp_path / "hoist.toml").read_text(encoding="utf-8")
    assert all(value == {} for value in tomllib.loads(text).values())
    (rule,) = tomllib.loads(uncommented(text))["rule"]
    assert rule["machine"] == "m]x\\y\x7fÿ"


def test_paths_elsewhere_get_it_beside_them(hoist_binary: str, tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "estate/a.cron").write_text("0 5 * * * /bin/true\n")
    assert init(hoist_binary, tmp_path / "here", "../estate").returncode == 0
    assert (tmp_path / "estate/hoist.toml").exists()
    assert "[cron]" in (tmp_path / "estate/hoist.toml").read_text()
    assert not (tmp_path / "here/hoist.toml").exists()
