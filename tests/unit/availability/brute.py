"""What a fault tree means, by trying all states: independent of the code under test, and slow beyond 18 events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fournines.availability.tree import FaultTree, Gate

Truth = npt.NDArray[np.bool_]


def truth(tree: FaultTree, names: Iterable[str]) -> Truth:
    """State -> is the top true; bit `i` of a state is the `i`th of `names`. Recursive: for shallow trees."""
    ordered = list(names)
    states = np.arange(1 << len(ordered))
    known: dict[str, Truth] = {name: (states >> place & 1).astype(bool) for place, name in enumerate(ordered)}

    def of(name: str) -> Truth:
        if name not in known:
            gate = tree.gates[name]
            known[name] = _gate(gate, [of(each) for each in gate.inputs], len(states))
        return known[name]

    return of(tree.top)


def _gate(gate: Gate, inputs: list[Truth], states: int) -> Truth:
    trues = np.zeros(states, dtype=np.int64)
    for each in inputs:
        trues += each
    match gate.kind:
        case "and":
            return trues == len(inputs)
        case "nand":
            return trues < len(inputs)
        case "or":
            return trues > 0
        case "nor" | "not":
            return trues == 0
        case "xor":
            return trues % 2 == 1
        case "iff":
            return inputs[0] == inputs[1]
        case "imply":
            return ~inputs[0] | inputs[1]
        case "atleast":
            return trues >= gate.least
        case "cardinality":
            return (trues >= gate.least) & (trues <= gate.most)
        case "constant":
            return np.full(states, bool(gate.least))


@dataclass(frozen=True)
class Brute:
    names: list[str]
    true: Truth

    @staticmethod
    def of(tree: FaultTree) -> Brute:
        names = sorted(tree.events)
        return Brute(names, truth(tree, names))

    def probability(self, events: Mapping[str, float]) -> float:
        return float(np.sum(self._weights([(1.0 - events[name], events[name]) for name in self.names])[self.true]))

    def birnbaum(self, events: Mapping[str, float]) -> dict[str, float]:
        """From the states in which the event decides, so that nothing is subtracted for a coherent tree."""
        chances = [(1.0 - events[name], events[name]) for name in self.names]
        found: dict[str, float] = {}
        for place, name in enumerate(self.names):
            halves = self.true.reshape(-1, 2, 1 << place)
            others = self._weights([*chances[:place], (1.0, 0.0), *chances[place + 1 :]]).reshape(-1, 2, 1 << place)
            change = halves[:, 1].astype(np.int8) - halves[:, 0].astype(np.int8)
            found[name] = float(np.sum(change * others[:, 0]))
        return found

    def minimal(self) -> set[tuple[str, ...]]:
        """Sets of events that alone make the top true, and contain no other such set."""
        above = self.true.copy()  # some proper or improper subset makes it true
        proper = np.zeros_like(above)
        for place in range(len(self.names)):
            halves = above.reshape(-1, 2, 1 << place)
            halves[:, 1] |= halves[:, 0]
        for place in range(len(self.names)):
            proper.reshape(-1, 2, 1 << place)[:, 1] |= above.reshape(-1, 2, 1 << place)[:, 0]
        return {
            tuple(name for place, name in enumerate(self.names) if int(state) >> place & 1)
            for state in np.flatnonzero(self.true & ~proper)
        }

    def _weights(self, chances: list[tuple[float, float]]) -> npt.NDArray[np.float64]:
        weights = np.ones(1)
        for no, yes in chances:
            weights = np.concatenate((weights * no, weights * yes))
        return weights
