"""Abstract planning problems for tests and benchmarks: what waves look like without definitions.

A problem is the JSON document that the test program `solve_plan` reads: nodes (workflows), nets (what
costs bridges when it is cut), rules (constraints).
"""

from __future__ import annotations

import random
from typing import Any

Problem = dict[str, Any]


def estate(workflows: int, seed: int, wave_size: int) -> Problem:
    """Return a problem shaped like a bank's estate.

    Applications of 3 to 60 workflows; a workflow waits for one or two earlier ones of its application,
    and one in eight also for one of another application, mostly of a few that everybody waits for
    (reference data, end of day). A dependency costs one bridge for each producing job, mostly one. A few
    resources are shared. Jobs per workflow are skewed: most have few, some have hundreds.
    """
    draw = random.Random(f"{workflows}/{seed}")
    applications: list[list[int]] = []
    node = 0
    while node < workflows:
        size = min(workflows - node, 3 + min(57, int(draw.expovariate(1 / 14))))
        applications.append(list(range(node, node + size)))
        node += size
    weights: dict[tuple[int, int], int] = {}

    def depend(first: int, second: int) -> None:
        if first != second:
            key = (min(first, second), max(first, second))
            weights[key] = weights.get(key, 0) + draw.choice((1, 1, 1, 1, 2, 3))

    hubs = draw.sample(range(workflows), max(2, workflows // 60))
    for members in applications:
        for place, each in enumerate(members):
            if place:
                depend(each, members[draw.randrange(max(0, place - 6), place)])
                if draw.random() < 0.4:
                    depend(each, members[draw.randrange(place)])
            if draw.random() < 0.125:
                depend(
                    each,
                    draw.choice(hubs) if draw.random() < 0.4 else draw.randrange(workflows),
                )
    nets = [{"nodes": list(pair), "weight": weight} for pair, weight in sorted(weights.items())]
    for _ in range(workflows // 100):
        members = draw.choice(applications)
        sharers = sorted(draw.sample(members, min(len(members), draw.randint(2, 6))))
        if len(sharers) > 1:
            nets.append({"nodes": sharers, "weight": 1})
    jobs = [1 + min(300, int(draw.paretovariate(1.1))) for _ in range(workflows)]
    everyone = list(range(workflows))
    rules: list[dict[str, Any]] = [
        {"kind": "capacity", "nodes": everyone, "amounts": [1] * workflows, "limit": wave_size},
        {"kind": "capacity", "nodes": everyone, "amounts": jobs,
         "limit": max(*jobs, sum(jobs) * wave_size * 5 // (workflows * 4))},
    ]  # fmt: skip
    return {"nodes": workflows, "nets": nets, "rules": rules}


def definitions(problem: Problem) -> str:
    """Return JIL with these workflows: a box each, whose start waits for jobs of those it depends on."""
    producers: dict[int, list[str]] = {node: [] for node in range(problem["nodes"])}
    resources: dict[int, list[str]] = {node: [] for node in range(problem["nodes"])}
    out = ["insert_machine: host  type: a\n"]
    for number, net in enumerate(problem["nets"]):
        if len(net["nodes"]) == 2:
            first, second = net["nodes"]
            producers[second] += [f"s(W{first:05}_{n})" for n in range(net["weight"])]
        else:
            out.append(f"insert_resource: R{number}  res_type: R  amount: 1\n")
            for node in net["nodes"]:
                resources[node].append(f"(R{number}, QUANTITY=1)")
    for node in range(problem["nodes"]):
        start = (
            f"condition: {' & '.join(producers[node])}"
            if producers[node]
            else 'date_conditions: 1\ndays_of_week: all\nstart_times: "06:00"'
        )
        out.append(f"insert_job: W{node:05}  job_type: b\nowner: team{node % 17}\n{start}\n")
        for n in range(3):
            uses = (
                f"resources: {' AND '.join(resources[node])}\n"
                if n == 0 and resources[node]
                else ""
            )
            out.append(
                f"insert_job: W{node:05}_{n}  job_type: c\nbox_name: W{node:05}\n"
                f"command: run {n}\nmachine: host\n{uses}"
            )
    return "\n".join(out)


def changed(problem: Problem, share: float, seed: int) -> Problem:
    """Return the problem after a small change: so many of its dependencies lead elsewhere."""
    draw = random.Random(f"change/{seed}")
    nets = [dict(net) for net in problem["nets"]]
    for at in draw.sample(range(len(nets)), max(1, round(len(nets) * share))):
        first = nets[at]["nodes"][0]
        second = draw.randrange(problem["nodes"])
        if first != second:
            nets[at] = {"nodes": sorted((first, second)), "weight": nets[at]["weight"]}
    return {**problem, "nets": nets}


def small(seed: int) -> Problem:
    """Return a problem of a dozen nodes with rules of every kind, some of which contradict."""
    draw = random.Random(f"small/{seed}")
    nodes = draw.randint(4, 11)
    everyone = list(range(nodes))

    def some(least: int = 1, most: int = 3) -> list[int]:
        return sorted(draw.sample(everyone, min(nodes, draw.randint(least, most))))

    nets = [
        {
            "nodes": some(2, 2 if draw.random() < 0.8 else 4),
            "weight": draw.randint(1, 3),
        }
        for _ in range(draw.randint(nodes // 2, nodes * 2))
    ]
    waves = draw.randint(2, 4)
    rules: list[dict[str, Any]] = [
        {"kind": "waves", "limit": waves},
        {"kind": "capacity", "nodes": everyone, "amounts": [1] * nodes,
         "limit": -(-nodes // waves) + draw.choice((0, 0, 1))},
    ]  # fmt: skip
    for _ in range(draw.randint(0, 5)):
        kind = draw.choice(("together", "window", "window", "capacity", "variety", "order"))
        if kind == "together":
            rules.append({"kind": kind, "nodes": some(2, 3)})
        elif kind == "window":
            first = draw.randrange(waves)
            rules.append({"kind": kind, "nodes": some(), "first": first,
                          "last": draw.randrange(first, waves),
                          "closed": [draw.randrange(waves)] if draw.random() < 0.3 else []})  # fmt: skip
        elif kind == "capacity":
            members = some(2, 5)
            rules.append({"kind": kind, "nodes": members, "limit": draw.randint(1, 3),
                          "amounts": [draw.randint(1, 2) for _ in members]})  # fmt: skip
        elif kind == "variety":
            rules.append({"kind": kind, "nodes": everyone, "limit": draw.randint(1, 2),
                          "labels": [draw.randrange(3) for _ in everyone]})  # fmt: skip
        else:
            nodes_first = some()
            rest = [node for node in everyone if node not in nodes_first]
            rules.append({"kind": kind, "nodes": nodes_first, "later": rest[: draw.randint(1, 3)],
                          "strict": draw.random() < 0.5})  # fmt: skip
    return {"nodes": nodes, "nets": nets, "rules": rules}


def contradictory(seed: int) -> Problem:
    """Return a problem of a few nodes with a dozen rules: several conflicts, of several sizes."""
    draw = random.Random(f"contradictory/{seed}")
    nodes = draw.randint(4, 7)
    everyone = list(range(nodes))
    rules: list[dict[str, Any]] = []
    if draw.random() < 0.7:
        rules.append({"kind": "waves", "limit": draw.randint(2, 4)})
    for _ in range(draw.randint(7, 11)):
        kind = draw.choice(
            ("together", "window", "capacity", "capacity", "variety", "order", "order")
        )
        some = sorted(draw.sample(everyone, draw.randint(2, 3)))
        if kind == "together":
            rules.append({"kind": kind, "nodes": some[:2]})
        elif kind == "window":
            first = draw.randrange(4)
            rules.append({"kind": kind, "nodes": some[:2], "first": first, "closed": [],
                          "last": first + draw.randint(0, 2)})  # fmt: skip
        elif kind == "capacity":
            members = sorted(draw.sample(everyone, draw.randint(2, nodes)))
            rules.append({"kind": kind, "nodes": members, "limit": draw.randint(1, 3),
                          "amounts": [draw.randint(1, 2) for _ in members]})  # fmt: skip
        elif kind == "variety":
            rules.append({"kind": kind, "nodes": everyone, "limit": draw.randint(1, 2),
                          "labels": [draw.randrange(3) for _ in everyone]})  # fmt: skip
        else:
            draw.shuffle(some)
            rules.append({"kind": kind, "nodes": some[:1], "later": some[1:],
                          "strict": draw.random() < 0.8})  # fmt: skip
    draw.shuffle(rules)
    return {"nodes": nodes, "nets": [], "rules": rules}
