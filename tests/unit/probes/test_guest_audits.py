"""What services say of guests, read from a server that speaks as they do; and what audits make of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from little_cloud import LittleCloud

from fournines.errors import DrillError
from fournines.prove import inventory
from fournines.prove.audits import Outcome, guests_agree, no_orphans
from fournines.prove.inventory import Inventory, Port, Server

ON_G1 = Server(id="a", name="web", status="ACTIVE", task=None, host="g1", node="g1.example")
STOPPED = Server(id="b", name="old", status="SHUTOFF", task=None, host="g2", node="g2.example")
NOWHERE = Server(id="c", name="bad", status="ERROR", task=None, host=None, node=None)
SAID = Inventory(
    servers=(ON_G1, STOPPED, NOWHERE),
    allocations={"a": frozenset({"g1.example"}), "b": frozenset({"g2.example"})},
    ports=(Port(id="p", server="a", host="g1"), Port(id="q", server="b", host="g2")),
    attachments={"v (x)": "a"},
    migrations=frozenset(),
)
RUNNING: Mapping[str, Collection[str]] = {"g1": ["a"], "g2": []}


def server(server: Server, power: int = 1) -> dict[str, Any]:
    """As Nova says it."""
    return {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "OS-EXT-STS:task_state": server.task,
        "OS-EXT-SRV-ATTR:host": server.host,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": server.node,
    }


def port(id: str, owner: str, device: str, host: str) -> dict[str, Any]:
    return {"id": id, "device_owner": owner, "device_id": device, "binding:host_id": host}


@pytest.fixture
def nova(keystone: LittleCloud) -> LittleCloud:
    """A cloud that says what SAID is."""
    keystone.lists = {
        "/v2.1/servers/detail": [server(each) for each in SAID.servers],
        "/resource_providers": [{"uuid": f"u{n}", "name": f"g{n}.example"} for n in (1, 2)],
        "/v2.0/ports": [
            port("p", "compute:nova", "a", "g1"),
            port("r", "network:dhcp", "dhcp", "n1"),
            port("q", "compute:az2", "b", "g2"),
        ],
        "/v3/attachments": [
            {"id": "x", "volume_id": "v", "instance": "a"},
            {"id": "y", "volume_id": "w", "instance": None},
        ],
    }
    keystone.allocations = {"u1": {"a": {"resources": {"VCPU": 1}}}, "u2": {"b": {"resources": {"VCPU": 1}}}}
    return keystone


def test_what_is_read(nova: LittleCloud) -> None:
    assert inventory.take(nova.api()) == SAID
    assert not [path for _, path, _ in nova.requests if "migrations" in path], "nobody is unknown"


def test_consumers_that_are_no_guests_may_be_migrations(nova: LittleCloud) -> None:
    nova.allocations["u2"]["m1"] = nova.allocations["u2"]["m2"] = {"resources": {}}
    nova.lists["/v2.1/os-migrations"] = [{"uuid": "m1", "status": "running"}, {"uuid": "m2", "status": "completed"}]
    said = inventory.take(nova.api())
    assert said.migrations == {"m1"}
    outcome, detail = no_orphans.judge(said, RUNNING, ())
    assert outcome == "fail"
    assert detail.endswith("an allocation on g2.example of m2"), "and not of m1"


def test_long_lists_are_read_to_their_end(nova: LittleCloud) -> None:
    nova.lists["/v2.1/servers/detail"] = [server(replace(STOPPED, id=f"s{n}")) for n in range(1001)]
    assert len(inventory.take(nova.api()).servers) == 1001


def test_who_does_not_answer_well_is_an_error(nova: LittleCloud) -> None:
    nova.become("error")
    with pytest.raises(DrillError, match="could not read what services say of guests: status 503"):
        inventory.take(nova.api())


def test_all_say_the_same() -> None:
    assert guests_agree.judge(SAID, RUNNING, ()) == (
        "ok",
        "3 guests, of each of which Nova, libvirt, Placement and Neutron say the same",
    )
    assert no_orphans.judge(SAID, RUNNING, ()) == (
        "ok",
        "1 processes, 2 allocations, 2 ports, 1 attached volumes: each of one of 3 guests",
    )
    nobody = Inventory(servers=(), allocations={}, ports=(), attachments={}, migrations=frozenset())
    assert guests_agree.judge(nobody, {"g1": []}, ()) == ("ok", "there is no guest")


@pytest.mark.parametrize(
    ("said", "running", "why"),
    [
        (SAID, {"g1": [], "g2": []}, "web (a): ACTIVE on g1, but its process is on no host"),
        (SAID, {"g1": [], "g2": ["a"]}, "its process is on g2"),
        (SAID, {"g1": ["a"], "g2": ["a"]}, "its process is on g1 and g2"),
        (SAID, {"g1": ["a"], "g2": ["b"]}, "old (b): SHUTOFF on g2, but its process is on g2"),
        (
            replace(SAID, allocations={**SAID.allocations, "a": frozenset({"g1.example", "g2.example"})}),
            RUNNING,
            "in Placement it holds g1.example and g2.example",
        ),
        (replace(SAID, allocations={"a": frozenset({"g1.example"})}), RUNNING, "old (b): SHUTOFF on g2, but in Pl"),
        (
            replace(SAID, allocations={**SAID.allocations, "c": frozenset({"g1.example"})}),
            RUNNING,
            "bad (c): ERROR on no host, but in Placement it holds g1.example",
        ),
        (replace(SAID, ports=(Port(id="p", server="a", host="g2"),)), RUNNING, "its ports are bound to g2"),
        (replace(SAID, ports=(Port(id="p", server="a", host=""),)), RUNNING, "its ports are bound to no host"),
    ],
)
def test_who_says_something_else(said: Inventory, running: Mapping[str, Collection[str]], why: str) -> None:
    outcome, detail = guests_agree.judge(said, running, ())
    assert outcome == "fail"
    assert why in detail


def with_first(**changed: Any) -> Inventory:
    return replace(SAID, servers=(replace(ON_G1, **changed), STOPPED))


@pytest.mark.parametrize(
    ("said", "running", "unseen", "outcome"),
    [
        (with_first(task="migrating"), {"g1": [], "g2": ["a"]}, (), "unknown"),
        (with_first(status="BUILD"), {"g1": [], "g2": []}, (), "unknown"),
        (with_first(status="ERROR"), {"g1": [], "g2": []}, (), "ok"),
        (SAID, {"g1": [], "g2": []}, ("g1",), "unknown"),
        (SAID, {"g1": [], "g2": ["a"]}, ("g1",), "fail"),
        (SAID, {"g1": [], "g2": []}, ("g2",), "fail"),
        (SAID, RUNNING, ("g2",), "unknown"),
    ],
    ids=["moves", "built", "failed", "unseen", "seen elsewhere", "seen not to run", "other unseen"],
)
def test_who_is_on_the_way_or_out_of_sight(
    said: Inventory, running: Mapping[str, Collection[str]], unseen: Collection[str], outcome: Outcome
) -> None:
    assert guests_agree.judge(said, running, unseen)[0] == outcome


@pytest.mark.parametrize(
    ("said", "running", "why"),
    [
        (SAID, {"g1": ["a"], "g2": ["z"]}, "a process on g2 of z"),
        (replace(SAID, allocations={"z": frozenset({"g1"})}), RUNNING, "an allocation on g1 of z"),
        (replace(SAID, ports=(Port(id="p", server="z", host="g1"),)), RUNNING, "port p of z"),
        (replace(SAID, attachments={"v (x)": "z"}), RUNNING, "an attachment of volume v (x) of z"),
    ],
)
def test_what_is_left_of_guests_that_are_no_more(
    said: Inventory, running: Mapping[str, Collection[str]], why: str
) -> None:
    for unseen in ((), ("g2",)):
        outcome, detail = no_orphans.judge(said, running, unseen)
        assert (outcome, why in detail) == ("fail", True)
    assert no_orphans.judge(SAID, RUNNING, ("g2",))[0] == "unknown"
