"""The gates of a fault tree as a graph: is it sound, and which order lets each gate find its inputs done.

Nothing here recurses: a chain of 20,000 gates is a tree too.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.availability.tree import FaultTree, Gate, Kind

INPUTS: dict[Kind, tuple[int, int | None]] = {
    "and": (1, None),
    "or": (1, None),
    "nand": (1, None),
    "nor": (1, None),
    "xor": (1, None),
    "not": (1, 1),
    "iff": (2, 2),
    "imply": (2, 2),
    "atleast": (0, None),
    "cardinality": (0, None),
    "constant": (0, 0),
}
"""How many inputs a gate may have, at least and at most. An `xor` of many is true when an odd number of them is."""


def check(tree: FaultTree) -> None:
    """Raises ValueError for the first thing that makes `tree` no fault tree, also in gates that the top never asks."""
    both = tree.gates.keys() & tree.events.keys()
    if both:
        raise ValueError(f"both a gate and an event: {min(both)}")
    if tree.top not in tree.gates and tree.top not in tree.events:
        raise ValueError(f"the top {tree.top} is neither a gate nor an event")
    for name, gate in tree.gates.items():
        _check_gate(name, gate)
        for each in gate.inputs:
            if each not in tree.events and each not in tree.gates:
                raise ValueError(f"gate {name}: its input {each} is neither a gate nor an event")
    _children_first(tree, tree.gates)


def children_first(tree: FaultTree) -> list[str]:
    """The gates that the top stands on, each after the gates among its inputs; left-most first.

    Raises ValueError when one is below itself.
    """
    return _children_first(tree, (tree.top,))


def _check_gate(name: str, gate: Gate) -> None:
    fewest, most = INPUTS[gate.kind]
    count = len(gate.inputs)
    if count < fewest or (most is not None and count > most):
        raise ValueError(f"gate {name}: {gate.kind} of {count} inputs")
    if gate.kind == "constant" and gate.least not in (0, 1):
        raise ValueError(f"gate {name}: a constant is 0 or 1, not {gate.least}")
    if gate.kind == "atleast" and not 0 <= gate.least <= count:
        raise ValueError(f"gate {name}: at least {gate.least} of {count} inputs")
    if gate.kind == "cardinality" and not 0 <= gate.least <= gate.most <= count:
        raise ValueError(f"gate {name}: {gate.least} to {gate.most} of {count} inputs")


def _children_first(tree: FaultTree, starts: Iterable[str]) -> list[str]:
    gates = tree.gates
    ready: dict[str, bool] = {}  # False while the gate is on the path from the start
    done: list[str] = []
    for start in starts:
        path = [start]
        while path:
            name = path[-1]
            if name not in gates or ready.get(name):
                path.pop()
            elif name in ready:
                ready[name] = True
                done.append(name)
                path.pop()
            else:
                ready[name] = False
                for each in reversed(gates[name].inputs):
                    if each in gates:
                        if ready.get(each) is False:
                            raise ValueError(f"gate {each} is below itself")
                        if each not in ready:
                            path.append(each)
    return done
