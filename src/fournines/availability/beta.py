"""The beta distribution: its cumulative probability and quantiles, to about 1e-12."""

from __future__ import annotations

import math

TINY = 1e-300
STEPS = 100_000


def log_beta(a: float, b: float) -> float:
    """ln B(a, b)."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x), the regularised incomplete beta function I_x(a, b), for a, b > 0.

    By its continued fraction (DLMF 8.17.22), which converges fast below the mean; above it, by 1 - I_{1-x}(b, a).
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _below_mean(1 - x, b, a)
    return _below_mean(x, a, b)


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with P(X <= x) = p, by bisection down to neighbouring floats."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return high


def _below_mean(x: float, a: float, b: float) -> float:
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta(a, b)) / a
    # 1 / (1 + d1/(1 + d2/(1 + ...))) from the top down (modified Lentz): the ratios of successive numerators and
    # of successive denominators are kept, never those themselves, which overflow.
    upper, lower, value = 1.0, 0.0, 1.0
    for step in range(1, STEPS):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / (1 + term * lower or TINY)
        upper = 1 + term / upper or TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            return front / value
    raise ArithmeticError(f"no convergence for x = {x}, a = {a}, b = {b}")
