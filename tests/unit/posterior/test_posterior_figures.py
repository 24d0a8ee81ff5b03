"""Distributions against closed forms, and what every interval must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.posterior.event_rates import Counted, event_rate, shape_of
from fournines.posterior.figure import Figure, generator
from fournines.posterior.gamma import gamma_cdf, gamma_quantile
from fournines.predict.rates import Rate, defaults


def rate(per_year: float = 1.0, low: float = 0.2, high: float = 3.0) -> Rate:
    return Rate(
        kind="hardware",
        what="a host's hardware",
        per_year=per_year,
        repair_hours=1,
        range=(low, high),
        basis="published",
        source="",
        date="",
    )


@pytest.mark.parametrize("x", [1e-6, 0.1, 1, 3.7, 12, 40])
def test_gamma_has_its_closed_forms(x: float) -> None:
    assert gamma_cdf(x, 1) == pytest.approx(-math.expm1(-x), rel=1e-12)
    assert gamma_cdf(x, 0.5) == pytest.approx(math.erf(math.sqrt(x)), rel=1e-12)
    for count in (3, 17):
        # Erlang: so many events of a Poisson process by then.
        below = math.fsum(math.exp(-x) * x**k / math.factorial(k) for k in range(count))
        assert 1 - gamma_cdf(x, count) == pytest.approx(below, abs=1e-12)


def test_nothing_lies_below_nothing() -> None:
    assert gamma_cdf(0, 2) == gamma_cdf(-1, 2) == 0


@given(shape=st.floats(0.05, 1e3), p=st.floats(0.001, 0.999))
@settings(max_examples=30)
def test_a_quantile_is_where_the_cdf_has_its_value(shape: float, p: float) -> None:
    assert gamma_cdf(gamma_quantile(p, shape), shape) == pytest.approx(p, rel=1e-8)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_an_interval_holds_the_mean(values: list[float]) -> None:
    found = Figure.of(np.array(values))
    assert found.low <= found.mean <= found.high


def test_an_interval_of_one_bad_world_in_a_hundred_holds_the_mean() -> None:
    found = Figure.of(np.array([0.0] + [1.0] * 99))
    assert found == Figure(0.99, 0.99, 1.0)


def test_nothing_has_no_figure() -> None:
    with pytest.raises(ValueError, match="no draws"):
        Figure.of(np.array([]))


def test_draws_depend_on_names_alone() -> None:
    one, two = generator(1, "rate", "disk"), generator(1, "rate", "disk")
    assert one.random() == two.random()
    assert generator(1, "a", "b").random() != generator(1, "ab").random()


@pytest.mark.parametrize("ratio", [1.5, 4, 15, 100])
def test_a_prior_is_as_wide_as_the_range(ratio: float) -> None:
    shape = shape_of(ratio)
    assert gamma_quantile(0.975, shape) / gamma_quantile(0.025, shape) == pytest.approx(ratio, rel=1e-3)


def test_every_rate_of_the_file_gives_a_prior_with_its_mean() -> None:
    for each in defaults().values():
        if each.kind != "failover":
            found = event_rate(each).figure
            assert found.mean == pytest.approx(each.per_year)
            assert found.low < found.mean < found.high
            assert found.high / found.low == pytest.approx(each.range[1] / each.range[0], rel=1e-3)


def test_what_was_counted_moves_the_rate_towards_it() -> None:
    prior = event_rate(rate())
    none_seen = event_rate(rate(), Counted(0, 10))
    assert none_seen.figure.mean == pytest.approx(prior.shape / (prior.years + 10))
    assert none_seen.figure.mean < prior.figure.mean
    assert none_seen.figure.high < prior.figure.high
    many = event_rate(rate(), Counted(2000, 1000))
    assert many.figure.mean == pytest.approx(2, rel=0.01)
    assert many.figure.high - many.figure.low < 0.2
    assert many.basis == "counted"
    # Worlds follow, as multiples of what was predicted.
    assert many.factors(2000, 0).mean() == pytest.approx(2, rel=0.01)


def test_a_rate_that_somebody_fixed_is_the_same_in_all_worlds() -> None:
    found = event_rate(rate(2.0, 2.0, 2.0), Counted(5, 1))
    assert found.figure == Figure(2, 2, 2)
    assert set(found.factors(5, 0)) == {1.0}
    assert event_rate(rate(0, 0, 0)).figure == Figure(0, 0, 0)
    assert found.as_json()["shape"] is None


def test_nobody_counts_less_than_none() -> None:
    for events, years in ((-1, 1.0), (1, 0.0), (1, math.inf)):
        with pytest.raises(ValueError, match="failures in"):
            Counted(events, years)
