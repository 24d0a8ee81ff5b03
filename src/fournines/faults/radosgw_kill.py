"""SIGKILL of a RADOS Gateway."""

from __future__ import annotations

from fournines.faults.kill import Kill
from fournines.services.radosgw import UNIT


class RadosgwKill(Kill):
    name = "radosgw-kill"
    letter = "A"
    target = "storage"
    stops = "radosgw"
    units = UNIT
