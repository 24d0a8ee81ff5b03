"""What a drill reads from an inspection of the cloud. Pure: views in, names out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.inspect import HostView
from fournines.faults import Fault
from fournines.prove.bounds import Part
from fournines.services.neutron_dhcp import alone

Views = Mapping[str, HostView]
"""Host name -> what was seen of it."""

PACEMAKER, GALERA, MON, OSD, L3 = "pacemaker", "galera", "ceph", "ceph-osd", "neutron-l3"
AGENT, SWITCH, DHCP = "compute-agent", "openvswitch", "neutron-dhcp"


def facts(views: Views, host: str, service: str) -> Mapping[str, Any] | None:
    """What that member says of itself; None when it could not be asked or said nothing."""
    view = views.get(host)
    if view is None or not view.reachable or service not in view.services:
        return None
    return view.services[service].facts or None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Who is not well."""

    host: str
    service: str
    """Empty: the host itself, which does not answer."""
    why: str

    def __str__(self) -> str:
        who = f"{self.service} on {self.host}: " if self.service else f"{self.host} does not answer: "
        return f"{who}{self.why}".removesuffix(": ")


def troubles(views: Views, cloud: Cloud, only: str | None = None) -> list[Trouble]:
    """Who is not well, of all hosts or of `only` one. Empty when all is well."""
    found: list[Trouble] = []
    for host in cloud.hosts:
        if only not in (None, host.name):
            continue
        view = views.get(host.name)
        if view is None or not view.reachable:
            found.append(Trouble(host.name, "", view.why if view else ""))
            continue
        for placement in cloud.services.values():
            if placement.strategy.supervisor == "elsewhere" or host not in placement.hosts:
                continue
            service = view.services.get(placement.name)
            if service is None:
                found.append(Trouble(host.name, placement.name, "not seen"))
            elif service.health is not None and not service.health.ok:
                seen = " ".join(service.health.seen.split())[:200]
                found.append(Trouble(host.name, placement.name, seen or "not healthy"))
    return found


def unhealthy(views: Views, cloud: Cloud, only: str | None = None) -> list[str]:
    """As `troubles`, one line each: `c1 does not answer`, `galera on c2: Joining`."""
    return [str(each) for each in troubles(views, cloud, only)]


def in_short(found: Sequence[Trouble]) -> str:
    """Of one trouble all, of several only who they are: `c3; galera on c1, c2; nova on c1`."""
    if len(found) == 1:
        return str(found[0])
    hosts: dict[str, list[str]] = {}
    for each in found:
        hosts.setdefault(each.service, []).append(each.host)
    silent = hosts.pop("", [])
    return "; ".join([*silent, *(f"{service} on {', '.join(names)}" for service, names in hosts.items())])


def vip_holders(views: Views, cloud: Cloud) -> tuple[list[str], list[str]]:
    """(hosts that carry the VIP, hosts that could not be asked)."""
    said = {host.name: facts(views, host.name, PACEMAKER) for host in cloud.services[PACEMAKER].hosts}
    holders = [name for name, fact in said.items() if fact and fact.get("vip") is True]
    return holders, [name for name, fact in said.items() if fact is None or not isinstance(fact.get("vip"), bool)]


def writers(views: Views, cloud: Cloud) -> list[str]:
    """Database members to which any host's local proxy leads, in the spec's order."""
    members = [host.name for host in cloud.services[GALERA].hosts]
    named = {(facts(views, host.name, GALERA) or {}).get("writer") for host in cloud.hosts}
    return [name for name in members if name in named]


def mon_leaders(views: Views, cloud: Cloud) -> list[str]:
    """Monitors that any of them calls the leader, in the spec's order."""
    mons = members(cloud, MON)
    named = {(facts(views, name, MON) or {}).get("leader") for name in mons}
    return [name for name in mons if name in named]


def routers(views: Views, cloud: Cloud) -> tuple[Mapping[str, list[str]], list[str]]:
    """(router -> hosts on which it is active, hosts that could not be asked)."""
    said = {name: facts(views, name, L3) for name in members(cloud, L3)}
    known = sorted({router for fact in said.values() for router in (fact or {}).get("ready", ())})
    claimed = {name: (fact or {}).get("active", ()) for name, fact in said.items()}
    active = {router: [name for name, own in claimed.items() if router in own] for router in known}
    return active, [name for name, fact in said.items() if fact is None]


def router_hosts(views: Views, cloud: Cloud) -> list[str]:
    """Hosts on which a router is active, in the spec's order."""
    active, _ = routers(views, cloud)
    return [name for name in members(cloud, L3) if any(name in hosts for hosts in active.values())]


def guests(views: Views, cloud: Cloud) -> tuple[Mapping[str, list[str]], list[str]]:
    """(host -> ids of the guests that have a process there, hosts that could not be asked)."""
    said = {name: facts(views, name, AGENT) for name in members(cloud, AGENT)}
    running = {name: list((fact or {}).get("running", ())) for name, fact in said.items()}
    return running, [name for name, fact in said.items() if fact is None]


def carried(hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """What these hosts carry together, for the bounds."""
    parts: set[Part] = set()
    if set(hosts) & set(vip_holders(views, cloud)[0]):
        parts.add("vip")
    if set(hosts) & set(writers(views, cloud)):
        parts.add("writer")
    if set(hosts) & {host.name for host in cloud.services[GALERA].hosts}:
        parts.add("member")
    if set(hosts) & set(router_hosts(views, cloud)):
        parts.add("router")
    if set(hosts) & set(members(cloud, DHCP)) and alone(cloud):
        parts.add("dhcp")
    running, _ = guests(views, cloud)
    if any(running.get(name) for name in hosts) and set(running) - set(hosts):
        parts.add("guests")
    stores = members(cloud, OSD)
    if set(hosts) & set(stores):
        parts.add("osds")
        size = cloud.services[MON].options.get("size", 3) if MON in cloud.services else 0
        if isinstance(size, int) and len(stores) <= size:
            parts.add("copies")
    return frozenset(parts)


def struck(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """What that fault takes from the cloud when it strikes these hosts."""
    parts = fault.parts(hosts)
    if len(parts) > 1:
        return frozenset(lost for part, own in parts for lost in struck(part, tuple(own), views, cloud))
    if fault.silences or fault.severs:
        return carried(hosts, views, cloud)
    if fault.stops:
        return _STOPPED.get(fault.stops, _nothing)(fault, hosts, views, cloud)
    return frozenset()


def _nothing(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    return frozenset[Part]({"hung"}) if fault.hangs else frozenset[Part]()


def _member(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """Peers and pacemakers fence a host that is no member any more: all that it carries goes."""
    return carried(hosts, views, cloud)


def _database(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    if fault.letter != "C":
        return frozenset()
    found = carried(hosts, views, cloud) & frozenset[Part]({"writer", "member"})
    return found | frozenset[Part]({"hung"} if fault.hangs else ())


def _balancer(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    return frozenset[Part]({"balancer"}) if "vip" in carried(hosts, views, cloud) else frozenset[Part]()


def _broker(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    return frozenset[Part]({"broker"})


def _switch(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """What the switch carried, the others miss as if the host were gone."""
    return carried(hosts, views, cloud) & frozenset[Part]({"router", "dhcp"})


def _osd(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """One that hangs is missed like a silent host."""
    return frozenset[Part]({"osds"} if fault.hangs else {"osd"})


_STOPPED = {
    "corosync": _member,
    GALERA: _database,
    "haproxy": _balancer,
    "rabbitmq": _broker,
    SWITCH: _switch,
    OSD: _osd,
}


def members(cloud: Cloud, service: str) -> list[str]:
    return [host.name for host in cloud.services[service].hosts] if service in cloud.services else []
