"""Racks, power feeds and switches that hosts are lost with, and what clients then miss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from fournines.cloud.model import Cloud, Host, Needs
from fournines.predict.visible import offered

Kind = Literal["rack", "feed", "switch"]
KEYS: Mapping[Kind, str] = {"rack": "rack", "feed": "feeds", "switch": "switches"}
"""The key of a host that says it."""


class Part(NamedTuple):
    """Something that stands outside of hosts and takes them along when it fails."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def lost_with(hosts: Iterable[Host]) -> Mapping[Part, list[Host]]:
    """Part -> those of the hosts that are lost with it: its rack, a feed or switch that is their only one."""
    found: dict[Part, list[Host]] = {}
    for host in hosts:
        for part in hanging_on(host):
            found.setdefault(part, []).append(host)
    return found


def hanging_on(host: Host) -> Iterable[Part]:
    """Each part without which the host is lost."""
    if host.rack is not None:
        yield Part("rack", host.rack)
    if len(host.feeds) == 1:
        yield Part("feed", host.feeds[0])
    if len(host.switches) == 1:
        yield Part("switch", host.switches[0])


def missed(cloud: Cloud, services: Iterable[str]) -> tuple[str, ...]:
    """What clients miss while all of these services are down: titles, in the usual order."""
    down = set(services)
    return tuple(
        each.title
        for each in offered(cloud)
        if not down.isdisjoint(_stands_on(cloud, each.needs, changes=each.changes))
    )


def _stands_on(cloud: Cloud, needs: tuple[Needs, ...], *, changes: bool) -> set[str]:
    """Every service that these hard needs lead to."""
    seen: set[str] = set()
    waiting = [*needs]
    while waiting:
        need = waiting.pop()
        if need.soft or (need.changes and not changes) or need.target in seen or need.target not in cloud.services:
            continue
        seen.add(need.target)
        waiting += cloud.services[need.target].needs
    return seen
