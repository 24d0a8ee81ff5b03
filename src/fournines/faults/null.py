"""No fault: what a drill then shows is the harness's own noise."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.hosts import Host


class Null(Fault):
    name = "null"
    letter = "-"

    def inject(self, targets: Sequence[Host]) -> None:
        return

    def heal(self, targets: Sequence[Host]) -> None:
        return
