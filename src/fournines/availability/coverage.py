"""What drills say of coverage, the probability that a failover works: little, unless there are hundreds.

n drills of one class (the same fault, role, configuration, fidelity and connections) of which f failed, and Jeffreys'
prior Beta(1/2, 1/2), give Beta(n - f + 1/2, f + 1/2). The probability of a year's m failovers that k fail is then
beta-binomial: that coverage is one unknown number, and not m independent ones, makes bad years likelier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fournines.availability.beta import beta_quantile, log_beta


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a class's failovers: mean and equal-tailed 95 % bounds of the posterior."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Drilled:
    """A class of failovers. Raises ValueError unless 0 <= failed <= drills and events >= 0."""

    events: int
    """How many a year."""
    drills: int
    failed: int = 0

    def __post_init__(self) -> None:
        _shape(self.drills, self.failed)
        if self.events < 0:
            raise ValueError(f"{self.events} events")


def coverage(drills: int, failed: int = 0) -> Coverage:
    """Exact, but for rounding. Raises ValueError unless 0 <= failed <= drills."""
    worked, not_worked = _shape(drills, failed)
    # Quantiles of what fails, for near 0 floats lie close together and near 1 they do not.
    low, high = (1 - beta_quantile(p, not_worked, worked) for p in (0.975, 0.025))
    return Coverage(worked / (worked + not_worked), low, high)


def year_met(classes: Sequence[Drilled], left_s: float, repair_s: float) -> float:
    """P(a year with exactly these failovers stays within its budget), exactly.

    `left_s` of the budget is left when each failover is charged what it costs if it works; one that fails costs a
    repair by hand as well, exponential with mean `repair_s` > 0. k repairs are within `left_s` with the probability of
    Erlang's distribution. With `left_s` 0 none may fail: for one class that is E[c^m] = B(a + m, b) / B(a, b).

    The field notes' figures (no failed drill of n a class, 41 events a year, 52.56 min: n = 10 0.43, 30 0.70, 100 0.89,
    300 0.96, 1000 0.99) come without their model. None may fail gives 0.45, 0.65, 0.84, 0.94, 0.98 for one class and
    less for several: not it. Three classes of 24, 12 and 5 events, 30 s each, and repairs of 60 min give 0.427, 0.704,
    0.891, 0.961, 0.988. That is a fit, not a source: two classes of 21 and 20 with 28 min left round to the same.
    """
    if left_s < 0:
        return 0.0
    failures = np.ones(1)
    for each in classes:
        failures = np.convolve(failures, _failures(each))
    ratio = left_s / repair_s
    within, more, poisson = 0.0, 1.0, math.exp(-ratio)
    # P(k exponential repairs take at most r means) = P(Poisson(r) >= k).
    for count, chance in enumerate(failures.tolist()):
        within += chance * more
        more = max(0.0, more - poisson)
        poisson *= ratio / (count + 1)
    return within


def _shape(drills: int, failed: int) -> tuple[float, float]:
    if not 0 <= failed <= drills:
        raise ValueError(f"{failed} of {drills} drills failed")
    return drills - failed + 0.5, failed + 0.5


def _failures(each: Drilled) -> list[float]:
    """P(k of a year's failovers fail) for k = 0 .. events."""
    worked, not_worked = _shape(each.drills, each.failed)
    total, prior = each.events, log_beta(worked, not_worked)
    # The binomial coefficient of (m, k) is 1 / ((m + 1) B(m - k + 1, k + 1)): as a logarithm it never overflows.
    return [
        math.exp(log_beta(worked + total - k, not_worked + k) - prior - log_beta(total - k + 1, k + 1)) / (total + 1)
        for k in range(total + 1)
    ]
