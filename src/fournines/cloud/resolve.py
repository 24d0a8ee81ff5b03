"""Spec + services on offer -> Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from ipaddress import IPv4Address
from pathlib import Path

from pydantic import ValidationError

from fournines.cloud.model import Bmc, Cloud, Disk, Host, Load, Network, Placement, Ssh
from fournines.cloud.offers import (
    Offer,
    Offers,
    check_cloud,
    check_services,
    choose_strategy,
    lacking_roles,
    no_host,
    read_options,
)
from fournines.cloud.timers import Timers, usual
from fournines.errors import SpecError
from fournines.spec import Disk as DiskSpec
from fournines.spec import Host as HostSpec
from fournines.spec import ServiceChoice, Spec, load_spec
from fournines.spec.document import Mapping as Document
from fournines.spec.model import SshProvider
from fournines.spec.problems import Problem, spec_error

FIRST_BMC_PORT = 7000
"""A lab host's BMC listens on this plus the host's index."""
LAB_DISK_GIGABYTES = 8
LAB_DISKS = "/srv/disks"
"""Where a lab's host has its disks: files, for this kernel is not to have loop devices."""


def load(path: Path, offers: Offers) -> Cloud:
    """Read a cloud file and resolve it.

    Raises SpecError with one `file:line:column: text` line for each problem, those with services among them.
    """
    return load_with_places(path, offers)[0]


def load_with_places(path: Path, offers: Offers, changes: Sequence[str] = ()) -> tuple[Cloud, Document]:
    """The same, with the document, which knows where everything stands; `changes` as in `fournines.spec.edits`."""
    read: list[Document] = []

    def further(root: Document) -> Iterator[Problem]:
        read.append(root)
        yield from check_services(root, offers)

    cloud = resolve(load_spec(path, further, changes), offers)
    if problems := list(check_cloud(read[0], cloud, offers)):
        raise spec_error(path, problems)
    return cloud, read[0]


def resolve(spec: Spec, offers: Offers) -> Cloud:
    """The cloud that a valid spec means.

    Raises SpecError when services are unknown, cannot run or need each other in a circle; `load` gives the places.
    """
    networks = {
        str(name): Network(name, network.cidr, network.vip, spec.gateway(name), network.mtu, network.trunk)
        for name, network in spec.networks.items()
    }
    hosts = tuple(
        _host(spec, name, index, networks["management"].gateway) for index, name in enumerate(spec.hosts, start=1)
    )
    return Cloud(
        name=spec.name,
        region=spec.region,
        cell=spec.cell,
        # Rounded: 99.99 / 100 is not 0.9999 in binary.
        sla=round(spec.sla / 100, 12),
        provider=spec.provider.kind,
        networks=networks,
        hosts=hosts,
        services=_services(spec, offers, hosts),
        load=Load(**spec.load.model_dump()),
        rates=spec.rates.model_dump(exclude_none=True),
        accept=dict(spec.accept),
        own_timers=_timers(spec),
    )


def _timers(spec: Spec) -> Timers | None:
    those = usual(spec.provider.kind)
    try:
        return own if (own := those.but(spec.timers)) is not those else None
    except ValidationError as error:
        wrong = (f"timers.{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SpecError("\n".join(wrong)) from None


def _host(spec: Spec, name: str, index: int, gateway: IPv4Address | None) -> Host:
    host = spec.hosts[name]
    rack = spec.racks[host.rack] if host.rack else None
    return Host(
        name=name,
        index=index,
        roles=frozenset(host.roles),
        rack=host.rack,
        zone=rack.zone if rack else "nova",
        feeds=host.feeds if host.feeds is not None else rack.feeds if rack else (),
        switches=host.switches if host.switches is not None else rack.switches if rack else (),
        addresses={str(network): address for network, address in host.networks.items()},
        bmc=_bmc(spec, host, name, index, gateway),
        ssh=_ssh(spec.provider, host) if isinstance(spec.provider, SshProvider) else None,
        disks=tuple(
            _lab_disk(name, disk, spec.hosts[name].disks[disk])
            if spec.provider.kind == "lab"
            else _real_disk(disk, spec.hosts[name].disks[disk])
            for disk in sorted(host.disks)
        ),
        cores=host.cores,
        memory_gigabytes=host.memory_gigabytes,
    )


def _lab_disk(host: str, name: str, disk: DiskSpec) -> Disk:
    path = f"{LAB_DISKS}/{name}"
    db = f"{path}.db" if disk.db_gigabytes else None
    size = (disk.gigabytes or LAB_DISK_GIGABYTES) << 30
    return Disk(name, path, f"{host}-{name}", db, size, disk.db_gigabytes << 30 if db else None, size=size)


def _real_disk(name: str, disk: DiskSpec) -> Disk:
    assert disk.device is not None  # noqa: S101 - the spec's checks have seen to it
    return Disk(name, disk.device, disk.serial, disk.db, size=disk.gigabytes * 10**9 if disk.gigabytes else None)


def _bmc(spec: Spec, host: HostSpec, name: str, index: int, gateway: IPv4Address | None) -> Bmc | None:
    if spec.provider.kind == "lab":
        return Bmc(str(gateway), FIRST_BMC_PORT + index, f"/redfish/v1/Systems/{name}", "nines", None)
    if host.bmc is None:
        return None
    bmc = host.bmc
    password = _home(bmc.password_file)
    return Bmc(bmc.address, bmc.port, bmc.system, bmc.username, password, bmc.feeds, bmc.switches)


def _ssh(provider: SshProvider, host: HostSpec) -> Ssh:
    own = host.ssh
    key = own.key if own and own.key else provider.key
    return Ssh(
        address=own.address if own and own.address else str(host.networks["management"]),
        port=own.port if own and own.port else provider.port,
        user=own.user if own and own.user else provider.user,
        key=_home(key) if key else None,
    )


def _home(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise SpecError(f"{path}: this machine does not know your home folder; write the path in full") from None


def _services(spec: Spec, offers: Offers, hosts: tuple[Host, ...]) -> dict[str, Placement]:
    for name in spec.services:
        if name not in offers:
            raise SpecError(f"services: unknown service {name}; there is {', '.join(offers)}")
    roles = {str(role) for host in hosts for role in host.roles}
    chosen = {name: choice.strategy for name, choice in spec.services.items()}
    for role, names in lacking_roles(offers, roles, chosen).items():
        raise SpecError(no_host(role, names))
    placed = {
        name: placement
        for name, offer in sorted(offers.items())
        if (offer.by_default or name in spec.services)
        and (placement := _place(offer, spec.services.get(name, ServiceChoice()), hosts))
    }
    placed = {
        name: replace(
            placement, needs=tuple(need for need in placement.needs if need.target in placed or not need.optional)
        )
        for name, placement in placed.items()
    }
    for name, placement in placed.items():
        for need in placement.needs:
            if need.target not in placed and not need.soft:
                raise SpecError(f"{name} needs {need.target}, which this cloud does not have")
    order = {
        name: [need.target for need in placement.needs if need.orders and need.target in placed]
        for name, placement in placed.items()
    }
    try:
        return {name: placed[name] for name in TopologicalSorter(order).static_order()}
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise SpecError(f"services need each other in a circle: {' <- '.join(circle)}") from None


def _place(offer: Offer, choice: ServiceChoice, hosts: tuple[Host, ...]) -> Placement | None:
    """The service on the hosts of its roles; None when there are none."""
    strategy = choose_strategy(offer, choice.strategy)
    try:
        options = read_options(offer, choice.options).model_dump()
    except ValidationError as error:
        wrong = (f"services.{'.'.join(map(str, (offer.name, *each['loc'])))}: {each['msg']}" for each in error.errors())
        raise SpecError("\n".join(wrong)) from None
    if strategy.supervisor == "elsewhere":
        return Placement(offer.name, strategy, hosts=(), needs=(), endpoints=(), options=options, built=False)
    having = offer.placed(hosts)
    if not having:
        return None
    having = _some(having, offer.at_most, odd=strategy.alive == "majority")
    failover = strategy.failover or offer.failover
    named = options.get("tie_breaker")
    tie_breaker = next((host for host in hosts if host.name == named), None)
    built = strategy in offer.strategies and named is None
    return Placement(offer.name, strategy, having, offer.needs, offer.endpoints, options, failover, built, tie_breaker)


def _some(hosts: tuple[Host, ...], most: int | None, *, odd: bool) -> tuple[Host, ...]:
    """At most so many of them, in as many racks as can be; an odd number where a majority decides, for one more than
    that gives no more. In their own order."""
    if most is None:
        return hosts
    number = min(most, len(hosts))
    if odd and number % 2 == 0:
        number -= 1
    taken: dict[str | None, int] = {}
    turns: list[tuple[int, int]] = []
    for position, host in enumerate(hosts):
        turns.append((taken.get(host.rack, 0), position))
        taken[host.rack] = taken.get(host.rack, 0) + 1
    chosen = sorted(position for _, position in sorted(turns)[:number])
    return tuple(hosts[position] for position in chosen)
