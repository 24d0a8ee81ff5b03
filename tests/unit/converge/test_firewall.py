"""Who may open a connection to a host: rules from what services declare, and ports that clash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.cloud import Cloud, load
from fournines.cloud.model import Host, Placement
from fournines.cloud.ports import Port, Proxy
from fournines.cloud.strategies import QUORUM, QUORUM_PROXIED
from fournines.converge import firewall
from fournines.converge.resources import Resource
from fournines.errors import NinesError
from fournines.services import Service, catalogue
from fournines.state import Vault

CLOUDS = Path(__file__).parents[3] / "clouds"
REACHES = ("host", "cluster", "links", "management", "everybody", "internal", "public")


class Store(Service):
    """A made-up service whose ports a test chooses."""

    name = "store"
    strategies = (QUORUM,)
    packages = ()
    ports: ClassVar[tuple[Port, ...]] = (Port(8776),)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        return ()


class Other(Store):
    name = "other"


def named(kind: type[Store], port: Iterable[Port], proxied: Proxy | None = None) -> Service:
    service = kind()
    service.ports = tuple(port)  # type: ignore[misc]
    service.proxy = proxied  # type: ignore[misc]
    return service


def having(lab: Cloud, monkeypatch: pytest.MonkeyPatch, *offered: Service) -> Cloud:
    """The lab's hosts with these services beside HAProxy's own two."""
    real = {name: catalogue()[name] for name in ("haproxy", "haproxy-local")}
    offers: Mapping[str, Service] = MappingProxyType({**real, **{service.name: service for service in offered}})
    monkeypatch.setattr(firewall, "catalogue", lambda: offers)
    placed = {
        service.name: Placement(
            service.name, QUORUM_PROXIED if service.proxy else QUORUM, lab.hosts, (), endpoints=(), options={}
        )
        for service in offered
    }
    return replace(lab, services={**{name: lab.services[name] for name in real}, **placed})


@cache
def the_lab() -> Cloud:
    return load(CLOUDS / "lab.yaml", catalogue())


@pytest.fixture
def lab() -> Cloud:
    return the_lab()


def accepted(rules: str, who: str) -> set[str]:
    """`tcp 22` and so on, of the rules for those who match `who`."""
    found: set[str] = set()
    for protocol, numbers in re.findall(rf"^ *{re.escape(who)}(tcp|udp) dport {{ (.*) }} accept$", rules, re.M):
        found |= {f"{protocol} {number}" for number in numbers.split(", ")}
    return found


def test_the_labs_rules(lab: Cloud) -> None:
    """The whole text is in tests/golden; here is what must not be lost in it."""
    rules = firewall.ruleset(lab, lab.host("c2"))
    cluster = accepted(rules, "ip saddr @cluster ip daddr 10.71.0.12 ")
    assert cluster >= {"tcp 3306", "tcp 4444", "tcp 4567", "tcp 4568", "tcp 9200"}, "Galera"
    assert cluster >= {"tcp 5671", "tcp 25672", "tcp 4369", "tcp 2379", "tcp 2380", "tcp 5000"}
    assert not cluster & {"tcp 11211", "tcp 8404", "tcp 8405"}, "what listens on 127.0.0.1 alone"
    assert accepted(rules, "ip daddr 10.71.0.10 ") >= {"tcp 5000"}, "the published endpoints"
    assert accepted(rules, "ip saddr @links ") == {"udp 5405"}, "Corosync"
    assert accepted(rules, "ip saddr 10.71.0.0/24 ip daddr 10.71.0.12 ") == {"tcp 22"}
    assert accepted(rules, "") == set(), "nothing is open to everybody on every address"
    assert "hook forward" not in rules
    assert "hook output" not in rules


def test_the_operators_way_in_by_ssh_is_open_from_everywhere() -> None:
    metal = load(CLOUDS / "metal-example.yaml", catalogue())
    assert accepted(firewall.ruleset(metal, metal.host("ctl1")), "") == {"tcp 22"}
    assert accepted(firewall.ruleset(metal, metal.host("cmp04")), "") == {"tcp 22", "tcp 2222"}
    assert "3306" not in firewall.ruleset(metal, metal.host("cmp04")), "no database on a compute host"


def test_one_port_for_two_services(lab: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = having(lab, monkeypatch, named(Store, [Port(8776)]), named(Other, [Port(8776)]))
    with pytest.raises(NinesError) as caught:
        firewall.refuse_clashes(cloud)
    assert str(caught.value) == "c1: other and store both listen on tcp 8776 of its management address"
    assert "another port" in caught.value.remedy


@pytest.mark.parametrize(
    ("one", "two", "clash"),
    [
        (Port(9), Port(9, "udp"), False),
        (Port(9), Port(9, reach="host"), False),
        (Port(9), Port(9, reach="public"), False),
        (Port(9), Port(9, reach="management"), True),
        (Port(9, reach="everybody"), Port(9, reach="host"), True),
        (Port(9, reach="public"), Port(9, reach="public"), True),
        (Port(8405, reach="host"), Port(9), True),
        (Port(22), Port(9), True),
    ],
)
def test_which_ports_clash(lab: Cloud, monkeypatch: pytest.MonkeyPatch, one: Port, two: Port, clash: bool) -> None:
    """8405 on 127.0.0.1 is haproxy-local's, 22 on the management address is sshd's."""
    cloud = having(lab, monkeypatch, named(Store, [one]), named(Other, [two]))
    if clash:
        with pytest.raises(NinesError):
            firewall.refuse_clashes(cloud)
    else:
        firewall.refuse_clashes(cloud)


def test_a_proxied_service_listens_on_its_members_and_on_every_clients_loopback(
    lab: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = having(lab, monkeypatch, named(Store, (), Proxy(77, check_port=78)), named(Other, ()))
    found = {(each.port.number, each.port.reach) for each in firewall.listeners(cloud, lab.hosts[0])}
    assert {(77, "cluster"), (78, "cluster"), (77, "host")} <= found
    clashing = having(lab, monkeypatch, named(Store, (), Proxy(77, check_port=78)), named(Other, [Port(77)]))
    with pytest.raises(NinesError, match="other and store both listen on tcp 77"):
        firewall.refuse_clashes(clashing)


ports = st.lists(
    st.builds(Port, st.sampled_from([9, 10, 11]), st.sampled_from(["tcp", "udp"]), st.sampled_from(REACHES)),
    max_size=4,
    unique=True,
)


@given(one=ports, two=ports)
def test_every_declared_port_is_opened_and_no_other(one: list[Port], two: list[Port]) -> None:
    lab = the_lab()
    with pytest.MonkeyPatch.context() as patch:
        cloud = having(lab, patch, named(Store, one), named(Other, two))
        rules = firewall.ruleset(cloud, lab.host("c1"))
    whos = {
        "everybody": "",
        "public": "ip daddr 10.71.0.10 ",
        "internal": "ip saddr @cluster ip daddr 10.71.0.10 ",
        "cluster": "ip saddr @cluster ip daddr 10.71.0.11 ",
        "links": "ip saddr @links ",
        "management": "ip saddr 10.71.0.0/24 ip daddr 10.71.0.11 ",
    }
    for reach, who in whos.items():
        wanted = {f"{port.protocol} {port.number}" for port in [*one, *two] if port.reach == reach}
        assert accepted(rules, who) == wanted | ({"tcp 22"} if reach == "management" else set())
