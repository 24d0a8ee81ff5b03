"""Neutron's agent for Open vSwitch: virtual networks by VXLAN, and security groups, where there are guests or routers.

The switch keeps what the agent gave it: a host forwards on while the agent is away.
"""

from __future__ import annotations

from fournines.cloud.model import Cloud, Host
from fournines.cloud.strategies import LOCAL
from fournines.services import openvswitch
from fournines.services._neutron_agent import OSLO, NeutronAgent
from fournines.services._oslo import Sections
from fournines.state import Vault


class NeutronOpenVSwitch(NeutronAgent):
    name = "neutron-openvswitch"
    roles = ("network", "compute")
    strategies = (LOCAL,)
    binary = "neutron-openvswitch-agent"
    conf = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
    oslo = ("neutron.ml2.ovs.agent", *OSLO)
    packages = (binary,)
    log_units = (f"{binary}.service",)

    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        outside = {"bridge_mappings": f"{openvswitch.EXTERNAL}:{openvswitch.EXTERNAL_BRIDGE}"}
        return {
            "agent": {"tunnel_types": "vxlan", "l2_population": True, "arp_responder": True},
            "ovs": {
                "local_ip": str(host.addresses[openvswitch.TUNNEL]),
                **(outside if "network" in host.roles else {}),
            },
            "securitygroup": {"firewall_driver": "openvswitch", "enable_security_group": True},
        }
