"""How often parts fail: the documented figures, and what the cloud file knows better."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from designs import analysed, changed, cloud, predicted
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fournines.errors import SpecError
from fournines.predict.prediction import predict
from fournines.predict.rates import Rate, defaults, ranges_of, rates
from fournines.spec.edits import parse
from fournines.spec.rates import Rates

LAB = (Path(__file__).parents[3] / "clouds/lab.yaml").read_text()
BASES = {"published", "assumed"}


def of(kind: str, *changes: str) -> Rate:
    return rates(cloud("lab", *changes))[kind]


def test_every_default_has_a_source_a_date_and_a_range_around_it() -> None:
    assert {*defaults()} >= {"hardware", "system", "daemon", "disk", "rack", "feed", "switch", "failover", "site"}
    for kind, rate in defaults().items():
        for figure, name in ranges_of(kind).items():
            (low, high), value = getattr(rate, name), getattr(rate, figure)
            assert 0 < low < value < high or not (low or value or high), (kind, figure)
        assert rate.basis in BASES
        assert rate.source
        assert re.fullmatch(r"20\d\d-\d\d", rate.date), kind
        assert not rate.own
    assert {kind for kind, rate in defaults().items() if not rate.counted} == {"site", "operator"}


def test_a_cloud_file_knows_the_kinds_that_have_defaults() -> None:
    assert [*Rates.model_fields] == [*defaults()]


def test_published_figures_are_as_published() -> None:
    assert defaults()["hardware"].per_year == pytest.approx(1)
    assert defaults()["system"].per_year == pytest.approx(8760 / 2893)
    assert defaults()["daemon"].per_year == pytest.approx(8760 / 788.4)
    assert defaults()["disk"].per_year == 0.0157


def test_a_mean_time_and_a_number_a_year_say_the_same() -> None:
    by_time, by_number = of("disk", "rates.disk.mttf_hours=87600"), of("disk", "rates.disk.per_year=0.1")
    assert by_time == by_number
    assert by_time.per_year == pytest.approx(0.1)


def test_what_the_file_says_replaces_just_that() -> None:
    usual, said = of("switch"), of("switch", "rates.switch={per_year: 1, repair_hours: 9}")
    assert (said.per_year, said.repair_hours, said.beta) == (1, 9, usual.beta)
    assert (said.own, said.basis, said.source) == (True, "yours", "the cloud file")
    assert said.range == (1, 1), "our range says nothing of a figure that is not ours"
    assert of("switch", "rates.switch.repair_hours=9").range == usual.range
    assert said.repair_range == (9, 9)
    assert said.beta_range == usual.beta_range
    own = of("switch", "rates.switch={per_year: 1, range: [0.5, 2], repair_range: [1, 9], beta_range: [0, 1]}")
    assert (own.range, own.repair_range, own.beta_range) == ((0.5, 2), (1, 9), (0, 1))
    assert of("failover", "rates.failover.coverage=0.9").range == (0.9, 0.9)
    others = rates(cloud("lab", "rates.switch.per_year=1"))
    assert {kind for kind, rate in others.items() if rate.own} == {"switch"}


def test_what_the_file_says_reaches_the_figures() -> None:
    usual = analysed("volume-io", "lab")
    often = analysed("volume-io", "lab", "rates.disk.per_year=1.57")
    for name, part in usual.structure.parts.items():
        if part.kind == "disk":
            assert often.chances[name] == pytest.approx(100 * usual.chances[name], rel=2e-3)
        else:
            assert often.chances[name] == usual.chances[name]
    assert often.unavailability > usual.unavailability


def test_what_is_not_counted_costs_nothing() -> None:
    without = predicted("volume-io", "lab", "rates.disk.counted=false")
    assert without.analysis.chances["disk a of s1"] == 0
    never = analysed("volume-io", "lab", "rates.disk.per_year=0")
    assert without.analysis.unavailability == never.unavailability
    assert predicted("volume-io", "lab").losses
    assert not predicted("volume-io", "lab", "rates.failover.counted=false").losses


def test_one_that_never_fails_is_always_up() -> None:
    never = of("rack", "rates.rack.per_year=0")
    assert (never.unavailability, never.failures_per_year) == (0, 0)
    assert of("rack", "rates.rack.repair_hours=0").unavailability == 0


WRONG = {
    "disk: {per_year: -1}": "greater than or equal to 0",
    "disk: {per_year: 1000001}": "less than or equal to 1000000",
    "disk: {per_year: .nan}": "must be a number",
    "disk: {per_year: .inf}": "must be a number",
    "disk: {per_year: often}": "number",
    "disk: {mttf_hours: 0}": "0.01",
    "disk: {mttf_hours: -5}": "0.01",
    "disk: {mttf_hours: 1.0e-320}": "0.01",
    "disk: {repair_hours: -1}": "greater than or equal to 0",
    "disk: {beta: 1.01}": "less than or equal to 1",
    "disk: {beta: -0.01}": "greater than or equal to 0",
    "failover: {coverage: 2}": "less than or equal to 1",
    "disk: {counted: perhaps}": "true or false|boolean",
    "disk: {per_year: 1, mttf_hours: 8760}": "give one",
    "disk: {per_yaer: 1}": "did you mean per_year",
    "disc: {per_year: 1}": "did you mean disk",
    "disk: {range: [2, 1]}": r"the low end comes first: \[1, 2\]",
    "disk: {range: [0, 1]}": "greater than or equal to 0.000001",
    "disk: {range: 3}": "must be a list",
    "disk: {beta_range: [0.1, 1.5]}": "less than or equal to 1",
    "failover: {range: [0.9, 1.5]}": "the share that succeeds",
    "failover: {beta_range: [0, 1]}": r"failover\.beta_range: failovers have none",
    "failover: {per_year: 4}": r"failover\.per_year: failovers have none: .*say their coverage",
    "failover: {mttf_hours: 4}": r"failover\.mttf_hours: failovers have none",
    "failover: {beta: 0.1}": r"failover\.beta: failovers have none",
    "failover: {restart_seconds: 1}": r"failover\.restart_seconds: failovers have none",
}


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_is_refused_with_its_place(said: str, tmp_path: Path) -> None:
    file = tmp_path / "cloud.yaml"
    with pytest.raises(SpecError) as wrong:
        changed(file, f"{LAB}\nrates:\n  {said}\n")
    (line,) = wrong.value.message.splitlines()
    row = len(f"{LAB}\nrates:\n".splitlines()) + 1
    place = re.match(rf"{re.escape(str(file))}:{row}:(\d+): .*\brates\b", line)
    assert place, line
    assert 3 <= int(place[1]) <= 3 + len(said), "within that line"
    assert re.search(WRONG[said], line), line


def test_parts_that_are_hardly_ever_up_have_no_negative_number_of_outages() -> None:
    """Found by the test below: rounding left -3e-15 outages a year."""
    words = ["rates.disk.mttf_hours=0.25", "rates.disk.repair_hours=4524.0", "rates.daemon.mttf_hours=1.75"]
    for found in predict(cloud("lab", *words), years=10):
        assert found.streams[0].per_year >= found.analysis.unavailability
        assert 0 <= found.as_json()["availability"] <= 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(sorted(defaults())),
        st.fixed_dictionaries(
            {},
            optional={
                "mttf_hours": st.floats(0.01, 1e9) | st.sampled_from([0.01, 1e9]),
                "repair_hours": st.floats(0, 1e6) | st.sampled_from([0.0, 1e6]),
                "restart_seconds": st.floats(0, 1e6),
                "coverage": st.floats(0, 1) | st.sampled_from([0.0, 1.0]),
                "beta": st.floats(0, 1) | st.sampled_from([0.0, 1.0]),
                "counted": st.booleans(),
            },
        ),
        max_size=4,
    )
)
@example({kind: {"mttf_hours": 0.01, "repair_hours": 1e6, "coverage": 0.0, "beta": 1.0} for kind in defaults()})
@example({kind: {"mttf_hours": 0.01, "repair_hours": 0.0, "coverage": 0.0, "beta": 0.0} for kind in defaults()})
def test_whatever_is_accepted_can_be_predicted(said: dict[str, dict[str, float | bool]]) -> None:
    # YAML's numbers have a point before an exponent.
    words = [
        f"rates.{kind}.{key}={str(value).lower() if isinstance(value, bool) else f'{value:.17f}'}"
        for kind, entry in said.items()
        for key, value in entry.items()
        if kind != "failover" or key in ("repair_hours", "coverage", "counted")
    ]
    parse(words)
    for found in predict(cloud("lab", *words), years=10):
        told = found.as_json()
        assert 0 <= told["availability"] <= 1
        assert 0 <= told["unavailability_of_structure"] <= 1
        assert 0 <= told["p_sla_met"] <= 1
        assert all(0 <= cause["minutes_per_year"] < float("inf") for cause in told["causes"])
