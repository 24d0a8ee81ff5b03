"""In which order a decision diagram asks the events of a tree. The best order is not to be found in reasonable time; a
bad one makes a diagram exponentially large. No heuristic is good for all trees, so there are some, to be tried in turn.

What a diagram must remember from one event to the next makes it large: so events that are combined are to be near each
other, and what many gates ask early. Depth first keeps a gate's events together; which input comes first is the choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from fournines.availability.graph import children_first
from fournines.availability.tree import FaultTree

_ROUNDS = 60
_PATIENCE = 4
"""Rounds without a gain after which `gathered` stops."""


def shared_first(tree: FaultTree) -> list[str]:
    """Depth first, of a gate's inputs those first that most gates ask."""
    uses = Counter(each for name in children_first(tree) for each in tree.gates[name].inputs)
    return _depth_first(tree, lambda name: -uses[name])


def light_first(tree: FaultTree) -> list[str]:
    """Depth first, of a gate's inputs those first that stand on the fewest events, counted once a path."""
    weights = dict.fromkeys(tree.events, 1)
    for name in children_first(tree):
        # A bound, since shared gates may double the paths with each level.
        weights[name] = min(sum(weights[each] for each in tree.gates[name].inputs), 1 << 40)
    return _depth_first(tree, lambda name: weights[name])


def gathered(start: Callable[[FaultTree], Sequence[str]]) -> Callable[[FaultTree], list[str]]:
    """That order, improved: gates and their inputs pull each other together until their distances shrink no more.

    FORCE: F. Aloul, I. Markov, K. Sakallah, "FORCE: a fast and easy-to-implement variable-ordering heuristic", GLSVLSI
    2003. Finds neighbours that lie far apart in the tree.
    """

    def order(tree: FaultTree) -> list[str]:
        place = {name: float(number) for number, name in enumerate(start(tree))}
        springs: list[tuple[str, ...]] = []
        for name in children_first(tree):
            inputs = tuple(dict.fromkeys(tree.gates[name].inputs))
            place[name] = _mean([place[each] for each in inputs])
            springs.append((name, *inputs))
        best = ranked = sorted(place, key=lambda name: place[name])
        shortest, idle = float("inf"), 0
        for _ in range(_ROUNDS):
            rank = {name: number for number, name in enumerate(ranked)}
            length = 0
            pulls: dict[str, list[float]] = {name: [] for name in ranked}
            for spring in springs:
                places = [rank[name] for name in spring]
                length += max(places) - min(places)
                centre = _mean(places)
                for name in spring:
                    pulls[name].append(centre)
            if length < shortest:
                best, shortest, idle = ranked, length, 0
            else:
                idle += 1
                if idle == _PATIENCE:
                    break
            ranked = sorted(ranked, key=lambda name: _mean(pulls[name]) if pulls[name] else rank[name])
        return [name for name in best if name in tree.events]

    return order


CANDIDATES: tuple[Callable[[FaultTree], list[str]], ...] = (
    shared_first,
    light_first,
    gathered(light_first),
    gathered(shared_first),
)
"""Cheap ones first. Each gives the events that the top stands on."""


def _depth_first(tree: FaultTree, key: Callable[[str], int]) -> list[str]:
    found: dict[str, None] = {}
    entered: set[str] = set()
    todo = [tree.top]
    while todo:
        name = todo.pop()
        if name in tree.events:
            found[name] = None
        elif name not in entered:
            entered.add(name)
            todo += sorted(dict.fromkeys(tree.gates[name].inputs), key=key)[::-1]
    return list(found)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
