"""Whether copies that are written to meanwhile are the same. Pure.

Each copy is read as cells, of which each has a number of rows and a sum of their contents. Two readings are never of
the same instant, so what was just written may make a difference. One reading begins when the one before it has
ended on every copy, and a copy shows all that was committed when it was asked: so

    a cell that was once the same on two copies is the same: it held the same rows
    a difference that is the same three times on end is one

Twice is not enough: a row may be on its way to one copy at the first reading, and its removal on its way to the
other at the second. By the third both have arrived. That holds for rows whose contents never come again once they
have changed, as those with a time of change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Cell = tuple[str, str]
"""Table, and which part of it."""
Held = Mapping[Cell, tuple[int, int]]
"""Cell -> rows, and the exclusive or of their contents; a cell without rows may be missing."""
Pair = tuple[str, Cell]
"""A copy that is compared with the first one, and where."""

PROOF = 3
"""So often on end a difference is the same when it is one."""

_NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of a cell on one copy from the same on the first one."""

    rows: int
    """How many more it has."""
    contents: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known after some readings of the same cells."""

    open: Mapping[Pair, Difference]
    """Never seen to be the same yet, as last read."""
    times: Mapping[Pair, int]
    """Of those: in how many readings on end the difference was this one."""

    @property
    def proven(self) -> dict[Pair, Difference]:
        """They do differ."""
        return {pair: each for pair, each in self.open.items() if self.times[pair] >= PROOF}


def differences(held: Mapping[str, Held]) -> dict[Pair, Difference]:
    """Of one reading: of each copy from the first of them."""
    first, *others = held
    found: dict[Pair, Difference] = {}
    for name in others:
        for cell in {*held[first], *held[name]}:
            here, there = held[name].get(cell, _NOTHING), held[first].get(cell, _NOTHING)
            if here != there:
                found[name, cell] = Difference(here[0] - there[0], here[1] ^ there[1])
    return found


def compare(held: Mapping[str, Held], before: Comparison | None = None) -> Comparison:
    """One reading more. Every reading is of the same copies, in the same order."""
    now = differences(held)
    if before is None:
        return Comparison(now, dict.fromkeys(now, 1))
    still = {pair: now[pair] for pair in before.open if pair in now}
    times = {pair: before.times[pair] + 1 if before.open[pair] == each else 1 for pair, each in still.items()}
    return Comparison(still, times)
