"""The gamma distribution of scale 1: its cumulative probability and quantiles, to about 1e-12."""

from __future__ import annotations

import math

STEPS = 100_000
TINY = 1e-300


def gamma_cdf(x: float, shape: float) -> float:
    """P(X <= x), the regularised incomplete gamma function P(shape, x), for shape > 0.

    By its series (DLMF 8.11.4) below the mean, and by the continued fraction of the rest (8.9.2) above it.
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    return front * _series(x, shape) if x < shape + 1 else 1 - front * _fraction(x, shape)


def gamma_quantile(p: float, shape: float) -> float:
    """The x with P(X <= x) = p, for 0 < p < 1, by bisection down to neighbouring floats."""
    low, high = 0.0, shape + 1
    while gamma_cdf(high, shape) < p:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if gamma_cdf(middle, shape) < p:
            low = middle
        else:
            high = middle
    return high


def _series(x: float, shape: float) -> float:
    term = total = 1 / shape
    for step in range(1, STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * 1e-16:
            return total
    raise ArithmeticError(f"no convergence for x = {x}, shape = {shape}")


def _fraction(x: float, shape: float) -> float:
    """Modified Lentz, as in `fournines.availability.beta`."""
    base = x + 1 - shape
    upper, lower = 1 / TINY, 1 / base
    value = lower
    for step in range(1, STEPS):
        term = step * (shape - step)
        base += 2
        lower = 1 / (term * lower + base or TINY)
        upper = base + term / upper or TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            return value
    raise ArithmeticError(f"no convergence for x = {x}, shape = {shape}")
