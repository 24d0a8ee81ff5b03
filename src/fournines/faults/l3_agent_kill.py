"""SIGKILL of Neutron's agent for L3. Keepalived, addresses and the proxy for metadata serve on without it."""

from __future__ import annotations

from fournines.faults.kill import Kill


class L3AgentKill(Kill):
    name = "l3-agent-kill"
    letter = "A"
    target = "router"
    stops = "neutron-l3"
    units = "neutron-l3-agent.service"
