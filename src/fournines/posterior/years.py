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
_POINTS = 2 * STEPS
_RADIUS = 10 ** (-8 / _POINTS)
"""What is wrapped is weighed by 1e-8."""


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
    if not budget_s:
        return np.exp(-sum((each.per_year * (each.mean_s > 0) for each in sources), np.zeros(worlds)))
    step = budget_s / STEPS
    z = _RADIUS * np.exp(-2j * np.pi * np.arange(_POINTS // 2 + 1) / _POINTS)
    exponent = np.zeros((worlds, z.size), dtype=np.complex128)
    for each in sources:
        ratio = (each.mean_s / step)[:, np.newaxis]
        if each.exponential:
            # Geometric from one step on, and nothing for the rest, such that the mean is kept.
            stays = np.exp(-1 / np.maximum(ratio, 1e-9))
            some = ratio * (1 - stays)
            change = some * ((1 - stays) * z / (1 - stays * z) - 1)
        else:
            whole = np.floor(ratio)
            change = z**whole * (1 + (ratio - whole) * (z - 1)) - 1
        exponent += each.per_year[:, np.newaxis] * change
    chances = np.fft.irfft(np.exp(exponent), _POINTS) / _RADIUS ** np.arange(_POINTS)
    return np.clip(chances[:, : STEPS + 1].sum(axis=1), 0.0, 1.0)
