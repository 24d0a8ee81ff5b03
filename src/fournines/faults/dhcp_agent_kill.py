"""SIGKILL of Neutron's agent for DHCP. Its servers go on without it."""

from __future__ import annotations

from fournines.faults.kill import Kill


class DhcpAgentKill(Kill):
    name = "dhcp-agent-kill"
    letter = "A"
    target = "network"
    stops = "neutron-dhcp"
    units = "neutron-dhcp-agent.service"
