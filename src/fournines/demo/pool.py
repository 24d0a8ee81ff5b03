"""Which addresses of the external network floating IPs may take."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network


def free_range(network: IPv4Network, taken: Iterable[IPv4Address]) -> tuple[IPv4Address, IPv4Address]:
    """First and last address of the longest run that nobody has, within the network's hosts.

    Raises ValueError when all are taken.
    """
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
    used = sorted({int(address) for address in taken if address in network})
    runs = [
        (low + 1, high - 1)
        for low, high in zip([first - 1, *used], [*used, last + 1], strict=True)
        if high - low > 1 and low + 1 <= last and high - 1 >= first
    ]
    if not runs:
        raise ValueError(f"no address of {network} is free")
    low, high = max(runs, key=lambda run: run[1] - run[0])
    return IPv4Address(low), IPv4Address(high)
