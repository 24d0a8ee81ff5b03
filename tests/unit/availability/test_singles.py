"""Events that are the end alone: by hand; that they are so of random trees is in `test_against_brute_force.py`."""

from __future__ import annotations

import pytest
from trees import chain, k_of_n

from fournines.availability.singles import Known, singles
from fournines.availability.tree import FaultTree, Gate, Kind

PAIR = {"top": Gate("or", ("a", "both")), "both": Gate("and", ("b", "c", "either")), "either": Gate("or", ("b", "d"))}
EVENTS = dict.fromkeys("abcd", 0.1)


def test_by_hand() -> None:
    assert [*singles(FaultTree("top", PAIR, EVENTS))] == ["a"]
    assert [*singles(FaultTree("a", {}, EVENTS))] == ["a"]
    assert sorted(singles(k_of_n(1, 3))) == ["e0", "e1", "e2"]
    assert not singles(k_of_n(2, 3))
    assert not singles(FaultTree("never", {"never": Gate("constant")}, {}))


def test_an_input_that_is_there_twice_counts_twice() -> None:
    assert [*singles(FaultTree("top", {"top": Gate("atleast", ("a", "a", "b"), 2)}, EVENTS))] == ["a"]


def test_a_tree_as_deep_as_it_likes() -> None:
    assert [*singles(chain(20_001))] == ["e20000"]


def test_what_is_known_of_a_gate_is_not_looked_for_again() -> None:
    known: Known = {}
    singles(FaultTree("both", PAIR, EVENTS), known)
    assert {*known} == {"both", "either"}
    known["both"] = ("believed",)
    assert sorted(singles(FaultTree("top", PAIR, EVENTS), known)) == ["a", "believed"]


@pytest.mark.parametrize(
    ("kind", "inputs", "least"), [("not", "a", 0), ("xor", "ab", 0), ("constant", "", 1), ("atleast", "ab", 0)]
)
def test_a_tree_that_is_not_coherent_is_refused(kind: Kind, inputs: str, least: int) -> None:
    gates = {"top": Gate("or", ("odd", "a")), "odd": Gate(kind, tuple(inputs), least)}
    with pytest.raises(ValueError, match="gate odd"):
        singles(FaultTree("top", gates, EVENTS))
