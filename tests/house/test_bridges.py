"""What crosses the boundary and no bridge carries is a finding: code, both sides, what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

JIL = """\
insert_machine: big1  type: a  max_load: 100
insert_resource: DB  res_type: R  amount: 2
insert_job_type: 4
command: /bin/odd
insert_job: EOD  job_type: b
insert_job: LOAD  job_type: c  box_name: EOD  machine: big1
command: load
job_load: 60
priority: 10
resources: (DB, QUANTITY=1)
insert_job: ODD  job_type: 4  machine: big1
insert_job: HEARS  job_type: c  machine: big1
command: hears
condition: s(OTHER^PRD)
insert_job: "Z$(reboot)"  job_type: c  machine: big1
command: z
insert_job: RESCUE  job_type: c  machine: big1
command: sendevent -E FORCE_STARTJOB -J LOAD
condition: e(LOAD) = 3
insert_job: USE  job_type: c  machine: big1
command: use
job_load: 60
priority: 10
condition: e(ODD) = 2
resources: (DB, QUANTITY=1)
"""
CONTROLM = """\
<DEFTABLE>
  <FOLDER FOLDER_NAME="F">
    <JOB JOBNAME="A" CMDLINE="a.sh">
      <VARIABLE NAME="%%\\G" VALUE="1"/>
      <ON STMT="*" CODE="NOTOK"><DOFORCEJOB TABLE_NAME="G" NAME="B"/></ON>
      <OUTCOND NAME="A-OK" ODATE="ODAT" SIGN="+"/>
    </JOB>
  </FOLDER>
  <FOLDER FOLDER_NAME="G">
    <JOB JOBNAME="B" CMDLINE="b.sh %%\\G">
      <INCOND NAME="A-OK" ODATE="ODAT"/>
    </JOB>
  </FOLDER>
</DEFTABLE>
"""
FIRST = ("EOD", "ODD", "HEARS", "Z$(reboot)", "F")
LATER = ("RESCUE", "USE", "G")

# By code: what crosses, the line of the finding, that of the other side, a piece of the help.
EXPECTED = {
    "M0201": ("DB", "resources: (DB, QUANTITY=1)", "resources: (DB, QUANTITY=1)", "`amount`"),
    "M0202": ("big1", "job_load: 60", "job_load: 60", "`max_load`"),
    "M0203": ("ODD", "condition: e(ODD) = 2", "insert_job: ODD", "`[[plan.order]]`"),
    "M0204": ("LOAD", "condition: e(LOAD) = 3", "insert_job: LOAD", "`d(LOAD)`"),
    "M0205": ("RESCUE", "command: sendevent", "insert_job: LOAD", "`hoistctl sendevent`"),
    "M0206": ("OTHER^PRD", "condition: s(OTHER^PRD)", None, "`[[plan.pin]]`"),
    "M0207": ("Z$(reboot)", 'insert_job: "Z$', None, "rename it"),
    "M0208": ("A-OK", "<INCOND", "<OUTCOND", "`[[plan.together]]`"),
    "M0210": ("F/A", "<ON", '<JOB JOBNAME="B"', "`[[plan.together]]`"),
    "M0211": ("%%\\G", '<JOB JOBNAME="B"', '<VARIABLE', "`hoistctl sendevent"),
}  # fmt: skip


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Half of an estate moves in the first wave."""
    folder = tmp_path / "estate"
    (folder / ".git").mkdir(parents=True)
    (folder / "a.jil").write_text(JIL)
    (folder / "f.xml").write_text(CONTROLM)
    pins = "".join(
        f"[[plan.pin]]\nworkflow = '{name}'\nwave = {wave}\n"
        for wave, names in ((1, FIRST), (2, LATER))
        for name in names
    )
    (folder / "hoist.toml").write_text("[plan]\nsplit_cycles = true\n" + pins)
    return folder


def findings(run: Any, folder: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    done = run("plan", "estate", "--output", "json=found.json", *options)
    found = json.loads((folder.parent / "found.json").read_text())["findings"]
    return done.returncode, [each for each in found if each["code"].startswith("M02")]


def line_of(place: dict[str, Any], folder: Path) -> str:
    text = (folder.parent / place["file"]).read_text().splitlines()
    return text[place["start"]["line"] - 1].strip()


@pytest.mark.parametrize("options", [(), ("--bridges", "bridges"), ("--check",)])
def test_each_crossing_without_a_bridge_is_a_finding_with_both_sides(
    run, estate: Path, options: tuple[str, ...]
) -> None:
    if options == ("--check",):
        run("plan", "estate")
    code, found = findings(run, estate, *options)
    assert code == 0, "these are warnings: somebody has to decide"
    by_code: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        by_code.setdefault(each["code"], []).append(each)
    assert sorted(by_code) == sorted(EXPECTED)
    for code_, (what, here, there, help_) in EXPECTED.items():
        each = next(
            one
            for one in by_code[code_]
            if one["labels"] or there is None or line_of(one["place"], estate).startswith(here)
        )
        assert each["severity"] == "warning"
        assert each["object"] == what
        assert line_of(each["place"], estate).startswith(here), code_
        assert each["text"]
        if there is not None:
            (label,) = each["labels"]
            assert line_of(label["place"], estate).startswith(there), code_
            assert "W1" in label["text"] or code_ in ("M0208", "M0210", "M0211")
        assert help_ in " ".join(each["helps"]), code_
    # One for each object and pair, however many waves it spans.
    assert len({(e["code"], e["object"], e["message"]) for e in found}) == len(found)
    assert (estate.parent / "bridges/01-W1/bridges.json").exists() == (
        options == ("--bridges", "bridges")
    )


def test_what_moves_together_needs_no_bridge(run, estate: Path) -> None:
    (estate / "hoist.toml").write_text("[plan]\nwave_size = 20\n")
    _, found = findings(run, estate)
    assert {each["code"] for each in found} == {"M0205", "M0206", "M0207"}, (
        "the command still talks to AutoSys, the other instance stays, and the name stays"
    )


def test_who_asks_for_an_exit_code_may_move_first(run, estate: Path) -> None:
    """The advice of M0203 and M0204: the ledger hears exit codes."""
    (estate / "hoist.toml").write_text(
        "[plan]\nwave_size = 4\n[[plan.order]]\nfirst = 'RESCUE'\nthen = 'EOD'\n"
        "[[plan.order]]\nfirst = 'USE'\nthen = 'ODD'\n"
    )
    _, found = findings(run, estate)
    assert not {"M0203", "M0204"} & {each["code"] for each in found}


def test_policy_and_formats_take_them_as_any_other_finding(run, estate: Path) -> None:
    (estate / "f.xml").unlink()
    said = run("plan", "estate", "--select", "M02", "--ignore", "M0201").stderr.decode()
    assert "[M0202]" in said
    assert "[M0201]" not in said
    assert run("plan", "estate", "--fail-on", "warning").returncode == 1
    assert run("plan", "estate", "--severity", "M0204=error").returncode == 1
    assert run("plan", "estate", "--severity", "M0204=error", "--ignore", "M0204").returncode == 0
    run("plan", "estate", "--output", "sarif=found.sarif")
    sarif = json.loads((estate.parent / "found.sarif").read_text())
    results = {one["ruleId"]: one for one in sarif["runs"][0]["results"]}
    assert set(EXPECTED) - {"M0208", "M0210", "M0211"} <= set(results)
    assert results["M0204"]["relatedLocations"]
    settings = (estate / "hoist.toml").read_text()
    (estate / "hoist.toml").write_text(
        settings + '[[allow]]\ncode = "M0204"\nobject = "LOAD"\nreason = "RESCUE is idempotent"\n'
    )
    _, found = findings(run, estate)
    assert "M0204" not in {each["code"] for each in found}


def test_the_runbook_names_the_code_on_the_page_of_the_wave(run, estate: Path) -> None:
    (estate / "f.xml").unlink()
    run("plan", "estate")
    done = run("runbook", "estate", "-o", "book", "--plan", "estate/plan.lock.toml")
    assert done.returncode == 0, done.stderr.decode()
    assert "warning[M0204]" in done.stderr.decode()
    page = (estate.parent / "book/01-W1/wave.md").read_text()
    for code in sorted(set(EXPECTED) - {"M0208", "M0210", "M0211"}):
        assert f"Not bridged (<code>{code}</code>)" in page
