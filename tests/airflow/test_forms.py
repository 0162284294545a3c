"""`exact` counts only for a form that has been executed: each such form names the scenario that Airflow runs for it.

A form is what the manifest and `hoist coverage` say a construct became (`edge all_done`, `gate`, `pool`). A file of
tests/conformance claims forms with `@form`, which holds only if a DAG that this file has really played shows the form
as exact; other executed tests stand in ELSEWHERE. Here nothing runs: every form that any estate of the repository, or
the lowering's source, can call exact must be claimed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from compiled import ROOT, compile_estate

from conformance import steps_of

# Executed by these tests instead.
ELSEWHERE = {
    "term_run_time": "tests/airflow/test_jobs.py::test_v10_termination_is_never_retried",
    "site operator": "tests/airflow/test_jobs.py::test_legacy_wraps_an_airflow_operator",
    "pool": "tests/airflow/test_pools.py::test_units_of_a_resource_are_slots_of_its_pool",
    "priority_weight": "tests/airflow/test_pools.py::test_a_low_priority_number_is_urgent",
    "paused": "tests/airflow/test_pools.py::test_a_top_level_box_on_ice_is_paused",
    "timetable crontab": "tests/airflow/test_scheduler_ticks.py::test_jil006_tr51_runs_of_a_late_and_a_busy_scheduler",
    "stdin": "backend/hoist_airflow/tests/test_local.py::test_standard_input",
    "owner_user": "backend/hoist_airflow/tests/test_local.py::test_root_becomes_the_owner",
    "shell": "tests/airflow/test_jobs.py::test_text_reaches_the_shell_byte_for_byte",
    "connections.json": "backend/hoist_airflow/tests/test_ssh.py",
    "command line": "tests/airflow/test_controlm.py::test_a_folder_runs_in_real_airflow",
    "script": "tests/airflow/test_controlm.py::test_a_folder_runs_in_real_airflow",
    "variable": "tests/airflow/test_controlm.py::test_a_folder_runs_in_real_airflow",
    "variable set at submission": "tests/airflow/test_controlm.py::test_ctm100_variables_of_orders_folders_and_the_server_in_real_airflow",
    "variable set by a rule": "tests/airflow/test_controlm.py::test_ctm100_variables_of_orders_folders_and_the_server_in_real_airflow",
    "empty script": "tests/airflow/test_controlm.py::test_commands_scripts_and_operators_of_the_site_in_real_airflow",
    "script in the definition": "tests/airflow/test_controlm.py::test_commands_scripts_and_operators_of_the_site_in_real_airflow",
    "query": "tests/airflow/test_plug_ins.py::test_ctm125_a_query_in_a_real_database",
    "file watcher of an order": "tests/airflow/test_plug_ins.py::test_ctm120_watchers_wait_for_real_files",
    "confirmation": "tests/airflow/test_controlm.py::test_ctm004_a_job_waits_for_the_confirmation_of_one_order",
    "dummy": "tests/airflow/test_controlm.py::test_a_folder_runs_in_real_airflow",
    "order": "tests/airflow/test_controlm.py::test_tr30_a_time_before_new_day_and_a_weekday_are_those_of_the_order_date",
    "submission window": "tests/airflow/test_controlm.py::test_tr37_the_last_time_to_start_is_no_failure",
    "removal at New Day": "tests/airflow/test_controlm.py::test_tr33_c5_maxwait_is_how_long_it_waits",
    "edge of a fact": "tests/airflow/test_controlm.py::test_ctm019_the_sole_consumer_that_deletes_is_an_edge",
    "fact wait": "tests/airflow/test_controlm.py::test_tr31_facts_are_no_edges",
    "fact change": "tests/airflow/test_controlm.py::test_tr31_facts_are_no_edges",
    "rule of an end": "tests/airflow/test_controlm.py::test_tr36_c9_rules_decide_the_verdict_before_dependents",
    "pool of units": "tests/airflow/test_controlm.py::test_ctm080_units_are_slots_that_a_waiting_task_leaves",
    "pool of a lock": "tests/airflow/test_controlm.py::test_ctm081_who_shares_a_lock_excludes_only_who_excludes_others",
    "time of a User Daily": "tests/airflow/test_controlm.py::test_ctm006_a_user_daily_orders_at_its_time",
    "claim of an order": "tests/airflow/test_controlm.py::test_ctm080_several_resources_are_taken_at_once_or_not_at_all",
    "adjusted waits": "tests/airflow/test_controlm.py::test_ctm092_waits_for_what_is_not_ordered",
    "end of a folder": "tests/airflow/test_controlm.py::test_ctm091_a_job_ends_its_folder",
    "time zone": "tests/airflow/test_controlm.py::test_ctm055_a_zone_has_its_own_days",
    "made-up order dates": "tests/airflow/test_orders.py::test_ctm047_a_missed_day_is_made_up_for_where_retro_says_so",
    "cycle": "tests/airflow/test_controlm.py::test_tr34_a_cyclic_job_is_one_task_that_runs_again",
    "message": "tests/airflow/test_controlm.py::test_ctm078_messages_are_rows_of_the_ledger_in_real_airflow",
    "message at a time": "tests/airflow/test_controlm.py::test_ctm078_messages_are_rows_of_the_ledger_in_real_airflow",
    "ledger instance": "backend/hoist_airflow/tests/test_conditions.py",
}
# Exact because there is nothing to execute: text, labels, and statements that only change other statements.
INERT = {
    "box deleted", "carried", "deleted", "description", "documentation", "folded", "job type", "machine type",
    "manual", "no effect", "no mail", "no such object", "no ticks", "none", "override removed", "overruled", "reset",
    "resource type", "superseded", "tag",
}  # fmt: skip
CASES = sorted((ROOT / "tests" / "conformance").glob("*.jil"))


def claimed() -> dict[str, list[str]]:
    """Form -> the conformance files that claim it, after having played a DAG."""
    found: dict[str, list[str]] = {}
    for case in CASES:
        played = False
        for step in steps_of(case.read_text()):
            played |= step[0] in ("run", "ticks")
            if step[0] == "form":
                assert played, f"{case.name}: @form before anything is played"
                found.setdefault(" ".join(step[1:]).strip('"'), []).append(case.name)
    return found


def is_inert(form: str) -> bool:
    return form in INERT or form.startswith("none:")


def exact_forms(folder: Path) -> set[str]:
    """The forms that a manifest calls exact."""
    manifest = json.loads((folder / "hoist.manifest.json").read_text())
    rows = [row for dag in manifest["dags"] for row in dag["objects"]] + [manifest["other"]]
    return {c[2] for row in rows for c in row["constructs"] if c[3] == "exact"}


def missing(forms: set[str]) -> list[str]:
    known = claimed()
    return sorted(f for f in forms if f not in known and f not in ELSEWHERE and not is_inert(f))


def test_every_exact_form_of_every_estate_has_an_executed_scenario(tmp_path: Path) -> None:
    """The estates of corpus/, the conformance files and the cases of the lowering's own tests."""
    config = ["--properties", ROOT / "corpus" / "bank_night" / "env.properties"]
    estates = [(ROOT / "corpus" / "bank_night", config), (ROOT / "corpus" / "coverage", [])]
    cases = sorted((ROOT / "tests" / "airflow_backend" / "cases").glob("*.jil"))
    estates += [(case, ["-D", "RUN=x"]) for case in (*CASES, *cases)]
    forms: set[str] = set()
    for number, (estate, options) in enumerate(estates):
        compiled = compile_estate(estate, out=tmp_path / str(number), options=options)
        forms |= exact_forms(compiled.folder)
    assert len(forms) > 30
    assert missing(forms) == []


def test_every_exact_form_of_the_source_has_an_executed_scenario() -> None:
    """Also those that no estate of the repository shows: the literals in the lowering itself."""
    forms: set[str] = set()
    for path in sorted((ROOT / "backend" / "airflow").glob("*.cpp")):
        for statement in re.split(r"[;{}]", re.sub(r"//.*", "", path.read_text())):
            if re.search(r"Fidelity::(approximated|dropped|refused)", statement):
                continue
            if re.search(r"\bexact\(|\bsettle\w*\(", statement):
                forms |= set(re.findall(r'"([^"\\]*)"', statement))
            forms |= set(re.findall(r'return "((?:edge|gate)[^"]*)"', statement))
    assert len(forms) > 30
    # What is no form by itself: the default of a switch that names all rules.
    assert missing(forms - {"edge"}) == []


@pytest.mark.parametrize("form", sorted(ELSEWHERE))
def test_the_other_scenarios_exist(form: str) -> None:
    path, _, name = ELSEWHERE[form].partition("::")
    text = (ROOT / path).read_text()
    assert not name or f"def {name}(" in text, ELSEWHERE[form]


def test_a_form_that_nothing_executes_is_missing() -> None:
    """The check itself can fail."""
    assert missing({"edge all_success", "edge by telepathy", "none: JIL-000"}) == [
        "edge by telepathy"
    ]
