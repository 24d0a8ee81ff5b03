"""Sources of outages: how often one of a kind comes, and how long it takes.

How long:

- `Fixed` for a failover that is charged its bound: n of them cost exactly n times the seconds.
- `Exponential` for repairs and for outages out of a Markov model: n of them are Gamma(n) distributed, one draw a year.
- `LogNormal` for people at work, whose times are skewed: a long tail, and nobody is done in no time.

How often: outages of a stream are a Poisson process. Its rate is hardly ever known; `uncertainty` is its error factor,
the 95 % point over the median, of a log-normal multiplier (the usual choice of probabilistic risk assessment: WASH-1400
and since). The multiplier's mean is 1, so that `per_year` stays the mean rate and `expected` does not depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

YEAR_S = 365 * 86400.0
Z95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Each outage takes the stream's mean."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """Each outage may end at any moment, however long it has lasted."""


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Raises ValueError unless 1 < p95_over_mean < 3.868: a log-normal cannot have its 95 % point further out."""

    p95_over_mean: float

    def __post_init__(self) -> None:
        if not 1 < self.p95_over_mean < math.exp(Z95**2 / 2):
            raise ValueError(f"p95_over_mean is {self.p95_over_mean}, not between 1 and {math.exp(Z95**2 / 2):.3f}")

    @property
    def sigma(self) -> float:
        """Of the logarithm. ln(p95/mean) = z sigma - sigma^2/2 has two roots; the smaller is the less skewed one."""
        return Z95 - math.sqrt(Z95**2 - 2 * math.log(self.p95_over_mean))


@dataclass(frozen=True, slots=True)
class Stream:
    """Raises ValueError where a number is negative or not finite, or `uncertainty` is below 1."""

    name: str
    per_year: float
    """Mean number of outages in 365 days."""
    mean_s: float
    """Mean seconds of one."""
    spread: Fixed | Exponential | LogNormal = Exponential()
    uncertainty: float = 1.0
    """Error factor of the rate; 1: it is known."""
    cause: str = ""
    """Streams of one cause have too high or too low a rate together. Empty: a cause of its own."""

    def __post_init__(self) -> None:
        numbers = (self.per_year, self.mean_s, self.uncertainty)
        if not all(map(math.isfinite, numbers)) or min(numbers) < 0 or self.uncertainty < 1:
            raise ValueError(f"{self.name}: rate, mean and uncertainty are {numbers}")

    @property
    def rate_sigma(self) -> float:
        """Of the logarithm of the rate's multiplier."""
        return math.log(self.uncertainty) / Z95


def expected(streams: Iterable[Stream]) -> float:
    """Mean seconds of downtime in a year, exactly. Outages add up even where they would overlap; no year's end."""
    return math.fsum(stream.per_year * stream.mean_s for stream in streams)
