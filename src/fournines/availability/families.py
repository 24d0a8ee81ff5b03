"""Families of sets as zero-suppressed decision diagrams: a node's sets are those of `low`, and those of `high` with the
node's variable added. 0 is no set, 1 the empty set alone.

S. Minato, "Zero-suppressed BDDs for set manipulation in combinatorial problems", DAC 1993; A. Rauzy, "New algorithms
for fault trees analysis", Reliability Engineering and System Safety 40 (1993).
"""

from __future__ import annotations

import math

from fournines.availability.nodes import Nodes

NONE, EMPTY = 0, 1
_OPEN, _CLOSE, _THEN = 0, 1, 2


class Families:
    def __init__(self) -> None:
        self.nodes = Nodes()
        # How many variables the smallest and the largest set of each node has.
        self._fewest: list[float] = [math.inf, 0]
        self._most: list[float] = [-math.inf, 0]
        self._known: dict[tuple[int, int], int] = {}

    def family(self, level: int, low: int, high: int) -> int:
        if high == NONE:
            return low
        found = self.nodes.unique(level, low, high)
        if found == len(self._fewest):
            self._fewest.append(min(self._fewest[low], self._fewest[high] + 1))
            self._most.append(max(self._most[low], self._most[high] + 1))
        return found

    def without(self, u: int, v: int) -> int:
        """The sets of `u` that contain no set of `v`. In neither may one set contain another."""
        levels, lows, highs, known = self.nodes.level, self.nodes.low, self.nodes.high, self._known
        todo = [(_OPEN, u, v)]
        done: list[int] = []
        while todo:
            step, u, v = todo.pop()
            if step == _CLOSE:
                low = done.pop()
                known[u, v] = found = self.family(levels[u], low, done.pop())
                done.append(found)
                continue
            if step == _THEN:
                u = done.pop()
            if u == NONE:
                done.append(NONE)
                continue
            while levels[v] < levels[u]:  # a set with that variable is in no set of u
                v = lows[v]
            if self._fewest[v] > self._most[u]:  # as with none; without this, k of n would take n * k^2 steps
                done.append(u)
            elif v == EMPTY or u == v:
                done.append(NONE)
            elif u == EMPTY:
                done.append(EMPTY)
            elif (u, v) in known:
                done.append(known[u, v])
            elif levels[u] < levels[v]:
                todo += ((_CLOSE, u, v), (_OPEN, lows[u], v), (_OPEN, highs[u], v))
            else:
                low = lows[v]
                todo += ((_CLOSE, u, v), (_OPEN, lows[u], low), (_THEN, NONE, low), (_OPEN, highs[u], highs[v]))
        return done[0]
