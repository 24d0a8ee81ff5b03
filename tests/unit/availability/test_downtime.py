from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from fournines.availability.downtime import Downtime, simulate, wilson
from fournines.availability.streams import YEAR_S, Fixed, LogNormal, Stream, expected

YEARS = 200_000


def poisson_cdf(count: int, mean: float) -> float:
    return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1))


def quiet(rate: float, factor: float) -> float:
    """P(no outage in a year) of an uncertain rate: the mean of exp(-rate * multiplier), by Gauss-Hermite quadrature."""
    sigma = math.log(factor) / NormalDist().inv_cdf(0.95)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    return float(weights @ np.exp(-rate * np.exp(sigma * nodes - sigma**2 / 2)) / weights.sum())


def holds(got: Downtime, p: float) -> bool:
    """Within 4 standard errors, so that another seed fails no test."""
    low, high = wilson(round(got.p_met * got.years), got.years, level=0.99994)
    return low <= p <= high


def test_the_mean_is_the_sum_of_rate_times_mean() -> None:
    streams = [
        Stream("failover", 12, 30, Fixed()),
        Stream("quorum", 0.3, 7200),
        Stream("rare", 0.01, 14400),
        Stream("human", 0.17, 5400, LogNormal(2.5)),
    ]
    # Of a compound Poisson sum: rate * E[X^2].
    sigma = LogNormal(2.5).sigma
    variance = 12 * 30**2 + 0.3 * 2 * 7200**2 + 0.01 * 2 * 14400**2 + 0.17 * 5400**2 * math.exp(sigma**2)
    error = math.sqrt(variance / YEARS)
    got = simulate(streams, 3153.6, years=YEARS, seed=1)
    assert expected(streams) == pytest.approx(12 * 30 + 0.3 * 7200 + 144 + 918)
    assert abs(got.mean_s - expected(streams)) < 4 * error
    assert abs(got.mean_s - expected(streams[:-1])) > 4 * error
    assert abs(got.mean_s - expected([*streams[:2], streams[3]])) > 4 * error


@pytest.mark.parametrize("rate", [0.02, 1.5, 41.0])
def test_outages_of_one_length_count_by_poisson(rate: float) -> None:
    allowed = max(0, int(rate))
    got = simulate([Stream("failover", rate, 30, Fixed())], allowed * 30 + 15, years=YEARS, seed=2)
    assert holds(got, poisson_cdf(allowed, rate))
    assert not holds(got, poisson_cdf(allowed + 1, rate))
    assert not holds(got, poisson_cdf(allowed, rate * 1.1))


@pytest.mark.parametrize("rate", [0.05, 3.0])
def test_a_budget_that_is_reached_exactly_is_met(rate: float) -> None:
    got = simulate([Stream("failover", rate, 30, Fixed())], 60, years=YEARS, seed=3)
    assert holds(got, poisson_cdf(2, rate))


def test_repairs_add_up_to_gamma() -> None:
    rate, mean, budget = 2.0, 3600.0, 4000.0
    # n exponential repairs are within the budget when a Poisson count of mean budget / mean is at least n.
    exact = math.exp(-rate) + sum(
        math.exp(-rate + n * math.log(rate) - math.lgamma(n + 1)) * (1 - poisson_cdf(n - 1, budget / mean))
        for n in range(1, 40)
    )
    assert holds(simulate([Stream("repair", rate, mean)], budget, years=YEARS, seed=4), exact)
    assert not holds(simulate([Stream("repair", rate, mean, Fixed())], budget, years=YEARS, seed=4), exact)


def test_a_log_normal_has_the_mean_and_95_percent_asked_for() -> None:
    spread = LogNormal(3.0)
    mu = math.log(1000) - spread.sigma**2 / 2
    assert math.exp(mu + NormalDist().inv_cdf(0.95) * spread.sigma) == pytest.approx(3000)
    # Rare enough that hardly a year has two: those years' downtimes are single repairs.
    rate, budget = 0.02, 3000.0
    got = simulate([Stream("human", rate, 1000, spread)], budget, years=1_000_000, seed=5)
    one = rate * math.exp(-rate)
    assert got.p_met == pytest.approx(math.exp(-rate) + 0.95 * one, abs=rate**2 / 2 + 1e-4)
    for ratio in (1.0, 3.9):
        with pytest.raises(ValueError, match="p95_over_mean"):
            LogNormal(ratio)


def test_percentiles() -> None:
    got = simulate([Stream("failover", 41, 1, Fixed())], 0, years=YEARS, seed=6)
    for value, part in ((got.p50_s, 0.50), (got.p90_s, 0.90), (got.p95_s, 0.95)):
        assert poisson_cdf(round(value) - 1, 41) < part <= poisson_cdf(round(value), 41)


def test_a_rate_that_is_uncertain_spreads_the_years_and_keeps_the_mean() -> None:
    rate, factor = 1.0, 5.0
    known, unknown = (Stream("outage", rate, 60, Fixed(), uncertainty=each) for each in (1.0, factor))
    got = simulate([unknown], 0, years=YEARS, seed=7)
    assert holds(got, quiet(rate, factor))
    assert not holds(got, math.exp(-rate))
    assert holds(simulate([known], 0, years=YEARS, seed=7), math.exp(-rate))
    sigma = math.log(factor) / NormalDist().inv_cdf(0.95)
    error = 60 * math.sqrt((rate + rate**2 * math.expm1(sigma**2)) / YEARS)
    assert abs(got.mean_s - 60) < 4 * error


def test_streams_of_one_cause_are_wrong_together() -> None:
    def halves(*causes: str) -> Downtime:
        streams = [Stream(str(at), 0.5, 60, Fixed(), 5.0, cause) for at, cause in enumerate(causes)]
        return simulate(streams, 0, years=YEARS, seed=8)

    together, apart = quiet(1.0, 5.0), quiet(0.5, 5.0) ** 2
    assert holds(halves("host", "host"), together)
    assert not holds(halves("host", "host"), apart)
    for own in (("", ""), ("host", "disk")):
        assert holds(halves(*own), apart)


def test_a_year_has_an_end() -> None:
    got = simulate([Stream("flood", 2, YEAR_S, Fixed())], YEAR_S - 1, years=1000, seed=0)
    assert got.p95_s == YEAR_S
    assert got.mean_s < YEAR_S


def test_the_seed_makes_the_years() -> None:
    streams = [Stream("failover", 12, 30, Fixed(), 3.0), Stream("rare", 0.01, 14400)]
    first, again, other = (simulate(streams, 400, years=150_000, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.mean_s != other.mean_s
    assert (first.years, first.seed) == (150_000, 1)


def test_nothing_fails() -> None:
    got = simulate([Stream("never", 0, 30)], 0, years=1000)
    assert (got.mean_s, got.p95_s, got.p_met) == (0, 0, 1)
    assert got.interval_95 == (pytest.approx(1000 / (1000 + 1.96**2), abs=1e-6), 1.0)


def test_wilson_is_as_published() -> None:
    # The interval's definition: at its ends the observed share is 1.96 standard errors away.
    low, high = wilson(81, 263)
    for p in (low, high):
        assert abs(81 / 263 - p) / math.sqrt(p * (1 - p) / 263) == pytest.approx(1.959964, abs=1e-5)
    assert low < 81 / 263 < high
    assert wilson(0, 10)[0] == 0


@pytest.mark.parametrize("numbers", [(-1, 30, 1), (1, -30, 1), (1, 30, 0.5), (math.nan, 30, 1), (1, math.inf, 1)])
def test_numbers_that_mean_nothing_are_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="odd: rate, mean and uncertainty"):
        Stream("odd", numbers[0], numbers[1], uncertainty=numbers[2])
    with pytest.raises(ValueError, match="years is 0"):
        simulate([], 0, years=0)
