"""How often a whole is down, found by letting its parts fail and be repaired: a check on the exact solution.

Shares nothing with it: no probability is computed, only exponential times drawn and a clock moved from event to event.
Parts fail and are repaired independently, each by a crew of its own, also while the whole is down.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from fournines.availability.live import LiveTree
from fournines.availability.tree import FaultTree

BATCHES = 30
T_95 = 2.0452
"""Student's 97.5 % point for BATCHES - 1 degrees of freedom."""
BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Part:
    """Mean times to failure and to repair, in any one unit. Raises ValueError unless both are above 0."""

    name: str
    mttf: float
    mttr: float

    def __post_init__(self) -> None:
        if not (0 < self.mttf < math.inf and 0 < self.mttr < math.inf):
            raise ValueError(f"{self.name}: MTTF {self.mttf}, MTTR {self.mttr}")


@dataclass(frozen=True, slots=True)
class Renewal:
    """Times are in the parts' unit."""

    unavailability: float
    interval_95: tuple[float, float]
    """Of unavailability, by the means of BATCHES equal intervals; needs some outages in each (compare `outages`)."""
    outages: int
    """How many began."""
    frequency: float
    """How many began in a unit of time."""
    mean_outage: float
    """NaN where none began; so is mean_up."""
    mean_up: float
    """From the end of an outage to the next one: the whole's MTTF."""


Fails = Callable[[AbstractSet[str]], bool]
"""The names of failed parts -> is the whole down? The set is changed in place: look at it, do not keep it."""


def simulate(parts: Sequence[Part], structure: Fails | FaultTree, duration: float, *, seed: int = 0) -> Renewal:
    """Over so much time. It starts in the steady state (exponential times have no memory), so nothing is to be cut off.

    An event of a tree that is no part never changes: true where its probability is 1, false where it is 0.
    Raises ValueError for parts of one name, a duration that is not above 0, and any other event that is no part.
    """
    names = [part.name for part in parts]
    if len(set(names)) != len(names) or not 0 < duration < math.inf:
        raise ValueError(f"duration {duration}, parts {', '.join(names)}")
    rng = np.random.default_rng(seed)
    unit = _exponentials(rng)
    failed = {part.name for part in parts if rng.random() < part.mttr / (part.mttf + part.mttr)}
    flip, down = _follow(structure, failed, set(names))
    clock = [(next(unit) * (part.mttr if part.name in failed else part.mttf), at) for at, part in enumerate(parts)]
    heapq.heapify(clock)
    batches = np.zeros(BATCHES)
    began, outages = 0.0, 0
    while clock and clock[0][0] < duration:
        now, at = clock[0]
        part = parts[at]
        if part.name in failed:
            failed.remove(part.name)
            mean = part.mttf
        else:
            failed.add(part.name)
            mean = part.mttr
        heapq.heapreplace(clock, (now + next(unit) * mean, at))
        was, down = down, flip(part.name)
        if down and not was:
            began, outages = now, outages + 1
        elif was and not down:
            _book(batches, began, now, duration)
    if down:
        _book(batches, began, duration, duration)
    return _summary(batches, outages, duration)


def _follow(
    structure: Fails | FaultTree, failed: AbstractSet[str], names: set[str]
) -> tuple[Callable[[str], bool], bool]:
    """(a function to be told each change, once `failed` has it, that says whether the whole is down; is it now?)"""
    if not isinstance(structure, FaultTree):
        fails = structure

        def ask(_: str) -> bool:
            return fails(failed)

        return ask, fails(failed)
    fixed = {name: chance for name, chance in structure.events.items() if name not in names}
    unknown = [name for name, chance in fixed.items() if chance not in (0, 1)]
    if unknown:
        raise ValueError(f"events without a part: {', '.join(unknown)}")
    events = set(structure.events)
    live = LiveTree(structure, [*(failed & events), *(name for name, chance in fixed.items() if chance)])

    def tell(name: str) -> bool:
        return live.flip(name) if name in events else live.failed

    return tell, live.failed


def _exponentials(rng: Generator) -> Iterator[float]:
    while True:
        yield from rng.standard_exponential(BLOCK).tolist()


def _book(batches: NDArray[np.float64], begin: float, end: float, duration: float) -> None:
    """Adds an outage's time to the batches that it lies in."""
    width = duration / BATCHES
    first, last = (min(int(moment / width), BATCHES - 1) for moment in (begin, end))
    for at in range(first, last + 1):
        until = end if at == last else (at + 1) * width
        batches[at] += until - max(begin, at * width)


def _summary(batches: NDArray[np.float64], outages: int, duration: float) -> Renewal:
    down = float(batches.sum())
    shares = batches * (BATCHES / duration)
    mean = down / duration
    half = T_95 * float(shares.std(ddof=1)) / math.sqrt(BATCHES)
    return Renewal(
        unavailability=mean,
        interval_95=(max(0.0, mean - half), min(1.0, mean + half)),
        outages=outages,
        frequency=outages / duration,
        mean_outage=down / outages if outages else math.nan,
        mean_up=(duration - down) / outages if outages else math.nan,
    )
