"""Probabilities from expressions, against the formulas of the standard and against simulation by small steps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fournines.availability.openpsa import read
from fournines.availability.openpsa.distributions import periodic_test
from fournines.errors import SpecError

TIME = "<system-mission-time/>"


def number(value: float | str) -> str:
    return f'<float value="{value}"/>'


def call(tag: str, *arguments: float | str) -> str:
    parts = [each if isinstance(each, str) else number(each) for each in arguments]
    return f"<{tag}>{''.join(parts)}</{tag}>"


def probability(tmp_path: Path, expression: str, more: str = "", mission_time: float = 8760.0) -> float:
    file = tmp_path / "m.xml"
    file.write_text(
        f"""<opsa-mef><define-fault-tree name="ft"><define-gate name="g"><event name="e"/></define-gate>
<define-basic-event name="e">{expression}</define-basic-event>{more}</define-fault-tree></opsa-mef>"""
    )
    return read(file, mission_time=mission_time).events["e"]


E1 = math.exp(-1)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (number("1.5e-3"), 1.5e-3),
        (number(" .5 "), 0.5),
        ('<int value="1"/>', 1),
        ('<bool value="false"/>', 0),
        (call("neg", -0.25), 0.25),
        (call("add", 0.1, 0.2, 0.3), 0.6),
        (call("sub", 0.9, 0.2, 0.3), 0.4),
        (call("mul", 0.5, 0.5, 0.5), 0.125),
        (call("div", 1, 2, 4), 0.125),
        (call("div", "<pi/>", 4), math.pi / 4),
        (call("abs", -0.5), 0.5),
        (call("exp", -1), E1),
        (call("log", math.exp(0.5)), 0.5),
        (call("log10", 10**0.5), 0.5),
        (call("pow", 0.5, 3), 0.125),
        (call("sqrt", 0.25), 0.5),
        (call("mod", 5.5, 5), 0.5),
        (call("min", 0.3, 0.2), 0.2),
        (call("max", 0.3, 0.2), 0.3),
        (call("mean", 0.1, 0.2, 0.6), 0.3),
        (call("ceil", 0.2), 1),
        (call("floor", 1.9), 1),
        (call("sin", math.pi / 6), 0.5),
        (call("cos", math.pi / 3), 0.5),
        (call("tan", math.pi / 4), 1 - 1e-16),
        (call("asin", 0.5), math.pi / 6),
        (call("acos", 0.9), math.acos(0.9)),
        (call("atan", 0.5), math.atan(0.5)),
        (call("sinh", 0.5), math.sinh(0.5)),
        (call("sub", call("cosh", 0.5), 1), math.cosh(0.5) - 1),
        (call("tanh", 0.5), math.tanh(0.5)),
        (call("not", 0), 1),
        (call("and", 1, 1, 0), 0),
        (call("or", 0, 0, 7), 1),
        (call("eq", 2, 2), 1),
        (call("df", 2, 2), 0),
        (call("lt", 1, 2), 1),
        (call("gt", 1, 2), 0),
        (call("leq", 2, 2), 1),
        (call("geq", 1, 2), 0),
        (call("ite", call("gt", TIME, 8759), 0.25, 0.75), 0.25),
        (call("ite", 0, call("log", -1), 0.75), 0.75),
        (call("switch", call("case", 0, 0.1), call("case", 1, 0.2), 0.3), 0.2),
        (call("switch", 0.3), 0.3),
        (call("exponential", 1e-4, TIME), 1 - math.exp(-0.876)),
        (call("exponential", 1e-20, 1), 1e-20),
        (call("GLM", 0.1, 10, 100, 5), (10 - (10 - 0.1 * 110) * math.exp(-550)) / 110),
        (call("GLM", 0.25, 0, 0, 5), 0.25),
        (call("GLM", 0, 1e-3, 0, 1000), 1 - E1),
        (call("Weibull", 1000, 2, 10, 510), 1 - math.exp(-0.25)),
        (call("Weibull", 1000, 2, 10, 9), 0),
        (call("uniform-deviate", 0.2, 0.4), 0.3),
        (call("normal-deviate", 0.2, 5), 0.2),
        (call("lognormal-deviate", 0.001, 3, 0.95), 0.001),
        (call("lognormal-deviate", -10, 2), math.exp(-8)),
        (call("gamma-deviate", 0.2, 0.3), 0.06),
        (call("beta-deviate", 3, 397), 0.0075),
        (
            call("histogram", 100, call("bin", 150, 0.2), call("bin", 200, 0.4), call("bin", 300, 0.1)),
            (50 * 0.2 + 50 * 0.4 + 100 * 0.1) / 200,
        ),
    ],
)
def test_each_expression(tmp_path: Path, expression: str, expected: float) -> None:
    assert probability(tmp_path, expression) == pytest.approx(expected, rel=1e-12)


def test_parameters_are_used_before_they_are_defined_and_by_each_other(tmp_path: Path) -> None:
    twice = call("mul", '<parameter name="f"/>', 2)
    parameters = f"""<define-parameter name="rate" unit="hours-1">{twice}</define-parameter>
        <define-parameter name="f">{number(5e-5)}</define-parameter>"""
    expression = call("exponential", '<parameter name="rate" unit="hours-1"/>', '<system-mission-time unit="hours"/>')
    assert probability(tmp_path, expression, parameters) == pytest.approx(1 - math.exp(-0.876))
    assert probability(tmp_path, expression, parameters, mission_time=24) == pytest.approx(1 - math.exp(-0.0024))


def test_a_chain_of_3000_parameters(tmp_path: Path) -> None:
    each = '<define-parameter name="p{}"><parameter name="p{}"/></define-parameter>'
    chain = "".join(each.format(i, i + 1) for i in range(3000))
    chain += f'<define-parameter name="p3000">{number(0.5)}</define-parameter>'
    assert probability(tmp_path, '<parameter name="p0"/>', chain) == 0.5


def test_periodic_test_repaired_at_once_is_exponential_since_the_last_test() -> None:
    assert periodic_test(1e-3, 100, 50, 40) == pytest.approx(1 - math.exp(-0.04))
    assert periodic_test(1e-3, 100, 50, 60) == pytest.approx(1 - math.exp(-0.01))
    assert periodic_test(1e-3, 100, 50, 340) == pytest.approx(1 - math.exp(-0.09))
    # At a test's moment: what it finds.
    assert periodic_test(1e-3, 100, 50, 350) == pytest.approx(1 - math.exp(-0.1))


@pytest.mark.parametrize(
    ("repairing", "between", "known"),
    [(4e-4, 4020, 0.817508), (4e-4, 2010, 0.736611), (4e-4, 120, 0.645377), (7e-4, 120, 0.511579), (0, 120, 0.997828)],
)
def test_periodic_test_with_repairs(repairing: float, between: float, known: float) -> None:
    """`known`: what SCRAM's own tests have. And a Markov chain in steps of a tenth of an hour says the same."""
    found = periodic_test(7e-4, repairing, between, 4740, 8760)
    assert found == pytest.approx(known, abs=1e-5)
    works, failed, repair = 1.0, 0.0, 0.0
    for step in range(87600):
        if step >= 47400 and (step - 47400) % (between * 10) == 0:
            failed, repair = 0.0, repair + failed
        out, back = works * 7e-5, repair * repairing / 10
        works, failed, repair = works - out + back, failed + out, repair - back
    assert found == pytest.approx(failed + repair, abs=1e-4)
    assert np.isclose(works + failed + repair, 1)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (number(1.5), "the probability of 'e' is 1.5, not between 0 and 1"),
        (number(-1e-9), "not between 0 and 1"),
        (number("NaN"), "'NaN' is not a number"),
        (number("INF"), "'INF' is not a number"),
        (number("1e999"), "'1e999' is too large"),
        (number("1_0"), "'1_0' is not a number"),
        (number("٣"), "is not a number"),
        ('<int value="0.5"/>', "'0.5' is not an integer"),
        (f'<int value="{"9" * 5000}"/>', "is too large"),
        ('<bool value="maybe"/>', "'maybe' is neither true nor false"),
        ("<float/>", "<float> needs the attribute value"),
        ('<float value="1" unti="x"/>', "<float> has no attribute 'unti'; there is value"),
        ('<float value=""/>', "value of <float> is empty"),
        (call("exponential", -1, 1), "<exponential>: the failure rate is negative: -1.0"),
        (call("exponential", 1, -1), "<exponential>: the time is negative"),
        (call("exponential", 1), "<exponential> has 1 arguments, not 2"),
        (call("GLM", 2, 1, 1, 1), "<GLM>: the probability to fail on demand is not between 0 and 1: 2.0"),
        (call("GLM", 0, 1, -1, 1), "<GLM>: the repair rate is negative"),
        (call("Weibull", 0, 1, 1, 1), "<Weibull>: the scale is not above 0: 0.0"),
        (call("Weibull", 1, 1, 1), "<Weibull> has 3 arguments, not 4"),
        (call("periodic-test", 1, 1, 1), "<periodic-test> has 3 arguments, not 4 to 11"),
        (call("periodic-test", *[1] * 11), "only the forms with 4 and with 5 arguments are supported"),
        (call("periodic-test", 1, 0, 1, 1), "the time between tests is not above 0"),
        (call("periodic-test", 1, 1e-300, 1, 1e300), "the value is too large"),
        (call("periodic-test", 1, 1, 1, 1e7), "more than 1,000,000 tests"),
        (call("uniform-deviate", 1, 0), "the lower bound is not below the upper one"),
        (call("normal-deviate", 0.5, 0), "the standard deviation is not above 0"),
        (call("lognormal-deviate", 0.5, 1, 0.95), "the error factor must be above 1"),
        (call("lognormal-deviate", 0.5, 2, 95), "the confidence level must be between 0 and 1"),
        (call("histogram", 0), "<histogram> needs a lower bound and at least one <bin>"),
        (call("histogram", 1, call("bin", 1, 0.5)), "the upper bounds of bins must rise"),
        (call("histogram", 0, number(1)), "<float> where a <bin> should be"),
        (call("histogram", 0, call("bin", 1)), "<bin> has 1 expressions, not 2"),
        (call("switch", call("case", 1, 0.5)), "<switch> needs an expression after its cases"),
        (call("div", 1, 0), "<div>: a division by 0"),
        (call("log", 0), "<log>: "),
        (call("exp", 1000), "<exp>: the value is too large"),
        (call("pow", 1e300, 2), "<pow>: the value is too large"),
        (call("mul", 1e300, 1e300), "<mul>: the value is not a finite number"),
        (call("add"), "<add> has 0 arguments, not 1 or more"),
        (call("ad", 1), "<ad> is unknown in an expression; did you mean "),
        ('<parameter name="rat"/>', "no parameter 'rat' is defined; did you mean rate?"),
        ('<parameter name="rate" unit="years"/>', "parameter 'rate' is in hours-1, not in years"),
        ('<parameter name="bare" unit="years"/>', "parameter 'bare' is without a unit, not in years"),
        ('<parameter name="bare" unit="days"/>', "unit='days' is unknown"),
        ('<system-mission-time unit="years"/>', "the mission time is in hours, not years"),
        ('<test-initiating-event name="i"/>', "has no meaning without an event tree"),
        ('<extern-function name="f"><float value="1"/></extern-function>', "external libraries are not supported"),
        (number(0.1) * 2, "basic event 'e' has 2 expressions"),
        ("", "the probability of 'e' is not given"),
    ],
)
def test_each_wrong_expression(tmp_path: Path, expression: str, text: str) -> None:
    more = f"""<define-parameter name="rate" unit="hours-1">{number(1e-4)}</define-parameter>
        <define-parameter name="bare">{number(1e-4)}</define-parameter>"""
    with pytest.raises(SpecError) as told:
        probability(tmp_path, expression, more)
    (line,) = str(told.value).splitlines()
    assert text in line
    assert line.startswith(f"{tmp_path}/m.xml:2:")


def test_parameters_in_a_circle(tmp_path: Path) -> None:
    circle = """<define-parameter name="p"><parameter name="q"/></define-parameter>
        <define-parameter name="q"><neg><parameter name="p"/></neg></define-parameter>"""
    with pytest.raises(SpecError, match=r"^[^\n]*:2:\d+: parameter 'p' is defined by itself: p -> q -> p$"):
        probability(tmp_path, '<parameter name="p"/>', circle)


def test_a_parameter_without_an_expression(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"parameter 'p' needs one expression, not 0$"):
        probability(tmp_path, '<parameter name="p"/>', '<define-parameter name="p"/>')


@pytest.mark.parametrize("mission_time", [-1.0, math.nan, math.inf])
def test_an_impossible_mission_time(tmp_path: Path, mission_time: float) -> None:
    with pytest.raises(ValueError, match="mission time"):
        probability(tmp_path, number(0.1), mission_time=mission_time)
