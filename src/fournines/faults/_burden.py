"""Faults that take from a host what its daemons need, by a program that runs there for a bounded time.

What the program took is free as soon as it ends, whatever ends it: the heal, systemd once its time is over, the power.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from fournines.errors import DrillError
from fournines.faults import Fault, switched_on
from fournines.faults._program import program
from fournines.faults._timer import HEALED_AFTER_S
from fournines.hosts import Host, run


class Burden(Fault):
    program: ClassVar[str]
    """Of `onhost/`."""
    arguments: ClassVar[tuple[str, ...]] = ()
    properties: ClassVar[tuple[str, ...]] = ()
    """Of its unit. With `Type=notify` it tells when it has what it takes."""

    def inject(self, targets: Sequence[Host]) -> None:
        properties = [f"RuntimeMaxSec={HEALED_AFTER_S}", "KillSignal=SIGKILL", "TimeoutStartSec=50", *self.properties]
        for host in targets:
            unit = ["systemd-run", "--quiet", "--collect", f"--unit={self._unit}"]
            options = [f"--property={each}" for each in properties]
            run(host, [*unit, *options, "--", "python3", "-c", program(self.program), *self.arguments])

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-c", f"systemctl stop {self._unit}.service 2> /dev/null || true"])

    @property
    def _unit(self) -> str:
        return f"nines-{self.name}"


def refuse_shared(targets: Sequence[Host], what: str) -> None:
    """Raises DrillError where a host has it in common with its neighbours, which would suffer too."""
    for host in targets:
        if run(host, ["sh", "-c", "systemd-detect-virt --container || true"]).strip() not in ("", "none"):
            raise DrillError(f"{host.name} is a container: its {what} is its neighbours' too", "use a real host")
