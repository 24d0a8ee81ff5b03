"""Faults of what a host hears and says: packets dropped by nftables on the host itself, whose links keep their carrier.

Each has a table of its own, before all others. The operator's way in (port 22) and the loopback stay. A timer
on the host removes the table, armed before. A host that is fenced comes back without.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from fournines.faults import Fault, switched_on
from fournines.faults._timer import armed, disarmed
from fournines.hosts import Host, run


class Filter(Fault):
    """Heal: every packet passes, and the host is on, though it was fenced."""

    @abstractmethod
    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        """Of a target: hook (`input` or `output`) -> rules that drop what passes there."""

    def inject(self, targets: Sequence[Host]) -> None:
        tables = [(host, self.table(self.dropped(host, targets))) for host in targets]
        for host, text in tables:
            run(host, ["sh", "-ec", f"{armed(self.name, self._delete)}\nnft -f -"], stdin=text)

    def heal(self, targets: Sequence[Host]) -> None:
        script = f"{self._delete} 2> /dev/null || true\n{disarmed(self.name)}"
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-c", script])

    def table(self, dropped: Mapping[str, Sequence[str]]) -> str:
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
        return f"table {self._table} {{\n{chains}}}\n"

    @property
    def _table(self) -> str:
        return f"inet nines_{self.name.replace('-', '_')}"

    @property
    def _delete(self) -> str:
        return f"nft delete table {self._table}"
