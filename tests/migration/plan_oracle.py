"""The same problems for OR-tools: CP-SAT finds optima, and a linear program with cuts bounds them."""

from __future__ import annotations

import heapq
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

Problem = dict[str, Any]
CUTS_PER_ROUND = 120


@dataclass
class Answer:
    """What CP-SAT says: `cut` None means that it has no plan; `isInfeasible`, that there is none."""

    cut: int | None
    bound: float
    is_infeasible: bool
    wave: list[int]


def cut_of(problem: Problem, wave: list[int]) -> int:
    """Return the weight of the nets that lie in several waves."""
    return sum(
        net["weight"] for net in problem["nets"] if len({wave[node] for node in net["nodes"]}) > 1
    )


class Waves:
    """The variables of a problem in CP-SAT, and its rules one by one."""

    def __init__(self, nodes: int, waves: int) -> None:
        self.model = cp_model.CpModel()
        self.waves = waves
        self.lies = [[self.model.new_bool_var("") for _ in range(waves)] for _ in range(nodes)]
        self.number = []
        for row in self.lies:
            self.model.add_exactly_one(row)
            place = self.model.new_int_var(0, waves - 1, "")
            self.model.add(place == sum(w * one for w, one in enumerate(row)))
            self.number.append(place)

    def together(self, rule: dict[str, Any]) -> None:
        for node in rule["nodes"][1:]:
            self.model.add(self.number[node] == self.number[rule["nodes"][0]])

    def window(self, rule: dict[str, Any]) -> None:
        closed = rule.get("closed", ())
        for w in range(self.waves):
            if w in closed or not rule["first"] <= w <= rule.get("last", self.waves):
                for node in rule["nodes"]:
                    self.model.add(self.lies[node][w] == 0)

    def capacity(self, rule: dict[str, Any]) -> None:
        pairs = list(zip(rule["nodes"], rule["amounts"], strict=True))
        for w in range(self.waves):
            self.model.add(sum(a * self.lies[node][w] for node, a in pairs) <= rule["limit"])

    def variety(self, rule: dict[str, Any]) -> None:
        labels = defaultdict(list)
        for node, label in zip(rule["nodes"], rule["labels"], strict=True):
            labels[label].append(node)
        for w in range(self.waves):
            present = []
            for owned in labels.values():
                one = self.model.new_bool_var("")
                for node in owned:
                    self.model.add_implication(self.lies[node][w], one)
                present.append(one)
            self.model.add(sum(present) <= rule["limit"])

    def order(self, rule: dict[str, Any]) -> None:
        for first in rule["nodes"]:
            for later in rule["later"]:
                self.model.add(self.number[first] + int(rule["strict"]) <= self.number[later])

    def cut(self, net: dict[str, Any]) -> cp_model.IntVar:
        """Return a variable that is true if the net lies in several waves."""
        one = self.model.new_bool_var("")
        first = self.lies[net["nodes"][0]]
        for node in net["nodes"][1:]:
            for here, there in zip(first, self.lies[node], strict=True):
                self.model.add_bool_or(one, there, ~here)
                self.model.add_bool_or(one, ~there, here)
        return one


def solve(
    problem: Problem,
    waves: int,
    seconds: float = 30,
    hint: list[int] | None = None,
    cuts: list[tuple[dict[int, int], int]] | None = None,
    skip: set[int] | None = None,
) -> Answer:
    """Solve with at most so many waves.

    `skip`: rules to leave out; `cuts`: sums of nets, each with the least that it can be.
    """
    active = [rule for at, rule in enumerate(problem["rules"]) if at not in (skip or set())]
    made = Waves(
        problem["nodes"], min([waves] + [r["limit"] for r in active if r["kind"] == "waves"])
    )
    for rule in active:
        if rule["kind"] != "waves":
            getattr(made, rule["kind"])(rule)
    is_cut = [made.cut(net) for net in problem["nets"]]
    for amounts, least in cuts or ():
        made.model.add(sum(a * is_cut[net] for net, a in amounts.items()) >= least)
    for node, at in enumerate(hint or ()):
        for w, one in enumerate(made.lies[node]):
            made.model.add_hint(one, at == w)
    made.model.minimize(
        sum(net["weight"] * one for net, one in zip(problem["nets"], is_cut, strict=True))
    )
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1 if problem["nodes"] < 50 else 2
    status = solver.solve(made.model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return Answer(
        round(solver.objective_value) if found else None,
        solver.best_objective_bound,
        status == cp_model.INFEASIBLE,
        [solver.value(place) for place in made.number] if found else [],
    )


def is_feasible(problem: Problem, waves: int, skip: set[int]) -> bool:
    """Return whether the rules that are not left out can be met."""
    bare = {**problem, "nets": []}
    answer = solve(bare, waves, skip=skip)
    assert answer.is_infeasible or answer.cut is not None, "CP-SAT did not decide a small problem"
    return not answer.is_infeasible


def lower_bound(
    problem: Problem, seconds: float = 60, rounds: int = 60
) -> tuple[float, list[tuple[dict[int, int], int]]]:
    """Return a lower bound of the cut, and the inequalities that give it.

    CP-SAT's own bound for partitioning is weak, as waves can be renamed. In every plan, the nodes that a
    node reaches over uncut nets fit into one wave. So for each root, each tree, and each capacity:
    what the tree holds, each node counted by the cuts on its path, is at least what does not fit (the
    "spreading metrics" of Even, Naor, Rao and Schieber). The trees are the shortest ones for the
    last answer of the linear program; it is solved again with those that it breaks most, until none
    is left or the time is over: every answer on the way is a bound.
    """
    began = time.monotonic()
    nets = problem["nets"]
    lp = pywraplp.Solver.CreateSolver("GLOP")
    cut = [lp.NumVar(0, 1, "") for _ in nets]
    lp.Minimize(sum(net["weight"] * one for net, one in zip(nets, cut, strict=True)))
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for at, net in enumerate(nets):
        for a in net["nodes"]:
            for b in net["nodes"]:
                if a != b:
                    near[a].append((b, at))
    capacities = [
        (dict(zip(rule["nodes"], rule["amounts"], strict=True)), rule["limit"])
        for rule in problem["rules"]
        if rule["kind"] == "capacity"
    ]
    found: list[tuple[dict[int, int], int]] = []
    bound = 0.0
    for _ in range(rounds):
        lp.Solve()
        bound = lp.Objective().Value()
        if time.monotonic() - began > seconds:
            break
        length = [max(0.0, one.solution_value()) for one in cut]
        worst: list[tuple[float, int, dict[int, int], int]] = []
        for root in range(problem["nodes"]):
            for amounts, limit in capacities:
                inequality = broken(root, amounts, limit, near, length)
                if inequality:
                    coefficients, least = inequality
                    short = 1 - sum(a * length[net] for net, a in coefficients.items()) / least
                    worst.append((-short, len(worst), coefficients, least))
        for _, _, coefficients, least in sorted(worst)[:CUTS_PER_ROUND]:
            row = lp.Constraint(least, lp.infinity())
            for net, amount in coefficients.items():
                row.SetCoefficient(cut[net], amount)
            found.append((coefficients, least))
        if not worst:
            break
    return bound, found


def broken(
    root: int,
    amounts: dict[int, int],
    limit: int,
    near: dict[int, list[tuple[int, int]]],
    length: list[float],
) -> tuple[dict[int, int], int] | None:
    """Return the inequality of this root that the lengths break most, if they break one."""
    distance = {root: 0.0}
    parent: dict[int, tuple[int, int]] = {}
    done: list[int] = []
    heap = [(0.0, root)]
    seen: set[int] = set()
    total, spread = 0, 0.0
    while heap:
        d, node = heapq.heappop(heap)
        if node in seen or d >= 1:
            continue
        seen.add(node)
        done.append(node)
        total += amounts.get(node, 0)
        spread += amounts.get(node, 0) * d
        for other, net in near[node]:
            if other not in seen and d + length[net] < distance.get(other, math.inf):
                distance[other] = d + length[net]
                parent[other] = (node, net)
                heapq.heappush(heap, (d + length[net], other))
    least = total - limit
    if least <= 0 or spread >= least - 1e-6:
        return None
    below = {node: amounts.get(node, 0) for node in done}
    coefficients: dict[int, int] = defaultdict(int)
    for node in reversed(done):
        if node != root:
            above, net = parent[node]
            below[above] += below[node]
            coefficients[net] += below[node]
    return {net: min(a, least) for net, a in coefficients.items() if a}, least
