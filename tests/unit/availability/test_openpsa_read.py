"""What files of the Model Exchange Format mean: each element, names and scopes, the top, several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.availability.openpsa import read
from fournines.availability.tree import FaultTree, Gate
from fournines.errors import SpecError


def event(name: str, probability: float = 0.5) -> str:
    return f'<define-basic-event name="{name}"><float value="{probability}"/></define-basic-event>'


def gate(name: str, formula: str, more: str = "") -> str:
    return f'<define-gate name="{name}"{more}>{formula}</define-gate>'


ABC = "".join(f'<basic-event name="{name}"/>' for name in "abc")
EVENTS = "".join(event(name) for name in "abc")


def model(inside: str) -> str:
    return f"<opsa-mef>{inside}</opsa-mef>"


def one_tree(inside: str) -> str:
    return model(f'<define-fault-tree name="ft">{inside}</define-fault-tree>')


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.xml"


def read_text(file: Path, text: str, **more: str) -> FaultTree:
    file.write_text(text)
    return read(file, **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (f"<and>{ABC}</and>", Gate("and", ("a", "b", "c"))),
        (f"<or>{ABC}</or>", Gate("or", ("a", "b", "c"))),
        (f"<nand>{ABC}</nand>", Gate("nand", ("a", "b", "c"))),
        (f"<nor>{ABC}</nor>", Gate("nor", ("a", "b", "c"))),
        (f'<atleast min="2">{ABC}</atleast>', Gate("atleast", ("a", "b", "c"), 2)),
        (f'<cardinality min="1" max="2">{ABC}</cardinality>', Gate("cardinality", ("a", "b", "c"), 1, 2)),
        ('<not><event name="a"/></not>', Gate("not", ("a",))),
        ('<xor><event name="a"/><event name="b"/></xor>', Gate("xor", ("a", "b"))),
        ('<iff><event name="a"/><event name="b" type="basic-event"/></iff>', Gate("iff", ("a", "b"))),
        ('<imply><event name="b"/><event name="a"/></imply>', Gate("imply", ("b", "a"))),
        ('<constant value="true"/>', Gate("constant", (), 1)),
        ('<constant value="0"/>', Gate("constant")),
        ('<event name=" a "/>', Gate("or", ("a",))),
    ],
)
def test_each_formula(file: Path, formula: str, expected: Gate) -> None:
    tree = read_text(file, one_tree(gate("g", formula) + EVENTS))
    assert tree == FaultTree("g", {"g": expected}, {"a": 0.5, "b": 0.5, "c": 0.5})


def test_formulas_within_formulas_get_names_that_nothing_else_has(file: Path) -> None:
    inner = '<or><not><event name="a"/></not><not><event name="b"/></not></or>'
    tree = read_text(file, one_tree(gate("g", f'<and>{inner}<event name="g/not"/></and>') + EVENTS + event("g/not")))
    assert tree.gates["g"] == Gate("and", ("g/or", "g/not"))
    assert tree.gates["g/or"] == Gate("or", ("g/not-2", "g/not-3"))
    assert tree.gates["g/not-3"] == Gate("not", ("b",))


def test_house_events_are_constants_and_false_unless_they_say_true(file: Path) -> None:
    text = """<define-house-event name="h"><constant value="true"/></define-house-event>
        <define-house-event name="i"/>"""
    tree = read_text(file, one_tree(gate("g", '<or><house-event name="h"/><event name="i"/></or>') + text))
    constants = {"h": Gate("constant", (), 1), "i": Gate("constant")}
    assert tree == FaultTree("g", {"g": Gate("or", ("h", "i")), **constants}, {})


def test_labels_attributes_and_what_does_not_matter_are_passed_over(file: Path) -> None:
    notes = '<label>L <b/></label><attributes><attribute name="flavor" value="inhibit"/></attributes>'
    beside = """<define-event-tree name="e"><initial-state><anything/></initial-state></define-event-tree>
        <define-initiating-event name="i"/><define-rule name="r"/><define-extern-library name="l" path="x"/>
        <define-alignment name="m"><define-phase name="p" time-fraction="1"/></define-alignment>"""
    text = f'<!DOCTYPE opsa-mef><opsa-mef name="m">{notes}<define-fault-tree name="ft">{notes}'
    text += gate("g", f'{notes}<event name="a"/>') + f'<define-basic-event name="a">{notes}<float value="0.1"/>'
    text += f"</define-basic-event></define-fault-tree>{beside}</opsa-mef>"
    assert read_text(file, text) == FaultTree("g", {"g": Gate("or", ("a",))}, {"a": 0.1})


def test_model_data_and_several_fault_trees_are_one_model(file: Path) -> None:
    text = '<define-fault-tree name="x">' + gate("top", '<gate name="sub"/>') + "</define-fault-tree>"
    text += '<define-fault-tree name="y">' + gate("sub", '<event name="a"/>') + "</define-fault-tree>"
    tree = read_text(file, model(text + "<model-data>" + event("a") + "</model-data>"))
    assert tree == FaultTree("top", {"top": Gate("or", ("sub",)), "sub": Gate("or", ("a",))}, {"a": 0.5})


def test_a_model_in_several_files(tmp_path: Path) -> None:
    gates, events = tmp_path / "gates.xml", tmp_path / "events.xml"
    gates.write_text(one_tree(gate("g", '<event name="a"/>')))
    events.write_text(model("<model-data>" + event("a") + "</model-data>"))
    assert read(gates, events).events == {"a": 0.5}
    events.write_text(model("<model-data>" + event("a", 2) + "</model-data>"))
    gates.write_text(one_tree(gate("g", '<event name="a"/><event name="a"/>')))
    with pytest.raises(SpecError) as told:
        read(gates, events)
    assert str(told.value).splitlines() == [
        f"{gates}:1:40: gate 'g' needs one formula, not 2",
        f"{events}:1:52: the probability of 'a' is 2.0, not between 0 and 1",
    ]


COMPONENTS = f"""
  {gate("top", '<and><event name="x"/><event name="p.x"/><event name="ft.p.q.x"/><event name="open"/></and>')}
  {event("x", 0.1)}
  <define-component name="p" role="private">
    {event("x", 0.2)}
    {gate("open", '<or><event name="x"/><event name="q.x"/><event name="outer"/></or>', ' role="public"')}
    <define-component name="q">{event("x", 0.3)}{event("hidden", 0.4)}</define-component>
    {event("outer", 0.5)}
  </define-component>
"""


def test_names_are_looked_up_from_inside_outwards_and_paths_from_anywhere(file: Path) -> None:
    tree = read_text(file, one_tree(COMPONENTS))
    assert tree.gates["top"].inputs == ("x", "ft.p.x", "ft.p.q.x", "open")
    assert tree.gates["open"].inputs == ("ft.p.x", "ft.p.q.x", "ft.p.outer")
    assert tree.events["x"] == 0.1
    assert tree.events["ft.p.x"] == 0.2
    assert tree.events["ft.p.q.x"] == 0.3


def test_what_is_private_is_not_found_from_outside(file: Path) -> None:
    with pytest.raises(SpecError, match="no gate or event 'hidden' is defined"):
        read_text(file, one_tree(COMPONENTS.replace('<event name="open"/>', '<event name="hidden"/>')))


def test_what_is_public_is_found_by_its_name_alone(file: Path) -> None:
    inside = f'<define-component name="c"><define-component name="d">{event("a")}</define-component></define-component>'
    tree = read_text(file, one_tree(gate("g", '<or><event name="a"/><event name="ft.c.d.a"/></or>') + inside))
    assert tree == FaultTree("g", {"g": Gate("or", ("a", "a"))}, {"a": 0.5})


TWO_TOPS = one_tree(gate("x", '<event name="a"/>') + gate("y", '<event name="b"/>') + EVENTS)


def test_several_tops_are_named_and_one_can_be_chosen(file: Path) -> None:
    with pytest.raises(SpecError, match=r"m.xml:1:1: 2 gates are below no other one: x \(1:40\), y \(1:93\); name one"):
        read_text(file, TWO_TOPS)
    assert read_text(file, TWO_TOPS, top="y").top == "y"
    assert read_text(file, TWO_TOPS, top="ft.x").top == "x"
    with pytest.raises(SpecError, match="no gate 'xx' is defined; did you mean x"):
        read_text(file, TWO_TOPS, top="xx")


def test_a_gate_inside_another_tree_may_be_chosen_too(file: Path) -> None:
    text = one_tree(gate("x", '<gate name="y"/>') + gate("y", '<event name="b"/>') + EVENTS)
    assert read_text(file, text).top == "x"
    assert read_text(file, text, top="y").top == "y"


def test_an_event_that_nothing_uses_needs_no_probability(file: Path) -> None:
    text = gate("g", '<event name="a"/>') + event("a") + '<define-basic-event name="library"/>'
    assert read_text(file, one_tree(text)).events == {"a": 0.5}


def test_utf_16_is_read(file: Path) -> None:
    text = one_tree(gate("gäte", '<event name="a"/>') + EVENTS)
    file.write_bytes(f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16"))
    assert read(file).top == "gäte"


def test_a_chain_of_20_000_gates_is_read(file: Path) -> None:
    count = 20_000
    chain = "".join(gate(f"g{i}", f'<gate name="g{i + 1}"/>') for i in range(count))
    tree = read_text(file, one_tree(chain + gate(f"g{count}", '<event name="a"/>') + EVENTS))
    assert (tree.top, len(tree.gates)) == ("g0", count + 1)
