"""How long fault trees take: `nice .venv/bin/python scripts/bench_availability.py [FILE.xml ...]`.

One row a tree: events, what was asked, what was measured, processor seconds, nodes; then the load average. Files are
Open-PSA, say those of the Aralia set (github.com/rakhimov/scram, input/Aralia).
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.tree import FaultTree, Gate


def racks(count: int, events: int, feeds: int) -> FaultTree:
    """Two of `count` racks are down: each by `events` of its own, or by either of two of the shared `feeds`."""
    gates: dict[str, Gate] = {}
    chances: dict[str, float] = {}
    for rack in range(count):
        own = tuple(f"rack{rack}.{number}" for number in range(events))
        shared = (f"a{rack % feeds}", f"b{rack * 7 % feeds}")
        chances |= dict.fromkeys(own, 1e-5) | dict.fromkeys(shared, 1e-4)
        gates[f"rack{rack}"] = Gate("or", own + shared)
    gates["top"] = Gate("atleast", tuple(gates), 2)
    return FaultTree("top", gates, chances)


def k_of_n(least: int, count: int) -> FaultTree:
    names = tuple(f"e{number}" for number in range(count))
    return FaultTree("top", {"top": Gate("atleast", names, least)}, dict.fromkeys(names, 1e-3))


def trees() -> Iterator[tuple[str, FaultTree]]:
    yield "2 of 25 racks", racks(25, 40, 4)
    yield "2 of 250 racks", racks(250, 80, 10)
    yield "2 of 1000", k_of_n(2, 1_000)
    yield "501 of 1001", k_of_n(501, 1_001)
    for path in sys.argv[1:]:
        # Here, so that the rest runs without it.
        from fournines.availability import openpsa

        yield Path(path).name, openpsa.read(Path(path))


def row(tree: str, events: int, asked: str, ask: Callable[[], tuple[object, int]]) -> None:
    start = time.process_time()
    try:
        measured, nodes = ask()
    except TooManyNodesError as error:
        measured, nodes = f"- ({error})", 0
    seconds = time.process_time() - start
    print(f"{tree:<20} {events:>6} {asked:<12} {measured!s:>24} {seconds:>8.3f} {nodes:>8} {os.getloadavg()[0]:>6.1f}")


def bench(name: str, tree: FaultTree) -> None:
    made: list[Bdd] = []

    def build() -> tuple[object, int]:
        made.append(Bdd.of(tree))
        return "", made[0].size

    def cut_sets() -> tuple[object, int]:
        found = minimal(made[0])
        count = found.count
        return count if count < 10**20 else f"{float(count):.6g}", found.diagram.size

    events = len(tree.events)
    row(name, events, "build", build)
    if made:
        row(name, events, "probability", lambda: (f"{made[0].probability():.7g}", made[0].size))
        row(name, events, "birnbaum", lambda: (f"{max(made[0].birnbaum().values()):.7g} at most", made[0].size))
        row(name, events, "cut sets", cut_sets)


def main() -> None:
    print(f"{'tree':<20} {'events':>6} {'asked':<12} {'measured':>24} {'seconds':>8} {'nodes':>8} {'load':>6}")
    for name, tree in trees():
        bench(name, tree)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory at most")


main()
