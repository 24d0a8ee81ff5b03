"""A host that has next to no memory left: what wants some waits until the kernel has found it, or is killed for it."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults._burden import Burden, refuse_shared
from fournines.hosts import Host


class MemoryPressure(Burden):
    """No timer bounds what it costs: whom the kernel kills, and what still fits, is not ours to say."""

    name = "memory-pressure"
    letter = "D"
    severs = True
    bounded = False
    program = "take_memory.py"
    # Whom the kernel kills is another: else it would end the pressure itself.
    properties = ("Type=notify", "NotifyAccess=all", "OOMScoreAdjust=-1000")

    def possible(self, targets: Sequence[Host]) -> None:
        refuse_shared(targets, "memory")
