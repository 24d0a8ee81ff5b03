"""Standby: Pacemaker takes all that it keeps from the host, as before maintenance. Heal: the host may have it back.

No injury: no request may fail, neither now nor when the host is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.hosts import Host, run
from fournines.services.pacemaker import standby


class Standby(Fault):
    name = "standby"
    letter = "-"
    service = "pacemaker"

    def inject(self, targets: Sequence[Host]) -> None:
        self._set(targets, on=True)

    def heal(self, targets: Sequence[Host]) -> None:
        self._set(targets, on=False)

    def _set(self, targets: Sequence[Host], *, on: bool) -> None:
        command = standby(on)
        for host in targets:
            run(host, command.argv, timeout=command.timeout)
