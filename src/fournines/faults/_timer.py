"""Whoever injures a host may be gone before he heals it: so the host does, by a timer that is armed before the injury.

Fragments of shell for a host's root. A host that loses power forgets the timer: what the timer undoes must be gone with
the power too, as packet filters, mounts and processes are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from fournines.errors import HostError
from fournines.hosts import Host, run

HEALED_AFTER_S = 300
"""More than a drill ever holds a fault."""
_PREFIX = "nines-heals-"
_UNDO_ALL = f"""
systemctl list-units --plain --no-legend '{_PREFIX}*.timer' 2> /dev/null | cut -d ' ' -f 1 | while read -r timer; do
    systemctl start --wait "${{timer%.timer}}.service" || true
    systemctl stop "$timer" 2> /dev/null || true
done
"""


def armed(name: str, undo: str) -> str:
    """Have the host run `undo`, a program and its arguments as a shell reads them, in so many seconds. A timer of one
    name at a time."""
    return (
        f"systemd-run --quiet --collect --unit={_unit(name)} --on-active={HEALED_AFTER_S} "
        f"--timer-property=AccuracySec=1s \\\n    {undo}"
    )


def disarmed(name: str) -> str:
    """The timer of that name is no more. Safe to repeat."""
    unit = _unit(name)
    return (
        f"systemctl stop {unit}.timer 2> /dev/null || true\nsystemctl reset-failed {unit}.service 2> /dev/null || true"
    )


def undo_all(hosts: Iterable[Host]) -> None:
    """Whatever killed runs have left armed there is undone now. A host that does not answer is left to its timers."""
    for host in hosts:
        with contextlib.suppress(HostError):
            run(host, ["sh", "-c", _UNDO_ALL])


def _unit(name: str) -> str:
    return f"{_PREFIX}{name}"
