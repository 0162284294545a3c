"""The generator and the shrinker themselves, without Airflow."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import estates
import folders
import shrink


def test_a_seed_tells_everything() -> None:
    for seed in range(50):
        made = estates.estate(seed)
        assert made.text() == estates.estate(seed).text()
        assert estates.scenario(made, seed) == estates.scenario(estates.estate(seed), seed)


def test_estates_hold_every_construct() -> None:
    """A construct that no estate holds is one that no run compares."""
    text = "".join(estates.estate(seed).text() for seed in range(400))
    for construct in (
        *("s(", "f(", "t(", "d(", "n(", "e(", "v(", ", 0)", ", 12.00)", " | ", " & ", ") & ("),
        *("box_success", "box_failure", "box_terminator", "job_terminator", "n_retrys"),
        *("on_ice", "on_noexec", "on_hold", "auto_hold", "term_run_time", "run_window"),
        *("success_codes", "fail_codes", "max_exit_success", "job_type: f", "resources"),
        "exclude_calendar",
    ):
        assert construct in text, construct


def test_a_seed_tells_everything_of_folders() -> None:
    for seed in range(50):
        made = folders.estate(seed)
        assert made.files() == folders.estate(seed).files()
        assert folders.scenario(made, seed) == folders.scenario(folders.estate(seed), seed)


def test_folders_hold_every_construct() -> None:
    made = [folders.estate(seed) for seed in range(300)]
    text = "".join(text for each in made for text in each.files().values())
    for construct in (
        *("<FOLDER ", "<SMART_FOLDER ", "<SUB_FOLDER ", 'DAYSCAL="WORK"', 'CONFCAL="WORK"'),
        *(' WEEKDAYS="', 'TIMEFROM="', 'TIMETO="&gt;"', 'MAXWAIT="99"', 'TASKTYPE="Dummy"'),
        *('ODATE="ODAT"', 'ODATE="PREV"', 'ODATE="NEXT"', 'ODATE="STAT"', 'ODATE="****"'),
        *('OP="("', 'AND_OR="O"', 'SIGN="-"', 'CODE="COMPSTAT', 'CODE="NOTOK"', 'CODE="OK"'),
        *('APPL_TYPE="FileWatch"', 'APPL_TYPE="DATABASE"', 'VALUE="DELETE"'),
        *('ACTION="OK"', 'ACTION="NOTOK"', 'ACTION="RERUN"', "<DOCOND ", 'MAXRERUN="', "INTERVAL="),
        *(
            "<QUANTITATIVE ",
            'DATACENTER="ctm"',
            'DATACENTER="two0"',
            "America/New_York",
            'new_day = "22:00"',
            'WHEN="LATESUB"',
            'WHEN="LATETIME"',
            'TIME="&gt;030"',
            'TIME="&lt;005"',
        ),
    ):
        assert construct in text, construct
    played = "".join(str(folders.scenario(each, seed)) for seed, each in enumerate(made))
    for event in ("ADD_CONDITION", "DELETE_CONDITION", "'STARTJOB'", "FORCE_STARTJOB", "'odate'"):
        assert event in played, event


def test_flat_conditions_print_left_to_right() -> None:
    """JIL-062: `a | b & c` is `(a | b) & c`; a nested right side keeps its parentheses."""
    a, b, c = (estates.Atom("s({})", name) for name in "ABC")
    flat = estates.Both("&", estates.Both("|", a, b), c)
    assert str(flat) == "s(A) | s(B) & s(C)"
    assert str(estates.Both("|", a, estates.Both("&", b, c))) == "s(A) | (s(B) & s(C))"


def test_shrinking_folders_keeps_the_difference_and_little_else() -> None:
    def differs(pair: shrink.Pair) -> bool:
        return 'ODATE="PREV"' in pair[0].text()

    tried = 0
    for seed in range(40):
        made = folders.estate(seed)
        pair = (made, folders.scenario(made, seed))
        if not differs(pair):
            continue
        tried += 1
        small, scenario = shrink.shrink(pair, differs, budget=2000)
        assert differs((small, scenario))
        assert len(small.entities) <= 4
        assert small.text().count("ODATE=") == 1
        assert not scenario["events"] and not scenario["jobs"] and not scenario["conditions"]
    assert tried > 5


def test_shrinking_keeps_the_difference_and_little_else() -> None:
    def differs(pair: shrink.Pair) -> bool:
        return any(
            atom.text.startswith("f(")
            for job in pair[0].jobs
            for condition in job.conditions.values()
            for atom in estates.atoms(condition)
        )

    tried = 0
    for seed in range(60):
        made = estates.estate(seed)
        pair = (made, estates.scenario(made, seed))
        if not differs(pair):
            continue
        tried += 1
        small, scenario = shrink.shrink(pair, differs, budget=2000)
        assert differs((small, scenario))
        assert len(small.jobs) <= 5
        (only,) = [each for job in small.jobs for each in job.conditions.values()]
        assert isinstance(only, estates.Atom)
        assert not scenario["events"]
        assert not scenario["jobs"]
    assert tried > 10
