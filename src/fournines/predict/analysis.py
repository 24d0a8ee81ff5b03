"""One user-visible service of a cloud: its fault tree with probabilities, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from fournines.availability.cut_sets import CutSet
from fournines.availability.importance import Importance
from fournines.availability.tree import FaultTree
from fournines.cloud.model import Cloud
from fournines.predict.parts import PEOPLE, SITE, Part
from fournines.predict.rates import Rate, rates
from fournines.predict.structure import Structure, Structures
from fournines.predict.visible import Visible, ours


@dataclass(frozen=True)
class Analysis:
    """What is asked of it is computed once."""

    visible: Visible
    structure: Structure
    rates: Mapping[str, Rate]

    @cached_property
    def chances(self) -> Mapping[str, float]:
        """Part -> unavailability."""
        unavailability = self._alike(Part.unavailability)
        return {name: unavailability(part) for name, part in self.structure.parts.items()}

    @cached_property
    def per_year(self) -> Callable[[Part], float]:
        """How often a part fails in a year."""
        return self._alike(Part.per_year)

    @property
    def tree(self) -> FaultTree:
        """With its probabilities."""
        return replace(self.structure.tree, events=self.chances)

    @cached_property
    def importance(self) -> Importance:
        """Of its parts; no failover is in it."""
        return Importance(self.structure.bdd, self.chances)

    @property
    def unavailability(self) -> float:
        """Share of the time in which too few parts are up, exactly; no failover is in it."""
        return self.importance.unavailability

    @cached_property
    def outages_per_year(self) -> float:
        """How often too few parts are up."""
        return self.importance.frequency({name: self.per_year(part) for name, part in self.structure.parts.items()})

    def likeliest(self, count: int) -> list[CutSet]:
        """Minimal cut sets, the likeliest first."""
        return self.structure.cut_sets.likeliest(count, self.chances)

    def _alike(self, figure: Callable[[Part, Mapping[str, Rate]], float]) -> Callable[[Part], float]:
        """That figure of a part, by these rates: all parts of a kind have the same, which is computed once."""
        known: dict[tuple[str, str | None, bool], float] = {}

        def of(part: Part) -> float:
            key = part.kind, part.of, bool(part.group)
            if key not in known:
                known[key] = figure(part, self.rates)
            return known[key]

        return of


def analyse(cloud: Cloud) -> Iterator[Analysis]:
    """Every user-visible service that the cloud offers, in the order in which they are shown."""
    known = rates(cloud)
    everywhere = [part for part in (SITE, PEOPLE) if known[part.kind].counted]
    structures = Structures(cloud, everywhere)
    for visible in ours(cloud):
        yield Analysis(visible, structures.of(visible), known)
