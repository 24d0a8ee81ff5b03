"""How long the parts of a drill last, by samples that come at set times: those of a quick probe, and of a slow one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from fournines.prove.phases import Phases
from fournines.prove.prober import Beat
from fournines.prove.samples import Sample
from fournines.prove.windows import Windows

BEATS = (Beat(probe="token", interval_s=0.1, deadline_s=0.2), Beat(probe="create", interval_s=0.5, deadline_s=1))
WINDOWS = Windows(baseline=0.3, steady=0.3, blocked=0.3, served=0.5, failback=0.3)


class Timed:
    """Gives each sample when it has ended: (probe, intended, end, ok), in seconds from now."""

    def __init__(self, *samples: tuple[str, float, float, bool]) -> None:
        self.t0 = time.monotonic()
        quick = [("token", n / 10, n / 10 + 0.01, True) for n in range(40)]
        self._left = [
            Sample(probe=probe, seq=0, intended=self.t0 + at, start=self.t0 + at, end=self.t0 + end, ok=ok)
            for probe, at, end, ok in (*quick, *samples)
        ]

    def new_samples(self) -> list[Sample]:
        ended = [sample for sample in self._left if sample.end <= time.monotonic()]
        self._left = [sample for sample in self._left if sample not in ended]
        return ended


def phases(timed: Timed, beats: Sequence[Beat] = BEATS) -> Phases:
    probing: Any = timed
    return Phases(probing=probing, beats=beats, windows=WINDOWS, tell=lambda *what, **more: None)


@pytest.mark.parametrize(("spoken", "least"), [(True, 0.9), (False, 0.3)])
def test_a_part_lasts_until_each_probe_has_spoken_of_it(spoken: bool, least: float) -> None:
    timed = Timed(("create", -0.1, 0.2, True), ("create", 0.1, 0.9, False))
    found = phases(timed)
    found.last("baseline", 0.3, timed.t0, spoken)
    assert time.monotonic() - timed.t0 >= least
    assert ("create" in {sample.probe for sample in found.seen if sample.intended >= timed.t0}) or not spoken


def test_who_never_speaks_is_not_waited_for_for_ever() -> None:
    timed = Timed()
    phases(timed).last("baseline", 0.3, timed.t0)
    assert time.monotonic() - timed.t0 >= 1.8


def test_it_is_steady_when_the_last_word_of_each_is_good() -> None:
    timed = Timed(("create", 0.1, 0.2, False), ("create", 0.6, 1.4, True), ("create", 0.4, 1.1, True))
    assert phases(timed).steady(timed.t0, 0.1)
    assert time.monotonic() - timed.t0 >= 1.1, "long after its last bad one"


def test_it_is_not_steady_while_the_last_word_of_one_is_bad() -> None:
    timed = Timed(("create", 0.1, 0.2, True), ("create", 0.3, 0.4, False))
    found = phases(timed)
    assert found.patience(0.1) == pytest.approx(1.6), "one may begin when all is back, and end"
    assert not found.steady(timed.t0, 0.1)
    assert time.monotonic() - timed.t0 >= 1.6


def test_where_nothing_fails_over_each_is_heard_once() -> None:
    timed = Timed(("create", 0.2, 0.7, False))
    assert phases(timed).steady(timed.t0, 0)
    assert time.monotonic() - timed.t0 >= 0.7
