"""The exact probability of a fault tree and its derivatives, from a binary decision diagram.

A tree is split into modules (`modules.py`); each gets a diagram of its own, in which the modules below it are variables
like basic events. All diagrams lie in one array, each node behind what it leads to: so one loop upwards gives all
probabilities, and one downwards all derivatives, both linear in the number of nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from fournines.availability.diagram import Diagram
from fournines.availability.gates import root
from fournines.availability.graph import check, children_first
from fournines.availability.modules import split
from fournines.availability.nodes import FALSE, TRUE, Nodes, TooManyNodesError
from fournines.availability.order import CANDIDATES
from fournines.availability.tree import FaultTree

_HINT_SHARE = 2
_SHARES = (64, 16, 4, 1)
"""Which part of all nodes each order may take in the first round of orders, the second one, and so on."""


@dataclass(frozen=True, slots=True)
class Bdd:
    """Made by `Bdd.of`, and then asked as often as you like."""

    tree: FaultTree
    order: Sequence[str]
    """The events that the top stands on; those of a module are adjacent. `Bdd.of(tree, order)` has just this order."""
    diagram: Diagram
    """In which a module with none of its events is false, so that its own cut sets are what makes it true: of a gate
    that is true then, the module is the opposite."""

    @staticmethod
    def of(
        tree: FaultTree, order: Sequence[str] | None = None, most: int = 2_000_000, *, hint: Sequence[str] = ()
    ) -> Bdd:
        """With an `order` of events: one diagram in just that order, without modules. Else modules, each in the first
        order that keeps it small: that of `hint` before all others, where who made the tree knows a good one.

        Raises ValueError for what is no fault tree (`graph.check`), and for an order that does not have each event that
        the top stands on, and other events, once; TooManyNodesError when a module takes more than `most` nodes to make,
        in any order that was tried: about 0.4 GB a million.
        """
        check(tree)
        if order is None:
            return _Builder(tree, most, hint).modular()
        names = set(order)
        used = {each for name in children_first(tree) for each in tree.gates[name].inputs} or {tree.top}
        wrong = (names - tree.events.keys()) | ((used & tree.events.keys()) - names)
        if wrong or len(names) < len(order):
            raise ValueError(f"an order must have each event once: {', '.join(sorted(wrong)) or 'one is there twice'}")
        return _Builder(tree, most).plain(order)

    @property
    def size(self) -> int:
        """Nodes of the diagram, without the constants."""
        return self.diagram.size

    def probability(self, events: Mapping[str, float] | None = None) -> float:
        """Of the top. `events`: those with another probability than the tree says.

        Raises ValueError for one that is no event of the tree, or no probability.
        """
        return self._up(self._chances(events))[0][self.diagram.root]

    def birnbaum(self, events: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every basic event -> derivative of the top's probability by its own: P(top | it is) - P(top | it is not).

        A difference: right to about 1e-16 of the larger probability. Raises ValueError as `probability` does.
        """
        chances = self._chances(events)
        true, false = self._up(chances)
        found = dict.fromkeys(self.tree.events, 0.0)
        diagram = self.diagram
        reached = [0.0] * len(true)
        reached[diagram.root] = 1.0
        for node in range(len(true) - 1, 1, -1):
            variable, low, high = diagram.variable[node], diagram.low[node], diagram.high[node]
            module, here = diagram.modules[variable], reached[node]
            slope = here * (true[high] - true[low])
            if module < 0:
                found[diagram.names[variable]] += slope
                yes = chances[variable]
                no = 1.0 - yes
            else:
                reached[module] += slope
                yes, no = true[module], false[module]
            reached[high] += here * yes
            reached[low] += here * no
        return found

    def evaluate(self, events: Set[str]) -> bool:
        """Is the top true when just these events are?"""
        values = [False, True]
        for variable, module, low, high in self.diagram.rows:
            true = self.diagram.names[variable] in events if module < 0 else values[module]
            values.append(values[high if true else low])
        return values[self.diagram.root]

    def _chances(self, events: Mapping[str, float] | None) -> list[float]:
        """Variable -> probability; of a module 0."""
        return chances(self.tree, self.diagram, events)

    def _up(self, chances: Sequence[float]) -> tuple[list[float], list[float]]:
        """Node -> probability that it is true, and that it is false: each a sum of products, so that a tiny one is as
        exact as a large one.
        """
        true, false = [0.0, 1.0], [1.0, 0.0]
        for variable, module, low, high in self.diagram.rows:
            if module < 0:
                yes = chances[variable]
                no = 1.0 - yes
            else:
                yes, no = true[module], false[module]
            true.append(yes * true[high] + no * true[low])
            false.append(yes * false[high] + no * false[low])
        return true, false


def chances(tree: FaultTree, diagram: Diagram, events: Mapping[str, float] | None) -> list[float]:
    """Variable -> probability, by `events` or else by the tree; of a module 0. Raises ValueError for a wrong one."""
    found = {**tree.events, **(events or {})}
    if len(found) > len(tree.events):
        raise ValueError(f"no event of this tree: {min(found.keys() - tree.events.keys())}")
    for name, chance in found.items():
        if not 0.0 <= chance <= 1.0:
            raise ValueError(f"the probability of {name} is {chance}")
    return [found[name] if module < 0 else 0.0 for name, module in zip(diagram.names, diagram.modules, strict=True)]


class _Builder:
    def __init__(self, tree: FaultTree, most: int, hint: Sequence[str] = ()) -> None:
        self.tree = tree
        self.most = most
        self.rank = {name: number for number, name in enumerate(hint)}
        self.nodes = Nodes()
        self.names: list[str] = []
        self.modules: list[int] = []
        self.tops: dict[str, int] = {}
        """Module -> its node, not yet so turned that it is false without events."""

    def plain(self, order: Sequence[str]) -> Bdd:
        self.nodes.limit = self.most
        return self._done(self._part(self.tree, order), order)

    def modular(self) -> Bdd:
        orders: dict[str, Sequence[str]] = {}
        for part in split(self.tree):
            orders[part.top], self.tops[part.top] = self._smallest(part)
            # A module stands where the first of its events does.
            self.rank[part.top] = min((self.rank[name] for name in part.events if name in self.rank), default=0)
            self.nodes.forget()
        order: list[str] = []
        todo = [self.tree.top]
        while todo:
            name = todo.pop()
            if name in orders and name not in self.tree.events:
                todo += reversed(orders[name])
            else:
                order.append(name)
        return self._done(self.tops[self.tree.top], order)

    def _done(self, top: int, order: Sequence[str]) -> Bdd:
        return Bdd(self.tree, tuple(order), Diagram.of(self.names, self.modules, self.nodes, top))

    def _smallest(self, part: FaultTree) -> tuple[Sequence[str], int]:
        """An order whose diagram stays small, and its node: orders in turn, each round with more room."""
        nodes, variables = len(self.nodes.level), len(self.names)
        tries = [(share, candidate) for share in _SHARES for candidate in CANDIDATES]
        if part.events.keys() <= self.rank.keys():
            tries.insert(0, (_HINT_SHARE, self._hinted))
        for share, candidate in tries:
            order = candidate(part)
            self.nodes.limit = nodes + self.most // share
            try:
                return order, self._part(part, order)
            except TooManyNodesError:
                self.nodes.forget(nodes)
                del self.names[variables:], self.modules[variables:]
        raise TooManyNodesError(f"{part.top}: more than {self.most} nodes in {len(CANDIDATES)} orders of its events")

    def _hinted(self, part: FaultTree) -> list[str]:
        return sorted(part.events, key=lambda name: self.rank[name])

    def _part(self, part: FaultTree, order: Sequence[str]) -> int:
        leaves = {name: self._leaf(name) for name in order}
        return root(part, leaves, self.nodes)

    def _leaf(self, name: str) -> int:
        module = self.tops.get(name, -1)
        if module in (FALSE, TRUE):
            return module
        opposite = module >= 0 and self._without_events(module) == TRUE
        self.names.append(name)
        self.modules.append(self.nodes.ite(module, FALSE, TRUE) if opposite else module)
        return self.nodes.node(len(self.names) - 1, int(opposite), int(not opposite))

    def _without_events(self, node: int) -> int:
        while node > 1:
            node = self.nodes.low[node]
        return node
