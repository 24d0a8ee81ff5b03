"""Neutron's DHCP agents: active/active, each network on as many as `services.neutron.dhcp_agents_per_network` says."""

from __future__ import annotations

from fournines.cloud.model import Cloud, Host
from fournines.cloud.strategies import SPREAD
from fournines.services._neutron_agent import OSLO, NeutronAgent
from fournines.services._oslo import Sections
from fournines.services.neutron import Neutron, NeutronOptions
from fournines.state import Vault


class NeutronDhcp(NeutronAgent):
    name = "neutron-dhcp"
    roles = ("network",)
    strategies = (SPREAD,)
    binary = "neutron-dhcp-agent"
    conf = "/etc/neutron/dhcp_agent.ini"
    oslo = ("neutron.dhcp.agent", *OSLO)
    packages = (binary,)
    log_units = (f"{binary}.service",)

    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        return {"DEFAULT": {"enable_isolated_metadata": True, "resync_interval": 5}}


def alone(cloud: Cloud) -> bool:
    """One DHCP agent has a network, and another one could. Of several each answers, so that no client waits."""
    agents, servers = cloud.services.get(NeutronDhcp.name), cloud.services.get(Neutron.name)
    if agents is None or servers is None or len(agents.hosts) < 2:
        return False
    return NeutronOptions.model_validate(servers.options).dhcp_agents_per_network == 1
