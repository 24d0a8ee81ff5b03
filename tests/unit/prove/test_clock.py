"""Another host's clock, measured by asking it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fournines.prove.clock import Offset, Reading

WAYS = st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=9)


def readings(ahead: float, ways: list[tuple[float, float]]) -> list[Reading]:
    """The host's clock is that far ahead; each question and each answer took that long."""
    return [Reading(n, n + there + ahead, n + there + back) for n, (there, back) in enumerate(ways)]


@given(st.floats(-1e6, 1e6), WAYS)
def test_the_truth_is_as_near_as_it_says(ahead: float, ways: list[tuple[float, float]]) -> None:
    found = Offset.of(readings(ahead, ways))
    assert abs(found.seconds - ahead) <= found.uncertain_s + 1e-9
    assert found.uncertain_s <= max(1e-9, min(there + back for there, back in ways)) + 1e-9


@given(WAYS)
def test_one_clock_is_one(ways: list[tuple[float, float]]) -> None:
    assert abs(Offset.of(readings(0, ways)).seconds) < 1e-9


def test_a_clock_that_drifts() -> None:
    first, later = Offset.of(readings(5, [(0.001, 0.001)])), Offset.of(readings(5.2, [(0.001, 0.001)]))
    assert 0.2 <= first.against(later) < 0.21
    assert first.against(first) == first.uncertain_s
