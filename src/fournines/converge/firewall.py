"""Each host's firewall: who may open a connection to it, from what services declare. nftables, one table of ours.

What a host sends or forwards is not its business, and neither is any other table. On the management network a refusal
is a reset, so that mistakes show at once; elsewhere it is silence.

A connection is refused at its first packet alone. Later packets of a connection that this host does not know (the VIP
has come here from a host that died) must reach the kernel: its reset tells the client at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from fournines.cloud.model import Cloud, Host
from fournines.cloud.ports import Port, Reach
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Command, Step
from fournines.errors import NinesError
from fournines.services import catalogue

PACKAGES = ("nftables",)
UNIT = "fournines-firewall.service"
_RULES = "/etc/fournines/firewall.nft"
_UNIT = f"/etc/systemd/system/{UNIT}"
_TABLE = "inet fournines"


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on one host, and whose it is."""

    service: str
    port: Port

    @property
    def address(self) -> str:
        """Which of the host's addresses it takes, in words: listeners on different ones do not clash."""
        special = {"host": "127.0.0.1", "internal": "the VIP", "public": "the VIP", "everybody": "every address"}
        return special.get(self.port.reach, "its management address")


def listeners(cloud: Cloud, host: Host) -> tuple[Listener, ...]:
    """Everything that listens on a host, sorted by service."""
    found = [Listener("sshd", port) for port in _ssh(cloud, host)]
    proxied = host in _hosts(cloud, "haproxy-local")
    for name, placement in sorted(cloud.services.items()):
        if placement.strategy.supervisor == "elsewhere":
            continue
        service = catalogue()[name]
        here = host in placement.hosts
        ports = list(service.ports) if here else []
        for endpoint in placement.endpoints:
            ports += [Port(endpoint.port)] if here else []
            if host in _hosts(cloud, "haproxy"):
                reach = "public" if endpoint.public else "internal"
                ports += [Port(port, reach=reach) for port in endpoint.vip_ports]
        if service.proxy and placement.strategy.reach == "proxy":
            members = {service.proxy.port, service.proxy.check_port}
            ports += [Port(number) for number in sorted(members)] if here else []
            ports += [Port(service.proxy.port, reach="host")] if proxied else []
        found += [Listener(name, port) for port in dict.fromkeys(ports)]
    return tuple(found)


def _hosts(cloud: Cloud, service: str) -> tuple[Host, ...]:
    return cloud.services[service].hosts if service in cloud.services else ()


def _ssh(cloud: Cloud, host: Host) -> tuple[Port, ...]:
    """The operator's own way in is never closed, by whichever network it comes."""
    if host.ssh is None:
        return (Port(22, reach="management"),)
    # What the operator connects to may be another port, translated on the way.
    return tuple(Port(number, reach="everybody") for number in sorted({22, host.ssh.port}))


def refuse_clashes(cloud: Cloud) -> None:
    """Raises NinesError when two services listen on one port of one address of a host."""
    for host in cloud.hosts:
        taken: dict[tuple[str, int], list[Listener]] = {}
        for each in listeners(cloud, host):
            for number in range(each.port.number, (each.port.last or each.port.number) + 1):
                others = taken.setdefault((each.port.protocol, number), [])
                for other in others:
                    if each.service != other.service and _overlap(each, other):
                        where = each.address if each.port.reach != "everybody" else other.address
                        raise NinesError(
                            f"{host.name}: {other.service} and {each.service} both listen on "
                            f"{each.port.protocol} {number} of {where}",
                            "give one of the two another port in src/fournines/services",
                        )
                others.append(each)


def _overlap(one: Listener, other: Listener) -> bool:
    return one.address == other.address or "everybody" in (one.port.reach, other.port.reach)


def resources(cloud: Cloud, host: Host) -> Iterable[Resource]:
    """The rules, and the unit that loads them before any network is up."""
    yield File(path=_RULES, content=ruleset(cloud, host))
    yield File(path=_UNIT, content=_unit())
    yield Unit(name=UNIT, reads=(_UNIT,), reload_reads=(_RULES,))


def loaded(cloud: Cloud, host: Host) -> Step:
    """Puts the rules back where somebody removed them: `nft flush ruleset` leaves the unit as it was."""
    return Step(
        name="load the firewall",
        host=host.name,
        done=Command(
            awaits="the firewall's rules to be in the kernel",
            argv=("sh", "-c", f"nft list table {_TABLE} | grep -qF {_digest(_rules(cloud, host))}"),
        ),
        run=Command(awaits="", argv=("systemctl", "reload-or-restart", UNIT), timeout=30),
        bound=5,
    )


def ruleset(cloud: Cloud, host: Host) -> str:
    """The file that `nft -f` loads: as a whole, in one moment, or not at all."""
    rules = _rules(cloud, host)
    body = "\n".join(f"    {line}".rstrip() for line in rules)
    return (
        "# Written by fournines: who may open a connection to this host.\n"
        f"table {_TABLE}\ndelete table {_TABLE}\n"
        f'table {_TABLE} {{\n    comment "{_digest(rules)}"\n{body}\n}}\n'
    )


def _digest(rules: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(rules).encode()).hexdigest()[:16]


def _rules(cloud: Cloud, host: Host) -> list[str]:
    own, network = host.management, cloud.networks["management"].cidr
    ports = [each.port for each in listeners(cloud, host)]
    return [
        *_addresses("cluster", (other.management for other in cloud.hosts)),
        *_addresses("links", (str(address) for other in cloud.hosts for address in other.addresses.values())),
        "chain input {",
        "    type filter hook input priority filter; policy drop;",
        "    iif lo accept",
        "    ct state established,related accept",
        "    meta l4proto { icmp, ipv6-icmp } accept",
        *_accepted(ports, "everybody", ""),
        "    # A management address is reached by its own network alone, whatever the sender calls itself.",
        f"    ip daddr {own} fib daddr . iif type != local counter drop",
        *_accepted(ports, "public", f"ip daddr {cloud.vip} "),
        *_accepted(ports, "internal", f"ip saddr @cluster ip daddr {cloud.vip} "),
        *_accepted(ports, "cluster", f"ip saddr @cluster ip daddr {own} "),
        *_accepted(ports, "links", "ip saddr @links "),
        *_accepted(ports, "management", f"ip saddr {network} ip daddr {own} "),
        "    # Only what begins a connection is refused: the kernel itself resets what belongs to none.",
        f"    ip saddr {network} tcp flags & (fin | syn | rst | ack) != syn accept",
        f"    ip saddr {network} meta l4proto tcp counter reject with tcp reset",
        "    counter",
        "}",
    ]


def _accepted(ports: Iterable[Port], reach: Reach, who: str) -> list[str]:
    """One rule a protocol, for all ports of that reach. No state is asked for: see above."""
    numbers: dict[str, set[tuple[int, int]]] = {}
    for port in ports:
        if port.reach == reach:
            numbers.setdefault(port.protocol, set()).add((port.number, port.last or port.number))
    return [f"    {who}{protocol} dport {{ {_set(found)} }} accept" for protocol, found in sorted(numbers.items())]


def _set(ranges: Iterable[tuple[int, int]]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in sorted(ranges))


def _addresses(name: str, addresses: Iterable[str]) -> list[str]:
    return [f"set {name} {{", "    type ipv4_addr", f"    elements = {{ {', '.join(addresses)} }}", "}"]


def _unit() -> str:
    # As Debian's nftables.service, after it: that one empties the kernel of all rules when it starts.
    return f"""[Unit]
Description=Firewall: who may open a connection to this host
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=nftables.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {_RULES}
ExecReload=/usr/sbin/nft -f {_RULES}
ExecStop=/usr/sbin/nft delete table {_TABLE}

[Install]
WantedBy=sysinit.target
"""
