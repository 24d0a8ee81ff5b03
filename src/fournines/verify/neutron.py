"""Neutron: a network, a subnet, a port; every agent alive.

The RPC servers serve agents only: it is these who prove them.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud
from fournines.services import catalogue
from fournines.services._neutron_agent import NeutronAgent
from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want

# Of the documentation (RFC 5737): nobody's.
_CIDR = "192.0.2.0/24"


def _agents(cloud: Cloud) -> Iterable[tuple[str, str]]:
    """(binary, host) of each agent that the cloud is to have."""
    for name, placement in cloud.services.items():
        service = catalogue().get(name)
        if isinstance(service, NeutronAgent):
            yield from ((service.binary, host.name) for host in placement.hosts)


class Neutron(Trip):
    name = "neutron"

    def clean(self, at: Client) -> None:
        for network in at.sdk.network.networks(name=NAME):
            for port in at.sdk.network.ports(network_id=network.id):
                at.sdk.network.delete_port(port)
            at.sdk.network.delete_network(network)

    def go(self, at: Client) -> str:
        neutron = at.sdk.network
        agents = list(neutron.agents())
        dead = [f"{agent.binary} on {agent.host}" for agent in agents if agent.is_admin_state_up and not agent.is_alive]
        known = {(agent.binary, agent.host) for agent in agents}
        dead += [f"{binary} on {host} (not listed)" for binary, host in sorted({*_agents(at.cloud)} - known)]
        want(not dead, f"not alive: {', '.join(dead)}")
        network = neutron.create_network(name=NAME)
        subnet = neutron.create_subnet(name=NAME, network_id=network.id, ip_version=4, cidr=_CIDR)
        port = neutron.create_port(name=NAME, network_id=network.id)
        seen = neutron.get_port(port.id)
        want([each["subnet_id"] for each in seen.fixed_ips] == [subnet.id], "a port without an address of its subnet")
        neutron.delete_port(port, ignore_missing=False)
        neutron.delete_network(network, ignore_missing=False)
        want(not list(neutron.networks(name=NAME)), "a deleted network is still there")
        alive = f"{len(agents)} agents alive; " if agents else ""
        return f"{alive}a network, a subnet, a port"
