"""SIGKILL of Neutron's agent for L3. Keepalived, addresses and the proxy for metadata serve on without it. Heal:
it runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.faults._kill import kill, revive
from fournines.hosts import Host

_UNIT = "neutron-l3-agent.service"


class L3AgentKill(Fault):
    name = "l3-agent-kill"
    letter = "A"
    target = "router"
    stops = "neutron-l3"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            kill(host, _UNIT)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            revive(host, _UNIT)
