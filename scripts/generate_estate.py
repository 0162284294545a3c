"""Write a synthetic AutoSys estate: the same arguments give the same bytes, on every machine.

    python3 scripts/generate_estate.py --jobs 10000 --seed 1 DIRECTORY

`--jobs` counts statements that insert a job, boxes included. What the estate holds follows the shares
measured on 60 public JIL files with 780 jobs (638 commands, 97 boxes, 42 file watchers): condition
atoms `s` 545, `v` 9, `n` 8, `f` 6, `d` 5, `t` and `e` 1 each; `&` 219 against `|` 6; attributes by
how many jobs carry them. Boxes vary from a handful of members to hundreds and nest up to four deep.
The estate is a sound one: every name is defined, nothing waits in a circle.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Generator, Iterator
from pathlib import Path

JOBS_PER_FILE = 2000
MACHINES = 24
CALENDARS = 6
GLOBALS = 12
RESOURCES = 5
MAX_DEPTH = 4

# Condition atoms by how often they occur in real files.
ATOMS = [("s", 545), ("v", 9), ("n", 8), ("f", 6), ("d", 5), ("t", 1), ("e", 1)]
# Of conditions with two atoms or more: `&` 219, `|` 6.
OR_SHARE = 6 / 225
LOOKBACKS = ["0", "02.00", "01\\:30", "30", "2.5", "12"]
ZONES = ["America/New_York", "Europe/London", "Asia/Tokyo", "UTC"]
AREAS = ["MKT", "RSK", "PAY", "LED", "REG", "SET", "REF", "CRM", "TRS", "HR"]
VERBS = ["extract", "load", "check", "sum", "send", "archive", "purge", "price", "match", "report"]


class Estate:
    """The generator's state: one random stream, and the names that later jobs may refer to."""

    def __init__(self, jobs: int, seed: int) -> None:
        self.random = random.Random(f"{seed}/{jobs}")
        self.left = jobs
        self.made = 0
        self.earlier: list[str] = []  # top-level names of finished workflows, the newest last

    def name(self, kind: str) -> str:
        """Return a fresh job name."""
        self.made += 1
        self.left -= 1
        area = self.random.choice(AREAS)
        return f"{area}_{self.random.choice(VERBS).upper()}_{self.made:06d}{kind}"

    def chance(self, share: float) -> bool:
        """Return true in this share of the calls."""
        return self.random.random() < share

    def atom(self, names: list[str], lookback: bool) -> str:
        """Return one condition atom on one of `names`, with its kind drawn from the shares."""
        kinds, weights = zip(*ATOMS, strict=True)
        kind = self.random.choices(kinds, weights)[0]
        if kind == "v":
            return f'v(G_{self.random.randrange(GLOBALS):02d}) = "{self.random.choice("YN")}"'
        # Mostly the neighbour, as people chain the steps of a night.
        job = names[-1] if self.chance(0.6) else self.random.choice(names)
        if kind == "e":
            return f"e({job}) <= {self.random.randrange(1, 5)}"
        if kind == "s" and lookback:
            return f"s({job}, {self.random.choice(LOOKBACKS)})"
        return f"{kind}({job})"

    def condition(self, names: list[str], lookback_share: float) -> str:
        """Return a condition of one to four atoms; `&` and `|` never mix."""
        count = self.random.choices([1, 2, 3, 4], [60, 28, 8, 4])[0]
        operator = " | " if self.chance(OR_SHARE) else " & "
        atoms: list[str] = []
        for _ in range(count):
            atom = self.atom(names, self.chance(lookback_share))
            # Two demands on one job may contradict each other; each job is asked once.
            if all(atom.split("(")[1].split(")")[0].split(",")[0] not in other for other in atoms):
                atoms.append(atom)
        return operator.join(atoms)

    def schedule(self) -> Iterator[str]:
        """Yield the attributes of a date-conditioned start."""
        yield "date_conditions: 1"
        if self.chance(0.3):
            yield f"run_calendar: CAL_{self.random.randrange(CALENDARS)}"
        else:
            yield "days_of_week: " + self.random.choice(
                ["all", "mo,tu,we,th,fr", "mo", "tu,th", "sa,su"]
            )
            if self.chance(0.25):
                yield f"exclude_calendar: CAL_{self.random.randrange(CALENDARS)}"
        if self.chance(0.1):
            yield f"start_mins: {self.random.randrange(0, 30)},{self.random.randrange(30, 60)}"
        else:
            # Not between 1 and 4: those hours hold DST gaps and overlaps.
            times = sorted(
                {
                    self.random.randrange(5, 24) * 60 + self.random.randrange(60)
                    for _ in range(self.random.choice([1, 1, 1, 2, 3]))
                }
            )
            yield 'start_times: "' + ", ".join(f"{t // 60:02d}:{t % 60:02d}" for t in times) + '"'
        if self.chance(0.4):
            yield f"timezone: {self.random.choice(ZONES)}"

    def action(self, name: str, kind: str) -> Iterator[str]:
        """Yield what a command or a file watcher carries."""
        yield f"machine: host{self.random.randrange(MACHINES):02d}"
        if kind == "f":
            yield f"watch_file: /data/in/{name.lower()}.csv"
            yield f"watch_interval: {self.random.choice([30, 60, 120])}"
            if self.chance(0.5):
                yield f"watch_file_min_size: {self.random.randrange(1, 5000)}"
        else:
            script, variable = self.random.choice(VERBS), self.random.randrange(GLOBALS)
            yield f"command: /apps/bin/{script}.sh -j {name} -d $$G_{variable:02d}"
        if self.chance(0.6):
            yield f"owner: svc_{self.random.choice(AREAS).lower()}"
        if self.chance(0.6):
            yield f'description: "{self.random.choice(VERBS)} of {name.lower()}"'
        if kind == "c":
            yield from self.command_options(name)

    def command_options(self, name: str) -> Iterator[str]:
        """Yield the options of a command, each in its measured share of files."""
        if self.chance(0.45):
            yield f'std_out_file: "/logs/{name}.out"'
            yield f'std_err_file: "/logs/{name}.err"'
        if self.chance(0.25):
            yield "profile: /apps/etc/batch.profile"
        if self.chance(0.2):
            yield f"term_run_time: {self.random.randrange(10, 600)}"
        if self.chance(0.3):
            yield f"alarm_if_fail: {self.random.choice('10yn')}"
        if self.chance(0.15):
            yield f"max_exit_success: {self.random.randrange(1, 8)}"
        if self.chance(0.1):
            yield f"n_retrys: {self.random.randrange(1, 4)}"
        if self.chance(0.1):
            yield f"max_run_alarm: {self.random.randrange(10, 300)}"
        if self.chance(0.05):
            yield f"resources: (RES_{self.random.randrange(RESOURCES)}, QUANTITY=1, FREE=A)"
        if self.chance(0.05):
            yield f"envvars: REGION={self.random.choice(AREAS)}"
        if self.chance(0.15):
            yield f"job_load: {self.random.randrange(1, 50)}"
            yield f"priority: {self.random.randrange(1, 90)}"

    def statement(self, name: str, kind: str, lines: list[str]) -> str:
        """Return one insert_job statement."""
        body = "".join(f"{line}\n" for line in lines)
        title = f"/* ----------------- {name} ----------------- */\n\n"
        return f"{title}insert_job: {name}   job_type: {kind}\n{body}\n"

    def size(self) -> int:
        """Return how many members a box has: most a few, some dozens, few hundreds."""
        return min(400, int(self.random.paretovariate(1.1) * 2))

    def box(self, parent: str | None, depth: int) -> Generator[str, None, str]:
        """Yield the statements of a box and all that is in it; returns its name."""
        box = self.name("_B")
        lines = [f"box_name: {parent}"] if parent else list(self.schedule())
        if parent is None and self.earlier and self.chance(0.4):
            lines.append("condition: " + self.condition(self.earlier[-50:], 0.5))
        if self.chance(0.5):
            lines.append(f'description: "box {box.lower()}"')
        yield self.statement(box, "b", lines)
        siblings: list[str] = []
        for _ in range(self.size()):
            if self.left <= 0:
                break
            if depth < MAX_DEPTH and self.left > 3 and self.chance(0.06):
                siblings.append((yield from self.box(box, depth + 1)))
            else:
                siblings.append((yield from self.member(box, siblings)))
        if not siblings and self.left > 0:
            yield from self.member(box, siblings)
        if parent is None:
            self.earlier.append(box)
            self.earlier.extend(siblings[-1:])
        return box

    def member(self, box: str, siblings: list[str]) -> Generator[str, None, str]:
        """Yield one command or file watcher of a box; returns its name."""
        kind = "f" if self.chance(42 / 680) else "c"
        name = self.name("" if kind == "c" else "_F")
        lines = [f"box_name: {box}", *self.action(name, kind)]
        if siblings and self.chance(0.8):
            lines.append("condition: " + self.condition(siblings[-20:], 0.02))
        yield self.statement(name, kind, lines)
        return name

    def alone(self) -> Iterator[str]:
        """Yield a job outside any box, started by the clock or by its condition."""
        name = self.name("_S")
        lines = list(self.action(name, "c"))
        if self.earlier and self.chance(0.5):
            lines.append("condition: " + self.condition(self.earlier[-50:], 0.4))
        else:
            lines.extend(self.schedule())
        yield self.statement(name, "c", lines)
        self.earlier.append(name)

    def statements(self) -> Iterator[str]:
        """Yield every job of the estate."""
        while self.left > 0:
            if self.left > 2 and self.chance(0.7):
                yield from self.box(None, 1)
            else:
                yield from self.alone()
            del self.earlier[:-200]


def site() -> str:
    """Return machines, globals and resources."""
    parts = [
        f"insert_machine: host{i:02d}\ntype: a\nnode_name: host{i:02d}.example\nmax_load: 100\n\n"
        for i in range(MACHINES)
    ]
    parts += [f'insert_global: G_{i:02d}\nvalue: "{"YN"[i % 2]}"\n\n' for i in range(GLOBALS)]
    parts += [
        f"insert_resource: RES_{i}\nres_type: R\namount: {i + 1}\n\n" for i in range(RESOURCES)
    ]
    return "".join(parts)


def calendars() -> str:
    """Return standard calendars of two years: the first, 8th, 15th … of the months, shifted."""
    parts = []
    for number in range(CALENDARS):
        parts.append(f'calendar: CAL_{number}\ndescription: "calendar {number}"\n')
        for year in (2026, 2027):
            for month in range(1, 13):
                parts.extend(
                    f"{month:02d}/{day + number:02d}/{year} 00:00\n" for day in (1, 8, 15, 22)
                )
        parts.append("\n")
    return "".join(parts)


def write(directory: Path, jobs: int, seed: int) -> None:
    """Write the estate into `directory`, which is created; raises OSError if it cannot."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "00_site.jil").write_text(site(), encoding="ascii")
    (directory / "01_calendars.cal").write_text(calendars(), encoding="ascii")
    estate = Estate(jobs, seed)
    part: list[str] = []
    number = 0
    for text in estate.statements():
        part.append(text)
        if len(part) == JOBS_PER_FILE:
            (directory / f"10_jobs_{number:04d}.jil").write_text("".join(part), encoding="ascii")
            part, number = [], number + 1
    if part:
        (directory / f"10_jobs_{number:04d}.jil").write_text("".join(part), encoding="ascii")


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    write(arguments.directory, arguments.jobs, arguments.seed)


if __name__ == "__main__":
    main()
