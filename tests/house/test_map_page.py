"""The page of `hoist map` in a real browser: search, focus, path, keys, both themes.

Nothing may be on the console. How long an estate of 10,000 jobs takes to its first picture is
printed (`pytest -s`), not asserted: it depends on the machine and on what else it does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import BINARY, Chromium
from test_map import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    BINARY is None, reason="there is no Chromium; scripts/setup installs it"
)
TITLE = "document.querySelector('#panel h2')?.textContent"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    running = Chromium(tmp_path / "profile")
    yield running
    running.close()


def show(browser: Chromium, hoist, folder: Path, *paths: str | Path) -> None:
    page = folder / "map.html"
    done = hoist("map", *paths)
    assert done.returncode in (0, 1), done.stderr
    page.write_text(done.stdout, encoding="utf-8")
    browser.open(page)
    browser.wait_for("document.documentElement?.dataset.drawn")


def colour_by(browser: Chromium, mode: str) -> None:
    browser.evaluate(f"document.querySelector('#colour').value = '{mode}'")
    browser.evaluate("document.querySelector('#colour').dispatchEvent(new Event('change'))")


def search(browser: Chromium, text: str) -> None:
    browser.press("/")
    browser.type(text)
    browser.wait_for("!document.querySelector('#results').hidden")
    browser.press("Enter")


def silent(browser: Chromium) -> None:
    assert browser.console == []
    assert [
        url
        for url in browser.requests
        if not url.startswith("file:") or not url.endswith("map.html")
    ] == []


def test_search_focus_and_path_by_keys(hoist, browser: Chromium, tmp_path: Path) -> None:
    (tmp_path / "e.jil").write_text(
        "insert_job: BX  job_type: b\n"
        + "".join(
            f"insert_job: J{n}  job_type: c\nbox_name: BX\ncommand: run {n}\nmachine: m\n"
            + (f"condition: s(J{n - 1})\n" if n else "")
            for n in range(5)
        )
        + "insert_job: AFTER  job_type: c\ncommand: a\nmachine: m\ncondition: s(BX)\n"
        + "insert_job: ALONE  job_type: c\ncommand: a\nmachine: m\n",
        encoding="utf-8",
    )
    show(browser, hoist, tmp_path, tmp_path / "e.jil")
    search(browser, "j2")
    browser.wait_for(f"{TITLE} === 'J2'")
    assert "condition: s(J1)" in browser.evaluate(
        "document.querySelector('#panel pre').textContent"
    )
    browser.press("ArrowRight")
    browser.wait_for(f"{TITLE} === 'J3'")
    browser.press("ArrowLeft")
    browser.wait_for(f"{TITLE} === 'J2'")
    # Before J2: J0, J1 and the box that they start in; after it: J3, J4, the box's end, AFTER.
    for key, text in (
        ("u", "3 before J2"),
        ("d", "4 after J2"),
        ("b", "6 before and after J2"),
    ):
        browser.press(key)
        browser.wait_for(f"document.querySelector('#mode').textContent.startsWith('{text}')")
    browser.press("Escape")
    assert browser.evaluate("document.querySelector('#mode').hidden")
    browser.press("p")
    search(browser, "AFTER")
    browser.wait_for(f"{TITLE} === 'Path from J2 to AFTER'")
    steps = browser.evaluate(
        "[...document.querySelectorAll('#panel .link')].map((each) => each.textContent)"
    )
    assert steps == ["J2", "BX", "AFTER"]  # the box ends after J2, whatever else it waits for
    browser.press("Escape")
    search(browser, "ALONE")
    browser.press("p")
    search(browser, "J0")
    browser.wait_for(
        "document.querySelector('#mode').textContent.startsWith('No path between ALONE and J0')"
    )
    browser.press("Escape")
    silent(browser)


def test_colours_themes_and_help(hoist, browser: Chromium, tmp_path: Path) -> None:
    show(browser, hoist, tmp_path, "corpus/bank_night")
    modes = browser.evaluate(
        "[...document.querySelector('#colour').options].map((each) => each.value)"
    )
    assert modes == ["fidelity", "owner", "application", "kind"]
    for mode in modes:
        colour_by(browser, mode)
        assert browser.evaluate("document.querySelectorAll('#legend button').length") > 0
    was = browser.evaluate("document.documentElement.className")
    browser.press("t")
    assert browser.evaluate("document.documentElement.className") != was
    browser.press("?")
    assert browser.evaluate("document.querySelector('#help').open")
    browser.press("Escape")
    browser.wait_for("!document.querySelector('#help').open")
    browser.press("0")
    browser.evaluate("document.querySelector('#legend button').click()")
    assert not browser.evaluate("document.querySelector('#mode').hidden")
    silent(browser)


def test_hostile_names_are_text(hoist, browser: Chromium, tmp_path: Path) -> None:
    (tmp_path / "e.jil").write_text(
        "".join(
            f"insert_job: {name}  job_type: c\ncommand: echo {name}\nmachine: m\nowner: {name}\n"
            for name in HOSTILE
        ),
        encoding="utf-8",
    )
    show(browser, hoist, tmp_path, tmp_path / "e.jil")
    for text in ("<img", "</script>", "gnp.exe", "Looo", "__proto__"):
        search(browser, text)
        browser.wait_for(f"{TITLE}?.includes({text!r})")
        assert browser.evaluate("document.querySelectorAll('img, #panel script').length") == 0
    colour_by(browser, "owner")
    # A long name neither widens the page nor hides what stands below it.
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    silent(browser)


def test_ten_thousand_jobs(hoist, browser: Chromium, tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts/generate_estate.py"),
            "--jobs",
            "10000",
            "--seed",
            "5",
            str(estate),
        ],
        check=True,
    )
    show(browser, hoist, tmp_path, estate)
    drawn = browser.evaluate("Number(document.documentElement.dataset.drawn)")
    size = (tmp_path / "map.html").stat().st_size / 1e6
    print(f"10,000 jobs, {size:.1f} MB: first picture after {drawn} ms")
    last = browser.evaluate("JSON.parse(document.querySelector('#data').textContent).j.at(-1)[0]")
    search(browser, last)
    browser.wait_for(f"{TITLE} === {last!r}")
    browser.press("b")
    browser.wait_for("!document.querySelector('#mode').hidden")
    browser.press("0")
    silent(browser)
