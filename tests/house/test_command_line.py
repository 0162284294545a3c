"""Findings that no example on a page can show: they need files, folders or options."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

JOB = "insert_job: A  job_type: c\nmachine: m\ncommand: echo a\n"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    file = tmp_path / "a.jil"
    file.write_text(JOB, encoding="utf-8")
    return file


def said(done) -> str:
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("C0004", ["graph", "{estate}", "--format", "oil-painting"]),
        ("C0008", ["check", "{estate}", "--config", "{folder}/absent.toml"]),
        ("C0011", ["explain", "Z9999"]),
    ],
)
def test_usage_is_refused_with_exit_2(hoist, estate, tmp_path, code, arguments):
    done = hoist(*(a.format(estate=estate, folder=tmp_path) for a in arguments))
    assert f"[{code}]" in said(done)
    assert done.returncode == 2


def test_a_property_line_without_a_value_is_c0009(hoist, estate, tmp_path):
    properties = tmp_path / "env.properties"
    properties.write_text("just words\n", encoding="utf-8")
    done = hoist("check", estate, "--properties", properties)
    assert "[C0009]" in said(done)
    assert done.returncode == 2


def test_output_that_cannot_be_written_is_f0011_and_exit_5(hoist, estate, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = hoist("build", estate, "-o", tmp_path / "file" / "dags")
    assert "[F0011]" in said(done)
    assert done.returncode == 5


def test_an_edited_dag_is_f0012_and_exit_5(hoist, estate, tmp_path):
    out = tmp_path / "dags"
    assert hoist("build", estate, "-o", out).returncode == 0
    dag = out / "A.py"
    dag.write_text(dag.read_text(encoding="utf-8") + "# tuned\n", encoding="utf-8")
    done = hoist("build", estate, "-o", out)
    assert "[F0012]" in said(done)
    assert done.returncode == 5
    assert dag.read_text(encoding="utf-8").endswith("# tuned\n")


def test_a_calendar_that_ends_within_a_year_is_a0015(hoist, estate):
    soon = datetime.now(UTC) + timedelta(days=60)
    estate.write_text(
        JOB + 'date_conditions: 1\nrun_calendar: SOON\nstart_times: "06:00"\ntimezone: UTC\n'
        f"calendar: SOON\n{soon:%m/%d/%Y}\n",
        encoding="utf-8",
    )
    assert "[A0015]" in said(hoist("check", estate))


def test_unknown_files_are_named_and_an_empty_folder_is_an_error(hoist, estate, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    done = hoist("check", folder)
    assert "[P0005]" in said(done)
    assert done.returncode != 0
    (folder / "notes.bin").write_bytes(b"\x00\x01")
    (folder / "a.jil").write_text(JOB, encoding="utf-8")
    assert "[P0003]" in said(hoist("check", folder))
