"""Which drills speak of a takeover, and what they say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drilled_clouds import CONTROLLERS, campaign, seen, takeover
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.availability.coverage import coverage
from fournines.posterior.figure import Figure
from fournines.posterior.observation import Observation
from fournines.posterior.takeovers import assumed, beta, spoken
from fournines.posterior.trial import Tally, Trial, trials

ASSUMED = (0.99, 0.9, 0.999)
COUNTS = st.integers(0, 60)


def drawn(observations: list[Observation], **more: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return spoken(takeover(**more), trials(observations)).coverage(ASSUMED, 500, 1)


@pytest.mark.parametrize(("worked", "failed"), [(0, 0), (10, 0), (100, 1), (7, 3)])
def test_draws_are_of_the_exact_posterior(worked: int, failed: int) -> None:
    exact = coverage(worked + failed, failed)
    found = Figure.of(beta(worked, failed, 40_000, 1, "a"))
    assert found.mean == pytest.approx(exact.mean, abs=0.005)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.01)


@given(worked=COUNTS, failed=COUNTS, more=st.integers(1, 9))
@settings(max_examples=50)
def test_more_successes_lower_no_draw_and_more_failures_raise_none(worked: int, failed: int, more: int) -> None:
    before = beta(worked, failed, 200, 1, "a")
    assert (beta(worked + more, failed, 200, 1, "a") >= before).all()
    assert (beta(worked, failed + more, 200, 1, "a") <= before).all()
    assert coverage(worked + failed + more, failed).mean >= coverage(worked + failed, failed).mean


@given(worked=st.integers(1, 20), failed=st.integers(0, 5), unknown=st.integers(1, 20))
@settings(max_examples=30)
def test_an_unknown_drill_changes_nothing(worked: int, failed: int, unknown: int) -> None:
    before, after = (drawn(campaign(worked, failed, number)) for number in (0, unknown))
    assert (before == after).all()


def test_a_drill_is_one_trial_however_many_probes_saw_it() -> None:
    views = [seen(1, True, probe="token"), seen(1, None, probe="read"), seen(1, True, probe="write")]
    (trial,) = trials(views)
    assert trial.recovered is None
    assert Trial((*views, seen(1, False, probe="s3-get"))).recovered is False
    assert Tally.of(trials([seen(1, probe=name) for name in ("token", "read")])) == Tally(1, 0, 0)


def test_why_is_told_by_those_who_did_not_know() -> None:
    (trial,) = trials([seen(1, True), seen(1, None, why="void: a stall"), seen(1, None, why="void: a stall")])
    assert trial.why == "void: a stall"


@pytest.mark.parametrize(
    ("service", "what", "more"),
    [
        ("galera", "hosts", {}),
        ("haproxy", "daemons", {}),
        ("haproxy", "hosts", {"members": frozenset({"x1", "x2"})}),
        ("haproxy", "hosts", {"members": frozenset({"c1"})}),
    ],
)
def test_a_drill_of_the_vip_says_nothing_of_others(service: str, what: str, more: dict[str, Any]) -> None:
    assert spoken(takeover(service, what, **more), trials(campaign(5))).assumed


def test_any_member_speaks_where_the_loss_of_each_costs() -> None:
    found = spoken(takeover("rabbitmq", each=True), trials(campaign(5, target="c2", hosts=("c2",))))
    assert not found.assumed
    assert spoken(takeover("haproxy"), trials(campaign(5, target="c2", hosts=("c2",)))).assumed


def test_a_killed_daemon_speaks_of_daemons() -> None:
    killed = trials(campaign(5, fault="writer-kill", target="writer", silences=False, stops="galera"))
    assert not spoken(takeover("galera", "daemons"), killed).assumed
    assert spoken(takeover("galera", "hosts"), killed).assumed


def test_where_nothing_could_take_over_nothing_was_shown() -> None:
    assert spoken(takeover(), trials(campaign(5, blocks=True))).assumed
    assert spoken(takeover(), trials(campaign(5, hosts=tuple(sorted(CONTROLLERS))))).assumed


def test_only_unknown_drills_leave_the_assumption() -> None:
    found = spoken(takeover(), trials(campaign(0, 0, 3)))
    assert found.assumed
    assert len(found.classes) == 1


def test_two_classes_are_not_pooled() -> None:
    loss, isolation = campaign(100), campaign(0, 10, first=200, fault="host-isolate")
    found = drawn([*loss, *isolation])
    own = [coverage(100).mean, coverage(10, 10).mean]
    assert float(found.mean()) == pytest.approx(float(np.mean(own)), abs=0.01)
    assert float(found.mean()) < coverage(110, 10).mean


def test_an_assumption_has_its_mean_and_its_low_end() -> None:
    found = Figure.of(assumed(ASSUMED, 40_000, 1))
    assert found.mean == pytest.approx(0.99, abs=0.001)
    assert found.low == pytest.approx(0.9, abs=0.005)
    assert set(assumed((0.97, 0.97, 0.97), 3, 1)) == {0.97}


def test_nobody_takes_over_who_may_not() -> None:
    assert set(drawn([], coverage=0.0)) == {0.0}
    assert float(drawn(campaign(100), coverage=0.0).mean()) > 0.99, "unless drills say so"


def test_times_are_what_was_measured_and_the_bound_counts_once() -> None:
    undrilled = spoken(takeover(), []).seconds("token", 100, 1)
    assert undrilled == pytest.approx(np.full(100, 6.0))
    drilled = spoken(takeover(), trials(campaign(99, upper=2.0))).seconds("token", 4000, 1)
    assert float(drilled.mean()) == pytest.approx(2 + 4 / 100, abs=0.01)
    assert drilled.min() >= 2
    assert drilled.max() <= 6


def test_of_a_columns_probes_the_worst_is_charged_and_an_unknown_one_not_left_out() -> None:
    views = [seen(1, upper=3.0), seen(1, upper=5.0, probe="other"), seen(2, upper=4.0), seen(2, upper=None, probe="x")]
    found = spoken(takeover(seconds=5.0), trials(views)).seconds("token", 50, 1)
    assert found == pytest.approx(np.full(50, 5.0)), "the second drill is of no use"


def test_failed_failovers_are_in_no_time() -> None:
    found = spoken(takeover(), trials(campaign(0, 5, upper=90.0))).seconds("token", 50, 1)
    assert found == pytest.approx(np.full(50, 6.0))
