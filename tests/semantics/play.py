"""Plays the scenarios that a definition file states in its own first comment, and checks what it expects.

The first line of the comment names the rules and the claim; lines that begin with `@` are steps. Times are UTC:
`06:00`, `06:00:10`, `+1d06:00` count from midnight of the first day, `-48h` and `-30m` back from the start.

    @play TITLE             begins another scenario on the same definitions
    @days N                 the scenario lasts N days (default 1), or @until TIME; @start DATE (default 2026-03-02, a Monday)
    @toml key = value       a setting of [autosys]
    @run A 60:3 60:kill     how the starts of A go: seconds, exit code or a signal; the last repeats
    @default 60:0           how all others go
    @was A=SUCCESS -48h 3   the status store before: status, when, exit code
    @global G=V   @file PATH TIME SIZE
    @ties inner-boxes-first   how starts of one instant fall
    @at TIME EVENT OBJECT [STATUS or VALUE]

    @starts A TIME...       all starts (first attempts) of A, or `never`
    @statuses A S S...      all statuses that A goes through
    @ends A S=TIME...       all terminal statuses of A
    @final A=S ...          statuses at the end; `A=S,armed` if a tick waits
    @because A STATUS RULE  an event of A with that status for that rule
    @why A RULE [TIME]      an opportunity without a start, for that rule
    @order A=S B=S ...      these events come in this order
    @alarm A NAME [TIME]    @noalarm A
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

_TERMINAL = {"SUCCESS", "FAILURE", "TERMINATED"}
_TIME = re.compile(r"(?:\+(\d+)d)?(\d\d):(\d\d)(?::(\d\d))?\Z")
_BACK = re.compile(r"-(\d+)([hmd])\Z")


class Wrong(AssertionError):
    """A step that does not hold, or cannot be read."""


def scenes_of(text: str) -> list[list[list[str]]]:
    """The steps of the first comment, in scenes; `#` comments of a crontab count as one."""
    comment = text[: text.index("*/")] if text.startswith("/*") else text
    scenes: list[list[list[str]]] = [[]]
    for line in comment.splitlines():
        if comment is text and not line.startswith("#"):
            continue
        step = line.strip().lstrip("#").strip()
        if not step.startswith("@"):
            continue
        words = step[1:].split()
        if words[0] == "play":
            if scenes[-1]:
                scenes.append([])
            continue
        scenes[-1].append(words)
    return scenes


class Scene:
    """One scenario being built, then one trace being judged."""

    def __init__(self, steps: list[list[str]]) -> None:
        self.toml: list[str] = []
        self.zero = datetime(2026, 3, 2, tzinfo=timezone.utc)
        self.days = 1
        self.steps = steps
        self.scenario: dict[str, Any] = {
            "format": 1, "jobs": {}, "globals": {}, "statuses": {}, "files": [], "events": [],
        }  # fmt: skip
        self.expectations: list[list[str]] = []
        for words in steps:
            if words[0] == "start":
                self.zero = datetime.fromisoformat(words[1]).replace(tzinfo=timezone.utc)
            if words[0] == "days":
                self.days = int(words[1])
        for words in steps:
            build = getattr(self, f"_set_{words[0]}", None)
            if build is not None:
                build(*words[1:])
            elif hasattr(self, f"_judge_{words[0]}"):
                self.expectations.append(words)
            elif words[0] not in ("start", "days", "until"):
                raise Wrong(f"unknown step @{' '.join(words)}")
        if not self.expectations:
            raise Wrong("a scene without an expectation tests nothing")
        self.scenario["start"] = self._iso("00:00")
        self.scenario["end"] = (self.zero + timedelta(days=self.days)).isoformat()
        for words in steps:
            if words[0] == "until":
                self.scenario["end"] = self._iso(words[1])

    def _iso(self, text: str) -> str:
        if back := _BACK.match(text):
            unit = {"h": "hours", "m": "minutes", "d": "days"}[back[2]]
            at = self.zero - timedelta(**{unit: int(back[1])})
        elif time := _TIME.match(text):
            day, hour, minute, second = (int(part or 0) for part in time.groups())
            at = self.zero + timedelta(days=day, hours=hour, minutes=minute, seconds=second)
        else:
            raise Wrong(f"no time: {text}")
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def _plan(text: str) -> dict[str, Any]:
        duration, _, code = text.partition(":")
        made: dict[str, Any] = {"duration": int(duration)}
        if code == "kill":
            made["terminated"] = True
        elif code:
            made["exit_code"] = int(code)
        return made

    def _set_toml(self, *words: str) -> None:
        self.toml.append(" ".join(words))

    def _set_run(self, job: str, *plans: str) -> None:
        self.scenario["jobs"][job] = [self._plan(plan) for plan in plans]

    def _set_default(self, plan: str) -> None:
        self.scenario["default"] = self._plan(plan)

    def _set_was(self, what: str, when: str = "", code: str = "") -> None:
        job, _, status = what.partition("=")
        row: dict[str, Any] = {"status": status}
        if when:
            row["at"] = self._iso(when)
        if code:
            row["exit_code"] = int(code)
        self.scenario["statuses"][job] = row

    def _set_ties(self, order: str) -> None:
        self.scenario["ties"] = order

    def _set_global(self, what: str) -> None:
        name, _, value = what.partition("=")
        self.scenario["globals"][name] = value

    def _set_file(self, path: str, when: str, size: str) -> None:
        self.scenario["files"].append({"path": path, "at": self._iso(when), "size": int(size)})

    def _set_at(self, when: str, event: str, name: str, *rest: str) -> None:
        made: dict[str, Any] = {"at": self._iso(when), "event": event}
        if event == "SET_GLOBAL":
            made |= {"name": name, "value": rest[0]}
        elif event.startswith("MACH_"):
            made["machine"] = name
        else:
            made["job"] = name
            if event in ("CHANGE_STATUS", "EXTERNAL_STATUS"):
                made["status"] = rest[0]
                if len(rest) > 1:
                    made["exit_code"] = int(rest[1])
        self.scenario["events"].append(made)

    # --- judging ----------------------------------------------------------------------------------

    def judge(self, trace: dict[str, Any]) -> None:
        """Check every expectation against the trace."""
        self.trace = trace
        for words in self.expectations:
            try:
                getattr(self, f"_judge_{words[0]}")(*words[1:])
            except AssertionError as error:
                shown = json.dumps([e for e in trace["events"] if e["job"] in words], indent=1)
                missed = json.dumps(
                    [e for e in trace["not_started"] if e["job"] in words], indent=1
                )
                raise Wrong(f"@{' '.join(words)}: {error}\n{shown}\n{missed}") from None

    def _events(self, job: str) -> list[dict[str, Any]]:
        return [event for event in self.trace["events"] if event["job"] == job]

    def _judge_starts(self, job: str, *times: str) -> None:
        wanted = [] if times == ("never",) else [self._iso(time) for time in times]
        found = [
            event["at"]
            for event in self._events(job)
            if event["status"] == "STARTING" and event.get("attempt", 1) == 1
        ]
        assert found == wanted, f"it starts at {found}"
        if job in self.trace["final"]:
            assert self.trace["final"][job]["runs"] == len(found)

    def _judge_statuses(self, job: str, *statuses: str) -> None:
        found = [event["status"] for event in self._events(job)]
        assert found == list(statuses), f"it goes through {found}"

    def _judge_ends(self, job: str, *ends: str) -> None:
        wanted = [(s, self._iso(t)) for s, _, t in (end.partition("=") for end in ends)]
        found = [(e["status"], e["at"]) for e in self._events(job) if e["status"] in _TERMINAL]
        assert found == wanted, f"it ends as {found}"

    def _judge_final(self, *states: str) -> None:
        for state in states:
            job, _, status = state.partition("=")
            final = self.trace["final"][job]
            found = final["status"] + (",armed" if final.get("armed") else "")
            assert found == status, f"{job} is {found}"

    def _judge_because(self, job: str, status: str, rule: str) -> None:
        found = [e["rule"] for e in self._events(job) if e["status"] == status]
        assert rule in found, f"the rules are {found}"

    def _judge_why(self, job: str, rule: str, time: str = "") -> None:
        found = [(e["rule"], e["at"]) for e in self.trace["not_started"] if e["job"] == job]
        wanted = [e for e in found if e[0] == rule and (not time or e[1] == self._iso(time))]
        assert wanted, f"the opportunities were {found}"

    def _judge_order(self, *events: str) -> None:
        left = list(events)
        for event in self.trace["events"]:
            if left and f"{event['job']}={event['status']}" == left[0]:
                left.pop(0)
        assert not left, f"{left} do not come in this order"

    def _judge_alarm(self, job: str, name: str, time: str = "") -> None:
        found = [(a["alarm"], a["at"]) for a in self.trace["alarms"] if a["job"] == job]
        wanted = [a for a in found if a[0] == name and (not time or a[1] == self._iso(time))]
        assert wanted, f"the alarms were {found}"

    def _judge_noalarm(self, job: str) -> None:
        assert not [a for a in self.trace["alarms"] if a["job"] == job]
