"""P(a year within its budget) of services: what raises it, what lowers it, and what it hangs on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drilled_clouds import campaign, design, model, takeover
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.posterior.event_rates import Counted
from fournines.posterior.model import Cut
from fournines.posterior.observation import Observation
from fournines.posterior.posterior import Posterior, posterior
from fournines.posterior.services import Service
from fournines.predict.rates import defaults

HOST = {"hardware": 0.25, "system": 0.75}
PAIR = Cut(("host c1", "host c2"), 2e-6, (HOST, HOST), frozenset({"c1", "c2"}), frozenset(), True)


def all_of(observations: list[Observation], worlds: int = 200, **more: Any) -> Posterior:
    own = more.pop("own", model([takeover(), takeover("galera", seconds=4.0)], [PAIR], per_year=0.3, mean_s=1800.0))
    return posterior(observations, design(own), defaults(), worlds=worlds, **more)


def token(observations: list[Observation], **more: Any) -> Service:
    (found,) = all_of(observations, **more).services
    return found


@given(worked=st.integers(1, 40), failed=st.integers(0, 5), more=st.integers(1, 40))
@settings(max_examples=15)
def test_successes_raise_and_failures_lower_it(worked: int, failed: int, more: int) -> None:
    now = token(campaign(worked, failed)).met
    assert token(campaign(worked + more, failed)).met.mean >= now.mean - 1e-3
    assert token(campaign(worked, failed + more)).met.mean <= now.mean + 1e-3
    assert 0 <= now.low <= now.mean <= now.high <= 1


def test_unknown_drills_do_not() -> None:
    assert token(campaign(20, 1)).met == token(campaign(20, 1, 30)).met


@given(tight=st.floats(60, 1e5), more=st.floats(10, 1e5))
@settings(max_examples=15)
def test_a_larger_budget_is_not_harder_to_keep(tight: float, more: float) -> None:
    found = [
        token(campaign(20), own=model([takeover()], [PAIR], budget_s=budget, per_year=0.3, mean_s=1800.0)).met
        for budget in (tight, tight + more)
    ]
    assert found[0].mean <= found[1].mean + 2e-3
    assert found[0].low <= found[1].low + 2e-3


def test_it_is_the_same_each_time_and_another_one_with_another_seed() -> None:
    once, again, other = (json.dumps(all_of(campaign(9, 1), seed=seed).as_json()) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_the_order_of_observations_says_nothing() -> None:
    views = [*campaign(9, 1), *campaign(5, first=50, target="writer")]
    assert all_of(views).as_json() == all_of(views[::-1]).as_json()


def test_what_was_not_drilled_is_called_assumed() -> None:
    found = token(campaign(100))
    assert found.undrilled == ("galera, lost hosts",)
    assumed = {each.name for each in found.influences if each.assumed}
    assert assumed == {"coverage of galera, lost hosts", "seconds of galera, lost hosts"}
    assert sum(each.share for each in found.influences) == pytest.approx(1)
    assert [each.share for each in found.influences] == sorted((each.share for each in found.influences), reverse=True)


def test_what_is_worst_known_is_named_first() -> None:
    views = [*campaign(1000), *campaign(1, first=2000, target="writer")]
    assert token(views).influences[0].name == "coverage of galera, lost hosts"


def test_few_green_drills_show_less_than_is_assumed_and_many_more() -> None:
    few, many = (token([*campaign(n), *campaign(n, first=5000, target="writer")]) for n in (3, 100))
    assert few.met.mean < few.met_assumed < many.met.mean
    assert few.met_assumed == many.met_assumed


def test_without_anything_unknown_there_is_no_interval() -> None:
    found = token([], own=model(per_year=0.3, mean_s=1800.0))
    assert found.met.low == pytest.approx(found.met.high, abs=1e-12)
    assert found.influences == ()
    assert found.minutes.mean == pytest.approx(9)


def test_what_an_operator_counted_moves_it() -> None:
    calm = {"hardware": Counted(1, 50), "system": Counted(1, 50)}
    wild = {"hardware": Counted(500, 50), "system": Counted(500, 50)}
    views = campaign(50)
    few, usual, many = (token(views, counted=each).minutes.mean for each in (calm, {}, wild))
    assert few < usual < many


def test_cut_sets_of_two_hosts_go_with_the_square_of_their_rate() -> None:
    twice = {"hardware": Counted(2_000_000, 1_000_000), "system": Counted(6_055_999, 1_000_000)}
    found = token([], own=model(cuts=[PAIR], per_year=0.3, mean_s=1800.0), counted=twice)
    assert found.minutes.mean == pytest.approx(4 * 9, rel=0.01)


def test_figures_are_of_one_configuration_and_fidelity() -> None:
    old = campaign(500, first=1, configuration="a")
    new = campaign(3, first=900, configuration="b")
    assert all_of([*old, *new]).services == all_of(new).services
    found = all_of([*old, *new], configuration="a")
    assert (found.configuration, found.services) == ("a", all_of(old).services)
    assert len(found.classes) == 2, "all are told"
    assert all_of([*old, *new], configuration="c").services == all_of([]).services


def test_figures_are_of_clients_that_connected_alike() -> None:
    fresh, kept = campaign(500, first=1), campaign(3, first=900, connections="kept")
    found = all_of([*fresh, *kept])
    assert (found.connections, found.services) == ("kept", all_of(kept).services)
    assert len(found.classes) == 2, "both are told"


def test_drills_that_injure_nothing_are_no_drills() -> None:
    found = all_of([*campaign(2), *campaign(7, first=50, fault="null", letter="-", hosts=(), silences=False)])
    assert (found.tally.worked, found.tally.failed, found.tally.unknown) == (2, 0, 0)


def test_no_drills_at_all_leave_assumptions() -> None:
    found = all_of([])
    (own,) = found.services
    assert own.met.mean == pytest.approx(own.met_assumed, abs=1e-3)
    assert (found.fidelity, found.cuts[0].assumed) == ("", True)
