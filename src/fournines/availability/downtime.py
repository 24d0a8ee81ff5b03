"""How much downtime a year brings: many years of a compound Poisson process.

Each simulated year is a world of its own: first the rates' multipliers are drawn, then the outages. So `p_met` weighs
both what chance does and what is not known of the rates. Its interval is of the simulation alone: more years narrow it,
they do not make the rates known. Outages of several streams add up, which overrates those that overlap; a year's
downtime ends at a year.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from fournines.availability.streams import YEAR_S, Fixed, LogNormal, Stream

CHUNK_YEARS = 1 << 17
"""At a time; an array of them has 1 MiB."""
RARE = 0.1
"""Outages a year below which it is cheaper to draw all of them and then their years."""

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Downtime:
    """Of one service, in seconds a year."""

    mean_s: float
    p50_s: float
    p90_s: float
    p95_s: float
    p_met: float
    """P(a year's downtime <= budget)."""
    interval_95: tuple[float, float]
    """Of p_met, for so many years simulated (Wilson's)."""
    years: int
    seed: int


def simulate(streams: Sequence[Stream], budget_s: float, *, years: int = 1_000_000, seed: int = 0) -> Downtime:
    """The same streams, years and seed give the same result. Needs 8 bytes a year and some MiB.

    Raises ValueError for less than one year.
    """
    if years < 1:
        raise ValueError(f"years is {years}")
    rng = np.random.default_rng(seed)
    down = np.zeros(years)
    for begin in range(0, years, CHUNK_YEARS):
        _fill(down[begin : begin + CHUNK_YEARS], streams, rng)
    np.minimum(down, YEAR_S, out=down)
    met = int(np.count_nonzero(down <= budget_s))
    mean = float(down.mean())
    down.sort()
    p50, p90, p95 = (float(down[math.ceil(part * years) - 1]) for part in (0.50, 0.90, 0.95))
    return Downtime(mean, p50, p90, p95, met / years, wilson(met, years), years, seed)


def wilson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927); holds near 0 and 1, where the usual one has no width."""
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    share = hits / trials
    centre = share + z2 / (2 * trials)
    half = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * trials)) / trials)
    scale = 1 + z2 / trials
    low = 0.0 if hits == 0 else (centre - half) / scale
    high = 1.0 if hits == trials else (centre + half) / scale
    return low, high


def _fill(down: Reals, streams: Sequence[Stream], rng: Generator) -> None:
    """Adds each stream's seconds to these years."""
    shared: dict[str, Reals] = {}
    for stream in streams:
        if not stream.per_year or not stream.mean_s:
            continue
        hit, counts = _counts(stream, len(down), shared, rng)
        if isinstance(stream.spread, LogNormal):
            _add_one_by_one(down, hit, counts, stream.mean_s, stream.spread.sigma, rng)
        elif isinstance(stream.spread, Fixed):
            down[hit] += counts * stream.mean_s
        else:
            down[hit] += rng.standard_gamma(counts) * stream.mean_s


def _counts(stream: Stream, years: int, shared: dict[str, Reals], rng: Generator) -> tuple[Counts, Counts]:
    """(which years have outages, each once; how many). `shared`: a standard normal a year for each cause."""
    sigma = stream.rate_sigma
    if not sigma and stream.per_year < RARE:
        drawn = rng.integers(years, size=rng.poisson(stream.per_year * years))
        return np.unique(drawn, return_counts=True)
    rate: Reals | float = stream.per_year
    if sigma:
        normal = shared.get(stream.cause) if stream.cause else None
        if normal is None:
            normal = rng.standard_normal(years)
        if stream.cause:
            shared[stream.cause] = normal
        rate = stream.per_year * np.exp(sigma * normal - sigma**2 / 2)
    counts = rng.poisson(rate, years)
    hit = np.flatnonzero(counts)
    return hit, counts[hit]


def _add_one_by_one(down: Reals, hit: Counts, counts: Counts, mean_s: float, sigma: float, rng: Generator) -> None:
    """A sum of log-normals has no distribution of its own: each year's first, then each second, and so on."""
    while hit.size:
        down[hit] += mean_s * np.exp(sigma * rng.standard_normal(hit.size) - sigma**2 / 2)
        left = counts > 1
        hit, counts = hit[left], counts[left] - 1
