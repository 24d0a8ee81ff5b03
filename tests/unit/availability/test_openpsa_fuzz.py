"""Whatever the bytes: a fault tree, or a SpecError whose lines have places."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.availability.graph import check
from fournines.availability.openpsa import read, write
from fournines.errors import SpecError

MODEL = """<?xml version="1.0"?>
<opsa-mef>
  <define-fault-tree name="ft">
    <define-gate name="top"><and><gate name="g"/><event name="c.h"/><or><event name="a"/><event name="b"/></or></and></define-gate>
    <define-gate name="g"><label>L</label><atleast min="2"><event name="a"/><event name="b"/><event name="d"/></atleast></define-gate>
    <define-component name="c" role="private">
      <define-gate name="h"><xor><basic-event name="e"/><not><basic-event name="a"/></not></xor></define-gate>
      <define-gate name="i" role="public"><cardinality min="1" max="2"><event name="e"/><event name="f"/></cardinality></define-gate>
      <define-basic-event name="e"><exponential><parameter name="p"/><system-mission-time/></exponential></define-basic-event>
      <define-house-event name="f"><constant value="true"/></define-house-event>
    </define-component>
    <define-CCF-group name="k" model="MGL"><members><basic-event name="a"/><basic-event name="b"/><basic-event name="d"/></members>
      <distribution><float value="0.1"/></distribution>
      <factors><factor level="2"><float value="0.1"/></factor><factor level="3"><float value="0.2"/></factor></factors></define-CCF-group>
    <define-gate name="all"><or><event name="top"/><event name="i"/></or></define-gate>
  </define-fault-tree>
  <model-data>
    <define-parameter name="p" unit="hours-1"><mul><float value="1e-4"/><parameter name="q"/></mul></define-parameter>
    <define-parameter name="q"><lognormal-deviate><float value="0.5"/><float value="3"/><float value="0.95"/></lognormal-deviate>
    </define-parameter>
    <define-parameter name="r"><histogram><int value="0"/><bin><float value="1"/><float value="0.5"/></bin></histogram></define-parameter>
    <define-parameter name="s"><switch><case><bool value="true"/><parameter name="r"/></case><pi/></switch></define-parameter>
    <define-parameter name="t"><periodic-test><float value="1"/><float value="2"/><float value="3"/><float value="4"/><int value="9"/>
    </periodic-test></define-parameter>
  </model-data>
</opsa-mef>
"""  # noqa: E501 - as files are
ELEMENTS = [found.span() for found in re.finditer(r"</?[^!?][^>]*>", MODEL)]
WORDS = [found.span() for found in re.finditer(r"[A-Za-z0-9.-]+", MODEL)]
OTHERS = sorted({MODEL[start:end] for start, end in WORDS} | {"1e999", "-1", "0", "99", "..", "c.c.c", "NaN"})


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bool]:
    path: Path = tmp_path_factory.mktemp("fuzz") / "m.xml"

    def ask(data: bytes) -> bool:
        """Was it read?"""
        path.write_bytes(data)
        try:
            tree = read(path)
        except SpecError as error:
            lines = str(error).splitlines()
            assert lines
            assert all(re.match(re.escape(str(path)) + ":[0-9]+:[0-9]+: .", line) for line in lines)
            return False
        check(tree)
        assert all(0 <= p <= 1 for p in tree.events.values())
        path.write_text(write(tree))
        assert read(path) == tree
        return True

    return ask


FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def test_the_model_itself_is_good(ask: Callable[[bytes], bool]) -> None:
    assert ask(MODEL.encode())


@FUZZ
@given(data=st.binary())
def test_any_bytes(ask: Callable[[bytes], bool], data: bytes) -> None:
    assert not ask(data)


@FUZZ
@given(places=st.lists(st.tuples(st.integers(0, len(MODEL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_other_bytes_in_a_good_file(ask: Callable[[bytes], bool], places: list[tuple[int, int]]) -> None:
    data = bytearray(MODEL.encode())
    for place, byte in places:
        data[place] = byte
    ask(bytes(data))


@FUZZ
@given(changes=st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(OTHERS)), min_size=1, max_size=3))
def test_other_words_in_a_good_file(ask: Callable[[bytes], bool], changes: list[tuple[tuple[int, int], str]]) -> None:
    text = MODEL
    for (start, end), word in sorted(changes, reverse=True):
        text = text[:start] + word + text[end:]
    ask(text.encode())


@FUZZ
@given(data=st.data())
def test_elements_removed_doubled_and_moved(ask: Callable[[bytes], bool], data: st.DataObject) -> None:
    def whole(start: int) -> int:
        """The end of the element that begins there."""
        depth = 0
        for begin, end in ELEMENTS:
            if begin >= start:
                tag = MODEL[begin:end]
                depth += 0 if tag.endswith("/>") else -1 if tag.startswith("</") else 1
                if depth == 0:
                    return end
        raise AssertionError(start)

    starts = [begin for begin, _ in ELEMENTS if MODEL[begin + 1] != "/"]
    start = data.draw(st.sampled_from(starts))
    end = whole(start)
    element = MODEL[start:end]
    without = MODEL[:start] + MODEL[end:]
    places = [found.start() for found in re.finditer("<", without)]
    place = data.draw(st.sampled_from(places)) if places else 0
    how = data.draw(st.sampled_from(["remove", "double", "move", "copy"]))
    moved = without[:place] + element + without[place:]
    made = {"remove": without, "double": MODEL[:end] + element + MODEL[end:], "move": moved, "copy": moved + element}
    ask(made[how].encode())
