"""Power loss: the mains go, at once and without a goodbye. Heal: the mains return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

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
        _at_once(_cut, targets)

    def heal(self, targets: Sequence[Host]) -> None:
        _at_once(_restore, targets)


def _cut(host: Host) -> None:
    if isinstance(host, Mains):
        host.cut_mains()
    elif isinstance(host, Power):
        host.power_off()


def _restore(host: Host) -> None:
    if isinstance(host, Mains):
        host.restore_mains()
    if isinstance(host, Power) and host.power() == "off":
        host.power_on()


def _at_once(do: Callable[[Host], None], targets: Sequence[Host]) -> None:
    """As the mains go and come: for all at the same time. The first error is raised when all are done."""
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        done = [pool.submit(do, host) for host in targets]
    for each in done:
        each.result()
