"""How likely each user-visible service stays within its year's budget, given what drills and rates say.

A world is one draw of all that is not known: each kind's failure rate, each takeover's coverage and its mean time. In
each world the probability is computed; its mean over worlds is what to bet on, and the interval is of the worlds.
Worlds are the same for all services. What is not drawn is taken for known: repair times, shares of common failures,
the structure.

How often too few parts are up follows the rates by the likeliest cut sets, of which each part's unavailability is
taken to be proportional to its rates; an outage takes as long as predicted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fournines.posterior.figure import Figure, Reals, tidy
from fournines.posterior.model import Model
from fournines.posterior.takeovers import Spoken, assumed
from fournines.posterior.years import Outages, within

Key = tuple[str, str]
"""Of a takeover: service, and `hosts` or `daemons`."""


@dataclass(frozen=True, slots=True)
class Worlds:
    """Draws, as many of each."""

    factors: Mapping[str, Reals]
    """Kind of rate -> the rate over the predicted one."""
    spoken: Mapping[Key, Spoken]
    assumption: tuple[float, float, float]
    """Of coverage: mean, low, high."""
    count: int
    seed: int

    def factor(self, kinds: Mapping[str, float]) -> Reals:
        """Of what has these shares of its frequency by these rates."""
        parts = [share * self.factors[kind] for kind, share in kinds.items()]
        return np.sum(parts, axis=0) if parts else np.ones(self.count)


@dataclass(frozen=True, slots=True)
class Influence:
    """Something unknown that makes the probability unknown."""

    name: str
    share: float
    """Of the uncertainty: its squared rank correlation with the probability, over the sum of all."""
    assumed: bool
    """No drill and no published figure speaks of it."""
    figure: Figure
    """Its own: a coverage, seconds, or failures over the predicted ones."""

    def as_json(self) -> Mapping[str, Any]:
        return {"name": self.name, "share": tidy(self.share), "assumed": self.assumed, **self.figure.as_json()}


@dataclass(frozen=True, slots=True)
class Service:
    """One user-visible service."""

    name: str
    title: str
    budget_s: float
    """Of a year."""
    met: Figure
    """P(yearly downtime <= budget), over worlds."""
    met_assumed: float
    """The same if no drill had been made: by the assumptions of the rates file alone."""
    minutes: Figure
    """Mean minutes a year, over worlds."""
    influences: tuple[Influence, ...]
    """The weakest first."""
    undrilled: tuple[str, ...]
    """Takeovers of which no drill speaks."""

    def as_json(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "budget_minutes": tidy(self.budget_s / 60),
            "p_within_budget": self.met.as_json(),
            "p_if_nothing_were_drilled": tidy(self.met_assumed),
            "mean_minutes_per_year": self.minutes.as_json(),
            "influences": [each.as_json() for each in self.influences],
            "undrilled": list(self.undrilled),
        }


def service(model: Model, worlds: Worlds, bases: Mapping[str, str]) -> Service:
    """`bases`: kind of rate -> `published`, `assumed`, ..., as the rates file has it."""
    sources = [_structure(model, worlds)]
    before = list(sources)
    drawn: list[tuple[str, bool, Reals]] = []
    kinds = {kind for cut in model.cuts for part in cut.kinds for kind in part}
    for takeover in model.takeovers:
        said = worlds.spoken[takeover.key]
        kinds |= takeover.kinds.keys()
        often = takeover.per_year * takeover.share * worlds.factor(takeover.kinds)
        coverage = said.coverage(worlds.assumption, worlds.count, worlds.seed)
        seconds = said.seconds(model.column, worlds.count, worlds.seed)
        failed = np.full(worlds.count, takeover.failed_seconds)
        sources += [Outages(often * coverage, seconds, False), Outages(often * (1 - coverage), failed, True)]
        guess = np.zeros(worlds.count)
        if takeover.coverage:
            guess = assumed(worlds.assumption, worlds.count, worlds.seed, *takeover.key)
        bound = np.full(worlds.count, takeover.seconds)
        before += [Outages(often * guess, bound, False), Outages(often * (1 - guess), failed, True)]
        called = f"{takeover.service}, lost {takeover.what}"
        drawn.append((f"coverage of {called}", said.assumed, coverage))
        drawn.append((f"seconds of {called}", said.assumed, seconds))
    drawn += [(f"rate of {kind}", bases.get(kind) == "assumed", worlds.factors[kind]) for kind in sorted(kinds)]
    met = within(sources, model.budget_s, worlds.count)
    minutes = sum((each.per_year * each.mean_s for each in sources), np.zeros(worlds.count)) / 60
    return Service(
        model.name,
        model.title,
        model.budget_s,
        Figure.of(met),
        float(within(before, model.budget_s, worlds.count).mean()),
        Figure.of(minutes),
        tuple(_influences(drawn, met)),
        tuple(f"{each.service}, lost {each.what}" for each in model.takeovers if worlds.spoken[each.key].assumed),
    )


def _structure(model: Model, worlds: Worlds) -> Outages:
    """Too few parts are up."""
    known: dict[tuple[tuple[str, float], ...], Reals] = {}
    total, weight = np.zeros(worlds.count), 0.0
    for cut in model.cuts:
        product = np.full(worlds.count, cut.probability)
        for kinds in cut.kinds:
            key = tuple(kinds.items())
            if key not in known:
                known[key] = worlds.factor(kinds)
            product = product * known[key]
        total += product
        weight += cut.probability
    factor = total / weight if weight else np.ones(worlds.count)
    return Outages(model.per_year * factor, np.full(worlds.count, model.mean_s), True)


def _influences(drawn: Sequence[tuple[str, bool, Reals]], met: Reals) -> Sequence[Influence]:
    squares = [_correlation(values, met) ** 2 for _, _, values in drawn]
    whole = math.fsum(squares)
    found = [
        Influence(name, square / whole if whole else 0.0, guessed, Figure.of(values))
        for (name, guessed, values), square in zip(drawn, squares, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.share, each.name))


def _correlation(one: Reals, other: Reals) -> float:
    """Spearman's; 0 where one of them is the same in all worlds."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Reals) -> Reals:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
