"""Minimal cut sets: the smallest sets of basic events that fail the whole. Kept as a diagram, so that a billion of them
are counted, summed and searched without being listed.

Rauzy's algorithm (`families.py`) on the diagram of `bdd.py`: what `x` adds to are the sets that fail the whole with `x`
and contain none that fails it without. A tree that is not coherent (a failure may help) has here the minimal sets of
events that, with all others absent, make the top true: the positive parts of its prime implicants, those that contain
another left out. A. Rauzy, "Mathematical foundations of minimal cutsets", IEEE Trans. Reliability 50 (2001).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeVar

from fournines.availability import search
from fournines.availability.bdd import Bdd, chances
from fournines.availability.diagram import Diagram
from fournines.availability.families import EMPTY, NONE, Families
from fournines.availability.opened import opened
from fournines.availability.tree import FaultTree

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class CutSet:
    events: tuple[str, ...]
    """Sorted by name."""
    probability: float
    """That all of them are true."""


@dataclass(frozen=True)
class CutSets:
    """Made by `minimal`. Iterates over all of them, as sorted tuples of events; they may be very many."""

    tree: FaultTree
    diagram: Diagram
    """A module is replaced by each of its own cut sets."""

    @cached_property
    def count(self) -> int:
        return self._sums([1] * len(self.diagram.names), 0, 1)[self.diagram.root]

    @cached_property
    def by_order(self) -> dict[int, int]:
        """Number of events -> how many cut sets have so many."""
        # All counts at once, as digits of one number: each event adds a place, and no count overflows its digit.
        width = self.count.bit_length()
        digits = self._sums([1 << width] * len(self.diagram.names), 0, 1)[self.diagram.root]
        found: dict[int, int] = {}
        for order in range(digits.bit_length() // max(width, 1) + 1):
            digit = digits >> order * width & ((1 << width) - 1)
            if digit:
                found[order] = digit
        return found

    def rare_event(self, events: Mapping[str, float] | None = None) -> float:
        """Sum of the cut sets' probabilities: at least the top's, close to it where all are small."""
        return self._sums(chances(self.tree, self.diagram, events), 0.0, 1.0)[self.diagram.root]

    def rare_event_without(
        self, groups: Iterable[Iterable[str]], events: Mapping[str, float] | None = None
    ) -> Iterator[float]:
        """The same with all events of a group impossible, for each group in turn."""
        weights = chances(self.tree, self.diagram, events)
        variable = {name: number for number, name in enumerate(self.diagram.names)}
        for group in groups:
            left = weights.copy()
            for name in group:
                # What the top does not ask is no variable.
                if name in variable:
                    left[variable[name]] = 0.0
            yield self._sums(left, 0.0, 1.0)[self.diagram.root]

    def upper_bound(self, events: Mapping[str, float] | None = None) -> float:
        """1 - product of (1 - P) over all cut sets. Of a coherent tree at least the top's probability, and often nearer
        than `rare_event`.
        """
        # log(1 - P) = -(P + P^2/2 + P^3/3 + ...), and a sum of powers over all cut sets is again one pass.
        each = chances(self.tree, self.diagram, events)
        if search.best(self.diagram, each)[self.diagram.root] == 1.0:
            return 1.0
        total, power = 0.0, 0
        while total < 40.0:
            power += 1
            term = self._sums([chance**power for chance in each], 0.0, 1.0)[self.diagram.root] / power
            total += term
            if term <= total * 1e-17:
                break
        return -math.expm1(-total)

    def containing(self) -> dict[str, int]:
        """Every basic event -> how many cut sets it is in."""
        return self._slopes([1] * len(self.diagram.names), 0, 1)

    def slopes(self, events: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every basic event -> derivative of `rare_event` by its probability."""
        return self._slopes(chances(self.tree, self.diagram, events), 0.0, 1.0)

    def singles(self) -> list[str]:
        """Events that fail the whole alone, sorted."""
        found: list[str] = []
        todo = [self.diagram.root]
        while todo:
            node = todo.pop()
            while node > EMPTY:
                if self.diagram.high[node] == EMPTY:
                    variable = self.diagram.variable[node]
                    module = self.diagram.modules[variable]
                    if module < 0:
                        found.append(self.diagram.names[variable])
                    else:
                        todo.append(module)
                node = self.diagram.low[node]
        return sorted(found)

    def likeliest(self, count: int, events: Mapping[str, float] | None = None) -> list[CutSet]:
        """The `count` likeliest, or all when there are fewer; likeliest first, then by events."""
        found = search.heaviest_first(self.diagram, chances(self.tree, self.diagram, events))
        return sorted((CutSet(*each) for each in islice(found, count)), key=lambda cut: (-cut.probability, cut.events))

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return search.every(self.diagram)

    def _sums(self, weights: Sequence[Number], zero: Number, one: Number) -> list[Number]:
        """Node -> sum over its sets of the product of their events' weights."""
        sums = [zero, one]
        for variable, module, low, high in self.diagram.rows:
            sums.append(sums[low] + (weights[variable] if module < 0 else sums[module]) * sums[high])
        return sums

    def _slopes(self, weights: Sequence[Number], zero: Number, one: Number) -> dict[str, Number]:
        """Event -> derivative of the root's sum by its weight."""
        diagram = self.diagram
        sums = self._sums(weights, zero, one)
        found = dict.fromkeys(self.tree.events, zero)
        reached = [zero] * len(sums)
        reached[diagram.root] = one
        for node in range(len(sums) - 1, 1, -1):
            variable, high = diagram.variable[node], diagram.high[node]
            module, here = diagram.modules[variable], reached[node]
            if module < 0:
                found[diagram.names[variable]] += here * sums[high]
                reached[high] += here * weights[variable]
            else:
                reached[module] += here * sums[high]
                reached[high] += here * sums[module]
            reached[diagram.low[node]] += here
        return found


def minimal(bdd: Bdd, limit_order: int | None = None, most: int = 2_000_000) -> CutSets:
    """All minimal cut sets, or those of at most `limit_order` events, which takes less where all are too many.

    A limit counts events, so for it modules are opened: TooManyNodesError when that takes more than `most` nodes.
    """
    if limit_order is None:
        return CutSets(bdd.tree, _minimal(bdd.diagram))
    return CutSets(bdd.tree, _limited(opened(bdd.diagram, bdd.order, most), limit_order))


def _minimal(diagram: Diagram) -> Diagram:
    families = Families()
    made = [NONE, EMPTY]
    for variable, _, low, high in diagram.rows:
        without = made[low]
        made.append(families.family(variable, without, families.without(made[high], without)))
    modules = [each if each < 0 else made[each] for each in diagram.modules]
    return Diagram.of(diagram.names, modules, families.nodes, made[diagram.root])


def _limited(diagram: Diagram, limit: int) -> Diagram:
    """The diagram has no modules."""
    least: list[float] = [math.inf, 0.0]  # node -> fewest events that make it true
    for _, _, low, high in diagram.rows:
        least.append(min(least[low], least[high] + 1))
    # Node -> how many events its sets may have: each number that it is asked for.
    asked: list[set[int]] = [set() for _ in least]
    asked[diagram.root].add(limit)
    for node in range(len(least) - 1, 1, -1):
        asked[node] = {most for most in asked[node] if most >= least[node]}
        for most in asked[node]:
            asked[diagram.low[node]].add(most)
            asked[diagram.high[node]].add(most - 1)
    families = Families()
    made: list[dict[int, int]] = [{}, {most: EMPTY for most in asked[1] if most >= 0}]
    for node, (variable, _, low, high) in enumerate(diagram.rows, start=2):
        made.append({})
        for most in asked[node]:
            without = made[low].get(most, NONE)
            added = families.without(made[high].get(most - 1, NONE), without)
            made[node][most] = families.family(variable, without, added)
    return Diagram.of(diagram.names, diagram.modules, families.nodes, made[diagram.root].get(limit, NONE))
