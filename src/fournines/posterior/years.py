"""P(a year's downtime <= budget), in many worlds at once: in each, how often what comes and how long it takes is known.

In one world a year is a compound Poisson process, as in `fournines.availability.downtime`; there years are simulated,
here the distribution is computed, so that no world's figure has noise of its own. Times are put on a grid, each shared
between two neighbours so that its mean is kept, and the probabilities of sums follow from the generating function,

    E z^S = exp(sum of rate * (E z^T - 1)),

by a Fourier transform on a circle slightly smaller than the unit one, which keeps what lies beyond the grid from
being wrapped into it (Embrechts and Frei, "Panjer recursion versus FFT for compound distributions", 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fournines.posterior.figure import Reals

STEPS = 512
"""In a budget: of 52.6 min, 6 s each."""
LEAST_S = 1e-3
"""A budget below it is none."""
_POINTS = 2 * STEPS
_RADIUS = 10 ** (-8 / _POINTS)
"""What is wrapped is weighed by 1e-8."""
_CHUNK = 128
"""Worlds at a time: what an inner loop works on stays in a core's cache."""


@dataclass(frozen=True, slots=True)
class Outages:
    """One source of them. Arrays: one entry a world."""

    per_year: Reals
    mean_s: Reals
    exponential: bool
    """Else each takes the mean."""


def within(sources: Sequence[Outages], budget_s: float, worlds: int) -> Reals:
    """In each world, P(a year's downtime is at most so many seconds). Raises ValueError for a negative budget."""
    if budget_s < 0:
        raise ValueError(f"a budget of {budget_s} s")
    if budget_s < LEAST_S:
        return np.exp(-sum((each.per_year * (each.mean_s > 0) for each in sources), np.zeros(worlds)))
    found = [_chunk(sources, budget_s / STEPS, slice(at, min(at + _CHUNK, worlds))) for at in range(0, worlds, _CHUNK)]
    return np.concatenate([np.zeros(0), *found])


def _chunk(sources: Sequence[Outages], step: float, part: slice) -> Reals:
    log_z = np.log(_RADIUS) - 2j * np.pi * np.arange(_POINTS // 2 + 1) / _POINTS
    z = np.exp(log_z)
    exponent = np.zeros((part.stop - part.start, z.size), dtype=np.complex128)
    for each in sources:
        means = each.mean_s[part] / step
        # Repairs take as long in every world: computed once.
        ratio = (means if np.ptp(means) else means[:1])[:, np.newaxis]
        if each.exponential:
            # Geometric from one step on, and nothing for the rest, such that the mean is kept.
            leaves = -np.expm1(-1 / np.maximum(ratio, 1e-9))
            change = ratio * leaves * (leaves * z / (1 - (1 - leaves) * z) - 1)
        else:
            whole = np.floor(ratio)
            change = np.exp(whole * log_z) * (1 + (ratio - whole) * (z - 1)) - 1
        exponent += each.per_year[part, np.newaxis] * change
    chances = np.fft.irfft(np.exp(exponent), _POINTS)[:, : STEPS + 1] / _RADIUS ** np.arange(STEPS + 1)
    return np.clip(chances.sum(axis=1), 0.0, 1.0)
