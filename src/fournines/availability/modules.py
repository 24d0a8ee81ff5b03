"""Modules: parts of a fault tree that share nothing with the rest, so that each can be analysed alone.

A module is to the rest of the tree one event: its probability, derivatives and cut sets are put together afterwards.
So the work grows with the largest module instead of the tree. Found in linear time by the dates of a depth-first walk:
Y. Dutuit and A. Rauzy, "A linear-time algorithm to find modules of fault trees", IEEE Trans. Reliability 45 (1996).
"""

from __future__ import annotations

from collections import Counter

from fournines.availability.graph import children_first
from fournines.availability.tree import FaultTree, Gate, Kind

_JOINS: dict[Kind, Kind] = {"and": "and", "nand": "and", "or": "or", "nor": "or"}
"""Kind of a gate -> the kind that its inputs are joined by."""


def split(tree: FaultTree) -> list[FaultTree]:
    """The modules of a checked tree, the top one last. An event of one that is no event of `tree` is the top of an
    earlier one, and has probability 0 here.

    A tree without gates is its own only module.
    """
    if tree.top not in tree.gates:
        return [FaultTree(tree.top, {}, {tree.top: tree.events[tree.top]})]
    tree = _joined(tree)
    found = modules(tree)
    tree, grouped = _grouped(tree, found)
    found |= grouped
    parts: list[FaultTree] = []
    for top in (name for name in children_first(tree) if name in found):
        gates: dict[str, Gate] = {}
        events: dict[str, float] = {}
        todo = [top]
        while todo:
            name = todo.pop()
            if name in gates:
                continue
            gates[name] = tree.gates[name]
            for each in tree.gates[name].inputs:
                if each in tree.gates and each not in found:
                    todo.append(each)
                else:
                    events[each] = tree.events.get(each, 0.0)
        parts.append(FaultTree(top, gates, events))
    return parts


def modules(tree: FaultTree) -> set[str]:
    """Gates whose inputs, at any depth, are reached from nowhere else. The top always is one."""
    gates = tree.gates
    first: dict[str, int] = {}
    left: dict[str, int] = {}  # when a gate's own inputs were all visited
    last: dict[str, int] = {}
    path = [(tree.top, False)]
    date = 0
    while path:
        date += 1
        name, leaving = path.pop()
        if leaving:
            left[name] = date
            continue
        last[name] = date
        if name not in first:
            first[name] = date
            if name in gates:
                path.append((name, True))
                path += [(each, False) for each in reversed(gates[name].inputs)]
    lowest: dict[str, int] = {}
    highest: dict[str, int] = {}
    found: set[str] = set()
    for name in children_first(tree):
        low, high = date, 0
        for each in gates[name].inputs:
            low = min(low, first[each], lowest.get(each, date))
            high = max(high, last[each], highest.get(each, 0))
        lowest[name], highest[name] = low, high
        if first[name] < low and high < left[name]:
            found.add(name)
    return found


def _joined(tree: FaultTree) -> FaultTree:
    """An `and` in an `and`, an `or` in an `or`, put into it where nothing else asks it: so more modules can be seen."""
    names = children_first(tree)
    uses = Counter(each for name in names for each in tree.gates[name].inputs)
    gates: dict[str, Gate] = {}
    gone: set[str] = set()
    for name in reversed(names):
        gate = tree.gates[name]
        kind = _JOINS.get(gate.kind)
        if kind is None:
            gates[name] = gate
        elif name not in gone:
            inputs: dict[str, None] = {}
            todo = list(reversed(gate.inputs))
            while todo:
                each = todo.pop()
                below = tree.gates.get(each)
                if below is not None and below.kind == kind and uses[each] == 1:
                    gone.add(each)
                    todo += reversed(below.inputs)
                else:
                    inputs[each] = None
            gates[name] = Gate(gate.kind, tuple(inputs))
    return FaultTree(tree.top, gates, tree.events)


def _grouped(tree: FaultTree, found: set[str]) -> tuple[FaultTree, set[str]]:
    """What is asked by one `and` or `or` alone, put under a gate of its own; and those gates, all of them modules."""
    uses = Counter(each for gate in tree.gates.values() for each in gate.inputs)
    gates = dict(tree.gates)
    grouped: set[str] = set()
    for name, gate in tree.gates.items():
        kind = _JOINS.get(gate.kind)
        if kind is None:
            continue
        own = tuple(each for each in gate.inputs if uses[each] == 1 and (each in found or each not in tree.gates))
        if 1 < len(own) < len(gate.inputs):
            # No name of an XML or YAML file has a NUL.
            group = f"{name}\0own"
            shared = tuple(each for each in gate.inputs if each not in set(own))
            gates[group] = Gate(kind, own)
            gates[name] = Gate(gate.kind, (group, *shared))
            grouped.add(group)
    return FaultTree(tree.top, gates, tree.events), grouped
