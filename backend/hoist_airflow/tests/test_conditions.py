"""JIL-062 to JIL-077: the condition language, its parser's errors, and every truth table."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from hoist_airflow import conditions
from hoist_airflow.conditions import ConditionSyntaxError, FixedSnapshot, parse
from hoist_airflow.ledger import status as st

DAY = datetime(2026, 3, 2, tzinfo=timezone.utc)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


@dataclass
class State:
    status: str
    status_at: datetime | None = None
    last_end: datetime | None = None
    exit_code: int | None = None


def ended(status: str, hour: float, code: int | None = None) -> State:
    return State(status, at(hour), at(hour), code)


def holds(
    text: str, jobs: dict[str, State] | None = None, *, now: float = 12, **variables: str
) -> bool:
    return parse(text).evaluate(FixedSnapshot(jobs or {}, variables), "B", at(now))


# JIL-063, one row a status: s f t d n
TABLE = {
    "INACTIVE": "....n", "ACTIVATED": "....n", "STARTING": ".....", "RUNNING": ".....",
    "SUCCESS": "s..dn", "FAILURE": ".f.dn", "TERMINATED": "..tdn", "ON_HOLD": "....n",
    "ON_NOEXEC": "....n", "QUE_WAIT": "....n", "RESWAIT": "....n", "PEND_MACH": "....n",
    "RESTART": ".....", "WAIT_REPLY": ".....", "SUSPENDED": ".....",
    "ON_ICE": "s..dn",  # JIL-074, without look-back
}  # fmt: skip


def test_jil_063_table_names_every_status() -> None:
    assert set(TABLE) == set(st.ALL)


@pytest.mark.parametrize("status", TABLE)
def test_jil_063_status_atoms(status: str) -> None:
    job = {"A": State(status, at(9), at(9))}
    assert "".join(f if holds(f"{f}(A)", job) else "." for f in "sftdn") == TABLE[status]


@pytest.mark.parametrize("fn", "sftdn")
@pytest.mark.parametrize("lookback", ["0", "00.15", "9999"])
def test_jil_074_on_ice_any_lookback_is_true(fn: str, lookback: str) -> None:
    assert holds(f"{fn}(A,{lookback})", {"A": ended("ON_ICE", 1), "B": ended("SUCCESS", 11)})


def test_jil_074_on_ice_exit_code() -> None:
    iced = {"A": ended("ON_ICE", 1, 0)}
    assert not holds("e(A) = 0", iced)
    assert holds("e(A, 1) = 5", iced)


def test_jil_074_ice_of_another_instance_reads_success_with_its_own_time() -> None:
    iced = {"A^PRD": ended("ON_ICE", 1)}
    assert holds("s(A^PRD)", iced)
    assert not holds("s(A^PRD, 2)", iced)
    assert not holds("f(A^PRD, 0)", iced)


@pytest.mark.parametrize(
    ("text", "jobs", "expected"),
    [
        ("s(A,0)", {"A": ended("SUCCESS", 9), "B": ended("SUCCESS", 10)}, False),
        ("s(A,0)", {"A": ended("SUCCESS", 11), "B": ended("SUCCESS", 10)}, True),
        ("s(A,0)", {"A": ended("SUCCESS", 10), "B": ended("SUCCESS", 10)}, True),
        ("s(A,0)", {"A": ended("SUCCESS", 9)}, True),  # B never ended: no anchor
        ("s(A,02.00)", {"A": ended("SUCCESS", 9)}, False),
        ("s(A,04.00)", {"A": ended("SUCCESS", 9)}, True),
        ("s(A,03.00)", {"A": ended("SUCCESS", 9)}, True),  # the limit is inside
        ("s(A,02.59)", {"A": ended("SUCCESS", 9)}, False),
        ("s(A)", {"A": ended("SUCCESS", -24 * 21)}, True),
        ("s(A,9999)", {"A": ended("SUCCESS", -24 * 500)}, True),
        ("s(A,9998)", {"A": ended("SUCCESS", -24 * 500)}, False),
        ("n(A)", {"A": State("INACTIVE")}, True),
        ("n(A)", {"A": State("QUE_WAIT", at(9))}, True),
        ("d(A)", {"A": State("QUE_WAIT", at(9))}, False),
        ("s(A,0)", {"A": ended("ON_ICE", 9), "B": ended("SUCCESS", 10)}, True),
        ("f(A)", {"A": ended("ON_ICE", 9)}, False),
        ("s(B,0)", {"B": ended("SUCCESS", 10)}, True),  # JIL-077: itself
    ],
)
def test_jil_070_071_072_examples(text: str, jobs: dict[str, State], expected: bool) -> None:
    assert holds(text, jobs) is expected


def test_jil_070_window_counts_the_last_transition_and_zero_the_last_end() -> None:
    restarted = {"A": State("SUCCESS", at(11), at(1)), "B": ended("SUCCESS", 5)}
    assert holds("s(A,2)", restarted)
    assert not holds("s(A,0)", restarted)


@pytest.mark.parametrize("atom", ["s(X)", "f(X)", "t(X)", "d(X)", "n(X)", "e(X) != 5", "s(X,0)"])
def test_jil_066_an_undefined_job_is_false_for_every_atom(atom: str) -> None:
    assert not holds(atom)
    assert not holds(f"{atom} | false")


@pytest.mark.parametrize("relop", ["=", "!=", "<", ">", "<=", ">="])
def test_jil_067_a_job_that_never_ran_has_no_exit_code(relop: str) -> None:
    assert not holds(f"e(A) {relop} 3", {"A": State("INACTIVE")})


@pytest.mark.parametrize(
    ("relop", "true_for"),
    [("=", {3}), ("!=", {2, 4}), ("<", {2}), (">", {4}), ("<=", {2, 3}), (">=", {3, 4})],
)
def test_jil_067_exit_code_comparison(relop: str, true_for: set[int]) -> None:
    found = {c for c in (2, 3, 4) if holds(f"e(A) {relop} 3", {"A": ended("FAILURE", 9, c)})}
    assert found == true_for


@pytest.mark.parametrize(
    ("value", "test", "expected"),
    [
        ("10", "> 9", True),  # numbers
        ("10", "> 9x", False),  # text
        ("Y", '= "Y"', True),
        ("Y", "= y", False),
        ("", '= ""', True),
        ("a b", '= "a b"', True),
        ('q"\\', '= "q\\"\\\\"', True),
        ("-1", "< 0", True),
        ("007", "= 7", True),
    ],
)
def test_jil_068_variables(value: str, test: str, expected: bool) -> None:
    assert holds(f"v(G) {test}", G=value) is expected


@pytest.mark.parametrize("relop", ["=", "!=", "<", ">", "<=", ">="])
def test_jil_068_a_missing_variable_is_false(relop: str) -> None:
    assert not holds(f"v(G) {relop} x")


def test_v1_jil_062_left_to_right_as_the_compiler_prints_it() -> None:
    state = {"a": ended("SUCCESS", 1), "c": ended("FAILURE", 1)}
    assert not holds("(s(a) | s(b)) & s(c)", state)
    assert holds("s(a) | (s(b) & s(c))", state)


def test_names_with_odd_characters() -> None:
    key = 'a:b "c"\n(ü)^x'
    text = f"s({conditions.name_text(key)})"
    assert parse(text).jobs == (key,)
    assert parse(r"s(A\:1^P\ 2)").jobs == ("A:1^P 2",)
    assert parse("s(CAFÉ)").jobs == ("CAFÉ",)  # as the compiler prints it


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "expected an atom"),
        ("s(a) & f(b) | s(c)", 12, "mixed"),
        ("(s(a)", 0, "not closed"),
        ("s(a))", 4, "without"),
        ("s(a) s(b)", 5, "expected `&`"),
        ("x(a)", 0, "unknown function"),
        ("s(a,.30)", 4, "look-back"),
        ("s(a,00.60)", 4, "look-back"),
        ("s(a,123456)", 4, "look-back"),
        ("v(a,0) = 1", 3, "no look-back"),  # JIL-073
        ("e(a) = x", 7, "integer"),
        ("e(a)", 4, "comparison"),
        ("v(a) =", 6, "value"),
        ("s()", 2, "name"),
        ("s(a", 3, "expected `)`"),
        ("s(a) &", 6, "expected an atom"),
    ],
)
def test_syntax_errors_tell_the_offset(text: str, offset: int, message: str) -> None:
    with pytest.raises(ConditionSyntaxError, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.offset == offset


def test_depth_is_a_limit_and_no_crash() -> None:
    deep = "(" * 1000 + "s(a)" + ")" * 1000
    assert holds(deep, {"a": ended("SUCCESS", 1)})
    with pytest.raises(ConditionSyntaxError, match="deeper than 1000"):
        parse("(" + deep + ")")


def test_truncation_at_every_byte_is_an_error_or_a_condition() -> None:
    text = r'((s(a,01.30) & e(b^I) >= -2) | (v(G) = "x\"y" & n(c\:d)))'
    parse(text)
    for length in range(len(text)):
        with pytest.raises(ConditionSyntaxError):
            parse(text[:length])


def test_can_become_true_takes_the_unsettled_as_open() -> None:
    snapshot = FixedSnapshot({"a": ended("SUCCESS", 1), "b": State("ACTIVATED")}, {})

    def open_for(text: str, *settled: str) -> bool:
        return parse(text).can_become_true(snapshot, None, at(12), lambda job: job in settled)

    assert not open_for("f(a)", "a")
    assert open_for("f(a) | s(b)", "a")
    assert not open_for("f(a) & s(b)", "a")
    assert not open_for("f(a) | s(b)", "a", "b")
    assert open_for("f(a) | v(G) = 1", "a")
    assert not open_for("f(a) & v(G) = 1", "a")


def test_conditions_work_without_airflow() -> None:
    code = (
        "import sys; sys.modules['airflow'] = None\n"
        "import hoist_airflow.conditions, hoist_airflow.ledger, hoist_airflow.decision\n"
        "assert not any(m.startswith('airflow') and sys.modules[m] for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("fact(X)", None),
        ("fact(Y)", "fact(Y)"),
        ("fact(X) & fact(Y)", "fact(Y)"),
        ("fact(X) | fact(Y)", "(fact(X) | fact(Y))"),  # where it is true it counts
        ("(fact(X) & fact(X, no date)) | fact(Y)", "(fact(X, no date) | fact(Y))"),
        ("fact(X) & (fact(X) | fact(X))", None),
        (
            r"fact(A\ B^S\(1\), order date -12) & true",
            r"(fact(A\ B^S\(1\), order date -12) & true)",
        ),
    ],
)
def test_ctm092_a_wait_that_is_dropped(text: str, left: str | None) -> None:
    def text_of(atom: conditions.FactAtom) -> str | None:
        return None if atom == conditions.FactAtom("X") else str(atom)

    rewritten = conditions.parse(text).rewritten(text_of)
    assert rewritten == left
    if rewritten is not None:
        conditions.parse(rewritten)
