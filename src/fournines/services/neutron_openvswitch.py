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
    started_by = "neutron_openvswitch_agent.py"
    conf = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
    # Of the second it reads polling_interval, which its own does not list.
    oslo = ("neutron.ml2.ovs.agent", "neutron.ml2.macvtap.agent", *OSLO)
    packages = (binary,)
    log_units = (f"{binary}.service",)

    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        outside = {"bridge_mappings": f"{openvswitch.EXTERNAL}:{openvswitch.EXTERNAL_BRIDGE}"}
        return {
            "agent": {
                "tunnel_types": "vxlan",
                "l2_population": True,
                "arp_responder": True,
                # A guest that arrives by live migration waits for the next look: seconds, 2 by default.
                "polling_interval": 1,
            },
            "ovs": {
                "local_ip": str(host.addresses[openvswitch.TUNNEL]),
                **(outside if "network" in host.roles else {}),
            },
            "securitygroup": {"firewall_driver": "openvswitch", "enable_security_group": True},
        }
