#!/usr/bin/env python3
"""Write the bill of materials of a release, CycloneDX 1.6 in JSON.

    scripts/make_sbom.py --dist build/dist --build build/wheel -o FILE

Nothing is listed by hand: which of Debian's packages are in the executable is asked of the build (the
headers that its objects were made from, the archives that the linker took members of) and of dpkg. What
`hoist-airflow` needs in Airflow's environment is what its wheel says, with the versions that it was tested with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import uuid
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AT_A_TIME = 500  # paths on one command line


def output_of(*command: str | Path, cwd: Path | None = None) -> str:
    """Return what a program prints; that it fails ends the script."""
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd).stdout


def linked(build: Path) -> set[Path]:
    """Return the files outside the build tree that the linker put into the executable."""
    *_, link = output_of("ninja", "-t", "commands", "hoist", cwd=build).splitlines()
    arguments = [word for word in shlex.split(link) if word not in (":", "&&")]
    arguments[arguments.index("-o") + 1] = "hoist.traced"
    traced = output_of(*arguments, "-Wl,--trace", cwd=build)
    (build / "hoist.traced").unlink()
    # `archive`, `object`, or `(archive)member`.
    files = (re.sub(r"^\((.*)\).*$", r"\1", line) for line in traced.splitlines())
    return {Path(file).resolve() for file in files if file.startswith("/")}


def included(build: Path) -> set[Path]:
    """Return the headers outside the tree that the executable's own objects were made from."""
    inputs = set(output_of("ninja", "-t", "inputs", "hoist", cwd=build).splitlines())
    headers: set[Path] = set()
    is_ours = False
    for line in output_of("ninja", "-t", "deps", cwd=build).splitlines():
        if not line.startswith(" "):
            is_ours = line.partition(":")[0] in inputs
        elif is_ours and line.strip().startswith("/"):
            headers.add(Path(line.strip()).resolve())
    return {header for header in headers if not header.is_relative_to(ROOT)}


def packages_of(files: Iterable[Path]) -> set[str]:
    """Return Debian's packages that the files belong to."""
    names = sorted(map(str, files))
    found: set[str] = set()
    for start in range(0, len(names), AT_A_TIME):
        owners = output_of("dpkg", "-S", *names[start : start + AT_A_TIME])
        for line in owners.splitlines():
            found.update(owner.partition(":")[0] for owner in line.rpartition(": ")[0].split(", "))
    return found


def debian_component(name: str, how: str) -> dict[str, Any]:
    """Return the component of one package of Debian."""
    shown = "${Version}\t${Architecture}\t${source:Package}\t${binary:Summary}"
    answer = output_of("dpkg-query", "-W", "-f", shown, name)
    version, architecture, source, summary = answer.split("\t")
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}"
    return {
        "type": "library",
        "bom-ref": f"deb:{name}",
        "name": name,
        "version": version,
        "description": summary,
        "scope": "required",
        "purl": f"{purl}?arch={architecture}&distro=debian-12",
        "properties": [
            {"name": "hoist:source-package", "value": source},
            {"name": "hoist:how", "value": how},
        ],
    }


def digest(file: Path) -> list[dict[str, str]]:
    """Return the hashes of a file, as CycloneDX has them."""
    return [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}]


def metadata_of(wheel: Path) -> Any:
    """Return the METADATA of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def wheel_component(wheel: Path, kind: str) -> dict[str, Any]:
    """Return the component of a wheel of this release."""
    metadata = metadata_of(wheel)
    name, version = metadata["Name"], metadata["Version"]
    return {
        "type": kind,
        "bom-ref": f"pypi:{name}",
        "name": name,
        "version": version,
        "description": metadata["Summary"],
        "hashes": digest(wheel),
        "purl": f"pkg:pypi/{name}@{version}",
        "properties": [{"name": "hoist:file", "value": wheel.name}],
    }


def python_components(wheel: Path) -> list[dict[str, Any]]:
    """Return what a wheel demands of its environment, with the versions of the lock."""
    lock = (ROOT / "scripts" / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", lock, re.MULTILINE))
    components = []
    for requirement in metadata_of(wheel).get_all("Requires-Dist", []):
        demand, _, marker = requirement.partition(";")
        name = re.match(r"[A-Za-z0-9._-]+", demand)
        assert name, requirement
        key = name[0].lower().replace("_", "-").replace(".", "-")
        components.append(
            {
                "type": "library",
                "bom-ref": f"pypi:{key}",
                "name": key,
                "version": locked[key],
                "scope": "optional" if "extra" in marker else "required",
                "purl": f"pkg:pypi/{key}@{locked[key]}",
                "properties": [{"name": "hoist:requirement", "value": requirement}],
            }
        )
    return sorted(components, key=lambda component: component["name"])


def zone_component(executable: Path) -> dict[str, Any]:
    """Return the component of the time-zone data, which the tree holds as a table."""
    said = re.search(r"time zones (\w+)", output_of(executable, "version"))
    assert said, "`hoist version` names the time-zone data"
    return {
        "type": "data",
        "bom-ref": "data:tzdata",
        "name": "IANA Time Zone Database",
        "version": said[1],
    }


def page_component() -> dict[str, Any]:
    """Return the component of the library on the page of `hoist map`, as its README's row names it."""
    folder = ROOT / "backend" / "report" / "page"
    row = re.search(
        r"\| `(?P<file>[\w.]+)` \| \[(?P<name>\w+)\].*? (?P<version>[\d.]+),.*? \| (?P<licence>\w+),",
        (folder / "README.md").read_text(encoding="utf-8"),
    )
    assert row, "the README of the page names the library"
    return {
        "type": "library",
        "bom-ref": f"npm:{row['name']}",
        "name": row["name"],
        "version": row["version"],
        "scope": "required",
        "hashes": digest(folder / row["file"]),
        "licenses": [{"license": {"id": row["licence"]}}],
        "purl": f"pkg:npm/{row['name']}@{row['version']}",
        "properties": [{"name": "hoist:how", "value": "in the page that `hoist map` writes"}],
    }


def bill(dist: Path, build: Path) -> dict[str, Any]:
    """Return the bill of materials of what lies in `dist`."""
    (tool_wheel,) = dist.glob("hoistc-*.whl")
    (shims_wheel,) = dist.glob("hoist_airflow-*.whl")
    (executable,) = dist.glob("hoist-*/hoist")
    archives = packages_of(linked(build))
    headers = packages_of(included(build))
    native = [
        debian_component(name, "linked" if name in archives else "headers")
        for name in sorted(archives | headers)
    ]
    native += [zone_component(executable), page_component()]
    tool = wheel_component(tool_wheel, "application")
    shims = wheel_component(shims_wheel, "library")
    needed = python_components(shims_wheel)
    program = {
        "type": "application",
        "bom-ref": "hoist",
        "name": "hoist",
        "version": tool["version"],
        "hashes": digest(executable),
    }

    def depends(whole: dict[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "ref": whole["bom-ref"],
            "dependsOn": [part["bom-ref"] for part in parts],
        }

    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z"),
            "component": program,
        },
        "components": [tool, shims, *native, *needed],
        "dependencies": [
            depends(program, [tool, shims]),
            depends(tool, native),
            depends(shims, needed),
        ],
    }
    # The same release has the same number.
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    return document


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    document = bill(arguments.dist, arguments.build)
    arguments.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
