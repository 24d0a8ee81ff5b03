"""Power loss: the mains go, at once and without a goodbye. Heal: the mains return."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.errors import DrillError
from fournines.faults import Fault
from fournines.hosts import Host, Mains, Power


class PowerLoss(Fault):
    name = "power-loss"
    letter = "D"
    silences = True

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if not isinstance(host, Power):
                raise DrillError(
                    f"nines cannot cut the power of {host.name}: it has no switch", "give the host a bmc in the spec"
                )

    def inject(self, targets: Sequence[Host]) -> None:
        self.possible(targets)
        for host in targets:
            if isinstance(host, Mains):
                host.cut_mains()
            elif isinstance(host, Power):
                host.power_off()

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if isinstance(host, Mains):
                host.restore_mains()
            if isinstance(host, Power) and host.power() == "off":
                host.power_on()
