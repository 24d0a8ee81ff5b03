"""Which drills speak of a failover that predictions charge, and what they say of it: whether it works, how long it
takes.

A drill speaks of the loss of a service's hosts when it silenced one of them, and of the loss of its daemons when it
ended one. Where only the active member's loss costs something, the drill must have aimed at that: a controller that had
neither VIP nor writer shows nothing of theirs.

Each class of drills keeps a posterior of its own (Jeffreys). A takeover of which several classes speak, as power loss
and isolation, is taken for any of them with equal chance: that pools nothing, no class's failures are lost among
another one's drills, and one more success never lowers it. Of which no drill speaks has what the rates file assumes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from fournines.availability.beta import beta_quantile
from fournines.cloud.columns import Column
from fournines.posterior.figure import TAILS, Reals, generator
from fournines.posterior.model import Takeover
from fournines.posterior.observation import Class
from fournines.posterior.trial import Tally, Trial, by_class
from fournines.services import catalogue


@dataclass(frozen=True, slots=True)
class Spoken:
    """What drills say of one takeover."""

    takeover: Takeover
    classes: Mapping[Class, Tally]
    """Those with a drill that speaks of it, known or unknown how it ended."""
    trials: tuple[Trial, ...]

    @property
    def drilled(self) -> Sequence[Class]:
        """Those of which at least one drill is known."""
        return [each for each, tally in self.classes.items() if tally.known]

    @property
    def assumed(self) -> bool:
        return not self.drilled

    def coverage(self, assumption: tuple[float, float, float], draws: int, seed: int) -> Reals:
        """Draws of the share of such takeovers that succeed. `assumption`: mean, low, high."""
        names = self.takeover.key
        if self.assumed:
            # Nobody may take over, says the design.
            return assumed(assumption, draws, seed, *names) if self.takeover.coverage else np.zeros(draws)
        found = [
            beta(tally.worked, tally.failed, draws, seed, *names, each.fault, *each.roles)
            for each, tally in self.classes.items()
            if tally.known
        ]
        return np.mean(found, axis=0)

    def seconds(self, column: Column, draws: int, seed: int) -> Reals:
        """Draws of the mean time that one costs which succeeds, by a Bayesian bootstrap (Rubin 1981) of the upper
        bounds that drills measured; what the timers allow counts as one more of them, and alone where there are none.
        """
        sample = np.array([self.takeover.seconds, *charged(self.trials, column)])
        weights = generator(seed, "seconds", *self.takeover.key, column).standard_exponential((sample.size, draws))
        return sample @ (weights / weights.sum(axis=0))


def spoken(takeover: Takeover, trials: Iterable[Trial]) -> Spoken:
    """What these trials, of one configuration and fidelity, say of it."""
    own = tuple(trial for trial in trials if speaks(trial, takeover))
    return Spoken(takeover, {each: Tally.of(found) for each, found in by_class(own).items()}, own)


def speaks(trial: Trial, takeover: Takeover) -> bool:
    """Whether that drill made others take over what this is about."""
    fault = trial.fault
    struck = takeover.members & set(fault.hosts)
    if fault.blocks or not struck or struck == takeover.members:
        return False
    stopped = not fault.silences and fault.stops == takeover.service
    active = catalogue()[takeover.service].primary
    return (fault.silences if takeover.what == "hosts" else stopped) and (
        takeover.each or (active != "" and fault.target == active)
    )


def charged(trials: Iterable[Trial], column: Column) -> list[float]:
    """Of each trial that succeeded: all its outages together, of that column's worst probe. None where one of its
    probes does not know."""
    found: list[float] = []
    for trial in trials:
        totals = [each.total.upper_s if each.total else None for each in trial.by(column)]
        known = [each for each in totals if each is not None]
        if trial.recovered and known and len(known) == len(totals):
            found.append(max(known))
    return found


def beta(worked: int, failed: int, draws: int, seed: int, *names: str) -> Reals:
    """Draws of Beta(worked + 1/2, failed + 1/2), as X / (X + Y) of two gamma variates made of a half and of one
    exponential for each drill: one more success adds to X what is not negative, so it lowers no draw."""
    sums: list[Reals] = []
    for name, count in (("worked", worked), ("failed", failed)):
        rng = generator(seed, "coverage", name, *names)
        total = rng.standard_normal(draws) ** 2 / 2
        for _ in range(count):
            total += rng.standard_exponential(draws)
        sums.append(total)
    return sums[0] / (sums[0] + sums[1])


def assumed(assumption: tuple[float, float, float], draws: int, seed: int, *names: str) -> Reals:
    """Draws of a Beta with that mean, whose 95 % interval begins at that low end; of no width where there is none."""
    mean, low, _ = assumption
    if not 0 < low < mean < 1:
        return np.full(draws, mean)
    size = _size(mean, low)
    return generator(seed, "coverage", "assumed", *names).beta(size * mean, size * (1 - mean), draws)


@cache
def _size(mean: float, low: float) -> float:
    """Of a Beta distribution with that mean, how many drills it is worth: the larger, the narrower."""
    small, large = 0.1, 1e6
    while large / small > 1 + 1e-5:
        middle = math.sqrt(small * large)
        if beta_quantile(TAILS[0], middle * mean, middle * (1 - mean)) < low:
            small = middle
        else:
            large = middle
    return large
