"""Sample by sample, in whatever order they complete, it comes to what the outages of a whole recording are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.prove.outages import outages
from fournines.prove.samples import DEADLINE, Sample
from fournines.watch import condition as conditions
from fournines.watch.condition import Condition
from fournines.watch.outcome import Outcome, outcome

DEADLINE_S = 4.0


def sample(seq: int, error: str | None = None, took: float = 0.1) -> Sample:
    """Request `seq`, intended at that second."""
    return Sample(
        probe="token", seq=seq, intended=seq, start=seq, end=seq + took, ok=error is None, error=error, detail=None
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "ok"),
        ({"start": 13.9, "end": 13.95}, "ok"),
        ({"error": "refused"}, "error"),
        ({"error": "refused", "start": 60.0, "end": 60.1}, "error"),
        ({"error": DEADLINE, "end": 14.0}, "slow"),
        ({"error": DEADLINE, "start": 11.9, "end": 14.0}, "slow"),
        ({"error": DEADLINE, "start": 12.1, "end": 14.0}, "unknown"),
        ({"error": DEADLINE, "end": 15.9}, "slow"),
        ({"error": DEADLINE, "end": 16.1}, "unknown"),
    ],
)
def test_outcomes(changed: dict[str, object], expected: Outcome) -> None:
    """Intended at 10, to be answered by 14."""
    known: dict[str, object] = {"ok": "error" not in changed}
    assert outcome(replace(sample(10), **(known | changed)), DEADLINE_S) == expected


@st.composite
def recordings(draw: st.DrawFn) -> list[Sample]:
    """Samples in the order of completion: good and refused ones at once, slow ones at their deadline."""
    errors = draw(st.lists(st.sampled_from([None, None, "refused", DEADLINE]), min_size=1, max_size=40))
    made = [sample(seq, error, DEADLINE_S if error == DEADLINE else 0.1) for seq, error in enumerate(errors)]
    return sorted(made, key=lambda each: each.end)


@given(recordings())
def test_the_outages_are_those_of_the_recording(recording: list[Sample]) -> None:
    condition = Condition(0)
    for each in recording:
        condition.add(each, outcome(each, DEADLINE_S))
    found = outages(recording)
    now = recording[-1].end + 1
    assert condition.begun == len(found)
    if found and found[-1].next_good is None:
        begins = found[-1].first_bad if found[-1].last_good is None else found[-1].last_good
        assert condition.outage_s(now) == now - begins
    else:
        assert condition.outage_s(now) == 0
    good = [each.end for each in recording if each.ok]
    assert condition.age_s(now) == now - max(good, default=0)


@given(recordings(), st.integers(0, 40))
def test_what_nobody_knows_neither_begins_nor_ends_an_outage(recording: list[Sample], unknown: int) -> None:
    """The same as when that request had not been made."""
    condition = Condition(0)
    for each in recording:
        condition.add(each, "unknown" if each.seq == unknown else outcome(each, DEADLINE_S))
    assert condition.begun == len(outages(each for each in recording if each.seq != unknown))


def test_a_start_that_was_left_out_is_not_awaited_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "HELD", 5)
    condition = Condition(0)
    condition.add(sample(0), "ok")
    for seq in range(2, 7):
        condition.add(sample(seq, "refused"), "error")
    assert condition.begun == 0, "request 1 may still be open"
    condition.add(sample(7, "refused"), "error")
    assert (condition.begun, condition.outage_s(10)) == (1, 10)
    condition.add(sample(1), "ok")
    condition.add(sample(8), "ok")
    assert (condition.begun, condition.outage_s(10)) == (1, 0)
