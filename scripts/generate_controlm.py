"""Write a synthetic Control-M export: the same arguments give the same bytes, on every machine.

    python3 scripts/generate_controlm.py --jobs 10000 --seed 1 DIRECTORY

`--jobs` counts jobs, folders not included. What the export holds follows the shares measured on 116
jobs of public XML files: conditions added 77, deleted 36, waited for 85; quantitative resources 97
(here one job in ten: those files are of few authors); rules `ON` 74, most of them with a mail;
variables 56; one folder in five is a SMART folder. The estate is a sound one: every condition that
is waited for has a job that adds it on the same order dates, every calendar is defined, nothing
waits in a circle.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

JOBS_PER_FILE = 2000
HOSTS = 24
CALENDARS = 4
RESOURCES = 5
AREAS = ["MKT", "RSK", "PAY", "LED", "REG", "SET", "REF", "CRM", "TRS", "HR"]
VERBS = ["extract", "load", "check", "sum", "send", "archive", "purge", "price", "match", "report"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def element(
    name: str, attributes: dict[str, str], depth: int, children: list[str] | None = None
) -> str:
    """Return one element with its children, indented."""
    indent = "  " * depth
    text = f"{indent}<{name}" + "".join(
        f" {key}={quoteattr(value)}" for key, value in attributes.items()
    )
    if not children:
        return text + "/>\n"
    return text + ">\n" + "".join(children) + f"{indent}</{name}>\n"


class Export:
    """The generator's state: one random stream, and what later folders may wait for."""

    def __init__(self, jobs: int, seed: int) -> None:
        self.random = random.Random(f"{seed}/{jobs}")
        self.left = jobs
        self.made = 0
        self.added: list[str] = []  # by jobs that are ordered every day, the newest last
        self.waited: set[str] = set()  # jobs whose condition somebody waits for

    def chance(self, share: float) -> bool:
        """Return true in this share of the calls."""
        return self.random.random() < share

    def days(self) -> dict[str, str]:
        """Return scheduling criteria: mostly every day, else weekdays, month days, a calendar."""
        choice = self.random.random()
        months = dict.fromkeys(MONTHS, "1")
        if choice < 0.6:
            return {"DAYS": "ALL", "DAYS_AND_OR": "A", **months}
        if choice < 0.85:
            return {
                "WEEKDAYS": self.random.choice(["1,2,3,4,5", "1", "5", "2,4"]),
                "DAYS_AND_OR": "O",
                **months,
            }
        if choice < 0.93:
            return {
                "DAYS": self.random.choice(["1", "L1", "15", "1,15"]),
                "DAYS_AND_OR": "O",
                **months,
            }
        return {
            "DAYS": "ALL",
            "DAYSCAL": f"CAL_{self.random.randrange(CALENDARS)}",
            "DAYS_AND_OR": "O",
            **months,
        }

    def job(
        self, folder: str, smart: bool, days: dict[str, str], siblings: list[str], depth: int
    ) -> str:
        """Return one job of a folder."""
        self.made += 1
        self.left -= 1
        verb = self.random.choice(VERBS)
        name = f"{self.random.choice(AREAS)}_{verb.upper()}_{self.made:06d}"
        daily = days.get("DAYS") == "ALL" and "DAYSCAL" not in days
        attributes = {
            "JOBNAME": name,
            "APPLICATION": folder.split("_", maxsplit=1)[0],
            "SUB_APPLICATION": folder,
            "TASKTYPE": "Command",
            "CMDLINE": f"/apps/bin/{verb}.sh -j {name} -d %%$ODATE",
            "RUN_AS": f"svc_{self.random.choice(AREAS).lower()}",
            "NODEID": f"host{self.random.randrange(HOSTS):02d}",
            "DESCRIPTION": f"{verb} of {name.lower()}",
            "PARENT_FOLDER": folder,
            "CREATED_BY": "generator",
            "MAXWAIT": self.random.choice(["0", "0", "0", "1", "3"]),
            **days,
        }
        if self.chance(0.03):
            attributes |= {"TASKTYPE": "Dummy"}
            del attributes["CMDLINE"]
        if not siblings or self.chance(0.1):
            attributes["MAXWAIT"] = "0"
            attributes["TIMEFROM"] = (
                f"{self.random.randrange(8, 24):02d}{self.random.randrange(60):02d}"
            )
        children: list[str] = []
        if self.chance(0.4):
            children.append(
                element(
                    "VARIABLE", {"NAME": "%%REGION", "VALUE": self.random.choice(AREAS)}, depth + 1
                )
            )
        used = ""
        if siblings and self.chance(0.8):
            before = siblings[-1] if self.chance(0.7) else self.random.choice(siblings)
            children.append(
                element(
                    "INCOND", {"NAME": f"{before}-OK", "ODATE": "ODAT", "AND_OR": "A"}, depth + 1
                )
            )
            if before not in self.waited and self.chance(0.5):
                used = before  # nobody else waits for it
                siblings.remove(before)
            self.waited.add(before)
        elif daily and self.added and self.chance(0.5):
            children.append(
                element(
                    "INCOND",
                    {"NAME": self.random.choice(self.added[-50:]), "ODATE": "ODAT", "AND_OR": "A"},
                    depth + 1,
                )
            )
        if self.chance(0.1):
            children.append(
                element(
                    "QUANTITATIVE",
                    {"NAME": f"RES_{self.random.randrange(RESOURCES)}", "QUANT": "1"},
                    depth + 1,
                )
            )
        children.append(
            element("OUTCOND", {"NAME": f"{name}-OK", "ODATE": "ODAT", "SIGN": "+"}, depth + 1)
        )
        if used:
            children.append(
                element("OUTCOND", {"NAME": f"{used}-OK", "ODATE": "ODAT", "SIGN": "-"}, depth + 1)
            )
        if self.chance(0.3):
            mail = {
                "URGENCY": "R",
                "DEST": "ops@example.com",
                "SUBJECT": f"{name} failed",
                "MESSAGE": "look",
            }
            children.append(
                element(
                    "ON",
                    {"STMT": "*", "CODE": "NOTOK"},
                    depth + 1,
                    [element("DOMAIL", mail, depth + 2)],
                )
            )
        siblings.append(name)
        if daily and not smart and name in siblings and self.chance(0.1):
            self.waited.add(name)
            self.added.append(f"{name}-OK")
        return element("JOB", attributes, depth, children)

    def folder(self) -> str:
        """Return one folder and all that is in it."""
        number = self.made + 1
        folder = f"{self.random.choice(AREAS)}_FLOW_{number:06d}"
        smart = self.chance(0.2)
        days = self.days()
        attributes = {
            "DATACENTER": "ctm",
            "PLATFORM": "UNIX",
            "FOLDER_NAME": folder,
            "FOLDER_ORDER_METHOD": "SYSTEM",
            "VERSION": "920",
        }
        if smart:
            attributes |= {"JOBNAME": folder, **days}
        siblings: list[str] = []
        size = min(400, int(self.random.paretovariate(1.1) * 3))
        jobs = []
        for _ in range(min(size, self.left)):
            if self.chance(0.05):  # on days of its own, which nobody waits for
                jobs.append(self.job(folder, smart, self.days(), [], 2))
            else:
                jobs.append(self.job(folder, smart, days, siblings, 2))
        return element("SMART_FOLDER" if smart else "FOLDER", attributes, 1, jobs)

    def folders(self) -> Iterator[tuple[str, int]]:
        """Yield every folder, with the number of its jobs."""
        while self.left > 0:
            before = self.left
            yield self.folder(), before - self.left


def calendars() -> str:
    """Return calendars of two years: working days, each without its own day of the month."""
    from datetime import date, timedelta

    parts = []
    for number in range(CALENDARS):
        years = []
        for year in (2026, 2027):
            day, bits = date(year, 1, 1), ""
            while day.year == year:
                bits += "Y" if day.weekday() < 5 and day.day != 7 + number else "N"
                day += timedelta(days=1)
            years.append(element("YEAR", {"NAME": str(year), "DAYS": bits}, 2))
        parts.append(
            element(
                "CALENDAR",
                {"DATACENTER": "ctm", "NAME": f"CAL_{number}", "TYPE": "Regular"},
                1,
                years,
            )
        )
    return '<?xml version="1.0" encoding="UTF-8"?>\n<DEFCAL>\n' + "".join(parts) + "</DEFCAL>\n"


def write(directory: Path, jobs: int, seed: int) -> None:
    """Write the export into `directory`, which is created; raises OSError if it cannot."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "00_calendars.xml").write_text(calendars(), encoding="ascii")
    totals = "".join(f"RES_{number} = {number + 1}\n" for number in range(RESOURCES))
    (directory / "hoist.toml").write_text(f"[controlm.resources]\n{totals}", encoding="ascii")
    part: list[str] = []
    held = number = 0

    def flush() -> None:
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<DEFTABLE>\n' + "".join(part) + "</DEFTABLE>\n"
        )
        (directory / f"10_folders_{number:04d}.xml").write_text(text, encoding="ascii")

    for text, count in Export(jobs, seed).folders():
        part.append(text)
        held += count
        if held >= JOBS_PER_FILE:
            flush()
            part, held, number = [], 0, number + 1
    if part:
        flush()


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
