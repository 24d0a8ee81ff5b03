"""Whether copies still fit when a failure domain is lost: as `nines status` and as `nines check` see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.checks.ceph import NEARFULL, room
from fournines.services.onhost.ceph_facts import lasts


@given(
    sizes=st.lists(st.integers(1, 1000).map(float), min_size=2, max_size=8),
    copies=st.integers(1, 4),
    share=st.integers(0, 1500).map(lambda thousandths: thousandths / 1000),  # a cluster holds whole bytes
)
def test_what_runs_says_what_the_design_says(sizes: list[float], copies: int, share: float) -> None:
    rest = [NEARFULL * size for size in sorted(sizes)[:-1]]
    said = lasts(sizes, copies, used=share * sum(rest))
    if len(rest) < copies:
        assert said is None
        return
    most = room(rest, copies) * copies
    if abs(share * sum(rest) - most) > 1e-6 * most:
        assert said == (share * sum(rest) < most)


@pytest.mark.parametrize(
    ("sizes", "used", "said"),
    [
        ([100, 100, 100, 100], 254, True),
        ([100, 100, 100, 100], 256, False),
        # Half of what is left is in one domain, which holds one copy of each object at most.
        ([600, 600, 100, 100], 500, False),
        ([600, 600, 100, 100], 254, True),
        ([100, 100, 100], 1, None),
        # A third of it three times is less, in the arithmetic of machines.
        ([161, 219, 219, 219], 0.101 * 509.15, True),
    ],
)
def test_three_copies(sizes: list[float], used: float, said: bool | None) -> None:
    assert lasts(sizes, 3, used) is said


def test_a_cluster_without_a_pool_has_room() -> None:
    assert lasts([1, 1], 0, 0) is True
