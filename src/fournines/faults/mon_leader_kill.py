"""SIGKILL of the monitor that leads. Disks need none while nothing changes. Heal: it runs."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.faults._kill import kill, revive
from fournines.hosts import Host

_UNITS = "ceph-mon@*.service"


class MonLeaderKill(Fault):
    name = "mon-leader-kill"
    letter = "A"
    target = "mon-leader"
    stops = "ceph"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            kill(host, _UNITS)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            revive(host, _UNITS)
