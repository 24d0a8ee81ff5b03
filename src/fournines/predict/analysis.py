"""One user-visible service of a cloud: its fault tree with probabilities, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSets, minimal
from fournines.availability.tree import FaultTree
from fournines.cloud.model import Cloud
from fournines.predict.parts import PEOPLE, SITE
from fournines.predict.rates import Rate, rates
from fournines.predict.structure import Structure, Structures
from fournines.predict.visible import Visible, offered

MOST = 4
"""Parts of the largest cut sets that are looked for: five at the same time are nobody's first worry."""


@dataclass(frozen=True)
class Analysis:
    """What is asked of it is computed once."""

    visible: Visible
    structure: Structure
    rates: Mapping[str, Rate]

    @cached_property
    def tree(self) -> FaultTree:
        return replace(self.structure.tree, events=self.chances(self.rates))

    @cached_property
    def bdd(self) -> Bdd:
        return Bdd.of(self.tree)

    @cached_property
    def unavailability(self) -> float:
        """Share of the time in which too few parts are up, exactly; no failover is in it."""
        return self.bdd.probability()

    @cached_property
    def birnbaum(self) -> Mapping[str, float]:
        """Part -> how much more likely the service is down when the part is."""
        return self.bdd.birnbaum()

    @cached_property
    def outages_per_year(self) -> float:
        """How often too few parts are up."""
        parts = self.structure.parts
        return math.fsum(slope * parts[name].per_year(self.rates) for name, slope in self.birnbaum.items() if slope)

    @cached_property
    def cut_sets(self) -> CutSets:
        """The minimal ones, of at most `MOST` parts."""
        return minimal(self.bdd, MOST)

    def chances(self, rates: Mapping[str, Rate]) -> dict[str, float]:
        """Part -> unavailability by these rates."""
        same: dict[tuple[str, str | None, bool], float] = {}
        found: dict[str, float] = {}
        for name, part in self.structure.parts.items():
            # All parts of a kind have the same.
            key = part.kind, part.of, bool(part.group)
            if key not in same:
                same[key] = part.unavailability(rates)
            found[name] = same[key]
        return found


def analyse(cloud: Cloud) -> Iterator[Analysis]:
    """Every user-visible service that the cloud offers, in the order in which they are shown."""
    known = rates(cloud)
    everywhere = [part for part in (SITE, PEOPLE) if known[part.kind].counted]
    structures = Structures(cloud, everywhere)
    for visible in offered(cloud):
        yield Analysis(visible, structures.of(visible), known)
