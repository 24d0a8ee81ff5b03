from __future__ import annotations

import math

import numpy as np
import pytest

from fournines.availability.beta import beta_cdf, beta_quantile
from fournines.availability.coverage import Drilled, coverage, year_met

NOTED = {10: 0.43, 30: 0.70, 100: 0.89, 300: 0.96, 1000: 0.99}
"""Drills of a class, none failed -> P(SLA met) in a year of 41 failovers: the field notes."""
LEFT_S = 3153.6 - 41 * 30
"""Of 52.56 min, with 30 s for each failover."""


def year(drills: int, failed: int = 0) -> float:
    return year_met([Drilled(events, drills, failed) for events in (24, 12, 5)], LEFT_S, 3600)


@pytest.mark.parametrize("x", [1e-9, 0.01, 0.3, 0.5, 0.77, 0.999])
def test_beta_has_its_closed_forms(x: float) -> None:
    assert beta_cdf(x, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(math.sqrt(x)), rel=1e-11)
    assert beta_cdf(x, 1, 7) == pytest.approx(-math.expm1(7 * math.log1p(-x)), rel=1e-11)
    # P(X <= x) of Beta(a, b) is that of at least a successes in a + b - 1 trials.
    for a, b in ((3, 9), (40, 2), (60, 41)):
        n = a + b - 1
        binomial = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
        assert beta_cdf(x, a, b) == pytest.approx(binomial, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(("a", "b"), [(0.5, 10.5), (0.5, 1000.5), (3.5, 97.5), (999.5, 1.5), (2e5, 3e5)])
def test_a_quantile_is_where_the_cdf_has_its_value(a: float, b: float) -> None:
    for p in (0.001, 0.025, 0.5, 0.95, 0.975):
        assert beta_cdf(beta_quantile(p, a, b), a, b) == pytest.approx(p, rel=1e-9)


def test_beyond_the_ends() -> None:
    assert (beta_cdf(-1, 2, 3), beta_cdf(0, 2, 3), beta_cdf(1, 2, 3), beta_cdf(2, 2, 3)) == (0, 0, 1, 1)


def test_coverage_after_drills() -> None:
    got = coverage(10)
    assert got.mean == pytest.approx(10.5 / 11)
    sample = np.random.default_rng(1).beta(10.5, 0.5, 1_000_000)
    assert got.low == pytest.approx(float(np.quantile(sample, 0.025)), abs=0.001)
    assert got.high == pytest.approx(float(np.quantile(sample, 0.975)), abs=1e-5)
    # Ten good drills do not show 90 %, a hundred do; one failed drill weighs more than many good ones.
    assert got.low < 0.9 < coverage(100).low
    assert coverage(100, 1).mean == pytest.approx(99.5 / 101)
    assert coverage(100, 1).low < coverage(60).low


def test_before_any_drill_coverage_is_anything() -> None:
    got = coverage(0)
    assert got.mean == 0.5
    assert (got.low, got.high) == pytest.approx((0.00154, 0.99846), abs=1e-5)


@pytest.mark.parametrize(("drills", "met"), NOTED.items())
def test_drills_say_what_the_notes_say(drills: int, met: float) -> None:
    assert year(drills) == pytest.approx(met, abs=0.005)


def test_other_models_do_not_give_the_notes_figures() -> None:
    strict = {drills: year_met([Drilled(41, drills)], 0, 3600) for drills in NOTED}
    point = {drills: coverage(drills).mean ** 41 for drills in NOTED}
    for model in (strict, point):
        assert max(abs(model[drills] - met) for drills, met in NOTED.items()) > 0.04
    # E[c^41] under Beta(n + 1/2, 1/2).
    exact = math.exp(math.lgamma(51.5) - math.lgamma(52) - math.lgamma(10.5) + math.lgamma(11))
    assert strict[10] == pytest.approx(exact)


def test_a_year_met_is_what_sampling_finds() -> None:
    rng, samples = np.random.default_rng(2), 400_000
    failures = sum(rng.binomial(events, rng.beta(2.5, 28.5, samples)) for events in (24, 12, 5))
    took = 3600 * rng.standard_gamma(failures)
    assert year(30, 2) == pytest.approx(float(np.mean(took <= LEFT_S)), abs=0.004)


def test_the_ends_of_a_year() -> None:
    drilled = [Drilled(41, 10)]
    assert year_met(drilled, -1, 3600) == 0
    assert year_met(drilled, 1e9, 3600) == pytest.approx(1)
    assert year_met([], 0, 3600) == 1
    assert year_met([Drilled(5000, 10)], 1e9, 3600) == pytest.approx(1)
    assert year(1000, 0) > year(1000, 1) > year(1000, 5)


def test_more_failed_drills_than_drills_are_refused() -> None:
    for failed in (-1, 11):
        with pytest.raises(ValueError, match="of 10 drills failed"):
            coverage(10, failed)
    with pytest.raises(ValueError, match="-1 events"):
        Drilled(-1, 10)
