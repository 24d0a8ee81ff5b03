"""The needs graph as fault trees: which parts' failures together take a user-visible service away.

    a service is down      when something is that all its members need, or too few of its members are left
    a member is down       when its daemons are, its host, its disks, or a member on the same host that it needs
    a host is down         when it is itself, its rack, its last feed, or its last switch
    a group is down        when one cause strikes it all: a role's hosts, a service's members, the feeds, the switches

Members that lose copies of data count by failure domain (`Service.spread`). A need that is soft is none here, nor
one of changes for who changes nothing. Somebody else's service (strategy external) is taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby
from typing import Literal

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import CutSets, minimal
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.singles import Known, singles
from fournines.availability.tree import FaultTree, Gate
from fournines.availability.tree import Kind as GateKind
from fournines.cloud.model import Cloud, Host, Needs, Placement, Spread
from fournines.errors import NinesError
from fournines.predict.parts import Part
from fournines.predict.visible import Visible
from fournines.services import Service, catalogue

_VOTERS = 10
"""With each more that decides together a diagram more than doubles: with eleven it was not done after minutes."""


@dataclass(frozen=True)
class Structure:
    """The fault tree of one user-visible service of a cloud, and what holds of it whatever its events' probabilities,
    which are not in it (all 0)."""

    tree: FaultTree
    parts: Mapping[str, Part]
    """Event -> the part."""
    stands_on: Sequence[Placement]
    """The services that it stands on, each once: those whose failovers it feels."""
    ordering: Callable[[], Sequence[str]]
    """Makes `order`."""
    membership: Callable[[], Mapping[str, Sequence[Sequence[str]]]]
    """Makes `members`."""
    known: Known = field(default_factory=dict[str, Collection[str]])
    """What is known of single points of failure below gates, which the trees of a cloud share."""

    @cached_property
    def order(self) -> Sequence[str]:
        """Its parts in an order in which a diagram had better ask them."""
        return self.ordering()

    @cached_property
    def members(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """Of the services that it stands on: by which parts each member is down, as their names: daemons and disks
        there, then its host."""
        return self.membership()

    @cached_property
    def bdd(self) -> Bdd:
        """Raises NinesError where too many decide together for that: at once, where it can be told without trying."""
        voters = max((len(each.hosts) for each in self.stands_on if each.strategy.alive == "majority"), default=0)
        if voters <= _VOTERS:
            try:
                return Bdd.of(self.tree, hint=self.order)
            except TooManyNodesError:
                pass
        raise NinesError(
            f"{voters} hosts decide together ({self.tree.top}), too many for an exact prediction",
            "leave the role control to seven hosts or fewer (nines explain QUORUM-MANY); check works with more",
        )

    @cached_property
    def singles(self) -> tuple[str, ...]:
        """Parts without each of which it is down, whatever else is up, sorted. This needs no diagram, which is large
        where very many members decide by majority."""
        return tuple(sorted(singles(self.tree, self.known)))

    @cached_property
    def cut_sets(self) -> CutSets:
        """The minimal ones, however many they are."""
        return minimal(self.bdd)


@dataclass
class Structures:
    """Makes the trees of one cloud; gates and parts are made once for all of them."""

    cloud: Cloud
    everywhere: Sequence[Part] = ()
    """What all services stand on besides."""
    services: Mapping[str, Service] = field(default_factory=catalogue)

    def __post_init__(self) -> None:
        self._gates: dict[str, Gate] = {}
        self._parts: dict[str, Part] = {}
        self._known: Known = {}
        self._sizes: dict[str, int] = {}
        self._sites = {host.name: _site(host) for host in self.cloud.hosts}
        self._roles = {host.name: _role(host) for host in self.cloud.hosts}
        self._members: dict[str, Sequence[Sequence[str]]] = {}
        self._on: dict[str, frozenset[str]] = {
            name: frozenset(host.name for host in placement.hosts) for name, placement in self.cloud.services.items()
        }
        self._locally = {
            need.target
            for placement in self.cloud.services.values()
            for need in placement.needs
            if need.alive == "local" and not need.soft
        }
        """Services of which others need the member on their own host."""
        for host in self.cloud.hosts:
            group = _role(host)
            self._sizes[group] = self._sizes.get(group, 0) + 1
        self._sizes["feeds"] = len({name for host in self.cloud.hosts for name in host.feeds})
        self._sizes["switches"] = len({name for host in self.cloud.hosts for name in host.switches})

    def of(self, visible: Visible) -> Structure:
        """The tree of one of the services that the cloud offers."""
        met: dict[str, Placement] = {}
        inputs = [
            self._served(need, visible.changes, met) for need in visible.needs if self._counts(need, visible.changes)
        ]
        stands_on = {placement.name: placement for placement in met.values()}
        top = self._gate(f"no {visible.name}", "or", [*inputs, *map(self._part, self.everywhere)])
        gates, parts = self._below(top)
        return Structure(
            FaultTree(top, gates, dict.fromkeys(parts, 0.0)),
            parts,
            tuple(stands_on.values()),
            partial(self._order, parts),
            lambda: {name: self._causes(placement) for name, placement in stands_on.items()},
            self._known,
        )

    def _counts(self, need: Needs, changes: bool) -> bool:
        there = self.cloud.services.get(need.target)
        return not need.soft and there is not None and bool(there.hosts) and (changes or not need.changes)

    def _served(self, need: Needs, changes: bool, met: dict[str, Placement]) -> str:
        """The gate: so few members of the target are left that the need is not met. `met`: gate -> target."""
        placement = self.cloud.services[need.target]
        name = f"{need.target}: {need.alive}" + (" to change" if changes else "")
        if name in met:
            return name
        met[name] = placement
        below = [
            self._served(other, changes, met)
            for other in self._global(placement, set())
            if self._counts(other, changes)
        ]
        # A given host is needed whatever becomes of members: it is not down with all of them.
        common = self._common(placement, set()) if need.alive != "one" else ()
        return self._gate(name, "or", [*below, self._too_few(need, placement), *common])

    def _global(self, placement: Placement, seen: set[str]) -> Iterable[Needs]:
        """What all its members need alike: what it needs anywhere, and what its needs on its own host need anywhere."""
        if placement.name in seen:
            return
        seen.add(placement.name)
        for need in placement.needs:
            if need.alive != "local":
                yield need
            elif not need.soft and need.target in self.cloud.services:
                yield from self._global(self.cloud.services[need.target], seen)

    def _too_few(self, need: Needs, placement: Placement) -> str:
        hosts = placement.hosts
        if need.alive == "one":
            if placement.failover and len(hosts) > 1:
                # Others take over from the one that is lost: `failovers.py` charges what that costs.
                return self._all_down(f"{need.target}: every host of it", need.target, hosts, self._alone)
            # Any of them stands for all.
            return self._host(next(iter(hosts)))
        spread = self.services[placement.name].spread(self.cloud)
        if need.alive == "all-but-one":
            domains = self._domains(placement, spread)
            return self._atleast(f"{need.target}: more than {spread.spare} {spread.domain}s", spread.spare + 1, domains)
        fail = {"any": len(hosts), "majority": spread.spare + 1, "all": 1}[need.alive]
        third = placement.tie_breaker if need.alive == "majority" else None
        name = f"{need.target}: {fail} of {len(hosts) + (third is not None)}"
        if fail == len(hosts) and not third:
            return self._all_down(name, f"{need.target} members", hosts, partial(self._own, placement))
        # Place by place: what hosts have in common then stands close together, which keeps diagrams small.
        return self._atleast(
            name,
            fail,
            [
                *(self._member(placement, host) for host in sorted(hosts, key=self._place)),
                *([self._host(third)] if third else []),
            ],
        )

    def _all_down(self, name: str, what: str, hosts: Iterable[Host], own: Callable[[Host], str]) -> str:
        """Every one of these hosts is down: at each site, what they hang on is, or each of them by its `own`."""
        sites: list[str] = []
        for site, there in groupby(sorted(hosts, key=self._place), key=self._place):
            alike = list(there)
            each = self._gate(f"{what} of {site}", "and", [own(host) for host in alike])
            sites.append(self._gate(f"{what} at {site}", "or", [each, self._site(alike[0])]))
        return self._gate(name, "and", sites)

    def _place(self, host: Host) -> str:
        return self._sites[host.name]

    def _domains(self, placement: Placement, spread: Spread) -> list[str]:
        found: list[str] = []
        for name, hosts in groupby(sorted(placement.hosts, key=spread.domain_of), key=spread.domain_of):
            alike = list(hosts)
            below = [*map(self._site, alike), *(self._own(placement, host) for host in alike)]
            found.append(self._gate(f"{placement.name} in {name}", "or", below))
        return found

    def _member(self, placement: Placement, host: Host) -> str:
        name = f"{placement.name} member on {host.name}"
        return self._gate(name, "or", [self._own(placement, host), self._site(host)])

    def _own(self, placement: Placement, host: Host) -> str:
        """The member is down by itself or by its host's own failure: not by what other hosts hang on too."""
        name = f"{placement.name} itself on {host.name}"
        if name not in self._gates:
            below = [*self._parts_of(placement, host), *self._locals(placement, host)]
            self._gate(name, "or", [*below, self._alone(host)])
        return name

    def _parts_of(self, placement: Placement, host: Host) -> list[str]:
        """The parts that are this member's alone."""
        service = placement.name
        group = service if len(placement.hosts) > 1 else ""
        disks = self.services[service].parts(self.cloud, host)
        return [
            self._part(Part(f"{service} on {host.name}", "daemon", group, ("services", service), host=host.name)),
            *(
                self._part(
                    Part(f"disk {disk} of {host.name}", "disk", "", ("hosts", host.name, "disks", disk), host=host.name)
                )
                for disk in disks
            ),
        ]

    def _locals(self, placement: Placement, host: Host) -> list[str]:
        return [
            self._own(self.cloud.services[need.target], host)
            for need in placement.needs
            if need.alive == "local" and not need.soft and host.name in self._on.get(need.target, ())
        ]

    def _causes(self, placement: Placement) -> Sequence[Sequence[str]]:
        """Of each member all parts by one of which it is down; nothing of what other hosts hang on too."""
        name = placement.name
        if name not in self._members:
            self._members[name] = [[*self._below(self._own(placement, host))[1]] for host in placement.hosts]
        return self._members[name]

    def _host(self, host: Host) -> str:
        return self._gate(f"{host.name} down", "or", [self._alone(host), self._site(host)])

    def _alone(self, host: Host) -> str:
        group = self._roles[host.name] if self._sizes[self._roles[host.name]] > 1 else ""
        return self._part(Part(f"host {host.name}", "host", group, ("hosts", host.name), host=host.name))

    def _site(self, host: Host) -> str:
        """What it hangs on with others: its rack, its last feed, its last switch, what strikes all its likes."""
        name = f"below {self._sites[host.name]}"
        if name not in self._gates:
            inputs: list[str] = []
            role = self._roles[host.name]
            if self._sizes[role] > 1:
                inputs.append(self._part(Part(f"all {role} at once", "group", role, ("hosts",), of="host")))
            if host.rack:
                inputs.append(self._part(Part(f"rack {host.rack}", "rack", "", ("racks", host.rack))))
            inputs += self._all_of("feed", host.feeds) + self._all_of("switch", host.switches)
            self._gates[name] = Gate("or", tuple(inputs)) if inputs else Gate("constant")
        return name

    def _all_of(self, kind: Literal["feed", "switch"], names: tuple[str, ...]) -> list[str]:
        """The last of these feeds or switches, and what strikes all that the cloud has, whichever a host hangs on;
        none where the spec says none."""
        section = {"feed": "feeds", "switch": "switches"}[kind]
        own = tuple(sorted(names))
        group = section if self._sizes[section] > 1 else ""
        each = [self._part(Part(f"{kind} {name}", kind, group, (section,))) for name in own]
        below = [self._gate(f"every {kind} of {', '.join(own)}", "and", each)] if len(own) > 1 else each
        if own and group:
            below.append(self._part(Part(f"all {section} at once", "group", section, (section,), of=kind)))
        return below

    def _common(self, placement: Placement, seen: set[str]) -> list[str]:
        """What strikes all its members at once, or all of a service that each of them needs on its own host."""
        found: list[str] = []
        seen.add(placement.name)
        for need in placement.needs:
            mine = need.alive == "local" and not need.soft and need.target not in seen
            if mine and self._on[placement.name] <= self._on.get(need.target, frozenset()):
                found += self._common(self.cloud.services[need.target], seen)
        loc = ("services", placement.name)
        if len(placement.hosts) > 1:
            found.append(
                self._part(Part(f"all of {placement.name} at once", "group", placement.name, loc, of="daemon"))
            )
        if placement.strategy.disk and placement.options.get("disk") == "shared":
            found.append(self._part(Part(f"shared disk of {placement.name}", "disk", "", loc)))
        return found

    def _part(self, part: Part) -> str:
        self._parts.setdefault(part.name, part)
        return part.name

    def _gate(self, name: str, kind: GateKind, inputs: Sequence[str]) -> str:
        if name not in self._gates:
            self._gates[name] = Gate(kind, tuple(dict.fromkeys(inputs)))
        return name

    def _atleast(self, name: str, least: int, inputs: Sequence[str]) -> str:
        if name not in self._gates:
            # More than there are: it never fails by these.
            possible = least <= len(inputs)
            self._gates[name] = Gate("atleast", tuple(inputs), least) if possible else Gate("constant")
        return name

    def _order(self, parts: Mapping[str, Part]) -> list[str]:
        """Controllers first, and what they hang on, for all services meet there: then service by service. Of these,
        those that need a member on their own host come last, and such members before them: of each controller it is
        then remembered whether it is up, and later whether that member is too, never both. The others site by site,
        host by host: what must be remembered from one to the next is then how many are down so far."""
        on: dict[str, list[str]] = {}
        for name, part in parts.items():
            if part.host:
                on.setdefault(part.host, []).append(name)
        services = {name: number for number, name in enumerate(sorted(self.cloud.services, key=self._locality))}

        def hosts_part_first(name: str) -> tuple[bool, int]:
            return parts[name].kind != "host", services.get(parts[name].loc[-1], -1)

        found: dict[str, None] = {}
        later: list[str] = []
        for host in sorted(
            self.cloud.hosts, key=lambda host: ("control" not in host.roles, self._sites[host.name], host.index)
        ):
            if own := sorted(on.get(host.name, ()), key=hosts_part_first):
                found.update(dict.fromkeys(self._below(self._site(host))[1]))
                if "control" in host.roles:
                    later += own[1:] if parts[own[0]].kind == "host" else own
                    found.update(dict.fromkeys(own[:1]) if parts[own[0]].kind == "host" else {})
                else:
                    if later:
                        found.update(dict.fromkeys(sorted(later, key=hosts_part_first)))
                        later.clear()
                    found.update(dict.fromkeys(own))
        found.update(dict.fromkeys(sorted(later, key=hosts_part_first)))
        return [*(name for name in found if name in parts), *(name for name in parts if name not in found)]

    def _locality(self, service: str) -> int:
        """0: it neither needs a member on its own host nor is needed so; 1: it is; 2: it does."""
        if any(need.alive == "local" and not need.soft for need in self.cloud.services[service].needs):
            return 2
        return int(service in self._locally)

    def _below(self, top: str) -> tuple[dict[str, Gate], dict[str, Part]]:
        """Gates and parts below a gate, in the order in which they are met."""
        gates: dict[str, Gate] = {}
        parts: dict[str, Part] = {}
        waiting = [top]
        while waiting:
            name = waiting.pop()
            if name in self._parts:
                parts.setdefault(name, self._parts[name])
            elif name not in gates:
                gates[name] = self._gates[name]
                waiting.extend(reversed(gates[name].inputs))
        return gates, parts


def _site(host: Host) -> str:
    """The same for hosts that hang on the same, and sorted for those that share much: first by what most share."""
    hangs = (" ".join(sorted(host.feeds)), host.rack or "", " ".join(sorted(host.switches)), _role(host))
    return ", ".join(each for each in hangs if each)


def _role(host: Host) -> str:
    """The group of its likes."""
    return f"{' and '.join(sorted(host.roles))} hosts"
