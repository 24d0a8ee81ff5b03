"""Minimal cut sets: known answers, large numbers of them."""

from __future__ import annotations

import math

import pytest
from trees import chain, k_of_n, racks

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSet, CutSets, minimal
from fournines.availability.tree import FaultTree, Gate


def cut_sets(tree: FaultTree, limit: int | None = None) -> CutSets:
    return minimal(Bdd.of(tree), limit)


def test_two_of_a_thousand() -> None:
    found = cut_sets(k_of_n(2, 1_000))
    assert (found.count, found.by_order, found.singles()) == (499_500, {2: 499_500}, [])
    assert found.rare_event() == pytest.approx(499_500e-6)
    assert found.upper_bound() == pytest.approx(-math.expm1(499_500 * math.log1p(-1e-6)), rel=1e-12)
    assert found.likeliest(2, {"e7": 0.5, "e999": 0.25, "e0": 0.1}) == [
        CutSet(("e7", "e999"), 0.125),
        CutSet(("e0", "e7"), 0.05),
    ]


def test_half_of_a_hundred_are_counted_and_searched() -> None:
    found = cut_sets(k_of_n(50, 100))
    assert found.count == math.comb(100, 50)
    assert found.by_order == {50: math.comb(100, 50)}
    assert found.containing()["e0"] == math.comb(99, 49)
    (best,) = found.likeliest(1, {f"e{number}": 0.5 for number in range(0, 100, 2)})
    assert best.events == tuple(sorted(f"e{number}" for number in range(0, 100, 2)))


def test_modules_multiply() -> None:
    found = cut_sets(racks(2, 250, 80, 10))
    assert found.by_order == {1: 20, 2: 250 * 249 // 2 * 80 * 80}
    assert found.singles() == sorted(f"{side}{number}" for side in "ab" for number in range(10))
    assert [each.probability for each in found.likeliest(21)] == [1e-4] * 20 + [pytest.approx(1e-10)]
    assert cut_sets(racks(2, 250, 80, 10), 1).by_order == {1: 20}


def test_a_limit_leaves_out_what_is_larger() -> None:
    tree = racks(3, 12, 5, 4)
    whole, limited = cut_sets(tree), cut_sets(tree, 2)
    assert set(limited) == {each for each in whole if len(each) <= 2}
    assert 0 < limited.count < whole.count
    assert limited.rare_event() < whole.rare_event()


def test_a_failure_that_helps_is_left_out() -> None:
    # a without b, or b without a: either alone fails it, and that both do not is not told.
    tree = FaultTree("top", {"top": Gate("xor", ("a", "b"))}, {"a": 0.1, "b": 0.1})
    assert sorted(cut_sets(tree)) == [("a",), ("b",)]
    nothing_needed = FaultTree("top", {"top": Gate("not", ("a",))}, {"a": 0.1})
    assert list(cut_sets(nothing_needed)) == [()]
    assert cut_sets(nothing_needed).rare_event() == cut_sets(nothing_needed).upper_bound() == 1.0


def test_what_never_fails_has_none() -> None:
    found = cut_sets(FaultTree("top", {"top": Gate("constant", (), 0)}, {"a": 0.1}))
    assert (found.count, found.by_order, found.likeliest(3), list(found), found.rare_event()) == (0, {}, [], [], 0.0)
    assert found.upper_bound() == 0.0


def test_likeliest_of_certain_and_impossible_events() -> None:
    tree = FaultTree("top", {"top": Gate("or", ("a", "b", "c"))}, {"a": 0.0, "b": 1.0, "c": 0.5})
    assert [each.events for each in cut_sets(tree).likeliest(9)] == [("b",), ("c",), ("a",)]
    assert cut_sets(tree).upper_bound() == 1.0


def test_deep_chains() -> None:
    found = cut_sets(chain(20_000))
    assert found.count == 10_001
    assert found.likeliest(1, dict.fromkeys(found.tree.events, 0.5))[0].events == ("e19998", "e19999")
    assert cut_sets(chain(20_000), 3).by_order == {2: 1, 3: 1}
    assert cut_sets(chain(100)).by_order == dict.fromkeys(range(2, 51), 1) | {51: 2}
