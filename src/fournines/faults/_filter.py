"""Faults of what a host hears and says: packets dropped by nftables on the host itself, whose links keep their carrier.

A table of its own, before all others. The operator's way in (port 22) and the loopback stay. A timer on the host
removes the table, armed before: whoever added it may be gone by then. A host that is fenced comes back without.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from fournines.faults import Fault, switched_on
from fournines.hosts import Host, run

REMOVED_AFTER_S = 300
"""More than a drill ever holds a fault."""
_TABLE = "inet nines_fault"
_TIMER = "nines-unfilter"
_ADD = f"""
systemd-run --quiet --collect --unit={_TIMER} --on-active={REMOVED_AFTER_S} --timer-property=AccuracySec=1s \\
    nft delete table {_TABLE}
nft -f -
"""
_REMOVE = f"""
nft delete table {_TABLE} 2> /dev/null || true
systemctl stop {_TIMER}.timer 2> /dev/null || true
systemctl reset-failed {_TIMER}.service 2> /dev/null || true
"""


class Filter(Fault):
    """Heal: every packet passes, and the host is on, though it was fenced."""

    @abstractmethod
    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        """Of a target: hook (`input` or `output`) -> rules that drop what passes there."""

    def inject(self, targets: Sequence[Host]) -> None:
        tables = [(host, table(self.dropped(host, targets))) for host in targets]
        for host, text in tables:
            run(host, ["sh", "-ec", _ADD], stdin=text)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-c", _REMOVE])


def table(dropped: Mapping[str, Sequence[str]]) -> str:
    """What `nft -f` adds."""
    chains = ""
    for hook, rules in dropped.items():
        near, ssh = ("iif", "dport") if hook == "input" else ("oif", "sport")
        lines = [
            f"type filter hook {hook} priority raw - 10; policy accept;",
            f"{near} lo accept",
            f"tcp {ssh} 22 accept",
            *rules,
        ]
        chains += f"  chain {hook} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"
    return f"table {_TABLE} {{\n{chains}}}\n"
