"""Does `hoist verify` see an emitter that is wrong? Breaks one of its rules at a time.

`BROKEN` says which text of backend/airflow becomes which other one. For each row a compiler is built from a
copy of the sources (build/emitter; ccache makes it one or two files), and compiles the estates of score.py.
Some workflow of them must then be judged `different` by the compiler of this tree, whose `verify` shares no
code with the emitter. A row whose text is not there any more, or that changes no DAG, fails: it tests nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from score import _DAYS, _START, Estate, _stamp, estates

ROOT = Path(__file__).resolve().parents[2]
_COPIED = (
    "CMakeLists.txt",
    "CMakePresets.json",
    "grammar",
    "frontend",
    "analysis",
    "backend",
    "tests",
    "docs",
    "cmake",
)


@dataclass(frozen=True)
class Broken:
    """A rule of the emitter: `was` stands in `file` once."""

    name: str
    file: str
    was: str
    becomes: str


_CONDITION, _JOB, _SCHEDULE, _WORKFLOW = (
    "LowerCondition.cpp",
    "LowerJob.cpp",
    "LowerSchedule.cpp",
    "LowerWorkflow.cpp",
)
BROKEN = [
    Broken(
        "an OR waits for all", _CONDITION,
        "start.rule = TriggerRule::oneSuccess;\n    leavesTell = false;\n    return start;",
        "start.rule = TriggerRule::allSuccess;\n    leavesTell = false;\n    return start;",
    ),
    Broken(
        "a handler's gate waits for success", _CONDITION,
        "start.rule = TriggerRule::allDone;\n        start.when = expr;",
        "start.rule = TriggerRule::allSuccess;\n        start.when = expr;",
    ),
    Broken(
        "a gate joins by OR", _CONDITION,
        "start.rule = TriggerRule::allDone;\n        start.when = expr;",
        "start.rule = TriggerRule::allDone;\n        start.when = pool.any(operands);",
    ),
    Broken(
        "d() as all_done of jobs that may never run", _CONDITION,
        "facts.certain.contains(atom.job.value)", "atom.job.isValid()",
    ),
    Broken(
        "a look-back is left out", _CONDITION,
        'arguments.emplace_back("when", estate.conditions.print(when));\n        noteLedgerReads',
        "std::string text = estate.conditions.print(when);\n"
        'for (size_t at = 0; (at = text.find(", ")) != std::string::npos;)\n'
        "    text.erase(at, text.find(')', at) - at);\n"
        'arguments.emplace_back("when", Py(text));\n        noteLedgerReads',
    ),
    Broken(
        "a look-back on a member is an edge", _CONDITION,
        "return atom.scope.kind == ir::Scope::Kind::latched ||",
        "return atom.scope.kind != ir::Scope::Kind::anyOrderDate ||",
    ),
    Broken(
        "auto_hold is left out", _CONDITION, "if (onHold || autoHold) {", "if (onHold) {",
    ),
    Broken(
        "on ice reads true", _CONDITION,
        "result = pool.constant(reads);", "result = pool.constant(reads || true);",
    ),
    Broken(
        "a member's times are left out", _CONDITION,
        'more.emplace_back("ticks", scheduleExpression(schedule));', "",
    ),
    Broken("a run window is left out", _CONDITION, "addWindow(schedule, more);", ""),
    Broken(
        "an event-driven root has no condition", _CONDITION,
        "bool const hasGate = reads || !more.empty();",
        "bool const hasGate = (reads && !isRoot) || !more.empty();",
    ),
    Broken(
        "box_success and box_failure change places", _WORKFLOW,
        'fold == &group.success ? "success" : "failure"',
        'fold == &group.success ? "failure" : "success"',
    ),
    Broken(
        "box_terminator is left out", _WORKFLOW,
        "if (job.boxTerminator && *job.boxTerminator)", "if (job.boxTerminator && job.jobTerminator)",
    ),
    Broken(
        "no verdict", _WORKFLOW,
        "if (leavesTell && fold.empty() && !startsItself)", "if (fold.empty() && !startsItself)",
    ),
    Broken("members do not wait for the box's gate", _WORKFLOW, "if (!rootGate)", "if (!rootGate || true)"),
    Broken("16 runs at once", _WORKFLOW, "Py(overlaps ? 1000 : 1)", "Py(overlaps ? 1000 : 16)"),
    Broken(
        "days of the week from Monday on", _SCHEDULE,
        "if (*schedule.weekdays >> day & 1)", "if (*schedule.weekdays >> (day + 1) % 7 & 1)",
    ),
    Broken(
        "an hour late", _SCHEDULE,
        'return fmt::format("{:02}:{:02}", minute / 60, minute % 60);\n                               })));',
        'return fmt::format("{:02}:{:02}", (minute / 60 + 1) % 24, minute % 60);\n'
        "                               })));",
    ),
    Broken(
        "exclude_calendar is left out", _SCHEDULE,
        'if (!*name)\n            continue;', 'if (!*name || name == &schedule.excludeCalendar)\n            continue;',
    ),
    Broken(
        "everything in UTC", _SCHEDULE,
        'arguments.emplace_back("timezone", Py(zoneOf(schedule)));\n    if (named)',
        'arguments.emplace_back("timezone", Py("UTC"));\n    if (named)',
    ),
    Broken(
        "n_retrys counts the first try", _JOB,
        'arguments.emplace_back("retries", Py(retries));', 'arguments.emplace_back("retries", Py(retries - 1));',
    ),
    Broken(
        "term_run_time in seconds", _JOB,
        'arguments.emplace_back("term_run_time", Py(*job.termRunTime));',
        'arguments.emplace_back("term_run_time", Py(*job.termRunTime * 60));',
    ),
    Broken("fail_codes are success codes", _JOB, 'Py("fail: " +', 'Py("success: " +'),
    Broken("max_exit_success is left out", _JOB, "if (job.exitRule.max != 0)", "if (job.exitRule.max < 0)"),
    Broken("one slot of a pool", _JOB, "if (first.quantity != 1)", "if (first.quantity < 0)"),
    Broken("units are always freed", _JOB, "std::to_string(use.quantity), use.free)", "std::to_string(use.quantity), 'Y')"),
    Broken("priority the wrong way round", _JOB, "10000 - *job.priority", "*job.priority"),
    Broken("the first of several machines", _JOB, "if (real.size() == 1) {", "if (!real.empty()) {"),
    Broken("the owner with its host", _JOB, "job.owner->substr(0, job.owner->find('@'))", "*job.owner"),
    Broken("std_err_file is std_out_file", _JOB, '"std_err_file", action.stderrFile', '"std_err_file", action.stdoutFile'),
    Broken("must_complete is must_start", _JOB, '{"must_complete", &schedule.mustComplete}', '{"must_complete", &schedule.mustStart}'),
    Broken("ON_NOEXEC executes", _JOB, 'arguments.emplace_back("noexec", Py(true));', 'arguments.emplace_back("noexec", Py(false));'),
    Broken("a watcher takes any size", _JOB, "if (watch->minSize && *watch->minSize > 0)", "if (watch->minSize && *watch->minSize < 0)"),
]  # fmt: skip


def _copy(tree: Path) -> None:
    """The sources as they are. What has not changed keeps its time, what has is newer than any object."""
    for name in _COPIED:
        top = ROOT / name
        for one in [top] if top.is_file() else sorted(top.rglob("*")):
            target = tree / one.relative_to(ROOT)
            if one.is_file() and not (target.exists() and target.read_bytes() == one.read_bytes()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(one.read_bytes())


def _build(tree: Path, log: Path) -> Path:
    """The compiler of a tree, by the way of scripts/build."""
    script = f'cd "{tree}" && source "{ROOT}/scripts/lib/compile.sh" && compilePreset release --target hoist'
    environment = {**os.environ, "CCACHE_BASEDIR": str(tree)}
    with log.open("wb") as output:
        done = subprocess.run(
            ["bash", "-c", script], env=environment, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise SystemExit(f"{tree}: {log.read_text()[-3000:]}")
    return tree / "build/release/hoist"


def _compile(estate: Estate, compiler: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        [compiler, "build", *estate.paths, *estate.options, "-o", folder],
        capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1, 5):
        raise SystemExit(f"{estate.name}: {done.stderr[-2000:]}")


def _site(folder: Path) -> str:
    """What the runtime reads beside the DAGs."""
    manifest = json.loads((folder / "hoist.manifest.json").read_text())
    return json.dumps([manifest.get("alarms"), manifest.get("subscriptions")], sort_keys=True)


def _first_difference(estate: Estate, folder: Path, scratch: Path) -> str | None:
    from hoist_airflow import export

    estate.folder = folder
    document = export.export_dags(folder, _START, _DAYS)
    if document["import_errors"]:  # seen without `verify`
        raise SystemExit(f"{estate.name}: {document['import_errors']}")
    for name, one in estate.verify(document, scratch).items():
        if one["verdict"] == "different":
            told = one["differences"][0]
            return f"{estate.name}: {name}: {told['aspect']} {told['job']}: {told['consequence']}"
    return None


def run(work: Path, only: list[str] | None) -> int:
    """A line per rule; the number of those that `verify` does not see."""
    os.environ.setdefault("AIRFLOW_HOME", str(work / "airflow"))
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    tree = work / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    _copy(tree)
    given = [one for one in estates() if not one.name.startswith("traps/")]
    good = Path(os.environ.get("HOIST_BIN") or ROOT / "build/release/hoist")
    folder, correct = work / "broken", {}
    for estate in given:
        place = work / "good" / estate.name.replace("/", "-")
        _compile(estate, good, place)
        correct[estate.name] = (_stamp(place), _site(place))
    chosen = [one for one in BROKEN if not only or any(part in one.name for part in only)]
    missed = 0
    for rule in chosen:
        began = time.monotonic()
        source = tree / "backend/airflow" / rule.file
        text = (ROOT / "backend/airflow" / rule.file).read_text()
        if text.count(rule.was) != 1:
            raise SystemExit(
                f"{rule.name}: its text stands {text.count(rule.was)} times in {rule.file}"
            )
        source.write_text(text.replace(rule.was, rule.becomes))
        try:
            compiler = _build(tree, work / "build.log")
        finally:
            source.write_text(text)
        changed, shown = 0, None
        for estate in given:
            _compile(estate, compiler, folder)
            if (_stamp(folder), _site(folder)) == correct[estate.name]:
                continue
            changed += 1
            shown = _first_difference(estate, folder, work)
            if shown:
                break
        missed += shown is None
        word = "caught" if shown else "MISSED" if changed else "NO DAG CHANGES"
        seconds = time.monotonic() - began
        print(f"{word:<7} {rule.name} ({seconds:.0f} s): {shown or ''}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} broken rules of the emitter are caught")
    return missed
