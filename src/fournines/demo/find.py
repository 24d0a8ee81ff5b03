"""The demo's guest, where there is one."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fournines.cloud.model import Cloud
from fournines.demo import NAME
from fournines.state import Vault
from fournines.verify.client import clients, failures

_BOUND = 20.0


@dataclass(frozen=True, slots=True)
class Guest:
    server: str
    """Id."""
    address: str
    """Its floating IP."""


def find(cloud: Cloud, vault: Vault) -> Guest | None:
    """The guest that runs and can be reached; None: there is none, or nobody could say within 20 s."""
    if not cloud.having("compute") or not cloud.having("network"):
        return None
    sdk = clients(cloud, vault, time.monotonic() + _BOUND)().sdk
    try:
        running = {server.id for server in sdk.compute.servers(name=f"^{NAME}$") if server.status == "ACTIVE"}
        ports = {port.id: port.device_id for port in sdk.network.ports(name=NAME)}
        for address in sdk.network.ips(description=NAME):
            if ports.get(address.port_id) in running:
                return Guest(ports[address.port_id], address.floating_ip_address)
    except failures():
        return None
    return None
