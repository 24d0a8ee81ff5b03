"""SIGKILL of Neutron's agent for DHCP. Its servers go on without it. Heal: it runs."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.faults._kill import kill, revive
from fournines.hosts import Host

_UNIT = "neutron-dhcp-agent.service"


class DhcpAgentKill(Fault):
    name = "dhcp-agent-kill"
    letter = "A"
    target = "network"
    stops = "neutron-dhcp"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            kill(host, _UNIT)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            revive(host, _UNIT)
