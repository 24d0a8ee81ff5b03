"""Faults of one daemon: of any that a service declares, or of those that a subclass names."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud
from fournines.errors import DrillError
from fournines.faults import Fault
from fournines.hosts import Host, run
from fournines.services import daemons

_RUNNING = 'systemctl list-units --plain --no-legend --state=running "$1" | head -n 1 | cut -d " " -f 1'
STRUCK = f"""
unit=$({_RUNNING})
[ -n "$unit" ] || {{ echo "no $1 runs" >&2; exit 1; }}
"""
"""Shell that sets `unit` to the first running one of the pattern `$1`, or fails."""


class DaemonFault(Fault):
    """Strikes one unit on each target."""

    subject: str = ""
    """The name by which it was aimed."""
    units: str = ""
    """Pattern: one that runs is struck, all that are enabled are healed. None: `aimed` says which."""

    @property
    def kind(self) -> str:
        return f"{self.name} {self.subject}".rstrip()

    @property
    def injures(self) -> bool:
        return True

    def aimed(self, target: str) -> Fault:
        """Itself where it has a daemon of its own. Else `target` begins with the name of a daemon or of a service, of
        which its main one is meant: `rabbitmq:primary`, `nova-conductor`."""
        if self.units:
            return self
        subject = target.partition(":")[0]
        known = daemons()
        if subject not in known:
            near = difflib.get_close_matches(subject, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"such as {self.name} --target galera:primary"
            raise DrillError(f"{self.name} strikes a daemon, and {subject} is none", hint)
        service, unit = known[subject]
        aimed = copy.copy(self)
        aimed.subject = subject
        aimed.units, aimed.stops, aimed.letter = unit, service.name, self.letter_of(service.fault_class(unit))
        return aimed

    def clashes(self, other: Fault) -> bool:
        """Nothing of a daemon is left to strike once it has been, and the heal of one starts it below the other."""
        same = isinstance(other, DaemonFault) and (self.stops, self.units) == (other.stops, other.units)
        return same or super().clashes(other)

    def choices(self, cloud: Cloud) -> Sequence[tuple[Letter, Sequence[str]]]:
        """Of every daemon the member on each host, and the one that is more than the others."""
        found: dict[Letter, list[str]] = {}
        for name, (service, unit) in daemons().items() if not self.units else ():
            there = cloud.services.get(service.name)
            alias = name != unit.removesuffix(".service").removesuffix("@*")
            if alias or there is None or there.strategy.supervisor == "elsewhere":
                continue
            members = [*(["primary"] if service.primary else []), *(host.name for host in there.hosts)]
            found.setdefault(self.letter_of(service.fault_class(unit)), []).extend(f"{name}:{each}" for each in members)
        return sorted(found.items())

    def letter_of(self, fault_class: Letter) -> Letter:
        """Its class, of a daemon whose sudden end is of that one."""
        return fault_class

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if not run(host, ["sh", "-c", _RUNNING, "nines", self.units]).strip():
                raise DrillError(f"no {self.units} runs on {host.name}", "aim at a host on which it does")
