"""Nodes of reduced ordered binary decision diagrams, and if-then-else over them. Nothing recurses.

R. Bryant, "Graph-based algorithms for Boolean function manipulation", IEEE Trans. Computers C-35 (1986); K. Brace,
R. Rudell, R. Bryant, "Efficient implementation of a BDD package", DAC 1990. Without complemented edges, which halve a
diagram but would leave a probability of 1e-12 as 1 - (1 - 1e-12).
"""

from __future__ import annotations

FALSE, TRUE = 0, 1
_DEEPEST = 1 << 60


class TooManyNodesError(Exception):
    """A diagram grew over its limit: another order of variables may do."""


class Nodes:
    """Node `i` asks variable `level[i]`, then goes to `high[i]` or `low[i]`, which were made before it and ask later
    variables. No two nodes are the same. 0 and 1 are the constants.
    """

    def __init__(self) -> None:
        self.level = [_DEEPEST, _DEEPEST]
        self.low = [FALSE, TRUE]
        self.high = [FALSE, TRUE]
        self.limit: int | None = None
        """How many nodes there may be before TooManyNodesError is raised."""
        self._unique: dict[tuple[int, int, int], int] = {}
        self._known: dict[tuple[int, int, int], int] = {}

    def unique(self, level: int, low: int, high: int) -> int:
        key = (level, low, high)
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self.level)
            if found == self.limit:
                raise TooManyNodesError(f"more than {self.limit} nodes")
            self.level.append(level)
            self.low.append(low)
            self.high.append(high)
        return found

    def node(self, level: int, low: int, high: int) -> int:
        return low if low == high else self.unique(level, low, high)

    def forget(self, count: int | None = None) -> None:
        """Frees what only speeds up operations on the nodes so far. With a `count`: and all later nodes themselves."""
        self._known.clear()
        self._unique.clear()
        if count is not None:
            del self.level[count:], self.low[count:], self.high[count:]

    def ite(self, f: int, g: int, h: int) -> int:
        """If `f` then `g` else `h`."""
        levels, lows, highs, known = self.level, self.low, self.high, self._known
        todo = [(f, g, h, -1)]  # with a level: both halves are done, make the node of them
        done: list[int] = []
        while todo:
            f, g, h, level = todo.pop()
            if level >= 0:
                low = done.pop()
                high = done.pop()
                known[f, g, h] = found = low if low == high else self.unique(level, low, high)
                done.append(found)
                continue
            if f < 2:
                done.append(g if f else h)
                continue
            if f == g:
                g = TRUE
            if f == h:
                h = FALSE
            if g == h:
                done.append(g)
                continue
            of_f, of_g, of_h = levels[f], levels[g], levels[h]
            if of_f < of_g and of_f < of_h and lows[f] < 2 and highs[f] < 2:
                done.append(self.unique(of_f, h, g) if highs[f] else self.unique(of_f, g, h))
                continue
            # Two names of one conjunction or disjunction.
            if h == FALSE and 1 < g < f:
                f, g, of_f, of_g = g, f, of_g, of_f
            elif g == TRUE and 1 < h < f:
                f, h, of_f, of_h = h, f, of_h, of_f
            found = known.get((f, g, h))
            if found is not None:
                done.append(found)
                continue
            level = min(of_f, of_g, of_h)
            low_f, high_f = (lows[f], highs[f]) if of_f == level else (f, f)
            low_g, high_g = (lows[g], highs[g]) if of_g == level else (g, g)
            low_h, high_h = (lows[h], highs[h]) if of_h == level else (h, h)
            todo += ((f, g, h, level), (low_f, low_g, low_h, -1), (high_f, high_g, high_h, -1))
        return done[0]
