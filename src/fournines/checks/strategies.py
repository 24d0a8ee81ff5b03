"""Strategies: what the chosen way of keeping a service available costs, and what it risks."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._parts import missed
from fournines.checks._words import listed
from fournines.cloud.model import Failover, Placement, Strategy
from fournines.services import Service

_BETTER = ("quorum", "active-active")
"""Strategies under which members serve at the same time, the first preferred."""

DRBD = Code(
    "STRATEGY-DRBD",
    "error",
    "data on a disk that hosts copy to each other",
    "When the link between two hosts breaks each can take the other for dead and promote its own copy. From then on "
    "there are two histories, and one side's acknowledged writes are thrown away to join them again: split brain, "
    "which no setting repairs without loss. DRBD's own manual asks for a quorum of three or for fencing in DRBD and in "
    "Pacemaker (ocf_linbit_drbd(7)). With fencing the other side is dead before a copy is promoted, so what is left "
    "is the length of a failover.",
    "The strategy `quorum`: three members that replicate by themselves, of whom two decide. Else a `bmc` for each.",
    builds=False,
)
SHARED_DISK = Code(
    "STRATEGY-SHARED-DISK",
    "error",
    "data on one disk that several hosts reach",
    "However many hosts stand by, there is one disk, with one controller, one cable path and one file system: when it "
    "fails, all fail, and only a backup is left. Mounted by two hosts at a time, which a fence that fails allows, its "
    "file system is destroyed within seconds. A disk fails in 1.6 % of all years (Backblaze, 2024), an array more "
    "rarely, and restoring takes hours: one hour is more than a year's 53 minutes at 99.99 %.",
    "The strategy `quorum`: three members, each with a disk of its own.",
    builds=False,
)
BACKUP = Code(
    "STRATEGY-BACKUP",
    "warning",
    "one member serves where several could",
    "Under active-backup the loss of the active member is an outage each time: it must be noticed, its host fenced, "
    "then the service is started elsewhere, recovers and finds its clients again. A failover that is not needed cannot "
    "fail either, and one in a hundred is assumed to. A member of an active-active or quorum service is only left out.",
    "Leave `strategy` away: the default keeps several members serving. A cinder backend whose driver cannot share "
    "volumes between managers is a good reason for active-backup; then accept this finding.",
)
EXTERNAL = Code(
    "STRATEGY-EXTERNAL",
    "note",
    "somebody else keeps it available",
    "Nothing here builds, fences or measures it, and a prediction takes it for always there. In truth all that stands "
    "on it is at most as available as it is: one that promises 99.9 % is down nearly nine hours in a year, ten times "
    "what 99.99 % allows.",
    "Ask who runs it for its availability, its failover time and its last outages; drill it with them.",
)


class Strategies(Check):
    name = "strategies"
    codes = (DRBD, SHARED_DISK, BACKUP, EXTERNAL)

    def check(self, design: Design) -> Iterable[Finding]:
        for name, placement in design.cloud.services.items():
            if placement.strategy.supervisor == "elsewhere":
                yield EXTERNAL.found(
                    name,
                    f"somebody else runs {name}; its availability is not counted here.{_without(design, name)}",
                    ("services", name, "strategy"),
                    fix=f"ask who runs {name} how available it is, and how long a failover takes",
                )
                continue
            if placement.strategy.disk:
                yield _disk(design, placement)
            if placement.strategy.name == "active-backup":
                yield from _backup(design, placement)


def _disk(design: Design, placement: Placement) -> Finding:
    name, hosts = placement.name, placement.hosts
    names = listed(host.name for host in hosts)
    if placement.options.get("disk") == "shared":
        return SHARED_DISK.found(
            name,
            f"{name} on {names} has its data on one shared disk: when that fails no host can serve, and mounted by two "
            f"hosts at a time its file system is destroyed.{_without(design, name)}",
            ("services", name, "disk"),
            fix=_instead(design, name),
        )
    unfenced = [host.name for host in hosts if host.bmc is None]
    split = f"{names} copy the disk of {name} to each other" + (" and have two votes" if len(hosts) == 2 else "")
    if unfenced:
        return DRBD.found(
            name,
            f"{split}, and {listed(unfenced)} cannot be fenced: when the link between them breaks both promote their "
            f"copy, and one side's acknowledged writes are lost.{_without(design, name)}",
            ("services", name, "disk"),
            fix=f"{_instead(design, name)}; else a `bmc` for {listed(unfenced)}",
        )
    return DRBD.found(
        name,
        f"{split}: only fencing keeps them from promoting two copies when the link between them breaks, and where it "
        "fails one side's acknowledged writes are lost.",
        ("services", name, "disk"),
        fix=_instead(design, name),
        severity="warning",
    )


def _backup(design: Design, placement: Placement) -> Iterable[Finding]:
    """Of services that have a better strategy on offer."""
    service = design.services[placement.name]
    offered = [each for each in (*service.strategies, *service.designs) if each.name in _BETTER]
    if not offered:
        return
    better = min(offered, key=lambda each: _BETTER.index(each.name))
    cost = _seconds(design, placement.failover)
    other = _seconds(design, _failover(service, better))
    name = placement.name
    loses = f"{other:.1f} s" if other else "nothing that clients see"
    runs = listed(unit.removesuffix(".service") for unit in service.moved) or name
    yield BACKUP.found(
        name,
        f"one of {listed(host.name for host in placement.hosts)} runs {runs}: each time that host is lost, up to "
        f"{cost:.1f} s pass before it serves elsewhere, by the cloud's timers; under {better.name} it costs {loses}.",
        ("services", name, "strategy"),
        fix=_instead(design, name),
    )


def _failover(service: Service, strategy: Strategy) -> Failover | None:
    """What a loss would cost under that strategy: as the resolver has it."""
    return strategy.failover or service.failover


def _seconds(design: Design, failover: Failover | None) -> float:
    return float(getattr(design.timers, failover.timer)()) if failover else 0.0


def _instead(design: Design, name: str) -> str:
    better = next((each for each in design.services[name].strategies if each.name in _BETTER), None)
    if better is None:
        return f"choose another strategy for {name}"
    default = " (the default)" if better == design.services[name].strategies[0] else ""
    three = better.alive == "majority" and len(design.hosts_of(name)) < 3
    return f"set services.{name}.strategy to {better.name}{default}{', on three hosts' if three else ''}"


def _without(design: Design, name: str) -> str:
    titles = missed(design.cloud, (name,))
    return f" Without {name} clients go without {listed(titles)}." if titles else ""
