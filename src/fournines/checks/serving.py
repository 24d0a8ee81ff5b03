"""What controllers serve at a time: requests at the APIs, connections to the one database writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._words import listed
from fournines.cloud.model import Cloud, Placement
from fournines.services import Service
from fournines.services._database import OVERFLOW, POOL, Database
from fournines.services._openstack import OpenStack
from fournines.services.galera import GaleraOptions
from fournines.services.haproxy import at_a_time

API = Code(
    "CAPACITY-API",
    "warning",
    "too few API workers when a controller is lost",
    "The load balancer gives a server three quarters of the requests that it can serve at a time, so that a busy one "
    "still answers its checks. What is above that waits, for at most 10 s, and is then answered with 503. So the "
    "members that are left when one is lost must serve at a time what load.requests_at_once says.",
    "Raise `processes` or `threads` of the service (of Nova: api_processes), or add controllers.",
)
UNKNOWN = Code(
    "CAPACITY-API-UNKNOWN",
    "note",
    "how many requests come at once is not known",
    "Whether the controllers that are left when one is lost serve what then comes was not checked, for the cloud file "
    "does not say how much that is. Too few show late: everything is slower, and the first failover ends in 503.",
    "Give load.requests_at_once: the requests that the busiest API serves at the same time at its worst.",
)
DATABASE = Code(
    "CAPACITY-DATABASE",
    "error",
    "more database connections than the writer takes",
    "All daemons of all controllers connect to one database writer. Each of their processes has a pool for each of its "
    "databases, which keeps 5 connections open and opens up to 20 more when busy. When the writer has "
    "`max_connections`, it refuses the next one with error 1040, and requests end as 500, mostly just after a failover "
    "when everybody connects anew. It is an error where the kept ones alone are too many, a note where only all "
    "daemons being busy at the same time could reach it.",
    "Raise max_connections under services.galera (each that is used costs the writer memory), or have fewer processes.",
)


class ServingCheck(Check):
    name = "serving"
    codes = (API, UNKNOWN, DATABASE)

    def check(self, design: Design) -> Iterable[Finding]:
        yield from _apis(design)
        yield from _connections(design)


def _apis(design: Design) -> Iterable[Finding]:
    wanted = design.cloud.load.requests_at_once
    served: dict[str, tuple[int, int]] = {}
    for name, placement in design.cloud.services.items():
        members = len(placement.hosts)
        for endpoint in placement.endpoints:
            capacity = design.services[name].capacity(design.cloud, endpoint.name)
            # Of one member nothing is left; that is said elsewhere.
            if endpoint.public and capacity is not None and members > 1:
                each = at_a_time(capacity)
                if wanted is None or each * (members - 1) < wanted:
                    served[endpoint.name] = each * (members - 1), each
    if not served:
        return
    worst = min(served, key=lambda name: served[name])
    if wanted is None:
        yield UNKNOWN.found(
            "controllers",
            f"when one controller is lost the others serve {served[worst][0]} requests at a time at {worst}, the least "
            "of all APIs; whether that is enough was not checked; not given: load.requests_at_once",
            ("load",),
        )
        return
    others = [name for name in served if name != worst]
    yield API.found(
        worst,
        f"{wanted} requests come at once at the worst; when one controller is lost the others serve {served[worst][0]} "
        f"at a time at {worst} ({served[worst][1]} each), and the rest wait for up to 10 s, then get 503"
        + (f"; {listed(others)} too {'serve' if len(others) > 1 else 'serves'} fewer" if others else ""),
        ("load", "requests_at_once"),
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """Connections that one service's daemons open on one host."""

    kept: int
    most: int


def opened(service: Service, placement: Placement, cloud: Cloud) -> Opened:
    """What that service's daemons keep and may open on each of its hosts. A request takes one connection of a pool at
    a time, so that no pool of an API has more than the process has threads."""
    database = getattr(service, "database", None)
    if not isinstance(database, Database):
        return Opened(0, 0)
    pools = [
        (processes, min(POOL, threads), min(POOL + OVERFLOW, threads))
        for processes, threads in _apis_of(service, placement, cloud)
    ]
    if isinstance(service, OpenStack):
        pools += [(_workers(placement, worker.unit), POOL, POOL + OVERFLOW) for worker in service.workers(cloud)]
    schemas = len(database.schemas)
    return Opened(
        schemas * sum(processes * kept for processes, kept, _ in pools),
        schemas * sum(processes * most for processes, _, most in pools),
    )


def _apis_of(service: Service, placement: Placement, cloud: Cloud) -> Iterable[tuple[int, int]]:
    """Processes, and threads of each."""
    if isinstance(service, OpenStack):
        return [(api.processes, api.threads) for api in service.apis(cloud)]
    return [(_whole(placement, "processes"), _whole(placement, "threads"))]


def _workers(placement: Placement, unit: str) -> int:
    """Processes of a daemon: `conductor_workers` of nova-conductor, where there is such an option."""
    return _whole(placement, f"{unit.removeprefix(f'{placement.name}-')}_workers")


def _whole(placement: Placement, option: str) -> int:
    value = placement.options.get(option)
    return value if isinstance(value, int) else 1


def _connections(design: Design) -> Iterable[Finding]:
    cloud = design.cloud
    galera = cloud.services.get("galera")
    if galera is None or not galera.hosts:
        return
    limit = GaleraOptions.model_validate(galera.options).max_connections
    found: Mapping[str, tuple[int, Opened]] = {
        name: (len(placement.hosts), opened(design.services[name], placement, cloud))
        for name, placement in cloud.services.items()
    }
    kept = sum(hosts * each.kept for hosts, each in found.values())
    most = sum(hosts * each.most for hosts, each in found.values())
    if most <= limit:
        return
    share = {name: hosts * (each.kept if kept > limit else each.most) for name, (hosts, each) in found.items()}
    largest = sorted(share, key=lambda name: -share[name])[:3]
    parts = ", ".join(f"{name} {share[name]}" for name in largest)
    if kept > limit:
        told = (
            f"daemons keep up to {kept} connections to the one writer ({parts}, ...), and it takes {limit}: they fail"
        )
    else:
        told = (
            f"daemons keep up to {kept} connections to the one writer, which takes {limit}, and would open up to "
            f"{most} ({parts}, ...) if all were busy at the same time: requests would then fail"
        )
    yield DATABASE.found(
        "galera",
        told,
        ("services", "galera", "max_connections"),
        fix=f"Set max_connections under services.galera to {-(-most // 500) * 500}, or have fewer processes.",
        severity="error" if kept > limit else "note",
    )
