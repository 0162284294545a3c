"""What `hoist check` finds is right: tests/precision/labels.tsv, joined with a run of today.

A finding that is new in these estates has no label: read it beside the definition and the rules, and add its line
(`tests/precision/precision.py` prints it). The estates of this tree are always checked; the real files of HOIST_CORPUS
where they are present.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "precision"))
import precision
from precision import Key, Label

LEAST = 0.95


@pytest.fixture(scope="module")
def labels() -> dict[Key, Label]:
    return precision.read_labels()


def joined(hoist_binary: str, sources: list[precision.Source], labels: dict[Key, Label]) -> None:
    """Every finding of the sources is labelled, and every label of the sources is found."""
    found = [pair for source in sources for pair in precision.findings(hoist_binary, source)]
    messages = {key: str(finding["message"]) for key, finding in found}
    unlabelled, stale = precision.compare(messages, labels, {source.name for source in sources})
    told = ["\t".join([*vars(key).values(), "?", messages[key]]) for key in unlabelled]
    told += ["\t".join(["no longer found:", *vars(key).values()]) for key in stale]
    assert not told, "\n".join(told)


def test_every_finding_in_the_estates_of_this_tree_is_judged(
    hoist_binary: str, labels: dict[Key, Label], tmp_path: Path
) -> None:
    joined(hoist_binary, [*precision.own_sources(tmp_path)], labels)


def test_every_finding_in_real_files_is_judged(hoist_binary: str, labels: dict[Key, Label]) -> None:
    if not precision.REAL.is_dir():
        pytest.skip("no real definitions here: name their folder in HOIST_CORPUS")
    joined(hoist_binary, [*precision.real_sources()], labels)


def test_95_of_100_are_right(labels: dict[Key, Label]) -> None:
    """Over all labels, and over those of real files alone."""
    for code, counts in precision.counted(labels, lambda key: key.code).items():
        print(f"{code}: {counts['right']} of {counts.total()} right, {dict(counts)}")
    for part in (labels, {key: each for key, each in labels.items() if key.origin == "real files"}):
        verdicts = Counter(label.verdict for label in part.values())
        print(f"{precision.share(verdicts):.1%} of {verdicts.total()}")
        assert precision.share(verdicts) >= LEAST, verdicts


def test_a_sample_is_large_enough(labels: dict[Key, Label]) -> None:
    """Of a code that is sampled at least 30 findings are judged; of all others every one."""
    sampled = Counter(key.code for key in labels if key.source in precision.SAMPLED)
    assert max(sampled.values()) == precision.SAMPLE >= 30


def test_what_is_new_and_what_is_gone_is_told() -> None:
    old, new = Key("a.jil", "A0009", "B", "1"), Key("a.jil", "A0009", "B", "2")
    elsewhere = Key("b.jil", "A0009", "B", "1")
    assert precision.compare([new], [old, elsewhere], {"a.jil"}) == ([new], [old])
    assert precision.compare([old], [old], {"a.jil"}) == ([], [])
    # The end of a calendar comes nearer: the same finding under another code, or none.
    ended, ends_soon = Key("a.jil", "A0014", "J", ""), Key("a.jil", "A0015", "J", "")
    assert precision.compare([ended], [ends_soon], {"a.jil"}) == ([], [])
    assert precision.compare([], [ended], {"a.jil"}) == ([], [])
    assert precision.compare([ended], [old], {"a.jil"}) == ([ended], [old])


def test_a_line_that_does_not_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.tsv"
    monkeypatch.setattr(precision, "LABELS", path)
    good = "a.jil\tA0009\tB\t1\tright\tthe handler waits\n"
    path.write_text("# head\n" + good)
    assert precision.read_labels() == {
        Key("a.jil", "A0009", "B", "1"): Label("right", "the handler waits")
    }
    for bad in (
        good.replace("right", "fine"),
        good.replace("the handler waits", ""),
        good + good,
        good.replace("\tB", ""),
    ):
        path.write_text(bad)
        with pytest.raises(AssertionError, match=r"labels\.tsv:\d"):
            precision.read_labels()
