"""SIGSTOP of a daemon: it keeps its connections and its port, and says nothing more. The kernel goes on accepting.

What asks a daemon whether it lives finds out about this one, what only watches its process does not. Each host has a
timer of its own that lets it go on, armed before: whoever froze it may be gone by then.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.cloud.columns import Letter
from fournines.faults import switched_on
from fournines.faults._daemon import DaemonFault
from fournines.hosts import Host, run

THAWED_AFTER_S = 300
"""More than a drill ever holds a fault."""
_TIMER = "nines-thaw"
_FREEZE = f"""
unit=$(systemctl list-units --plain --no-legend --state=running "$1" | head -n 1 | cut -d ' ' -f 1)
[ -n "$unit" ] || {{ echo "no $1 runs" >&2; exit 1; }}
systemd-run --quiet --collect --unit={_TIMER} --on-active={THAWED_AFTER_S} --timer-property=AccuracySec=1s \\
    systemctl kill --signal=CONT "$unit"
systemctl kill --kill-whom=all --signal=STOP "$unit"
"""
# A unit that was stopped meanwhile has nobody to be told.
_THAW = f"""
systemctl list-units --plain --no-legend "$1" | cut -d ' ' -f 1 |
while read -r unit; do
    systemctl kill --kill-whom=all --signal=CONT "$unit" 2> /dev/null || true
done
systemctl stop {_TIMER}.timer 2> /dev/null || true
systemctl reset-failed {_TIMER}.service 2> /dev/null || true
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
