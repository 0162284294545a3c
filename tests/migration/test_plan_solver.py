"""The wave solver against OR-tools: optima of small problems, feasibility, and the smallest conflicts."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import plan_estates as estates
import plan_oracle as oracle
import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = 40


@pytest.fixture(scope="module")
def plan():
    """Solve problems with the test program that the build makes."""
    binary = Path(os.environ.get("HOIST_SOLVE_PLAN", ROOT / "build/release/tests/solve_plan"))
    if not binary.exists():
        pytest.skip(f"{binary} is not built")

    def solve(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
        text = "".join(json.dumps(problem) + "\n" for problem in problems)
        done = subprocess.run([binary], input=text, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return solve


def test_small_problems_are_solved_to_the_optimum_or_refused_with_a_minimal_conflict(
    plan,
) -> None:
    problems = [estates.small(seed) for seed in range(SMALL)]
    answers = plan(problems)
    assert len(answers) == SMALL
    outcomes = {"planned": 0, "infeasible": 0}
    worse = 0
    for seed, (problem, answer) in enumerate(zip(problems, answers, strict=True)):
        outcomes[answer["outcome"]] += 1  # never undecided at this size
        if answer["outcome"] == "planned":
            assert answer["broken"] is None, f"seed {seed} breaks rule {answer['broken']}"
            best = oracle.solve(problem, answer["waves"])
            assert best.cut is not None
            assert answer["cut"] == oracle.cut_of(problem, answer["wave"]) >= best.cut
            worse += answer["cut"] > best.cut
            continue
        everything = set(range(len(problem["rules"])))
        core = set(answer["conflict"])
        # Without a rule about their number there may be as many waves as nodes, and a few more.
        waves = problem["nodes"] + 5
        assert core, f"seed {seed}"
        assert not oracle.is_feasible(problem, waves, skip=everything - core), f"seed {seed}"
        for rule in core:
            assert oracle.is_feasible(problem, waves, skip=everything - core | {rule}), (
                f"seed {seed}: rule {rule} is not needed"
            )
    assert outcomes["planned"] > SMALL // 4
    assert outcomes["infeasible"] > SMALL // 10
    assert worse == 0


def test_a_conflict_is_the_smallest_of_all_subsets(plan) -> None:
    """CP-SAT on every set of one rule fewer: whatever is smaller yet lies in one of them."""
    problems = [estates.contradictory(seed) for seed in range(60)]
    sizes: dict[int, int] = {}
    for seed, (problem, answer) in enumerate(zip(problems, plan(problems), strict=True)):
        if answer["outcome"] == "planned":
            continue
        core = answer["conflict"]
        everything = set(range(len(problem["rules"])))
        waves = problem["nodes"] + 6
        assert answer["outcome"] == "infeasible", f"seed {seed}"
        assert answer["smallest"], f"seed {seed}: not decided at this size"
        assert not oracle.is_feasible(problem, waves, skip=everything - set(core)), f"seed {seed}"
        for fewer in itertools.combinations(sorted(everything), len(core) - 1):
            assert oracle.is_feasible(problem, waves, skip=everything - set(fewer)), (
                f"seed {seed}: {fewer} conflict, which are fewer than {core}"
            )
        sizes[len(core)] = sizes.get(len(core), 0) + 1
    assert sum(sizes.values()) > 20, sizes
    assert len(sizes) > 2, f"conflicts of several sizes are needed: {sizes}"


def test_the_same_problem_has_the_same_plan(plan) -> None:
    problem = estates.estate(200, 1, 20)
    first, second = plan([problem, problem])
    assert first["wave"] == second["wave"]
    assert first["broken"] is None


def test_a_plan_before_is_kept_unless_leaving_it_pays(plan) -> None:
    problem = estates.estate(300, 2, 30)
    (first,) = plan([problem])
    again = {**problem, "previous": first["wave"], "keep_cost": 2}
    # One dependency in a hundred is another one.
    nets = [dict(net) for net in problem["nets"]]
    for at in range(0, len(nets), 100):
        nets[at]["nodes"] = sorted({nets[at]["nodes"][0], (nets[at]["nodes"][1] + 7) % 300})
    (second,) = plan([{**again, "nets": [net for net in nets if len(net["nodes"]) > 1]}])
    moved = sum(a != b for a, b in zip(first["wave"], second["wave"], strict=True))
    assert second["broken"] is None
    assert moved <= 300 // 20
    (same,) = plan([again])
    assert same["cut"] <= first["cut"]
    assert sum(a != b for a, b in zip(first["wave"], same["wave"], strict=True)) <= 300 // 50


def test_a_tight_packing_is_found(plan) -> None:
    # 6 waves of 100 jobs for 600 jobs in pieces of 60, 30 and 10: nothing may be wasted.
    amounts = [60] * 6 + [30] * 6 + [10] * 6
    nodes = list(range(18))
    problem = {
        "nodes": 18,
        "nets": [{"nodes": [a, a + 1], "weight": 1} for a in range(17)],
        "rules": [
            {"kind": "waves", "limit": 6},
            {"kind": "capacity", "nodes": nodes, "amounts": amounts, "limit": 100},
        ],
    }
    (answer,) = plan([problem])
    assert answer["outcome"] == "planned"
    assert answer["broken"] is None


def test_an_estate_is_near_the_best_that_or_tools_finds(plan) -> None:
    problem = estates.estate(150, 4, 25)
    (answer,) = plan([problem])
    best = oracle.solve(problem, answer["waves"], seconds=20, hint=answer["wave"])
    assert best.cut is not None
    # How far CP-SAT comes in 20 s depends on the machine: 5 % is what `scripts/bench-plan` asks.
    assert answer["cut"] <= max(best.cut * 1.05, best.cut + 2)
