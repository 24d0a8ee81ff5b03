"""What is wrong with a file is told all at once, each with its place; bytes of any kind are never more than that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fournines.availability.openpsa import nodes, read
from fournines.errors import SpecError

EVENTS = '<define-basic-event name="a"><float value="0.5"/></define-basic-event>'
GOOD = '<define-gate name="g"><event name="a"/></define-gate>'
PAIR = '<event name="a"/><event name="a"/>'


def told(path: Path, data: str | bytes) -> list[str]:
    """The lines of what is wrong, without the file's name."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(SpecError) as wrong:
        read(path)
    lines = str(wrong.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def tree(inside: str) -> str:
    """What is inside begins on line 2."""
    return f'<opsa-mef><define-fault-tree name="ft">\n{inside}\n</define-fault-tree></opsa-mef>'


def formula(text: str) -> str:
    return f'<define-gate name="g">{text}</define-gate>{EVENTS}'


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        (formula('<event name="b"/>'), "2:23: no gate or event 'b' is defined; there is g, a"),
        (formula('<gate name="aa"/>'), "2:23: no gate or event 'aa' is defined; did you mean a?"),
        (formula('<gate name="a"/>'), "2:23: 'a' is a basic-event, at 2:53, not a gate"),
        (formula('<event name="a" type="house-event"/>'), "2:23: 'a' is a basic-event, at 2:73, not a house-event"),
        (
            formula('<event name="a" type="thing"/>'),
            "2:23: type='thing' is unknown; there is gate, basic-",
        ),
        (formula("<event/>"), "2:23: <event> needs the attribute name"),
        (formula('<event name="a"><event name="a"/></event>'), "2:39: <event> has nothing inside"),
        (formula("<adn/>"), "2:23: <adn> is unknown in a formula; did you mean and?"),
        (formula(""), "2:1: gate 'g' needs one formula, not 0"),
        (formula(PAIR), "2:1: gate 'g' needs one formula, not 2"),
        (formula("<and/>"), "2:23: <and> has no arguments"),
        (formula("<xor><event name='a'/></xor>"), "2:23: <xor> has 1 arguments, not 2"),
        (formula(f"<xor>{PAIR}<event name='a'/></xor>"), "2:23: <xor> has 3 arguments, not 2"),
        (formula("<iff><event name='a'/></iff>"), "2:23: <iff> has 1 arguments, not 2"),
        (formula(f"<imply>{PAIR}<event name='a'/></imply>"), "2:23: <imply> has 3 arguments, not 2"),
        (formula(f"<not>{PAIR}</not>"), "2:23: <not> has 2 arguments, not 1"),
        (formula(f"<atleast>{PAIR}</atleast>"), "2:23: <atleast> needs the attribute min"),
        (formula(f'<atleast min="3">{PAIR}</atleast>'), "2:23: min=3 of 2 arguments"),
        (formula(f'<atleast min="-1">{PAIR}</atleast>'), "2:23: min='-1' is not a number of arguments"),
        (formula(f'<atleast min="{"9" * 5000}">{PAIR}</atleast>'), "2:23: min='999"),
        (formula(f'<atleast min="1" k="1">{PAIR}</atleast>'), "2:23: <atleast> has no attribute 'k'; there is min"),
        (formula(f'<cardinality min="2" max="1">{PAIR}</cardinality>'), "2:23: min=2 is above max=1"),
        (formula(f'<cardinality min="0" max="3">{PAIR}</cardinality>'), "2:23: max=3 of 2 arguments"),
        (formula(f'<cardinality min="0">{PAIR}</cardinality>'), "2:23: <cardinality> needs the attribute max"),
        (formula('<constant value="2"/>'), "2:23: '2' is neither true nor false"),
        (formula('<event name="a"/>x'), "2:41: text in <define-gate> of line 2: 'x'; only labels have text"),
        (GOOD + EVENTS + EVENTS, "2:124: 'a' is defined already, at 2:54"),
        (GOOD + EVENTS + '<define-house-event name="a"/>', "2:124: 'a' is defined already, at 2:54"),
        (GOOD.replace("name", "nam") + GOOD + EVENTS, "2:1: <define-gate> needs the attribute name"),
        (GOOD + EVENTS + '<define-gate name="x.y"><event name="a"/></define-gate>', "2:124: 'x.y': a dot is between"),
        (
            GOOD + EVENTS + "<define-gaet/>",
            "2:124: <define-gaet> is unknown in <define-fault-tree>; did you mean",
        ),
        (GOOD + EVENTS + '<include file="b.xml"/>', "2:124: other files are not included: name them beside this one"),
        (GOOD + EVENTS + "<define-substitution/>", "2:124: substitutions are not supported"),
        (
            GOOD + EVENTS.replace('name="a"', 'name="a" role="secret"'),
            "2:54: role='secret' is unknown; there is",
        ),
        (
            GOOD + EVENTS + '<define-house-event name="h"><float value="1"/></define-house-event>',
            "2:124: house event",
        ),
        (
            GOOD + '<define-basic-event name="a"/>',
            "2:54: the probability of 'a' is not given: an expression",
        ),
        (EVENTS, "1:1: no gate is defined"),
    ],
)
def test_each_fault(tmp_path: Path, inside: str, line: str) -> None:
    lines = told(tmp_path / "m.xml", tree(inside))
    assert any(each.startswith(line) for each in lines), lines
    assert len(lines) <= 2


def test_all_faults_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """<opsa-mef>
<define-fault-tree name="ft">
  <define-gate name="g"><atleast min="4"><event name="a"/><event name="b"/></atleast></define-gate>
  <define-basic-event name="a"><float value="7"/></define-basic-event>
  <define-component/>
</define-fault-tree>
<define-fault-tree name="ft"/>
<model-data>
  <define-basic-event name="a"><parameter name="p"/></define-basic-event>
  <define-gate name="h"/>
</model-data>
<define-alignment name="x"><define-phase name="p" time-fraction="1">
  <set-house-event name="h"/></define-phase></define-alignment>
<other/>
</opsa-mef>"""
    assert told(tmp_path / "m.xml", text) == [
        "3:25: min=4 of 2 arguments",
        "3:59: no gate or event 'b' is defined; there is g, a",
        "4:32: the probability of 'a' is 7.0, not between 0 and 1",
        "5:3: <define-component> needs the attribute name",
        "7:1: 'ft' is defined already, at 2:1",
        "9:3: 'a' is defined already, at 4:3",
        "10:3: <define-gate> is unknown in <model-data>; did you mean define-parameter?",
        "13:3: phases that change the model (<set-house-event>) are not supported",
        "14:1: <other> is unknown in <opsa-mef>; there is define-fault-tree, model-data, define-CCF-group",
    ]


def test_gates_in_a_circle_are_named(tmp_path: Path) -> None:
    text = tree("""<define-gate name="top"><gate name="x"/></define-gate>
<define-gate name="x"><or><and><gate name="y"/><event name="a"/></and><event name="a"/></or></define-gate>
<define-gate name="y"><gate name="z"/></define-gate>
<define-gate name="z"><not><gate name="x"/></not></define-gate>
<define-gate name="s"><gate name="s"/></define-gate>""")
    assert told(tmp_path / "m.xml", text + "") == [
        "3:1: gate 'x' is below itself: x -> y -> z -> x",
        "3:48: no gate or event 'a' is defined; there is top, x, y, z, s",
        "6:1: gate 's' is below itself: s -> s",
    ]


def test_a_name_that_is_missing_many_times_is_told_once(tmp_path: Path) -> None:
    text = tree(
        formula(f"<and>{PAIR}</and>").replace(EVENTS, "") + '<define-gate name="h"><event name="a"/></define-gate>'
    )
    assert told(tmp_path / "m.xml", text) == ["2:28: no gate or event 'a' is defined; there is g, h"]


def test_thousands_of_faults_are_not_told_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(tree("<a/>" * 5000))
    with pytest.raises(SpecError) as wrong:
        read(path)
    lines = str(wrong.value).splitlines()
    assert len(lines) == nodes.MAX_PROBLEMS + 1
    assert lines[-1] == "and 4000 more"


BOMB = '<!DOCTYPE opsa-mef [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><opsa-mef>&b;</opsa-mef>'


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "1:1: not XML: no element found"),
        (b"\0" * 100, "1:1: not XML: not well-formed (invalid token)"),
        (b"hello", "1:1: not XML: syntax error"),
        (b"<opsa-mef>\n  <a></b></opsa-mef>", "2:8: not XML: mismatched tag (inside <a> of line 2)"),
        (b"<opsa-mef>\n\xff</opsa-mef>", "2:1: not XML: not well-formed (invalid token) (inside <opsa-mef> of line 1)"),
        (b"<opsa-mef>\0</opsa-mef>", "1:11: not XML"),
        (b"<html/>", "1:1: the outermost element is 'html', not opsa-mef"),
        (b"<opsa-mef/><opsa-mef/>", "1:12: not XML: junk after document element"),
        (b'<opsa-mef a="1" a="1"/>', "1:17: not XML: duplicate attribute"),
        (BOMB.encode(), "1:20: document type declarations and entities are not read"),
        (b'<!DOCTYPE opsa-mef SYSTEM "file:///etc/passwd"><opsa-mef/>', "1:47: document type declarations"),
        (b"<opsa-mef>&nbsp;</opsa-mef>", "1:11: not XML: undefined entity (inside <opsa-mef> of line 1)"),
        (b'<?xml version="1.0" encoding="utf-7"?><opsa-mef/>', "1:1: encoding 'utf-7': write the file in UTF-8"),
        (b'<?xml version="1.0" encoding="hex"?><opsa-mef/>', "1:1: encoding 'hex': write the file in UTF-8"),
        ('<?xml version="1.0" encoding="hex"?><opsa-mef/>'.encode("utf-16"), "1:32: not XML"),
        ("<opsa-mef>é</opsa-mef>".encode("latin-1"), "1:11: not XML"),
        (b"<opsa-mef>" * 100_000, "1:1281: elements are nested more than 128 deep"),
    ],
)
def test_what_is_no_file_of_this_kind(tmp_path: Path, data: bytes, line: str) -> None:
    (only,) = told(tmp_path / "m.xml", data)
    assert only.startswith(line)


def test_formulas_and_expressions_as_deep_as_elements_may_be(tmp_path: Path) -> None:
    path, depth = tmp_path / "m.xml", nodes.MAX_DEPTH - 4
    path.write_text(tree(formula("<not>" * depth + '<event name="a"/>' + "</not>" * depth)))
    assert len(read(path).gates) == depth
    deep = "<neg>" * depth + '<float value="0.25"/>' + "</neg>" * depth
    path.write_text(tree(GOOD + EVENTS.replace('<float value="0.5"/>', deep)))
    assert read(path).events == {"a": 0.25}


def test_what_is_no_readable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in (
        (tmp_path, "not a regular file"),
        (tmp_path / "none.xml", "there is no such file"),
        (Path("\0"), "cannot be read: embedded null byte"),
        (tmp_path / ("n" * 300), "cannot be read: File name too long"),
    ):
        with pytest.raises(SpecError) as wrong:
            read(path)
        assert str(wrong.value).endswith(f":1:1: {text}")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SpecError, match="not a regular file"):
        read(tmp_path / "fifo")
    monkeypatch.setattr(nodes, "MAX_BYTES", 1 << 20)
    assert told(tmp_path / "m.xml", b" " * ((1 << 20) + 1)) == ["1:1: larger than 1 MiB"]


def test_too_many_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_ELEMENTS", 10)
    assert told(tmp_path / "m.xml", tree("<a/>" * 20)) == ["2:33: more than 10 elements"]


def test_a_path_that_would_make_every_name_long(tmp_path: Path) -> None:
    inside = f'<define-component name="{"c" * 499}"><define-gaet/></define-component>{GOOD}{EVENTS}'
    (only,) = told(tmp_path / "m.xml", tree(inside))
    assert only.startswith("2:1: 'ft.ccc")
    assert only.endswith("': a path of more than 500 letters")
