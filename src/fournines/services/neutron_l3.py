"""Neutron's L3 agents: each router ready on every network host, active on one of them, by VRRP."""

from __future__ import annotations

from fournines.cloud.model import Cloud, Host
from fournines.cloud.strategies import ROUTED
from fournines.converge.steps import Command
from fournines.services._neutron_agent import OSLO, NeutronAgent
from fournines.services._oslo import Sections
from fournines.services._render import on_host
from fournines.state import Vault


class NeutronL3(NeutronAgent):
    """Facts: ready (ids of the routers that the host has), active (of those, the ones that it is active for)."""

    name = "neutron-l3"
    roles = ("network",)
    strategies = (ROUTED,)
    binary = "neutron-l3-agent"
    started_by = "neutron_l3_agent.py"
    conf = "/etc/neutron/l3_agent.ini"
    oslo = ("neutron.l3.agent", *OSLO)
    packages = (binary, "conntrack")
    log_units = (f"{binary}.service",)
    primary = "router"
    # One instance a router is its own business.
    masked = ("keepalived.service", "radvd.service")

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="its routers", argv=("python3", "-"), stdin=on_host("l3_facts.py"), timeout=8)

    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        return {"DEFAULT": {"agent_mode": "legacy", "ha_vrrp_advert_int": cloud.timers.vrrp_advert}}
