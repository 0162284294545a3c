"""Every diagnostic has one row, one explanation page, and a test that mentions it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^DIAG\(([A-Z]\d{4}),\s*(\w+),", re.MULTILINE)
TEST_FOLDERS = ("tests", "backend/hoist_airflow/tests", "corpus")


@cache
def rows() -> dict[str, str]:
    """Return the name of each code; a code or a name given twice is an error."""
    found: dict[str, str] = {}
    for table in sorted((ROOT / "frontend/diag/codes").glob("*.def")):
        for code, name in ROW.findall(table.read_text(encoding="utf-8")):
            assert code not in found, f"{code} has two rows"
            assert name not in found.values(), f"{name} names two codes"
            assert code.startswith(table.stem), f"{code} stands in {table.name}"
            found[code] = name
    return found


@cache
def words_of_tests() -> frozenset[str]:
    """Return every word in a test, an estate of corpus/, or a golden."""
    words: set[str] = set()
    for folder in TEST_FOLDERS:
        for file in (ROOT / folder).rglob("*"):
            if (
                file.is_file()
                and file.name != Path(__file__).name
                and "__pycache__" not in file.parts
            ):
                words.update(re.findall(r"\w+", file.read_text(encoding="utf-8", errors="replace")))
    return frozenset(words)


def test_every_code_has_a_page_that_names_it() -> None:
    without = []
    for code in rows():
        page = ROOT / "docs/diagnostics" / f"{code}.md"
        if not page.exists() or not page.read_text(encoding="utf-8").startswith(f"# {code}"):
            without.append(code)
    assert without == []


def test_every_page_belongs_to_a_code() -> None:
    pages = {page.stem for page in (ROOT / "docs/diagnostics").glob("[A-Z][0-9]*.md")}
    assert sorted(pages - set(rows())) == []


def shown_by_its_page() -> set[str]:
    """Return the codes whose page has an example that test_pages.py compiles and judges."""
    compiled = re.compile(r"^```(jil|crontab|controlm|toml)\b", re.MULTILINE)
    return {
        page.stem
        for page in (ROOT / "docs/diagnostics").glob("[A-Z][0-9]*.md")
        if compiled.search(page.read_text(encoding="utf-8"))
    }


def test_every_code_has_a_test() -> None:
    """The example of its page, or a test that names its code or its row (`UndefinedJob`)."""
    shown = shown_by_its_page()
    untested = [
        f"{code} {name}"
        for code, name in rows().items()
        if code not in shown and not {code, name} & words_of_tests()
    ]
    assert untested == []
