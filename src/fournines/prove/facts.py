"""What a drill reads from an inspection of the cloud. Pure: views in, names out.

A target is one of

    vip, writer, mon-leader   the host that carries the VIP, the database writer, the monitors' leader
    router                    the host on which routers are active
    guests                    a host that runs guests, the first of the spec
    c1                        that host
    storage                   one host with that role, the first of the spec: also where leaders are elected
    storage:2, storage:all    so many of them; `minority` and `majority` of them too
    s1,s3                     these hosts
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from fournines.cloud.model import Cloud, Role
from fournines.converge.inspect import HostView
from fournines.errors import DrillError
from fournines.faults import Fault
from fournines.prove.bounds import Part

Views = Mapping[str, HostView]
"""Host name -> what was seen of it."""

PACEMAKER, GALERA, MON, OSD, L3 = "pacemaker", "galera", "ceph", "ceph-osd", "neutron-l3"
AGENT, SWITCH = "compute-agent", "openvswitch"


def facts(views: Views, host: str, service: str) -> Mapping[str, Any] | None:
    """What that member says of itself; None when it could not be asked or said nothing."""
    view = views.get(host)
    if view is None or not view.reachable or service not in view.services:
        return None
    return view.services[service].facts or None


def unhealthy(views: Views, cloud: Cloud, only: str | None = None) -> list[str]:
    """Who is not well, one line each: `c1 does not answer`, `galera on c2: Joining`. Empty when all is well."""
    lines: list[str] = []
    for host in cloud.hosts:
        if only not in (None, host.name):
            continue
        view = views.get(host.name)
        if view is None or not view.reachable:
            lines.append(f"{host.name} does not answer{f': {view.why}' if view and view.why else ''}")
            continue
        for placement in cloud.services.values():
            if placement.strategy.supervisor == "elsewhere" or host not in placement.hosts:
                continue
            service = view.services.get(placement.name)
            if service is None:
                lines.append(f"{placement.name} on {host.name}: not seen")
            elif service.health is not None and not service.health.ok:
                seen = " ".join(service.health.seen.split())[:200]
                lines.append(f"{placement.name} on {host.name}: {seen or 'not healthy'}")
    return lines


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
    members = _members(cloud, MON)
    named = {(facts(views, name, MON) or {}).get("leader") for name in members}
    return [name for name in members if name in named]


def routers(views: Views, cloud: Cloud) -> tuple[Mapping[str, list[str]], list[str]]:
    """(router -> hosts on which it is active, hosts that could not be asked)."""
    said = {name: facts(views, name, L3) for name in _members(cloud, L3)}
    known = sorted({router for fact in said.values() for router in (fact or {}).get("ready", ())})
    claimed = {name: (fact or {}).get("active", ()) for name, fact in said.items()}
    active = {router: [name for name, own in claimed.items() if router in own] for router in known}
    return active, [name for name, fact in said.items() if fact is None]


def router_hosts(views: Views, cloud: Cloud) -> list[str]:
    """Hosts on which a router is active, in the spec's order."""
    active, _ = routers(views, cloud)
    return [name for name in _members(cloud, L3) if any(name in hosts for hosts in active.values())]


def guests(views: Views, cloud: Cloud) -> tuple[Mapping[str, list[str]], list[str]]:
    """(host -> ids of the guests that have a process there, hosts that could not be asked)."""
    said = {name: facts(views, name, AGENT) for name in _members(cloud, AGENT)}
    running = {name: list((fact or {}).get("running", ())) for name, fact in said.items()}
    return running, [name for name, fact in said.items() if fact is None]


@dataclass(frozen=True, slots=True)
class Leader:
    """A word for the one host that leads others."""

    what: str
    service: str
    """It is one of this service's members."""
    find: Callable[[Views, Cloud], list[str]]


LEADERS: Mapping[str, Leader] = MappingProxyType(
    {
        "vip": Leader("the VIP", PACEMAKER, lambda views, cloud: vip_holders(views, cloud)[0]),
        "writer": Leader("the database writer", GALERA, writers),
        "mon-leader": Leader("the monitors' leader", MON, mon_leaders),
        "router": Leader("the host with active routers", L3, router_hosts),
        "guests": Leader("a host with guests", AGENT, lambda views, cloud: _hosting(views, cloud)[:1]),
    }
)


def resolve(target: str, views: Views, cloud: Cloud) -> tuple[str, ...]:
    """The hosts that a target means now.

    Raises DrillError when it means none, or when the hosts do not agree.
    """
    if target in LEADERS:
        leader = LEADERS[target]
        found = leader.find(views, cloud)
        if len(found) != 1:
            seen = f"{' and '.join(found)} all say they are" if found else "no host says it is"
            raise DrillError(f"cannot aim at {leader.what}: {seen}", "see nines status")
        return (found[0],)
    names = [host.name for host in cloud.hosts]
    wanted = target.split(",")
    if set(wanted) <= {*names}:
        return tuple(name for name in names if name in wanted)
    if target.partition(":")[0] in get_args(Role):
        pool, number = among(target, cloud)
        return pool[:number]
    words = [word for word, leader in LEADERS.items() if leader.service in cloud.services]
    there = [*words, *(role for role in get_args(Role) if cloud.having(role)), *names]
    near = difflib.get_close_matches(target, there, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise DrillError(f"no such target: {target}; there are {', '.join(there)}", hint)


def among(target: str, cloud: Cloud) -> tuple[tuple[str, ...], int]:
    """(hosts of the role that a target such as `storage:2` begins with, how many of them it means).

    Raises DrillError when that is none of them, or more than there are.
    """
    role, _, count = target.partition(":")
    names = tuple(host.name for host in cloud.hosts if role in host.roles)
    words = {"": 1, "one": 1, "minority": (len(names) - 1) // 2, "majority": len(names) // 2 + 1, "all": len(names)}
    number = words.get(count, int(count) if count.isdecimal() else 0)
    if not 0 < number <= len(names):
        raise DrillError(
            f"cannot aim at {target}: of {len(names)} hosts that is none, or too many",
            "a role, or as in storage:2, storage:minority, storage:majority, storage:all",
        )
    return names, number


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
    running, _ = guests(views, cloud)
    if any(running.get(name) for name in hosts) and set(running) - set(hosts):
        parts.add("guests")
    members = _members(cloud, OSD)
    if set(hosts) & set(members):
        parts.add("osds")
        size = cloud.services[MON].options.get("size", 3) if MON in cloud.services else 0
        if isinstance(size, int) and len(members) <= size:
            parts.add("copies")
    return frozenset(parts)


def struck(fault: Fault, hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """What that fault takes from the cloud when it strikes these hosts."""
    if fault.silences:
        return carried(hosts, views, cloud)
    if fault.stops == SWITCH:
        # What the switch carried, the others miss as if the host were gone.
        return carried(hosts, views, cloud) & {"router"}
    return frozenset[Part]({"osd"}) if fault.stops == OSD else frozenset[Part]()


def _hosting(views: Views, cloud: Cloud) -> list[str]:
    return [name for name, found in guests(views, cloud)[0].items() if found]


def _members(cloud: Cloud, service: str) -> list[str]:
    return [host.name for host in cloud.services[service].hosts] if service in cloud.services else []
