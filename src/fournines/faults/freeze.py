"""SIGSTOP of a daemon: it keeps its connections and its port, and says nothing more. The kernel goes on accepting.

What asks a daemon whether it lives finds out about this one, what only watches its process does not. The host has it go
on by itself in the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.cloud.columns import Letter
from fournines.faults import switched_on
from fournines.faults._daemon import STRUCK, DaemonFault
from fournines.faults._timer import armed, disarmed
from fournines.hosts import Host, run

_FREEZE = f"""{STRUCK}
{armed("freeze", 'systemctl kill --signal=CONT "$unit"')}
systemctl kill --kill-whom=all --signal=STOP "$unit"
"""
# A unit that was stopped meanwhile has nobody to be told.
_THAW = f"""
systemctl list-units --plain --no-legend "$1" | cut -d ' ' -f 1 |
while read -r unit; do
    systemctl kill --kill-whom=all --signal=CONT "$unit" 2> /dev/null || true
done
{disarmed("freeze")}
"""
_HUNG: dict[Letter, Letter] = {"A": "B", "O": "F"}
"""Class of a daemon that dies -> of one that hangs, where that is another: connections are not refused, so a request
waits until a check has run out, and peers of an OSD until its heartbeats are missed."""


class Freeze(DaemonFault):
    """Heal: it goes on, unless whoever watches over it has replaced it."""

    name = "freeze"
    letter = "B"
    hangs = True

    def letter_of(self, fault_class: Letter) -> Letter:
        return _HUNG.get(fault_class, fault_class)

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", _FREEZE, "nines", self.units])

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-ec", _THAW, "nines", self.units])
