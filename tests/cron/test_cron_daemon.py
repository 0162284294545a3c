"""Debian's real cron daemon decides: our enumeration and the stored vectors must be what it starts.

The daemon (/usr/sbin/cron) runs on a clock that only its own sleeping moves (clock_shim.c), in a
mount namespace with a crontab of its own. Needs root, the package `cron`, a C compiler and
`unshare -m`; skips and says so where one of them is missing. What was seen is kept as vectors in
tests/vectors/cron-debian.json, which HOIST_RECORD_CRON=1 writes anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import pytest

from hoist_airflow.schedule.cron import CrontabTicks, parse_fields

HERE = Path(__file__).parent
OBSERVED = HERE.parent / "vectors" / "cron-debian.json"

DAYS = [
    *("0 0 */2 * 1", "0 0 1,15 * 5", "30 4 1,15 * 5", "0 0 * * 0-7", "0 12 29 2 *", "0 0 1-7 * 1"),
    *(
        "5-1 * * * *",
        "0 12 * * 5-0",
        "0 0 1-7 * */7",
        "0 0 13 * 5",
        "0 22 * * 1-5",
        "0 0 31 * *",
        "*/20 9-17/4 * 1,6 *",
    ),
    *(
        "0 6 * * sun",
        "0 6 1-31 * 2",
        "7 6 * jan,mar tue-thu",
        "0 5 */10,2 * 3",
        "@monthly",
        "@weekly",
    ),
]
NIGHTS = [
    *("* * * * *", "*/30 * * * *", "30 * * * *", "0 */2 * * *", "15 0-5 * * *", "30 2 * * *"),
    *("0 0 * * *", "30 1 * * *", "0 3 * * *", "45 23 * * *", "@hourly", "@daily"),
    *("0 1,2,3 * * *", "15 */2 * * *"),
]
# Several missed minutes: the daemon sleeps ten seconds after each batch of jobs that it starts, so
# an entry's seconds depend on its neighbours. Each of these has a crontab to itself (CRON-012).
ALONE = ["0,30 2 * * *", "0,30 0-3 * * *", "5,10,15,20,25,30,35,40 2 * * *", "0-59/7 1-2 * * *"]
ALONE += ["0-59 1 * * *", "0-59 0-3 * * *"]

WAKES = 1
"""The daemon wakes one second after the minute; a tick is the minute."""

# Name, zone, begin and end in UTC, entries.
RUNS: list[tuple[str, str, str, str, list[str]]] = [
    ("day fields", "UTC", "2028-01-01T00:00", "2028-03-02T00:00", DAYS),
]
for _night, _zone in [
    ("2026-03-08T06:59", "America/New_York"),
    ("2026-11-01T05:59", "America/New_York"),
    ("2026-03-29T00:59", "Europe/London"),
    ("2026-10-25T00:59", "Europe/London"),
    ("2026-04-04T14:59", "Australia/Lord_Howe"),
    ("2026-10-03T15:29", "Australia/Lord_Howe"),
    ("2026-03-29T00:59", "Antarctica/Troll"),
    ("2026-10-25T00:59", "Antarctica/Troll"),
]:
    _at = int(datetime.fromisoformat(_night).replace(tzinfo=timezone.utc).timestamp())
    _span = [
        datetime.fromtimestamp(_at + 3600 * hours, timezone.utc).strftime("%Y-%m-%dT%H:%M")
        for hours in (-3, 5)
    ]
    RUNS.append((f"{_zone} {_night}", _zone, _span[0], _span[1], NIGHTS))
    RUNS += [(f"{_zone} {_night} {one}", _zone, _span[0], _span[1], [one]) for one in ALONE]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@cache
def why_not() -> str:
    """What keeps the daemon from running here; empty when nothing does."""
    if os.geteuid() != 0:
        return "the real cron daemon runs as root only"
    for tool in ("/usr/sbin/cron", "unshare", "cc"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "no mount namespaces here (unshare -m)"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := why_not():
        pytest.skip(reason)
    library = tmp_path_factory.mktemp("shim") / "clock.so"
    source = str(HERE / "clock_shim.c")
    subprocess.run(
        ["cc", "-O1", "-Wall", "-shared", "-fPIC", "-o", str(library), source], check=True
    )
    return library


def observe(
    shim: Path, tree: Path, zone: str, begin: int, end: int, entries: list[str]
) -> dict[str, list[int]]:
    """The instants at which the daemon started each entry."""
    for folder in ("spool/crontabs", "cron.d", "run"):
        (tree / folder).mkdir(parents=True)
    (tree / "crontab").touch()
    allow = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
    (tree / "pam").write_text(allow)
    crontab = tree / "spool" / "crontabs" / "root"
    crontab.write_text("".join(f"{entry} {index}\n" for index, entry in enumerate(entries)))
    crontab.chmod(0o600)
    log = tree / "log"
    log.touch()
    subprocess.run(
        ["unshare", "-m", str(HERE / "run_cron.sh"), str(tree), str(shim)],
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TZ": zone,
            "HOIST_CRON_BEGIN": str(begin),
            "HOIST_CRON_END": str(end),
            "HOIST_CRON_LOG": str(log),
        },
        check=True,
        timeout=110,
        capture_output=True,
    )
    found: dict[str, list[int]] = {entry: [] for entry in entries}
    for line in log.read_text().splitlines():
        at, index = line.split()
        found[entries[int(index)]].append(int(at))
    return {entry: sorted(times) for entry, times in found.items()}


def expected(entry: str, zone: str, begin: int, end: int) -> list[int]:
    return CrontabTicks(entry, timezone=zone, flavour="debian").between(begin, end)


def assert_equal(entry: str, seen: list[int], ours: list[int], *, alone: bool) -> None:
    """To the second for an entry that has the crontab to itself (two starts in one second are told
    apart by one second), else with the delay that its neighbours cause while minutes are made up.
    """
    assert len(seen) == len(ours), entry
    if not alone:
        assert all(0 <= real - tick < 180 for real, tick in zip(seen, ours, strict=True)), entry
        return
    distinct: list[int] = []
    for real in seen:
        at = real - WAKES
        distinct.append(max(at, distinct[-1] + 1) if distinct else at)
    assert distinct == ours, entry


@pytest.mark.parametrize(
    ("name", "zone", "begin", "end", "entries"), RUNS, ids=[r[0] for r in RUNS]
)
def test_cron002_cron008_the_daemon_agrees(
    shim: Path, tmp_path: Path, name: str, zone: str, begin: str, end: str, entries: list[str]
) -> None:
    first, last = seconds(begin), seconds(end)
    found = observe(shim, tmp_path, zone, first, last + 30, entries)
    record = {
        entry: [t for t in times if first < t - t % 60 < last] for entry, times in found.items()
    }
    if os.environ.get("HOIST_RECORD_CRON"):
        stored = json.loads(OBSERVED.read_text()) if OBSERVED.exists() else {}
        stored[name] = {"timezone": zone, "from": begin, "to": end, "starts": record}
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(stored.items()))
        OBSERVED.write_text(f"{{\n{lines}\n}}\n")
    alone = len(entries) == 1
    for entry, times in record.items():
        ours = [t for t in expected(entry, zone, first, last) if t > first]
        assert_equal(entry, times, ours, alone=alone)


def test_recorded_starts_of_the_daemon() -> None:
    """What the daemon was seen to do, where it cannot run."""
    for name, run in json.loads(OBSERVED.read_text()).items():
        first, last = seconds(run["from"]), seconds(run["to"])
        for entry, times in run["starts"].items():
            alone = len(run["starts"]) == 1
            ours = [t for t in expected(entry, run["timezone"], first, last) if t > first]
            assert_equal(f"{name} {entry}", times, ours, alone=alone)


@pytest.mark.parametrize(
    "entry",
    [
        "5/15 * * * *",
        "60 * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "0 12 * * 5-0",
        "* * ? * *",
        "* * L * *",
        "*/61 * * * *",
        "0 0 * * mon-wed,8",
    ],
)
def test_cron003_crontab_and_we_reject_the_same(entry: str, tmp_path: Path) -> None:
    if shutil.which("crontab") is None or os.geteuid() != 0:
        pytest.skip("needs the package cron and root")
    file = tmp_path / "crontab"
    file.write_text(f"{entry} true\n")
    real = subprocess.run(["crontab", "-n", str(file)], capture_output=True, check=False)
    try:
        parse_fields(entry)
        ours = True
    except ValueError:
        ours = False
    assert ours == (real.returncode == 0)
