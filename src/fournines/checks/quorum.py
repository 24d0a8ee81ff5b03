"""Majorities: how many voters there are, and what a majority of them shares.

Whoever lives by a majority (`strategy.alive`) is looked at, whatever its name; services with the same voters are one
finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._parts import KEYS, Kind, Part, lost_with, missed
from fournines.checks._words import listed, verb
from fournines.cloud.model import Host, Placement

_MANY = 7
"""More voters than these make each write wait and save from nothing that happens."""

ONE = Code(
    "QUORUM-ONE",
    "error",
    "one voter decides alone",
    "A majority of one is that one: nobody stands by, and each reboot is an outage. By the figures of `nines predict` "
    "a host's hardware fails once a year for 100 minutes and its system three times for 15 (Dantas 2012): 145 minutes "
    "a year, where 99.99 % allows 53. Its disk holds the only copy of what was decided.",
    "Three hosts at least with the role, in three racks. They serve while any two of them live.",
)
TWO = Code(
    "QUORUM-TWO",
    "error",
    "two voters, of which neither may be lost",
    "The majority of two is both, so the loss of either stops both: two voters fail twice as often as one. Nobody is "
    "there to break a tie. Corosync with two hosts is told to go on alone (two_node in votequorum(5)); then nothing "
    "but fencing decides who survives, and when the link between them breaks each shoots at the other.",
    "A third host with the role, however small, on another rack, feed and switch. Corosync and Galera also take "
    "one that only votes (tie_breaker, under services.corosync and services.galera: qnetd, garbd), which nothing here "
    "builds; RabbitMQ and etcd do not.",
)
EVEN = Code(
    "QUORUM-EVEN",
    "warning",
    "an even number of voters",
    "Four voters bear the loss of one, as three do; six bear two, as five do. The even one is one more host that may "
    "fail, and makes possible what an odd number cannot: two halves, for instance two rooms whose link breaks, of "
    "which neither is a majority. Then nobody serves though every host is well. etcd's own FAQ advises an odd number.",
    "An odd number: take the role from one host, or give it to one more; or, for Corosync and Galera, a `tie_breaker`, "
    "which nothing here builds.",
)
MANY = Code(
    "QUORUM-MANY",
    "note",
    "more voters than anyone needs",
    "A write is acknowledged when a majority has it, in Galera when every member has: each further voter is one more "
    "to wait for, and the slowest sets the pace. Seven bear the loss of three at a time, which common causes (a rack, "
    "a feed, a mistake) bring about long before chance does. etcd's FAQ advises at most seven.",
    "Three or five hosts with the role; keep the others for what scales with hosts.",
)
DOMAIN = Code(
    "QUORUM-DOMAIN",
    "error",
    "a majority of voters fails together",
    "Voters protect from each other's failures only as far as those are independent. When so many hang on one rack, "
    "one power feed or one switch that the rest is no majority, that part alone stops the control plane or the "
    "storage, however many voters there are. A top-of-rack switch fails in 5 % of all years (Gill et al., 2011); "
    "with 99.99 % promised, one repair of an hour is more than the whole year's 53 minutes.",
    "Spread the voters so that those left when any one rack, feed or switch fails are still a majority: three racks, "
    "and two feeds and two switches for each host.",
)


_ALONE = " Only Corosync goes on with one, as two_node says: then nothing but fencing keeps both hosts from serving."


@dataclass(frozen=True)
class _Voters:
    """Hosts that vote, and for what."""

    hosts: tuple[Host, ...]
    services: tuple[str, ...]
    roles: tuple[str, ...]
    """Who has one of these votes, as far as there is room."""

    @property
    def majority(self) -> int:
        return len(self.hosts) // 2 + 1

    @property
    def names(self) -> str:
        return listed(host.name for host in self.hosts)

    @property
    def role(self) -> str:
        return f"the role {' or '.join(self.roles)}"


class Quorum(Check):
    name = "quorum"
    codes = (ONE, TWO, EVEN, MANY, DOMAIN)

    def check(self, design: Design) -> Iterable[Finding]:
        groups = _groups(design)
        for voters in groups:
            yield from _number(design, voters)
        yield from _domains(design, groups)


def _groups(design: Design) -> Sequence[_Voters]:
    """Services that live by a majority, those of the same hosts together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, placement in sorted(design.cloud.services.items()):
        if placement.strategy.alive == "majority" and placement.hosts:
            groups.setdefault(tuple(host.name for host in _voters(design, placement)), []).append(name)
    return [
        _Voters(
            hosts=_voters(design, design.cloud.services[services[0]]),
            services=tuple(services),
            roles=tuple(dict.fromkeys(role for name in services for role in design.services[name].roles)),
        )
        for services in groups.values()
    ]


def _voters(design: Design, placement: Placement) -> tuple[Host, ...]:
    whose = design.cloud.services[design.services[placement.name].voters or placement.name]
    return (*whose.hosts, whose.tie_breaker) if whose.tie_breaker else whose.hosts


def _number(design: Design, voters: _Voters) -> Iterable[Finding]:
    hosts, number = voters.hosts, len(voters.hosts)
    services = listed(voters.services, most=8)
    loc = ("hosts", hosts[-1].name, "roles")
    if number == 1:
        yield ONE.found(
            services,
            f"{hosts[0].name} is the only voter of {services}: while it is down {_without(design, voters.services)}.",
            loc,
            fix=_more(design, voters),
        )
    elif number == 2:
        yield TWO.found(
            services,
            f"{services} {verb(voters.services, 'has', 'have')} two voters, {voters.names}, and only both are a "
            f"majority: when either is down there is none, nor a third to break the tie, and without a majority "
            f"{_without(design, voters.services)}.{_ALONE if 'corosync' in voters.services else ''}",
            loc,
            fix=_more(design, voters),
        )
    elif number % 2 == 0:
        yield EVEN.found(
            services,
            f"{services} {verb(voters.services, 'has', 'have')} {number} voters, {voters.names}: "
            f"{(number - 1) // 2} may be lost, as with {number - 1}, but cut into halves of {number // 2} neither "
            f"serves, and {_without(design, voters.services)}.",
            loc,
            fix=f"take {voters.role} from one of {voters.names} (hosts.{hosts[-1].name}.roles), or give it to one more",
        )
    if number > _MANY:
        yield MANY.found(
            services,
            f"{number} voters, {voters.names}, agree on each write of {services}: clients wait for {voters.majority} "
            f"of them at least, and more than three lost at a time are never chance.",
            loc,
            fix=f"leave {voters.role} to three or five hosts",
        )


def _more(design: Design, voters: _Voters) -> str:
    """What makes three voters of fewer. Hosts with the role need not vote: there may be an even one too many."""
    having = sum(1 for host in design.cloud.hosts if not host.roles.isdisjoint(voters.roles))
    lacking = max(1, 3 - having)
    return f"give {lacking} more host{'s' if lacking > 1 else ''} {voters.role} under `hosts`, in other racks"


def _domains(design: Design, groups: Iterable[_Voters]) -> Iterable[Finding]:
    """A finding for each part whose loss leaves a majority of nobody's."""
    found: dict[Part, list[tuple[_Voters, list[Host]]]] = {}
    for voters in groups:
        for part, behind in lost_with(voters.hosts).items():
            # One host alone is told by its number.
            if len(behind) > 1 and len(voters.hosts) - len(behind) < voters.majority:
                found.setdefault(part, []).append((voters, behind))
    for part, struck in found.items():
        told = "; ".join(
            f"{listed(host.name for host in behind)}, {_share(len(behind), len(voters.hosts))} voters of "
            f"{listed(voters.services, most=8)}"
            for voters, behind in struck
        )
        first = struck[0][1][0]
        yield DOMAIN.found(
            str(part),
            f"{_BEHIND[part.kind]} {part.name}: {told}. When it fails the rest is no majority.",
            ("hosts", first.name, KEYS[part.kind]),
            fix="; ".join(_spread(design, part, voters) for voters, _ in struck),
        )


def _share(some: int, of: int) -> str:
    return f"all {of}" if some == of else f"{some} of the {of}"


_BEHIND: Mapping[Kind, str] = {
    "rack": "in rack",
    "feed": "with no other power than feed",
    "switch": "with no other network than switch",
}


def _spread(design: Design, part: Part, voters: _Voters) -> str:
    if part.kind != "rack":
        key = KEYS[part.kind]
        return f"give {voters.names} two {key} each, under `racks` or as hosts.{voters.hosts[0].name}.{key}"
    most = max(1, (len(voters.hosts) - 1) // 2)
    racks = max(3, ceil(len(voters.hosts) / most))
    there = {host.rack for host in design.cloud.hosts if host.rack is not None}
    few = f" (hosts stand in {len(there)} today: declare more under `racks`)" if len(there) < racks else ""
    return f"spread {voters.names} over {racks} racks or more, at most {most} in each{few}"


def _without(design: Design, services: Sequence[str]) -> str:
    """What clients miss while these are down, as the end of a sentence."""
    titles = missed(design.cloud, services)
    return f"clients go without {listed(titles)}" if titles else f"{listed(services)} stand still"
