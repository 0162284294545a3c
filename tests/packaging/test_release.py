"""What scripts/release makes: wheels for every Linux, an archive, an image, checksums, a bill of materials."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import jsonschema
import pytest
import tomllib
from elftools.elf.elffile import ELFFile
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests/schemas"
ESTATE = ROOT / "corpus/bank_night"
# What a statically linked glibc does by loading shared libraries of the very same glibc at run time.
NEEDS_GLIBC = {"getpwnam", "getpwnam_r", "getpwuid", "getpwuid_r", "getgrnam_r", "getaddrinfo"}


def version() -> str:
    found = re.search(
        r"^project\(hoist VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE
    )
    assert found
    return found[1]


def test_all_distributions_have_the_version_of_the_tool() -> None:
    shims = tomllib.loads((ROOT / "backend/hoist_airflow/pyproject.toml").read_text())
    hooks = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert shims["project"]["version"] == version()
    assert hooks["project"]["version"] == version()
    assert hooks["project"]["dependencies"] == [f"hoistc=={version()}"]


def test_the_wheel_runs_in_a_fresh_environment_without_anything_else(
    tool_wheel: Path, no_compiler: dict[str, str], tmp_path: Path
) -> None:
    fresh = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
    install = [fresh / "bin/python", "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    subprocess.run(
        [*install, tool_wheel], check=True, env={**no_compiler, "PIP_CONFIG_FILE": "/dev/null"}
    )

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [fresh / "bin/hoist", *arguments],
            env=no_compiler, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = run("version")
    assert done.returncode == 0
    assert done.stdout.startswith(f"hoist {version()} (time zones ")
    done = run("check", ESTATE)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^hoist: \d+ warnings.* in \d+ files$", done.stderr, re.MULTILINE), (
        done.stderr
    )
    done = run("build", ESTATE, "-o", tmp_path / "dags")
    assert (tmp_path / "dags/hoist.manifest.json").exists(), done.stderr


def test_auditwheel_finds_nothing_that_a_linux_could_lack(tool_wheel: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("auditwheel"), "show", tool_wheel],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = " ".join(done.stdout.split())
    assert re.search(r'platform tag: "manylinux_2_5_', said), said
    assert "references no external versioned symbols" in said
    assert "requires no external shared libraries" in said
    # The tag is younger than auditwheel would allow, as the kernel has to be: see below.
    assert "manylinux_2_17_" in tool_wheel.name
    assert "musllinux_1_1_" in tool_wheel.name


def test_the_executable_is_static_and_says_which_kernel_it_needs(
    released: Path, hoist_symbols: set[str]
) -> None:
    with released.open("rb") as file:
        elf = ELFFile(file)
        kinds = {segment["p_type"] for segment in elf.iter_segments()}
        assert "PT_INTERP" not in kinds, "no dynamic loader"
        dynamic = elf.get_section_by_name(".dynamic")
        assert [t.needed for t in dynamic.iter_tags("DT_NEEDED")] == []
        (note,) = elf.get_section_by_name(".note.ABI-tag").iter_notes()
        kernel = (note["n_desc"]["abi_major"], note["n_desc"]["abi_minor"])
        # CentOS 7, which manylinux_2_17 stands for, has 3.10; CentOS 6 had 2.6.32.
        assert (2, 6) < kernel <= (3, 10)
    assert NEEDS_GLIBC & hoist_symbols == set()


@pytest.fixture(scope="session")
def hoist_symbols(dist: Path) -> set[str]:
    """The names in the executable before it was stripped."""
    with (ROOT / "build/wheel/hoist").open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        names = {symbol.name for symbol in symbols.iter_symbols()}
    assert "main" in names
    return names


def test_the_shims_are_a_pure_wheel(dist: Path) -> None:
    (wheel,) = dist.glob("hoist_airflow-*.whl")
    assert wheel.name == f"hoist_airflow-{version()}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert "hoist_airflow/gate.py" in archive.namelist()


def test_checksums_cover_every_file(dist: Path) -> None:
    listed = {}
    for line in (dist / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    there = {
        str(path.relative_to(dist)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in dist.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert listed == there


def test_the_archive_holds_the_same_files(dist: Path, released: Path) -> None:
    (packed,) = dist.glob("hoist-*.tar.gz")
    folder = packed.name.removesuffix(".tar.gz")
    with tarfile.open(packed) as archive:
        names = {m.name for m in archive.getmembers() if m.isfile()}
        executable = archive.extractfile(f"{folder}/hoist")
        assert executable
        assert executable.read() == released.read_bytes()
    assert names == {
        f"{folder}/{name}"
        for name in (
            "hoist",
            "completions/hoist.bash",
            "completions/_hoist",
            "completions/hoist.fish",
            "Containerfile",
            "cli.md",
            "install.md",
        )
    }


def bill(dist: Path) -> dict:
    (file,) = dist.glob("*.cdx.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_bill_of_materials_is_valid_by_the_official_schema(dist: Path) -> None:
    schemas = {f.name: json.loads(f.read_text(encoding="utf-8")) for f in SCHEMAS.glob("*.json")}
    whole = schemas["bom-1.6.SNAPSHOT.schema.json"]
    registry: Registry = Registry().with_resources(
        (content["$id"], Resource.from_contents(content))
        for name, content in schemas.items()
        if ".SNAPSHOT." in name
    )
    # The schema refers to its neighbours by their names here.
    registry = registry.with_resources(
        (whole["$id"].rpartition("/")[0] + "/" + name, Resource.from_contents(content))
        for name, content in schemas.items()
        if ".SNAPSHOT." in name
    )
    validator = jsonschema.Draft7Validator(whole, registry=registry)
    document = bill(dist)
    assert [error.message for error in validator.iter_errors(document)] == []
    del document["components"][0]["type"]
    assert list(validator.iter_errors(document)), "the schema was read"


def test_the_bill_of_materials_names_what_is_inside(dist: Path, tool_wheel: Path) -> None:
    document = bill(dist)
    parts = {part["bom-ref"]: part for part in document["components"]}
    digest = hashlib.sha256(tool_wheel.read_bytes()).hexdigest()
    assert parts["npm:cytoscape"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert parts["pypi:hoistc"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    how = {
        ref.removeprefix("deb:"): {p["name"]: p["value"] for p in part["properties"]}["hoist:how"]
        for ref, part in parts.items()
        if ref.startswith("deb:")
    }
    linked = {name for name, kind in how.items() if kind == "linked"}
    headers = {name for name, kind in how.items() if kind == "headers"}
    assert {
        "libc6-dev",
        "libstdc++-12-dev",
        "libgcc-12-dev",
        "llvm-19-dev",
        "libcadical-dev",
        "libexpat1-dev",
    } <= linked
    assert {"libfmt-dev", "nlohmann-json3-dev", "libcli11-dev", "libtomlplusplus-dev"} <= headers
    assert not {"libgtest-dev", "libantlr4-runtime-dev"} & set(how), "the tests are not shipped"
    assert parts["pypi:apache-airflow"]["version"].startswith("3.3")
    assert parts["data:tzdata"]["version"]
    edges = {edge["ref"]: edge["dependsOn"] for edge in document["dependencies"]}
    assert set(edges["pypi:hoistc"]) == {f"deb:{name}" for name in how} | {
        "data:tzdata",
        "npm:cytoscape",
    }
    assert edges["hoist"] == ["pypi:hoistc", "pypi:hoist-airflow"]


def test_the_image_holds_the_tool_and_nothing_else(dist: Path, tmp_path: Path) -> None:
    buildah = shutil.which("buildah")
    assert buildah, "scripts/setup installs it"
    (context,) = (path for path in dist.glob("hoist-*") if path.is_dir())
    store = [
        "--root", tmp_path / "store", "--runroot", tmp_path / "run", "--storage-driver", "vfs",
    ]  # fmt: skip
    image = tmp_path / "image"
    build = [buildah, *store, "build", "--isolation", "chroot", "-q", "-t", f"oci:{image}:hoist"]
    done = subprocess.run(
        [*build, "-f", context / "Containerfile", context],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    def blob(descriptor: dict) -> bytes:
        return (image / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()

    (entry,) = json.loads((image / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(entry))
    config = json.loads(blob(manifest["config"]))["config"]
    assert config["Entrypoint"] == ["/usr/bin/hoist"]
    assert config["User"] == "65534:65534"
    files = []
    for number, layer in enumerate(manifest["layers"]):
        packed = tmp_path / f"{number}.tar"
        packed.write_bytes(blob(layer))
        with tarfile.open(packed) as archive:
            files += [m.name for m in archive.getmembers() if m.isfile()]
    assert files == ["usr/bin/hoist"]
