"""Control-M definitions that people really wrote (controlm_xml and controlm_json of HOIST_CORPUS, where they are): none
crashes, everything is accounted for, most of it is exact, little is refused, and what is written loads in Airflow.

The shares are those of all files but of plug-ins, whose parameters only their own agents understand, and of attributes
that Control-M would not take either: of the latter a second row counts the file as `hoist check --fix --unsafe-fixes`
mends it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from compiled import ROOT, compile_estate, hoist

REAL = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared" / "corpus"))
FATES = ("exact", "approximated", "dropped", "refused", "unaccounted")
LEAST_EXACT, MOST_REFUSED = 0.90, 0.05


def files() -> list[Path]:
    return [
        path
        for folder in ("controlm_xml", "controlm_json")
        for path in sorted((REAL / folder).glob("*"))
        if path.is_file()
    ]


@dataclass
class Row:
    """What becomes of the constructs of one file."""

    name: str
    fates: Counter[str]
    has_plug_ins: bool
    is_mended: bool = False

    def text(self) -> str:
        total = self.fates.total()
        shares = " ".join(f"{self.fates[fate] / total:8.1%}" for fate in FATES)
        notes = " plug-ins" * self.has_plug_ins + " mended" * self.is_mended
        return f"{self.name[-58:]:58} {total:6}  {shares}{notes}"


def counted(path: Path, *, is_mended: bool = False) -> Row:
    done = hoist("coverage", path, "--format", "json", "--dialect", "controlm")
    fates: Counter[str] = Counter()
    plug_ins = False
    for kind in json.loads(done.stdout)["kinds"]:
        fates.update({fate: kind[fate] for fate in FATES})
        plug_ins |= kind["kind"] == "parameter of a plug-in"
    return Row(path.name, fates, plug_ins, is_mended)


def test_shares_of_real_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not files():
        pytest.skip(f"no real definitions at {REAL} (HOIST_CORPUS)")
    rows = [counted(path) for path in files()]
    held = [row for row in rows if not row.has_plug_ins]
    for number, path in enumerate(files()):
        copy = tmp_path / str(number) / path.name
        copy.parent.mkdir()
        shutil.copy(path, copy)
        hoist(
            "check", copy, "--dialect", "controlm", "--fix", "--unsafe-fixes", "--select", "P3013"
        )
        if copy.read_bytes() != path.read_bytes():
            held = [row for row in held if row.name != path.name]
            held.append(counted(copy, is_mended=True))
    rows += [row for row in held if row.is_mended]
    together = Row("together: no plug-ins, mended", sum((r.fates for r in held), Counter()), False)
    as_written = Row(
        "together: no plug-ins, as written",
        sum((row.fates for row in rows if not row.is_mended and not row.has_plug_ins), Counter()),
        False,
    )
    with capsys.disabled():
        print(f"\n{'':58} {'total':>6}  " + " ".join(f"{fate[:8]:>8}" for fate in FATES))
        print("\n".join(row.text() for row in [*rows, as_written, together]))
    assert not [row.name for row in rows if row.fates["unaccounted"]]
    total = together.fates.total()
    assert together.fates["exact"] >= LEAST_EXACT * total, together.text()
    assert together.fates["refused"] <= MOST_REFUSED * total, together.text()


def test_what_is_written_of_real_files_loads(airflow_runs: ModuleType, tmp_path: Path) -> None:
    if not files():
        pytest.skip(f"no real definitions at {REAL} (HOIST_CORPUS)")
    written = 0
    for number, path in enumerate(files()):
        built = compile_estate(path, out=tmp_path / str(number), options=["--dialect", "controlm"])
        loaded = airflow_runs.load(built.folder)
        assert not loaded.import_errors, (path.name, loaded.import_errors)
        assert sorted(loaded.dags) == sorted(row["dag_id"] for row in built.manifest["dags"])
        for dag in loaded.dags.values():
            assert airflow_runs.round_trip(dag).dag_id == dag.dag_id
        written += len(loaded.dags)
    assert written >= len(files())
