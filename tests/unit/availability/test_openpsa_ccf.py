"""Common-cause groups, against probabilities that are summed over all combinations of events."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import pytest

from fournines.availability.openpsa import read
from fournines.availability.openpsa.ccf import CcfModel, levels
from fournines.availability.tree import FaultTree, Gate
from fournines.errors import SpecError


def brute(tree: FaultTree) -> float:
    """The top's probability, from each combination of events; `and`, `or` and `atleast` only."""
    names = list(tree.events)
    total = 0.0
    for states in product((False, True), repeat=len(names)):
        known = dict(zip(names, states, strict=True))
        if _true(tree.top, tree, known):
            total += math.prod(p if known[name] else 1 - p for name, p in tree.events.items())
    return total


def _true(name: str, tree: FaultTree, known: dict[str, bool]) -> bool:
    if name not in known:
        gate = tree.gates[name]
        count = sum(_true(each, tree, known) for each in gate.inputs)
        known[name] = count >= {"and": len(gate.inputs), "or": 1}.get(gate.kind, gate.least)
    return known[name]


def group(model: str, members: str, total: float, factors: str, name: str = "c") -> str:
    inside = "".join(f'<basic-event name="{each}"/>' for each in members.split())
    return f"""<define-CCF-group name="{name}" model="{model}"><members>{inside}</members>
<distribution><float value="{total}"/></distribution>{factors}</define-CCF-group>"""


def factor(level: int | None, value: float) -> str:
    said = "" if level is None else f' level="{level}"'
    return f'<factor{said}><float value="{value}"/></factor>'


def factors(*values: float, lowest: int) -> str:
    return f"<factors>{''.join(factor(lowest + i, value) for i, value in enumerate(values))}</factors>"


def two_of_three(tmp_path: Path, more: str) -> FaultTree:
    path = tmp_path / "m.xml"
    inputs = "".join(f'<event name="{name}"/>' for name in "abc")
    path.write_text(
        f"""<opsa-mef><define-fault-tree name="ft"><define-gate name="top"><atleast min="2">{inputs}</atleast>
</define-gate>{more}</define-fault-tree></opsa-mef>"""
    )
    return read(path)


@pytest.mark.parametrize(("beta", "expected"), [(0.05, 5.27e-5), (0.10, 1.02e-4), (0.0, 2.998e-6)])
def test_beta_factor_of_two_of_three(tmp_path: Path, beta: float, expected: float) -> None:
    found = two_of_three(tmp_path, group("beta-factor", "a b c", 1e-3, factor(None, beta)))
    assert brute(found) == pytest.approx(expected, rel=5e-3)
    assert found.gates["a"] == Gate("or", ("[a]", "[a b c]"))
    assert found.events == pytest.approx(
        {"[a]": (1 - beta) * 1e-3, "[b]": (1 - beta) * 1e-3, "[c]": (1 - beta) * 1e-3, "[a b c]": beta * 1e-3}
    )


def test_mgl_of_four_as_the_standard_writes_it_out() -> None:
    found = levels("MGL", 4, 0.5, {2: 0.1, 3: 0.2, 4: 0.3})
    expected = {1: 0.9, 2: 0.1 * 0.8 / 3, 3: 0.1 * 0.2 * 0.7 / 3, 4: 0.1 * 0.2 * 0.3}
    assert found == pytest.approx({k: share * 0.5 for k, share in expected.items()})


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("beta-factor", {4: 0.3}),
        ("MGL", {2: 0.1, 3: 0.2, 4: 0.3}),
        ("MGL", {2: 0.1}),
        ("alpha-factor", {1: 0.9, 2: 0.06, 3: 0.03, 4: 0.01}),
        ("alpha-factor", {1: 0.9, 2: 0.1}),
    ],
)
def test_the_events_of_a_member_have_its_probability_together(model: CcfModel, given: dict[int, float]) -> None:
    found = levels(model, 4, 0.25, given)
    assert sum(math.comb(3, k - 1) * chance for k, chance in found.items()) == pytest.approx(0.25)


TRAINS = """<define-gate name="top"><and><event name="t1"/><event name="t2"/><event name="t3"/></and></define-gate>
<define-gate name="t1"><or><event name="v1"/><event name="p1"/></or></define-gate>
<define-gate name="t2"><or><event name="v2"/><event name="p2"/></or></define-gate>
<define-gate name="t3"><or><event name="v3"/><event name="p3"/></or></define-gate>"""


@pytest.mark.parametrize(
    ("model", "given", "known"),
    [
        ("beta-factor", factors(0.2, lowest=3), 0.04308),
        ("MGL", factors(0.2, 0.1, lowest=2), None),
        ("alpha-factor", factors(0.7, 0.2, 0.1, lowest=1), 0.05298),
        ("phi-factor", factors(0.7, 0.2, 0.1, lowest=1), 0.04104),
    ],
)
def test_three_trains_of_pumps_and_valves(tmp_path: Path, model: CcfModel, given: str, known: float | None) -> None:
    """`known`: what SCRAM has for the same system."""
    path = tmp_path / "m.xml"
    groups = group(model, "p1 p2 p3", 0.1, given) + group(model, "v1 v2 v3", 0.1, given, "d")
    path.write_text(f'<opsa-mef><define-fault-tree name="ft">{TRAINS}</define-fault-tree>{groups}</opsa-mef>')
    found = read(path)
    assert len(found.events) == (8 if model == "beta-factor" else 14)
    if known:
        assert brute(found) == pytest.approx(known, abs=1e-5)


def test_members_may_be_defined_without_a_probability_and_be_private(tmp_path: Path) -> None:
    text = group("beta-factor", "a b ft.x.c", 1e-3, factor(3, 0.1))
    text += '<define-basic-event name="a"/><define-component name="x" role="private">'
    found = two_of_three(tmp_path, text + '<define-basic-event name="c" role="public"/></define-component>')
    assert brute(found) == pytest.approx(1.02e-4, rel=5e-3)


def test_an_event_of_that_name_is_no_obstacle(tmp_path: Path) -> None:
    text = '<define-basic-event name="[a]"><float value="0.5"/></define-basic-event>'
    found = two_of_three(tmp_path, group("beta-factor", "a b c", 1e-3, factor(3, 0.1)) + text)
    assert found.gates["a"].inputs == ("[a]-2", "[a b c]")


ONE = '<define-basic-event name="a"><float value="0.5"/></define-basic-event>'
MANY = " ".join(f"m{number}" for number in range(40))
GATE = '<define-gate name="d"><event name="a"/></define-gate>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            group("beta-factor", "a b c", 1e-3, factor(2, 0.1)),
            "level '2': 3 members have levels 3 alone in the",
        ),
        (group("MGL", "a b c", 1e-3, factor(1, 0.1)), "level '1': 3 members have levels from 2 to 3 in the MGL model"),
        (group("alpha-factor", "a b c", 1e-3, factor(4, 0.1)), "level '4': 3 members have levels from 1 to 3"),
        (group("alpha-factor", "a b c", 1e-3, factor(2, 0.1)), "group 'c' lacks the factor of level 1"),
        (group("alpha-factor", "a b c", 1e-3, factor(1, 0)), "the factors of 'c' are all 0"),
        (group("alpha-factor", "a b c", 1e-3, factor(1, 1) * 2), "level 1 has a factor already"),
        (group("phi-factor", "a b c", 1e-3, factor(1, 0.5)), "the factors of 'c' sum to 0.5, not to 1"),
        (group("beta-factor", "a b c", 1e-3, factor(3, 2)), "the factor of level 3 is 2.0, not between 0 and 1"),
        (group("beta-factor", "a b c", -1, factor(3, 0)), "the probability of a member is -1.0, not between 0 and 1"),
        (group("beta-factor", "a b c", 1e-3, ""), "group 'c' lacks the factor of level 3"),
        (group("beta-factor", "a b c", 1e-3, "<factor/>"), "<factor> has 0 expressions, not 1"),
        (
            group("beta-factor", "a b c", 1e-3, "<factors><f/></factors>"),
            "<f> is unknown in <factors>",
        ),
        (group("beta-factor", "a b c", 1e-3, factor(3, 0) + "<x/>"), "<x> is unknown in <define-CCF-group>"),
        (group("gamma", "a b c", 1e-3, ""), "model='gamma' is unknown"),
        (group("beta-factor", "a", 1e-3, factor(1, 0)), "group 'c' has 1 good members, not 2 or more"),
        (group("beta-factor", "a a b c", 1e-3, factor(3, 0)), "'a' is a member already, at 2:"),
        (group("beta-factor", "a b c", 1e-3, factor(3, 0)) + ONE, "'a' has a probability of its own, at 3:"),
        (group("beta-factor", "a b c d", 1e-3, factor(3, 0)) + GATE, "'d' is a gate, at 3:"),
        (group("beta-factor", "a b c x.d", 1e-3, factor(3, 0)), "no gate or event 'x.d' is defined"),
        (group("beta-factor", "a b c", 1e-3, factor(3, 0)) * 2, "'ft.c' is defined already, at 2:1"),
        (
            group("alpha-factor", f"a b c {MANY}", 1e-3, factors(0.9, 0.1, 0, 0, lowest=1)),
            "group 'c' would be more than 20,000 events",
        ),
        (group("beta-factor", "a b c", 1e-3, factor(3, 0)).replace("distribution", "x"), "needs one <distribution>"),
    ],
)
def test_each_fault_of_a_group(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SpecError) as wrong:
        two_of_three(tmp_path, text)
    assert expected in str(wrong.value)
    assert len(str(wrong.value).splitlines()) <= 6
