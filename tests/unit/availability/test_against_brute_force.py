"""Diagrams and cut sets of random trees, against all their states."""

from __future__ import annotations

import math
from random import Random

import pytest
from brute import Brute
from trees import random_tree

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSets, minimal
from fournines.availability.singles import singles
from fournines.availability.tree import FaultTree

COHERENT, OTHERS, BATCHES = 1_000, 500, 10


def trees(batch: int, count: int, *, coherent: bool) -> list[FaultTree]:
    """Few of them large, since a state more doubles the work."""
    random = Random(f"{batch} {coherent}")
    sizes = [random.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)) for _ in range(count // BATCHES)]
    sizes[:2] = (18, 15)
    return [random_tree(random, size, coherent=coherent) for size in sizes]


def same_probability(bdd: Bdd, brute: Brute) -> None:
    assert bdd.probability() == pytest.approx(brute.probability(bdd.tree.events), rel=1e-12, abs=0.0)


def same_birnbaum(bdd: Bdd, brute: Brute) -> None:
    expected = brute.birnbaum(bdd.tree.events)
    # A difference of probabilities: what it is right to is a part of them.
    size = bdd.probability()
    for name, found in bdd.birnbaum().items():
        chance = bdd.tree.events[name]
        with_it = size + (1.0 - chance) * abs(expected[name])
        assert found == pytest.approx(expected[name], rel=1e-12, abs=1e-15 * with_it), name


def same_cut_sets(found: CutSets, expected: set[tuple[str, ...]]) -> None:
    events = found.tree.events
    listed = list(found)
    assert len(listed) == len(expected) == found.count
    assert set(listed) == expected
    orders = [len(each) for each in expected]
    assert found.by_order == {order: orders.count(order) for order in set(orders)}
    assert found.singles() == sorted(each[0] for each in expected if len(each) == 1)
    assert found.containing() == {name: sum(name in each for each in expected) for name in events}
    chances = sorted((math.prod(events[name] for name in each) for each in expected), reverse=True)
    assert found.rare_event() == pytest.approx(math.fsum(chances), rel=1e-12, abs=0.0)
    likeliest = found.likeliest(5)
    assert [each.probability for each in likeliest] == pytest.approx(chances[:5], rel=1e-12, abs=0.0)
    assert {each.events for each in likeliest} <= expected
    if all(chance < 0.9 for chance in chances):
        no_cut = math.fsum(math.log1p(-chance) for chance in chances)
        assert found.upper_bound() == pytest.approx(-math.expm1(no_cut), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_coherent_trees(batch: int) -> None:
    random = Random(batch)
    for tree in trees(batch, COHERENT, coherent=True):
        brute = Brute.of(tree)
        cut_sets = brute.minimal()
        bdd = Bdd.of(tree)
        same_probability(bdd, brute)
        same_birnbaum(bdd, brute)
        same_cut_sets(minimal(bdd), cut_sets)
        assert {(each,) for each in singles(tree)} == {each for each in cut_sets if len(each) == 1}
        limit = random.randint(0, 4)
        same_cut_sets(minimal(bdd, limit), {each for each in cut_sets if len(each) <= limit})
        shuffled = random.sample(sorted(tree.events), len(tree.events))
        plain = Bdd.of(tree, shuffled)
        same_probability(plain, brute)
        same_birnbaum(plain, brute)
        same_cut_sets(minimal(plain), cut_sets)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_trees_in_which_a_failure_may_help(batch: int) -> None:
    random = Random(batch)
    for tree in trees(batch, OTHERS, coherent=False):
        brute = Brute.of(tree)
        cut_sets = brute.minimal()
        for bdd in (Bdd.of(tree), Bdd.of(tree, random.sample(sorted(tree.events), len(tree.events)))):
            same_probability(bdd, brute)
            same_birnbaum(bdd, brute)
            same_cut_sets(minimal(bdd), cut_sets)
        limit = random.randint(0, 4)
        same_cut_sets(minimal(Bdd.of(tree), limit), {each for each in cut_sets if len(each) <= limit})
        state = random.randrange(len(brute.true))
        events = {name for place, name in enumerate(brute.names) if state >> place & 1}
        assert Bdd.of(tree).evaluate(events) == brute.true[state]
