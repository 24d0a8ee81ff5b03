"""Isolation: a host lives, and no network reaches it. Heal: the networks do, and it is on, though it was fenced.

Each host has its own timer that heals it, armed before the cut: whoever broke it may be gone by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from fournines.errors import DrillError
from fournines.faults import Fault, switched_on
from fournines.faults._timer import HEALED_AFTER_S
from fournines.hosts import Host, Links


class HostIsolate(Fault):
    name = "host-isolate"
    letter = "D"
    silences = True
    cuts = "apart"
    networks: ClassVar[tuple[str, ...]] = ()
    """Those that do not reach it; none: all."""

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if not isinstance(host, Links):
                raise DrillError(f"nines cannot cut the links of {host.name}")

    def inject(self, targets: Sequence[Host]) -> None:
        self.possible(targets)
        for host in targets:
            if isinstance(host, Links):
                host.cut_links(HEALED_AFTER_S, self.networks)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if isinstance(host, Links):
                host.restore_links()
            switched_on(host)
