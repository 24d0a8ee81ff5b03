"""Which drills took all parts of a minimal cut set at the same time; where none did, what becomes of it is assumed.

A drill that silences a host takes all its daemons too, and one on two hosts covers what one host needs. Hosts with the
same roles stand for each other: that counts, and is told apart (`alike`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Any

from fournines.posterior.figure import tidy
from fournines.posterior.model import Cut, Design
from fournines.posterior.trial import Trial

ORDER = 2
"""The most parts that a cut set shown here has."""
SHOWN = 20
"""Of each service, the likeliest."""
MOST_TRIED = 5040
"""Ways to see a cut set's hosts in a drill's."""

Roles = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Covered:
    """One minimal cut set."""

    parts: tuple[str, ...]
    probability: float
    services: tuple[str, ...]
    """User-visible ones that it takes down."""
    drills: tuple[str, ...]
    """That took these very parts; those that took least besides come first."""
    alike: tuple[str, ...]
    """That took their likes on other hosts of the same roles."""

    @property
    def assumed(self) -> bool:
        return not self.drills and not self.alike

    def as_json(self) -> Mapping[str, Any]:
        return {
            "parts": list(self.parts),
            "probability": tidy(self.probability),
            "services": list(self.services),
            "drills": list(self.drills),
            "alike": list(self.alike),
            "assumed": self.assumed,
        }


def covered(design: Design, trials: Iterable[Trial]) -> Sequence[Covered]:
    """The likeliest first. Only drills of which it is known how they ended cover anything."""
    known = sorted(
        (trial for trial in trials if trial.recovered is not None and trial.fault.hosts),
        key=lambda trial: (len(trial.fault.hosts), trial.drill),
    )
    services: dict[tuple[str, ...], list[str]] = {}
    cuts: dict[tuple[str, ...], Cut] = {}
    for model in design.models:
        for cut in model.cuts[:SHOWN]:
            if len(cut.parts) <= ORDER:
                cuts.setdefault(cut.parts, cut)
                services.setdefault(cut.parts, []).append(model.name)
    found = [_covered(cut, tuple(services[parts]), known, design.roles) for parts, cut in cuts.items()]
    return sorted(found, key=lambda each: (-each.probability, each.parts))


def _covered(cut: Cut, services: tuple[str, ...], trials: Sequence[Trial], roles: Roles) -> Covered:
    exact = [trial.drill for trial in trials if cut.drillable and takes(trial, cut.hosts, cut.daemons)]
    alike = [
        trial.drill
        for trial in trials
        if cut.drillable and trial.drill not in exact and any(takes(trial, *seen) for seen in _seen(cut, trial, roles))
    ]
    return Covered(cut.parts, cut.probability, services, tuple(exact), tuple(alike))


def takes(trial: Trial, hosts: frozenset[str], daemons: frozenset[tuple[str, str]]) -> bool:
    """Whether that drill took all of these hosts and daemons, of which there is one at least."""
    fault = trial.fault
    silent = set(fault.hosts) if fault.silences else set[str]()
    stopped = {(fault.stops, host) for host in fault.hosts} if fault.stops else set[tuple[str, str]]()
    gone = all(host in silent or (service, host) in stopped for service, host in daemons)
    return bool(hosts or daemons) and hosts <= silent and gone


def _seen(cut: Cut, trial: Trial, roles: Roles) -> Iterator[tuple[frozenset[str], frozenset[tuple[str, str]]]]:
    """The cut set with its hosts taken for others of the drill that have the same roles."""
    own = sorted({*cut.hosts, *(host for _, host in cut.daemons)})
    for others in islice(permutations(sorted(trial.fault.hosts), len(own)), MOST_TRIED):
        if all(roles.get(a) == roles.get(b) for a, b in zip(own, others, strict=True)):
            as_other = dict(zip(own, others, strict=True))
            yield (
                frozenset(as_other[host] for host in cut.hosts),
                frozenset((service, as_other[host]) for service, host in cut.daemons),
            )
