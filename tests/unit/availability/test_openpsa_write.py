"""What `write` writes, and that `read` makes the same tree of it: any names, any gates, to the last bit."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.availability.openpsa import names, read, write
from fournines.availability.openpsa.shape import plain
from fournines.availability.tree import FaultTree, Gate, Kind

IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")
ODD = (
    "",
    " ",
    "a b",
    "a.b",
    "a-b",
    "--",
    "é",
    "1",
    '"',
    '""',
    "\\",
    "\n",
    "\x00\x7f",
    "\ud800",
    "a" * 99,
    "<&>",
    "g/and",
)


@st.composite
def trees(draw: st.DrawFn) -> FaultTree:
    """Any tree that `graph.check` takes; also with gates and events that the top does not need."""
    texts = st.text(max_size=6) | st.sampled_from(ODD)
    wanted = draw(st.lists(texts, min_size=1, max_size=12, unique=True))
    split = draw(st.integers(1, len(wanted)))
    events = {name: draw(st.floats(0, 1)) for name in wanted[:split]}
    below, gates = list(events), dict[str, Gate]()
    for name in wanted[split:]:
        gates[name] = draw(some_gate(below))
        below.append(name)
    return FaultTree(draw(st.sampled_from(below)), gates, events)


@st.composite
def some_gate(draw: st.DrawFn, below: list[str]) -> Gate:
    kinds: list[Kind] = ["and", "or", "atleast", "not", "xor", "nand", "nor", "iff", "imply", "cardinality", "constant"]
    kind = draw(st.sampled_from(kinds))
    if kind == "constant":
        return Gate(kind, (), draw(st.integers(0, 1)))
    fewest, most = {"not": (1, 1), "iff": (2, 2), "imply": (2, 2), "atleast": (0, 5), "cardinality": (0, 5)}.get(
        kind, (1, 5)
    )
    inputs = tuple(draw(st.lists(st.sampled_from(below), min_size=fewest, max_size=most)))
    least = draw(st.integers(0, len(inputs))) if kind in ("atleast", "cardinality") else 0
    high = draw(st.integers(least, len(inputs))) if kind == "cardinality" else 0
    return Gate(kind, inputs, least, high)


@settings(max_examples=150)
@given(tree=trees(), label=st.text(), name=st.text())
def test_read_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, tree: FaultTree, label: str, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.xml"
    path.write_text(write(tree, name, {tree.top: label}), encoding="utf-8")
    again = read(path)
    assert again == tree
    assert (list(again.gates), list(again.events)) == (list(tree.gates), list(tree.events))


@settings(max_examples=80)
@given(tree=trees(), label=st.text())
def test_what_is_written_is_in_the_order_and_with_the_names_that_scram_demands(tree: FaultTree, label: str) -> None:
    root = ElementTree.fromstring(write(tree, labels=dict.fromkeys(tree.events, label)))
    assert [child.tag for child in root] == ["define-fault-tree", "model-data"]
    defined = [each.get("name", "") for each in root.iter() if each.tag in ("define-gate", "define-basic-event")]
    assert len(set(defined)) == len(defined)
    assert all(IDENTIFIER.fullmatch(each) for each in [*defined, root[0].get("name", "")])
    for each in root.iter():
        if each.tag == "label":
            assert each.text
            assert each.text == " ".join(each.text.split())
        if each.tag == "attribute":
            assert each.get("value", "").isascii()
            assert each.get("value", "").isprintable()
            assert each.get("value", "").strip()
        if each.tag in ("and", "or", "nand", "nor"):
            assert len(each) > 1
        if each.tag in ("define-gate", "define-basic-event"):
            tags = [child.tag for child in each]
            assert tags == [tag for tag in ("label", "attributes") if tag in tags] + tags[-1:]


def test_a_small_tree_as_it_is_written() -> None:
    tree = FaultTree("top", {"top": Gate("and", ("c1 dies", "b"))}, {"c1 dies": 0.1, "b": 1e-300})
    text = write(tree, "small", {"b": "the <other> one", "c1 dies": "host c1"})
    assert (
        text
        == """<?xml version="1.0" encoding="UTF-8"?>
<opsa-mef>
  <define-fault-tree name="small">
    <attributes>
      <attribute name="fournines-top" value="top"/>
    </attributes>
    <define-gate name="top">
      <and>
        <basic-event name="c1-dies"/>
        <basic-event name="b"/>
      </and>
    </define-gate>
  </define-fault-tree>
  <model-data>
    <define-basic-event name="c1-dies">
      <label>host c1</label>
      <attributes>
        <attribute name="fournines-name" value="c1 dies"/>
      </attributes>
      <float value="0.1"/>
    </define-basic-event>
    <define-basic-event name="b">
      <label>the &lt;other&gt; one</label>
      <float value="1e-300"/>
    </define-basic-event>
  </model-data>
</opsa-mef>
"""
    )


def test_names_that_would_become_the_same_stay_apart() -> None:
    found = names.identifiers(["a.b", "a b", "a-b", "a/b", "1", "_1", "", "."])
    assert found["a-b"] == "a-b"
    assert found["_1"] == "_1"
    assert len(set(found.values())) == 8
    assert all(IDENTIFIER.fullmatch(each) for each in found.values())


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (Gate("and", ("a",)), Gate("or", ("a",))),
        (Gate("nor", ("a",)), Gate("not", ("a",))),
        (Gate("nand", ("a",)), Gate("not", ("a",))),
        (Gate("xor", ("a",)), Gate("or", ("a",))),
        (Gate("atleast", ("a", "b"), 1), Gate("or", ("a", "b"))),
        (Gate("atleast", ("a", "b"), 2), Gate("and", ("a", "b"))),
        (Gate("atleast", ("a",), 1), Gate("or", ("a",))),
        (Gate("atleast", (), 0), Gate("constant", (), 1)),
        (Gate("cardinality", (), 0, 0), Gate("constant", (), 1)),
        (Gate("atleast", ("a", "b", "c"), 2), Gate("atleast", ("a", "b", "c"), 2)),
    ],
)
def test_gates_in_the_form_that_others_accept(gate: Gate, expected: Gate) -> None:
    assert plain(gate) == expected


def test_a_formula_that_was_changed_by_hand_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    text = write(FaultTree("g", {"g": Gate("atleast", ("a", "b"), 2)}, {"a": 0.1, "b": 0.2}))
    assert 'value="atleast 2 0"' in text
    assert text.count("and>") == 2
    path.write_text(text.replace("and>", "or>"))
    assert read(path).gates == {"g": Gate("or", ("a", "b"))}


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan, math.inf])
def test_a_probability_that_is_none(probability: float) -> None:
    with pytest.raises(ValueError, match="event a: probability"):
        write(FaultTree("a", {}, {"a": probability}))


def test_what_is_no_fault_tree() -> None:
    with pytest.raises(ValueError, match="at least 3 of 1"):
        write(FaultTree("g", {"g": Gate("atleast", ("a",), 3)}, {"a": 0.1}))
