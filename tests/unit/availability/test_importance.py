"""Importance factors and outages, by hand."""

from __future__ import annotations

import pytest
from trees import k_of_n

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.importance import Importance, fussell_vesely
from fournines.availability.tree import FaultTree, Gate

GATES = {"top": Gate("or", ("a", "both")), "both": Gate("and", ("b", "c"))}
TREE = FaultTree("top", GATES, {"a": 0.01, "b": 0.1, "c": 0.2, "unused": 0.5})


def test_by_hand() -> None:
    bdd = Bdd.of(TREE)
    top = 0.01 + 0.99 * 0.02
    found = Importance(bdd, {})
    assert found.unavailability == pytest.approx(top)
    assert found.birnbaum["b"] == pytest.approx(0.99 * 0.2)
    assert found.criticality["b"] == pytest.approx(0.1 * 0.99 * 0.2 / top)
    assert (found.birnbaum["unused"], found.criticality["unused"]) == (0.0, 0.0)


def test_cut_sets_with_one_of_these_by_hand() -> None:
    groups = ["a", "b", "bc", "ab", ("unused",), ()]
    found = fussell_vesely(minimal(Bdd.of(TREE)), groups, {})
    assert [*found] == pytest.approx([0.01 / 0.03, 0.02 / 0.03, 0.02 / 0.03, 1.0, 0.0, 0.0])


def test_a_cut_set_with_two_of_them_is_counted_once() -> None:
    sets = minimal(Bdd.of(k_of_n(2, 3, 0.1)))
    one, two, three = sorted(sets.tree.events)
    assert [*fussell_vesely(sets, [[one], [one, two]], {})] == pytest.approx([2 / 3, 1])
    assert [*fussell_vesely(sets, [[one], [one, two]], {two: 0.0})] == pytest.approx([1, 1])
    assert [*fussell_vesely(sets, [[three], [one, two]], {one: 0.0, two: 0.0})] == [0.0, 0.0]


def test_with_other_probabilities() -> None:
    bdd = Bdd.of(TREE)
    assert Importance(bdd, {"a": 0.0}).birnbaum["a"] == pytest.approx(0.98)
    assert [*fussell_vesely(minimal(bdd), ["b"], {"a": 0.0})] == pytest.approx([1.0])
    nothing = Importance(bdd, {"a": 0.0, "b": 0.0})
    assert (nothing.unavailability, {*nothing.criticality.values()}) == (0.0, {0.0})


def test_outages_of_two_of_three_repaired_parts() -> None:
    # Failure rate 1e-4 and repair rate 0.5 per hour. Two down is down, so outages end at twice the repair rate,
    # but for those that grow to three: together exactly U / frequency of the Markov chain of four states.
    fails, repairs = 1e-4, 0.5
    u = fails / (fails + repairs)
    bdd = Bdd.of(k_of_n(2, 3, u))
    found = Importance(bdd, {})
    two, three = 3 * u**2 * (1 - u), u**3
    assert found.unavailability == pytest.approx(two + three, rel=1e-12)
    often = found.frequency(dict.fromkeys(bdd.tree.events, (1 - u) * fails))
    assert often == pytest.approx(two * 2 * repairs, rel=1e-12)


def test_outages_that_never_begin() -> None:
    bdd = Bdd.of(TREE)
    assert Importance(bdd, {}).frequency({}) == 0.0
    assert Importance(bdd, {"a": 0.0, "b": 0.0}).frequency({"a": 1.0}) == 1.0
    with pytest.raises(ValueError, match="no event of this tree: x"):
        Importance(bdd, {}).frequency({"x": 1.0})
