"""A RADOS Gateway killed without a goodbye; systemd starts it again by itself. Heal: start it."""

from __future__ import annotations

from collections.abc import Sequence

from fournines import hosts
from fournines.errors import DrillError, HostError
from fournines.faults import Fault
from fournines.hosts import Host
from fournines.services.radosgw import UNIT


class RadosgwKill(Fault):
    name = "radosgw-kill"
    letter = "A"
    target = "storage"
    stops = "radosgw"

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            try:
                hosts.run(host, ["systemctl", "is-active", "--quiet", UNIT], timeout=20)
            except HostError as error:
                raise DrillError(
                    f"no RADOS Gateway runs on {host.name}", "aim at a host with the role storage"
                ) from error

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            hosts.run(host, ["systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT], timeout=20)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            # Where there is a gateway at all; nothing happens to one that runs.
            start = f"! systemctl -q is-enabled {UNIT} 2>&- || systemctl start {UNIT}"
            hosts.run(host, ["sh", "-c", start], timeout=150)
