"""A cloud of three controllers and what an inspection of it may have seen."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from fournines.cloud.model import Cloud, Endpoint, Host, Network, Placement
from fournines.cloud.strategies import ACTIVE_ACTIVE, QUORUM
from fournines.converge.inspect import HostView, ServiceView
from fournines.converge.look import Seen


def member(facts: Mapping[str, Any] | None = None, ok: bool = True, seen: str = "") -> ServiceView:
    return ServiceView(Seen(ok, seen, 0.1), facts, "")


def host(**services: ServiceView) -> HostView:
    return HostView(reachable=True, why="", services=services)


GONE = HostView(reachable=False, why="is off", services={})


def cloud(vip: str = "10.0.0.10", port: int = 5000) -> Cloud:
    hosts = tuple(
        Host(
            name=f"c{n}",
            index=n,
            roles=frozenset({"control"}),
            rack=None,
            zone="nova",
            feeds=(),
            switches=(),
            addresses={"management": IPv4Address(f"10.0.0.1{n}")},
            bmc=None,
            ssh=None,
        )
        for n in (1, 2, 3)
    )
    network = Network("management", IPv4Network("10.0.0.0/24"), IPv4Address(vip), None, 1500)
    services = {
        "pacemaker": Placement("pacemaker", QUORUM, hosts, (), ()),
        "galera": Placement("galera", QUORUM, hosts, (), ()),
        "keystone": Placement("keystone", ACTIVE_ACTIVE, hosts, (), (Endpoint("keystone", port),)),
    }
    return Cloud("lab", "RegionOne", "cell1", 0.9999, "lab", {"management": network}, hosts, services)


def well(vip: str = "c1", writer: str = "c1") -> dict[str, HostView]:
    """All is well; that host carries the VIP, that one is the writer."""
    return {
        name: host(
            pacemaker=member({"vip": name == vip, "quorate": True, "online": ["c1", "c2", "c3"]}),
            galera=member(galera(writer=writer)),
            keystone=member(),
        )
        for name in ("c1", "c2", "c3")
    }


def galera(**changed: Any) -> dict[str, Any]:
    known = {"status": "Primary", "uuid": "u", "conf_id": 3, "size": 3, "state": "Synced", "ready": True}
    return known | {"writer": "c1"} | changed


def with_facts(
    views: Mapping[str, HostView], name: str, service: str, facts: Mapping[str, Any] | None
) -> dict[str, HostView]:
    """The same, but that member says this."""
    return {**views, name: host(**{**views[name].services, service: member(facts)})}
