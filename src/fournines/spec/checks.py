"""What must hold between the fields of a spec, each with its place.

These look at the document, not at the models, so that one wrong field does not hide what is wrong elsewhere; a value
that is not even of the right type is passed over here, because the models tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import get_args

from fournines.spec.document import Mapping, Node, at, entries, text, words
from fournines.spec.model import NetworkName
from fournines.spec.problems import Mark, Problem, show

MAX_LAB_DISK_GIGABYTES = 64
MAX_LAB_HOST_NAME = 15
"""A lab host's link is named after it, and the kernel has 15 characters for that."""


def check(root: Mapping) -> Iterator[Problem]:
    """Every problem between the fields of a document whose ranges are expanded."""
    lab = text(at(root, "provider", "kind")) in (None, "lab")
    yield from _domains(root)
    yield from _networks(root, lab)
    yield from _addresses(root, lab)
    yield from _power_and_reach(root, lab)
    yield from _disks(root, lab)


def _domains(root: Mapping) -> Iterator[Problem]:
    """Feeds, switches and racks that are named but not declared."""
    declared = {section: [word for word, _ in words(at(root, section))] for section in ("feeds", "switches")}
    racks = entries(at(root, "racks"))
    for section in ("racks", "hosts"):
        for name, (_, node) in entries(at(root, section)).items():
            fields = entries(node)
            for kind, noun in (("feeds", "feed"), ("switches", "switch")):
                if kind in fields:
                    for word, mark in words(fields[kind].value):
                        if word not in declared[kind]:
                            yield _unknown(mark, f"{section}.{name}.{kind}", noun, word, declared[kind], kind)
            for kind, noun in (("feeds", "feed"), ("switches", "switch")):
                for word, mark in words(at(node, "bmc", kind)):
                    if word not in declared[kind]:
                        yield _unknown(mark, f"{section}.{name}.bmc.{kind}", noun, word, declared[kind], kind)
            if section == "hosts" and "rack" in fields:
                for word, mark in words(fields["rack"].value):
                    if word not in racks:
                        yield _unknown(mark, f"hosts.{name}.rack", "rack", word, list(racks), "racks")


def _unknown(mark: Mark, where: str, noun: str, word: str, known: Sequence[str], section: str) -> Problem:
    hint = "" if known else f"; none is declared under `{section}`"
    return Problem(mark, f"{where}: unknown {noun} {show(word)}{hint}", word, known)


def _networks(root: Mapping, lab: bool) -> Iterator[Problem]:
    """Management with its VIP is there, the networks are apart, their own addresses are inside."""
    networks = entries(at(root, "networks"))
    if networks and "management" not in networks:
        yield Problem(root.entries["networks"].key, "networks.management is required")
    apart: dict[str, IPv4Network] = {}
    for name, (key, node) in networks.items():
        where = f"networks.{name}"
        fields = entries(node)
        vip = fields.get("vip")
        if name == "management" and isinstance(node, Mapping) and (vip is None or vip.empty):
            yield Problem(key, f"{where}.vip is required: the address of the API")
        if name in get_args(NetworkName) and name != "management" and vip and not vip.empty:
            yield Problem(vip.key, f"{where}.vip: only the management network has a vip")
        cidr = _cidr(node)
        if cidr is None:
            continue
        for other, subnet in apart.items():
            if cidr.overlaps(subnet):
                yield Problem(fields["cidr"].value.mark, f"{where}.cidr: {cidr} overlaps {subnet}, the network {other}")
        apart[name] = cidr
        for field in ("vip", "gateway"):
            for word, mark in words(at(node, field)):
                if address := _ip(word):
                    yield from _inside(mark, f"{where}.{field}", address, name, cidr)
                    if field == "vip" and address == _gateway(node, lab):
                        yield Problem(mark, f"{where}.vip: {address} is the gateway of the network")


def _addresses(root: Mapping, lab: bool) -> Iterator[Problem]:
    """Each host is on the management network, on declared networks only, at an address that is its own."""
    networks = entries(at(root, "networks"))
    cidrs = {name: _cidr(node) for name, (_, node) in networks.items()}
    taken: dict[IPv4Address, str] = {}
    for name, (_, node) in networks.items():
        if gateway := _gateway(node, lab):
            taken[gateway] = f"the gateway of the network {name}"
        if vip := _ip(text(at(node, "vip"))):
            taken[vip] = f"the vip of the network {name}"
    for host, (key, node) in entries(at(root, "hosts")).items():
        if lab and len(host) > MAX_LAB_HOST_NAME:
            limit = f"hosts.{host[:40]}: the name of a lab host has at most {MAX_LAB_HOST_NAME} characters"
            yield Problem(key, f"{limit}: a network interface bears it")
        on = entries(node).get("networks")
        if on and isinstance(on.value, Mapping) and "management" not in on.value.entries:
            yield Problem(on.key, f"hosts.{host}.networks.management is required")
        for network, (network_key, value) in entries(on.value if on else None).items():
            where = f"hosts.{host}.networks.{network}"
            if network not in get_args(NetworkName):
                continue
            if networks and network not in networks:
                yield Problem(network_key, f"{where}: the network is not declared under `networks`")
            for word, mark in words(value):
                if (address := _ip(word)) is None:
                    continue
                if (cidr := cidrs.get(network)) is not None:
                    yield from _inside(mark, where, address, network, cidr)
                if address in taken:
                    yield Problem(mark, f"{where}: {address} is already {taken[address]}")
                taken.setdefault(address, f"the {network} address of {host}")


def _inside(mark: Mark, where: str, address: IPv4Address, name: str, cidr: IPv4Network) -> Iterator[Problem]:
    if address not in cidr:
        yield Problem(mark, f"{where}: {address} is outside of {cidr}, the network {name}")
    elif address in (cidr.network_address, cidr.broadcast_address):
        yield Problem(mark, f"{where}: {address} is not a host address of {cidr}")


def _power_and_reach(root: Mapping, lab: bool) -> Iterator[Problem]:
    """BMC and ssh belong to provider ssh, and no two hosts share one: fencing would kill the wrong machine."""
    bmcs: dict[tuple[str | None, ...], str] = {}
    machines: dict[tuple[str | None, ...], str] = {}
    for host, (key, node) in entries(at(root, "hosts")).items():
        fields = entries(node)
        for field in ("bmc", "ssh"):
            if lab and field in fields and not fields[field].empty:
                where = f"hosts.{host}.{field}"
                yield Problem(fields[field].key, f"{where}: only with `provider: {{kind: ssh}}`; in a lab it is made")
        bmc = tuple(text(at(node, "bmc", field)) for field in ("address", "port", "system"))
        if bmc[0] and bmc[2] and bmcs.setdefault(bmc, host) != host:
            yield Problem(fields["bmc"].key, f"hosts.{host}.bmc: is already the BMC of {bmcs[bmc]}")
        if lab:
            continue
        ssh = tuple(
            text(at(node, "ssh", field)) or text(fallback)
            for field, fallback in (
                ("address", at(node, "networks", "management")),
                ("port", at(root, "provider", "port")),
            )
        )
        other = machines.setdefault(ssh, host)
        # Two equal management addresses are told where they stand.
        if ssh[0] and other != host and ("ssh" in fields or at(root, "hosts", other, "ssh")):
            mark = fields["ssh"].key if "ssh" in fields else key
            yield Problem(mark, f"hosts.{host}.ssh: {ssh[0]} is already the machine {other}")


def _disks(root: Mapping, lab: bool) -> Iterator[Problem]:
    """Storage hosts have disks, others none; each disk is said in its provider's words, and is one OSD's only."""
    for host, (key, node) in entries(at(root, "hosts")).items():
        fields = entries(node)
        roles = [word for word, _ in words(at(node, "roles"))]
        disks = entries(at(node, "disks"))
        if "storage" in roles and not disks:
            yield Problem(key, f"hosts.{host}: the role storage needs disks, such as `disks: {{a: {{}}, b: {{}}}}`")
        if disks and roles and "storage" not in roles:
            yield Problem(fields["disks"].key, f"hosts.{host}.disks: only hosts with the role storage have disks")
        taken: dict[str, str] = {}
        for name, (disk_key, disk) in disks.items():
            where, said = f"hosts.{host}.disks.{name}", entries(disk)
            for field in ("device", "serial", "db") if lab else ("db_gigabytes",):
                if field in said and not said[field].empty:
                    other = "on real hosts (`provider: {kind: ssh}`)" if lab else "in a lab"
                    yield Problem(said[field].key, f"{where}.{field}: only {other}")
            if lab:
                for word, mark in words(at(disk, "gigabytes")):
                    if word.isascii() and word.isdecimal() and len(word) < 9 and int(word) > MAX_LAB_DISK_GIGABYTES:
                        told = f"{where}.gigabytes: {word} is more than {MAX_LAB_DISK_GIGABYTES}, the most in a lab"
                        yield Problem(mark, told)
                continue
            if "device" not in said or said["device"].empty:
                yield Problem(disk_key, f"{where}.device is required: the disk's path on {host}")
            for field in ("device", "db"):
                for word, mark in words(at(disk, field)):
                    if word in taken:
                        yield Problem(mark, f"{where}.{field}: {show(word)} is already {taken[word]}")
                    taken.setdefault(word, f"{where}.{field}")


def _ip(word: str | None) -> IPv4Address | None:
    try:
        return IPv4Address(word or "")
    except ValueError:
        return None


def _cidr(network: Node) -> IPv4Network | None:
    try:
        return IPv4Network(text(at(network, "cidr")) or "")
    except ValueError:
        return None


def _gateway(network: Node, lab: bool) -> IPv4Address | None:
    if word := text(at(network, "gateway")):
        return _ip(word)
    cidr = _cidr(network)
    return cidr.network_address + 1 if lab and cidr else None
