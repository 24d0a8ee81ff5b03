"""A number that is not known: its mean and an interval, from draws that are the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Reals = NDArray[np.float64]

TAILS = (0.025, 0.975)
"""Of every interval here: equal ones."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean and equal-tailed 95 % interval, widened to hold the mean where a long tail pulls that out of it."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Reals) -> Figure:
        """Raises ValueError for no draws."""
        if not draws.size:
            raise ValueError("no draws")
        mean = float(draws.mean())
        low, high = (float(each) for each in np.quantile(draws, TAILS))
        return cls(mean, min(low, mean), max(high, mean))

    def as_json(self) -> Mapping[str, float]:
        return {"mean": tidy(self.mean), "low": tidy(self.low), "high": tidy(self.high)}


def tidy(value: float) -> float:
    """Six significant digits: more are noise, and differ between machines."""
    return float(f"{value:.6g}")


def generator(seed: int, *names: str) -> Generator:
    """Of what has these names. The same draws whatever else is drawn."""
    return np.random.default_rng([seed, *"\0".join(names).encode()])
