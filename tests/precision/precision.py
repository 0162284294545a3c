"""Findings of `hoist check` on estates that were not written for a check, and what people think of them.

`labels.tsv` holds one line for each finding that somebody has read beside the definition and the rules:
where, code, object, fingerprint (the key of a baseline: it moves with no line), a label, and why.

- right: the message is true, and a reviewer would want to know it at this severity
- noise: true, but not worth a reader's time at this severity
- wrong: the message, or what is said at its labels, is not true

    build/venv/bin/python tests/precision/precision.py    prints the lines that somebody has to write

Of a code that an estate of `SAMPLED` has more than `SAMPLE` times, the findings with the smallest
fingerprints are judged: hashes, so a sample without a preference, and one that stays when others come and go.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LABELS = Path(__file__).with_name("labels.tsv")
REAL = Path(os.environ.get("HOIST_CORPUS", ROOT.parent / "shared/corpus"))
GENERATED = "generated"  # by scripts/generate_estate.py, the arguments below
SAMPLED = {GENERATED}
SAMPLE = 30
VERDICTS = ("right", "noise", "wrong")
# Findings that say how far off a day is: they come, change their code and go with the date of the run.
BY_THE_CALENDAR = {"A0014", "A0015"}


@dataclass(frozen=True)
class Key:
    """What makes a finding the same one tomorrow."""

    source: str
    code: str
    object: str
    fingerprint: str

    @property
    def origin(self) -> str:
        """What kind of estate it was found in."""
        if self.source.startswith("real:"):
            return "real files"
        return {"corpus": "estates of corpus/", "tests": "scenes and random estates"}.get(
            self.source.split("/")[0], "generated, 10,000 jobs"
        )


@dataclass(frozen=True)
class Label:
    """What somebody thinks of a finding, and why."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Source:
    """An estate: its name in the labels, its files, and the arguments it needs."""

    name: str
    path: Path
    arguments: tuple[str | Path, ...] = ()


def own_sources(scratch: Path) -> Iterator[Source]:
    """The estates of this tree."""
    bank = ROOT / "corpus/bank_night"
    yield Source("corpus/bank_night", bank, ("--properties", bank / "env.properties"))
    yield Source("corpus/coverage", ROOT / "corpus/coverage")
    for folder in ("tests/conformance", "tests/semantics/files", "tests/precision/random"):
        for path in sorted((ROOT / folder).iterdir()):
            if path.suffix in (".jil", ".cron"):
                yield Source(path.relative_to(ROOT).as_posix(), path)
    subprocess.run(
        [
            sys.executable,
            ROOT / "scripts/generate_estate.py",
            "--jobs",
            "10000",
            "--seed",
            "1",
            scratch,
        ],
        check=True,
    )
    yield Source(GENERATED, scratch)


def real_sources() -> Iterator[Source]:
    """Files that people wrote for their own work, which are not part of this tree; none relates to another."""
    for folder in ("jil", "crontab"):
        for path in sorted((REAL / folder).iterdir()):
            yield Source(f"real:{path.relative_to(REAL).as_posix()}", path)


def findings(hoist: str | Path, source: Source) -> list[tuple[Key, dict[str, object]]]:
    """What the tool finds there; of a sampled estate what is to be judged."""
    done = subprocess.run(
        [hoist, "check", *source.arguments, "--output", "json", source.path],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode in (0, 1), done.stderr
    by_code = defaultdict(list)
    for found in json.loads(done.stdout)["findings"]:
        print_ = "" if found["code"] in BY_THE_CALENDAR else found["fingerprint"]
        key = Key(source.name, found["code"], found.get("object", ""), print_)
        by_code[found["code"]].append((key, found))
    judged = []
    for pairs in by_code.values():
        pairs.sort(key=lambda pair: pair[0].fingerprint)
        judged += pairs[:SAMPLE] if source.name in SAMPLED else pairs
    return judged


def read_labels() -> dict[Key, Label]:
    """The labels; a line that does not read is an error."""
    labels: dict[Key, Label] = {}
    for number, line in enumerate(LABELS.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        assert len(fields) == 6, f"labels.tsv:{number}: {len(fields)} fields, not 6"
        *key, verdict, reason = fields
        assert verdict in VERDICTS, f"labels.tsv:{number}: {verdict!r} is none of {VERDICTS}"
        assert reason, f"labels.tsv:{number}: no reason"
        assert Key(*key) not in labels, f"labels.tsv:{number}: labelled twice"
        labels[Key(*key)] = Label(verdict, reason)
    return labels


def compare(
    found: Iterable[Key], labels: Iterable[Key], sources: set[str]
) -> tuple[list[Key], list[Key]]:
    """Findings that nobody has judged, and labels of these sources for what is no longer found."""
    known, there = set(labels), set(found)
    alike = {(key.source, key.object) for key in known if key.code in BY_THE_CALENDAR}
    unlabelled = [
        key
        for key in there - known
        if key.code not in BY_THE_CALENDAR or (key.source, key.object) not in alike
    ]
    stale = [
        key for key in known - there if key.source in sources and key.code not in BY_THE_CALENDAR
    ]
    return sorted(unlabelled, key=str), sorted(stale, key=str)


def counted(labels: dict[Key, Label], by: Callable[[Key], str]) -> dict[str, Counter[str]]:
    """How often each verdict was given, by something about the finding, in its order."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for key, label in labels.items():
        counts[by(key)][label.verdict] += 1
    return dict(sorted(counts.items()))


def share(counts: Counter[str]) -> float:
    """The share of `right`."""
    return counts["right"] / counts.total()


def main() -> None:
    """Print a line for each finding without a label, the message where the reason belongs."""
    hoist = os.environ.get("HOIST_BINARY", ROOT / "build/release/hoist")
    labels = read_labels() if LABELS.exists() else {}
    with tempfile.TemporaryDirectory() as scratch:
        sources = [*own_sources(Path(scratch))]
        sources += real_sources() if REAL.is_dir() else ()
        for source in sources:
            for key, found in findings(hoist, source):
                if key not in labels:
                    print(*key.__dict__.values(), "?", found["message"], sep="\t")


if __name__ == "__main__":
    main()
