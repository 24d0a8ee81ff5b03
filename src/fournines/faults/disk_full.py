"""No space is left under the database of a host. It can commit nothing there, and may wait for space without end."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults._burden import Burden, refuse_shared
from fournines.hosts import Host


class DiskFull(Burden):
    """No timer bounds what it costs: a member that waits keeps its place."""

    name = "disk-full"
    letter = "C"
    target = "writer"
    stops = "galera"
    hangs = True
    bounded = False
    program = "take_disk.py"
    arguments = ("/var/lib/mysql",)
    properties = ("Type=notify", "NotifyAccess=all")

    def possible(self, targets: Sequence[Host]) -> None:
        refuse_shared(targets, "disk")
