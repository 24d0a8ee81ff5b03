"""Power loss: the mains go, at once and without a goodbye. Heal: the mains return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from fournines.errors import DrillError
from fournines.faults import Fault
from fournines.hosts import Host, Power


@runtime_checkable
class _Switched(Power, Protocol):
    """To tell hosts that have a power switch from those that have none."""


class PowerLoss(Fault):
    name = "power-loss"
    letter = "D"
    silences = True

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if not isinstance(host, _Switched):
                raise DrillError(
                    f"nines cannot cut the power of {host.name}: it has no switch", "give the host a bmc in the spec"
                )

    def inject(self, targets: Sequence[Host]) -> None:
        self.possible(targets)
        for host in targets:
            if isinstance(host, _Switched):
                host.power_off()

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if isinstance(host, _Switched) and host.power() == "off":
                host.power_on()
