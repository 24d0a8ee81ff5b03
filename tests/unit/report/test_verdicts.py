"""What is said of a cloud: checks before durations, unknown before good, never more than was seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from evidence_folders import GOOD, Told, write_campaign
from hypothesis import given
from hypothesis import strategies as st

from fournines.prove.audits import Verdict
from fournines.report.classes import ascending, percentile
from fournines.report.document import Document, document
from fournines.report.forecast import Point
from fournines.report.read import read

Of = Callable[..., Document]

QUICK = Told(down={"token": [(0.0, 4.5)]})
SLOW = Told(down={"token": [(0.0, 18.0)]})
ENDLESS = Told(down={"write": [(36.0, 100.0)]})
GONE = Told(down={"write": [(0.0, 100.0)]})
VOID = Told(down={"token": [(0.0, 18.0)]}, void=("the prober stood still for 2.00 s (limit 1 s)",))
LOST = Told(audits=(*GOOD, Verdict("acknowledged-blocks", "fail", "3 blocks are gone")))
BLIND = Told(audits=(*GOOD, Verdict("recovered", "unknown", "could not look")))
NULL = Told(fault="null", target="none", hosts=(), down={"token": [(1.0, 1.5)]})


@pytest.fixture
def of(tmp_path: Path) -> Of:
    numbers = itertools.count()

    def told(*drills: Told | str) -> Document:
        return document(read(write_campaign(tmp_path / str(next(numbers)), drills)))

    return told


def test_good(of: Of) -> None:
    found = of(QUICK, QUICK, NULL)
    assert found.headline.tone == "good"
    assert found.headline.sentences[0] == "No check failed (6 looks after 3 drills)."
    assert "2 faults were injected while 3 services" in found.headline.sentences[1]
    token = next(each for each in found.services if each.name == "token")
    assert (token.state, token.kept, token.drills, token.worst_drill) == ("kept", 2, 2, 1)
    assert token.worst.lower_s == pytest.approx(4.0)


def test_a_service_that_nobody_asked_is_not_measured(of: Of) -> None:
    s3 = next(each for each in of(QUICK).services if each.name == "s3")
    assert (s3.state, s3.drills) == ("unmeasured", 0)


def test_over_budget(of: Of) -> None:
    found = of(QUICK, SLOW)
    assert found.headline.tone == "bad"
    assert found.headline.title == "Too slow to recover: 1 of 3 services over budget"
    assert any("a token (1 of 2)" in text for text in found.headline.sentences)


def test_an_end_that_was_not_seen_is_unknown_not_kept(of: Of) -> None:
    found = of(QUICK, ENDLESS)
    assert found.headline.tone == "unsure"
    write = next(each for each in found.services if each.name == "api-write")
    assert (write.state, write.unknown, write.kept, write.worst.upper_s) == ("unknown", 1, 1, None)
    (row,) = (each for each in found.classes[0].probes if each.name == "write")
    assert (row.worst, row.p95, row.seen) == (None, None, 1)


def test_an_outage_without_an_end_is_over_budget_once_it_lasted_longer(of: Of) -> None:
    write = next(each for each in of(QUICK, GONE).services if each.name == "api-write")
    assert (write.state, write.over, write.unknown, write.worst.upper_s) == ("over", 1, 0, None)


def test_void_drills_are_shown_and_not_counted(of: Of) -> None:
    found = of(QUICK, VOID)
    assert [drill.standing for drill in found.evidence.drills] == ["kept", "void"]
    assert (found.headline.tone, found.classes[0].drills) == ("good", 1)
    assert {point.drill for point in found.calibration.points} == {1}
    assert of(VOID).headline.title == "Nothing was measured that counts"


def test_a_failed_check_outweighs_all_even_in_a_void_drill(of: Of) -> None:
    for drills in ((QUICK, LOST), (QUICK, Told(audits=LOST.audits, void=("late",)))):
        found = of(*drills)
        assert found.violated
        assert found.headline.title == "Not safe: a check failed"
        assert "In drill 2 a check failed: acknowledged-blocks" in found.headline.sentences[0]
        assert found.checks[0].told == ((2, "fail", "3 blocks are gone"),)


def test_a_check_that_could_not_look_is_unknown(of: Of) -> None:
    found = of(QUICK, BLIND)
    assert (found.headline.tone, found.violated) == ("unsure", False)
    assert found.evidence.drills[1].standing == "unknown"


def test_what_injures_nothing_is_noise_and_no_service_pays_for_it(of: Of) -> None:
    found = of(NULL)
    assert found.classes[0].letter == "-"
    assert found.headline.title == "Nothing was measured that counts"


@pytest.mark.parametrize(
    ("measured", "held"),
    [((1, 6), True), ((1, 6.1), None), ((5.9, None), None), ((6.1, 7), False), ((6.1, None), False)],
)
def test_a_prediction_holds_breaks_or_cannot_be_told(measured: tuple[float, float | None], held: bool | None) -> None:
    assert Point(1, "token", 6.0, *measured).held is held


def test_predictions_against_measurements(of: Of) -> None:
    found = of(QUICK, SLOW, ENDLESS).calibration
    assert (found.count(True), found.count(False), found.count(None)) == (8, 1, 0)
    assert found.ratio is not None


def test_weak_points_name_what_was_not_done(of: Of) -> None:
    told = "; ".join(each.what for each in of(QUICK).weak)
    assert "Not measured: objects by S3" in told
    assert "Few drills of a kind: power-loss 1" in told
    assert "containers" in told


@pytest.mark.parametrize("drills", [(), ("killed",), (QUICK,), (SLOW, VOID), (LOST, ENDLESS), (BLIND, "gone", NULL)])
def test_never_more_than_was_seen(of: Of, drills: Sequence[Told | str]) -> None:
    found = of(*drills)
    text = " ".join((found.headline.title, *found.headline.sentences)).lower()
    assert "prove" not in text
    assert "guarantee" not in text


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e4)), min_size=1), st.floats(0.01, 1))
def test_a_percentile_was_measured_and_unknown_is_longest(values: list[float | None], part: float) -> None:
    order = ascending(values)
    found = percentile(order, part)
    assert found in values
    known = [value for value in values if value is not None]
    if found is None:
        assert len(known) < part * len(values), "as many are known as the percentile needs"
    else:
        assert sum(value <= found for value in known) >= part * len(values) - 1e-9
        assert len(known) >= part * len(values) - 1e-9
