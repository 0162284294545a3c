"""Which exit codes of a command are a success (JIL-057), in the words of docs/runtime.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ITEM = re.compile(r"(\d+)(?:-(\d+))?\Z")


@dataclass(frozen=True)
class ExitRule:
    """A parsed rule. `kind` is `max`, `success`, `fail` or `any`; ranges are inclusive."""

    kind: str
    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> ExitRule:
        """Read `max: 4`, `success: 0,3,10-20`, `fail: 2` or `any`; raises `ValueError`."""
        kind, colon, rest = text.partition(":")
        kind = kind.strip()
        if kind == "any" and not colon:
            return cls(kind)
        if kind == "max" and rest.strip().isdecimal():
            return cls(kind, ((0, int(rest)),))
        if kind in ("success", "fail"):
            items = [_ITEM.match(item.strip()) for item in rest.split(",")]
            found = [item for item in items if item is not None]
            if len(found) == len(items):
                pairs = ((int(item[1]), int(item[2] or item[1])) for item in found)
                return cls(kind, tuple(pairs))
        raise ValueError(
            f"{text!r} is not an exit rule: `max: N`, `success: LIST`, `fail: LIST`, `any`"
        )

    def is_success(self, code: int) -> bool:
        """The verdict on a process that ended by itself with `code`."""
        if self.kind == "any":
            return True
        if self.kind == "max":
            return code <= self.ranges[0][1]
        listed = any(low <= code <= high for low, high in self.ranges)
        return listed if self.kind == "success" else not listed
