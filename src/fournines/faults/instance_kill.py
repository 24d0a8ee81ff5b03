"""SIGKILL of the process of each guest on a host. Whoever watches over guests starts them again there."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.hosts import Host, run

_KILL = """
pids=$(pgrep --full -- '^[^ ]*qemu-system[^ ]* .*-uuid ') || { echo 'no guest runs there' >&2; exit 1; }
kill -KILL $pids
"""


class InstanceKill(Fault):
    """Heal: nothing to undo. What brings guests back must do so by itself."""

    name = "instance-kill"
    letter = "H"
    stops = "nova-compute"
    target = "guests"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", _KILL])

    def heal(self, targets: Sequence[Host]) -> None:
        return
