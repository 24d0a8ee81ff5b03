"""How often parts fail: a Gamma prior from what the rates file says, and what an operator has counted.

The prior has the file's mean, and a 95 % interval whose ends have the same ratio as those of the file's range: a
range of [0.2, 3] around 1 is an order of magnitude of doubt, wherever in it the mean lies. Failures are a Poisson
process, so n of them in t years of parts make Gamma(k, b) a Gamma(k + n, b + t). A range of no width is a figure that
somebody knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from fournines.posterior.figure import TAILS, Figure, Reals, generator, tidy
from fournines.posterior.gamma import gamma_quantile
from fournines.predict.rates import Rate

_SHAPES = (0.05, 1e5)
"""Beyond them a range says nothing, or all."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Failures of one kind of part that an operator saw. Raises ValueError for less than none, or no time."""

    events: int
    years: float
    """Of parts: ten hosts in half a year are five."""

    def __post_init__(self) -> None:
        if self.events < 0 or not 0 < self.years < math.inf:
            raise ValueError(f"{self.events} failures in {self.years} years")


@dataclass(frozen=True, slots=True)
class EventRate:
    """Gamma(shape, years): as if `shape` failures had been seen in so many years of parts."""

    kind: str
    what: str
    basis: str
    """As in the rates file: published, assumed, yours; or counted."""
    shape: float
    """Infinite: the rate is known."""
    years: float
    prior_per_year: float
    """The mean that the rates file has."""
    known_per_year: float = 0.0
    """Of an infinite shape."""

    @property
    def figure(self) -> Figure:
        """Failures of one part a year."""
        if math.isinf(self.shape):
            return Figure(*[self.known_per_year] * 3)
        mean = self.shape / self.years
        low, high = (gamma_quantile(tail, self.shape) / self.years for tail in TAILS)
        return Figure(mean, min(low, mean), max(high, mean))

    def factors(self, draws: int, seed: int) -> Reals:
        """The rate over the one that predictions have."""
        if math.isinf(self.shape) or not self.prior_per_year:
            return np.ones(draws)
        drawn = generator(seed, "rate", self.kind).standard_gamma(self.shape, draws)
        return drawn / (self.years * self.prior_per_year)

    def as_json(self) -> Mapping[str, Any]:
        return {
            "kind": self.kind,
            "what": self.what,
            "basis": self.basis,
            "per_year": self.figure.as_json(),
            "shape": None if math.isinf(self.shape) else tidy(self.shape),
            "years": None if math.isinf(self.shape) else tidy(self.years),
        }


def event_rate(rate: Rate, counted: Counted | None = None) -> EventRate:
    """What is known of one kind of part. A rate that the operator has fixed is left as it is."""
    low, high = rate.range
    if not rate.per_year or low >= high:
        return EventRate(rate.kind, rate.what, rate.basis, math.inf, math.inf, rate.per_year, rate.per_year)
    shape = shape_of(high / low) if low > 0 else _SHAPES[0]
    years = shape / rate.per_year
    if counted is None:
        return EventRate(rate.kind, rate.what, rate.basis, shape, years, rate.per_year)
    return EventRate(rate.kind, rate.what, "counted", shape + counted.events, years + counted.years, rate.per_year)


@cache
def shape_of(ratio: float) -> float:
    """Of the Gamma distribution the upper end of whose 95 % interval is so many times (above 1) the lower one."""
    low, high = _SHAPES
    while high / low > 1 + 1e-5:
        middle = math.sqrt(low * high)
        below, above = (gamma_quantile(tail, middle) for tail in TAILS)
        # The larger the shape, the narrower.
        if not below or above / below > ratio:
            low = middle
        else:
            high = middle
    return high
