"""Importance factors and outages, by hand."""

from __future__ import annotations

import math

import pytest
from trees import k_of_n

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.importance import Importance, Outages, importance, outages
from fournines.availability.tree import FaultTree, Gate

GATES = {"top": Gate("or", ("a", "both")), "both": Gate("and", ("b", "c"))}
TREE = FaultTree("top", GATES, {"a": 0.01, "b": 0.1, "c": 0.2, "unused": 0.5})


def test_by_hand() -> None:
    bdd = Bdd.of(TREE)
    top = 0.01 + 0.99 * 0.02
    found = importance(bdd, minimal(bdd))
    b = found["b"]
    assert b.birnbaum == pytest.approx(0.99 * 0.2)
    assert b.criticality == pytest.approx(0.1 * 0.99 * 0.2 / top)
    assert b.diagnosis == pytest.approx(0.1 * (0.01 + 0.99 * 0.2) / top)
    assert b.fussell_vesely == pytest.approx(0.02 / 0.03)
    assert found["a"].fussell_vesely == pytest.approx(0.01 / 0.03)
    # When the top is true, what has nothing to do with it is as probable as ever.
    unused = found["unused"]
    assert (unused.birnbaum, unused.criticality, unused.fussell_vesely) == (0.0, 0.0, 0.0)
    assert unused.diagnosis == pytest.approx(0.5)


def test_with_other_probabilities() -> None:
    bdd = Bdd.of(TREE)
    found = importance(bdd, minimal(bdd), {"a": 0.0})
    assert found["a"].birnbaum == pytest.approx(0.98)
    assert found["b"].fussell_vesely == pytest.approx(1.0)
    nothing = importance(bdd, minimal(bdd), {"a": 0.0, "b": 0.0})
    assert nothing["c"] == Importance(0.0, 0.0, 0.0, 0.0)


def test_outages_of_two_of_three_repaired_parts() -> None:
    # Failure rate 1e-4 and repair rate 0.5 per hour. Two down is down, so outages end at twice the repair rate,
    # but for those that grow to three: together exactly U / frequency of the Markov chain of four states.
    fails, repairs = 1e-4, 0.5
    u = fails / (fails + repairs)
    bdd = Bdd.of(k_of_n(2, 3, u))
    found = outages(bdd, dict.fromkeys(bdd.tree.events, (1 - u) * fails))
    two, three = 3 * u**2 * (1 - u), u**3
    assert found.unavailability == pytest.approx(two + three, rel=1e-12)
    assert found.frequency == pytest.approx(two * 2 * repairs, rel=1e-12)
    assert found.mean == pytest.approx((two + three) / (two * 2 * repairs), rel=1e-12)


def test_outages_that_never_begin_or_never_end() -> None:
    bdd = Bdd.of(TREE)
    assert outages(bdd, {}).mean == math.inf
    assert outages(bdd, {"a": 1.0}, {"a": 0.0, "b": 0.0}) == Outages(0.0, 1.0)
    assert Outages(0.0, 0.0).mean == 0.0
    with pytest.raises(ValueError, match="no event of this tree: x"):
        outages(bdd, {"x": 1.0})
