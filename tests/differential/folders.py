"""Folders of Control-M with a known meaning, and scenarios to play on them: all from a seed.

The counterpart of estates.py. `estate(seed)` makes a small export as data (`Estate`), which prints
itself as XML and which the shrinker takes apart; `scenario(estate, seed)` one to play on it. An
estate stays inside what hoist promises to translate exactly; `LIMITS` says what is left out, and
why. What `hoist build` refuses as a whole (F0015) is not made, or thrown away.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import quoteattr

LIMITS = {
    "MAXWAIT of members other than their folder's": "folders-stay-for-their-jobs: said nowhere",
    "JOB_ON_HOLD, CHANGE_STATUS of orders": "the ledger knows jobs, not orders: not offered there",
    "KILLJOB": "whether a rule reruns what an operator has killed is said nowhere",
    "rules that turn the verdict of plug-ins": "not lowered: their jobs fail (F0002)",
    "orders of a job without its folder": "a DAG run is an order of a folder (docs/runtime.md)",
}

DAILY = "DAILY"
RESOURCE = "UNITS"
TAPES = "TAPES"
LOCK = "TABLE"
ZONES = ["Asia/Tokyo", "America/New_York", "Europe/Berlin", "Pacific/Auckland", "UTC"]
PATTERNS = ["*ERROR*", "*warn*: *", "*E??OR 4$*"]
LINES = ["all is well", "ERROR 42", "ERROR", "warning: 42", "no warning", "warn: ERROR 4"]
TWO = "two"
"""The folders have servers, and so facts, of their own in turns."""
_BEGIN = {
    "UTC": (2026, 3, 2),
    "America/New_York": (2026, 3, 6),
    "Europe/Berlin": (2026, 3, 27),
}
"""The day that scenarios begin on, by zone: of those with summer time its change is near."""


@dataclass
class Wait:
    """An INCOND."""

    name: str
    date: str = "ODAT"


@dataclass
class Waits:
    """Groups of INCONDs: each joined inside by one word, and with the others by the other one."""

    groups: list[list[Wait]] = field(default_factory=list)
    either: bool = False  # the groups are alternatives

    def xml(self, depth: int) -> str:
        """The elements; a group of several stands in brackets unless it is alone."""
        text = ""
        for group in self.groups:
            for at, wait in enumerate(group):
                joined = self.either if at == 0 else not self.either
                if len(self.groups) == 1:
                    joined = self.either
                given = {
                    "NAME": wait.name,
                    "ODATE": wait.date,
                    "AND_OR": "O" if joined else "A",
                }
                if len(self.groups) > 1 and len(group) > 1 and at in (0, len(group) - 1):
                    given["OP"] = "(" if at == 0 else ")"
                text += element("INCOND", given, depth)
        return text


@dataclass
class Change:
    """An OUTCOND or DOCOND."""

    name: str
    date: str = "ODAT"
    sign: str = "+"

    def xml(self, word: str, depth: int) -> str:
        """The element."""
        return element(word, {"NAME": self.name, "ODATE": self.date, "SIGN": self.sign}, depth)


@dataclass
class Force:
    """A DOFORCEJOB: a top folder, or a job of one."""

    folder: str
    job: str = ""
    date: str = "ODAT"

    def xml(self, depth: int) -> str:
        """The element."""
        given = {"TABLE_NAME": self.folder, "NAME": self.job, "ODATE": self.date}
        return element("DOFORCEJOB", {key: value for key, value in given.items() if value}, depth)


@dataclass
class Setting:
    """A VARIABLE or DOVARIABLE."""

    name: str
    value: str

    def xml(self, word: str, depth: int) -> str:
        """The element."""
        return element(word, {"NAME": self.name, "VALUE": self.value}, depth)


@dataclass
class Message:
    """A DOMAIL or DOSHOUT, or a SHOUT at an end or a time."""

    destination: str
    text: str
    subject: str = ""
    urgency: str = ""
    when: str = ""
    time: str = ""

    def xml(self, word: str, depth: int) -> str:
        """The element."""
        given = {
            "WHEN": self.when,
            "TIME": self.time,
            "DEST": self.destination,
            "URGENCY": self.urgency,
        }
        given |= {"SUBJECT": self.subject, "MESSAGE": self.text}
        return element(word, {key: value for key, value in given.items() if value}, depth)


@dataclass
class Rule:
    """An ON with one action, or several words of DOACTION beside it: a word of DOACTION, a change of
    facts, a forced order, a variable, a message.
    """

    code: str
    action: str | Change | Force | Setting | Message
    also: list[str] = field(default_factory=list)

    def xml(self, depth: int) -> str:
        """The element."""
        if isinstance(self.action, Change):
            inside = self.action.xml("DOCOND", depth + 1)
        elif isinstance(self.action, Force):
            inside = self.action.xml(depth + 1)
        elif isinstance(self.action, Setting):
            inside = self.action.xml("DOVARIABLE", depth + 1)
        elif isinstance(self.action, Message):
            word = "DOMAIL" if self.action.subject else "DOSHOUT"
            inside = self.action.xml(word, depth + 1)
        else:
            inside = element("DOACTION", {"ACTION": self.action}, depth + 1)
        for word in self.also:
            inside += element("DOACTION", {"ACTION": word}, depth + 1)
        return element("ON", {"STMT": "*", "CODE": self.code}, depth, inside)


@dataclass
class Entity:
    """A folder or a job, by its path."""

    path: str
    kind: str  # FOLDER, SMART_FOLDER, SUB_FOLDER, JOB
    attributes: dict[str, str] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)
    changes: list[Change] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    variables: list[Setting] = field(default_factory=list)
    shouts: list[Message] = field(default_factory=list)
    units: int = 0
    tapes: int = 0
    keeps: bool = False
    """Does it keep them after NOTOK?"""
    lock: str = ""
    """E(xclusive) or S(hared); empty: it needs none."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Of a plug-in: its variables."""

    @property
    def around(self) -> str:
        """The path of the folder around it."""
        return self.path.rpartition("/")[0]


@dataclass
class Estate:
    """Folders before what is in them, and what the site says."""

    entities: list[Entity] = field(default_factory=list)
    new_day: str = "07:00"
    timezone: str = "UTC"
    server: str = ""
    total: int = 0
    """Units of each resource."""
    daily: str = ""
    """When the User Daily runs."""
    locks: bool = False
    """Do its jobs lock, or need several resources?"""

    def text(self) -> str:
        """The export, for people."""
        return self.files()["estate.xml"]

    def files(self) -> dict[str, str]:
        """All files that are compiled together, by name."""
        tops = "".join(self._xml(one, 1) for one in self.entities if not one.around)
        files = {"estate.xml": f"<DEFTABLE>\n{tops}</DEFTABLE>\n"}
        config = f'timezone = "{self.timezone}"\n[controlm]\nnew_day = "{self.new_day}"\n'
        if self.daily:
            config += f'[controlm.user_dailies]\n{DAILY} = "{self.daily}"\n'
        if self.total:
            config += f"[controlm.resources]\n{RESOURCE} = {self.total}\n{TAPES} = {self.total}\n"
        files["hoist.toml"] = config
        if any("DAYSCAL" in one.attributes or "CONFCAL" in one.attributes for one in self.entities):
            files["calendar.xml"] = _calendar()
        return files

    def _xml(self, one: Entity, depth: int) -> str:
        name = "FOLDER_NAME" if one.kind in ("FOLDER", "SMART_FOLDER") else "JOBNAME"
        given = {name: one.path.rpartition("/")[2], **one.attributes}
        if not one.around and self.server:
            number = int(one.path[1:]) % 2 if self.server == TWO else ""
            given["DATACENTER"] = f"{self.server}{number}"
        inside = one.waits.xml(depth + 1)
        inside += "".join(change.xml("OUTCOND", depth + 1) for change in one.changes)
        inside += "".join(rule.xml(depth + 1) for rule in one.rules)
        inside += "".join(shout.xml("SHOUT", depth + 1) for shout in one.shouts)
        inside += "".join(each.xml("VARIABLE", depth + 1) for each in one.variables)
        kept = {"ONFAIL": "K"} if one.keeps else {}
        for name, units in ((RESOURCE, one.units), (TAPES, one.tapes)):
            if units and self.total:
                need = {"NAME": name, "QUANT": str(units)} | kept
                inside += element("QUANTITATIVE", need, depth + 1)
        for name, value in one.parameters.items():
            inside += element("VARIABLE", {"NAME": f"%%{name}", "VALUE": value}, depth + 1)
        if one.lock:
            need = {"NAME": LOCK, "TYPE": one.lock} | kept
            inside += element("CONTROL", need, depth + 1)
        inside += "".join(self._xml(each, depth + 1) for each in self.members(one.path))
        return element(one.kind, given, depth, inside)

    def members(self, path: str) -> list[Entity]:
        """What is directly in a folder."""
        return [one for one in self.entities if one.around == path]

    def jobs(self) -> list[Entity]:
        """All that is no folder."""
        return [one for one in self.entities if one.kind == "JOB"]

    def uses(self, variable: str) -> bool:
        """Is a variable mentioned anywhere?"""
        return variable in self.text()

    def names(self) -> list[str]:
        """The facts that something waits for or changes."""
        found = {wait.name for one in self.entities for group in one.waits.groups for wait in group}
        found |= {change.name for one in self.entities for change in changes_of(one)}
        return sorted(found)


def _gives(one: Entity, name: str) -> bool:
    return any(each.name == name for each in one.variables)


def changes_of(one: Entity) -> Iterator[Change]:
    """All changes of facts that an entity may make."""
    yield from one.changes
    for rule in one.rules:
        if isinstance(rule.action, Change):
            yield rule.action


def element(name: str, attributes: dict[str, str], depth: int, inside: str = "") -> str:
    """One element, indented."""
    indent = "  " * depth
    text = f"{indent}<{name}" + "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items())
    return text + (f">\n{inside}{indent}</{name}>\n" if inside else "/>\n")


def _calendar() -> str:
    """WORK: Monday to Friday of 2026, without 4 March."""
    first = datetime(2026, 1, 1)
    days = [first + timedelta(days=number) for number in range(365)]
    bits = "".join(
        "Y" if day.weekday() < 5 and (day.month, day.day) != (3, 4) else "N" for day in days
    )
    return (
        '<DEFCAL>\n  <CALENDAR NAME="WORK" TYPE="Regular">\n'
        f'    <YEAR NAME="2026" DAYS="{bits}"/>\n  </CALENDAR>\n</DEFCAL>\n'
    )


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"folders/{seed}")
        self.estate = Estate()
        self.left = self.random.randint(2, 9)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def make(self) -> Estate:
        choose, made = self.random, self.estate
        made.new_day = choose.choice(["07:00", "07:00", "00:00", "06:00", "22:00", "12:30"])
        made.timezone = choose.choice(["UTC"] * 6 + ["America/New_York", "Europe/Berlin"])
        made.server = choose.choice(["", "", "ctm", "ctm", TWO])
        made.total = choose.randint(1, 3) if self.chance(0.15) else 0
        made.locks = self.chance(0.1)
        if self.chance(0.1):
            clock = self.clock()
            at = f"{clock[:2]}:{clock[2:]}"
            made.daily = choose.choice([made.new_day, at, at, at])
        for number in range(choose.randint(1, 3)):
            if self.left > 0:
                self.top(f"F{number}")
        jobs = made.jobs()
        for job in jobs:
            self.facts(job, [other for other in jobs if other is not job])
        for one in made.entities:
            if one.kind in ("SMART_FOLDER", "SUB_FOLDER"):
                self.folder_facts(one, jobs)
        if self.chance(0.15):
            self.force()
        if self.chance(0.3):
            self.variables()
        if self.chance(0.35):
            self.messages()
        return made

    # --- messages ------------------------------------------------------------------------------

    def messages(self) -> None:
        """Between rules that set what they tell, at ends of all kinds (CTM-073, CTM-078)."""
        choose = self.random
        for one in self.estate.entities:
            if one.kind == "FOLDER":  # it has no end (CTM-094)
                continue
            codes = ["OK", "OK", "NOTOK", "NOTOK", "*"]
            if one.attributes.get("TASKTYPE") == "Command":
                codes += ["COMPSTAT GT 1", choose.choice(PATTERNS)]
                if not self.in_cyclic_folder(one):
                    codes += ["RUNCOUNT EVEN", "FAILCOUNT GT 1"]
            for _ in range(choose.choice([0, 0, 1, 2])):
                rule = Rule(choose.choice(codes), self.message(one))
                one.rules.insert(choose.randint(0, len(one.rules)), rule)
            for _ in range(choose.choice([0, 0, 0, 1, 2])):
                shout = self.message(one)
                shout.when, shout.subject = choose.choice(["OK", "NOTOK"]), ""
                one.shouts.append(shout)
            for _ in range(choose.choice([0, 0, 1, 2])):
                one.shouts.append(self.late())
            if one.attributes.get("TASKTYPE") != "Command" or self.in_cyclic_folder(one):
                continue
            if self.chance(0.4):
                self.counted(one, choose.choice(codes))
            if one.shouts and self.chance(0.3):  # the last verdict is not that of the rules
                one.rules.insert(choose.randint(0, len(one.rules)), Rule("NOTOK", "OK"))

    def late(self) -> Message:
        """A SHOUT at a time; on the hour, when windows open and close, or not."""
        choose = self.random
        when = choose.choice(["LATESUB", "LATETIME", "EXECTIME"])
        minute = choose.choice([0, 0, 30, choose.randint(1, 59)])
        time = f"{choose.randint(0, 23):02}{minute:02}"
        if when == "EXECTIME":
            time = choose.choice("><") + f"{choose.choice([1, 5, 30, 60, 90, 600]):03}"
        text = choose.choice(["it is late", "%%ODATE: %%JOBNAME", "%%TIME"])
        urgency = choose.choice(["", "U", "V"])
        return Message(choose.choice(["ops", ""]), text, "", urgency, when, time)

    def counted(self, one: Entity, code: str) -> None:
        """Told before and after a rule has changed what is told."""
        if not any(each.name == "%%LOCAL" for each in one.variables):
            one.variables.append(Setting("%%LOCAL", "0"))
        said = Rule(code, Message("ops", "%%LOCAL"))
        counts = Rule(code, Setting("%%LOCAL", "%%LOCAL %%PLUS 1"))
        one.rules += self.random.choice([[said, counts], [counts, said], [said, counts, said]])

    def message(self, one: Entity) -> Message:
        choose = self.random
        top = one.path.partition("/")[0]
        smart = any(e.path == top and e.kind == "SMART_FOLDER" for e in self.estate.entities)
        inside = smart and one.around == top
        names = [self.name(one, smart, inside) for _ in range(3)]
        if self.in_cyclic_folder(one):  # which runs count, nobody says
            names = [name for name in names if name != "%%RUNCOUNT"]
        names += ["%%JOBNAME", "%%TIME", "%%NOBODY"]
        if smart and self.set_by("%%OURS"):
            names += ["%%OURS"] * 2
        said = [f"{choose.choice(names)} ended (urgent): {choose.choice(names)}", 'it\'s \\ "over"']
        whom = choose.choice(["ops", "ops@example.com", "C:\\OPS (a)", choose.choice(names), ""])
        subject = choose.choice(["", "", choose.choice(names)])
        urgency = choose.choice(["", "R", "U", "V"])
        return Message(whom, choose.choice([*said, said[0]]), subject, urgency)

    # --- variables -----------------------------------------------------------------------------

    def variables(self) -> None:
        """Texts that have a value only while others have set it; and who sets it (CTM-104)."""
        choose = self.random
        for one in self.estate.entities:
            top = one.path.partition("/")[0]
            smart = any(e.path == top and e.kind == "SMART_FOLDER" for e in self.estate.entities)
            if self.in_cyclic_folder(one):
                continue  # whether it keeps them for its next run, nobody says
            inside = smart and one.around == top
            own = ["%%LOCAL"] if one.kind == "JOB" else []
            shared = ["%%\\G", "%%\\H", "%%\\\\POOL\\G"] + (["%%\\\\OURS"] if inside else [])
            if one.kind == "SMART_FOLDER":
                if self.chance(0.5):
                    one.variables.append(Setting("%%OURS", choose.choice(["0", "7", "x"])))
                shared = shared[:3]
            elif one.kind != "JOB":
                continue
            is_command = one.attributes.get("TASKTYPE") == "Command"
            if is_command and self.chance(0.6):
                one.attributes["CMDLINE"] = f"run {self.text(one, smart, inside)}"
                if (
                    one.attributes.get("INTERVAL", "").startswith("00000")
                    and "CYCLIC" in one.attributes
                ):
                    one.attributes["CMDLINE"] = "run.sh"
            if own and self.chance(0.3):
                one.variables.append(Setting("%%LOCAL", choose.choice(["0", "5", "%%ODAY"])))
            filled = any(
                e.path == one.around and e.attributes.get("ADJUST_COND") == "D"
                for e in self.estate.entities
            )
            if is_command and not filled and self.chance(0.2):
                name = choose.choice(shared)
                one.variables.append(Setting(name, self.value(one, smart, inside)))
            if one.kind != "JOB" and one.path != top:
                continue
            for _ in range(choose.choice([0, 0, 1, 1, 2])):
                code = choose.choice(["OK", "OK", "NOTOK", "*"])
                name = choose.choice(shared + own * 2)
                one.rules.append(Rule(code, Setting(name, self.value(one, smart, inside))))

    def value(self, one: Entity, smart: bool, inside: bool) -> str:
        name = self.name(one, smart, inside)
        return self.random.choice(
            [
                f"{name} %%PLUS 1",
                f"{name} %%MINUS 3",
                f"%%SUBSTR {name} 1 2",
                name,
                "12",
                "%%RUNCOUNT",
                "%%$CALCDTE %%$ODATE -1",
                "%%RUNCOUNT %%PLUS 10",
                "%%TIME",
            ]
        )

    def text(self, one: Entity, smart: bool, inside: bool) -> str:
        """Words of a command; what has no value fails the job."""
        return " ".join(self.name(one, smart, inside) for _ in range(self.random.choice([1, 1, 2])))

    def name(self, one: Entity, smart: bool, inside: bool) -> str:
        names = ["%%\\G", "%%\\H", "%%\\\\POOL\\G", "%%RUNCOUNT", "%%$ODATE"]
        top = one.path.partition("/")[0]
        if inside and any(e.path == top and _gives(e, "%%OURS") for e in self.estate.entities):
            names += ["%%\\\\OURS", "%%OURS"]
        if any(each.name == "%%LOCAL" for each in one.variables):
            names += ["%%LOCAL"] * 2
        return self.random.choice(names)

    def in_cyclic_folder(self, one: Entity) -> bool:
        top = one.path.partition("/")[0]
        return any(e.path == top and "CYCLIC" in e.attributes for e in self.estate.entities)

    def set_by(self, name: str) -> bool:
        return any(_gives(one, name) for one in self.estate.entities)

    # --- what there is -------------------------------------------------------------------------

    def top(self, name: str) -> None:
        smart = self.chance(0.5)
        folder = Entity(name, "SMART_FOLDER" if smart else "FOLDER")
        if self.chance(0.93):
            is_daily = self.estate.daily and self.chance(0.5)
            folder.attributes["FOLDER_ORDER_METHOD"] = DAILY if is_daily else "SYSTEM"
        days = self.days()
        max_wait = ""
        self.zone = {"TIMEZONE": self.random.choice(ZONES)} if self.chance(0.1) else {}
        if smart:
            if self.chance(0.2):
                folder.attributes["ADJUST_COND"] = self.random.choice("YYDB")
            folder.attributes |= self.zone
            folder.attributes |= days
            max_wait = self.random.choice(["", "", "", "1", "2"])
            if self.estate.total and self.chance(0.3):
                folder.units = self.random.randint(1, self.estate.total)
            if self.estate.locks and self.chance(0.2):
                folder.lock = self.random.choice("SSE")
            folder.keeps = self.chance(0.3)
            self.window(folder, 0.2, max_wait)
            if self.chance(0.2):
                self.cycle(folder)
                if self.chance(0.3):
                    code = self.random.choice(["NOTOK", "OK", "*"])
                    folder.rules.append(Rule(code, "SPCYC"))
        self.estate.entities.append(folder)
        self.fill(folder, self.random.randint(1, max(1, self.left)), days, max_wait, 1)

    def fill(
        self, folder: Entity, size: int, days: dict[str, str], max_wait: str, depth: int
    ) -> None:
        number = 0
        given = folder.attributes
        while size > 0 and self.left > 0:
            number += 1
            nested = folder.kind != "FOLDER" and depth < 3 and size > 1 and self.chance(0.2)
            own = self.days() if self.chance(0.35 if "ADJUST_COND" in given else 0.15) else days
            path = f"{folder.path}/{'S' if nested else 'J'}{number}"
            one = Entity(path, "SUB_FOLDER" if nested else "JOB", dict(own))
            if folder.kind == "FOLDER":  # each of its jobs is ordered by itself
                one.attributes |= self.zone
            self.estate.entities.append(one)
            if nested:
                self.window(one, 0.15, max_wait)
                here = self.random.randint(1, size - 1)
                size -= here
                self.fill(one, here, own, max_wait, depth + 1)
            else:
                self.job(one, folder.kind != "FOLDER", max_wait)
                self.left -= 1
                size -= 1

    def days(self) -> dict[str, str]:
        choose = self.random
        kind = choose.random()
        if kind < 0.62:
            return {"DAYS": "ALL"}
        if kind < 0.8:
            return {"WEEKDAYS": choose.choice(["1,2,3,4,5", "1", "2", "1,3", "6,0", "-2"])}
        if kind < 0.88:
            return {"DAYS": choose.choice(["2,4", "3", "L1,L3", "-3", "2,3,28,29"])}
        if kind < 0.92:
            return {"DAYS": "3,7", "WEEKDAYS": "1,6", "DAYS_AND_OR": "O"}
        if kind < 0.97:
            return {"DAYS": choose.choice(["ALL", ">1,>4", "-D2", "4"]), "DAYSCAL": "WORK"}
        shift = choose.choice(["Ignore Job", "Next Day", "Prev Day", "No Confcal"])
        return {"DAYS": "ALL", "CONFCAL": "WORK", "SHIFT": shift}

    def job(self, job: Entity, inside_smart: bool, max_wait: str) -> None:
        choose, given = self.random, job.attributes
        if self.chance(0.12):
            given["TASKTYPE"] = "Dummy"
        elif self.chance(0.12):
            self.plug_in(job)
        else:
            given |= {"TASKTYPE": "Command", "CMDLINE": "run.sh", "NODEID": "h"}
        if inside_smart and self.chance(0.05):
            given["END_FOLDER"] = "1"
        if not inside_smart:
            max_wait = choose.choice(["", "", "", "", "1", "2", "99"])
        if self.chance(0.2):
            self.cycle(job)
        self.window(job, 0.35, max_wait)
        if self.estate.total and self.chance(0.5):
            job.units = choose.randint(1, self.estate.total)
            if self.estate.locks and self.chance(0.3):
                job.tapes = choose.randint(1, self.estate.total)
        if self.estate.locks and self.chance(0.4):
            job.lock = choose.choice("SSE")
        job.keeps = not inside_smart and "CYCLIC" not in given and self.chance(0.15)

    def plug_in(self, job: Entity) -> None:
        """How it ends is the scenario's, as of any job (CTM-120, CTM-125)."""
        watches = self.chance(0.5)
        kind = "FileWatch" if watches else "DATABASE"
        job.attributes |= {"TASKTYPE": "Job", "APPL_TYPE": kind, "NODEID": "h"}
        if not watches:
            job.parameters = {
                "DB-ACCOUNT": "DB",
                "DB-EXEC_TYPE": "Open Query",
                "DB-QTXT-N001-SUBQTXT": "select 1",
            }
            return
        job.parameters = {
            "FileWatch-FILE_PATH": "/in/f_%%ODATE..csv",
            "FileWatch-MODE": self.random.choice(["CREATE", "CREATE", "DELETE"]),
            "FileWatch-TIME_LIMIT": self.random.choice(["0", "5"]),
        }

    def cycle(self, job: Entity) -> None:
        """Of a job, or of a folder."""
        choose, given = self.random, job.attributes
        given["CYCLIC"] = "1"
        given["IND_CYCLIC"] = choose.choice(["S", "E", "T"])
        kind = choose.random()
        if kind < 0.5:
            given["INTERVAL"] = choose.choice(["00007M", "00025M", "00060M", "00003H", "00001D"])
        elif kind < 0.75:
            steps = ["+20M", "+2H", "+5M", "+0M", "+1D"][: 5 if job.kind == "JOB" else 3]
            given["CYCLIC_TYPE"] = "V"
            given["CYCLIC_INTERVAL_SEQUENCE"] = ",".join(
                choose.choices(steps, k=choose.randint(1, 4))
            )
        else:
            given["CYCLIC_TYPE"] = "S"
            times = [self.clock() for _ in range(choose.randint(1, 5))]
            given["CYCLIC_TIMES_SEQUENCE"] = ",".join(times)
            given["CYCLIC_TOLERANCE"] = choose.choice(["0", "5", "30", "600"])
        if self.chance(0.3):
            given["MAXRERUN"] = choose.choice(["1", "2", "5"])
            is_job = given.get("TASKTYPE", "Dummy") != "Dummy"
            if kind < 0.5 and is_job and self.chance(0.3):
                given["INTERVAL"] = "00000M"

    def window(self, one: Entity, share: float, max_wait: str) -> None:
        given = one.attributes
        if max_wait:
            given["MAXWAIT"] = max_wait
        if not self.chance(share):
            return
        kind = self.random.random()
        if kind < 0.75:
            given["TIMEFROM"] = self.clock()
        if kind > 0.9 or (max_wait and self.chance(0.4)):
            given["TIMEFROM"] = self.clock()
            given["TIMETO"] = ">"
        elif kind > 0.4:
            given["TIMETO"] = self.clock()
        if max_wait and self.chance(0.1):
            given["FROM_DAYSOFFSET"] = "1"
            given["TO_DAYSOFFSET"] = "1"

    def clock(self) -> str:
        return f"{self.random.randrange(24):02d}{self.random.choice([0, 5, 30, 59]):02d}"

    # --- what it waits for, and what follows ---------------------------------------------------

    def facts(self, job: Entity, others: list[Entity]) -> None:
        choose = self.random
        own = _fact_of(job)
        if self.chance(0.75):
            job.changes.append(Change(own))
        if others and self.chance(0.7):
            job.waits = self.waits(job, others)
            for group in job.waits.groups:
                for wait in group:
                    if self.chance(0.2):
                        any_date = wait.date == "****" or self.chance(0.1)
                        date = "****" if any_date else wait.date
                        job.changes.append(Change(wait.name, date, "-"))
        if self.chance(0.2):
            date = choose.choice(["ODAT", "ODAT", "NEXT", "PREV", "STAT"])
            job.changes.append(Change(choose.choice(["G0", "G1", own]), date))
        if self.chance(0.08) and others:
            job.changes.append(Change(_fact_of(choose.choice(others)), "ODAT", choose.choice("+-")))
        if job.attributes["TASKTYPE"] == "Dummy":
            return
        if self.chance(0.4):
            self.rules(job, others)
        if self.chance(0.25) and "APPL_TYPE" not in job.attributes:  # F0002
            self.listed_rules(job, others)

    def listed_rules(self, job: Entity, others: list[Entity]) -> None:
        """Rules of all rounds, in any order, with any actions (CTM-070 to CTM-076)."""
        choose = self.random
        codes = [
            "COMPSTAT EQ 3",
            "COMPSTAT EVEN",
            "COMPSTAT ODD",
            "COMPSTAT GT 1",
            "OK",
            "NOTOK",
            "*",
        ]
        codes += [*PATTERNS, "RUNCOUNT GE 2", "RUNCOUNT EVEN", "FAILCOUNT EQ 2", "FAILCOUNT GT 1"]
        codes += ["RERUNCOUNT EQ 1", "RERUNCOUNT LT 2"]
        names = ["G0", "G1", _fact_of(job), f"{_fact_of(job)}-BAD"]
        names += [_fact_of(other) for other in others[:2]]
        for _ in range(choose.choice([1, 2, 2, 3, 4])):
            words = ["OK", "NOTOK", "RERUN", "SPCYC"]
            action: str | Change = choose.choice(words)
            if self.chance(0.5):
                action = Change(choose.choice(names), "ODAT", choose.choice("+++-"))
            also = [choose.choice(words)] if self.chance(0.3) else []
            job.rules.append(Rule(choose.choice(codes), action, also))
        if "CYCLIC" not in job.attributes and self.chance(0.6):
            interval = choose.choice(["00000M", "00005M", "00600M"])
            job.attributes |= {"MAXRERUN": choose.choice(["1", "2", "3"]), "INTERVAL": interval}

    def rules(self, job: Entity, others: list[Entity]) -> None:
        choose = self.random
        if "CYCLIC" in job.attributes and self.chance(0.3):
            job.rules.append(Rule(choose.choice(["NOTOK", "NOTOK", "OK", "*"]), "SPCYC"))
        for _ in range(choose.choice([1, 1, 2, 3])):
            kind = choose.random()
            if kind < 0.3 and job.parameters:
                continue  # it would decide about the verdict of a plug-in
            if kind < 0.2:
                code = choose.choice(["EQ 3", "EQ 0", "GT 1", "LT 4", "NE 4", "GE 3"])
                job.rules.append(Rule(f"COMPSTAT {code}", choose.choice(["OK", "OK", "NOTOK"])))
            elif kind < 0.3:
                job.rules.append(Rule(choose.choice(["NOTOK", "*"]), "OK"))
            elif kind < 0.65:
                job.rules.append(Rule("NOTOK", "RERUN"))
                most = choose.choice(["1", "2", "2"])
                interval = choose.choice(["00000M", "00005M", "00007M", "00600M"])
                if "CYCLIC" not in job.attributes:
                    job.attributes |= {"MAXRERUN": most, "INTERVAL": interval}
            else:
                names = ["G0", "G1", _fact_of(job), f"{_fact_of(job)}-BAD"]
                names += [_fact_of(other) for other in others[:2]]
                date = choose.choice(["ODAT", "ODAT", "ODAT", "STAT", "NEXT"])
                change = Change(choose.choice(names), date, choose.choice("+++-"))
                job.rules.append(Rule(choose.choice(["NOTOK", "NOTOK", "OK", "*"]), change))

    def folder_facts(self, folder: Entity, jobs: list[Entity]) -> None:
        outside = [job for job in jobs if not job.path.startswith(folder.path + "/")]
        if self.chance(0.4):
            folder.changes.append(Change(f"{folder.path.replace('/', '-')}-ENDED"))
        if self.chance(0.2):
            name = f"{folder.path.replace('/', '-')}-BAD"
            folder.rules.append(Rule("NOTOK", Change(name)))
            if self.chance(0.5):
                folder.rules.append(Rule("OK", Change(name, "ODAT", "-")))
            if outside:
                self.random.choice(outside).waits = Waits([[Wait(name)]])
        if self.chance(0.15):
            codes, words = ["OK", "NOTOK", "NOTOK", "*"], ["OK", "OK", "NOTOK"]
            folder.rules.append(Rule(self.random.choice(codes), self.random.choice(words)))
        if outside and self.chance(0.3):
            folder.waits = self.waits(folder, outside)
            if self.chance(0.2):
                wait = folder.waits.groups[0][0]
                folder.changes.append(Change(wait.name, wait.date, "-"))

    def force(self) -> None:
        """A rule orders a folder, or a job alone: of another folder in a line, so that nothing
        orders itself without end.
        """
        made, choose = self.estate, self.random
        tops = made.members("")
        for source, target in itertools.pairwise(tops):
            by = [one for one in made.entities if f"{one.path}/".startswith(f"{source.path}/")]
            by = [
                one
                for one in by
                if one.kind != "FOLDER" and one.attributes.get("TASKTYPE") != "Dummy"
            ]
            if not by:
                continue
            inside = [one.path.rpartition("/")[2] for one in made.members(target.path)]
            jobs = [
                one.path.rpartition("/")[2]
                for one in made.jobs()
                if one.path.startswith(f"{target.path}/")
            ]
            inside = inside if target.kind == "FOLDER" else jobs
            alone = bool(inside) and self.chance(0.6)
            date = choose.choice(["ODAT", "ODAT", "ODAT", "PREV", "NEXT", "+1"])
            made_by = Force(target.path, choose.choice(inside) if alone else "", date)
            rule = Rule(choose.choice(["NOTOK", "NOTOK", "OK"]), made_by)
            choose.choice(by).rules.append(rule)

    def waits(self, one: Entity, others: list[Entity]) -> Waits:
        choose = self.random
        before = [other for other in others if other.path < one.path] or others
        count = choose.choices([1, 2, 3, 4], [60, 25, 10, 5])[0]
        groups: list[list[Wait]] = [[]]
        for _ in range(count):
            if groups[-1] and self.chance(0.4):
                groups.append([])
            groups[-1].append(self.wait(before if self.chance(0.9) else others))
        return Waits(groups, self.chance(0.35))

    def wait(self, others: list[Entity]) -> Wait:
        choose = self.random
        date = choose.choices(["ODAT", "PREV", "NEXT", "STAT", "****"], [76, 8, 2, 8, 6])[0]
        kind = choose.random()
        if kind < 0.8:
            return Wait(_fact_of(choose.choice(others)), date)
        if kind < 0.87:
            return Wait(f"{_fact_of(choose.choice(others))}-BAD", date)
        folders = [one for one in self.estate.entities if one.kind == "SMART_FOLDER"]
        if kind < 0.92 and folders:
            return Wait(f"{choose.choice(folders).path}-ENDED", date)
        return Wait(choose.choice(["G0", "G1"]), date)


def _fact_of(job: Entity) -> str:
    return f"{job.path.replace('/', '-')}-OK"


def estate(seed: int) -> Estate:
    """The estate of this seed."""
    return _Maker(seed).make()


def scenario(made: Estate, seed: int) -> dict[str, Any]:
    """A scenario for an estate. Durations and instants are all different in their seconds, so that
    hardly two events fall together and little is left to chance.
    """
    choose = random.Random(f"scenario of folders/{seed}")
    start = datetime(*_BEGIN[made.timezone], tzinfo=timezone.utc)
    days = choose.choice([2, 3, 3, 4])
    end = start + timedelta(days=days, hours=7)
    jobs = made.jobs()
    durations = iter(choose.sample(range(31, 7200), 4 * len(jobs) + 1))
    failing = choose.choice([0.1, 0.3, 0.6])
    long = choose.choice([0.0, 0.05, 0.3])
    talks = any(rule.code in PATTERNS for one in jobs for rule in one.rules)

    def plan() -> dict[str, Any]:
        one: dict[str, Any] = {"duration": next(durations)}
        if choose.random() < long:
            one["duration"] += 3600 * choose.randint(2, 40)
        if choose.random() < failing:
            if choose.random() < 0.1:
                one["terminated"] = True
            else:
                one["exit_code"] = choose.choice([1, 1, 2, 3, 4])
        if talks and choose.random() < 0.5:
            one["output"] = "\n".join(choose.choices(LINES, k=choose.randint(1, 3)))
        return one

    def date(word: str = "") -> str:
        day = start + timedelta(days=choose.randint(-1, days))
        return word or f"{day:%m%d}"

    seconds = iter(choose.sample(range(60, days * 86400), 8))

    def moment() -> str:
        return _text(start + timedelta(seconds=next(seconds)))

    names = made.names() if made.server != TWO else []  # a scenario names no server
    events: list[dict[str, Any]] = []
    globals_ = {
        name: choose.choice(["1", "42", "260302"])
        for name in ("%%\\G", "%%\\\\POOL\\G")
        if made.uses(name) and choose.random() < 0.5
    }
    if made.uses("%%\\H") and choose.random() < 0.6:
        events.append({"at": moment(), "event": "SET_GLOBAL", "name": "%%\\H", "value": "9"})
    facts: list[dict[str, str]] = []
    if names:
        for _ in range(choose.choice([0, 0, 1, 2])):
            dated = date(choose.choice(["", "", "STAT"]))
            facts.append({"name": choose.choice(names), "date": dated})
        for _ in range(choose.choice([0, 0, 1, 2, 3])):
            adds = choose.random() < 0.7
            word = choose.choice(["", "", "ODAT", "STAT"] + ([] if adds else ["****"]))
            kind = "ADD_CONDITION" if adds else "DELETE_CONDITION"
            event = {"event": kind, "name": choose.choice(names), "date": date(word)}
            events.append({"at": moment(), **event})
    for folder in made.members(""):
        manual = "FOLDER_ORDER_METHOD" not in folder.attributes
        for _ in range(choose.choice([0, 1, 2]) if manual else choose.choice([0] * 8 + [1])):
            kind = choose.choice(["FORCE_STARTJOB", "FORCE_STARTJOB", "STARTJOB"])
            event = {"at": moment(), "event": kind, "job": folder.path}
            if choose.random() < 0.5:
                event["odate"] = f"{start + timedelta(days=choose.randint(-1, days)):%Y-%m-%d}"
            events.append(event)
    return {
        "format": 1,
        "start": _text(start),
        "end": _text(end),
        "default": {"duration": 60, "exit_code": 0},
        "jobs": {
            job.path: [plan() for _ in range(choose.randint(1, 4))]
            for job in jobs
            if job.attributes["TASKTYPE"] != "Dummy"
        },
        **({"globals": globals_} if globals_ else {}),
        "conditions": [
            dict(pair) for pair in sorted({tuple(sorted(one.items())) for one in facts})
        ],
        "events": sorted(events, key=lambda event: str(event["at"])),
    }


def fitting(made: Estate, given: dict[str, Any]) -> dict[str, Any]:
    """The scenario without what it says of jobs and folders that the estate does not have."""
    known = {one.path for one in made.entities}
    return {
        **given,
        "jobs": {k: v for k, v in given["jobs"].items() if k in known},
        "events": [e for e in given["events"] if "job" not in e or e["job"] in known],
    }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
