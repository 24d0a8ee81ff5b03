"""Where a service listens and who may connect. Plain data: proxies, firewalls and checks for clashes read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reach = Literal["host", "cluster", "links", "management", "everybody", "internal", "public"]
"""Who may open a connection, and on which of the listening host's addresses:

    host         the host itself, on 127.0.0.1
    cluster      hosts of this cloud, on its management address
    links        hosts of this cloud, on any network they share
    management   whoever is on the management network, on its management address
    everybody    whoever can reach it, on any of its addresses
    internal     hosts of this cloud, on the VIP
    public       whoever can reach it, on the VIP
"""


@dataclass(frozen=True, slots=True)
class Port:
    """One port, or a range of them, that a service listens on, on each of its hosts."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"
    reach: Reach = "cluster"
    last: int | None = None
    """It listens on some of all ports from `number` to this one."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """How each host's own proxy (`services/haproxy_local.py`) leads to the members of a service."""

    port: int
    """Of 127.0.0.1 on the client's host, and of the members on their management addresses; bytes pass as they are."""
    check_port: int
    """Where a member answers plain HTTP with 200 while it serves."""
    check: str = "/"
    """Path asked there."""
    one_writer: bool = False
    """All hosts keep to one member, the first healthy one in the service's order; else the load is spread."""
