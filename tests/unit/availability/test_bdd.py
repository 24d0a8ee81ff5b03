"""Exact probabilities: known answers, hard sizes, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import chain, k_of_n, racks

from fournines.availability.bdd import Bdd
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.tree import FaultTree, Gate

HALF = {"a": 0.5, "b": 0.5}


def test_two_of_three() -> None:
    assert Bdd.of(k_of_n(2, 3)).probability() == pytest.approx(2.998e-6, rel=1e-12)


@given(st.integers(1, 30), st.data(), st.floats(1e-6, 0.999))
def test_k_of_n_is_binomial(count: int, data: st.DataObject, chance: float) -> None:
    least = data.draw(st.integers(0, count))
    found = Bdd.of(k_of_n(least, count, chance)).probability()
    tail = [math.comb(count, trues) * chance**trues * (1 - chance) ** (count - trues) for trues in range(count + 1)]
    assert found == pytest.approx(math.fsum(tail[least:]), rel=1e-12)


def test_a_majority_of_hundreds_is_counted_not_listed() -> None:
    bdd = Bdd.of(k_of_n(251, 501, 0.5))
    assert bdd.probability() == pytest.approx(0.5, rel=1e-12)
    assert bdd.size == 251 * 251


def test_two_of_several_thousand() -> None:
    bdd = Bdd.of(k_of_n(2, 5_000, 1e-6))
    assert bdd.size == 2 * 4_999
    assert bdd.probability() == pytest.approx(-math.expm1(5_000 * math.log1p(-1e-6)) - 5e-3 * (1 - 1e-6) ** 4_999)


def test_a_tiny_probability_has_all_its_digits() -> None:
    gates = {"top": Gate("and", ("both", "nor")), "both": Gate("and", ("a", "b")), "nor": Gate("nor", ("c", "d"))}
    bdd = Bdd.of(FaultTree("top", gates, {"a": 3e-160, "b": 1e-100, "c": 0.25, "d": 0.5}))
    assert bdd.probability() == pytest.approx(3e-260 * 0.375, rel=1e-15)


@pytest.mark.parametrize("kind", ["or", "and"])
def test_a_module_that_its_gate_denies_keeps_a_tiny_probability(kind: str) -> None:
    # not (not a): the module under the outer gate is true without events, and nearly certain.
    gates = {"top": Gate("nand" if kind == "or" else "nor", ("x", "x")), "x": Gate("nand", ("a", "b"))}
    bdd = Bdd.of(FaultTree("top", gates, {"a": 1e-20, "b": 1e-3}))
    assert bdd.probability() == pytest.approx(1e-23, rel=1e-15)


@pytest.mark.parametrize(
    ("gate", "true"),
    [
        (Gate("and", ("a", "b")), {"ab"}),
        (Gate("or", ("a", "b")), {"a", "b", "ab"}),
        (Gate("nand", ("a", "b")), {"", "a", "b"}),
        (Gate("nor", ("a", "b")), {""}),
        (Gate("xor", ("a", "b")), {"a", "b"}),
        (Gate("iff", ("a", "b")), {"", "ab"}),
        (Gate("imply", ("a", "b")), {"", "b", "ab"}),
        (Gate("not", ("a",)), {"", "b"}),
        (Gate("atleast", ("a", "b"), 1), {"a", "b", "ab"}),
        (Gate("atleast", ("a", "a", "b"), 2), {"a", "ab"}),
        (Gate("atleast", ("a", "b"), 0), {"", "a", "b", "ab"}),
        (Gate("cardinality", ("a", "b"), 1, 1), {"a", "b"}),
        (Gate("cardinality", ("a", "b"), 0, 1), {"", "a", "b"}),
        (Gate("constant", (), 1), {"", "a", "b", "ab"}),
        (Gate("constant", (), 0), set[str]()),
    ],
)
def test_what_a_gate_means(gate: Gate, true: set[str]) -> None:
    bdd = Bdd.of(FaultTree("top", {"top": gate}, HALF))
    assert {state for state in ("", "a", "b", "ab") if bdd.evaluate(set(state))} == true
    assert bdd.probability() == len(true) / 4


def test_the_top_may_be_an_event() -> None:
    bdd = Bdd.of(FaultTree("a", {}, HALF))
    assert (bdd.probability({"a": 0.25}), bdd.birnbaum(), bdd.order) == (0.25, {"a": 1.0, "b": 0.0}, ("a",))


def test_other_probabilities_on_the_same_structure() -> None:
    bdd = Bdd.of(k_of_n(2, 3))
    assert bdd.probability({"e0": 1.0, "e1": 0.0}) == pytest.approx(1e-3)
    assert bdd.birnbaum({"e0": 1.0, "e1": 0.0})["e2"] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no event of this tree: e9"):
        bdd.probability({"e9": 0.5})
    with pytest.raises(ValueError, match=r"the probability of e0 is 1\.5"):
        bdd.birnbaum({"e0": 1.5})
    with pytest.raises(ValueError, match="the probability of e0 is nan"):
        bdd.probability({"e0": math.nan})


def test_a_chain_of_twenty_thousand_gates() -> None:
    tree = chain(20_000)
    expected = 0.5
    for number in range(20_000):
        expected = 0.5 * expected if number % 2 else 0.5 + 0.5 * expected
    bdd = Bdd.of(tree)
    assert bdd.probability() == pytest.approx(expected, rel=1e-12)
    assert bdd.birnbaum()["e19999"] == pytest.approx(2 * expected, rel=1e-12)
    assert not bdd.evaluate(tree.events.keys() - {"e19999"})
    plain = Bdd.of(tree, [*(f"e{number}" for number in reversed(range(20_000))), "last"])
    assert plain.probability() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", ["not", "or", "xor"])
def test_deep_chains_of_one_kind(kind: str) -> None:
    gates = {f"g{number}": Gate("not", (f"g{number + 1}",)) for number in range(20_000)}
    if kind != "not":
        both = {"or": Gate("or", ("", "")), "xor": Gate("xor", ("", ""))}[kind]
        gates = {f"g{n}": Gate(both.kind, (f"g{n + 1}", f"e{n}")) for n in range(20_000)}
    events = {"g20000": 0.25} | ({} if kind == "not" else {f"e{number}": 1e-9 for number in range(20_000)})
    assert Bdd.of(FaultTree("g0", gates, events)).probability() == pytest.approx(0.25, rel=1e-4)


def test_twenty_thousand_events_take_few_nodes() -> None:
    bdd = Bdd.of(racks(2, 250, 80, 10))
    assert len(bdd.tree.events) == 20_020
    assert bdd.size < 21_000


def test_modules_keep_what_one_diagram_would_multiply() -> None:
    tree = racks(3, 12, 5, 4)
    bdd = Bdd.of(tree)
    plain = Bdd.of(tree, bdd.order)
    assert bdd.size < plain.size
    assert bdd.probability() == pytest.approx(plain.probability(), rel=1e-12)


def test_too_many_nodes_is_an_error_not_the_end_of_memory() -> None:
    with pytest.raises(TooManyNodesError, match="top: more than 1000 nodes"):
        Bdd.of(k_of_n(50, 100), most=1_000)
    with pytest.raises(TooManyNodesError):
        Bdd.of(k_of_n(50, 100), [f"e{number}" for number in range(100)], most=1_000)


@pytest.mark.parametrize(
    ("top", "gates", "error"),
    [
        ("x", {"top": Gate("or", ("a",))}, "the top x is neither a gate nor an event"),
        ("top", {"top": Gate("or", ("a", "x"))}, "gate top: its input x is neither"),
        ("top", {"top": Gate("or", ("a",)), "far": Gate("or", ("x",))}, "gate far: its input x is neither"),
        ("top", {"top": Gate("or", ("a", "g")), "g": Gate("and", ("b", "top"))}, "gate top is below itself"),
        ("a", {"g": Gate("not", ("g",))}, "gate g is below itself"),
        ("top", {"top": Gate("atleast", ("a", "b"), 3)}, "gate top: at least 3 of 2 inputs"),
        ("top", {"top": Gate("cardinality", ("a", "b"), 2, 1)}, "gate top: 2 to 1 of 2 inputs"),
        ("top", {"top": Gate("cardinality", ("a", "b"), 1, 3)}, "gate top: 1 to 3 of 2 inputs"),
        ("top", {"top": Gate("not", ("a", "b"))}, "gate top: not of 2 inputs"),
        ("top", {"top": Gate("and")}, "gate top: and of 0 inputs"),
        ("top", {"top": Gate("constant", (), 2)}, "gate top: a constant is 0 or 1, not 2"),
        ("a", {"a": Gate("or", ("b",))}, "both a gate and an event: a"),
    ],
)
def test_what_is_no_fault_tree(top: str, gates: dict[str, Gate], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Bdd.of(FaultTree(top, gates, HALF))


@pytest.mark.parametrize(("order", "error"), [(["a"], ": b"), (["a", "b", "x"], ": x"), (["a", "b", "a"], "twice")])
def test_what_is_no_order(order: list[str], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Bdd.of(FaultTree("top", {"top": Gate("or", ("a", "b"))}, HALF), order)
