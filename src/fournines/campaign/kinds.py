"""What a campaign may do to a cloud: every fault that it can suffer, with the targets that it can strike.

Both follow from what the fault says of itself and from the cloud; there is no list to edit:

    it says so itself (`choices`)   what it says, each class of faults a kind of its own
    it aims at a leader             that leader, whoever it is by then
    it aims at a role (`storage:2`) any so many hosts of the role
    it silences or severs hosts     any host of the role whose power loss is its class (`budgets.ROLES`)
    it stops or acts on a service   any member of it
    none of these                   nothing, as the null fault

Of one host, a leader's word is a target too where all who may lead are among these hosts: `vip` for a power loss of
controllers, since what leads is what drills are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, get_args

from fournines.cloud.model import Cloud, Role
from fournines.errors import NinesError
from fournines.faults import Fault
from fournines.prove.budgets import ROLES
from fournines.prove.targets import LEADERS, NOWHERE, among

Able = Callable[[Fault, str], None]
"""Raises NinesError, saying why, when that target (a host's name or a leader's word) cannot suffer the fault now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One fault, and where it may strike on this cloud."""

    fault: str
    words: tuple[str, ...]
    """Targets as they are; none where `count` is more than 1."""
    pool: tuple[str, ...] = ()
    """Hosts, any `count` of which are a target."""
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        return {"fault": self.fault, "words": list(self.words), "pool": list(self.pool), "count": self.count}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        return cls(str(data["fault"]), tuple(data["words"]), tuple(data["pool"]), int(data["count"]))


@dataclass(frozen=True, slots=True)
class Impossible:
    """What a campaign leaves out."""

    fault: str
    targets: tuple[str, ...]
    """Those that cannot suffer it; empty: none on this cloud can."""
    why: str

    def as_json(self) -> dict[str, Any]:
        return {"fault": self.fault, "targets": list(self.targets), "why": self.why}


def kinds(cloud: Cloud, faults: Iterable[Fault], able: Able) -> tuple[list[Kind], list[Impossible]]:
    """(what can be drilled, what cannot and why), in the order of the faults."""
    found: list[Kind] = []
    left_out: list[Impossible] = []
    for fault, kind in _each(cloud, faults, left_out):
        refused: dict[str, str] = {}
        for target in (*kind.words, *kind.pool):
            try:
                able(fault, target)
            except NinesError as error:
                refused[target] = error.message
        words = tuple(word for word in kind.words if word not in refused)
        pool = tuple(name for name in kind.pool if name not in refused)
        if len(pool) < kind.count:
            pool = ()
        if words or pool:
            found.append(Kind(fault.name, words, pool, kind.count))
        # Hosts often refuse for one and the same reason.
        by_why: dict[str, list[str]] = {}
        for target, why in refused.items():
            by_why.setdefault(why, []).append(target)
        everywhere = not words and not pool
        for why, targets in by_why.items():
            left_out.append(Impossible(fault.name, () if everywhere and len(by_why) == 1 else tuple(targets), why))
    return found, left_out


def _each(cloud: Cloud, faults: Iterable[Fault], left_out: list[Impossible]) -> Iterator[tuple[Fault, Kind]]:
    for fault in faults:
        if choices := fault.choices(cloud):
            yield from ((fault, Kind(fault.name, tuple(words))) for words in choices)
            continue
        try:
            yield fault, _kind(cloud, fault)
        except NinesError as error:
            left_out.append(Impossible(fault.name, (), error.message))


def _kind(cloud: Cloud, fault: Fault) -> Kind:
    """Where it may strike as far as the cloud says. Raises NinesError when nowhere."""
    members = _members(cloud, fault)
    if fault.target in LEADERS:
        service = LEADERS[fault.target].service
        if not _hosts(cloud, service):
            raise NinesError(f"the cloud has no {service}")
        return Kind(fault.name, (fault.target,))
    role = fault.target.partition(":")[0]
    count = 1
    if role in get_args(Role):
        pool, count = among(fault.target, cloud)
    elif fault.target:
        return Kind(fault.name, (fault.target,))
    elif fault.silences or fault.severs:
        pool = tuple(host.name for host in cloud.hosts if any(ROLES[role] == fault.letter for role in host.roles))
        if not pool:
            raise NinesError(f"the cloud has no host of class {fault.letter}")
    elif members is not None:
        pool = members
    else:
        return Kind(fault.name, (NOWHERE,))
    if members is not None:
        pool = tuple(name for name in pool if name in members)
    if len(pool) < count:
        raise NinesError(f"only {len(pool)} of the {count} hosts that it takes have what it strikes")
    led = {word: _hosts(cloud, leader.service) for word, leader in LEADERS.items()}
    words = tuple(word for word, hosts in led.items() if hosts and set(hosts) <= set(pool)) if count == 1 else ()
    return Kind(fault.name, words, pool, count)


def _members(cloud: Cloud, fault: Fault) -> tuple[str, ...] | None:
    """Hosts with the service that it strikes; None: it strikes none in particular. Raises NinesError without any."""
    service = fault.stops or fault.service
    if not service:
        return None
    if not (hosts := _hosts(cloud, service)):
        raise NinesError(f"the cloud has no {service}")
    return hosts


def _hosts(cloud: Cloud, service: str) -> tuple[str, ...]:
    return tuple(host.name for host in cloud.services[service].hosts) if service in cloud.services else ()
