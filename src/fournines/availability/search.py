"""The sets of a zero-suppressed diagram one by one: likeliest first, or all of them. Nothing recurses."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fournines.availability.diagram import Diagram
from fournines.availability.families import EMPTY, NONE


@dataclass(frozen=True, slots=True)
class _Chosen:
    event: str
    before: _Chosen | None


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is still to be chosen from: a set of the node, and then of the others."""

    node: int
    others: _Rest | None
    best: float
    """The largest product of weights that any choice has."""


@dataclass(frozen=True, slots=True)
class _State:
    weight: float
    chosen: _Chosen | None
    rest: _Rest | None

    @property
    def best(self) -> float:
        return self.weight * self.rest.best if self.rest else self.weight

    def events(self) -> tuple[str, ...]:
        found: list[str] = []
        chosen = self.chosen
        while chosen is not None:
            found.append(chosen.event)
            chosen = chosen.before
        return tuple(sorted(found))


def best(diagram: Diagram, weights: Sequence[float]) -> list[float]:
    """Node -> the largest product of weights, one a variable, that a set of it has. Modules are looked into."""
    found = [0.0, 1.0]
    for variable, module, low, high in diagram.rows:
        found.append(max(found[low], (weights[variable] if module < 0 else found[module]) * found[high]))
    return found


def heaviest_first(diagram: Diagram, weights: Sequence[float]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Each set, sorted, and its product of weights, the largest one first.

    Best-first search: the best completion of every choice is known exactly, so that each step belongs to a set that is
    soon given. A set takes about as many steps as the diagram is deep.
    """
    of = best(diagram, weights)
    if diagram.root == NONE:
        return
    start = _State(1.0, None, _Rest(diagram.root, None, of[diagram.root]))
    heap = [(-start.best, 0, start)]
    serial = 0
    while heap:
        state = heapq.heappop(heap)[2]
        while state.rest is not None:
            state, other = _split(diagram, weights, of, state, state.rest)
            if other is not None:
                if other.best > state.best:
                    state, other = other, state
                serial += 1
                heapq.heappush(heap, (-other.best, serial, other))
        yield state.events(), state.weight


def every(diagram: Diagram) -> Iterator[tuple[str, ...]]:
    """Each set, sorted."""
    weights = [0.0] * len(diagram.names)
    of = [0.0] * len(diagram.variable)
    todo = [] if diagram.root == NONE else [_State(1.0, None, _Rest(diagram.root, None, 0.0))]
    while todo:
        state = todo.pop()
        while state.rest is not None:
            state, other = _split(diagram, weights, of, state, state.rest)
            if other is not None:
                todo.append(other)
        yield state.events()


def _split(
    diagram: Diagram, weights: Sequence[float], of: Sequence[float], state: _State, rest: _Rest
) -> tuple[_State, _State | None]:
    """The sets with the next node's variable, and those without, if there are any."""
    node, others = rest.node, rest.others
    if node == EMPTY:
        return _State(state.weight, state.chosen, others), None
    then = others.best if others else 1.0
    variable, low, high = diagram.variable[node], diagram.low[node], diagram.high[node]
    module = diagram.modules[variable]
    above = _Rest(high, others, of[high] * then)
    if module < 0:
        with_it = _State(state.weight * weights[variable], _Chosen(diagram.names[variable], state.chosen), above)
    else:
        with_it = _State(state.weight, state.chosen, _Rest(module, above, of[module] * above.best))
    if low == NONE:
        return with_it, None
    return with_it, _State(state.weight, state.chosen, _Rest(low, others, of[low] * then))
