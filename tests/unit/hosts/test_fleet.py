from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from fournines.cloud.model import Bmc, Cloud, Host, Network, Ssh
from fournines.errors import HostError
from fournines.hosts.fleet import fleet
from fournines.hosts.nspawn import Nspawn
from fournines.hosts.ssh import SshHost, SwitchedSshHost
from fournines.state import State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    return State("one")


def host(bmc: Bmc | None = None, ssh: Ssh | None = None) -> Host:
    addresses = {"management": IPv4Address("10.99.0.11")}
    return Host("c1", 1, frozenset({"control"}), None, "nova", (), (), addresses, bmc, ssh)


def cloud(one: Host, provider: str = "ssh") -> Cloud:
    network = Network("management", IPv4Network("10.99.0.0/24"), None, None, 1500)
    made = Cloud("one", "RegionOne", "cell1", 0.999, "ssh", {"management": network}, (one,), {})
    return made if provider == "ssh" else replace(made, provider="lab")


def test_a_lab_has_nspawn_hosts(state: State) -> None:
    found = fleet(cloud(host(), "lab"), state)["c1"]
    assert isinstance(found, Nspawn)
    assert found.name == "c1"


def test_other_clouds_have_ssh_hosts_with_their_bmc(state: State, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("bmc secret\n")
    bmc = Bmc("192.0.2.1", 443, "/redfish/v1/Systems/1", "admin", str(secret))
    found = fleet(cloud(host(bmc, Ssh("192.0.2.11", 22, "root", None))), state)["c1"]
    assert isinstance(found, SwitchedSshHost)
    assert found.bmc.password == "bmc secret"
    assert "bmc secret" not in repr(found)


def test_a_host_without_a_bmc_has_no_switch_at_all(state: State) -> None:
    found = fleet(cloud(host(ssh=Ssh("192.0.2.11", 22, "root", None))), state)["c1"]
    assert isinstance(found, SshHost)
    assert not hasattr(found, "power_off")


def test_a_host_that_cannot_be_reached_is_named(state: State) -> None:
    with pytest.raises(HostError, match="c1: the spec does not say how to reach it"):
        fleet(cloud(host()), state)


def test_a_password_that_cannot_be_read_is_named(state: State) -> None:
    bmc = Bmc("192.0.2.1", 443, "/redfish/v1/Systems/1", "admin", "/nonexistent/password")
    with pytest.raises(HostError, match="cannot read its BMC's password"):
        fleet(cloud(host(bmc, Ssh("192.0.2.11", 22, "root", None))), state)
