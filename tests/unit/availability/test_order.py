"""Orders of variables: a bad one explodes, ours do not."""

from __future__ import annotations

from random import Random

import pytest
from trees import random_tree

from fournines.availability.bdd import Bdd
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.order import CANDIDATES, gathered, light_first, shared_first
from fournines.availability.tree import FaultTree, Gate


def pairs(count: int) -> FaultTree:
    """(a0 and b0) or (a1 and b1) or ..."""
    gates = {f"g{number}": Gate("and", (f"a{number}", f"b{number}")) for number in range(count)}
    gates["top"] = Gate("or", tuple(gates))
    return FaultTree("top", gates, {f"{side}{number}": 0.1 for side in "ab" for number in range(count)})


def test_an_order_that_parts_pairs_explodes() -> None:
    tree = pairs(12)
    apart = [f"{side}{number}" for side in "ab" for number in range(12)]
    assert Bdd.of(tree, apart).size == 2**13 - 2
    for order in CANDIDATES:
        assert Bdd.of(tree, order(tree)).size == 24
    assert Bdd.of(pairs(5_000)).size <= 3 * 5_000


def ring(count: int) -> FaultTree:
    """Neighbours that fail together; listed so that neighbours are far apart."""
    stride = 7  # coprime to count
    gates = {
        f"g{number}": Gate("and", (f"e{number * stride % count:03}", f"e{(number * stride + 1) % count:03}"))
        for number in range(count)
    }
    gates["top"] = Gate("or", tuple(gates))
    return FaultTree("top", gates, {f"e{number:03}": 0.1 for number in range(count)})


def test_what_is_listed_far_apart_is_gathered() -> None:
    tree = ring(60)
    near = gathered(light_first)(tree)
    assert Bdd.of(tree, near).size < 1_000
    with pytest.raises(TooManyNodesError):
        Bdd.of(tree, light_first(tree), most=30_000)
    # The next order is tried when one has taken too much.
    assert Bdd.of(tree).size < 1_000


def test_each_order_has_each_event_that_the_top_stands_on_once() -> None:
    random = Random(7)
    for _ in range(100):
        tree = random_tree(random, 10, coherent=False)
        asked = {frozenset(order(tree)) for order in CANDIDATES}
        assert all(len(order(tree)) == len(frozenset(order(tree))) for order in CANDIDATES)
        assert len(asked) == 1
        assert set(Bdd.of(tree).order) == next(iter(asked))


def test_what_many_ask_comes_first() -> None:
    gates = {
        "top": Gate("atleast", ("r0", "r1", "r2"), 2),
        **{f"r{number}": Gate("or", (f"own{number}", "feed")) for number in range(3)},
    }
    tree = FaultTree("top", gates, {"feed": 0.1, "own0": 0.1, "own1": 0.1, "own2": 0.1})
    assert shared_first(tree) == ["feed", "own0", "own1", "own2"]
    assert shared_first(FaultTree("feed", {}, {"feed": 0.1})) == ["feed"]
