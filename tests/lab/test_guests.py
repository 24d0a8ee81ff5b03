"""Guests, on clouds/small.yaml under a name and subnets of its own: the demo's guest answers through its floating IP,
whatever dies on the way to it, and nothing of it is left.

It takes 16 GB, so it cannot stand beside the standing lab: run it alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from standing_lab import REPOSITORY, Standing

from fournines.demo.build import ask
from fournines.errors import NinesError
from fournines.guest.status import GuestStatus

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
    pytest.mark.skipif(
        "NINES_GUESTS" not in os.environ,
        reason="a second cloud of 16 GB and a quarter of an hour: NINES_GUESTS=1, and by itself",
    ),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, lab_state: None) -> Generator[Standing]:
    text = (REPOSITORY / "clouds/small.yaml").read_text()
    assert "name: small\n" in text
    path = tmp_path_factory.mktemp("cloud") / "guests.yaml"
    path.write_text(text.replace("name: small\n", "name: guests\n").replace("10.72.", "10.76."))
    standing, keep = Standing(path), bool(os.environ.get("NINES_KEEP_LAB"))
    if not keep:
        standing.nines("down")
    try:
        standing.nines("up", timeout=1500)
        yield standing
    finally:
        if not keep:
            standing.nines("down")


@pytest.fixture
def address(small: Standing) -> IPv4Address:
    """Of the demo's guest, which runs."""
    demo = small.json("demo")
    assert demo["host"] == "g1"
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


def test_the_guest_answers_and_counts_on_its_volume(small: Standing, address: IPv4Address) -> None:
    first = answers(address)
    assert first.lease is not None
    # What a tunnel takes of it.
    assert first.lease.mtu == 1450
    end = time.monotonic() + 60
    while (later := answers(address)).counter == first.counter:
        assert time.monotonic() < end, "it writes nothing to its volume"
    assert later.boot_id == first.boot_id
    assert small.json("status")["ok"] is True


def test_an_l3_agent_that_is_killed_costs_no_request(small: Standing, address: IPv4Address) -> None:
    report = small.json("drill", "l3-agent-kill", exits=(0, 1))
    (guest,) = (probe for probe in report["probes"] if probe["name"] == "guest-http")
    assert guest["requests"] > 20
    assert guest["errors"] == 0, report


def test_a_host_with_routers_loses_power_and_another_one_routes(small: Standing, address: IPv4Address) -> None:
    report = small.json("drill", "network-node-power-loss", exits=(0, 1))
    audits = {audit["name"]: audit["verdict"] for audit in report["audits"]}
    assert audits["one-active-router"] == "ok", report
    assert audits["acknowledged-blocks"] == "ok", report
    answers(address)


def test_nothing_of_the_demo_is_left(small: Standing, address: IPv4Address, tmp_path: Path) -> None:
    small.nines("demo", "--delete")
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    config = OpenStackConfig(config_files=[str(small.state.clouds_yaml)], load_envvars=False)
    sdk: Any = Connection(config=config.get_one("guests"))
    assert list(sdk.compute.servers()) == []
    assert list(sdk.block_storage.volumes()) == []
    assert list(sdk.image.images()) == []
    assert list(sdk.network.routers()) == list(sdk.network.networks()) == list(sdk.network.ips()) == []
    assert list(sdk.identity.credentials()) == []
    # And it can be had again.
    assert small.json("demo")["status"]["uuid"]
