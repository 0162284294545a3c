"""Files that a command writes, as the map reads them from its text: a shell judges."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

# Each with the files that the map sees in it; D stands for a folder.
COMMANDS = [
    ("echo a > D/a", {"a"}),
    ("echo a >> D/a", {"a"}),
    ("echo a >D/a 2>D/b", {"a", "b"}),
    ("echo a 1>D/a 2>&1", {"a"}),
    ("echo a >| D/a", {"a"}),
    ("echo a | tee D/a D/b", {"a", "b"}),
    ("echo a | tee -a D/a > /dev/null", {"a"}),
    ("touch D/a", {"a"}),
    ("touch 'D/a' \"D/b\" D/'c'\"d\"\\e", {"a", "b", "cde"}),
    ("touch -d 2020-01-01 D/a", {"a"}),
    ("touch -r D -m D/a", {"a"}),
    ("true && touch D/a; : > D/b", {"a", "b"}),
    ("if true; then touch D/a; fi", {"a"}),
    ("for x in 1 2; do echo $x >> D/a; done", {"a"}),
    ("{ echo a; echo b; } > D/a", {"a"}),
    ("(echo a) > D/a", {"a"}),
    ("X=1 touch D/a", {"a"}),
    ("exec > D/a; echo x", {"a"}),
    ("echo $(date +%F) `date` > D/a", {"a"}),
    ("cat <> D/a", {"a"}),
    ("echo a \\\n > D/a", {"a"}),
    ("echo a > D/a # > D/b", {"a"}),
    # Nothing is written, or not what it looks like.
    ("echo '> D/a' \"> D/b\" \\> D/c", set()),
    ("touch -c D/a", set()),
    ("touch --no-create D/a", set()),
    ("echo touch D/a tee D/b", set()),
    ("test -f D/a && cat < D/a", set()),
    ("echo a 2>&1", set()),
    ("echo 'x' > D/$UNSET/a/ 2>/dev/null", set()),
    # Written, and more than the text is certain of.
    ("cd D && touch a", set()),
    ("sh -c 'touch D/a'", set()),
    ("X=a; touch D/$X", set()),
    ("touch D/a*", set()),
    ("cat > D/a <<E\nx > D/b\nE", {"a"}),
    ("cp /etc/passwd D/a", set()),
]  # fmt: skip


@pytest.mark.parametrize(("command", "seen"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_what_the_map_sees_a_shell_writes(
    hoist, tmp_path: Path, command: str, seen: set[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "estate").mkdir()
    # A crontab would take line breaks away; JIL keeps what stands in the value.
    line = command.replace("D", str(out))
    value = line.replace("\\\n", "").replace("\n", "; ") if "<<" not in line else line
    if "\n" in value:
        value = value.split("\n")[0]
    (tmp_path / "estate/a.jil").write_text(
        f"insert_job: W  job_type: c\nmachine: m\ncommand: {value}\n"
        f"insert_job: F  job_type: f\nmachine: m\nwatch_file: {out}/*\n"
    )
    document = json.loads(hoist("map", tmp_path / "estate", "--format", "json").stdout)
    files = {
        Path(edge["object"]).name for edge in document["dependencies"] if edge["kind"] == "file"
    }
    assert files == seen
    assert all(e["strength"] == "soft" for e in document["dependencies"] if e["kind"] == "file")
    subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    written = {path.name for path in out.iterdir()}
    assert files <= written, "the map claims what the shell does not do"


def test_a_crontab_entry_writes_what_a_jil_watcher_waits_for(hoist, tmp_path: Path) -> None:
    (tmp_path / "a.jil").write_text(
        "insert_job: W  job_type: f\nmachine: m\nwatch_file: /data/in.ok\n", encoding="utf-8"
    )
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "cron.d/batch").write_text(
        "0 5 * * * root fetch.sh > /data/in.csv && touch /data/in.ok\n", encoding="utf-8"
    )
    document = json.loads(hoist("map", tmp_path, "--format", "json").stdout)
    (edge,) = document["dependencies"]
    assert (edge["kind"], edge["strength"], edge["object"]) == ("file", "soft", "/data/in.ok")
    assert edge["crosses_workflows"]
