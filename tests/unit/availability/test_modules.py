"""Parts of a tree that share nothing with the rest."""

from __future__ import annotations

from trees import chain

from fournines.availability.modules import modules, split
from fournines.availability.tree import FaultTree, Gate

GATES = {
    "top": Gate("and", ("left", "right")),
    "left": Gate("or", ("a", "b", "shared")),
    "right": Gate("or", ("c", "shared", "alone")),
    "alone": Gate("atleast", ("d", "e", "inner"), 2),
    "inner": Gate("xor", ("d", "f")),
}
TREE = FaultTree("top", GATES, dict.fromkeys("abcdef", 0.1) | {"shared": 0.2})


def test_a_module_shares_nothing_with_the_rest() -> None:
    assert modules(TREE) == {"top", "alone"}


def test_what_one_gate_alone_asks_is_put_together() -> None:
    parts = split(TREE)
    assert {part.top: set(part.events) for part in parts} == {
        "left\0own": {"a", "b"},
        "alone": {"d", "e", "f"},
        "right\0own": {"c", "alone"},
        "top": {"left\0own", "right\0own", "shared"},
    }
    order = [part.top for part in parts]
    assert order[-1] == "top"
    assert order.index("alone") < order.index("right\0own")


def test_a_gate_that_two_ask_is_one_event_to_both() -> None:
    gates = {
        "top": Gate("and", ("x", "y")),
        "x": Gate("or", ("m", "a")),
        "y": Gate("or", ("m", "b")),
        "m": Gate("and", ("c", "d")),
    }
    assert modules(FaultTree("top", gates, dict.fromkeys("abcd", 0.1))) == {"top", "m"}


def test_gates_of_one_kind_are_one_gate_where_nothing_else_asks_them() -> None:
    gates = {
        "top": Gate("and", ("p", "q")),
        "p": Gate("nor", ("x", "y", "z")),
        "q": Gate("or", ("y", "e")),
        "x": Gate("or", ("a", "y")),
        "y": Gate("or", ("b", "c")),
        "z": Gate("nor", ("d", "d")),
    }
    top = split(FaultTree("top", gates, dict.fromkeys("abcde", 0.1)))[-1]
    # x went into p; y is asked twice; z is the opposite of an or; a and z belong to p alone.
    assert top.gates["p"] == Gate("nor", ("p\0own", "y"))


def test_long_chains() -> None:
    assert len(split(chain(20_000))) == 20_000
