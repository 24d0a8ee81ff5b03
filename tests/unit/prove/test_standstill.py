"""Too few copies alive: nothing is acknowledged, and everything again when they are back."""

from __future__ import annotations

from dataclasses import replace

from fournines.prove.report import Marks
from fournines.prove.samples import Sample
from fournines.prove.standstill import standstill

MARKS = Marks(inject=10.0, injected=11.0, heal=40.0, end=60.0)


def stopped(resumed: float = 48.0) -> list[Sample]:
    """A round every second; those from 10 s on wait until then."""
    found: list[Sample] = []
    for seq in range(60):
        answered = resumed if 10 <= seq < resumed else seq + 0.02
        ok = answered - seq <= 2
        end = answered if ok else seq + 2.0
        late = None if ok or answered > 60 else answered
        found.append(
            Sample(
                probe="block-write",
                seq=seq,
                intended=float(seq),
                start=float(seq),
                end=end,
                ok=ok,
                error=None if ok else "deadline",
                late=late,
            )
        )
    return found


def test_it_stood_still_and_went_on() -> None:
    verdict = standstill(stopped(), MARKS)
    assert verdict.verdict == "ok", verdict.detail
    assert verdict.detail == "stood still for 29 s, served again 8.0 s after"


def test_an_answer_in_between_was_given_by_too_few_copies() -> None:
    samples = stopped()
    for wrong in (
        replace(samples[20], ok=True, end=20.1, error=None, late=None),
        replace(samples[20], end=22.0, late=25.0),
    ):
        verdict = standstill([*samples[:20], wrong, *samples[21:]], MARKS)
        assert (verdict.verdict, "too few copies" in verdict.detail) == ("fail", True)


def test_it_must_go_on() -> None:
    assert standstill(stopped(resumed=1000.0), MARKS).verdict == "fail"


def test_nothing_begun_is_nothing_judged() -> None:
    assert standstill([], MARKS).verdict == "unknown"
