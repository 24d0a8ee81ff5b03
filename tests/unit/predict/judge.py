"""Is a service up while these parts are down? From a cloud's hosts, placements and needs alone: no gate, no tree.

A host is up with its rack, a feed and a switch; a member with its host, its own parts and all that it needs; a service
with enough members. Parts are known by the names that predictions give them, and by nothing else of theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from fournines.cloud.model import Cloud, Host, Needs, Placement
from fournines.predict.visible import Visible


class Judge:
    """Of one state; remembers what it has found out."""

    def __init__(self, cloud: Cloud, down: Collection[str], *, changes: bool) -> None:
        self.cloud = cloud
        self.down = frozenset(down)
        self.changes = changes
        self._hosts: dict[str, bool] = {}
        self._members: dict[tuple[str, str], bool] = {}
        self._served: dict[Needs, bool] = {}

    def up(self, visible: Visible) -> bool:
        return all(map(self.served, visible.needs))

    def served(self, need: Needs) -> bool:
        if need not in self._served:
            self._served[need] = self._enough(need)
        return self._served[need]

    def _enough(self, need: Needs) -> bool:
        placement = self.cloud.services.get(need.target)
        if need.soft or (need.changes and not self.changes) or placement is None or not placement.hosts:
            return True
        if need.alive == "one":
            # A given one, or any other that takes over from it.
            takers = placement.hosts if placement.failover else placement.hosts[:1]
            return any(self.host(host) for host in takers)
        live = {host.name for host in placement.hosts if self.member(placement, host)}
        if need.alive == "any":
            return bool(live)
        if need.alive == "all":
            return len(live) == len(placement.hosts)
        if need.alive == "majority":
            third = placement.tie_breaker
            return len(live) + (third is not None and self.host(third)) >= least_of_majority(placement)
        domains = {domain(self.cloud, host) for host in placement.hosts if host.name not in live}
        return len(domains) <= copies_to_spare(self.cloud)

    def member(self, placement: Placement, host: Host) -> bool:
        key = placement.name, host.name
        if key not in self._members:
            self._members[key] = self._member(placement, host)
        return self._members[key]

    def _member(self, placement: Placement, host: Host) -> bool:
        name = placement.name
        own = {f"{name} on {host.name}", f"all of {name} at once", f"shared disk of {name}"}
        if name == "ceph-osd":
            own |= {f"disk {disk.name} of {host.name}" for disk in host.disks}
        return self.host(host) and self.down.isdisjoint(own) and all(self._met(need, host) for need in placement.needs)

    def _met(self, need: Needs, host: Host) -> bool:
        if need.alive != "local":
            return self.served(need)
        target = self.cloud.services.get(need.target)
        return need.soft or target is None or host not in target.hosts or self.member(target, host)

    def host(self, host: Host) -> bool:
        if host.name not in self._hosts:
            self._hosts[host.name] = self._host(host)
        return self._hosts[host.name]

    def _host(self, host: Host) -> bool:
        if not self.down.isdisjoint((f"host {host.name}", f"rack {host.rack}", f"all {likes(host)} at once")):
            return False
        return self._one_left("feed", host.feeds) and self._one_left("switch", host.switches)

    def _one_left(self, kind: str, names: Collection[str]) -> bool:
        if not names:
            return True
        return at_once(kind) not in self.down and any(f"{kind} {name}" not in self.down for name in names)


def least_of_majority(placement: Placement) -> int:
    members = len(placement.hosts)
    if placement.tie_breaker:
        return (members + 1) // 2 + 1
    if placement.strategy.alive == "any":
        return 1  # One runs at a time, and any of them may be the one.
    if placement.name in ("corosync", "pacemaker") and members == 2:
        return 1  # two_node
    return members // 2 + 1


def copies_to_spare(cloud: Cloud) -> int:
    ceph = cloud.services["ceph"].options
    return int(str(ceph["size"])) - int(str(ceph["min_size"]))


def domain(cloud: Cloud, host: Host) -> str | None:
    return host.rack if cloud.services["ceph"].options["failure_domain"] == "rack" else host.name


def likes(host: Host) -> str:
    return " and ".join(sorted(host.roles)) + " hosts"


def hangs(host: Host, kind: str) -> tuple[str, ...]:
    return host.feeds if kind == "feed" else host.switches


def at_once(kind: str) -> str:
    return f"all {kind}{'es' if kind == 'switch' else 's'} at once"


def parts(cloud: Cloud) -> list[str]:
    """Everything in it that can fail, and what fails together. Of one alone nothing fails together."""
    return list(dict.fromkeys(chain(_things(cloud), together(cloud))))


def _things(cloud: Cloud) -> Iterator[str]:
    for host in cloud.hosts:
        yield f"host {host.name}"
        yield from ([f"rack {host.rack}"] if host.rack else [])
        yield from (f"feed {name}" for name in host.feeds)
        yield from (f"switch {name}" for name in host.switches)
    for placement in cloud.services.values():
        yield from (f"{placement.name} on {host.name}" for host in placement.hosts)
        if placement.name == "ceph-osd":
            yield from (f"disk {disk.name} of {host.name}" for host in placement.hosts for disk in host.disks)
        if placement.strategy.disk and placement.options.get("disk") == "shared":
            yield f"shared disk of {placement.name}"


def together(cloud: Cloud) -> Iterator[str]:
    """The groups."""
    roles = [likes(host) for host in cloud.hosts]
    yield from (f"all {each} at once" for each in dict.fromkeys(roles) if roles.count(each) > 1)
    for kind in ("feed", "switch"):
        if len({name for host in cloud.hosts for name in hangs(host, kind)}) > 1:
            yield at_once(kind)
    yield from (f"all of {each.name} at once" for each in cloud.services.values() if len(each.hosts) > 1)
