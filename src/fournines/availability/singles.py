"""Which events alone make a gate of a coherent fault tree true, gate by gate: no diagram is needed for that, which may
be large, and what is known of a gate holds in every tree that has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, MutableMapping
from itertools import chain

from fournines.availability.tree import FaultTree, Gate

Known = MutableMapping[str, Collection[str]]
"""Gate -> the events each of which makes it true alone, each once: tuples, for there are very many, of few."""


def singles(tree: FaultTree, known: Known | None = None) -> Collection[str]:
    """The minimal cut sets of one event, each once.

    `known` is looked into and added to: give the same one with trees in which gates of one name are the same.
    Raises ValueError for a gate that is true without any event, or may be false with one more (`not`, `xor`).
    """
    found: Known = {} if known is None else known
    if tree.top not in tree.gates:
        return (tree.top,)
    path = [tree.top]
    while path:
        name = path[-1]
        gate = tree.gates[name]
        waiting = [each for each in gate.inputs if each in tree.gates and each not in found]
        if waiting and name not in found:
            path += waiting
        else:
            path.pop()
            if name not in found:
                found[name] = _of(name, gate, found)
    return found[tree.top]


def _of(name: str, gate: Gate, known: Mapping[str, Collection[str]]) -> Collection[str]:
    below = [known.get(each, (each,)) for each in gate.inputs]
    match gate.kind:
        case "or":
            return tuple(dict.fromkeys(chain.from_iterable(below)))
        case "and":
            return tuple(set(below[0]).intersection(*below[1:]))
        case "atleast" if gate.least:
            times = Counter(chain.from_iterable(below))
            return tuple(event for event, count in times.items() if count >= gate.least)
        case "constant" if not gate.least:
            return ()
        case _:
            raise ValueError(f"gate {name}: {gate.kind} of {len(gate.inputs)} is not coherent, or always true")
