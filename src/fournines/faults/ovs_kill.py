"""SIGKILL of ovs-vswitchd where routers are active: a switch in user space forwards nothing until it is back. Heal: it
runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.faults._kill import kill, revive
from fournines.hosts import Host
from fournines.services.openvswitch import UNIT


class OvsKill(Fault):
    name = "ovs-kill"
    letter = "S"
    target = "router"
    stops = "openvswitch"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            kill(host, UNIT)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            revive(host, UNIT)
