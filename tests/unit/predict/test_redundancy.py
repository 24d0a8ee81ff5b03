"""More of something never makes a service's parts less available together."""

from __future__ import annotations

import pytest
from designs import analysed, cloud, predicted
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.predict.analysis import analyse

CONTROLLERS = (
    "hosts.ctl[4-5]={roles: [control], rack: 'r[1-2]', networks: {management: '10.20.0.[14-15]', "
    "storage: '10.20.2.[14-15]', tunnel: '10.20.1.[14-15]'}}"
)
LEVELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "switches of r1": (("racks.r1.switches=[s1]",), ()),
    "switches of r2": (("racks.r2.switches=[s1]",), ()),
    "switches of r3": (("racks.r3.switches=[s1]",), ()),
    "feeds of r1": (("racks.r1.feeds=[a]",), ()),
    "feeds of r2": (("racks.r2.feeds=[b]",), ()),
    "feeds of r3": (("racks.r3.feeds=[a]",), ()),
    "network hosts": (("hosts.net3=", "hosts.net2="), ("hosts.net3=",), ()),
    "controllers": (("hosts.ctl3=", "hosts.ctl2="), (), (CONTROLLERS,)),
    "compute hosts": (("hosts.cmp[3-4]=", "hosts.cmp[5-6]="), ("hosts.cmp6=",), ()),
    "copies": (("services.ceph.size=2",), ()),
    "racks apart": (("services.ceph.failure_domain=host",), ()),
}
"""What good.yaml may have less or more of, the least first."""


def down(chosen: dict[str, int]) -> dict[str, float]:
    """Service -> unavailability of its structure."""
    changes = [change for name, level in chosen.items() for change in LEVELS[name][level]]
    return {each.visible.name: each.unavailability for each in analyse(cloud("good", *changes))}


FULL = {name: len(levels) - 1 for name, levels in LEVELS.items()}
LEAST = dict.fromkeys(LEVELS, 0)


@settings(max_examples=15)
@given(
    st.fixed_dictionaries({name: st.integers(0, len(levels) - 1) for name, levels in LEVELS.items()}),
    st.sampled_from([name for name in LEVELS if name != "racks apart"]),
)
@example(FULL, "switches of r1")
@example(FULL, "controllers")
@example(FULL, "network hosts")
@example(FULL, "copies")
@example(LEAST, "feeds of r2")
@example(LEAST, "compute hosts")
@example(LEAST, "controllers")
def test_one_step_more_makes_nothing_worse(chosen: dict[str, int], what: str) -> None:
    high = max(1, chosen[what])
    before, after = down({**chosen, what: high - 1}), down({**chosen, what: high})
    assert before.keys() == after.keys()
    worse = {name: (before[name], after[name]) for name in before if after[name] > before[name] * (1 + 1e-9)}
    assert not worse


@pytest.mark.parametrize("what", ["switches=[s1]", "feeds=[a]"])
def test_a_second_switch_or_feed_helps_all_that_users_see(what: str) -> None:
    one = [f"racks.r{rack}.{what}" for rack in (1, 2, 3)]
    for each in analyse(cloud("good")):
        service = each.visible.name
        assert predicted(service, "good").downtime_s < 0.99 * predicted(service, "good", *one).downtime_s, service


def test_a_third_network_host_helps_who_stands_on_it_and_nobody_else() -> None:
    two = "hosts.net3="
    for service in ("floating-ip", "dhcp"):
        assert predicted(service, "good").downtime_s < predicted(service, "good", two).downtime_s
        assert analysed(service, "good").unavailability < analysed(service, "good", two).unavailability
    for service in ("token", "volume-io", "image-download"):
        assert predicted(service, "good").downtime_s == pytest.approx(predicted(service, "good", two).downtime_s)


def test_a_fourth_controller_is_one_more_that_may_fail() -> None:
    networks = "{management: 10.20.0.14, storage: 10.20.2.14, tunnel: 10.20.1.14}"
    four = f"hosts.ctl4={{roles: [control], rack: r1, networks: {networks}}}"
    assert analysed("token", "good", four).unavailability > analysed("token", "good").unavailability
    assert analysed("token", "good", CONTROLLERS).unavailability < analysed("token", "good").unavailability


def test_copies_that_share_a_rack_are_lost_with_it() -> None:
    apart, together = (analysed("volume-io", "good", *more) for more in ((), ("services.ceph.failure_domain=host",)))
    assert apart.unavailability < together.unavailability
    assert "rack r1" in together.structure.singles
    assert "rack r1" not in apart.structure.singles
