"""Which drill comes next. Pure: the drill of a number follows from seed, kinds and timers alone, whenever one asks.

Kinds come in rounds, each of them once a round and in an order of its own, so that each is drilled about equally often
wherever a campaign ends. Targets, rates, delays and holds are drawn for each number anew.

Only `random()` of Python's generator is used, and only seeds of text: these alone give the same numbers in every
version of Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TypeVar

from fournines.campaign.double import Aimed, doubled
from fournines.campaign.kinds import Kind
from fournines.cloud.timers import Timers
from fournines.prove.windows import Windows

SPEEDS = (0.25, 0.5, 0.75)
"""Factors of the probes' rates. Below the usual one, which two cores just carry with six hosts: a lab that has more to
do than it can answers late without any fault."""

SECOND = 1 / 3
"""Of drills that have a second fault, where any have."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planned:
    """One drill to be made."""

    number: int
    """From 1."""
    fault: str
    """Or two that strike together, as `faults.named` takes them."""
    target: str
    """As `targets.resolve` reads it, or `none`."""
    speed: float
    delay_s: float
    """Of probing before the fault, besides the usual baseline: at which moment of the cloud's own timers it strikes."""
    hold_s: float
    """For which the fault is held once its outage is over."""

    @property
    def windows(self) -> Windows:
        """The drill's, with this delay and hold."""
        usual = Windows()
        return Windows(
            baseline=usual.baseline + self.delay_s,
            steady=self.hold_s,
            blocked=self.hold_s,
            served=usual.served + self.hold_s - usual.steady,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """An endless sequence of drills."""

    seed: int
    kinds: Sequence[Kind]
    """At least one."""
    timers: Timers
    double: bool = False
    """Whether some drills are of two faults at a time."""

    def planned(self, number: int) -> Planned:
        """The drill of that number, from 1."""
        lap, place = divmod(number - 1, len(self.kinds))
        kind = _shuffled(self.kinds, Random(f"{self.seed} round {lap}"))[place]  # noqa: S311 - to be repeated
        chance = Random(f"{self.seed} drill {number}")  # noqa: S311
        fault, target = self._doubled((kind.fault, _target(kind, chance)), number)
        return Planned(
            number=number,
            fault=fault,
            target=target,
            speed=_one_of(SPEEDS, chance),
            delay_s=round(chance.random() * longest_delay(self.timers), 1),
            hold_s=round(_between(*holds(self.timers), chance), 1),
        )

    def _doubled(self, one: Aimed, number: int) -> Aimed:
        """With a second fault, in some drills, where that can be."""
        chance = Random(f"{self.seed} second {number}")  # noqa: S311 - what else is drawn stays as it was
        if not self.double or chance.random() >= SECOND:
            return one
        kind = _one_of(self.kinds, chance)
        return doubled(one, (kind.fault, _target(kind, chance))) or one

    def after(self, number: int) -> Iterator[Planned]:
        """All drills after that number; 0: all."""
        return map(self.planned, count(number + 1))


def longest_delay(timers: Timers) -> float:
    """One period of the slowest of what looks, checks and reports by itself: so every phase of each is as likely."""
    return max(
        timers.monitor_interval,
        timers.agent_report,
        timers.check_interval,
        timers.api_check_interval,
        timers.osd_heartbeat_interval,
        timers.guest_check_interval,
        timers.vrrp_advert,
    )


def holds(timers: Timers) -> tuple[float, float]:
    """(shortest, longest): at least what a drill needs to see that it is over, at most until the slowest of the cloud's
    reactions to a lost member has come too."""
    shortest = Windows().steady
    return shortest, max(shortest, timers.network_reassigned())


def _target(kind: Kind, chance: Random) -> str:
    if kind.count == 1:
        return _one_of((*kind.words, *kind.pool), chance)
    chosen = _shuffled(kind.pool, chance)[: kind.count]
    return ",".join(name for name in kind.pool if name in chosen)


def _one_of(what: Sequence[T], chance: Random) -> T:
    return what[int(chance.random() * len(what))]


def _between(least: float, most: float, chance: Random) -> float:
    return least + (most - least) * chance.random()


def _shuffled(what: Sequence[T], chance: Random) -> list[T]:
    keys = [chance.random() for _ in what]
    return [one for _, one in sorted(zip(keys, what, strict=True), key=lambda each: each[0])]
