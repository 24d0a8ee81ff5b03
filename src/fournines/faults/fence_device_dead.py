"""The BMC of a host answers none who would fence the host. While the host lives, nobody needs to.

Packets to it are dropped where they come from, on every member that fences. The operator still reaches it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

from fournines.errors import DrillError
from fournines.faults import Means
from fournines.faults._filter import Filter
from fournines.hosts import Host


class FenceDeviceDead(Filter):
    name = "fence-device-dead"
    letter = "-"
    service = "pacemaker"
    unfenced = True
    _members: Sequence[Host] = ()
    _devices: Sequence[tuple[str, int]] = ()

    def equipped(self, means: Means, names: Sequence[str]) -> Self:
        """Raises DrillError for a host that has none."""
        found = [(name, means.cloud.host(name).bmc) for name in names]
        if without := [name for name, bmc in found if bmc is None]:
            raise DrillError(f"{without[0]} has no BMC: nobody fences it anyway", "aim at a host that has one")
        equipped = copy.copy(self)
        equipped._members = [means.fleet[host.name] for host in means.cloud.services[self.service].hosts]
        equipped._devices = [(bmc.address, bmc.port) for _, bmc in found if bmc]
        return equipped

    def inject(self, targets: Sequence[Host]) -> None:
        super().inject(self._members)

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {"output": [f"ip daddr {address} tcp dport {port} drop" for address, port in self._devices]}
