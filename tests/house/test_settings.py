"""hoist.toml: the schema that is shipped says what the tool takes; `hoist config` says what holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/settings.schema.json").read_text(encoding="utf-8"))
ZONE = "Europe/Berlin"


def tables() -> dict[str, dict[str, Any]]:
    """Return each table of the schema with its keys; rows of arrays are tables too."""
    found = {"": SCHEMA["properties"]}
    waiting = list(SCHEMA["properties"].items())
    while waiting:
        name, content = waiting.pop()
        inner = content.get("items", content)
        if "properties" in inner:
            found[name] = inner["properties"]
            waiting += [(f"{name}.{key}", one) for key, one in inner["properties"].items()]
    return found


def has_rows(table: str) -> bool:
    """Return whether it is written `[[table]]`."""
    first, _, second = table.partition(".")
    content = SCHEMA["properties"].get(first, {})
    return "items" in (content["properties"][second] if second else content)


def is_date(content: dict[str, Any]) -> bool:
    """Return whether a TOML date is needed, which JSON has no type for."""
    return bool(content.get("description", "").startswith("A TOML date"))


OF_TYPE = {"boolean": ["true", "false"], "array": ['["x"]', "[]"], "object": ["{}"]}


def values(content: dict[str, Any]) -> list[str]:
    """Return TOML for values that the schema allows."""
    if is_date(content):
        return ["2027-01-31"]
    if "$ref" in content:
        is_zone = content["$ref"].endswith("/zone")
        return [f'"{ZONE}"'] if is_zone else ['["A00", "p", "ALL"]', "[]"]
    if "enum" in content:
        return [f'"{word}"' for word in content["enum"]]
    if "enum" in content.get("items", {}):
        return [f'["{word}"]' for word in content["items"]["enum"]] + ["[]"]
    if content.get("type") == "integer":
        return [str(content["minimum"]), str(content["maximum"])]
    is_time = "[0-5][0-9]" in content.get("pattern", "")
    return OF_TYPE.get(content.get("type", ""), ['"00:00"', '"23:59"'] if is_time else ['"x"'])


def keys() -> list[tuple[str, str]]:
    """Return (table, key) of all keys that hold a value."""
    return [
        (table, key)
        for table, content in tables().items()
        # Rows that need several keys are tried by the tests of what they are for.
        if table not in ("allow", "bridge") and "." not in table
        for key, one in content.items()
        if f"{table}.{key}" not in tables()
        and not (table == "" and (key in tables() or key == "defines"))
    ]


def settings(table: str, line: str) -> str:
    if (table, line[:3]) == ("plan", "end"):
        line += "\nstart = 2027-01-01"
    return (f"[[{table}]]\n" if has_rows(table) else f"[{table}]\n" if table else "") + line + "\n"


def config(hoist, tmp_path: Path, text: str, *options: str) -> Any:
    file = tmp_path / "hoist.toml"
    file.write_text(text, encoding="utf-8")
    return hoist("config", tmp_path, *options)


@pytest.mark.parametrize(("table", "key"), keys())
def test_what_the_schema_allows_is_taken_and_the_rest_refused(
    hoist, tmp_path: Path, table: str, key: str
) -> None:
    content = tables()[table][key]
    for value in values(content):
        text = settings(table, f"{key} = {value}")
        jsonschema.validate(tomllib.loads(text), SCHEMA)
        done = config(hoist, tmp_path, text)
        assert done.returncode == 0, text + done.stderr
    wrong = ["1.5", "[[1]]"]
    wrong += ['"no such word"'] if "enum" in content or content.get("type") == "boolean" else []
    wrong += ["-1", str(content["maximum"] + 1)] if content.get("type") == "integer" else []
    for value in wrong:
        text = settings(table, f"{key} = {value}")
        if not is_date(content):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(tomllib.loads(text), SCHEMA)
        done = config(hoist, tmp_path, text)
        assert done.returncode == 2, text
        assert "[C0007]" in done.stderr


@pytest.mark.parametrize("table", tables())
def test_the_tool_knows_the_keys_of_the_schema_and_no_others(
    hoist, tmp_path: Path, table: str
) -> None:
    done = config(hoist, tmp_path, settings(table, "zzzzzzzzzz = 1"))
    assert done.returncode == 2
    known = re.search(r"known keys: (.*)", done.stderr)
    assert known, done.stderr
    assert sorted(known[1].split(", ")) == sorted(tables()[table])


@pytest.mark.parametrize(
    "row",
    [
        'job = "J"\nadds = "X"',
        'job = "J"\non = "done"\ndeletes = "X"\ndate = "****"\nserver = "S"',
        'controlm = "F/J"\nas = "J^CTM"',
    ],
)
def test_rows_of_bridges_that_are_taken(hoist, tmp_path: Path, row: str) -> None:
    text = f"[[bridge]]\n{row}\n"
    jsonschema.validate(tomllib.loads(text), SCHEMA)
    done = config(hoist, tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert "1 row of [[bridge]]" in done.stdout


@pytest.mark.parametrize(
    ("row", "key", "why"),
    [
        ("", "bridge", "`job`, or `controlm` and `as` are needed"),
        ('job = "J"', "bridge", "one of `adds` and `deletes` is needed"),
        ('job = "J"\nadds = "X"\ndeletes = "Y"', "bridge", "one of `adds` and `deletes` is needed"),
        ('adds = "X"', "bridge", "`job` is needed beside `adds`"),
        ('controlm = "F/J"', "bridge", "`job`, or `controlm` and `as` are needed"),
        ('job = "J"\nadds = "X"\nas = "Y"', "bridge", "`job` and `controlm` are two kinds of rows"),
        ('controlm = "F/J"\nas = "Y"\non = "done"', "bridge", "`job` is needed beside `on`"),
        ('job = "J"\nadds = "X"\non = "end"', "bridge.on", "choose success"),
        ('job = "J"\nadds = "X"\ndate = "NEXT"', "bridge.date", "choose ODAT or STAT"),
        ('job = "J"\nadds = ""', "bridge.adds", "it must not be empty"),
    ],
)
def test_rows_of_bridges_that_are_refused(
    hoist, tmp_path: Path, row: str, key: str, why: str
) -> None:
    text = f"[[bridge]]\n{row}\n"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)
    done = config(hoist, tmp_path, text)
    assert done.returncode == 2, text
    assert "[C0007]" in done.stderr
    assert f"`{key}`" in done.stderr and why in done.stderr, done.stderr


def test_a_condition_is_not_added_for_every_date(hoist, tmp_path: Path) -> None:
    """The schema does not tell which of the two it is."""
    done = config(hoist, tmp_path, '[[bridge]]\njob = "J"\nadds = "X"\ndate = "****"\n')
    assert done.returncode == 2
    assert "CTM-012" in done.stderr


def test_the_settings_of_the_corpus_and_of_the_pages_fit_the_schema(hoist, tmp_path: Path) -> None:
    files = list((ROOT / "corpus").rglob("hoist.toml"))
    assert files
    for file in files:
        jsonschema.validate(tomllib.loads(file.read_text(encoding="utf-8")), SCHEMA)
    for name in ("C0006", "C0007"):
        page = (ROOT / f"docs/diagnostics/{name}.md").read_text(encoding="utf-8")
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(page.split("```toml\n")[1].split("```")[0]), SCHEMA)


def test_config_says_where_each_value_comes_from(hoist, tmp_path: Path) -> None:
    (tmp_path / "site.properties").write_text("# site\nA=1\n", encoding="utf-8")
    text = (
        f'[autosys]\ntimezone = "{ZONE}"\nretry_delay = 30\n\n'
        '[defines]\nB = "2"\n"odd name" = "3"\n'
        '[findings]\nignore = ["A0016"]\nfail_on = "warning"\nseverity = { a00 = "note" }\n'
        '[[rule]]\nmachine = "m"\n'
    )
    options = ("--properties", str(tmp_path / "site.properties"), "-D", "C=4", "--ignore", "P",
               "--cron-flavour", "cronie")  # fmt: skip
    done = config(hoist, tmp_path, text, *options, "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs/schemas/config.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)
    toml = f"{tmp_path}/hoist.toml"
    said = {one["key"]: (one["value"], one["origin"]) for one in document["settings"]}
    assert said["timezone"] == (ZONE, f"{toml}:2")
    assert said["autosys.retry_delay"] == (30, f"{toml}:3")
    assert said["autosys.last_insert_wins"] == (False, "default")
    assert said["cron.flavour"] == ("cronie", "--cron-flavour")
    assert said["findings.ignore"] == (["A0016", "P"], f"{toml}:9, --ignore")
    assert said["findings.severity.A00"] == ("note", f"{toml}:11")
    assert said["findings.fail_on"] == ("warning", f"{toml}:10")
    assert said["findings.baseline"] == (None, "default")
    assert said["defines.A"] == ("1", f"{tmp_path}/site.properties:2")
    assert said["defines.B"] == ("2", f"{toml}:6")
    assert said["defines.C"] == ("4", "-D")
    assert document["rows"] == [{"table": "rule", "origin": f"{toml}:12"}]
    # As text it is TOML that says the same.
    plain = config(hoist, tmp_path, text, *options).stdout
    again = tomllib.loads(plain)
    jsonschema.validate(again, SCHEMA)
    assert again["defines"] == {"A": "1", "B": "2", "C": "4", "odd name": "3"}
    assert again["findings"]["severity"] == {"A00": "note"}


def test_config_lists_every_key_with_the_default_of_the_schema(hoist, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    done = hoist("config", tmp_path, "--format", "json")
    said = {one["key"]: one["value"] for one in json.loads(done.stdout)["settings"]}
    expected = {}
    for table, key in keys():
        content = tables()[table][key]
        if table == "rule" or (table, key) == ("autosys", "timezone"):
            continue
        if content.get("type") == "object":  # names of the site's own: there are none yet
            continue
        default = content.get(
            "default", SCHEMA["$defs"]["zone"]["default"] if key == "timezone" else None
        )
        expected[f"{table}.{key}" if table else key] = default
    assert said == expected
