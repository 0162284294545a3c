"""Each file of corpus/oddities* says in its first lines what `hoist build` reports about it, all of it.

    /* expect: 6:14 error[P1023] no such time */

is one finding, by line, column, severity and code; what follows is for people. A finding that is not
expected fails as much as an expectation that is not met. `0:0` is a finding about the whole run.
HOIST_REWRITE=1 writes the expectations as they are now, and keeps the words behind them.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *sorted((ROOT / "corpus/oddities").glob("*.jil")),
    *sorted((ROOT / "corpus/oddities_controlm").glob("*.xml")),
]
EXPECTATION = re.compile(
    rb"(?:/\*|#|<!--) expect: (\d+):(\d+) (error|warning|note)\[([A-Z]\d{4})\](.*?)(?: \*/| -->)?\r?"
)
Finding = tuple[int, int, str, str]


def found_in(hoist, path: Path, out: Path) -> list[Finding]:
    """Every finding of a build, in the tool's order."""
    done = hoist("build", path, "-o", out, "--output", "json")
    assert done.returncode in (0, 1, 5), done.stderr
    findings = []
    for one in json.loads(done.stdout)["findings"]:
        start = one.get("place", {}).get("start", {"line": 0, "column": 0})
        findings.append((start["line"], start["column"], one["severity"], one["code"]))
    return findings


def expected_by(text: bytes) -> list[Finding]:
    """The expectations; a line that only looks like one is an error."""
    expected = []
    for line in text.split(b"\n"):
        if match := EXPECTATION.fullmatch(line):
            at, column, severity, code, _ = match.groups()
            expected.append((int(at), int(column), severity.decode(), code.decode()))
        else:
            assert b"expect:" not in line, f"no expectation: {line!r}"
    return expected


def rewrite(hoist, path: Path, out: Path) -> None:
    """Write the expectations behind the first line; they move the lines that they speak of."""
    lines = path.read_bytes().split(b"\n")
    words = defaultdict(list)
    for match in filter(None, map(EXPECTATION.fullmatch, lines)):
        words[match[4]].append(match[5])
    plain = [line for line in lines if not EXPECTATION.fullmatch(line)]
    opening, closing = (b"#", b"") if plain[0].startswith(b"#") else (b"/*", b" */")
    if plain[0].startswith(b"<!--"):
        opening, closing = b"<!--", b" -->"
    closing += b"\r" if plain[0].endswith(b"\r") else b""
    path.write_bytes(b"\n".join(plain))
    found = found_in(hoist, path, out)
    expectations = []
    for line, column, severity, code in found:
        place = f" expect: {line + len(found) * (line > 0)}:{column} {severity}[{code}]".encode()
        said = words[code.encode()].pop(0) if words[code.encode()] else b""
        expectations.append(opening + place + said + closing)
    path.write_bytes(b"\n".join([plain[0], *expectations, *plain[1:]]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_expected_findings(hoist, path: Path, tmp_path: Path) -> None:
    if os.environ.get("HOIST_REWRITE"):
        rewrite(hoist, path, tmp_path / "before")
    text = path.read_bytes()
    assert b"Claim:" in text.split(b"\n")[0]
    assert found_in(hoist, path, tmp_path / "dags") == expected_by(text)
