"""Fault trees against a judge that knows no tree (`judge.py`), and what they hold in single designs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from designs import cloud
from judge import Judge, parts, together

from fournines.availability.cut_sets import minimal
from fournines.availability.live import LiveTree
from fournines.cloud import Cloud
from fournines.cloud.model import Needs
from fournines.predict import report
from fournines.predict.prediction import predict
from fournines.predict.structure import Structure, Structures
from fournines.predict.visible import Visible, ours

TWO = (
    "hosts.ctl[1-3]=",
    "hosts.ctl[1-2]={roles: [control], rack: 'r[1-2]', networks: {management: '10.20.0.[11-12]', "
    "storage: '10.20.2.[11-12]', tunnel: '10.20.1.[11-12]'}}",
)
"""Two controllers instead of three, without BMCs."""
SHARED = (*TWO, "services.galera={strategy: active-backup, disk: shared}")
FIVE = (
    "hosts.ctl[1-3]=",
    "hosts.ctl[1-5]={roles: [control], rack: r1, networks: {management: '10.20.0.[11-15]', "
    "storage: '10.20.2.[11-15]', tunnel: '10.20.1.[11-15]'}}",
)
MIXED = (
    "feeds=[a, b, c]",
    "racks.r1.feeds=[a, b]",
    "racks.r2.feeds=[b, c]",
    "racks.r3.feeds=[a]",
    "racks.r1.switches=[s1]",
    "racks.r2.switches=[]",
    "racks.r3.switches=[s2]",
)
"""Racks that share some feeds, or a single one."""

DESIGNS: Mapping[str, tuple[str, ...]] = {
    "lab": ("lab",),
    "small": ("small",),
    "good": ("good",),
    "two controllers": ("good", *TWO),
    "a shared disk": ("good", *SHARED),
    "five controllers": ("good", *FIVE),
    "mixed feeds": ("good", *MIXED),
    "copies by host": ("good", "services.ceph={size: 4, min_size: 2}"),
    "two and a tie-breaker": ("good", *TWO, "services.galera.tie_breaker=net3", "services.corosync.tie_breaker=net3"),
    "four and a tie-breaker": ("lab", "hosts.g1.roles=[control, compute]", "services.galera.tie_breaker=n2"),
    "somebody else's database": ("good", "services.galera.strategy=external"),
    "somebody else's broker": ("good", "services.rabbitmq.strategy=external"),
    "somebody else's Ceph": (
        "good",
        *(f"services.{name}={{strategy: external}}" for name in ("ceph", "ceph-mgr", "ceph-osd", "radosgw")),
    ),
    "a local service with needs": ("good",),
}
STATES = 450


@cache
def resolved(design: str) -> Cloud:
    found = cloud(*DESIGNS[design])
    # One that no file can say so far.
    if design == "a local service with needs":
        local = replace(found.services["haproxy-local"], needs=(Needs("etcd", "majority"), Needs("memcached", "local")))
        return replace(found, services={**found.services, "haproxy-local": local})
    return found


@cache
def trees(design: str) -> Mapping[Visible, Structure]:
    found = resolved(design)
    structures = Structures(found)
    return {visible: structures.of(visible) for visible in ours(found)}


def tree(design: str, service: str) -> Structure:
    return next(found for visible, found in trees(design).items() if visible.name == service)


def fails(design: str, service: str, *down: str) -> bool:
    """By the tree; all of these are parts of it."""
    found = tree(design, service)
    assert {*down} <= found.parts.keys()
    return found.bdd.evaluate(set(down))


def states(found: Cloud, random: Random) -> list[set[str]]:
    """Few parts or many, from the whole cloud or close together, with groups and without."""
    everything, groups = parts(found), list(together(found))
    drawn: list[set[str]] = []
    for _ in range(STATES):
        near = random.choice(found.hosts).name
        stem = near.rstrip("0123456789")
        here = [name for name in everything if stem in name]
        pool = random.choice((everything, here, here + groups))
        size = min(len(pool), random.choice((1, 2, 2, 3, 3, 4, 4, 6, 9)))
        drawn.append(set(random.sample(pool, size)))
    return drawn


@pytest.mark.parametrize("design", DESIGNS)
def test_a_tree_says_what_needs_say(design: str) -> None:
    found = resolved(design)
    down = dict.fromkeys(trees(design), 0)
    lives = {visible: LiveTree(each.tree) for visible, each in trees(design).items()}
    for state in states(found, Random(design)):
        judges = {changes: Judge(found, state, changes=changes) for changes in (False, True)}
        for visible, each in trees(design).items():
            own = state & each.parts.keys()
            said = not judges[visible.changes].up(visible)
            assert each.bdd.evaluate(own) == said, f"{visible.name} with {sorted(state)} down"
            assert flipped(lives[visible], own) == said, f"{visible.name} with {sorted(state)} down"
            down[visible] += said
    assert all(STATES * 0.02 < count < STATES * 0.95 for count in down.values()), down


def flipped(live: LiveTree, down: Collection[str]) -> bool:
    """What it says with these down; it is left as it was."""
    was = live.failed
    for name in down:
        live.flip(name)
    said = live.failed
    for name in down:
        live.flip(name)
    assert (was, live.failed) == (False, False)
    return said


@pytest.mark.parametrize("design", DESIGNS)
def test_single_points_of_failure_are_what_the_judge_finds_and_cut_sets_of_one(design: str) -> None:
    found = resolved(design)
    judged = {
        (name, changes): Judge(found, {name}, changes=changes) for name in parts(found) for changes in (False, True)
    }
    for visible, each in trees(design).items():
        alone = [name for name in parts(found) if not judged[name, visible.changes].up(visible)]
        assert list(each.singles) == sorted(alone) == minimal(each.bdd).singles(), visible.name
        assert alone


@pytest.mark.parametrize("design", ["lab", "good"])
def test_each_minimal_cut_set_is_one_for_the_judge(design: str) -> None:
    found, random = resolved(design), Random(design)
    for visible, each in trees(design).items():
        some = list(each.cut_sets)
        for cut in random.sample(some, min(25, len(some))):
            assert not Judge(found, cut, changes=visible.changes).up(visible), cut
            for left_out in cut:
                assert Judge(found, {*cut} - {left_out}, changes=visible.changes).up(visible), (cut, left_out)


def test_no_part_of_a_tree_is_in_vain() -> None:
    for visible, each in trees("good").items():
        unused = each.parts.keys() - {
            name for cut, many in each.cut_sets.containing().items() if many for name in [cut]
        }
        assert not unused, visible.name


def test_a_failure_never_helps() -> None:
    found, random = cloud("good"), Random(7)
    for state in states(found, random):
        for visible, each in trees("good").items():
            own = sorted(state & each.parts.keys())
            fewer = set(own[: random.randint(0, len(own))])
            assert each.bdd.evaluate(fewer) <= each.bdd.evaluate(set(own)), visible.name


def test_what_is_soft_counts_for_nobody() -> None:
    everywhere = {name for each in trees("good").values() for name in each.parts}
    assert not any("memcached" in name for name in everywhere)
    assert not any("neutron-metadata" in name for name in everywhere)


def test_the_message_bus_counts_for_who_changes_something_alone() -> None:
    lost = "rabbitmq on ctl1", "rabbitmq on ctl2"
    for visible, each in trees("good").items():
        assert ("all of rabbitmq at once" in each.parts) == visible.changes, visible.name
        assert any(placement.name == "rabbitmq" for placement in each.stands_on) == visible.changes
    assert fails("good", "api-write", *lost)
    assert not fails("good", "api-write", *lost[:1])


def test_reading_does_not_stand_on_disks_and_writing_does() -> None:
    assert not any(part.kind == "disk" for part in tree("good", "api-read").parts.values())
    assert any(part.kind == "disk" for part in tree("good", "api-write").parts.values())


def test_three_controllers_spare_any_one_and_no_two() -> None:
    hosts = [f"host ctl{number}" for number in (1, 2, 3)]
    assert [fails("good", "token", *hosts[:count]) for count in range(4)] == [False, False, True, True]
    assert fails("good", "token", hosts[0], "galera on ctl2")
    assert not fails("good", "token", "host ctl1", "galera on ctl1", "corosync on ctl1", "haproxy on ctl1")
    assert not fails("good", "token", "keystone on ctl1", "keystone on ctl2"), "any one of it serves"
    assert not fails("good", "token", "keystone on ctl1", "haproxy-local on ctl2")
    assert fails("good", "token", "keystone on ctl1", "haproxy-local on ctl2", "keystone on ctl3")


def test_five_controllers_spare_any_two() -> None:
    hosts = [f"host ctl{number}" for number in (1, 2, 3, 4, 5)]
    assert [fails("five controllers", "token", *hosts[:count]) for count in range(6)] == [False] * 3 + [True] * 3


def test_two_controllers_fence_each_other_but_a_database_of_two_stops() -> None:
    """Corosync's two_node; Galera knows no such thing."""
    assert not fails("two controllers", "token", "corosync on ctl1")
    assert not fails("two controllers", "token", "pacemaker on ctl1", "corosync on ctl1")
    assert fails("two controllers", "token", "corosync on ctl1", "corosync on ctl2")
    assert fails("two controllers", "token", "galera on ctl1")
    assert {"host ctl1", "host ctl2"} <= {*tree("two controllers", "token").singles}


def test_a_database_with_a_disk_that_moves_lives_on_either_host_and_dies_with_the_disk() -> None:
    disk = tree("a shared disk", "token").parts["shared disk of galera"]
    assert (disk.kind, disk.group, disk.loc) == ("disk", "", ("services", "galera"))
    assert fails("a shared disk", "token", "shared disk of galera")
    assert not fails("a shared disk", "token", "host ctl1")
    assert not fails("a shared disk", "token", "galera on ctl1")
    assert fails("a shared disk", "token", "galera on ctl1", "galera on ctl2")
    assert "shared disk of galera" not in tree("good", "token").parts


def test_copies_by_rack_spare_a_whole_rack_and_copies_by_host_a_host() -> None:
    assert not fails("good", "volume-io", "rack r1")
    assert not fails("good", "volume-io", "host sto1", "host sto2", "disk d1 of sto1", "disk d2 of sto2")
    assert fails("good", "volume-io", "disk d1 of sto1", "disk d2 of sto3")
    hosts = "host sto1", "host sto2", "host sto3"
    assert [fails("copies by host", "volume-io", *hosts[:count]) for count in range(4)] == [False] * 3 + [True]
    assert not fails("copies by host", "volume-io", "disk d1 of sto1", "disk d2 of sto1", "host sto1", "host sto2")


def test_a_rack_goes_with_its_last_feed_or_switch() -> None:
    feeds = "feed a", "feed b"
    assert [fails("good", "volume-io", *feeds[:count]) for count in range(3)] == [False, False, True]
    assert fails("good", "volume-io", "switch s1", "switch s2")
    assert not fails("good", "volume-io", "feed a", "switch s2")
    assert "switch oob" not in tree("good", "volume-io").parts, "BMCs alone are behind it"


def test_what_strikes_all_feeds_strikes_every_host_on_one_of_them() -> None:
    """Racks r1 (a, b; s1), r2 (b, c; no switch), r3 (a; s2): a controller in each."""
    for service in ("token", "dhcp"):
        assert not fails("mixed feeds", service, "feed b")
        assert fails("mixed feeds", service, "all feeds at once")
    assert not fails("mixed feeds", "dhcp", "feed a", "feed b"), "r2 lives by c"
    assert fails("mixed feeds", "token", "all switches at once"), "r1 and r3 are gone, a majority"
    assert not fails("mixed feeds", "dhcp", "all switches at once"), "r2 has none"
    parts = tree("mixed feeds", "token").parts
    groups = {"feed a": "feeds", "feed b": "feeds", "feed c": "feeds", "switch s1": "switches", "switch s2": "switches"}
    assert {name: parts[name].group for name in groups} == groups
    one = cloud("good", *(f"racks.r{rack}.feeds=[a]" for rack in (1, 2, 3)))
    parts = Structures(one).of(next(each for each in ours(one) if each.name == "token")).parts
    assert parts["feed a"].group == "", "of one alone nothing strikes two"
    assert "all feeds at once" not in parts


def test_what_strikes_all_of_a_local_service_strikes_who_needs_it_on_its_host() -> None:
    assert fails("good", "token", "all of haproxy-local at once")
    assert fails("good", "create-guest", "all of libvirt at once")
    assert fails("good", "floating-ip", "all of openvswitch at once")


def test_a_guest_needs_its_host_and_none_of_the_daemons_there() -> None:
    guest = tree("small", "guest")
    assert "host g1" in guest.singles
    assert {"nova-compute on g1", "libvirt on g1", "openvswitch on g1"}.isdisjoint(guest.parts)


def test_a_guest_is_down_with_all_hosts_that_take_over_from_each_other() -> None:
    without_routers = Structures(cloud("good")).of(Visible("alone", "", "fip", tuple(guest_needs("compute-agent"))))
    hosts = {host.name for host in cloud("good").having("compute")}
    assert len(hosts) > 1
    assert {name for name in without_routers.parts if name.startswith("host ")} == {f"host {name}" for name in hosts}
    assert not {f"host {name}" for name in hosts} & {*without_routers.singles}
    assert [placement.name for placement in without_routers.stands_on] == ["compute-agent"], "it feels their failovers"
    assert not any("agent" in name for name in without_routers.parts)


def guest_needs(*targets: str) -> list[Needs]:
    guest = next(visible for visible in trees("small") if visible.name == "guest")
    return [need for need in guest.needs if need.target in targets]


def test_somebody_elses_service_is_taken_for_granted() -> None:
    found = trees("somebody else's database")
    assert not any("galera" in name for each in found.values() for name in each.parts)
    assert not any(placement.name == "galera" for each in found.values() for placement in each.stands_on)


def test_nothing_is_predicted_of_what_somebody_else_serves() -> None:
    usual, elsewhere = ({visible.name for visible in trees(design)} for design in ("good", "somebody else's Ceph"))
    assert usual - elsewhere == {"volume-io", "s3"}
    found = cloud(*DESIGNS["somebody else's Ceph"])
    told = report.table(list(predict(found, years=10)), found)
    assert told[-1] == "Nothing is said of what somebody else serves: volume-io, s3."


def test_who_stands_on_a_service_knows_what_each_of_its_members_is_down_by() -> None:
    token = tree("good", "token")
    assert [*map(set, token.members["keystone"])] == [
        {f"keystone on ctl{number}", f"haproxy-local on ctl{number}", f"host ctl{number}"} for number in (1, 2, 3)
    ]
    assert {*tree("good", "volume-io").members["ceph-osd"][0]} == {
        "ceph-osd on sto1",
        "disk d1 of sto1",
        "disk d2 of sto1",
        "host sto1",
    }


def test_the_order_of_parts_has_each_once() -> None:
    for design in DESIGNS:
        for each in trees(design).values():
            assert sorted(each.order) == sorted(each.parts)
