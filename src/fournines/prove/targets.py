"""Which hosts a drill's target means now. Pure: views in, names out.

A target is one of

    vip, writer, mon-leader   the host that carries the VIP, the database writer, the monitors' leader
    router                    the host on which routers are active
    guests                    a host that runs guests, the first of the spec
    c1; s1,s3                 that host; these hosts
    storage                   one host with that role, the first of the spec: also where leaders are elected
    rabbitmq, nova-conductor  one host of that service, or with that daemon of one
    r1, a                     the hosts of that rack; the hosts that hang on that feed alone

and of a role, a service or a daemon, so many hosts: `storage:2`, `rabbitmq:minority`, `control:majority`,
`keystone:all`; `galera:primary` is the member that does for all what only one does, `keystone:c2` the one on that host.
Of two faults at a time the targets of both: `vip+s1`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from fournines.cloud.model import Cloud, Role
from fournines.errors import DrillError
from fournines.faults import AND, Means
from fournines.hosts import Fleet
from fournines.prove.facts import (
    AGENT,
    GALERA,
    L3,
    MON,
    PACEMAKER,
    Views,
    guests,
    mon_leaders,
    router_hosts,
    vip_holders,
    writers,
)
from fournines.services import daemons
from fournines.state import Vault

NOWHERE = "none"
"""Of a drill that injures nothing."""


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


def means(cloud: Cloud, fleet: Fleet, vault: Vault, views: Views) -> Means:
    """What a fault may take to strike this cloud as it is now."""
    return Means(cloud, fleet, vault, lambda target: resolve(target, views, cloud))


def resolve(target: str, views: Views, cloud: Cloud) -> tuple[str, ...]:
    """The hosts that a target means now.

    Raises DrillError when it means none, or when the hosts do not agree.
    """
    if AND in target:
        found = {name for each in target.split(AND) for name in resolve(each, views, cloud)}
        return tuple(host.name for host in cloud.hosts if host.name in found)
    if target in LEADERS:
        return (_leader(target, views, cloud),)
    names = [host.name for host in cloud.hosts]
    wanted = target.split(",")
    if set(wanted) <= {*names}:
        return tuple(name for name in names if name in wanted)
    subject, _, count = target.partition(":")
    members = _members(cloud)
    if count == "primary" and subject in members:
        word = daemons()[subject][0].primary
        if word not in LEADERS:
            raise DrillError(f"cannot aim at {target}: no host of {subject} is more than the others", "say how many")
        return (_leader(word, views, cloud),)
    if count in members.get(subject, ()):
        return (count,)
    places = _places(cloud)
    for pools in (places, members):
        if subject in pools:
            return pools[subject][: _number(target, len(pools[subject]))]
    leaders = [word for word, leader in LEADERS.items() if leader.service in cloud.services]
    there = [*leaders, *(name for name, pool in places.items() if pool), *names]
    near = difflib.get_close_matches(subject, [*there, *members], n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise DrillError(f"no such target: {target}; there are {', '.join(there)}, and every service and daemon", hint)


def among(target: str, cloud: Cloud) -> tuple[tuple[str, ...], int]:
    """(hosts of the role that a target such as `storage:2` begins with, how many of them it means).

    Raises DrillError when that is none of them, or more than there are.
    """
    names = _places(cloud).get(target.partition(":")[0], ())
    return names, _number(target, len(names))


def _hosting(views: Views, cloud: Cloud) -> list[str]:
    return [name for name, found in guests(views, cloud)[0].items() if found]


def _leader(word: str, views: Views, cloud: Cloud) -> str:
    leader = LEADERS[word]
    found = leader.find(views, cloud)
    if len(found) != 1:
        seen = f"{' and '.join(found)} all say they are" if found else "no host says it is"
        raise DrillError(f"cannot aim at {leader.what}: {seen}", "see nines status")
    return found[0]


def _places(cloud: Cloud) -> Mapping[str, tuple[str, ...]]:
    """Role, rack or feed -> its hosts."""
    found = {role: tuple(host.name for host in cloud.having(role)) for role in get_args(Role)}
    for host in cloud.hosts:
        for place in (host.rack, *(host.feeds if len(host.feeds) == 1 else ())):
            if place and place not in get_args(Role):
                found[place] = (*found.get(place, ()), host.name)
    return found


def _members(cloud: Cloud) -> Mapping[str, tuple[str, ...]]:
    """Service or daemon -> its hosts."""
    return {
        name: tuple(host.name for host in cloud.services[service.name].hosts)
        for name, (service, _) in daemons().items()
        if service.name in cloud.services
    }


def _number(target: str, there: int) -> int:
    """How many of so many hosts it means."""
    count = target.partition(":")[2]
    words = {"": 1, "one": 1, "minority": (there - 1) // 2, "majority": there // 2 + 1, "all": there}
    number = words.get(count, int(count) if count.isdecimal() else 0)
    if not 0 < number <= there:
        raise DrillError(
            f"cannot aim at {target}: of {there} hosts that is none, or too many",
            "a role or a service, or as in storage:2, storage:minority, storage:majority, storage:all",
        )
    return number
