"""SIGKILL of one OSD."""

from __future__ import annotations

from fournines.faults.kill import Kill


class OsdKill(Kill):
    name = "osd-kill"
    letter = "O"
    target = "storage"
    stops = "ceph-osd"
    units = "ceph-osd@*.service"
