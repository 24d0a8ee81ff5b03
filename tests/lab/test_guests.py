"""The standing lab's guest: it answers through its floating IP, whatever dies on the way to it, and nothing of it is
left when it is taken away.
"""

from __future__ import annotations

import os
import time
from ipaddress import IPv4Address
from typing import Any

import pytest
from standing_lab import Standing, of_guests

from fournines.cloud.names import DEMO
from fournines.demo.ask import ask
from fournines.errors import NinesError
from fournines.guest.status import GuestStatus

pytestmark = [
    pytest.mark.lab,
    of_guests,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


@pytest.fixture
def address(standing: Standing) -> IPv4Address:
    """Of the guest, which runs."""
    demo = standing.json("demo")
    assert demo["host"] in ("g1", "g2")
    assert demo["status"]["uuid"] == demo["server"]
    return IPv4Address(demo["address"])


def answers(address: IPv4Address, bound: float = 120) -> GuestStatus:
    end, seen = time.monotonic() + bound, ""
    while time.monotonic() < end:
        try:
            return ask(address, timeout=2)
        except (OSError, NinesError) as error:
            seen = str(error)
        time.sleep(0.5)
    pytest.fail(f"no answer from {address} within {bound:g} s; last seen: {seen}")


def test_the_guest_answers_and_counts_on_its_volume(standing: Standing, address: IPv4Address) -> None:
    first = answers(address)
    assert first.lease is not None
    # What a tunnel takes of it.
    assert first.lease.mtu == 1450
    end = time.monotonic() + 60
    while (later := answers(address)).counter == first.counter:
        assert time.monotonic() < end, "it writes nothing to its volume"
    assert later.boot_id == first.boot_id
    standing.well()


def test_a_second_up_leaves_the_guest_as_it_is(standing: Standing, address: IPv4Address) -> None:
    before = answers(address)
    up = standing.json("up")
    assert up["guest"]["url"] == f"http://{address}/"
    assert up["guest"]["host"] in ("g1", "g2")
    assert 0 < up["guest"]["seconds"] <= up["seconds"]
    assert answers(address).boot_id == before.boot_id


def test_an_l3_agent_that_is_killed_costs_no_request(standing: Standing, address: IPv4Address) -> None:
    report = standing.json("drill", "l3-agent-kill", exits=(0, 1))
    (guest,) = (probe for probe in report["probes"] if probe["name"] == "guest-http")
    assert guest["requests"] > 20
    assert guest["errors"] == 0, report
    # The one that was started again has routers announce themselves a second time soon, as the first one had.
    for host in standing.cloud.having("network"):
        said = standing.on(host.name, "sh", "-c", "cat /var/lib/neutron/ha_confs/*/keepalived.conf")
        assert "garp_master_delay 1\n" in said


def test_a_host_with_routers_loses_power_and_another_one_routes(standing: Standing, address: IPv4Address) -> None:
    report = standing.json("drill", "network-node-power-loss", exits=(0, 1))
    audits = {audit["name"]: audit["verdict"] for audit in report["audits"]}
    assert audits["one-active-router"] == "ok", report
    assert audits["acknowledged-blocks"] == "ok", report
    answers(address)
    # While Neutron binds the router's ports to the new host its agent must not drop what they send.
    for host in standing.cloud.having("network"):
        said = standing.on(host.name, "journalctl", "-b", "--no-pager", "-u", "neutron-openvswitch-agent")
        assert "rpc_loop" in said
        assert not [line for line in said.splitlines() if "is not bound" in line and "router" in line]


def test_nothing_of_the_demo_is_left(standing: Standing, address: IPv4Address, sdk: Any) -> None:
    standing.nines("demo", "--delete")
    assert list(sdk.compute.servers()) == []
    # Of these, other tests may have some.
    assert list(sdk.block_storage.volumes(name=DEMO)) == []
    assert list(sdk.image.images(name=DEMO)) == []
    assert list(sdk.network.routers()) == list(sdk.network.networks()) == list(sdk.network.ips()) == []
    assert list(sdk.identity.credentials()) == []
    # And it can be had again.
    assert standing.json("demo")["status"]["uuid"]
