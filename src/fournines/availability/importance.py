"""Which events matter, and how often and how long the whole is down. For coherent trees: no failure helps.

Z. Birnbaum, "On the importance of different components in a multicomponent system" (1969); names and formulas of the
importance factors as in the documentation of SCRAM (github.com/rakhimov/scram, theory), but for Fussell and Vesely's,
which is that of probabilistic safety assessments (minimal cut sets, rare events).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSets


@dataclass(frozen=True)
class Importance:
    """Of all events of a tree; what is asked is computed once. Raises ValueError as `Bdd.probability` does."""

    bdd: Bdd
    events: Mapping[str, float]
    """Those with another probability than the tree says."""

    @cached_property
    def unavailability(self) -> float:
        """The part of time in which the whole is down: the probability of the top."""
        # A sum of products that are rounded may come out above 1.
        return min(1.0, self.bdd.probability(self.events))

    @cached_property
    def birnbaum(self) -> Mapping[str, float]:
        """Event -> the top's probability when it is true less that when it is not: how much one more event of this kind
        would hurt. SCRAM's MIF."""
        return self.bdd.birnbaum(self.events)

    @cached_property
    def criticality(self) -> Mapping[str, float]:
        """Event -> the part of the top's probability that goes away with the event's own. SCRAM's CIF. All 0 when
        nothing is probable."""
        chances = {**self.bdd.tree.events, **self.events}
        whole = self.unavailability
        return {name: slope * chances[name] / whole if whole else 0.0 for name, slope in self.birnbaum.items()}

    def frequency(self, failures: Mapping[str, float]) -> float:
        """How many outages begin in the time in which each independent part, repaired whenever it fails, fails
        `failures` times, its repairs included: (1 - u) * lambda = u * mu. One that is not there never changes.

        The whole goes down with a part that is critical at that moment: a Birnbaum importance is that probability.
        Raises ValueError for a failure of what is no event.
        """
        if unknown := failures.keys() - self.bdd.tree.events.keys():
            raise ValueError(f"no event of this tree: {min(unknown)}")
        return math.fsum(self.birnbaum[name] * rate for name, rate in failures.items())


def fussell_vesely(
    cut_sets: CutSets, groups: Sequence[Collection[str]], events: Mapping[str, float]
) -> Iterator[float]:
    """Of each group of events, in turn: the sum of the probabilities of the cut sets with at least one of them, over
    that of all; 0 when that is.

    Right to about 1e-16. Raises ValueError as `Bdd.probability` does.
    """
    whole, slopes = cut_sets.rare_event(events), cut_sets.slopes(events)
    chances = {**cut_sets.tree.events, **events}
    several = [names for names in groups if len(names) > 1]
    without = iter(cut_sets.rare_event_without(several, events))
    for names in groups:
        if len(names) == 1:
            (name,) = names
            part = chances[name] * slopes[name]
        else:
            part = max(0.0, whole - next(without)) if names else 0.0
        yield part / whole if whole else 0.0
