"""Spec + services on offer -> Cloud."""

from __future__ import annotations

from functools import partial
from graphlib import CycleError, TopologicalSorter
from ipaddress import IPv4Address
from pathlib import Path

from pydantic import ValidationError

from fournines.cloud.model import Bmc, Cloud, Host, Network, Placement, Ssh
from fournines.cloud.offers import Offer, Offers, check_services, choose_strategy, lacking_roles, no_host, read_options
from fournines.errors import SpecError
from fournines.spec import Host as HostSpec
from fournines.spec import ServiceChoice, Spec, load_spec
from fournines.spec.model import SshProvider

FIRST_BMC_PORT = 7000
"""A lab host's BMC listens on this plus the host's index."""


def load(path: Path, offers: Offers) -> Cloud:
    """Read a cloud file and resolve it.

    Raises SpecError with one `file:line:column: text` line for each problem, those with services among them.
    """
    return resolve(load_spec(path, partial(check_services, offers=offers)), offers)


def resolve(spec: Spec, offers: Offers) -> Cloud:
    """The cloud that a valid spec means.

    Raises SpecError when services are unknown, cannot run or need each other in a circle; `load` gives the places.
    """
    networks = {
        str(name): Network(name, network.cidr, network.vip, spec.gateway(name), network.mtu)
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
    )


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
    )


def _bmc(spec: Spec, host: HostSpec, name: str, index: int, gateway: IPv4Address | None) -> Bmc | None:
    if spec.provider.kind == "lab":
        return Bmc(str(gateway), FIRST_BMC_PORT + index, f"/redfish/v1/Systems/{name}", "nines", None)
    if host.bmc is None:
        return None
    bmc = host.bmc
    return Bmc(bmc.address, bmc.port, bmc.system, bmc.username, _home(bmc.password_file))


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
    for name, placement in placed.items():
        for need in placement.needs:
            if need.target not in placed and not need.soft:
                raise SpecError(f"{name} needs {need.target}, which this cloud does not have")
    order = {name: [need.target for need in placement.needs if not need.soft] for name, placement in placed.items()}
    try:
        return {name: placed[name] for name in TopologicalSorter(order).static_order()}
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise SpecError(f"services need each other in a circle: {' <- '.join(circle)}") from None


def _place(offer: Offer, choice: ServiceChoice, hosts: tuple[Host, ...]) -> Placement | None:
    """The service on the hosts of its role; None when there are none."""
    strategy = choose_strategy(offer, choice.strategy)
    try:
        options = read_options(offer, choice.options).model_dump()
    except ValidationError as error:
        wrong = (f"services.{'.'.join(map(str, (offer.name, *each['loc'])))}: {each['msg']}" for each in error.errors())
        raise SpecError("\n".join(wrong)) from None
    if strategy.supervisor == "elsewhere":
        return Placement(offer.name, strategy, hosts=(), needs=(), endpoints=(), options=options)
    having = tuple(host for host in hosts if offer.role in host.roles)
    if not having:
        return None
    return Placement(offer.name, strategy, having, offer.needs, offer.endpoints, options)
