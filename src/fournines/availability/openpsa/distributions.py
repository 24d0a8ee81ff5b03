"""Probabilities of parts over time, and the means of random deviates. Times are in hours, rates per hour.

A wrong argument raises ValueError with a sentence; other ArithmeticErrors mean what they say. Source: Open-PSA Model
Exchange Format 2.0d, stochastic layer.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

MAX_TESTS = 1_000_000
"""With more, rounding would show."""


def exponential(rate: float, time: float) -> float:
    """P(a part that fails at `rate` has failed by `time`)."""
    _not_negative(rate, "the failure rate")
    _not_negative(time, "the time")
    return -math.expm1(-rate * time)


def glm(demand: float, failing: float, repairing: float, time: float) -> float:
    """Unavailability at `time` of a part that fails at once with P = `demand`, then fails and is repaired at rates."""
    _probability(demand, "the probability to fail on demand")
    _not_negative(failing, "the failure rate")
    _not_negative(repairing, "the repair rate")
    _not_negative(time, "the time")
    both = failing + repairing
    if both == 0:
        return demand
    limit = failing / both
    return limit - (limit - demand) * math.exp(-both * time)


def weibull(scale: float, shape: float, shift: float, time: float) -> float:
    """P(failed by `time`); nothing fails before `shift`."""
    _positive(scale, "the scale")
    _positive(shape, "the shape")
    _not_negative(shift, "the shift of time")
    _not_negative(time, "the time")
    if time <= shift:
        return 0.0
    try:
        return -math.expm1(-math.pow((time - shift) / scale, shape))
    except OverflowError:
        return 1.0


def periodic_test(*arguments: float) -> float:
    """Unavailability at a time of a part whose failures only tests show.

    (failure rate, between tests, first test, time), repaired at once; (failure rate, repair rate, between tests,
    first test, time), where tests take no time. At a test's very moment: just before it. The form with 11 arguments
    is not supported: the standard calls it tentative and leaves its states to a picture.
    """
    if len(arguments) not in (4, 5):
        raise ValueError("only the forms with 4 and with 5 arguments are supported")
    failing, *repair, between, first, time = arguments
    _not_negative(failing, "the failure rate")
    _positive(between, "the time between tests")
    _not_negative(first, "the time of the first test")
    _not_negative(time, "the time")
    if time <= first:
        return exponential(failing, time)
    tests = math.ceil((time - first) / between)
    if tests > MAX_TESTS:
        raise ValueError(f"more than {MAX_TESTS:,} tests")
    since = min(max(time - first - (tests - 1) * between, 0.0), between)
    if not repair:
        return exponential(failing, since)
    _not_negative(repair[0], "the repair rate")
    # States: works, failed unseen, in repair. A test finds what has failed; between tests a Markov chain runs.
    found = np.array([[1.0, 0, 0], [0, 0, 1], [0, 0, 1]])
    start = np.array([math.exp(-failing * first), exponential(failing, first), 0.0])
    cycles = np.linalg.matrix_power(found @ _between_tests(failing, repair[0], between), tests - 1)
    state = start @ cycles @ found @ _between_tests(failing, repair[0], since)
    return min(float(state[1] + state[2]), 1.0)


def _between_tests(failing: float, repairing: float, time: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows: the state at first (works, failed, in repair); columns: that after `time`."""
    works, repaired = math.exp(-failing * time), -math.expm1(-repairing * time)
    if math.isclose(failing, repairing, rel_tol=1e-9):
        again = repairing * time * works
    else:
        # exp(-a t) - exp(-b t), without the loss of digits when a and b are near.
        slow, fast = sorted((failing, repairing))
        difference = math.exp(-slow * time) * -math.expm1(-(fast - slow) * time)
        again = repairing / (fast - slow) * difference
    return np.array([[works, 1 - works, 0], [0, 1, 0], [again, max(repaired - again, 0.0), 1 - repaired]])


def uniform(low: float, high: float) -> float:
    if low >= high:
        raise ValueError("the lower bound is not below the upper one")
    return low / 2 + high / 2


def normal(mean: float, deviation: float) -> float:
    _positive(deviation, "the standard deviation")
    return mean


def lognormal(*arguments: float) -> float:
    """(mean, error factor, confidence level of that), or (mean, standard deviation) of the logarithm."""
    if len(arguments) == 3:
        mean, factor, level = arguments
        _positive(mean, "the mean")
        if factor <= 1:
            raise ValueError("the error factor must be above 1")
        if not 0 < level < 1:
            raise ValueError("the confidence level must be between 0 and 1")
        return mean
    mean, deviation = arguments
    _positive(deviation, "the standard deviation")
    return math.exp(mean + deviation * deviation / 2)


def gamma(shape: float, scale: float) -> float:
    _positive(shape, "the shape")
    _positive(scale, "the scale")
    return shape * scale


def beta(first: float, second: float) -> float:
    _positive(first, "the first shape")
    _positive(second, "the second shape")
    return first / (first + second)


def histogram(lower: float, *bins: float) -> float:
    """Bins: upper bound, value, upper bound, value...; the mean of the values by the widths of their bins.

    That is the standard; SCRAM 0.16 takes the values for weights of their bins instead.
    """
    bounds, values = (lower, *bins[0::2]), bins[1::2]
    widths = [above - below for below, above in pairwise(bounds)]
    if min(widths) <= 0:
        raise ValueError("the upper bounds of bins must rise")
    return math.fsum(width * value for width, value in zip(widths, values, strict=True)) / (bounds[-1] - lower)


def _not_negative(value: float, what: str) -> None:
    if value < 0:
        raise ValueError(f"{what} is negative: {value!r}")


def _positive(value: float, what: str) -> None:
    if value <= 0:
        raise ValueError(f"{what} is not above 0: {value!r}")


def _probability(value: float, what: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{what} is not between 0 and 1: {value!r}")
