"""What can be drilled follows from the cloud: shown on the clouds that there are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from fournines.campaign.kinds import Kind, kinds
from fournines.cloud import Cloud, load
from fournines.errors import DrillError
from fournines.faults import Fault, catalogue, named
from fournines.faults.kill import Kill
from fournines.prove.targets import LEADERS, NOWHERE
from fournines.services import catalogue as services

CLOUDS = Path(__file__).parents[3] / "clouds"


@cache
def cloud(name: str) -> Cloud:
    return load(CLOUDS / f"{name}.yaml", services())


def without(full: Cloud, *gone: str) -> Cloud:
    """The same without these services and without hosts that have none left."""
    from dataclasses import replace

    left = {name: placed for name, placed in full.services.items() if name not in gone}
    there = {host.name for placed in left.values() for host in placed.hosts}
    return replace(full, services=left, hosts=tuple(host for host in full.hosts if host.name in there))


def always(fault: Fault, target: str) -> None:
    return


def found(full: Cloud) -> dict[str, Kind]:
    return {kind.fault: kind for kind in kinds(full, catalogue().values(), always)[0]}


@pytest.mark.parametrize("name", sorted(path.stem for path in CLOUDS.glob("*.yaml")))
def test_every_fault_is_either_drilled_or_left_out_with_a_reason(name: str) -> None:
    full = cloud(name)
    here, left_out = kinds(full, catalogue().values(), always)
    assert {each.fault for each in here} | {each.fault for each in left_out} == {*catalogue()}
    assert not {each.fault for each in here} & {each.fault for each in left_out}
    assert all(each.why for each in left_out)
    names = {host.name for host in full.hosts}
    for kind in here:
        assert kind.words or len(kind.pool) >= kind.count
        if named(kind.fault).choices(full):
            assert all(word.partition(":")[2] in {"primary", *names} for word in kind.words)
            continue
        assert set(kind.words) <= {*LEADERS, NOWHERE}
        assert set(kind.pool) <= names
        stops = named(kind.fault).stops
        if stops:
            assert set(kind.pool) <= {host.name for host in full.services[stops].hosts}


def test_where_faults_strike_in_the_lab() -> None:
    here = found(cloud("lab"))
    assert here["power-loss"] == Kind("power-loss", ("vip", "writer"), ("c1", "c2", "c3")), "controllers: its class"
    assert here["standby"] == Kind("standby", ("vip", "writer"), ("c1", "c2", "c3")), "where Pacemaker runs"
    assert here["storage-host-isolate"] == Kind("storage-host-isolate", ("mon-leader",), ("s1", "s2", "s3"))
    assert here["two-storage-hosts"] == Kind("two-storage-hosts", (), ("s1", "s2", "s3"), 2)
    assert here["dhcp-agent-kill"] == Kind("dhcp-agent-kill", ("router",), ("n1", "n2"))
    assert here["ovs-kill"] == Kind("ovs-kill", ("router",)), "a leader that the fault names, and no other host"
    assert here["null"] == Kind("null", (NOWHERE,))


def test_daemons_are_struck_class_by_class() -> None:
    here = list(kinds(cloud("lab"), [named("kill")], always)[0])
    assert len(here) > 4
    (writers,) = (kind for kind in here if "mariadb:primary" in kind.words)
    assert writers == Kind("kill", ("mariadb:primary", "mariadb:c1", "mariadb:c2", "mariadb:c3"))
    assert sum("keystone:c2" in kind.words for kind in here) == 1
    assert not any("cinder-volume:s1" in kind.words for kind in here)


def test_a_cloud_without_storage_and_guests_leaves_their_faults_out() -> None:
    full = cloud("lab")
    bare = without(
        full, *(name for name, placed in full.services.items() if placed.hosts[0].name in ("s1", "g1", "n1"))
    )
    assert {host.name for host in bare.hosts} == {"c1", "c2", "c3"}
    here, left_out = kinds(bare, catalogue().values(), always)
    faults = list(dict.fromkeys(kind.fault for kind in here))
    of_hosts = ["blackhole", "deaf", "host-isolate", "mute", "packet-loss", "partition", "power-loss"]
    of_hosts += ["bandwidth", "clock-step", "cpu-starvation", "dns-gone", "fence-device-dead", "memory-pressure"]
    of_daemons = ["bad-configuration", "certificate-expired", "disk-full", "freeze", "kill"]
    assert faults == sorted([*of_hosts, *of_daemons, "null", "standby"])
    why = {each.fault: each.why for each in left_out}
    assert why["osd-kill"] == "the cloud has no ceph-osd"
    assert why["compute-isolate"] == "the cloud has no compute-agent"
    assert "cannot aim at storage:2" in why["two-storage-hosts"]


def test_a_fault_of_a_service_alone_strikes_its_members() -> None:
    class BrokerKill(Kill):
        name = "broker-kill"
        letter = "E"
        stops = "rabbitmq"
        units = "rabbitmq-server.service"

    here, _ = kinds(cloud("lab"), [BrokerKill()], always)
    assert here == [Kind("broker-kill", ("vip", "writer"), ("c1", "c2", "c3"))]


def test_what_hosts_refuse_is_told_and_not_drilled() -> None:
    def able(fault: Fault, target: str) -> None:
        if fault.name == "power-loss" and target in ("c2", "vip", "writer"):
            raise DrillError("c2 has no switch")
        if fault.name in ("two-storage-hosts", "osd-kill") and target in ("s1", "s2", "mon-leader"):
            raise DrillError("not these")
        if fault.name == "ovs-kill":
            raise DrillError("no host says it is")

    here, left_out = kinds(
        cloud("lab"), [named(n) for n in ("osd-kill", "ovs-kill", "power-loss", "two-storage-hosts")], able
    )
    assert here == [Kind("osd-kill", (), ("s3",)), Kind("power-loss", (), ("c1", "c3"))]
    assert [each.as_json() for each in left_out] == [
        {"fault": "osd-kill", "targets": ["mon-leader", "s1", "s2"], "why": "not these"},
        {"fault": "ovs-kill", "targets": [], "why": "no host says it is"},
        {"fault": "power-loss", "targets": ["vip", "writer", "c2"], "why": "c2 has no switch"},
        {"fault": "two-storage-hosts", "targets": [], "why": "not these"},
    ]
