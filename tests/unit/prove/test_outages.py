"""Outages from recorded samples, by hand and by simulation. The definitions are in the module under test."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.prove.outages import NONE, Bounds, Outage, between, held, outages, union, worst
from fournines.prove.samples import Sample


def record(*rows: tuple[float, float, str]) -> list[Sample]:
    """Samples from (intended start, latency, error or "")."""
    return [
        Sample(probe="token", seq=seq, intended=start, start=start, end=start + took, ok=not error, error=error or None)
        for seq, (start, took, error) in enumerate(rows)
    ]


def approx(bounds: Bounds) -> tuple[object, object]:
    upper = None if bounds.upper_s is None else pytest.approx(bounds.upper_s)
    return pytest.approx(bounds.lower_s), upper


# --- recorded by hand ------------------------------------------------------------------------------------------


def test_all_good() -> None:
    assert outages(record((0, 0.1, ""), (1, 0.1, ""), (2, 0.1, ""))) == []
    assert worst([]) == union([]) == NONE == Bounds(0.0, 0.0)


def test_no_samples() -> None:
    assert outages([]) == []


def test_the_picture_of_the_docstring() -> None:
    found = outages(record((0, 0.1, ""), (1, 0.2, ""), (2, 2, "deadline"), (3, 2, "deadline"), (4, 0.3, "")))
    assert len(found) == 1
    assert found[0] == Outage(first_bad=2, last_bad=3, last_good=1, next_good=4.3, known=4, bad=2, slow=2)
    assert found[0].lower_s == 1
    assert found[0].upper_s == pytest.approx(3.3)


def test_one_bad_sample_is_an_outage_of_at_least_zero() -> None:
    (outage,) = outages(record((0, 0.1, ""), (1, 0.0, "refused"), (2, 0.1, "")))
    assert outage.lower_s == 0
    assert outage.upper_s == pytest.approx(2.1)


def test_errors_and_slowness_are_kept_apart() -> None:
    (outage,) = outages(record((0, 0.1, ""), (1, 0.1, "status 503"), (2, 2, "deadline"), (3, 0, "refused"), (4, 1, "")))
    assert (outage.bad, outage.slow) == (3, 1)


def test_flapping_is_many_outages_and_their_union() -> None:
    samples = record(
        (0, 0.1, ""), (1, 0, "refused"), (2, 0.1, ""), (3, 0, "refused"), (4, 0, "refused"), (5, 0.1, ""), (6, 0.1, "")
    )
    found = outages(samples)
    assert [outage.lower_s for outage in found] == [0, 1]
    assert [outage.upper_s for outage in found] == pytest.approx([2.1, 3.1])
    # (0, 2.1) and (2, 5.1) overlap: together 5.1, not 5.2.
    assert (union(found).lower_s, union(found).upper_s) == approx(Bounds(1, 5.1))
    assert (worst(found).lower_s, worst(found).upper_s) == approx(Bounds(1, 3.1))


def test_far_apart_outages_add_up() -> None:
    samples = record(*[(n, 0.1, "refused" if n in (2, 8) else "") for n in range(12)])
    assert (union(outages(samples)).lower_s, union(outages(samples)).upper_s) == approx(Bounds(0, 4.2))


def test_the_recording_starts_bad() -> None:
    (outage,) = outages(record((0, 0, "refused"), (1, 0, "refused"), (2, 0.1, "")))
    assert outage.last_good is None
    assert outage.lower_s == 1
    assert outage.upper_s is None


def test_the_recording_ends_bad() -> None:
    (outage,) = outages(record((0, 0.1, ""), (1, 0, "refused"), (2, 0, "refused")))
    assert outage.next_good is None
    assert outage.lower_s == 1
    assert outage.upper_s is None


def test_everything_bad() -> None:
    (outage,) = outages(record((0, 0, "refused"), (1, 0, "refused")))
    assert (outage.last_good, outage.next_good, outage.upper_s) == (None, None, None)
    assert outage.lower_s == 1


def test_unknown_is_worse_than_any_number() -> None:
    samples = record((0, 0.1, ""), *[(n, 0, "refused") for n in range(1, 100)], (100, 0.1, ""), (101, 0, "refused"))
    found = outages(samples)
    assert len(found) == 2
    assert worst(found).upper_s is None
    assert union(found).upper_s is None
    assert union(found).lower_s == 98


def test_between_two_unknown_ones_the_longer_is_charged() -> None:
    found = outages(record((0, 0, "refused"), (1, 0.1, ""), (2, 0, "refused"), (5, 0, "refused")))
    assert worst(found) == Bounds(3, None)


def test_overlapping_requests_count_by_their_start() -> None:
    """Open loop: a request that hangs ends after later ones, also good ones."""
    samples = record((0, 0.1, ""), (1, 2.0, "deadline"), (1.5, 0.1, ""), (2, 0.1, ""))
    (outage,) = outages(samples)
    assert outage.lower_s == 0
    assert outage.upper_s == pytest.approx(1.6)


def test_a_slow_good_answer_ends_the_outage_at_its_end() -> None:
    """A service that comes back answers those who waited: the client was served at the end, not at the start."""
    (outage,) = outages(record((0, 0.1, ""), (1, 2, "deadline"), (2, 1.9, ""), (3, 0.9, "")))
    assert outage.upper_s == pytest.approx(3.9)


def test_the_order_of_completion_does_not_matter() -> None:
    samples = record((0, 0.1, ""), (1, 2, "deadline"), (2, 0, "refused"), (3, 0.1, ""), (4, 0, "refused"), (5, 0.1, ""))
    shuffled = samples[:]
    random.Random(4).shuffle(shuffled)
    assert outages(shuffled) == outages(samples)


def test_a_power_loss_as_it_was_recorded() -> None:
    """Token every 0.25 s, power lost at 10.0, VIP back at 14.6: hanging connections, then a slow first answer."""
    rows = [(n * 0.25, 0.06, "") for n in range(40)]
    rows += [(10 + n * 0.25, 2.0, "deadline") for n in range(17)]  # 10.00 .. 14.00
    rows += [(14.25, 0.9, ""), (14.5, 0.5, ""), (14.75, 0.08, "")]
    (outage,) = outages(record(*rows))
    assert outage.lower_s == pytest.approx(4.0)
    assert outage.upper_s == pytest.approx(15.15 - 9.75)
    assert outage.slow == 17


def test_an_outage_belongs_to_the_phase_in_which_it_became_known() -> None:
    # Under way when the fault strikes at 1.05: it started before, and was lost because of the fault.
    found = outages(record((0, 0.1, ""), (1, 0.1, "reset"), (2, 0.1, ""), (7, 0, "refused"), (8, 0.1, "")))
    assert between(found, float("-inf"), 1.05) == []
    assert [outage.first_bad for outage in between(found, 1.05, 5)] == [1]
    assert [outage.first_bad for outage in between(found, 5, float("inf"))] == [7]


# --- simulated: the truth is known ---------------------------------------------------------------------------------

SECONDS = st.floats(0, 20, allow_nan=False)


def probe_down(windows: Sequence[tuple[float, float]], interval: float, phase: float, took: float) -> list[Sample]:
    """Open-loop samples of a service for which a request is bad exactly when it is intended in one of the windows."""
    rows: list[tuple[float, float, str]] = []
    for n in range(int(60 / interval)):
        start = phase + n * interval
        down = any(begin <= start < end for begin, end in windows)
        rows.append((start, 2.0 if down else took, "deadline" if down else ""))
    return record(*rows)


@given(
    st.floats(3, 20), st.floats(0.01, 25), st.sampled_from([0.1, 0.25, 0.5, 1.0]), st.floats(0, 1), st.floats(0, 1.5)
)
def test_the_truth_is_between_the_bounds(
    begin: float, length: float, interval: float, phase: float, took: float
) -> None:
    samples = probe_down([(begin, begin + length)], interval, phase * interval, took)
    found = outages(samples)
    if not any(begin <= sample.intended < begin + length for sample in samples):
        assert length <= interval + 1e-9, "only what is shorter than an interval may go unseen"
        assert found == []
        return
    (outage,) = found
    assert outage.upper_s is not None
    assert outage.lower_s <= length + 1e-9
    assert length <= outage.upper_s + 1e-9
    # And the bounds are as sharp as the interval and one request allow.
    assert outage.upper_s - outage.lower_s <= 2 * interval + took + 1e-9


@given(
    st.floats(3, 20), st.floats(2, 20), st.sampled_from([0.1, 0.25, 0.5]), st.floats(0, 1), st.floats(0.01, 0.4),
    st.booleans(),
)  # fmt: skip
def test_a_server_that_was_down_for_that_long(
    begin: float, length: float, interval: float, phase: float, took: float, hangs: bool
) -> None:
    """The server's own truth: requests under way are lost; those that arrive are refused, or wait for it."""
    deadline, end = 1.0, begin + length
    rows: list[tuple[float, float, str]] = []
    for n in range(int(60 / interval)):
        start = phase * interval + n * interval
        if start >= end or start + took <= begin:
            rows.append((start, took, ""))
        elif start < begin:
            rows.append((start, begin - start, "reset"))
        elif not hangs:
            rows.append((start, 0.0, "refused"))
        elif end + took - start <= deadline:
            rows.append((start, end + took - start, ""))
        else:
            rows.append((start, deadline, "deadline"))
    (outage,) = outages(record(*rows))
    assert outage.upper_s is not None
    assert length <= outage.upper_s + 1e-9
    # A request under way when it fell was bad for its client, and started before.
    assert outage.lower_s <= length + took + 1e-9


@given(st.lists(st.tuples(SECONDS, st.floats(0.3, 5)), max_size=4), st.sampled_from([0.1, 0.25]), st.floats(0, 1))
def test_every_seen_window_is_bracketed(windows: list[tuple[float, float]], interval: float, phase: float) -> None:
    """Any flapping: each outage brackets the hull of what was down between its good neighbours; so does the union."""
    spans = [(25 + begin - 20 * (index % 2), 0.0) for index, (begin, _) in enumerate(windows)]
    spans = [(begin, begin + length) for (begin, _), (_, length) in zip(spans, windows, strict=True)]
    samples = probe_down(spans, interval, phase * interval, 0.05)
    found = outages(samples)
    for outage in found:
        left = float("-inf") if outage.last_good is None else outage.last_good
        right = min((s.intended for s in samples if s.ok and s.intended > outage.last_bad), default=float("inf"))
        down = [(max(b, left), min(e, right)) for b, e in spans if b <= right and e >= left]
        hull = max(e for _, e in down) - min(b for b, _ in down)
        assert outage.lower_s <= hull + 1e-9
        assert outage.upper_s is None or hull <= outage.upper_s + 1e-9
    together = union(found)
    if together.upper_s is not None:
        assert together.lower_s <= together.upper_s + 1e-9
        assert together.upper_s <= sum(outage.upper_s or 0 for outage in found) + 1e-9
        assert worst(found).upper_s is not None
        assert (worst(found).upper_s or 0) <= together.upper_s + 1e-9


@given(st.lists(st.tuples(st.floats(0.001, 3), st.sampled_from(["", "refused", "deadline"])), max_size=60))
def test_every_bad_sample_is_in_exactly_one_outage(rows: list[tuple[float, str]]) -> None:
    samples = record(*[(float(n), took, error) for n, (took, error) in enumerate(rows)])
    found = outages(samples)
    assert sum(outage.bad for outage in found) == sum(not sample.ok for sample in samples)
    assert sum(outage.slow for outage in found) == sum(sample.slow for sample in samples)
    for sample in samples:
        inside = [outage for outage in found if outage.first_bad <= sample.intended <= outage.last_bad]
        assert len(inside) == (0 if sample.ok else 1)
    for earlier, later in pairwise(found):
        assert earlier.last_bad < later.first_bad
    for outage in found:
        assert outage.lower_s >= 0
        assert outage.upper_s is None or outage.upper_s > outage.lower_s


# --- requests that wait ----------------------------------------------------------------------------------------

TOOK, DEADLINE, LIMIT, EVERY = 0.01, 2.0, 0.5, 0.25


def stalled(begin: float, length: float) -> list[Sample]:
    """A disk that answers nothing from `begin` on for so long, and then all at once."""
    found: list[Sample] = []
    for seq in range(160):
        start = seq * EVERY
        answered = max(start, begin + length) + TOOK if begin - TOOK < start < begin + length else start + TOOK
        ok = answered - start <= DEADLINE
        found.append(
            Sample(
                probe="block-write",
                seq=seq,
                intended=start,
                start=start,
                end=answered if ok else start + DEADLINE,
                ok=ok,
                error=None if ok else "deadline",
                late=None if ok else answered,
            )
        )
    return found


@given(st.floats(1, 9), st.floats(LIMIT + EVERY + 2 * TOOK, 25))
def test_a_stall_is_known_to_within_two_starts(begin: float, length: float) -> None:
    """Longer than the deadline or not: what waited tells when it was over."""
    (outage,) = outages(held(stalled(begin, length), LIMIT), quiet_s=TOOK)
    assert outage.upper_s is not None
    assert outage.lower_s <= length + TOOK + 1e-6
    assert outage.upper_s >= length - 1e-6
    assert outage.upper_s - outage.lower_s <= 3 * EVERY + LIMIT


def test_a_short_wait_is_no_stall() -> None:
    assert outages(held(stalled(5, LIMIT - 2 * TOOK), LIMIT)) == []


def test_a_wait_that_never_ended_is_of_unknown_length() -> None:
    samples = [replace(one, late=None) if one.late else one for one in stalled(5, 100)]
    (outage,) = outages(held(samples, LIMIT))
    assert outage.upper_s is None
    assert outage.lower_s == outage.last_bad - outage.first_bad > 30
