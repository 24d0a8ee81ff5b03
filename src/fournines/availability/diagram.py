"""A finished decision diagram as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fournines.availability.nodes import FALSE, TRUE, Nodes


@dataclass(frozen=True, slots=True)
class Diagram:
    """Node `i` asks variable `variable[i]`, then goes to `high[i]` or `low[i]`, both less than `i`. Nodes 0 and 1 are
    the constants.
    """

    names: Sequence[str]
    """Variable -> basic event, or the gate that is a module."""
    modules: Sequence[int]
    """Variable -> the node where that module starts, less than any node that asks it; -1 for a basic event."""
    variable: Sequence[int]
    low: Sequence[int]
    high: Sequence[int]
    root: int

    @staticmethod
    def of(names: Sequence[str], modules: Sequence[int], nodes: Nodes, root: int) -> Diagram:
        """Only the nodes that `root` stands on."""
        used = bytearray(root + 1)
        used[root] = 1
        for node in range(root, 1, -1):
            if used[node]:
                used[nodes.low[node]] = used[nodes.high[node]] = 1
                module = modules[nodes.level[node]]
                if module >= 0:
                    used[module] = 1
        kept = [node for node in range(2, root + 1) if used[node]]
        new = [FALSE, TRUE] + [FALSE] * (root - 1)
        for number, node in enumerate(kept, start=2):
            new[node] = number
        return Diagram(
            names=names,
            # No node is left that asks one beyond the root.
            modules=[new[each] if 0 <= each <= root else min(each, FALSE) for each in modules],
            variable=[-1, -1, *(nodes.level[node] for node in kept)],
            low=[FALSE, TRUE, *(new[nodes.low[node]] for node in kept)],
            high=[FALSE, TRUE, *(new[nodes.high[node]] for node in kept)],
            root=new[root],
        )

    @property
    def size(self) -> int:
        """Nodes, without the constants."""
        return len(self.variable) - 2

    @property
    def rows(self) -> Iterator[tuple[int, int, int, int]]:
        """Variable, module or -1, low and high of each node from 2 on."""
        asked = self.variable[2:]
        return zip(asked, map(self.modules.__getitem__, asked), self.low[2:], self.high[2:], strict=True)
