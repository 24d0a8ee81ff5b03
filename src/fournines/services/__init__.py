"""One file a service, found by module name: there is no list to edit.

A service declares, as plain data, all that others need to deploy, check, predict and break it. Each module in
this folder that defines one subclass of `Service` adds that service; `catalogue()` finds them.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Endpoint, Failover, Host, Needs, Placement, Role, Spread, Strategy
from fournines.cloud.offers import Complaint
from fournines.cloud.ports import Port, Proxy
from fournines.converge.resources import Resource
from fournines.converge.steps import Check, Command, Step
from fournines.seam import instances
from fournines.state import Vault


class Options(BaseModel):
    """The keys that a service takes under `services.NAME` in the spec, besides `strategy`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class VoterOptions(Options):
    """Of a service in whose votes somebody may join that serves nothing."""

    tie_breaker: str | None = None
    """A host that only votes (Corosync's qnetd, Galera's garbd). Checked and predicted, not built."""


Said = Mapping[str, Mapping[str, Any]]
"""Host -> the facts that its member tells."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of `nines status`."""

    text: str
    trouble: bool = False
    """All is not well."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the cloud's authority that a daemon on one host shows, to clients, peers or servers."""

    name: str
    """In the vault; several hosts may share one."""
    addresses: tuple[str, ...]
    """DNS names and addresses that it is good for."""
    path: str
    """Where it lies on the host, with its key."""
    port: int | None
    """Where it is shown, TLS beginning with the first byte, at the first of `addresses`. None: by clients only."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A try to have one member of a service accept something, itself and by no other's help: for drills that cut it
    off. It leaves nothing behind that would grow.

    The command prints {accepted: true, false, or null where it could not be tried, seen: in words}, within 5 s after
    its start.
    """

    command: Command
    after_s: float = 0
    """For so long a member that was cut off may still accept it: until timers have run out."""


class Service(ABC):
    """One thing that the cloud offers or stands on. Instances hold no state."""

    name: ClassVar[str]
    """As in the spec and in daemon ids: the upstream project's own name, such as `keystone`."""
    part_of: ClassVar[str | None] = None
    """The service that it belongs to and whose accounts it uses, where that is another one."""
    roles: ClassVar[tuple[Role, ...]] = ("control",)
    """Hosts with one of these run it."""
    strategies: ClassVar[tuple[Strategy, ...]]
    """Those that suit it, the default first."""
    voters: ClassVar[str | None] = None
    """The service whose votes decide for it, where they are not its own."""
    designs: ClassVar[tuple[Strategy, ...]] = ()
    """Those that can be checked and predicted, and that nothing here builds."""
    needs: ClassVar[tuple[Needs, ...]] = ()
    failover: ClassVar[Failover | None] = None
    """What the loss of a member costs while enough live; None: nothing that a client sees."""
    endpoints: ClassVar[tuple[Endpoint, ...]] = ()
    by_default: ClassVar[bool] = True
    """Runs in every cloud that has hosts of its roles; else only where the spec names it under `services`."""
    at_most: ClassVar[int | None] = None
    """At most so many hosts of its roles run it, in as many racks as can be. None: all of them."""
    proxy: ClassVar[Proxy | None] = None
    """How a host's own proxy leads to its members, under a strategy whose reach is `proxy`."""
    ports: ClassVar[tuple[Port, ...]] = ()
    """Where it listens, what follows from `endpoints` and `proxy` aside: nobody reaches a port that is not declared."""
    options: ClassVar[type[Options]] = Options
    packages: ClassVar[tuple[str, ...]]
    """Debian packages."""
    masked: ClassVar[tuple[str, ...]] = ()
    """Units that those packages bring and that must never start by themselves."""
    moved: ClassVar[tuple[str, ...]] = ()
    """Units that run on one host at a time under a strategy that Pacemaker supervises."""
    log_units: ClassVar[tuple[str, ...]] = ()
    """Units whose journal is this service's log, its main daemon first. `@*` stands for every instance."""
    jobs: ClassVar[tuple[str, ...]] = ()
    """Those of them that are no daemons: a timer starts them, and they end by themselves."""
    leaves: ClassVar[tuple[str, ...] | None] = None
    """Units that end on a controller which takes itself out of service (`outlier.py`). None: all of `log_units` that
    are daemons."""
    primary: ClassVar[str] = ""
    """Target of a drill that means the member which does for all what only one does (`fournines.prove.targets`)."""

    def placed(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Of all hosts those that may run it, in their order; none: the cloud does without it."""
        return tuple(host for host in hosts if host.roles & {*self.roles})

    @abstractmethod
    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        """What must be so on one of its hosts, packages and masks aside."""

    def health(self, cloud: Cloud, host: Host) -> Check | None:
        """Holds when the member on that host serves: a real round trip where one is possible."""
        return None

    def facts(self, cloud: Cloud, host: Host) -> Command | None:
        """A program whose standard output is one JSON object of facts about the member on that host, for
        `nines status` and for audits. Each service documents its keys."""
        return None

    def trial(self, cloud: Cloud, host: Host) -> Trial | None:
        """What its member on that host must not accept without a majority of the others."""
        return None

    def spread(self, cloud: Cloud) -> Spread:
        """What its members may lose at a time."""
        if self.voters is not None:
            return catalogue()[self.voters].spread(cloud)
        placement = cloud.services[self.name]
        members = len(placement.hosts)
        votes = members + (placement.tie_breaker is not None)
        spare = {"any": members - 1, "majority": (votes - 1) // 2, "all-but-one": 1, "elsewhere": 0}
        return Spread("host", max(0, min(spare[placement.strategy.alive], members - 1)))

    def parts(self, cloud: Cloud, host: Host) -> Iterable[str]:
        """Names of the disks there without each of which its member is not whole."""
        return ()

    def quorum(self, said: Said) -> tuple[int, str] | None:
        """From the facts of its members (none of one that said nothing): how many serve together, and that in words.
        None: it lives by no majority."""
        return None

    def remarks(self, cloud: Cloud, facts: Mapping[str, Said]) -> Iterable[Remark]:
        """What `nines status` says of it in words, from the facts of all services."""
        return ()

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]:
        """What is wrong with a cloud whose every part is right; told before anything else."""
        return ()

    def capacity(self, cloud: Cloud, endpoint: str) -> int | None:
        """How many requests one member serves at a time at that endpoint; None: not known to be bounded. The load
        balancer gives it no more, so that its checks are answered however busy it is."""
        return None

    def fault_class(self, unit: str) -> Letter:
        """What the loss of that one daemon is, in the budget table."""
        return "A"

    def fenced(self, cloud: Cloud) -> Iterable[Host]:
        """Hosts that Pacemaker must be able to switch off for it."""
        return ()

    def certificates(self, cloud: Cloud, host: Host) -> Iterable[Certificate]:
        """What its member on that host shows to clients and peers."""
        return ()

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        """What is done once for the whole cloud, in order."""
        return ()

    def rolling_order(self, placement: Placement) -> tuple[Host, ...]:
        """The order in which a rolling change walks its hosts."""
        return placement.hosts


@cache
def catalogue() -> Mapping[str, Service]:
    """Every service of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Service)


@cache
def daemons() -> Mapping[str, tuple[Service, str]]:
    """Name of a service, or of a daemon of one without `.service` and `@*` -> the service, and the daemon's unit. A
    service's own name stands for its main daemon."""
    found = catalogue().values()
    every = [(service, unit) for service in found for unit in service.log_units if unit not in service.jobs]
    main = {service.name: (service, service.log_units[0]) for service in found if service.log_units}
    return {unit.removesuffix(".service").removesuffix("@*"): (service, unit) for service, unit in every} | main
