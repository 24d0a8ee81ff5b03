"""Out of service before hardware or software is touched, and back: one file a duty, found by module name.

A duty is what a host carries for the cloud: guests, routers, copies, the VIP. Each says how it is taken from a host
without a failed request and how it is given back, in an order that duties declare; back goes in the reverse order.

What is in maintenance is written in the cloud itself, by each duty where its own service keeps such things (a reason
in Nova, a flag in Ceph): another operator sees it, and a run that was killed is gone on with. A duty writes its mark
before anything else and takes it away after everything else.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from typing import ClassVar, Final

from fournines.cloud.model import Cloud
from fournines.converge.inspect import HostView
from fournines.maintain.site import Site
from fournines.seam import instances
from fournines.services.onhost.instance_ha_rule import MAINTAINED

REASON: Final = MAINTAINED
"""How a mark begins that has a text."""

Views = Mapping[str, HostView]


class Duty(ABC):
    """One thing that a host carries. Instances hold no state."""

    name: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    """Duties that are taken from a host before this one, and given back after it."""

    mark: ClassVar[tuple[str, str] | None] = None
    """(service, key): under that key of the service's facts are the hosts from which it was taken, as a list, or with a
    text that begins with `REASON`. None: it leaves no mark, and is given back with the others."""

    @abstractmethod
    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        """Who has it."""

    def possible(self, site: Site, host: str, views: Views) -> None:
        """Raises NinesError, saying why, when it cannot be taken from that host now. Changes nothing."""
        return

    @abstractmethod
    def take(self, site: Site, host: str) -> Sequence[str]:
        """Take it from the host; returns when that is so, with what the operator should know of what is left there.
        Idempotent. Raises NinesError."""

    @abstractmethod
    def give(self, site: Site, host: str) -> None:
        """Give it back to a host that answers; returns when that is so. Idempotent. Raises NinesError."""


@cache
def catalogue() -> Mapping[str, Duty]:
    """Every duty of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Duty)


def duties(cloud: Cloud, host: str) -> tuple[Duty, ...]:
    """Those of that host, in the order in which they are taken from it."""
    known = catalogue()
    sorter = TopologicalSorter({name: [each for each in duty.after if each in known] for name, duty in known.items()})
    return tuple(known[name] for name in sorter.static_order() if host in known[name].hosts(cloud))


def in_maintenance(cloud: Cloud, views: Views) -> dict[str, tuple[str, ...]]:
    """Host -> the duties that were taken from it, as the cloud itself says; in the spec's order. Pure."""
    found: dict[str, list[str]] = {host.name: [] for host in cloud.hosts}
    for name, duty in catalogue().items():
        for host in _marked(duty, views) or ():
            if host in found:
                found[host].append(name)
    return {host: tuple(names) for host, names in found.items() if names}


def lines(found: Mapping[str, Sequence[str]]) -> list[str]:
    """For people, one a host: what `in_maintenance` found."""
    return [
        f"{host} is in maintenance ({', '.join(names)}): nines maintain {host} --done" for host, names in found.items()
    ]


def unknown(cloud: Cloud, views: Views) -> list[str]:
    """Duties of which nobody could say from whom they were taken. Pure."""
    return [name for name, duty in catalogue().items() if duty.hosts(cloud) and _marked(duty, views) is None]


def _marked(duty: Duty, views: Views) -> frozenset[str] | None:
    """Hosts from which it was taken; None: nobody says."""
    if duty.mark is None:
        return frozenset()
    service, key = duty.mark
    said: list[Mapping[str, str] | Sequence[str]] = [
        member.facts[key]
        for view in views.values()
        if (member := view.services.get(service)) and member.facts and key in member.facts
    ]
    if not said:
        return None
    return frozenset(
        host for each in said for host in each if not isinstance(each, Mapping) or each[host].startswith(REASON)
    )
