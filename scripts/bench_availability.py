"""How long fault trees take: `nice .venv/bin/python scripts/bench_availability.py [FILE.xml ...]`.

One row a tree: events, what was asked, what was measured, processor seconds, nodes; then the load average. Files are
Open-PSA, say those of the Aralia set (github.com/rakhimov/scram, input/Aralia). Beside ours, in the same run: SCRAM's
figures where it is installed (Debian's package scram), and those of dd where Python finds it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.tree import FaultTree

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/unit/availability"))

from trees import k_of_n, racks

PEER_S = 60
"""Given to others for one tree."""


def trees() -> Iterator[tuple[str, FaultTree]]:
    yield "2 of 25 racks", racks(2, 25, 40, 4)
    yield "2 of 250 racks", racks(2, 250, 80, 10)
    yield "2 of 1000", k_of_n(2, 1_000)
    yield "501 of 1001", k_of_n(501, 1_001)
    for path in sys.argv[1:]:
        # Here, so that the rest runs without it.
        from fournines.availability import openpsa

        yield Path(path).name, openpsa.read(Path(path))


def row(
    tree: str, events: int, asked: str, ask: Callable[[], tuple[object, int]], whose: int = resource.RUSAGE_SELF
) -> None:
    start = _cpu(whose)
    try:
        measured, nodes = ask()
    except TooManyNodesError as error:
        measured, nodes = f"- ({error})", 0
    seconds = _cpu(whose) - start
    print(f"{tree:<20} {events:>6} {asked:<12} {measured!s:>24} {seconds:>8.3f} {nodes:>8} {os.getloadavg()[0]:>6.1f}")


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


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


def peers(name: str, tree: FaultTree) -> None:
    """The same tree by others. dd makes the diagram in our order, so that its own search for one is not charged."""
    if shutil.which("scram"):
        from fournines.availability import openpsa

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "tree.xml")
            file.write_text(openpsa.write(tree))
            row(name, len(tree.events), "SCRAM, all", lambda: (_scram(file), 0), resource.RUSAGE_CHILDREN)
    if importlib.util.find_spec("dd"):
        row(name, len(tree.events), "dd, build", lambda: _dd(tree, Bdd.of(tree).order))


def _scram(file: Path) -> str:
    """Exact probability and number of minimal cut sets; bounded, for it lists all of them."""
    try:
        done = subprocess.run(
            ["scram", "--bdd", "--probability", "1", file], capture_output=True, text=True, check=False, timeout=PEER_S
        )
    except subprocess.TimeoutExpired:
        return f"more than {PEER_S} s"
    found = re.search(r'products="(\d+)" probability="([^"]+)"', done.stdout)
    return f"{found[2]}, {found[1]} sets" if found else (done.stderr.strip().splitlines() or ["?"])[-1][:24]


def _dd(tree: FaultTree, order: Sequence[str]) -> tuple[object, int]:
    """Its diagram in pure Python (dd.autoref), gate by gate."""
    from dd.autoref import BDD  # type: ignore[import-not-found]

    from fournines.availability.graph import children_first

    sys.setrecursionlimit(1_000_000)  # It recurses, once a variable.
    diagram = BDD()
    names = {name: f"v{number}" for number, name in enumerate(order)}
    diagram.declare(*names.values())
    made = {name: diagram.var(names[name]) for name in order}
    began = time.monotonic()
    for name in children_first(tree):
        gate = tree.gates[name]
        inputs = sorted((made[each] for each in gate.inputs), key=lambda node: node.level, reverse=True)
        count = gate.least if gate.kind == "atleast" else len(inputs) if gate.kind == "and" else 1
        rest = [diagram.true, *[diagram.false] * count]
        for each in inputs:
            for wanted in range(count, 0, -1):
                rest[wanted] = diagram.ite(each, rest[wanted - 1], rest[wanted])
            if time.monotonic() - began > PEER_S:
                return f"more than {PEER_S} s", 0
        made[name] = rest[count]
    return "", len(made[tree.top])


def main() -> None:
    print(f"{'tree':<20} {'events':>6} {'asked':<12} {'measured':>24} {'seconds':>8} {'nodes':>8} {'load':>6}")
    for name, tree in trees():
        bench(name, tree)
        peers(name, tree)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory at most")


main()
