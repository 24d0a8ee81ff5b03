"""Which events matter, and how often and how long the whole is down. For coherent trees: no failure helps.

Z. Birnbaum, "On the importance of different components in a multicomponent system" (1969); names and formulas of the
importance factors as in the documentation of SCRAM (github.com/rakhimov/scram, theory).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSets


@dataclass(frozen=True, slots=True)
class Importance:
    """Of one event with probability p in a tree with probability P. All 0 when P is."""

    birnbaum: float
    """P when it is true less P when it is not: how much one more event of this kind would hurt. SCRAM's MIF."""
    criticality: float
    """birnbaum * p / P: the part of P that goes away when p goes to 0. SCRAM's CIF."""
    diagnosis: float
    """p * P(top | event) / P: the probability of the event when the top is true. SCRAM's DIF, and what it calls
    Fussell-Vesely."""
    fussell_vesely: float
    """The cut sets that the event is in: the sum of their probabilities over that of all. The usual definition of
    probabilistic safety assessments (minimal cut sets, rare events)."""


@dataclass(frozen=True, slots=True)
class Outages:
    unavailability: float
    """The part of time that the whole is down."""
    frequency: float
    """How many outages begin per hour."""

    @property
    def mean(self) -> float:
        """Hours an outage takes; infinite where none ends."""
        if self.unavailability == 0.0:
            return 0.0
        return self.unavailability / self.frequency if self.frequency > 0.0 else math.inf


def importance(bdd: Bdd, cut_sets: CutSets, events: Mapping[str, float] | None = None) -> dict[str, Importance]:
    """Of every event of the tree. `events`: those with another probability than the tree says.

    Raises ValueError as `Bdd.probability` does.
    """
    chances = {**bdd.tree.events, **(events or {})}
    top = bdd.probability(events)
    all_cut_sets = cut_sets.rare_event(events)
    slopes = cut_sets.slopes(events)
    found: dict[str, Importance] = {}
    for name, birnbaum in bdd.birnbaum(events).items():
        chance = chances[name]
        found[name] = Importance(
            birnbaum=birnbaum,
            criticality=_share(chance * birnbaum, top),
            diagnosis=_share(chance * (top + (1.0 - chance) * birnbaum), top),
            fussell_vesely=_share(chance * slopes[name], all_cut_sets),
        )
    return found


def outages(bdd: Bdd, failures: Mapping[str, float], events: Mapping[str, float] | None = None) -> Outages:
    """Of independent parts that fail and are repaired, in the long run. `failures`: how often each fails per hour of
    calendar time, its repairs included: (1 - u) * lambda = u * mu. An event that is not there never changes.

    The whole goes down with a part that is critical at that moment: a Birnbaum importance is that probability.
    Raises ValueError for a failure of what is no event, and as `Bdd.probability` does.
    """
    unknown = failures.keys() - bdd.tree.events.keys()
    if unknown:
        raise ValueError(f"no event of this tree: {min(unknown)}")
    birnbaum = bdd.birnbaum(events)
    return Outages(bdd.probability(events), math.fsum(birnbaum[name] * rate for name, rate in failures.items()))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
