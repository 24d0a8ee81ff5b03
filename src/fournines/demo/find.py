"""The demo's guest, where there is one."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fournines.cloud.model import Cloud
from fournines.cloud.names import DEMO
from fournines.demo import possible
from fournines.state import Vault
from fournines.verify.client import clients, failures

_BOUND = 20.0


@dataclass(frozen=True, slots=True)
class Guest:
    """Which one it is, and how to reach it."""

    address: str
    """The floating IP."""
    fixed: str
    """The address that DHCP gives it."""
    server: str
    """Id of the guest."""
    host: str
    """Where it runs."""

    @property
    def url(self) -> str:
        return f"http://{self.address}/"


def find(cloud: Cloud, vault: Vault) -> Guest | None:
    """The guest that runs and can be reached; None: there is none, or nobody could say within 20 s."""
    if not possible(cloud):
        return None
    sdk = clients(cloud, vault, time.monotonic() + _BOUND)().sdk
    try:
        servers = sdk.compute.servers(name=f"^{DEMO}$")
        running = {server.id: str(server.compute_host) for server in servers if server.status == "ACTIVE"}
        ports = {port.id: port.device_id for port in sdk.network.ports(name=DEMO)}
        for address in sdk.network.ips(description=DEMO):
            if (server := str(ports.get(address.port_id))) in running:
                return Guest(address.floating_ip_address, address.fixed_ip_address, server, running[server])
    except failures():
        return None
    return None
