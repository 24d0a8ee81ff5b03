"""What drills of one class say by themselves, and how predictions before them fared."""

from __future__ import annotations

import pytest
from drilled_clouds import campaign, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.availability.coverage import coverage
from fournines.posterior.classes import drilled
from fournines.posterior.trial import Tally, trials


def test_each_of_fault_role_configuration_fidelity_and_connections_makes_a_class() -> None:
    views = [
        *campaign(3),
        *campaign(1, 1, first=10, fault="host-isolate"),
        *campaign(2, first=20, roles=("control", "storage")),
        *campaign(4, first=30, configuration="d"),
        *campaign(0, 0, 5, first=40, fidelity="metal"),
        *campaign(6, first=50, connections="kept"),
    ]
    found = {
        (each.of.fault, len(each.of.roles), each.of.configuration[0], each.of.fidelity, each.of.connections): each.tally
        for each in drilled(trials(views), 0)
    }
    assert found == {
        ("power-loss", 1, "c", "container", "fresh"): Tally(3, 0, 0),
        ("host-isolate", 1, "c", "container", "fresh"): Tally(1, 1, 0),
        ("power-loss", 2, "c", "container", "fresh"): Tally(2, 0, 0),
        ("power-loss", 1, "d", "container", "fresh"): Tally(4, 0, 0),
        ("power-loss", 1, "c", "metal", "fresh"): Tally(0, 0, 5),
        ("power-loss", 1, "c", "container", "kept"): Tally(6, 0, 0),
    }


def test_coverage_is_of_known_drills() -> None:
    (found,) = drilled(trials(campaign(10, 1, 7)), 0)
    assert found.coverage == coverage(11, 1)
    (null,) = drilled(trials(campaign(10, fault="null", letter="-")), 0)
    assert null.coverage is None
    assert null.as_json()["coverage"] is None


def test_percentiles_are_times_that_were_measured() -> None:
    (found,) = drilled(trials([seen(number, upper=float(number)) for number in range(1, 101)]), 0)
    (own,) = found.recoveries
    assert {at: figure.mean for at, figure in own.percentiles.items()} == {50: 50, 90: 90, 95: 95}
    assert 35 < own.percentiles[50].low < 50 < own.percentiles[50].high < 65
    assert own.within == 15
    assert own.share is not None
    assert own.share.mean == pytest.approx(15.5 / 101)


TIMES = st.lists(st.floats(0, 100), min_size=1, max_size=30)


@given(TIMES)
@settings(max_examples=30)
def test_intervals_hold_their_percentiles_and_these_are_in_order(times: list[float]) -> None:
    (found,) = drilled(trials([seen(number, upper=time) for number, time in enumerate(times)]), 0)
    figures = list(found.recoveries[0].percentiles.values())
    assert [each.mean for each in figures] == sorted(each.mean for each in figures)
    assert all(each.low <= each.mean <= each.high for each in figures)


def test_what_did_not_recover_is_within_no_budget_and_what_is_unknown_in_nothing() -> None:
    views = [seen(1, upper=3.0), seen(2, False, upper=2.0), seen(3, None), seen(4, True, upper=None)]
    (found,) = drilled(trials(views), 0)
    (own,) = found.recoveries
    assert (own.seconds, own.failed, own.unknown, own.within) == ((3.0,), 1, 2, 1)
    assert own.share is not None
    assert own.share.mean == pytest.approx(coverage(2, 1).mean)


def test_a_drill_counts_once_a_column() -> None:
    views = [seen(1, upper=3.0), seen(1, upper=5.0, probe="other"), seen(1, upper=1.0, probe="read", column="read")]
    (found,) = drilled(trials(views), 0)
    assert [(each.column, each.seconds) for each in found.recoveries] == [("token", (5.0,)), ("read", (1.0,))]


def test_without_a_budget_nothing_is_within_it() -> None:
    (found,) = drilled(trials([seen(1), seen(2, budget_s=None)]), 0)
    (own,) = found.recoveries
    assert (own.budget_s, own.within, own.share) == (None, None, None)
    assert own.as_json()["share_within_budget"] is None
