"""The lab's networks: one namespace that holds a bridge a network, one namespace a host, veths between them.

      this machine          nines.LAB (fabric)                  nines.LAB.HOST
    n_LAB_management ---- [management] ---- c1_management ---- management  10.71.0.11/24
                          [tunnel]     ---- c1_tunnel     ---- tunnel

This machine has a port, with the gateway's address, in the management and the external network: there its clients,
probes and ssh reach the hosts. The other networks exist inside the fabric alone, so that labs may share their
addresses. Nothing is forwarded or translated: a lab cannot reach further than this machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from fournines.cloud.model import Network
from fournines.errors import NinesError
from fournines.lab.names import Names, nic

_NETNS = Path("/run/netns")
_MNT_DETACH = 2
_REACHED = ("management", "external")
_SWITCHED = ("tunnel", "external")
"""Where hosts have an Open vSwitch of their own."""
_BRIDGE = "mcast_snooping 0 stp_state 0 forward_delay 0"


@dataclass(frozen=True, slots=True)
class Nic:
    """One interface of a host."""

    network: str
    name: str
    port: str
    """The fabric's end."""
    mac: str
    address: str
    """With its prefix length: `10.71.0.11/24`."""
    mtu: int


def nics(names: Names, networks: Mapping[str, Network], host: str, addresses: Mapping[str, Any]) -> tuple[Nic, ...]:
    """The interfaces of a host, in the order of its addresses."""
    return tuple(
        Nic(
            network=network,
            name=nic(network),
            port=names.port(host, network),
            mac=names.mac(host, network),
            address=f"{address}/{networks[network].cidr.prefixlen}",
            mtu=networks[network].mtu,
        )
        for network, address in addresses.items()
    )


# ip(8)


def _ip(*argv: str, stdin: str | None = None) -> str:
    try:
        done = subprocess.run(
            ["ip", *argv], input=stdin, capture_output=True, text=True, timeout=30, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise NinesError(f"no end after 30 s: ip {' '.join(argv)}") from None
    if done.returncode:
        raise NinesError(f"ip {' '.join(argv)}: {done.stderr.strip()[-500:]}")
    return done.stdout


def _batch(netns: str, lines: Iterable[str]) -> None:
    """Run these lines of ip(8) in a namespace, all of them even when some fail; then raise for the failed ones."""
    text = "\n".join(lines)
    if text:
        _ip("-netns", netns, "-force", "-batch", "-", stdin=text + "\n")


def _links(netns: str | None = None) -> dict[str, dict[str, Any]]:
    """Interfaces by name, as ip(8) tells them in JSON, with `addr_info`."""
    found = json.loads(_ip(*(("-netns", netns) if netns else ()), "-json", "-details", "addr", "show") or "[]")
    return {link["ifname"]: link for link in found if link}


def _is_reached(network: Network) -> bool:
    return network.gateway is not None and network.name in _REACHED


# Namespaces


def _is_netns(name: str) -> bool:
    """Whether it can be entered; a run killed in between leaves an empty file that looks like one."""
    try:
        return os.stat(_NETNS / name).st_dev != os.stat(_NETNS).st_dev
    except OSError:
        return False


def _remove_netns(name: str) -> None:
    path = _NETNS / name
    libc = ctypes.CDLL(None, use_errno=True)
    # More than once when two runs raced to make it; EINVAL: nothing is mounted there.
    while libc.umount2(os.fsencode(path), _MNT_DETACH) == 0:
        pass
    path.unlink(missing_ok=True)


def _ensure_netns(name: str) -> None:
    if not _is_netns(name):
        _remove_netns(name)
        _ip("netns", "add", name)
        _ip("-netns", name, "link", "set", "lo", "up")


def _netns_names(names: Names) -> list[str]:
    return sorted(path.name for path in _NETNS.glob("*") if names.owns_netns(path.name))


# The fabric


def conflicts(names: Names, networks: Iterable[Network]) -> list[str]:
    """What of these networks would hide an address that this machine already reaches otherwise."""
    found: list[str] = []
    wanted = [network for network in networks if _is_reached(network)]
    routes = json.loads(_ip("-json", "route", "show", "table", "all", "type", "unicast") or "[]")
    for route in routes:
        device, text = route.get("dev", ""), route["dst"]
        if text == "default" or ":" in text or names.owns_link(device):
            continue
        try:
            destination = IPv4Network(text, strict=False)
        except ValueError:
            continue
        if destination.prefixlen == 0:
            continue
        found += [
            f"network {network.name} ({network.cidr}) overlaps this machine's route to {destination} ({device})"
            for network in wanted
            if network.cidr.overlaps(destination)
        ]
    return sorted(set(found))


def ensure_fabric(names: Names, networks: Iterable[Network]) -> None:
    """Make what is missing of the fabric and of this machine's ports; hosts that are attached stay so."""
    networks = tuple(networks)
    _ensure_netns(names.fabric)
    here, fabric = _links(), _links(names.fabric)
    lines: list[str] = []
    for network in networks:
        bridge = nic(network.name)
        if bridge not in fabric:
            lines.append(f"link add {bridge} type bridge {_BRIDGE}")
        lines.append(f"link set {bridge} mtu {network.mtu} addrgenmode none up")
        if _is_reached(network):
            link, port = names.link(network.name), names.port("", network.name)
            if link not in here:
                if port in fabric:
                    lines.append(f"link del {port}")
                # Made in the fabric with its far end here, so no half of it is ever left behind.
                lines.append(f"link add {port} mtu {network.mtu} type veth peer name {link} netns {os.getpid()}")
            lines.append(f"link set {port} mtu {network.mtu} addrgenmode none master {bridge} up")
    _batch(names.fabric, lines)
    for network in networks:
        if _is_reached(network):
            link = names.link(network.name)
            address = IPv4Interface(f"{network.gateway}/{network.cidr.prefixlen}")
            _ip("link", "set", link, "mtu", str(network.mtu), "addrgenmode", "none", "up")
            _ip("address", "replace", str(address), "dev", link)


def remove(names: Names) -> None:
    """Remove every link and namespace of the lab. Safe to repeat; its hosts must be off."""
    for name in _netns_names(names):
        if _is_netns(name):
            with contextlib.suppress(NinesError):
                _batch(name, [f"link del {link}" for link in _links(name) if link != "lo"])
        _remove_netns(name)
    for link in _links():
        if names.owns_link(link):
            with contextlib.suppress(NinesError):
                _ip("link", "del", link)
    if left := [link for link in _links() if names.owns_link(link)] + _netns_names(names):
        raise NinesError(f"cannot remove from this machine: {', '.join(left)}")


def leftovers(names: Names) -> list[str]:
    """Links and namespaces of the lab that exist now."""
    return [*_netns_names(names), *(link for link in _links() if names.owns_link(link))]


# Hosts


def plug(names: Names, host: str, interfaces: Sequence[Nic], gateway: str | None) -> None:
    """Make a host's namespace from nothing, with its interfaces up, addressed and on their bridges."""
    unplug(names, host, interfaces)
    netns = names.netns(host)
    _ensure_netns(netns)
    inside: list[str] = []
    fabric: list[str] = []
    for one in interfaces:
        inside += [
            f"link add {one.name} address {one.mac} mtu {one.mtu} type veth"
            f" peer name {one.port} mtu {one.mtu} netns {names.fabric}",
            f"link set {one.name} addrgenmode none up",
            f"address add {one.address} brd + dev {one.name}",
        ]
        fabric.append(f"link set {one.port} addrgenmode none master {nic(one.network)} up")
    if gateway:
        inside.append(f"route add default via {gateway}")
    _batch(netns, inside)
    _batch(names.fabric, fabric)
    for one in interfaces:
        if one.network in _SWITCHED:
            # A veth leaves checksums to its far end. A switch that forwards by itself would pass them on as wrong.
            _ip("netns", "exec", names.fabric, "ethtool", "--offload", one.port, "tx", "off")


def silence(names: Names, interfaces: Sequence[Nic]) -> None:
    """Take the fabric's end of a host's interfaces down: from now on nothing that it sends is heard."""
    if _is_netns(names.fabric):
        # A port that is missing is as silent.
        with contextlib.suppress(NinesError):
            _batch(names.fabric, [f"link set {one.port} down" for one in interfaces])


def cut(names: Names, interfaces: Sequence[Nic]) -> None:
    """As `silence`, of a host that lives on: raises NinesError when a port of it could still be heard."""
    _batch(names.fabric, [f"link set {one.port} down" for one in interfaces])


def join(names: Names, interfaces: Sequence[Nic]) -> None:
    """Have the ports of a host up, those that it has: one that is off has none, and gets them when it boots."""
    if _is_netns(names.fabric):
        ports = _links(names.fabric)
        _batch(names.fabric, [f"link set {one.port} up" for one in interfaces if one.port in ports])


def unplug(names: Names, host: str, interfaces: Sequence[Nic]) -> None:
    """Remove a host's interfaces and its namespace, and with them every address, route and rule it ever set."""
    if _is_netns(names.fabric):
        ports = _links(names.fabric)
        _batch(names.fabric, [f"link del {one.port}" for one in interfaces if one.port in ports])
    _remove_netns(names.netns(host))
