"""P(a year within its budget) against simulated years, closed forms, and the field notes' table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.availability.coverage import Drilled, year_met
from fournines.availability.downtime import simulate
from fournines.availability.streams import Exponential, Fixed, Stream
from fournines.posterior.takeovers import beta
from fournines.posterior.years import Outages, within

NOTED = {10: 0.43, 30: 0.70, 100: 0.89, 300: 0.96, 1000: 0.99}
"""Drills of a class, none failed -> P(SLA met) in a simulated year of 41 events: the field notes."""
CLASSES = (24, 12, 5)
"""Events a year of each class, and 30 s a failover, an hour a failed one: the notes do not say their model; these
reproduce their figures (`fournines.availability.coverage` tells of the search). A fit, not a source."""


def one(*said: tuple[float, float, bool]) -> list[Outages]:
    return [Outages(np.array([per_year]), np.array([mean]), exponential) for per_year, mean, exponential in said]


def chance(budget_s: float, *said: tuple[float, float, bool]) -> float:
    return float(within(one(*said), budget_s, 1)[0])


STREAMS = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0, 5000), st.booleans()),
    max_size=4,
)


@pytest.mark.parametrize("budget", [300.0, 3153.6, 31536.0])
def test_it_is_what_simulated_years_show(budget: float) -> None:
    said = [(0.4, 3600.0, True), (12.0, 6.2, False), (0.3, 1800.0, True), (33.0, 1.5, False), (9.0, 53.0, False)]
    streams = [Stream(str(n), often, mean, Exponential() if e else Fixed()) for n, (often, mean, e) in enumerate(said)]
    low, high = simulate(streams, budget, years=400_000, seed=3).interval_95
    assert low - 0.002 < chance(budget, *said) < high + 0.002


def test_none_may_come_where_nothing_is_left() -> None:
    assert chance(0, (0.5, 10, True), (2.0, 0, False), (0.25, 3, False)) == pytest.approx(math.exp(-0.75))


def test_what_lasts_longer_than_any_budget_must_not_come() -> None:
    assert chance(100, (0.7, 1e9, False)) == pytest.approx(math.exp(-0.7), abs=1e-6)
    assert chance(100, (0.7, 1e9, True)) == pytest.approx(math.exp(-0.7), abs=1e-6)


def test_counted_by_hand() -> None:
    """Fixed times that fit twice, and not three times."""
    expected = math.exp(-1.5) * (1 + 1.5 + 1.5**2 / 2)
    assert chance(1000, (1.5, 400, False)) == pytest.approx(expected, abs=1e-6)


def test_no_sources_no_downtime() -> None:
    assert within([], 100, 3).tolist() == pytest.approx([1, 1, 1])


@given(STREAMS, st.floats(0, 1e5), st.floats(0, 1e5))
@settings(max_examples=50)
def test_a_larger_budget_is_not_harder_to_keep(said: list[tuple[float, float, bool]], a: float, b: float) -> None:
    tight, wide = sorted((a, b))
    # Times on a grid that grows with the budget: a failover that just fits may be shared with a step beyond.
    blur = max((mean for _, mean, exponential in said if not exponential), default=0.0)
    wide = max(wide, tight * 1.01 + blur)
    assert 0 <= chance(tight, *said) <= chance(wide, *said) + 2e-3


@given(STREAMS, st.floats(1, 1e5), st.floats(0, 5), st.floats(1, 5000))
@settings(max_examples=50)
def test_one_source_more_makes_no_year_better(
    said: list[tuple[float, float, bool]], budget: float, often: float, mean: float
) -> None:
    assert chance(budget, *said, (often, mean, True)) <= chance(budget, *said) + 1e-6


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="budget of -1"):
        within([], -1, 1)


@pytest.mark.parametrize("drills", NOTED)
def test_no_failed_failover_in_41_is_a_closed_form(drills: int) -> None:
    """E[c^41] of Beta(n + 1/2, 1/2), by draws, by year_met and by the beta function."""
    closed = math.exp(
        math.lgamma(drills + 41.5) - math.lgamma(drills + 42) - math.lgamma(drills + 0.5) + math.lgamma(drills + 1)
    )
    assert year_met([Drilled(41, drills)], 0, 3600) == pytest.approx(closed, rel=1e-9)
    assert float(np.mean(beta(drills, 0, 20_000, 1, "a") ** 41)) == pytest.approx(closed, abs=0.01)


@pytest.mark.parametrize(("drills", "met"), NOTED.items())
def test_drills_say_what_the_notes_say(drills: int, met: float) -> None:
    """Here the number of a year's events is Poisson, not 41: bad years are a little likelier for it."""
    worlds, sources = 3000, list[Outages]()
    for events in CLASSES:
        coverage = beta(drills, 0, worlds, 5, str(events))
        seconds, repair = np.full(worlds, 30.0), np.full(worlds, 3600.0)
        sources.append(Outages(events * coverage, seconds, False))
        # What fails costs the failover as well.
        sources.append(Outages(events * (1 - coverage), seconds + repair, True))
    assert float(within(sources, 3153.6, worlds).mean()) == pytest.approx(met, abs=0.02)
