"""SIGKILL of one OSD. systemd starts it again; heal: it runs, however often it was killed lately."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.faults._kill import kill, revive
from fournines.hosts import Host

_UNITS = "ceph-osd@*.service"


class OsdKill(Fault):
    name = "osd-kill"
    letter = "O"
    target = "storage"
    stops = "ceph-osd"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            kill(host, _UNITS)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            revive(host, _UNITS)
