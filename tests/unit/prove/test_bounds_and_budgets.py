from __future__ import annotations

import math
from typing import get_args

import pytest

from fournines.cli.clouds import load
from fournines.cloud.columns import SEVERITY, Letter
from fournines.cloud.timers import LAB, METAL, Timers
from fournines.faults import catalogue as faults
from fournines.faults import named
from fournines.probes import ApiProbe
from fournines.probes import catalogue as probes
from fournines.prove.bounds import Part, bound, floor
from fournines.prove.budgets import CLASSES, COLUMNS, budget
from fournines.prove.forecast import met

TOKEN, WRITE = probes()["token"], probes()["write"]
BLOCK_WRITE, BLOCK_READ = probes()["block-write"], probes()["block-read"]
S3 = probes()["s3-put"]
GUEST = probes()["guest-http"]


def test_the_budget_table_of_the_notes() -> None:
    assert budget({"D"}, ("token",)) == budget({"D"}, ("read",)) == budget({"D"}, ("write",)) == 15
    assert budget({"C"}, ("write",)) == 10
    assert budget({"H"}, ("volume-io",)) == 180
    assert budget({"X"}, ("token",)) is None
    assert budget({"-"}, ("token",)) == 0
    for letter in CLASSES:
        for column in COLUMNS:
            value = budget({letter}, (column,))
            assert value is None or value >= 0


def test_every_probe_and_every_fault_has_its_budget() -> None:
    for fault in faults().values():
        for probe in probes().values():
            may_stop = fault.blocks and probe.column in ("create", "attach", "volume-io", "image", "s3")
            assert (budget({fault.letter}, probe.columns) is None) == may_stop


def test_what_passes_a_router_may_cost_what_that_may() -> None:
    write = probes()["guest-write"]
    assert write.columns == ("volume-io", "fip")
    assert budget({"G"}, write.columns) == budget({"G"}, ("fip",)) == 5
    assert budget({"F"}, write.columns) == budget({"F"}, ("volume-io",)) == 30
    assert bound(LAB, {"router"}, write, 0.5) == bound(LAB, {"router"}, GUEST, 0.5)
    assert bound(LAB, {"osds"}, write, 0.5) == LAB.block_failover() + 0.5
    assert bound(LAB, {"vip", "writer"}, write, 0.5) == 0
    assert floor(LAB, {"osds", "copies"}, write) == 0


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_an_address_is_acknowledged_by_whoever_is_left(timers: Timers) -> None:
    renew = probes()["dhcp-renew"]
    assert renew.columns == ("dhcp", "fip"), "it is asked for through a router"
    assert bound(timers, {"vip", "writer", "member", "osds", "broker"}, renew, 0.5) == 0
    assert bound(timers, {"router"}, renew, 0.5) == bound(timers, {"router"}, GUEST, 0.5)
    assert bound(timers, {"router", "dhcp"}, renew, 0.5) == timers.network_reassigned() + 0.5
    assert bound(timers, {"router", "dhcp"}, GUEST, 0.5) == bound(timers, {"router"}, GUEST, 0.5)
    assert bound(timers, {"guests"}, renew, 0) == bound(timers, {"guests"}, GUEST, 0)
    assert floor(timers, {"vip", "router", "dhcp"}, renew) == 0
    assert (budget({"G"}, renew.columns), budget({"S"}, renew.columns)) == (15, 15)
    assert (budget({"H"}, renew.columns), budget({"D"}, renew.columns)) == (180, 0)


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_a_guest_that_is_made_stands_on_all_that_it_takes(timers: Timers) -> None:
    create = probes()["create-to-answer"]
    assert set(create.columns) == {"create", "volume-io", "dhcp", "fip"}
    stands_on: tuple[Part, ...] = ("broker", "osds", "router", "guests", "vip", "dhcp")
    for lost in stands_on:
        assert bound(timers, {lost}, create, 50) > 50, lost
    assert bound(timers, {"member"}, create, 0) == bound(timers, {"member"}, WRITE, 0), "the database must commit"
    assert floor(timers, {"vip", "osds", "copies", "router"}, create) == 0
    assert [budget({letter}, create.columns) for letter in ("D", "E", "F", "G")] == [60, 30, 30, 60], "the notes'"
    assert budget({"H"}, create.columns) == 180, "its own guests', for it has one there"


def test_a_host_of_several_roles_may_cost_what_each_of_them_may() -> None:
    assert budget({"D", "G"}, ("token",)) == budget({"D"}, ("token",))
    assert budget({"D", "G"}, ("fip",)) == budget({"G"}, ("fip",))
    assert budget({"D", "X"}, ("token",)) is None


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_a_router_moves_by_its_own_timers_alone(timers: Timers) -> None:
    assert bound(timers, {"vip", "writer", "member", "osds"}, GUEST, 0.1) == 0
    assert bound(timers, {"router"}, TOKEN, 0.1) == 0
    assert bound(timers, {"router", "vip"}, GUEST, 0.1) <= 5 == budget({"G"}, ("fip",))
    # Three adverts missed, by the standard.
    assert bound(timers, {"router"}, GUEST, 0) > 3 * timers.vrrp_advert


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_a_guest_is_back_when_its_host_was_fenced_and_another_one_booted_it(timers: Timers) -> None:
    least = timers.guest_check_fall * timers.guest_check_interval + timers.fence + timers.guest_start
    assert least < bound(timers, {"guests"}, GUEST, 0) <= (budget({"H"}, ("fip",)) or 0)
    assert bound(timers, {"guests", "router"}, GUEST, 0) == bound(timers, {"guests"}, GUEST, 0), "at the same time"
    assert bound(timers, {"guests"}, TOKEN, 0.1) == 0


def test_nothing_lost_costs_nothing() -> None:
    assert bound(LAB, frozenset(), TOKEN, 0.2) == 0


def test_what_fails_over_at_the_same_time_is_not_added() -> None:
    both = bound(LAB, {"vip", "writer", "member"}, TOKEN, 0)
    assert both == max(bound(LAB, {"vip"}, TOKEN, 0), bound(LAB, {"writer", "member"}, TOKEN, 0))


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_a_bound_is_made_of_its_timers(timers: Timers) -> None:
    assert bound(timers, {"vip"}, TOKEN, 0.25) == pytest.approx(timers.vip_failover() + timers.connect + 0.25)
    member = bound(timers, {"member"}, WRITE, 0)
    assert member == pytest.approx(timers.evs_suspect + timers.evs_install + timers.connect)
    assert bound(timers, {"member"}, TOKEN, 0) < member, "reads do not wait for commits"
    assert floor(timers, {"vip"}, TOKEN) < timers.vip_failover()
    assert floor(timers, {"writer", "member"}, TOKEN) == 0


@pytest.mark.parametrize("timers", [LAB, METAL])
def test_disks_and_apis_do_not_stand_on_each_other(timers: Timers) -> None:
    disks, apis = frozenset[Part]({"osds", "copies"}), frozenset[Part]({"vip", "writer", "member"})
    assert bound(timers, disks, TOKEN, 0.2) == bound(timers, apis, BLOCK_WRITE, 0.2) == 0
    assert floor(timers, disks, TOKEN) == floor(timers, apis, BLOCK_WRITE) == 0
    assert bound(timers, disks | apis, TOKEN, 0.2) == bound(timers, apis, TOKEN, 0.2)
    assert bound(timers, disks, BLOCK_READ, 0.2) == pytest.approx(timers.block_failover() + 0.2)
    assert 0 < floor(timers, disks, BLOCK_WRITE) < timers.block_failover()
    assert floor(timers, disks, BLOCK_READ) == 0, "a read asks one copy, which may live"
    assert floor(timers, {"osds"}, BLOCK_WRITE) == 0, "there are blocks without a copy there"
    assert bound(timers, disks, S3, 0) == timers.block_failover() + timers.connect, "objects lie on disks as well"
    assert 0 < bound(timers, {"osd"}, BLOCK_WRITE, 0) < bound(timers, {"osds"}, BLOCK_WRITE, 0)
    assert bound(timers, disks, BLOCK_WRITE, 0) <= (budget({"F"}, ("volume-io",)) or 0)


def test_what_is_asked_of_the_lab() -> None:
    assert bound(LAB, {"osds", "copies"}, BLOCK_WRITE, 0.1) <= 15
    assert bound(LAB, {"osd"}, BLOCK_WRITE, 0) <= 2 == budget({"O"}, ("volume-io",))
    assert budget({"Q"}, ("token",)) == 0, "storage without a quorum stops no API"


def test_the_lab_keeps_the_budget_of_a_power_loss() -> None:
    for probe in probes().values():
        if isinstance(probe, ApiProbe) and not probe.guest_path:
            assert bound(LAB, {"vip", "writer", "member"}, probe, 0.5) < (budget({"D"}, (probe.column,)) or 0)


def test_what_is_more_severe_may_cost_no_less() -> None:
    assert sorted(SEVERITY) == sorted(get_args(Letter))

    def cost(letter: Letter) -> float:
        found = [budget({letter}, {column}) for column in COLUMNS]
        return sum(math.inf if each is None else each for each in found)

    costs = [cost(letter) for letter in SEVERITY]
    assert costs == sorted(costs)


ASKED = frozenset({"token", "write", "volume-read", "dashboard", "create-to-answer", "block-write"})


@pytest.mark.parametrize(
    ("daemon", "by"),
    [
        ("keystone", ASKED),
        ("cinder-api", {"volume-read"}),
        ("horizon", {"dashboard"}),
        ("cinder-scheduler", {"create-to-answer"}),
        ("memcached", ASKED),
        ("haproxy-local", ASKED),
    ],
)
def test_a_daemon_that_hangs_is_met_by_who_asks_it(daemon: str, by: set[str]) -> None:
    cloud, fault, lost = load("lab"), named("freeze").aimed(daemon), frozenset[Part]({"hung"})
    assert {name for name in ASKED if met(lost, fault, probes()[name], cloud)} == by
    for name in ASKED:
        assert met(frozenset({"writer", "hung"}), fault, probes()[name], cloud) == {"writer", "hung"}
