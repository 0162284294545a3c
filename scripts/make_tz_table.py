#!/usr/bin/env python3
"""Write frontend/ir/TzData.inc, the time-zone table inside `hoist`, from the PyPI package `tzdata`.

    python scripts/make_tz_table.py            write it
    python scripts/make_tz_table.py --check    exit 1 when the file differs from the installed package

The package is the one that the shims use at run time, so both sides agree on every instant. One row
per zone: changes of offset since 1970 and the POSIX rule for the time after the last one; links are
rows that name their target. The format is read by frontend/ir/TimeZones.cpp.
"""

from __future__ import annotations

import re
import struct
import sys
from importlib import resources
from pathlib import Path

TARGET = Path(__file__).parent.parent / "frontend" / "ir" / "TzData.inc"
ZONES = resources.files("tzdata").joinpath("zoneinfo")


def read_zone(data: bytes) -> tuple[int, list[tuple[int, int]], str]:
    """The offset before the first change after 1970, the changes since, and the POSIX footer."""

    def header(at: int) -> tuple[int, ...]:
        assert data[at : at + 4] == b"TZif"
        return struct.unpack(">6l", data[at + 20 : at + 44])

    utc, std, leap, count, types, chars = header(0)
    at = 44 + count * 5 + types * 6 + chars + leap * 8 + std + utc
    utc, std, leap, count, types, chars = header(at)
    at += 44
    times = struct.unpack(f">{count}q", data[at : at + 8 * count])
    at += 8 * count
    kinds = data[at : at + count]
    at += count
    offsets = [struct.unpack(">l", data[at + 6 * i : at + 6 * i + 4])[0] for i in range(types)]
    at += types * 6 + chars + leap * 12 + std + utc
    footer = data[at + 1 : data.index(b"\n", at + 1)].decode("ascii")
    current = offsets[0]
    changes: list[tuple[int, int]] = []
    for time, kind in zip(times, kinds, strict=True):
        # The footer's rule begins with the last change, even where that changes no offset.
        if offsets[kind] == current and time != times[-1]:
            continue
        current = offsets[kind]
        if time >= 0:
            changes.append((time, current))
        else:
            changes.clear()
            changes.append((0, current))
    first = offsets[0]
    if changes and changes[0][0] == 0:
        first = changes.pop(0)[1]
    return first, changes, footer


def render() -> str:
    zi = ZONES.joinpath("tzdata.zi").read_text(encoding="ascii")
    version = re.match(r"# version (\S+)", zi)
    assert version is not None
    links = dict(reversed(line.split()[1:3]) for line in zi.splitlines() if line.startswith("L "))
    names = [*(line.split()[1] for line in zi.splitlines() if line.startswith("Z ")), *links]
    rows = []
    for name in sorted(set(names)):
        if name in links:
            rows.append(f'{{"{name}", "={links[name]}"}},')
            continue
        first, changes, footer = read_zone(ZONES.joinpath(*name.split("/")).read_bytes())
        text, before = f"{footer};{first}", 0
        for time, offset in changes:
            text += f" {time - before},{offset}"
            before = time
        rows.append(f'{{"{name}", "{text}"}},')
    head = (
        "// Time zones since 1970: written by scripts/make_tz_table.py from the package tzdata; never by hand.\n"
        "// Row: name, then =link, or POSIX-rule;first-offset and for each change seconds-since-the-last,offset.\n"
        f'#ifdef HOIST_TZDATA_VERSION\nHOIST_TZDATA_VERSION("{version[1]}")\n#else\n'
    )
    return head + "\n".join(rows) + "\n#endif\n"


def main() -> int:
    text = render()
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="ascii") == text:
            return 0
        print(
            f"{TARGET.name} differs from the installed tzdata: run scripts/make_tz_table.py",
            file=sys.stderr,
        )
        return 1
    TARGET.write_text(text, encoding="ascii")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
