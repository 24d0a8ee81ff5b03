"""SIGKILL of a daemon's main process: no goodbye, and systemd does what it does when one crashes."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import switched_on
from fournines.faults._daemon import STRUCK, DaemonFault
from fournines.hosts import Host, run

_KILL = f"""{STRUCK}
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


class Kill(DaemonFault):
    """systemd starts it again, or Pacemaker does. Heal: it runs, however often it was killed lately."""

    name = "kill"
    letter = "A"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", _KILL, "nines", self.units])

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-ec", _REVIVE, "nines", self.units], timeout=150)
