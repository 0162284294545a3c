"""What hoist writes for machines is valid: SARIF by its official schema, the manifest by ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]


def errors(schema: Path, document: Any) -> list[str]:
    """Return what the schema has to say against the document, with the place of each complaint."""
    content = json.loads(schema.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(content)
    kind.check_schema(content)
    found = kind(content).iter_errors(document)
    return [f"{error.json_path}: {error.message[:300]}" for error in found][:20]


def test_sarif_is_valid_with_relative_uris_and_fingerprints(
    hoist, estate: Path, tmp_path: Path
) -> None:
    file = tmp_path / "findings.sarif"
    done = hoist("check", estate.relative_to(ROOT), "--output", f"sarif={file}")
    assert done.returncode in (0, 1), done.stderr
    log = json.loads(file.read_text(encoding="utf-8"))
    assert errors(ROOT / "tests/schemas/sarif-2.1.0.json", log) == []
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["partialFingerprints"]
        for location in result.get("locations", []):
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert not uri.startswith(("/", "file:")), uri


def test_findings_as_json_parse_and_two_formats_come_at_once(
    hoist, estate: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.sarif"
    path = estate.relative_to(ROOT)
    hoist("check", path, "--output", f"json={first}", "--output", f"sarif={second}")
    json.loads(first.read_text(encoding="utf-8"))
    json.loads(second.read_text(encoding="utf-8"))


def test_the_manifest_is_valid_and_complete(hoist, estate: Path, tmp_path: Path) -> None:
    output = tmp_path / "dags"
    done = hoist("build", estate.relative_to(ROOT), "-o", output)
    assert done.returncode in (0, 1, 5), done.stderr
    manifest = json.loads((output / "hoist.manifest.json").read_text(encoding="utf-8"))
    assert errors(ROOT / "docs/schemas/manifest.schema.json", manifest) == []
    written = {file.name for file in output.iterdir() if file.name != "hoist.manifest.json"}
    assert written == set(manifest["files"])
    assert {dag["file"] for dag in manifest["dags"]} <= written


def test_two_builds_give_the_same_bytes(hoist, estate: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "one", tmp_path / "two"]
    for output in outputs:
        hoist("build", estate.relative_to(ROOT), "-o", output)
    one, two = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in outputs)
    assert one == two


@pytest.mark.parametrize("wrong", [{}, {"version": 2}, {"version": 1, "files": {"a": "b"}}])
def test_the_schema_of_the_manifest_refuses(wrong: dict[str, Any]) -> None:
    assert errors(ROOT / "docs/schemas/manifest.schema.json", wrong)
