"""What both probes of block storage have in common: who makes them, and on what."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fournines.cloud.model import Cloud, Host
from fournines.cloud.names import MARK
from fournines.probes import HostProbe

USER, POOL = "cinder", "volumes"
LANES = 4
"""Objects, and so placement groups at most, that a round meets."""
DEPTH = 512
"""Slots of each: how many writes may wait before no slot is left, four minutes' worth."""


class BlockProbe(HostProbe):
    """Rounds of 4 KiB blocks on an RBD image, by librbd on a client host."""

    program = "blocks"
    service = "ceph-osd"
    column = "volume-io"
    deadline_s = 2
    # Ten times what a write takes on a busy lab: less would call this machine's stalls the disks'.
    stall_s = 0.5

    def clients(self, cloud: Cloud) -> Sequence[Host]:
        return cloud.having("control")


def on_pool(do: str, limit_s: float, **more: Any) -> Mapping[str, Any]:
    """One request to the program; it ends itself after `limit_s` seconds, whatever it waits for."""
    return {"do": do, "user": USER, "pool": POOL, "limit_s": limit_s, **more}


def on_new_image(verb: str) -> Mapping[str, Any]:
    """A request to probe an image that nobody else knows."""
    run = uuid.uuid4().hex
    image = f"{MARK}-{run}"
    return on_pool("probe", 3600, verb=verb, image=image, run=run, lanes=LANES, depth=DEPTH)
