"""SIGKILL of the monitor that leads. Disks need none while nothing changes."""

from __future__ import annotations

from fournines.faults.kill import Kill


class MonLeaderKill(Kill):
    name = "mon-leader-kill"
    letter = "A"
    target = "mon-leader"
    stops = "ceph"
    units = "ceph-mon@*.service"
