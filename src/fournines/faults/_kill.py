"""SIGKILL of a unit's main process: no goodbye, and systemd does what it does when a daemon crashes."""

from __future__ import annotations

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


def kill(host: Host, units: str) -> None:
    """One that runs of the units of that pattern. Raises HostError, also when none does."""
    run(host, ["sh", "-ec", _KILL, "nines", units])


def revive(host: Host, units: str) -> None:
    """Have all of the pattern run that are enabled. Raises HostError."""
    run(host, ["sh", "-ec", _REVIVE, "nines", units])
