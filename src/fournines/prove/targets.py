"""Which hosts a drill's target means now. Pure: views in, names out.

A target is one of

    vip, writer, mon-leader   the host that carries the VIP, the database writer, the monitors' leader
    router                    the host on which routers are active
    guests                    a host that runs guests, the first of the spec
    c1                        that host
    storage                   one host with that role, the first of the spec: also where leaders are elected
    rabbitmq, nova-conductor  one host of that service, or with that daemon of one
    r1, a                     the hosts of that rack; the hosts that hang on that feed alone

and of a role, a service or a daemon, so many hosts: `storage:2`, `rabbitmq:minority`, `control:majority`,
`keystone:all`; `galera:primary` is the member that does for all what only one does.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import get_args

from fournines.cloud.model import Cloud, Role
from fournines.errors import DrillError
from fournines.prove.facts import AGENT, L3, Views, guests, mon_leaders, router_hosts, vip_holders, writers
from fournines.services import daemons


def resolve(target: str, views: Views, cloud: Cloud) -> tuple[str, ...]:
    """The hosts that a target means now.

    Raises DrillError when it means none, or when the hosts do not agree.
    """
    leaders = _leaders(views, cloud)
    names = [host.name for host in cloud.hosts]
    if target in leaders:
        return (_one(*leaders[target]()),)
    if target in names:
        return (target,)
    subject, _, count = target.partition(":")
    places, members = _places(cloud), _members(cloud)
    if count == "primary" and subject in members:
        word = daemons()[subject][0].primary
        if word not in leaders:
            raise DrillError(f"cannot aim at {target}: no host of {subject} is more than the others", "say how many")
        return (_one(*leaders[word]()),)
    for pools in (places, members):
        if subject in pools:
            return _some(target, pools[subject], count or "1")
    there = [*leaders, *(name for name, pool in places.items() if pool), *names]
    near = difflib.get_close_matches(subject, [*there, *members], n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise DrillError(f"no such target: {target}; there are {', '.join(there)}, and every service and daemon", hint)


def _leaders(views: Views, cloud: Cloud) -> Mapping[str, Callable[[], tuple[str, list[str]]]]:
    """Word -> what it means, and the hosts that are it."""
    leaders: dict[str, Callable[[], tuple[str, list[str]]]] = {
        "vip": lambda: ("the VIP", vip_holders(views, cloud)[0]),
        "writer": lambda: ("the database writer", writers(views, cloud)),
        "mon-leader": lambda: ("the monitors' leader", mon_leaders(views, cloud)),
    }
    if L3 in cloud.services:
        leaders["router"] = lambda: ("the host with active routers", router_hosts(views, cloud))
    if AGENT in cloud.services:
        running = guests(views, cloud)[0]
        leaders["guests"] = lambda: ("a host with guests", [name for name, found in running.items() if found][:1])
    return leaders


def _places(cloud: Cloud) -> Mapping[str, list[str]]:
    """Role, rack or feed -> its hosts."""
    found = {role: [host.name for host in cloud.having(role)] for role in get_args(Role)}
    for host in cloud.hosts:
        for place in (host.rack, *(host.feeds if len(host.feeds) == 1 else ())):
            if place and place not in get_args(Role):
                found.setdefault(place, []).append(host.name)
    return found


def _members(cloud: Cloud) -> Mapping[str, list[str]]:
    """Service or daemon -> its hosts."""
    return {
        name: [host.name for host in cloud.services[service.name].hosts]
        for name, (service, _) in daemons().items()
        if service.name in cloud.services
    }


def _one(what: str, found: list[str]) -> str:
    if len(found) != 1:
        seen = f"{' and '.join(found)} all say they are" if found else "no host says it is"
        raise DrillError(f"cannot aim at {what}: {seen}", "see nines status")
    return found[0]


def _some(target: str, names: list[str], count: str) -> tuple[str, ...]:
    """The first of these, as many as that says."""
    words = {"one": 1, "minority": (len(names) - 1) // 2, "majority": len(names) // 2 + 1, "all": len(names)}
    number = words.get(count, int(count) if count.isdecimal() else 0)
    if not 0 < number <= len(names):
        raise DrillError(
            f"cannot aim at {target}: of {len(names)} hosts that is none, or too many",
            "a role or a service, or as in storage:2, storage:minority, storage:majority, storage:all",
        )
    return tuple(names[:number])
