"""Is the top of a fault tree true now: kept up to date while basic events come and go, one at a time."""

from __future__ import annotations

from collections.abc import Collection

from fournines.availability.tree import FaultTree, Gate


class LiveTree:
    """Costs a step for each input that changes, not one for each gate.

    Each gate knows how many of its inputs are true, so all kinds but `imply` are judged without looking at any of them.
    A gate may flip and flip back on the way where the tree branches and meets again; the last state is right.
    """

    def __init__(self, tree: FaultTree, true: Collection[str] = ()) -> None:
        """`true`: the basic events that are so from the start; the tree's probabilities are not read."""
        self._top = tree.top
        self._gates = tree.gates
        self._above: dict[str, list[str]] = {}
        for name, gate in tree.gates.items():
            for part in gate.inputs:
                self._above.setdefault(part, []).append(name)
        self._count = dict.fromkeys(tree.gates, 0)
        # No tree is all false (a `not` of nothing is true): each gate is looked at once and what changes passed on.
        self._true = dict.fromkeys([*tree.gates, *tree.events], False)
        self._settle(list(tree.gates))
        for event in true:
            self.flip(event)

    @property
    def failed(self) -> bool:
        return self._true[self._top]

    def flip(self, event: str) -> bool:
        """The basic event is now what it was not. Returns whether the top is true. KeyError: no such event."""
        self._true[event] = not self._true[event]
        self._settle(self._passed_on(event))
        return self._true[self._top]

    def _passed_on(self, name: str) -> list[str]:
        step = 1 if self._true[name] else -1
        above = self._above.get(name, [])
        for gate in above:
            self._count[gate] += step
        return above

    def _settle(self, names: list[str]) -> None:
        todo = list(names)
        while todo:
            name = todo.pop()
            now = self._judge(self._gates[name], self._count[name])
            if now != self._true[name]:
                self._true[name] = now
                todo.extend(self._passed_on(name))

    def _judge(self, gate: Gate, count: int) -> bool:
        match gate.kind:
            case "and":
                return count == len(gate.inputs)
            case "or":
                return count > 0
            case "nand":
                return count < len(gate.inputs)
            case "nor" | "not":
                return count == 0
            case "atleast":
                return count >= gate.least
            case "cardinality":
                return gate.least <= count <= gate.most
            case "xor":
                return count % 2 == 1
            case "iff":
                return count in (0, len(gate.inputs))
            case "imply":
                return not self._true[gate.inputs[0]] or self._true[gate.inputs[1]]
            case "constant":
                return bool(gate.least)
