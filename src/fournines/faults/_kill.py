"""SIGKILL of a unit's main process: no goodbye, and systemd does what it does when a daemon crashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from fournines.faults import Fault
from fournines.hosts import Host, run

_KILL = """
unit=$(systemctl list-units --plain --no-legend --state=running "$1" | head -n 1 | cut -d ' ' -f 1)
[ -n "$unit" ] || { echo "no $1 runs" >&2; exit 1; }
systemctl kill --kill-whom=main --signal=KILL "$unit"
"""
# reset-failed also forgets how often it was started lately, which bounds how often systemd starts it again.
_REVIVE = """
systemctl reset-failed "$1" 2> /dev/null || true
systemctl list-units --all --plain --no-legend --state=failed,auto-restart,dead "$1" | cut -d ' ' -f 1 |
while read -r unit; do
    ! systemctl is-enabled --quiet "$unit" || systemctl start "$unit"
done
"""


class Kill(Fault):
    """Of one unit on each target. systemd starts it again; heal: it runs, however often it was killed lately."""

    units: ClassVar[str]
    """Pattern: one that runs is killed, all that are enabled are to run again."""

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", _KILL, "nines", self.units])

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", _REVIVE, "nines", self.units])
